"""Sign in and out; keep account and organisations; give roles; declare and end conflicts of interest."""

from datetime import date
from typing import Any

from sqlalchemy import delete, or_, select, update
from sqlalchemy.exc import IntegrityError, OperationalError

from fundapp import clock, languages, patience
from fundapp.accounts import emails, rules
from fundapp.accounts.models import (
    Account,
    Conflict,
    LoginSession,
    Membership,
    Organisation,
    RoleGiven,
    SignInAttempt,
    SignInMethod,
)
from fundapp.boards.models import Board
from fundapp.db import db, is_reading, let_go_unkept, own_transaction, reread
from fundapp.history.actions import record
from fundapp.languages import _dl, _l
from fundapp.permissions import Permission, Role, why_not
from fundapp.workflow import NotAllowed, StepNotPossible


def account_by_email(email: str) -> Account | None:
    return db.session.scalar(select(Account).where(Account.email == email.strip().lower()))


def ask_to_sign_in(email: str, *, next_path: str = "") -> SignInAttempt:
    """Mail a link and a code to the address, known or not, so that nobody learns which addresses have an account."""
    token, code = rules.new_token(), rules.new_code()
    attempt = SignInAttempt(
        email=email.strip().lower(),
        token_hash=rules.hashed(token),
        code_hash=rules.hashed(code),
        language=languages.current().code,
        next_path=next_path,
        expires_at=clock.now() + rules.LINK_LASTS,
    )
    db.session.add(attempt)
    db.session.flush()
    emails.send_sign_in(attempt, token=token, code=code)
    return attempt


def count_try(public_id: str, *, most: int = rules.MOST_TRIES) -> bool:
    """Count one try of a code in its own short transaction, before it is compared; False when there were too many."""
    with own_transaction() as connection:
        found = connection.execute(
            update(SignInAttempt)
            .where(SignInAttempt.public_id == public_id, SignInAttempt.tries < most)
            .values(tries=SignInAttempt.tries + 1)
        )
        return found.rowcount == 1


def use_attempt(attempt: SignInAttempt, *, is_shared: bool = False) -> tuple[Account, str]:
    """Sign in by an attempt whose token or code was right: once, and in time. Gives the account and a session token.
    `is_shared`: on a computer that others use too, where the browser is to keep nothing that is typed.

    Errors: StepNotPossible.
    """
    spend_attempt(attempt)
    account = account_by_email(attempt.email) or _new_account(attempt)
    if not account.is_active:
        raise StepNotPossible(_l("This account is closed. Write to the municipality."))
    return account, begin_session(account, is_shared=is_shared)


def spend_attempt(attempt: SignInAttempt) -> None:
    """Errors: StepNotPossible, for one that was used or is too old."""
    used = db.session.execute(
        update(SignInAttempt)
        .where(
            SignInAttempt.id == attempt.id,
            SignInAttempt.used_at.is_(None),
            SignInAttempt.expires_at > clock.now(),
            SignInAttempt.expires_at <= clock.now() + 2 * rules.LINK_LASTS,  # not of a clock that ran ahead
        )
        .values(used_at=clock.now())
        .execution_options(synchronize_session=False)
    )
    if used.rowcount != 1:  # type: ignore[attr-defined]  # an UPDATE gives a CursorResult
        raise StepNotPossible(_l("This link has been used or is too old. Ask for a new one."))


def _new_account(attempt: SignInAttempt) -> Account:
    """The address's first account; where two mails are opened at once, the one that the other just made."""
    account = Account(email=attempt.email, language=attempt.language, created_at=clock.now())
    try:
        with db.session.begin_nested():
            db.session.add(account)
    except IntegrityError:
        made = account_by_email(attempt.email)
        if made is None:
            raise
        return made
    record(account, "create_account", by=None)
    return account


def begin_session(account: Account, *, is_shared: bool = False, method: SignInMethod = SignInMethod.MAIL) -> str:
    """A new signed-in session; gives the token for the cookie, whose hash alone is kept."""
    token = rules.new_token()
    db.session.flush()
    db.session.add(
        LoginSession(
            token_hash=rules.hashed(token),
            account_id=account.id,
            created_at=clock.now(),
            last_seen_at=clock.now(),
            is_shared=is_shared,
            method=method,
            proved_at=clock.now(),
        )
    )
    return token


