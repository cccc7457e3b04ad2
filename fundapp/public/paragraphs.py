"""What the public reads of minutes: each § without the people behind its own cases, and of a case that a mark hides the
number and what was decided.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from fundapp.accounts.models import Organisation
from fundapp.applications.models import Application
from fundapp.db import db
from fundapp.languages import AUTHORITY_LANGUAGE, _d, speaking
from fundapp.meetings.models import AgendaCase, Meeting, MinuteItem
from fundapp.public.masking import MASK, People, masked
from fundapp.public.people import all_of
from fundapp.registry.diary import is_hidden

Behind = dict[str, People]  # by the application's public id, as the keys of the cases
Secrets = dict[str, list[str]]


def secrets_of(meeting: Meeting) -> Secrets:
    """What is not told of the sitting's cases that a mark hides: their title, and who is party."""
    rows = db.session.execute(
        select(
            Application.public_id,
            Application.title,
            Application.applicant_name,
            Organisation.name,
            Application.org_number,
        )
        .join(AgendaCase, AgendaCase.application_id == Application.id)
        .join(MinuteItem, MinuteItem.id == AgendaCase.minute_item_id)
        .outerjoin(Organisation, Organisation.id == Application.organisation_id)
        .where(MinuteItem.meeting_id == meeting.id, is_hidden(Application.case_id))
    )
    found: Secrets = {}
    for key, *words, number in rows:
        numbers = [number, f"{number[:6]}-{number[6:]}"] if number else []
        found[key] = [word for word in (*words, *numbers) if word]
    return found


def masked_minutes(content: dict[str, Any], people: Behind, secrets: Secrets, words: Sequence[str]) -> dict[str, Any]:
    """The minutes' content as everybody may read it. `words` are the secretary's, for all of it. Among those present
    anybody's own name may stand, of whichever case.
    """
    first_page = {name: value for name, value in content.items() if name not in ("present", "items")}
    return masked(first_page, words) | {
        "present": masked(content["present"], words, all_of(people.values())),
        "items": [_item(item, people, secrets, words) for item in content["items"]],
    }


def _item(item: dict[str, Any], people: Behind, secrets: Secrets, words: Sequence[str]) -> dict[str, Any]:
    """A §: what is told beside its cases is masked by the people of all of them, and by those of no other §."""
    keys = [case["key"] for case in item["cases"]]
    of_all = all_of(people[key] for key in keys if key in people)
    hidden = [word for key in keys for word in secrets.get(key, ())]
    rest = {name: value for name, value in item.items() if name not in ("number", "cases")}
    told = masked(rest, [*words, *hidden], of_all)
    if hidden:
        told["text"] = MASK if item["text"] else ""
        told["sections"] = [section | {"text": MASK} for section in told["sections"]]
    cases = [_case(case, people.get(case["key"]), secrets.get(case["key"]), words) for case in item["cases"]]
    return told | {"number": item["number"], "cases": cases}


def _case(
    case: dict[str, Any], people: People | None, hidden: list[str] | None, words: Sequence[str]
) -> dict[str, Any]:
    """Of a hidden one the number and the decision's own sentence: summary and reasons tell what is secret."""
    told: dict[str, Any] = {"key": case["key"], "title": masked(case["title"], words, people, is_own=True)}
    if hidden is None:
        return told | {"sections": masked(case["sections"], words, people)}
    with speaking(AUTHORITY_LANGUAGE):
        decision = _d("Decision")
    told["title"] = f"{case['title'].partition(' · ')[0]} · {MASK}"
    told["sections"] = [
        section | {"text": masked(section["text"], [*words, *hidden], people)}
        if section["heading"] == decision
        else section | {"text": MASK}
        for section in case["sections"]
    ]
    return told
