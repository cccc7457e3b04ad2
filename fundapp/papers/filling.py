"""Which template holds for a paper, the facts of a case that it names, and what becomes of both."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import aliased

from fundapp import clock
from fundapp.applications.models import Application
from fundapp.db import db
from fundapp.goals.rules import municipality_named
from fundapp.languages import AUTHORITY_LANGUAGE, long_day, money, speaking
from fundapp.papers import markup, rules
from fundapp.papers.markup import Block
from fundapp.papers.models import PaperKind, PaperTemplate
from fundapp.registry.actions import sender_of

DATA = Path(__file__).parent / "data"
Parts = Mapping[str, list[Block]]


def newest() -> Select[PaperTemplate]:
    """The newest version of each template, those that were taken out of use among them."""
    other = aliased(PaperTemplate)
    latest = select(func.max(other.version)).where(
        other.kind == PaperTemplate.kind,
        other.language == PaperTemplate.language,
        other.fund_id.is_not_distinct_from(PaperTemplate.fund_id),
    )
    return select(PaperTemplate).where(PaperTemplate.version == latest.scalar_subquery())


def template_for(kind: PaperKind, fund_id: int | None, language: str = AUTHORITY_LANGUAGE) -> PaperTemplate | None:
    """The fund's own template, else that of every fund; None where there is neither in the language."""
    found = newest().where(
        PaperTemplate.kind == kind,
        PaperTemplate.language == language,
        PaperTemplate.is_in_use,
        PaperTemplate.fund_id.is_(None) | (PaperTemplate.fund_id == fund_id),
    )
    return db.session.scalar(found.order_by(PaperTemplate.fund_id.is_(None)).limit(1))


def facts_of(application: Application, *, by: Any, language: str = AUTHORITY_LANGUAGE) -> dict[str, str]:
    """The facts of a case by their names, as they are written in the language; empty for what it does not have."""
    fund, case = application.round.fund, application.case
    with speaking(language):
        return {
            "sökande": application.applicant_name or "",
            "kontaktperson": _contact_of(application),
            "organisationsnummer": _org_number(application.org_number),
            "rubrik": application.title or "",
            "projekttid": _period(application),
            "sökt belopp": money(application.amount_requested) if application.amount_requested is not None else "",
            "inkom": long_day(clock.local_day(application.submitted_at)) if application.submitted_at else "",
            "diarienummer": case.diary_number if case is not None else "",
            "ärendemening": case.subject if case is not None else "",
            "fond": fund.name,
            "omgång": application.round.label,
            "nämnd": fund.board.name,
            "förvaltning": fund.board.administration or "",
            "kommun": municipality_named(fund.municipality).name,
            "handläggare": application.officer.name if application.officer is not None else by.name,
            "den som skriver": by.name,
            "dagens datum": long_day(clock.today()),
        }


def _contact_of(application: Application) -> str:
    sent = application.last_submission
    for section in sent.content["sections"] if sent is not None else []:
        for answer in section["answers"]:
            if answer["code"] == "contact_name" and isinstance(answer["answer"], str) and answer["answer"]:
                return answer["answer"]
    return sender_of(application)


def _org_number(digits: str | None) -> str:
    return f"{digits[:6]}-{digits[6:]}" if digits else ""


def _period(application: Application) -> str:
    if application.starts_on is None or application.ends_on is None:
        return ""
    return f"{application.starts_on.isoformat()} – {application.ends_on.isoformat()}"


@cache
def example() -> Mapping[str, str]:
    """Invented facts, for a template that is looked at without a case."""
    with (DATA / "templates.toml").open("rb") as file:
        found: dict[str, str] = tomllib.load(file)["example"]
    return found


def heading_of(kind: PaperKind, application: Application) -> str | None:
    """What the paper is called, where a template says so."""
    template = template_for(kind, application.round.fund_id)
    return template.heading if template is not None else None


def mail_text(
    kind: PaperKind, application: Application, facts: Mapping[str, str], *, by: Any, language: str
) -> str | None:
    """A mail's words from the template in the language; None where there is none. `facts`: what only this kind has."""
    template = template_for(kind, application.round.fund_id, language)
    if template is None:
        return None
    known = facts_of(application, by=by, language=language) | dict(facts)
    return _with_all(markup.plain(template.body), known).strip() + "\n"


def laid_out(
    kind: PaperKind, application: Application, parts: Parts, facts: Mapping[str, str] | None = None, *, by: Any
) -> tuple[str, list[dict[str, Any]]] | None:
    """The heading and the sections of a paper as its template orders them; None where there is no template.

    `parts`: the blocks of each part that stands on a line of its own; `facts`: what only this kind has.
    """
    template = template_for(kind, application.round.fund_id)
    if template is None:
        return None
    known = facts_of(application, by=by) | dict(facts or {})
    return template.heading, sections(template.body, parts, known)


def sections(body: str, parts: Parts, facts: Mapping[str, str]) -> list[dict[str, Any]]:
    """[{"heading", "blocks"}]. A section that nothing came into is left out with its heading."""
    found = []
    for heading, text in rules.sections_of(body):
        blocks: list[Block] = []
        for row in _pieces(text, parts):
            blocks += row if isinstance(row, list) else markup.blocks_of(row, lambda words: _with_all(words, facts))
        if blocks:
            found.append({"heading": _with_all(heading, facts), "blocks": blocks})
    return found


def _pieces(text: str, parts: Parts) -> list[str | list[Block]]:
    """The text cut at the lines that are parts, which are given as their blocks."""
    pieces: list[str | list[Block]] = []
    rows: list[str] = []
    for line in text.split("\n"):
        name = markup.FACT.fullmatch(line.strip())
        if name is not None and markup.fact_name(name[1]) in parts:
            pieces += ["\n".join(rows), parts[markup.fact_name(name[1])]]
            rows = []
        else:
            rows.append(line)
    return [*pieces, "\n".join(rows)]


def _with_all(text: str, facts: Mapping[str, str]) -> str:
    """Every fact in place, an empty one as nothing: for papers that nobody reads through before they leave."""
    return markup.FACT.sub(lambda found: facts.get(markup.fact_name(found[1]), ""), text)
