"""What the minutes tell of a § and of a case under it, in Swedish: the same words stand in the extract.

A section is {"heading", "text"}; one without text is left out. Source: KL 2017:725 5:66–67 by 6:35.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload, lazyload, selectinload

from fundapp import clock
from fundapp.accounts.models import Account, Organisation
from fundapp.applications.models import Application, ApplicationKind
from fundapp.assessments.models import Assessment, OfficerReport
from fundapp.db import db
from fundapp.decisions import papers
from fundapp.decisions.models import Decision
from fundapp.funds.models import Fund, Round
from fundapp.languages import _d, money
from fundapp.meetings.models import AgendaCase, Meeting, MinuteItem
from fundapp.meetings.proceedings import (
    Ballot,
    Choice,
    Disqualification,
    Ground,
    Motion,
    Remark,
    RemarkKind,
    Vote,
)
from fundapp.registry.models import Case
from fundapp.seats.models import Seat
from fundapp.workflow import Outcome

Key = tuple[int, int | None]
Section = dict[str, str]


@dataclass(frozen=True)
class Basis:
    """What the board had before it: the summary in the officer's report, which becomes the minutes' description of the
    case, and when the last report was finished.
    """

    summary: str = ""
    finished_at: datetime | None = None


def bases(application_ids: Sequence[int]) -> dict[int, Basis]:
    """What there was to decide on in each case, by the application's id."""
    finished = select(OfficerReport.application_id.label("id"), func.max(OfficerReport.finished_at).label("at"))
    mine = OfficerReport.application_id.in_(application_ids)
    reports = finished.where(mine).group_by(OfficerReport.application_id).subquery()
    rows = db.session.execute(
        select(Application.id, Assessment.summary, reports.c.at)
        .outerjoin(Assessment, Assessment.application_id == Application.id)
        .outerjoin(reports, reports.c.id == Application.id)
        .where(Application.id.in_(application_ids))
    )
    return {application_id: Basis(summary or "", finished_at) for application_id, summary, finished_at in rows}


@dataclass(frozen=True)
class Told:
    """What was moved, voted, reserved and who stepped aside at a sitting, by § and case (None: all of the §)."""

    motions: dict[Key, list[Motion]]
    votes: dict[Key, list[Vote]]
    remarks: dict[Key, list[Remark]]
    asides: dict[Key, list[Disqualification]]
    propositions: dict[Key, str]

    def about(self, item: MinuteItem, application_id: int | None) -> list[Disqualification]:
        """Who took no part: in a case also whoever took no part in all of the §."""
        of_all = self.asides.get((item.id, None), [])
        return of_all if application_id is None else [*of_all, *self.asides.get((item.id, application_id), [])]


def told_of(meeting: Meeting) -> Told:
    """All of a sitting, in a statement for each kind."""
    motions = _of(meeting, Motion, joinedload(Motion.seat))
    votes = _of(meeting, Vote, joinedload(Vote.casting_seat), selectinload(Vote.ballots).joinedload(Ballot.seat))
    remarks = _of(meeting, Remark, joinedload(Remark.seat))
    asides = _of(
        meeting,
        Disqualification,
        joinedload(Disqualification.seat),
        joinedload(Disqualification.replaced_by),
    )
    orders = db.session.execute(
        select(AgendaCase.minute_item_id, AgendaCase.application_id, AgendaCase.propositions)
        .join(MinuteItem, MinuteItem.id == AgendaCase.minute_item_id)
        .where(MinuteItem.meeting_id == meeting.id, AgendaCase.propositions != "")
    )
    return Told(
        _sorted(row for row in motions if row.withdrawn_at is None),
        _sorted(votes),
        _sorted(remarks),
        _sorted(asides),
        {(item_id, application_id): text for item_id, application_id, text in orders},
    )


def _of(meeting: Meeting, table: Any, *options: Any) -> Sequence[Any]:
    found = select(table).join(MinuteItem, MinuteItem.id == table.minute_item_id)
    rows = db.session.scalars(found.where(MinuteItem.meeting_id == meeting.id).order_by(table.id).options(*options))
    return rows.unique().all()


def _sorted(rows: Iterable[Any]) -> dict[Key, list[Any]]:
    found: dict[Key, list[Any]] = {}
    for row in rows:
        found.setdefault((row.minute_item_id, row.application_id), []).append(row)
    return found


