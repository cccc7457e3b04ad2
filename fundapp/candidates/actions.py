"""Gather what was sent in about the same association, correct that by hand, and note who comes to the ceremony."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import select

from fundapp import clock, meanwhile
from fundapp.applications.models import Application
from fundapp.candidates import rules
from fundapp.candidates.models import Candidate, CandidateEntry, Ceremony
from fundapp.db import db, reread
from fundapp.funds.models import Fund, Round
from fundapp.history.actions import record
from fundapp.languages import AUTHORITY_LANGUAGE, _dl, _l
from fundapp.permissions import Permission, why_not, why_not_here
from fundapp.workflow import NotAllowed, StepNotPossible


class WrittenMeanwhile(StepNotPossible):
    """Somebody else saved the same after the page was opened; nothing is saved."""

    def __init__(self) -> None:
        super().__init__(
            _l("Somebody else changed this while you had it open. Open it again to see what is there now.")
        )


def gather(round_: Round, applications: list[Application], *, by: Any) -> list[Candidate]:
    """Put each of these cases with the candidate it seems to concern, or with a new one; one that stands with a
    candidate already stays there. Gives the candidates that got a case.

    Errors: NotAllowed.
    """
    demand_round(round_, by)
    for application in applications:
        _demand(by, application)
    hold_round(round_)
    ids = [each.id for each in applications]
    known_ids = select(CandidateEntry.application_id).where(CandidateEntry.application_id.in_(ids))
    placed = set(db.session.scalars(known_ids))
    candidates = list(db.session.scalars(select(Candidate).where(Candidate.round_id == round_.id)))
    changed: dict[Candidate, None] = {}
    for application in applications:
        reread(application, with_for_update={"of": Application})
        if application.id in placed or application.status not in rules.BEFORE_THE_BOARD:
            continue
        known = next((each for each in candidates if _is_about(each, application)), None)
        candidate = known or _new(application)
        if known is None:
            candidates.append(candidate)
        _place(candidate, application)
        changed[candidate] = None
    for candidate in changed:
        record(candidate, "gather", by=by, cases=len(candidate.entries))
    db.session.flush()
    return list(changed)


def _is_about(candidate: Candidate, application: Application) -> bool:
    """A candidate whose case is at the board already takes no more."""
    return rules.is_before_the_board(candidate.applications) and rules.is_same(
        candidate.name, candidate.org_number, application.applicant_name or "", application.org_number
    )


def hold_round(round_: Round) -> None:
    """One official at a time says which cases of a round belong together, and divides its sum. The fund's row is
    locked, not the round's, which the ledger waits for.
    """
    db.session.flush()
    db.session.execute(select(Fund.id).where(Fund.id == round_.fund_id).with_for_update(key_share=True))


def _new(application: Application) -> Candidate:
    candidate = Candidate(
        round_id=application.round_id,
        name=application.applicant_name or "",
        org_number=application.org_number,
        made_at=clock.now(),
        language=AUTHORITY_LANGUAGE,
        entries=[],
    )
    db.session.add(candidate)
    return candidate


def _place(candidate: Candidate, application: Application) -> None:
    """Put the case there; what it says of the association fills what was not known, and what the association itself
    says goes before what a nominator wrote of it. More than one is to be confirmed anew.
    """
    is_own = rules.speaks_for_itself(application)
    db.session.add(candidate)
    candidate.entries.append(CandidateEntry(application=application, placed_at=clock.now()))
    for name, value in rules.particulars_in(application).items():
        if value and (is_own or not getattr(candidate, name)):
            if name == "email" and value != candidate.email and candidate.asked_at is not None:
                candidate.expires_at = clock.now()  # a link that went to another address is worth nothing any more
            setattr(candidate, name, value)
    if is_own:
        candidate.language = application.language
    candidate.confirmed_at = candidate.confirmed_by_id = None
    db.session.flush()


def confirm(candidate: Candidate, *, by: Any) -> None:
    """An official has seen that all the cases concern this association. Errors: NotAllowed, StepNotPossible."""
    hold(candidate, by=by)
    candidate.confirmed_at, candidate.confirmed_by_id = clock.now(), by.id
    record(candidate, "confirm_candidate", by=by, cases=len(candidate.entries))
    db.session.flush()


def split(candidate: Candidate, application: Application, *, by: Any) -> Candidate:
    """Take a case out, to a candidate of its own: it concerns another association, or is decided by itself.

    Errors: NotAllowed, StepNotPossible.
    """
    hold(candidate, by=by)
    entry = next((each for each in candidate.entries if each.application is application), None)
    if entry is None:
        raise StepNotPossible(_dl("The case is not among this candidate's."))
    if len(candidate.entries) == 1:
        raise StepNotPossible(_dl("This is the candidate's only case."))
    candidate.entries.remove(entry)
    db.session.flush()
    own = _new(application)
    _place(own, application)
    record(own, "split_candidate", by=by, of=candidate.public_id)
    db.session.flush()
    return own


def merge(candidate: Candidate, other: Candidate, *, by: Any) -> None:
    """The other candidate's cases concern this association too; the other is no more. What it had answered is kept
    here, where this one had not. Errors: NotAllowed, StepNotPossible.
    """
    if candidate is other or candidate.round_id != other.round_id:
        raise StepNotPossible(_dl("Choose another candidate of the same year."))
    hold(candidate, by=by)
    hold(other, by=by)
    moved = [entry.application for entry in other.entries]
    answered = {name: getattr(other, name) for name in _ANSWERED} if candidate.answer is None else {}
    record(other, "merge_candidates", by=by, into=candidate.public_id, cases=len(moved))
    db.session.delete(other)
    db.session.flush()
    for application in moved:
        _place(candidate, application)
    if answered.get("answer") is not None:
        for name, value in answered.items():
            setattr(candidate, name, value)
    db.session.flush()


_ANSWERED = ("answer", "answered_at", "answer_recorded_by_id", "remarks", "statutes_id")


def seen_of(candidate: Candidate) -> str:
    """What a page that shows the particulars says it has shown."""
    reached = candidate.contact, candidate.email, candidate.language
    return meanwhile.sign(candidate.name, candidate.org_number or "", *reached)


def _demand_seen(now: str, seen: str | None, wanted: str) -> None:
    """What is there already is no question: a form that was sent twice."""
    if seen is not None and now not in (seen, wanted):
        raise WrittenMeanwhile


def correct(
    candidate: Candidate,
    *,
    name: str,
    org_number: str | None,
    contact: str,
    email: str,
    language: str,
    seen: str | None = None,
    by: Any,
) -> None:
    """Write the association's particulars, as they stand in the letter that asks it and on the diploma.

    `seen`: as `seen_of` told it when the person read them. Errors: NotAllowed, WrittenMeanwhile.
    """
    demand_impartial(candidate, by)
    reread(candidate, with_for_update={"of": Candidate})
    wanted = meanwhile.sign(name, org_number or "", contact, email, language)
    _demand_seen(seen_of(candidate), seen, wanted)
    candidate.name, candidate.org_number, candidate.contact = name, org_number, contact
    candidate.email, candidate.language = email, language
    record(candidate, "correct_candidate", by=by)
    db.session.flush()


def ceremony_seen(ceremony: Ceremony | None, guests: Mapping[Application, str]) -> str:
    """What a page that shows the ceremony, and who comes for these cases, says it has shown."""
    if ceremony is None:
        return _told(None, "", "", guests)
    return _told(ceremony.held_on, ceremony.occasion, ceremony.place, guests)


def _told(held_on: date | None, occasion: str, place: str, guests: Mapping[Application, str]) -> str:
    coming = (guests[each] for each in sorted(guests, key=lambda case: case.id))
    return meanwhile.sign(held_on.isoformat() if held_on else "", occasion, place, *coming)


def plan_ceremony(
    round_: Round,
    *,
    held_on: date,
    occasion: str,
    place: str,
    guests: Mapping[Application, str],
    seen: str | None = None,
    by: Any,
) -> Ceremony:
    """When and where the round's stipends are handed out, and who comes for each recipient's case.

    `seen`: as `ceremony_seen` told it when the person read them. Errors: NotAllowed, WrittenMeanwhile.
    """
    demand_round(round_, by)
    for application in guests:
        _demand(by, application)
    hold_round(round_)
    of_round = select(Ceremony).where(Ceremony.round_id == round_.id)
    ceremony = db.session.scalar(of_round.execution_options(populate_existing=True))
    now = ceremony_seen(ceremony, {each: _guests_for(each) for each in guests})
    _demand_seen(now, seen, _told(held_on, occasion, place, guests))
    ceremony = ceremony or Ceremony(round=round_)
    ceremony.held_on, ceremony.occasion, ceremony.place = held_on, occasion, place
    db.session.add(ceremony)
    for application, coming in guests.items():
        _candidate_for(application).guests = coming
    record(round_, "plan_ceremony", by=by, held_on=held_on)
    db.session.flush()
    return ceremony


def _guests_for(application: Application) -> str:
    """Who comes for the case, as it is kept now."""
    found = select(Candidate).join(Candidate.entries).where(CandidateEntry.application_id == application.id)
    candidate = db.session.scalar(found.execution_options(populate_existing=True))
    return candidate.guests if candidate is not None else ""


def _candidate_for(application: Application) -> Candidate:
    """The candidate of the case; one that was decided without being gathered gets its own."""
    found = db.session.scalar(
        select(Candidate).join(Candidate.entries).where(CandidateEntry.application_id == application.id)
    )
    if found is None:
        found = _new(application)
        _place(found, application)
    return found


def hold(candidate: Candidate, *, by: Any) -> None:
    """Lock the round's candidates and this one's cases, none of which has come to an agenda.

    Errors: NotAllowed, StepNotPossible.
    """
    demand_impartial(candidate, by)
    hold_round(candidate.round)
    reread(candidate, with_for_update={"of": Candidate})
    db.session.expire(candidate, ["entries"])
    for application in sorted(candidate.applications, key=lambda each: each.id):
        reread(application, with_for_update={"of": Application})
    if not rules.is_before_the_board(candidate.applications):
        raise StepNotPossible(_dl("The board has the candidate's cases on its agenda, so they stay together."))


def demand_round(round_: Round, by: Any) -> None:
    """See that the official's role is for the round's fund, whatever cases it has. Errors: NotAllowed."""
    reason = why_not_here(by, Permission.KEEP_CANDIDATES, round_)
    if reason is not None:
        raise NotAllowed(reason)


def demand_impartial(candidate: Candidate, by: Any) -> None:
    """See that the official may work with every case of the candidate. Errors: NotAllowed."""
    for application in candidate.applications:
        _demand(by, application)


def _demand(by: Any, application: Application) -> None:
    reason = why_not(by, Permission.KEEP_CANDIDATES, application)
    if reason is not None:
        raise NotAllowed(reason)
