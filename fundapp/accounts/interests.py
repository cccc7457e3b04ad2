"""The register of interests: where an official or a member is active, which keeps them from that organisation's cases.

One keeps one's own; the secretary and the auditor read them all. An interest counts while it holds.
"""

from datetime import date
from typing import Any

from sqlalchemy import select

from fundapp import clock
from fundapp.accounts.actions import declare_conflict
from fundapp.accounts.found import FoundAnswer, Interest, NamedPerson
from fundapp.accounts.models import Account, Organisation
from fundapp.db import db
from fundapp.history.actions import record
from fundapp.languages import _d, _dl
from fundapp.permissions import Permission, why_not
from fundapp.search import comparable
from fundapp.workflow import NotAllowed, StepNotPossible


def _demand(by: Any) -> None:
    reason = why_not(by, Permission.DECLARE_CONFLICT)
    if reason is not None:
        raise NotAllowed(reason)


def _demand_own(interest: Interest, by: Any) -> None:
    _demand(by)
    if interest.account_id != by.id:
        raise NotAllowed(_dl("Only the one whose interest it is can change it."))
    if interest.taken_back_at is not None:
        raise StepNotPossible(_dl("It is taken back already."))


def _demand_days(begins_on: date, ends_on: date | None) -> None:
    if ends_on is not None and ends_on < begins_on:
        raise StepNotPossible(_dl("The last day is before the first. Write a later one."))


def keep(
    *,
    name: str,
    role: str,
    begins_on: date,
    by: Account,
    organisation: Organisation | None = None,
    org_number: str | None = None,
    ends_on: date | None = None,
    note: str = "",
) -> Interest:
    """Put an interest of one's own into the register; it counts at once where it has begun. A name without a number is
    looked up among the organisations: where several have it, each gets a line of its own, and who did not mean one
    takes it back. Gives the first. Errors: NotAllowed, StepNotPossible.
    """
    _demand(by)
    _demand_days(begins_on, ends_on)
    meant: list[Organisation | None] = [organisation]
    if organisation is None and not org_number:
        meant = [*_organisations_named(name)] or [None]
    kept = [
        Interest(
            organisation_id=found.id if found is not None else None,
            name=found.name if found is not None else name,
            org_number=found.org_number if found is not None else org_number,
            role=role,
            begins_on=begins_on,
            ends_on=ends_on,
            note=note,
            kept_at=clock.now(),
        )
        for found in meant
    ]
    for interest in kept:
        by.interests.append(interest)
        record(interest, "keep_interest", by=by, begins_on=begins_on, ends_on=ends_on)
    db.session.flush()
    return kept[0]


def _organisations_named(name: str) -> list[Organisation]:
    """Every organisation of that name, since anybody can take one; of doubles, which share their number, the first."""
    key = comparable(name)
    rows = db.session.execute(
        select(Organisation.id, Organisation.name, Organisation.org_number).order_by(Organisation.id)
    )
    found: dict[str | int, int] = {}
    for row in rows:
        if comparable(row.name) == key:
            found.setdefault(row.org_number or row.id, row.id)
    return [db.session.get_one(Organisation, each) for each in found.values()]


def change(interest: Interest, *, role: str, begins_on: date, ends_on: date | None, note: str, by: Account) -> None:
    """Correct what is said of an interest, or say when it ended. Errors: NotAllowed, StepNotPossible."""
    _demand_own(interest, by)
    _demand_days(begins_on, ends_on)
    before = interest.ends_on
    interest.role, interest.begins_on, interest.ends_on, interest.note = role, begins_on, ends_on, note
    record(interest, "change_interest", by=by, begins_on=begins_on, ends_on=ends_on, ended_before=before)
    db.session.flush()


def take_back(interest: Interest, *, by: Account) -> None:
    """It was written by mistake: it no longer counts, and stays to be read. Errors: NotAllowed, StepNotPossible."""
    _demand_own(interest, by)
    interest.taken_back_at = clock.now()
    record(interest, "take_back_interest", by=by)
    db.session.flush()
    db.session.expire(by, ["interests"])


def answer(named: NamedPerson, *, is_me: bool, by: Account) -> None:
    """Answer "Is this you?" for all that is asked of the same organisation or case. Yes is a declared conflict; no
    lets the person see the cases. Errors: NotAllowed, StepNotPossible.
    """
    _demand(by)
    asked = [each for each in by.open_questions if each.place == named.place]
    if not asked:
        raise StepNotPossible(_dl("You have answered this already."))
    for each in asked:
        row = FoundAnswer(named_person=each, is_me=is_me, answered_at=clock.now())
        by.found_answers.append(row)
        record(row, "answer_found", by=by, is_me=is_me)
    if is_me:
        reason = _d("I am named in the application or by the applicant.")
        declare_conflict(by=by, reason=reason, organisation=named.organisation, application=named.application)
    db.session.flush()