def kept_with(applications: Sequence[Application]) -> list[Any]:
    """All that letters and minutes tell of the applications, in a statement for each kind: while the caller keeps the
    rows, nothing is asked for one by one.
    """
    round_ids = {application.round_id for application in applications}
    people = {person for each in applications for person in (each.created_by_id, each.officer_id)}
    organisations = {each.organisation_id for each in applications}
    cases = {each.case_id for each in applications}
    acting_for = joinedload(Account.memberships).options(lazyload("*"))
    kept: list[Any] = [
        *db.session.execute(select(Round, Fund).join(Round.fund).where(Round.id.in_(round_ids))),
        *db.session.scalars(select(Account).where(Account.id.in_(people)).options(lazyload("*"), acting_for)).unique(),
        *db.session.scalars(select(Organisation).where(Organisation.id.in_(organisations)).options(lazyload("*"))),
        *db.session.scalars(select(Case).where(Case.id.in_(cases)).options(lazyload("*"))),
    ]
    nominations = [each.id for each in applications if each.kind is ApplicationKind.NOMINATION]
    if nominations:
        with_copies = select(Application).where(Application.id.in_(nominations))
        kept += db.session.scalars(with_copies.options(selectinload(Application.submissions)))
    return kept


def named(seat: Seat) -> str:
    """`Eva Ek (S)`."""
    return f"{seat.name} ({seat.party})" if seat.party else seat.name


# --- a § as such ------------------------------------------------------------------------------------------------


def item_sections(item: MinuteItem, told: Told) -> list[Section]:
    """What is told of a § itself: where it has no case, its decision too."""
    aside = told.about(item, None) if not item.cases else []
    return _filled(
        (_d("Conflict of interest"), _stepped_aside(aside)),
        *_before(told, item, None, item.propositions),
        (_d("Decision"), item.resolution),
        *_after(told, item, None),
    )


def case_sections(decision: Decision, basis: Basis, told: Told, promise: str = "") -> list[Section]:
    """What is told of one case under one §. `promise`: what the grant started, where it is known by now."""
    item, key = decision.item, decision.application_id
    return _filled(
        (_d("Summary"), basis.summary),
        (_d("Basis for the decision"), _basis(basis)),
        (_d("Conflict of interest"), _stepped_aside(told.about(item, key))),
        *_before(told, item, key, told.propositions.get((item.id, key), "")),
        (_d("Decision"), "\n\n".join(text for text in (resolved(decision), promise) if text)),
        (_d("Reasons"), decision.reasons),
        (_d("Conditions"), decision.conditions),
        *_after(told, item, key),
        (_d("The decision is sent to"), "\n".join(_sent_to(decision))),
    )


def _filled(*rows: tuple[str, str]) -> list[Section]:
    return [{"heading": heading, "text": text.strip()} for heading, text in rows if text.strip()]


def _before(told: Told, item: MinuteItem, key: int | None, propositions: str) -> list[tuple[str, str]]:
    motions = told.motions.get((item.id, key), [])
    votes = told.votes.get((item.id, key), [])
    return [
        (_d("Motions"), "\n".join(f"{named(motion.seat)}: {motion.text}" for motion in motions)),
        (_d("Order of propositions"), propositions),
        (_d("Vote"), "\n\n".join(_voted(vote) for vote in votes)),
    ]


def _after(told: Told, item: MinuteItem, key: int | None) -> list[tuple[str, str]]:
    remarks = told.remarks.get((item.id, key), [])
    by_kind = {kind: [row for row in remarks if row.kind is kind] for kind in RemarkKind}
    return [
        (_d("Reservations"), "\n".join(_reserved(row) for row in by_kind[RemarkKind.RESERVATION])),
        (_d("Notes for the minutes"), "\n".join(_noted(row) for row in by_kind[RemarkKind.NOTE])),
    ]


def _stepped_aside(rows: Sequence[Disqualification]) -> str:
    return "\n".join(_aside(row) for row in rows)


def _aside(row: Disqualification) -> str:
    name = named(row.seat) if row.seat is not None else row.name
    text = (
        _d("%(name)s declares a conflict of interest, takes no part and leaves the room.", name=name)
        if row.ground is Ground.DECLARED
        else _d("%(name)s takes no part because of a conflict of interest, and leaves the room.", name=name)
    )
    if row.replaced_by is None:
        return text
    return f"{text} " + _d("%(name)s serves instead.", name=named(row.replaced_by))