def end_session(token: str) -> None:
    """Sign out: the session's row ends, so that a copied cookie is worth nothing."""
    db.session.execute(
        update(LoginSession)
        .where(LoginSession.token_hash == rules.hashed(token), LoginSession.ended_at.is_(None))
        .values(ended_at=clock.now())
        .execution_options(synchronize_session=False)
    )


def end_sessions(account: Account, *, but: LoginSession | None = None) -> int:
    """End what is open of the account in every browser, but for the session given; gives how many."""
    kept = but.id if but is not None else 0
    ended = db.session.scalars(
        update(LoginSession)
        .where(LoginSession.account_id == account.id, LoginSession.ended_at.is_(None), LoginSession.id != kept)
        .values(ended_at=clock.now())
        .returning(LoginSession.id)
        .execution_options(synchronize_session=False)
    )
    return len(ended.all())


def note_seen(session: LoginSession) -> None:
    """Remember that the session is in use, at most once a minute; on a page that only reads, in its own transaction."""
    if clock.now() - session.last_seen_at < rules.SEEN_AT_MOST_EVERY:
        return
    if not is_reading():
        session.last_seen_at = clock.now()
        return
    try:
        with patience.at_most(0.2), own_transaction() as connection:
            let_go_unkept(connection)
            seen = update(LoginSession).where(LoginSession.id == session.id).values(last_seen_at=clock.now())
            connection.execute(seen)
    except OperationalError as fault:
        # A disk that is full, or somebody's long turn to write: no reason to refuse a page that only reads.
        if fault.connection_invalidated:
            raise


def correct_account(account: Account, *, name: str, phone: str, language: str, by: Account) -> None:
    """Change one's own name, phone or language for mail. Errors: NotAllowed."""
    if account.id != by.id:
        raise NotAllowed(_l("Only you can change your account."))
    account.name, account.phone, account.language = name, phone, language
    record(account, "correct_account", by=by)


def add_organisation(organisation: Organisation, *, by: Account) -> Organisation:
    """Keep a new organisation that `by` acts for. The org.nr gives no access to another one with the same number."""
    organisation.created_at = clock.now()
    db.session.add(organisation)
    db.session.flush()
    membership = Membership(account_id=by.id, organisation_id=organisation.id, since=clock.now())
    db.session.add(membership)
    record(organisation, "add_organisation", by=by)
    db.session.flush()
    db.session.refresh(by, attribute_names=["memberships"])
    return organisation


def give_role(
    account: Account,
    role: Role,
    *,
    by: Any,
    board: Board | None = None,
    fund_id: int | None = None,
    begins_on: date | None = None,
    ends_on: date | None = None,
) -> None:
    """Give a role, from and to local days, both included; for one body or one fund, or everywhere. Given twice for the
    same place and the same days it changes nothing. `by` None is the installation itself; nobody gives themself one.

    Errors: NotAllowed; StepNotPossible, where it would end before it begins, or has ended, or is for oneself.
    """
    _demand_right_to_give_roles(by)
    if by is not None and by.id == account.id:
        raise StepNotPossible(_dl("Another administrator must give you a role."))
    if ends_on is not None and (ends_on < clock.today() or (begins_on is not None and ends_on < begins_on)):
        raise StepNotPossible(_dl("Write a last day that has not passed, and that is not before the first day."))
    reread(account, with_for_update={"of": Account})  # two administrators must not give the same role at once
    board_id = board.id if board is not None else None
    place = (role, board_id, fund_id, begins_on, ends_on)
    if place in {(row.role, row.board_id, row.fund_id, row.begins_on, row.ends_on) for row in account.role_rows}:
        return
    given = RoleGiven(role=role, board=board, fund_id=fund_id, begins_on=begins_on, ends_on=ends_on)
    account.role_rows.append(given)
    record(account, "give_role", by=by, role=role, **_place_of(given))
    db.session.flush()


