"""The papers around the stipend, all in Swedish: the question to the association and its answer as the diary keeps them
(content as messages/documents/message.typ takes it), the ceremony's list and the diploma.

Ceremony: {"municipality", "title", "meta": [[label, value]], "recipients": [{"name", "number", "facts": [[label,
value]], "motivation"}], "labels", "total": [label, value]}. Diploma: {"municipality", "title", "fund", "year", "to",
"name", "for", "motivation", "given", "signature"}.
"""

from collections.abc import Sequence
from typing import Any

from fundapp import clock
from fundapp.candidates.models import Candidate, Ceremony
from fundapp.candidates.queries import Recipient
from fundapp.funds.models import Round
from fundapp.goals.rules import municipality_named
from fundapp.languages import _d, _dn, day_and_time, long_day, money, speaking
from fundapp.mail import Message

CEREMONY, DIPLOMA = "candidates/documents/ceremony.typ", "candidates/documents/diploma.typ"


def question_subject() -> str:
    with speaking("sv"):
        return _d("Question to the nominated association")


def answer_subject() -> str:
    with speaking("sv"):
        return _d("Answer from the nominated association")


def statutes_subject() -> str:
    with speaking("sv"):
        return _d("Statutes of the nominated association")


def file_name(what: str, candidate: Candidate) -> str:
    case = candidate.lead.case
    mark = case.diary_number if case is not None else candidate.public_id
    return f"{what}-{mark}.pdf".replace(" ", "-").replace(":", "-").lower()


def question_content(candidate: Candidate, message: Message, body: str) -> dict[str, Any]:
    """The mail as it was sent, without its link."""
    with speaking("sv"):
        meta = [
            [_d("To"), f"{candidate.name} <{message.to}>"],
            [_d("Sent"), day_and_time(message.written_at)],
            [_d("Diary number"), _number(candidate)],
            [_d("Subject"), message.subject],
        ]
        return _message(candidate, question_subject(), meta, body)


def answer_content(candidate: Candidate, by: Any) -> dict[str, Any]:
    """What the association answered, and by whom that was written down."""
    with speaking("sv"):
        meta = [
            [_d("From"), candidate.name],
            [_d("Came in"), day_and_time(candidate.answered_at or clock.now())],
            [_d("Noted by"), (by.name or by.email) if by is not None else _d("the association, by its own link")],
            [_d("Diary number"), _number(candidate)],
            [_d("Organisation number"), _dashed(candidate.org_number)],
            [_d("Statutes"), candidate.statutes.name if candidate.statutes is not None else _d("Not sent")],
        ]
        answer = str(candidate.answer.label) if candidate.answer is not None else ""
        text = f"{answer}.\n\n{candidate.remarks}".strip()
        return _message(candidate, answer_subject(), [row for row in meta if row[1]], text)


def _message(candidate: Candidate, title: str, meta: list[list[str]], text: str) -> dict[str, Any]:
    return {"title": title, "municipality": _municipality(candidate.round), "meta": meta, "lang": None, "text": text}


def ceremony_content(round_: Round, ceremony: Ceremony | None, recipients: Sequence[Recipient]) -> dict[str, Any]:
    """The ceremony's list: every recipient in the order in which they are called."""
    with speaking("sv"):
        total = sum(each.decision.amount or 0 for each in recipients)
        meta = [
            [_d("Fund"), round_.fund.name],
            [_d("Year"), round_.label],
            [_d("Day"), long_day(ceremony.held_on) if ceremony else ""],
            [_d("Occasion"), ceremony.occasion if ceremony else ""],
            [_d("Place"), ceremony.place if ceremony else ""],
            [_d("Drawn up"), clock.today().isoformat()],
        ]
        return {
            "municipality": _municipality(round_),
            "title": _d("The stipends are handed out"),
            "meta": [row for row in meta if row[1]],
            "recipients": [_recipient(each) for each in recipients],
            "motivation": _d("Motivation"),
            "none": _d("Nobody is awarded the stipend."),
            "total": [
                _dn("%(n)s recipient", "%(n)s recipients", len(recipients)),
                _d("together %(sum)s", sum=money(total)),
            ],
        }


def _recipient(each: Recipient) -> dict[str, Any]:
    candidate, decision = each.candidate, each.decision
    facts = [
        [_d("Organisation number"), _dashed(candidate.org_number if candidate else decision.application.org_number)],
        [_d("Stipend"), money(decision.amount or 0)],
        [_d("Who comes"), (candidate.guests if candidate else "") or _d("Not noted")],
        [_d("Contact"), candidate.contact if candidate else ""],
        [_d("Decision"), decision.item.designation],
    ]
    return {
        "name": each.name,
        "facts": [row for row in facts if row[1]],
        "motivation": decision.reasons,
    }


def diploma_content(recipient: Recipient) -> dict[str, Any]:
    """The diploma of one recipient."""
    decision = recipient.decision
    round_, meeting = decision.application.round, decision.item.meeting
    with speaking("sv"):
        return {
            "municipality": _municipality(round_),
            "title": _d("Diploma"),
            "fund": round_.fund.name,
            "year": round_.label,
            "to": _d("is awarded to"),
            "name": recipient.name,
            "motivation": decision.reasons,
            "given": _d("%(board)s, %(day)s", board=meeting.board.name, day=long_day(meeting.held_on)),
            "signature": _d("Chair"),
        }


def _municipality(round_: Round) -> str:
    return municipality_named(round_.fund.municipality).name


def _number(candidate: Candidate) -> str:
    return candidate.lead.case.diary_number if candidate.lead.case is not None else ""


def _dashed(number: str | None) -> str:
    return f"{number[:6]}-{number[6:]}" if number else ""
