"""Divide a round's sum over a suitable number of recipients, and finish the reports of each candidate's cases together.

What is proposed stands in the assessment of the case that leads; at the end the cases that follow it get the same, so
that the board has all of them before it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from fundapp.applications.models import Application
from fundapp.assessments import actions as assessing
from fundapp.assessments.models import Assessment, FormalCheck
from fundapp.candidates import rules
from fundapp.candidates.actions import demand_round, hold_round
from fundapp.candidates.models import Candidate, NomineeAnswer
from fundapp.candidates.queries import CandidateRow, candidate_rows, has_conflict_in
from fundapp.db import db
from fundapp.funds.models import Round
from fundapp.languages import _d, _dl, speaking
from fundapp.workflow import ApplicationStatus, NotAllowed, Outcome, StepNotPossible


@dataclass(frozen=True)
class Share:
    """What is proposed for one candidate: `amount` in kronor where it gets the stipend; `version` of the assessment as
    it was read, 0 where there was none.
    """

    outcome: Outcome
    amount: int | None
    motivation: str
    version: int


def demand_impartial_in(round_: Round, by: Any) -> None:
    """The candidates compete for one sum: who has a conflict of interest in one case divides nothing.

    Errors: NotAllowed.
    """
    demand_round(round_, by)
    if has_conflict_in(round_, by):
        raise NotAllowed(
            _dl("You have a conflict of interest in this round, whose cases share one sum. Somebody else divides it.")
        )


def other_sums(rows: Sequence[CandidateRow], shares: Mapping[str, Share]) -> list[int]:
    """What is proposed for candidates outside the division, and is neither reserved nor granted yet (kronor)."""
    waiting = [row for row in rows if row.candidate.public_id not in shares and row.decision is None]
    return [row.assessment.proposed_amount or 0 for row in waiting if row.assessment is not None]


def divide(round_: Round, shares: Mapping[str, Share], *, by: Any) -> None:
    """Propose an outcome, a sum and a motivation for each of these candidates, by public id; all or nothing.

    Errors: NotAllowed, StepNotPossible (more than is left, a candidate that said no), assessments.ChangedMeanwhile.
    """
    demand_impartial_in(round_, by)
    hold_round(round_)
    rows = candidate_rows(round_, by)
    reason = rules.why_not_divided(
        [*(share.amount or 0 for share in shares.values()), *other_sums(rows, shares)], left=round_.left
    )
    if reason is not None:
        raise StepNotPossible(reason)
    for row in rows:
        share = shares.get(row.candidate.public_id)
        if share is not None:
            _propose(row, share, by=by)


def fault_in(candidate: Candidate, share: Share) -> tuple[str, Any] | None:
    """What keeps a share from being proposed: the field's name and the sentence."""
    if share.outcome is Outcome.GRANT:
        if candidate.answer is NomineeAnswer.DECLINES:
            return "outcome", _dl("%(name)s does not want to be considered.", name=candidate.name)
        if not share.amount:
            return "amount", _dl("Write the sum in whole kronor, above 0.")
        if not share.motivation.strip():
            return "motivation", _dl("Write the motivation. It stands in the decision and on the diploma.")
    elif share.amount is not None:
        return "amount", _dl("Only who gets the stipend has a sum. Leave it empty.")
    return None


def _propose(row: CandidateRow, share: Share, *, by: Any) -> None:
    fault = fault_in(row.candidate, share)
    if fault is not None:
        raise StepNotPossible(fault[1])
    lead, known = row.candidate.lead, row.assessment
    if lead.status is ApplicationStatus.REGISTERED:
        assessing.take_up(lead, by=by)
    assessing.save_assessment(
        lead,
        version=share.version,
        by=by,
        scores=known.scores if known is not None else {},
        summary=known.summary if known is not None else "",
        text=known.text if known is not None else "",
        proposed_outcome=share.outcome,
        proposed_amount=share.amount,
        reasons=share.motivation.strip(),
        conditions=known.conditions if known is not None else "",
    )


def finish(candidate: Candidate, *, by: Any) -> None:
    """Finish the officer's reports of the candidate's cases, the leading one's first; those that follow get its
    assessment, and its formal check where they have none. Errors: assessments.NotReady, StepNotPossible, NotAllowed.
    """
    demand_impartial_in(candidate.round, by)
    hold_round(candidate.round)
    lead = candidate.lead
    if len(candidate.followers) and candidate.confirmed_at is None:
        raise StepNotPossible(_dl("Confirm first that the cases concern the same association."))
    if lead.status is not ApplicationStatus.ASSESSED:
        assessing.finish_report(lead, by=by)
    for follower in candidate.followers:
        if follower.status is not ApplicationStatus.ASSESSED:
            _finish_follower(follower, lead, by=by)


def _finish_follower(follower: Application, lead: Application, *, by: Any) -> None:
    if follower.status is ApplicationStatus.REGISTERED:
        assessing.take_up(follower, by=by)
    _copy_checks(follower, lead, by=by)
    own = db.session.scalar(select(Assessment).where(Assessment.application_id == follower.id))
    led = db.session.scalars(select(Assessment).where(Assessment.application_id == lead.id)).one()
    number = lead.case.diary_number if lead.case is not None else lead.reference
    with speaking("sv"):
        text = _d("The case is handled together with %(number)s, and gets the same outcome.", number=number)
    assessing.save_assessment(
        follower,
        version=own.version if own is not None else 0,
        by=by,
        scores=led.scores,
        summary=led.summary,
        text=f"{text}\n\n{led.text}",
        proposed_outcome=led.proposed_outcome,
        proposed_amount=None,
        reasons=led.reasons,
        conditions=led.conditions,
    )
    assessing.finish_report(follower, by=by)


def _copy_checks(follower: Application, lead: Application, *, by: Any) -> None:
    """Whether a late case came in time is no question that another case answers."""
    if follower.is_late:
        return
    done = {row.item for row in _checks(follower)}
    missing = {row.item: (row.finding, row.note) for row in _checks(lead) if row.item not in done}
    if missing:
        assessing.check(follower, missing, by=by)


def _checks(application: Application) -> list[FormalCheck]:
    return list(db.session.scalars(select(FormalCheck).where(FormalCheck.application_id == application.id)))
