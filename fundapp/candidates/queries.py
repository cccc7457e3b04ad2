"""The candidates of a round as one official may see them: one with a case in which the reader has a conflict of
interest is not there.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from flask_login import current_user
from sqlalchemy import exists, or_, select
from sqlalchemy.orm import joinedload, selectinload

from fundapp.accounts.queries import visible_to
from fundapp.applications.models import Application, ApplicationKind
from fundapp.assessments.models import Assessment
from fundapp.candidates import rules
from fundapp.candidates.models import Candidate, CandidateEntry, Ceremony
from fundapp.config import settings
from fundapp.db import db
from fundapp.decisions.models import Appeal, AppealEnd, Decision
from fundapp.funds.models import Fund, FundKind, FundState, Round
from fundapp.meetings.models import MinuteItem
from fundapp.permissions import Person
from fundapp.workflow import ApplicationStatus, Outcome

_S = ApplicationStatus


@dataclass(frozen=True)
class CandidateRow:
    """A candidate with what is proposed for it, and the newest decision in the case that leads, pending or final."""

    candidate: Candidate
    assessment: Assessment | None
    decision: Decision | None

    @property
    def is_open(self) -> bool:
        """Whether the division may still change: no case of it has a finished report."""
        cases = [self.candidate.lead, *self.candidate.followers]
        return all(case.status in rules.BEFORE_THE_REPORT for case in cases)


@dataclass(frozen=True)
class Recipient:
    """Who was awarded the stipend, by a final decision that stands; `candidate` None where its case is alone."""

    decision: Decision
    candidate: Candidate | None

    @property
    def name(self) -> str:
        return (self.candidate.name if self.candidate else None) or self.decision.application.applicant_name or ""


def stipend_rounds() -> list[Round]:
    """The municipality's rounds of stipends, the newest first."""
    return list(
        db.session.scalars(
            select(Round)
            .join(Round.fund)
            .where(
                Fund.municipality == settings().municipality,
                Fund.kind == FundKind.STIPEND,
                Fund.state == FundState.OPEN,
            )
            .order_by(Round.opens_at.desc(), Round.id)
            .options(joinedload(Round.fund))
        )
    )


def stipend_round(key: str) -> Round | None:
    return next((each for each in stipend_rounds() if str(each.id) == key), None)


def candidate(public_id: str) -> Candidate | None:
    """A candidate all of whose cases the reader may see."""
    found = db.session.scalar(
        select(Candidate).where(Candidate.public_id == public_id).options(selectinload(Candidate.entries))
    )
    return found if found is not None and _seen([found], current_user) else None


def candidate_rows(round_: Round, person: Person) -> list[CandidateRow]:
    """The round's candidates by name, with the proposal and the decision of each."""
    candidates = _seen(
        db.session.scalars(
            select(Candidate)
            .where(Candidate.round_id == round_.id)
            .options(selectinload(Candidate.entries))
            .order_by(Candidate.name, Candidate.id)
            .execution_options(populate_existing=True)
        ).all(),
        person,
    )
    leads = [each.lead.id for each in candidates]
    proposals = {
        each.application_id: each
        for each in db.session.scalars(select(Assessment).where(Assessment.application_id.in_(leads)))
    }
    decided = select(Decision).where(Decision.application_id.in_(leads)).order_by(Decision.id)
    decisions = {each.application_id: each for each in db.session.scalars(decided)}
    return [CandidateRow(each, proposals.get(each.lead.id), decisions.get(each.lead.id)) for each in candidates]


def _seen(candidates: Sequence[Candidate], person: Person) -> list[Candidate]:
    ids = [each.id for each in candidates]
    hidden = set(
        db.session.scalars(
            select(CandidateEntry.candidate_id)
            .join(Application, Application.id == CandidateEntry.application_id)
            .where(CandidateEntry.candidate_id.in_(ids), ~visible_to(person))
        )
    )
    return [each for each in candidates if each.id not in hidden]


def ungathered(round_: Round, person: Person) -> list[Application]:
    """Registered applications and nominations of the round that belong to no candidate yet, the oldest first."""
    return list(
        db.session.scalars(
            select(Application)
            .where(
                Application.round_id == round_.id,
                Application.kind != ApplicationKind.GRANT,
                Application.status.in_(rules.BEFORE_THE_BOARD),
                visible_to(person),
                ~exists().where(CandidateEntry.application_id == Application.id),
            )
            .order_by(Application.submitted_at, Application.id)
        )
    )


def has_conflict_in(round_: Round, person: Person) -> bool:
    """Whether the person has a conflict of interest in any case of the round: its candidates compete for one sum."""
    return bool(
        db.session.scalar(
            select(Application.id)
            .where(
                Application.round_id == round_.id,
                Application.status.not_in((_S.DRAFT, _S.WITHDRAWN, _S.MERGED)),
                ~visible_to(person),
            )
            .limit(1)
        )
    )


def others_in(found: Candidate, person: Person) -> list[Candidate]:
    """The other candidates of the round that it could be one with."""
    return [
        row.candidate
        for row in candidate_rows(found.round, person)
        if row.candidate is not found and rules.is_before_the_board(row.candidate.applications)
    ]


def recipients(round_: Round, person: Person) -> list[Recipient]:
    """Who was awarded the round's stipend, by name; an annulled decision awards nothing."""
    annulled = exists().where(Appeal.decision_id == Decision.id, Appeal.end_kind == AppealEnd.ANNULLED)
    rows = db.session.execute(
        select(Decision, Candidate)
        .join(Decision.application)
        .outerjoin(CandidateEntry, CandidateEntry.application_id == Application.id)
        .outerjoin(Candidate, Candidate.id == CandidateEntry.candidate_id)
        .where(
            Application.round_id == round_.id,
            or_(Application.kind == ApplicationKind.AWARD, Application.kind == ApplicationKind.NOMINATION),
            Decision.outcome == Outcome.GRANT,
            Decision.amount.is_not(None),
            Decision.final_at.is_not(None),
            ~annulled,
            visible_to(person),
        )
        .options(joinedload(Decision.item).joinedload(MinuteItem.meeting))
    )
    return sorted((Recipient(decision, found) for decision, found in rows), key=lambda each: each.name.lower())


def ceremony_of(round_: Round) -> Ceremony | None:
    return db.session.scalar(select(Ceremony).where(Ceremony.round_id == round_.id))


def recipient_by(public_id: str, person: Person) -> Recipient | None:
    """A recipient by its decision's public id."""
    found = db.session.scalar(select(Decision).where(Decision.public_id == public_id))
    if found is None:
        return None
    return next((each for each in recipients(found.application.round, person) if each.decision is found), None)
