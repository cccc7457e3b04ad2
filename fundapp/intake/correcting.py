"""Change what is kept about an applicant, on its request: one official proposes, another approves, and only then.

What the organisation itself has changed meanwhile is never overwritten: the proposal is then made anew.
"""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import select, update

from fundapp import clock, mail
from fundapp.accounts import giros
from fundapp.accounts.actions import account_by_email
from fundapp.accounts.models import ACCOUNTS, Account, LoginSession, Membership, Organisation
from fundapp.applications.models import Application
from fundapp.db import db, reread
from fundapp.history.actions import record
from fundapp.intake import emails, taking_over
from fundapp.intake.models import Correction, CorrectionKind
from fundapp.languages import Lazy, _dl, _l
from fundapp.permissions import Permission, has_conflict, is_impartial, is_impartial_to_applicant, why_not
from fundapp.workflow import NotAllowed, StepNotPossible

FIELDS: dict[str, Lazy] = {
    "org_number": _l("Organisation number"),
    "address": _l("Postal address"),
    "postal_code": _l("Postal code"),
    "city": _l("Town"),
    "email": _l("E-mail of the organisation"),
    "phone": _l("Phone of the organisation"),
    "website": _l("Website"),
    "bankgiro": _l("Bankgiro"),
    "plusgiro": _l("Plusgiro"),
}
# Of these who manages the organisation's people is told too: an own address or number comes before an own account.
TOLD_WIDELY = frozenset({"org_number", "email", "phone", "bankgiro", "plusgiro"})
LABELS: dict[str, Lazy] = {
    **FIELDS,
    "account_email": _l("E-mail address"),
    "person": _l("May act for the organisation"),
    "double": _l("Two entries of the same organisation became one"),
}
Values = Mapping[str, str]


def particulars(organisation: Organisation) -> dict[str, str]:
    """What a correction may change, as it is now; an address that only stands for the post is empty, and a municipal
    unit's number.
    """
    found = {name: str(getattr(organisation, name) or "") for name in FIELDS}
    if mail.is_by_post(found["email"]):
        found["email"] = ""
    return found


def propose_particulars(application: Application, after: Values, *, reason: str, by: Any) -> Correction:
    """Who has a number has another one, and never none. Errors: NotAllowed, StepNotPossible where nothing differs or a
    change waits already.
    """
    organisation = _organisation_of(application)
    _demand(by, Permission.PROPOSE_CORRECTION, application)
    reread(organisation, with_for_update={"of": Organisation})
    now = particulars(organisation)
    changed = {name: after[name] for name in FIELDS if name in after and after[name] != now[name]}
    if "org_number" in changed and not (changed["org_number"] and now["org_number"]):
        del changed["org_number"]
    before = {name: now[name] for name in changed}
    return _propose(application, CorrectionKind.PARTICULARS, before, changed, reason, by, organisation=organisation)


def propose_email(application: Application, email: str, *, reason: str, by: Any) -> Correction:
    """Another address for who sent the application. Errors: NotAllowed, StepNotPossible."""
    _demand(by, Permission.PROPOSE_CORRECTION, application)
    account = application.created_by
    _demand_new_address(account, email)
    known = "" if mail.is_by_post(account.email) else account.email
    before, after = {"account_email": known}, {"account_email": email}
    return _propose(application, CorrectionKind.EMAIL, before, after, reason, by, account=account)


def propose_connection(application: Application, email: str, *, reason: str, by: Any) -> Correction:
    """Let a person with this address act for the organisation. Errors: NotAllowed, StepNotPossible."""
    organisation = _organisation_of(application)
    _demand(by, Permission.PROPOSE_CORRECTION, application)
    _demand_unconnected(organisation, email, by)
    kind = CorrectionKind.CONNECT
    return _propose(application, kind, {"person": ""}, {"person": email}, reason, by, organisation=organisation)


def propose_doubles(application: Application, other: Organisation, *, reason: str, by: Any) -> Correction:
    """Let the application's organisation take over what its double has sent, and its people. Errors: as above."""
    organisation = _organisation_of(application)
    _demand(by, Permission.PROPOSE_CORRECTION, application)
    taking_over.demand_double(organisation, other)
    before, after = {"double": other.name}, {"double": organisation.name}
    kind = CorrectionKind.DOUBLES
    return _propose(application, kind, before, after, reason, by, organisation=organisation, other=other)


def _organisation_of(application: Application) -> Organisation:
    if application.organisation is None:
        raise StepNotPossible(_dl("No organisation stands behind a nomination."))
    return application.organisation


def _demand(by: Any, permission: Permission, application: Application) -> None:
    reason = why_not(by, permission)
    if reason is None and has_conflict(by, application):
        reason = is_impartial.reason  # type: ignore[attr-defined]  # set by because()
    if reason is None and not is_impartial_to_applicant(by, application):
        reason = is_impartial_to_applicant.reason  # type: ignore[attr-defined]  # set by because()
    if reason is not None:
        raise NotAllowed(reason)