def _voted(vote: Vote) -> str:
    """What yes and no meant, who voted how, and what that gave."""
    lines = [_d("Yes: %(text)s", text=vote.yes_means), _d("No: %(text)s", text=vote.no_means)]
    counts = {choice: [named(row.seat) for row in vote.ballots if row.choice is choice] for choice in Choice}
    for choice, label in (
        (Choice.YES, _d("Vote yes")),
        (Choice.NO, _d("Vote no")),
        (Choice.ABSTAIN, _d("Abstain")),
    ):
        if counts[choice]:
            lines.append(f"{label} ({len(counts[choice])}): {', '.join(counts[choice])}.")
    yes, no = len(counts[Choice.YES]), len(counts[Choice.NO])
    lines.append(_d("Result: %(yes)s yes, %(no)s no.", yes=yes, no=no))
    if vote.casting_seat is not None:
        name = named(vote.casting_seat)
        lines.append(_d("It is a tie, and the casting vote of the chair, %(name)s, decides.", name=name))
    lines.append(_d("So it is decided: %(text)s", text=vote.yes_means if vote.is_carried else vote.no_means))
    return "\n".join(lines)


def _reserved(row: Remark) -> str:
    text = _d("%(name)s reserves against the decision.", name=named(row.seat))
    return f"{text} {row.text}" if row.text else text


def _noted(row: Remark) -> str:
    return f"{named(row.seat)}: {row.text}"


# --- a case's decision ------------------------------------------------------------------------------------------


def _basis(basis: Basis) -> str:
    """The report that the board had before it: the last one that was finished."""
    if basis.finished_at is None:
        return ""
    return _d("Officer's report, %(day)s", day=clock.local_day(basis.finished_at).isoformat())


def _sent_to(decision: Decision) -> list[str]:
    found = [receiver.name for receiver in papers.receivers(decision)]
    found.append(_d("The case officer"))
    return [*found, _d("The finance unit")] if decision.amount is not None else found


def resolved(decision: Decision) -> str:
    """The decision as a sentence that is understood by itself."""
    application = decision.application
    names = {
        "board": decision.item.meeting.board.name,
        "applicant": application.applicant_name or "",
        "fund": application.round.fund.name,
    }
    if decision.outcome is Outcome.GRANT and decision.follows is not None:
        # Another case of the same association carries the sum.
        number = decision.follows.case.diary_number
        return _d("%(board)s awards %(fund)s to %(applicant)s, in the case %(number)s.", number=number, **names)
    if decision.amount is not None and application.kind is not ApplicationKind.GRANT:
        return _d("%(board)s awards %(applicant)s %(sum)s from %(fund)s.", sum=money(decision.amount), **names)
    if application.kind is ApplicationKind.NOMINATION and decision.outcome is Outcome.REJECT:
        return _d("%(board)s does not award %(fund)s to %(applicant)s.", **names)
    if application.kind is ApplicationKind.NOMINATION and decision.outcome is Outcome.DISMISS:
        return _d("%(board)s dismisses the nomination of %(applicant)s without examining it.", **names)
    if decision.amount is not None:
        names |= {"sum": money(decision.amount), "title": application.title or ""}
        names["sought"] = money(application.amount_requested or 0)
    return {
        Outcome.GRANT: lambda: _d(
            "%(board)s grants %(applicant)s %(sum)s from %(fund)s for the project “%(title)s”.", **names
        ),
        Outcome.GRANT_IN_PART: lambda: _d(
            "%(board)s grants %(applicant)s %(sum)s of the %(sought)s sought from %(fund)s for the project "
            "“%(title)s”.",
            **names,
        ),
        Outcome.REJECT: lambda: _d("%(board)s rejects the application from %(applicant)s to %(fund)s.", **names),
        Outcome.REFER_BACK: lambda: _d("%(board)s refers the case back for further preparation.", **names),
        Outcome.TABLE: lambda: _d("%(board)s tables the case to a later sitting.", **names),
        Outcome.DISMISS: lambda: _d("%(board)s dismisses the application without examining it.", **names),
        Outcome.WRITE_OFF: lambda: _d("%(board)s writes the case off without a decision in the matter.", **names),
    }[decision.outcome]()