def end_role(given: RoleGiven, *, ends_on: date | None, by: Any) -> None:
    """Change a role's last day; None: it has no end. Nobody changes their own. Errors: NotAllowed, StepNotPossible."""
    _demand_right_to_give_roles(by)
    if by is not None and by.id == given.account_id:
        raise StepNotPossible(_dl("Another administrator must change your role."))
    if ends_on is not None and (ends_on < clock.today() or (given.begins_on is not None and ends_on < given.begins_on)):
        raise StepNotPossible(_dl("Write a last day that has not passed, and that is not before the first day."))
    before, given.ends_on = given.ends_on, ends_on
    record(given, "end_role", by=by, role=given.role, old=before, new=ends_on)
    db.session.flush()
    if ends_on is not None and ends_on <= clock.today():
        end_sessions(given.account)


def take_role(given: RoleGiven, *, by: Any) -> None:
    """Take a role back, and end every session of its owner: the next request feels it. Nobody takes the administrator's
    role from themself.

    Errors: NotAllowed, StepNotPossible.
    """
    _demand_right_to_give_roles(by)
    _demand_another(given, by)
    account = given.account
    record(account, "take_role", by=by, role=given.role, **_place_of(given))
    account.role_rows.remove(given)
    db.session.delete(given)
    db.session.flush()
    end_sessions(account)


def _demand_another(given: RoleGiven, by: Any) -> None:
    if by is not None and by.id == given.account_id and given.role is Role.ADMINISTRATOR:
        raise StepNotPossible(_dl("Another administrator must take this role from you."))


def _place_of(given: RoleGiven) -> dict[str, Any]:
    """Where and when a role holds, as the history keeps it; what is everywhere or always is not said."""
    facts = {
        "board": given.board.abbreviation if given.board is not None else None,
        "fund": given.fund_id,
        "begins_on": given.begins_on,
        "ends_on": given.ends_on,
    }
    return {name: value for name, value in facts.items() if value is not None}


def _demand_right_to_give_roles(by: Any) -> None:
    reason = None if by is None else why_not(by, Permission.GIVE_ROLES)
    if reason is not None:
        raise NotAllowed(reason)


def declare_conflict(
    *, by: Account, reason: str, organisation: Organisation | None = None, application: Any = None
) -> Conflict:
    """Declare that `by` is disqualified (jäv) with an organisation, or in one application; works at once.

    An application's conflict covers its organisation too, so that the next application is hidden as well.
    """
    if application is not None and application.organisation is not None:
        organisation, application = application.organisation, None
    conflict = Conflict(
        organisation_id=organisation.id if organisation is not None else None,
        application_id=application.id if application is not None else None,
        org_number=organisation.org_number if organisation is not None else application.org_number,
        reason=reason,
        declared_at=clock.now(),
    )
    by.conflicts.append(conflict)
    record(conflict, "declare_conflict", by=by)
    return conflict


def end_conflict(conflict: Conflict, *, by: Account) -> None:
    """End one's own declared conflict; the row stays. Errors: NotAllowed."""
    if conflict.account_id != by.id:
        raise NotAllowed(_dl("Only the one who declared a conflict can end it."))
    if conflict.disqualification_id is not None:
        raise NotAllowed(_dl("It was recorded at a sitting. Ask the board's secretary to lift it there."))
    conflict.ended_at = clock.now()
    record(conflict, "end_conflict", by=by)


def forget_ended() -> int:
    """Remove attempts and sessions that have been of no use for KEPT_AFTER_END; gives how many."""
    before = clock.now() - rules.KEPT_AFTER_END
    attempts = delete(SignInAttempt).where(SignInAttempt.expires_at < before).returning(SignInAttempt.id)
    is_old = or_(LoginSession.ended_at < before, LoginSession.last_seen_at < before)
    sessions = delete(LoginSession).where(is_old).returning(LoginSession.id)
    return len(db.session.scalars(attempts).all()) + len(db.session.scalars(sessions).all())