def _demand_new_address(account: Account, email: str) -> None:
    """An official's account is the administrator's: who gets its mail gets its rights."""
    if any(row.ends_on is None or row.ends_on >= clock.today() for row in account.role_rows):
        raise StepNotPossible(_dl("This is an official's account. Ask the administrator."))
    if account_by_email(email) is not None:
        raise StepNotPossible(_dl("Somebody has an account with this address already."))


def _demand_unconnected(organisation: Organisation, email: str, by: Any) -> None:
    account = account_by_email(email)
    if account is not None and account.id == by.id:
        raise StepNotPossible(_dl("This is your own address. You cannot let yourself act for an applicant."))
    if account is not None and organisation.id in account.organisation_ids:
        raise StepNotPossible(_dl("This person acts for the organisation already."))


def _propose(
    application: Application,
    kind: CorrectionKind,
    before: Values,
    after: Values,
    reason: str,
    by: Any,
    **subjects: Any,
) -> Correction:
    if not after:
        raise StepNotPossible(_dl("Nothing is different from what is kept now."))
    reread(application, with_for_update={"of": Application})
    waits = select(Correction.id).where(
        Correction.application_id == application.id, Correction.kind == kind, Correction.decided_at.is_(None)
    )
    if db.session.scalar(waits.limit(1)) is not None:
        raise StepNotPossible(_dl("Such a change waits for approval already. It must be answered first."))
    correction = Correction(
        application=application,
        kind=kind,
        before=dict(before),
        after=dict(after),
        reason=reason,
        proposed_by=by,
        proposed_at=clock.now(),
        **subjects,
    )
    db.session.add(correction)
    record(application, "propose_correction", by=by, kind=kind)
    db.session.flush()
    return correction


def changed_meanwhile(correction: Correction) -> dict[str, str]:
    """What is kept now, of the fields that are no longer as they were when the change was proposed."""
    if correction.decided_at is not None:
        return {}
    now: dict[str, str] = {}
    if correction.kind is CorrectionKind.PARTICULARS and correction.organisation is not None:
        now = particulars(correction.organisation)
    if correction.kind is CorrectionKind.EMAIL and correction.account is not None:
        now = {"account_email": "" if mail.is_by_post(correction.account.email) else correction.account.email}
    return {name: now[name] for name, was in correction.before.items() if name in now and now[name] != was}


def asks_of(correction: Correction) -> Values:
    """The account numbers in a correction of particulars that are only asked for, since the organisation is paid to
    those it has: an official calls, as for any other. Who proposes, and who approves, has called nobody.
    """
    organisation = correction.organisation
    if correction.kind is not CorrectionKind.PARTICULARS or organisation is None:
        return {}
    numbers = {name: number for name, number in correction.after.items() if name in ACCOUNTS}
    return numbers if numbers and giros.is_paid_to(organisation) else {}


def waits_for_call(correction: Correction) -> bool:
    """Whether the account in what was approved here is not in use yet, as no official has called and approved it."""
    if not correction.is_approved or correction.organisation is None:
        return False
    waiting = giros.waiting(correction.organisation)
    asked = asks_of(correction)
    return waiting is not None and any(waiting.after.get(name, "") == number for name, number in asked.items())


def approve(correction: Correction, *, by: Any) -> bool:
    """Make the change, by a second person, and tell the old contact and the new; for another account than the one that
    is paid to (`asks_of`), ask. False: two entries that are to become one are paid to different accounts; that is asked
    for now, and the change waits until it is settled.

    Errors: NotAllowed, StepNotPossible.
    """
    application = correction.application
    _demand(by, Permission.APPROVE_CORRECTION, application)
    _hold(correction)
    if correction.proposed_by_id == by.id:
        raise StepNotPossible(_dl("You proposed this. Another person must approve it."))
    if changed_meanwhile(correction):
        raise StepNotPossible(
            _dl("The applicant has changed this meanwhile. Decline the proposal, and propose anew what is still wrong.")
        )
    if taking_over.asks_for_account(correction, by=by):
        return False
    name = correction.organisation.name if correction.organisation is not None else application.applicant_name or ""
    made = _made(correction)
    told = _APPLY[correction.kind](correction, by)
    _answer(correction, by=by, is_approved=True)
    record(application, "approve_correction", by=by, kind=correction.kind, proposed_by=correction.proposed_by.name)
    for field, after in made.items():
        record(application, "correct_field", by=by, field=field, old=correction.before.get(field, ""), new=after)
    changes = [(LABELS[field], correction.before.get(field, ""), after) for field, after in made.items()]
    changes += [(LABELS["person"], "", person) for person in taking_over.who_came(correction)]
    if changes:
        emails.send_corrected(application, name, changes, to=told)
    db.session.flush()
    return True


