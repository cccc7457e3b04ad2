"""Whose names the public does not read: the people behind a case, without those who sit, or act, in office.

They are those of the frozen copies, whoever has left since, and those of today. Each case has its own: what somebody
calls themselves masks nothing of another's.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from sqlalchemy import CTE, ColumnElement, Select, Text, cast, exists, literal, or_, select, union_all

from fundapp.accounts.models import Account, Membership, Organisation, RoleGiven, Signatory
from fundapp.applications.models import Application, ApplicationArea, Submission
from fundapp.boards.models import Board
from fundapp.db import db
from fundapp.funds.models import Fund, Round
from fundapp.goals.models import GoalArea
from fundapp.paging import Page
from fundapp.public.masking import People, is_name, masked
from fundapp.registry.models import Case
from fundapp.seats.models import Seat

# Answers of an application that name a person, and one that names a party.
_NAMES = frozenset({"contact_name", "signatory_name", "nominee_contact", "nominator_name"})
_PARTY = "nominee_name"


def people_of(application_ids: Collection[int] | Select[int]) -> dict[str, People]:
    """The people behind each of these applications, by its public id, in one statement."""
    if isinstance(application_ids, Collection) and not application_ids:
        return {}
    names: dict[str, set[str]] = defaultdict(set)
    kept: dict[str, set[str]] = defaultdict(set)
    office: set[str] = set()
    for key, kind, text in db.session.execute(_told_of(application_ids)):
        if kind == "office":
            office.add(_tidy(text))
        elif kind == "sent":
            content = json.loads(text)
            names[key] |= {_tidy(name) for name in _persons(content)}
            kept[key] |= {_tidy(name) for name in _parties(content)}
        elif kind == "name":
            names[key].add(_tidy(text))
        elif text:
            kept[key].add(_tidy(text.partition(" – ")[0] if kind == "subject" else text))
    return {
        key: People(frozenset(filter(is_name, names[key] - office)), frozenset(filter(None, kept[key])))
        for key in {*names, *kept}
    }


def all_of(people: Iterable[People]) -> People:
    """Everybody together."""
    found = People()
    for each in people:
        found |= each
    return found


def without_names(page: Page) -> Page:
    """The page's rows (of `application_id`, `application`, `title` and `applicant_name`) as the public reads them."""
    people = people_of({row.application_id for row in page.rows})
    return replace(page, rows=[_without_names(row, people) for row in page.rows])


def _without_names(row: Any, people: dict[str, People]) -> SimpleNamespace:
    own = people.get(row.application)
    told = {name: masked(getattr(row, name), (), own, is_own=True) for name in ("title", "applicant_name")}
    return SimpleNamespace(**(row._asdict() | told))


def _told_of(application_ids: Collection[int] | Select[int]) -> Any:
    """Rows of an application's public id, what a text is, and the text; whoever is in office without an application."""
    columns = ("id", "public_id", "created_by_id", "organisation_id", "applicant_name", "round_id", "case_id")
    wanted = select(*(getattr(Application, name) for name in columns)).where(Application.id.in_(application_ids))
    mine = wanted.cte("mine")
    office = select(literal(""), literal("office"), Account.name).where(_is_in_office())
    return union_all(
        office,
        _texts(mine, "name", Account.name, (Account, Account.id == mine.c.created_by_id)),
        _texts(
            mine,
            "name",
            Account.name,
            (Membership, Membership.organisation_id == mine.c.organisation_id),
            (Account, Account.id == Membership.account_id),
        ),
        _texts(mine, "name", Signatory.name, (Signatory, Signatory.organisation_id == mine.c.organisation_id)),
        _texts(mine, "sent", cast(Submission.content, Text), (Submission, Submission.application_id == mine.c.id)),
        *_stays(mine),
    )


def _stays(mine: CTE) -> list[Any]:
    """What the case is called and belongs to: its parties, the fund, the body, the plan's areas, and the subject, of
    which the first part is ours.
    """
    return [
        _texts(mine, "kept", mine.c.applicant_name),
        _texts(mine, "kept", Organisation.name, (Organisation, Organisation.id == mine.c.organisation_id)),
        _texts(mine, "kept", Fund.name, (Round, Round.id == mine.c.round_id), (Fund, Fund.id == Round.fund_id)),
        _texts(mine, "kept", Board.name, (Case, Case.id == mine.c.case_id), (Board, Board.id == Case.board_id)),
        _texts(mine, "subject", Case.subject, (Case, Case.id == mine.c.case_id)),
        _texts(
            mine,
            "kept",
            GoalArea.name,
            (ApplicationArea, ApplicationArea.application_id == mine.c.id),
            (GoalArea, GoalArea.id == ApplicationArea.goal_area_id),
        ),
    ]


def _texts(mine: CTE, kind: str, text: Any, *joins: tuple[Any, ColumnElement[bool]]) -> Any:
    found = select(mine.c.public_id, literal(kind), text).select_from(mine)
    for table, condition in joins:
        found = found.join(table, condition)
    return found


def _persons(content: dict[str, Any]) -> Iterator[str]:
    """Whom a frozen copy names."""
    organisation = content.get("organisation") or {}
    signing = content.get("signing") or {}
    yield from (each["name"] for each in organisation.get("signatories", []))
    yield from (each["name"] for each in signing.get("confirmations", []))
    yield (content.get("account") or {}).get("name", "")
    yield from _answered(content, _NAMES)


def _parties(content: dict[str, Any]) -> Iterator[str]:
    yield (content.get("organisation") or {}).get("name", "")
    yield from _answered(content, {_PARTY})


def _answered(content: dict[str, Any], codes: Collection[str]) -> Iterator[str]:
    for section in content["sections"]:
        for answer in section["answers"]:
            if answer["code"] in codes and isinstance(answer["answer"], str):
                yield answer["answer"]


def _tidy(text: str | None) -> str:
    return " ".join((text or "").split())


def _is_in_office() -> ColumnElement[bool]:
    """Whoever has, or had, a role or a seat here."""
    return or_(exists().where(RoleGiven.account_id == Account.id), exists().where(Seat.account_id == Account.id))
