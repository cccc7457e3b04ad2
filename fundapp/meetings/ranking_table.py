"""The page on which cases are laid in order: each with what it asks for, its points beside, and what is then left."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from fundapp.accounts.models import Organisation, OrganisationKind
from fundapp.applications.models import Application
from fundapp.assessments.models import Assessment
from fundapp.data_texts import chosen
from fundapp.db import db
from fundapp.funds.models import Round
from fundapp.meetings import ranking_rules
from fundapp.meetings.queries import CaseRow, Sitting
from fundapp.workflow import MeetingStatus


@dataclass(frozen=True)
class Row:
    """One case in its place. `counted`: the sum that is tried, else the proposed one. `left_after` is None where the
    sitting is opened. `ends_money`: the first of its round that there is not enough for.
    """

    case: CaseRow
    points: list[tuple[str, int]]
    is_municipal: bool
    is_on_agenda: bool
    counted: int
    left_after: int | None
    ends_money: bool

    @property
    def application(self) -> Application:
        return self.case.application


@dataclass(frozen=True)
class Priority:
    """What a fund says of municipal projects, and where that stands; and what its criteria are called."""

    fund: str
    text: str
    language: str
    source: str


@dataclass(frozen=True)
class Table:
    """`rounds`: what the cases draw from. `waiting`: how many are not on the agenda yet."""

    rows: list[Row]
    rounds: list[Round]
    priorities: list[Priority]
    criteria: list[tuple[str, str, str]]

    @property
    def waiting(self) -> int:
        return sum(not row.is_on_agenda for row in self.rows)


def cases_of(sitting: Sitting) -> dict[str, CaseRow]:
    """The cases that can be laid in order, by public id: those on the agenda, then those that are ready."""
    found = [case for case in sitting.cases if not case.is_withdrawn] + sitting.ready
    return {case.application.public_id: case for case in found}


def table(sitting: Sitting, order: Sequence[str], amounts: Mapping[str, int | None]) -> Table:
    """The cases in this order, with these sums tried."""
    cases = cases_of(sitting)
    rows = [cases[key] for key in order if key in cases]
    beside = _beside([row.application.id for row in rows])
    counted = [_counted(row, amounts.get(row.application.public_id)) for row in rows]
    left: list[int | None] = [None] * len(rows)
    if sitting.meeting.status is MeetingStatus.PLANNED:
        sums = [(row.application.round_id, amount) for row, amount in zip(rows, counted, strict=True)]
        left = [*ranking_rules.left_after(sums, {one.id: one.left for one in sitting.rounds})]
    on_agenda = {case.application.id for case in sitting.cases}
    ended: set[int] = set()
    shown = []
    for row, amount, rest in zip(rows, counted, left, strict=True):
        application = row.application
        kind, scores = beside.get(application.id, (None, None))
        ends_money = rest is not None and rest < 0 and application.round_id not in ended
        if ends_money:
            ended.add(application.round_id)
        shown.append(
            Row(
                row,
                _points(scores),
                kind is OrganisationKind.MUNICIPAL_UNIT,
                application.id in on_agenda,
                amount,
                rest,
                ends_money,
            )
        )
    rounds = [one for one in sitting.rounds if one.id in {row.application.round_id for row in rows}]
    return Table(shown, rounds, _priorities(shown), _criteria(shown))


def _counted(row: CaseRow, tried: int | None) -> int:
    return tried if tried is not None else row.proposed_amount or 0


def _beside(keys: Sequence[int]) -> dict[int, tuple[OrganisationKind | None, dict[str, Any] | None]]:
    found = db.session.execute(
        select(Application.id, Organisation.kind, Assessment.scores)
        .outerjoin(Organisation, Organisation.id == Application.organisation_id)
        .outerjoin(Assessment, Assessment.application_id == Application.id)
        .where(Application.id.in_(keys))
    )
    return {row[0]: (row[1], row[2]) for row in found}


def _points(scores: dict[str, Any] | None) -> list[tuple[str, int]]:
    """A criterion's code and its points, in the order of the codes' numbers."""
    given = [(code, value) for code, value in (scores or {}).items() if value is not None]
    return sorted(given, key=lambda pair: (len(pair[0]), pair[0]))


def _priorities(rows: Sequence[Row]) -> list[Priority]:
    funds = {row.application.round.fund.id: row.application.round.fund for row in rows if row.is_municipal}
    found = []
    for fund in funds.values():
        priority = fund.terms["municipal_priority"]
        if priority is not None:
            code, text = chosen(priority["value"])
            found.append(Priority(fund.name, text, code, priority["source"]))
    return found


def _criteria(rows: Sequence[Row]) -> list[tuple[str, str, str]]:
    """What the codes of the points stand for, as (code, language, text)."""
    funds = {row.application.round.fund.id: row.application.round.fund for row in rows if row.points}
    used = {code for row in rows for code, _points in row.points}
    named = [
        (item["code"], *chosen(item["text"]))
        for fund in funds.values()
        for item in fund.terms["criteria"]["value"]
        if item["code"] in used
    ]
    return list(dict.fromkeys(named))