def _made(correction: Correction) -> dict[str, str]:
    """What an approval changes at once: all but an account that is asked for."""
    asked = asks_of(correction)
    return {name: value for name, value in correction.after.items() if name not in asked}


def decline(correction: Correction, *, remark: str, by: Any) -> None:
    """Leave everything as it is; who proposed it may take it back too. Errors: NotAllowed, StepNotPossible."""
    _demand(by, Permission.APPROVE_CORRECTION, correction.application)
    _hold(correction)
    correction.remark = remark
    _answer(correction, by=by, is_approved=False)
    record(correction.application, "decline_correction", by=by, kind=correction.kind)
    db.session.flush()


def _hold(correction: Correction) -> None:
    """Lock all that it touches, in one order, and read it anew."""
    reread(correction.application, with_for_update={"of": Application})
    reread(correction, with_for_update={"of": Correction})
    ids = sorted(key for key in (correction.organisation_id, correction.other_id) if key is not None)
    rows = select(Organisation).where(Organisation.id.in_(ids)).order_by(Organisation.id).with_for_update()
    db.session.scalars(rows.execution_options(populate_existing=True)).all()
    if correction.account is not None:
        reread(correction.account, with_for_update={"of": Account})
    if correction.decided_at is not None:
        raise StepNotPossible(_dl("Somebody has answered this already."))


def _answer(correction: Correction, *, by: Any, is_approved: bool) -> None:
    with db.session.no_autoflush:
        correction.decided_by_id, correction.decided_at, correction.is_approved = by.id, clock.now(), is_approved


def _apply_particulars(correction: Correction, _by: Any) -> list[str]:
    organisation = correction.organisation
    assert organisation is not None  # noqa: S101  _propose has set it
    asked, made, old = asks_of(correction), _made(correction), organisation.email
    if asked and giros.waiting(organisation) is not None:
        raise StepNotPossible(_dl("Another account waits for approval. It must be answered first."))
    for name, value in made.items():
        setattr(organisation, name, value)
    if not organisation.email:
        organisation.email = mail.new_post_address()
    if asked:
        _ask_for_account(correction, organisation, asked, old_email=old)
    told = [old.lower(), organisation.email.lower()]
    if TOLD_WIDELY.isdisjoint(made):
        return told
    return [*told, *(row.account.email for row in organisation.memberships if row.may_manage)]


def _ask_for_account(correction: Correction, organisation: Organisation, asked: Values, *, old_email: str) -> None:
    """In the name of who proposed the numbers, so that it is somebody else who calls and uses them."""
    wanted = {name: number for name, number in (organisation.accounts | dict(asked)).items() if number}
    giros.ask(organisation, wanted, old_email=old_email, by=correction.proposed_by)


def _apply_email(correction: Correction, _by: Any) -> list[str]:
    account, email = correction.account, correction.after["account_email"]
    assert account is not None  # noqa: S101  as above
    _demand_new_address(account, email)
    old, account.email = account.email, email
    if mail.is_by_post(old):  # nobody could sign in with it; any other that is closed, an administrator has closed
        account.is_active = True
    ended = update(LoginSession).where(LoginSession.account_id == account.id, LoginSession.ended_at.is_(None))
    db.session.execute(ended.values(ended_at=clock.now()))
    return [old, email]


def _apply_connection(correction: Correction, by: Any) -> list[str]:
    organisation, email = correction.organisation, correction.after["person"]
    assert organisation is not None  # noqa: S101  as above
    _demand_unconnected(organisation, email, by)
    account = account_by_email(email)
    if account is None:
        account = Account(email=email, language=correction.application.language, created_at=clock.now())
        db.session.add(account)
        db.session.flush()
    is_first = db.session.scalar(select(Membership.id).where(Membership.organisation_id == organisation.id).limit(1))
    db.session.add(
        Membership(
            account_id=account.id, organisation_id=organisation.id, since=clock.now(), may_manage=is_first is None
        )
    )
    db.session.flush()
    db.session.refresh(account, attribute_names=["memberships"])
    return [organisation.email.lower(), email]


def _apply_doubles(correction: Correction, _by: Any) -> list[str]:
    organisation, other = correction.organisation, correction.other
    assert organisation is not None  # noqa: S101  as above
    assert other is not None  # noqa: S101  as above
    return taking_over.take_over(organisation, other)


_APPLY: dict[CorrectionKind, Callable[[Correction, Any], list[str]]] = {
    CorrectionKind.PARTICULARS: _apply_particulars,
    CorrectionKind.EMAIL: _apply_email,
    CorrectionKind.CONNECT: _apply_connection,
    CorrectionKind.DOUBLES: _apply_doubles,
}
