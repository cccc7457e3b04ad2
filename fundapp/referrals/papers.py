"""What the papers of a referral say: the question as it goes out, its withdrawal, an answer in words. In Swedish.

A paper's content is {"title", "municipality", "meta", "subject", "sections", "signed"}; a section
{"heading", "blocks"}; a block is {"kind": "text", "text"}, {"kind": "list", "items"} or
{"kind": "rows", "rows": [[label, value]]}.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import select

from fundapp import clock
from fundapp.applications.models import Application, ApplicationKind
from fundapp.db import db
from fundapp.documents import Paper, draw_up
from fundapp.goals.rules import municipality_named
from fundapp.languages import _d, long_day, money, speaking
from fundapp.papers import filling
from fundapp.papers.markup import Block
from fundapp.papers.models import PaperKind
from fundapp.referrals.models import Referral
from fundapp.referrals.rules import Receiver
from fundapp.registry.models import Document

_TEMPLATE = "referrals/documents/referral.typ"


def referral_subject(answer_by: date) -> str:
    with speaking("sv"):
        return _d("Referral for comment, answer by %(day)s", day=long_day(answer_by))


def withdrawal_subject() -> str:
    with speaking("sv"):
        return _d("The referral is withdrawn")


def answer_subject() -> str:
    with speaking("sv"):
        return _d("Comment on the referral")


def draw_referral(
    application: Application,
    receiver: Receiver,
    *,
    question: str,
    answer_by: date,
    sent_along: Sequence[Document],
    by: Any,
) -> Paper:
    """The question to one body, frozen."""
    case = application.case
    number = case.diary_number if case else application.reference
    with speaking("sv"):
        meta = [
            [_d("To"), receiver.body],
            *([[_d("Address"), ", ".join(receiver.address.splitlines())]] if receiver.address else []),
            [_d("Date"), clock.today().isoformat()],
            [_d("Diary number"), number],
            [_d("Answer no later than"), long_day(answer_by)],
        ]
        along = [
            f"{each.subject}, {each.dated.isoformat()} ({place})"
            for each in sent_along
            for place in [_d("Document %(number)s", number=each.number)]
        ]
        how = _d("Send your answer to %(name)s, %(email)s. Name the diary number %(number)s.", **_at(by), number=number)
        parts: dict[str, tuple[str, Block]] = {
            "fråga": (_d("What we ask you to comment on"), {"kind": "text", "text": question}),
            "om ärendet": (_d("What the case is about"), {"kind": "rows", "rows": _about(application)}),
            "bilagor": (_d("Sent along"), {"kind": "list", "items": along}),
            "så svarar ni": (_d("How you answer"), {"kind": "text", "text": how}),
        }
        facts = {"svar senast": long_day(answer_by), "remissinstans": receiver.body}
        title, sections = _laid_out(application, parts, facts, by)
        return _drawn(application, title, meta, sections, _d("%(name)s, case officer", name=by.name or by.email))


def _laid_out(
    application: Application, parts: dict[str, tuple[str, Block]], facts: dict[str, str], by: Any
) -> tuple[str, list[dict[str, Any]]]:
    """Title and sections as the municipality's template orders them; without one, in our own order."""
    blocks = {name: [block] if block.get("items", True) else [] for name, (_heading, block) in parts.items()}
    told = filling.laid_out(PaperKind.REFERRAL, application, blocks, facts, by=by)
    if told is not None:
        return told
    found = [_section(heading, *blocks[name]) for name, (heading, _block) in parts.items() if blocks[name]]
    return _d("Referral for comment"), found


def draw_withdrawal(referral: Referral, reason: str, *, by: Any) -> Paper:
    """That no answer is needed any more, frozen."""
    with speaking("sv"):
        asked = long_day(clock.local_day(referral.asked_at))
        text = _d("We asked for your comment on %(day)s. You need not answer any more.", day=asked)
        return _drawn(
            referral.application,
            _d("The referral is withdrawn"),
            [[_d("To"), referral.body], *_dated(referral.application)],
            [_section("", {"kind": "text", "text": text}), _section(_d("Reason"), {"kind": "text", "text": reason})],
            _d("%(name)s, case officer", name=by.name or by.email),
        )


def draw_answer(referral: Referral, *, came_on: date, answered_by: str, text: str) -> Paper:
    """An answer that came in words and not as a file of its own, frozen as it was written down."""
    application = referral.application
    with speaking("sv"):
        meta = [
            [_d("From"), answered_by],
            [_d("Came in"), came_on.isoformat()],
            [_d("Diary number"), application.case.diary_number if application.case else ""],
        ]
        sections = [
            _section(_d("The question"), {"kind": "text", "text": referral.question}),
            _section(_d("The answer"), {"kind": "text", "text": text}),
        ]
        return _drawn(application, _d("Comment on the referral"), meta, sections, "")


def basis_lines(application: Application) -> list[str]:
    """For the officer's report: bodies that were asked and have not answered. An answer is a document of the case."""
    asked = (
        select(Referral)
        .where(Referral.application_id == application.id, Referral.ended_at.is_(None))
        .order_by(Referral.id)
    )
    return [
        _d(
            "Referral to %(body)s, %(day)s: no comment has come.",
            body=referral.body,
            day=clock.local_day(referral.asked_at).isoformat(),
        )
        for referral in db.session.scalars(asked)
    ]


def _at(by: Any) -> dict[str, str]:
    return {"name": by.name or by.email, "email": by.email}


def _dated(application: Application) -> list[list[str]]:
    return [
        [_d("Date"), clock.today().isoformat()],
        [_d("Diary number"), application.case.diary_number if application.case else application.reference],
    ]


def _about(application: Application) -> list[list[str]]:
    is_grant = application.kind is ApplicationKind.GRANT
    starts, ends = application.starts_on, application.ends_on
    sought = application.amount_requested
    rows = [
        [_d("Fund"), application.round.fund.name],
        [_d("Applicant"), application.applicant_name or ""],
        [_d("Project") if is_grant else _d("The work"), application.title or ""],
        [_d("Period"), f"{starts.isoformat()} – {ends.isoformat()}" if starts and ends else ""],
        [_d("Sought"), money(sought) if sought is not None else ""],
    ]
    return [row for row in rows if row[1]]


def _section(heading: str, *blocks: dict[str, Any]) -> dict[str, Any]:
    return {"heading": heading, "blocks": list(blocks)}


def _drawn(application: Application, title: str, meta: list[list[str]], sections: list[Any], signed: str) -> Paper:
    case = application.case
    content = {
        "title": title,
        "municipality": municipality_named(application.round.fund.municipality).name,
        "meta": meta,
        "subject": case.subject if case else "",
        "sections": sections,
        "signed": signed,
    }
    mark = case.diary_number if case else application.reference
    name = f"{title} {mark}.pdf".replace(" ", "-").replace(":", "-").replace("/", "-").lower()
    return draw_up(_TEMPLATE, content, file_name=name[:150])
