"""Who is signed in, and what a person may see. `visible_to` filters every list of applications there is."""

from collections.abc import Iterator, Sequence
from typing import Any

from flask_login import current_user
from sqlalchemy import (
    ColumnElement,
    and_,
    bindparam,
    case,
    exists,
    false,
    func,
    literal_column,
    not_,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from fundapp import clock
from fundapp.accounts.found import FoundAnswer, Interest, NamedPerson
from fundapp.accounts.models import (
    INVITATION_IS_OPEN,
    Account,
    Conflict,
    Invitation,
    LoginSession,
    Membership,
    Organisation,
    RoleGiven,
)
from fundapp.accounts.rules import hashed
from fundapp.applications.models import Application
from fundapp.config import settings
from fundapp.db import db
from fundapp.funds.models import Fund, Round
from fundapp.meetings.minutes import NoticeOfMeeting
from fundapp.meetings.models import AgendaCase, Meeting, MinuteItem
from fundapp.permissions import Person, Role
from fundapp.seats.models import Seat
from fundapp.workflow import ApplicationStatus, MeetingStatus

_ALL_CASES = frozenset({Role.REGISTRAR, Role.OFFICER, Role.SECRETARY, Role.AUDITOR})
_ACCOUNT = contains_eager(LoginSession.account)
_IS_OFFICIAL = exists().where(RoleGiven.account_id == Account.id).correlate(Account)
_PART = union_all(*(select(literal_column(str(number)).label("number")) for number in range(6))).subquery("part")


def _in_part(number: int, value: Any, *, if_: ColumnElement[bool] | None = None) -> ColumnElement[Any]:
    """`value` in one part of the rows; in the others NULL, which nothing equals and every index knows."""
    is_here = _PART.c.number == number
    return case((is_here if if_ is None else and_(is_here, if_), value))


# Made once, since every page asks it. Each collection has a part of the rows for itself: joined as they are, their rows
# would multiply, and anybody can name themself or an official in as many entries as they like. Whether a name is one's
# own is asked of officials alone.
_SESSION_OF = (
    select(LoginSession)
    .where(LoginSession.token_hash == bindparam("token"), LoginSession.ended_at.is_(None))
    .join(LoginSession.account)
    .join(_PART, true())
    .outerjoin(RoleGiven, RoleGiven.account_id == _in_part(0, Account.id))
    .outerjoin(Membership, Membership.account_id == _in_part(1, Account.id))
    .outerjoin(Conflict, and_(Conflict.account_id == _in_part(2, Account.id), Conflict.ended_at.is_(None)))
    .outerjoin(Interest, and_(Interest.account_id == _in_part(3, Account.id), Interest.taken_back_at.is_(None)))
    .outerjoin(FoundAnswer, FoundAnswer.account_id == _in_part(4, Account.id, if_=_IS_OFFICIAL))
    .outerjoin(
        NamedPerson,
        NamedPerson.text.in_(_in_part(5, text, if_=_IS_OFFICIAL) for text in (Account.name_key, Account.email)),
    )
    .options(
        _ACCOUNT.contains_eager(Account.role_rows),
        _ACCOUNT.contains_eager(Account.memberships),
        _ACCOUNT.contains_eager(Account.conflicts),
        _ACCOUNT.contains_eager(Account.interests),
        _ACCOUNT.contains_eager(Account.found_answers),
        _ACCOUNT.contains_eager(Account.named).joinedload(NamedPerson.organisation),
    )
)


# What a person must keep away from, read at once where many people are asked about.
KEEPS_FROM = (
    selectinload(Account.interests),
    selectinload(Account.found_answers),
    selectinload(Account.named).joinedload(NamedPerson.organisation),
)


def open_session(token_hash: str) -> LoginSession | None:
    """The session a cookie's token belongs to, unless it has ended; with all that is asked of its account on every
    page, in one statement. What it does not ask of an applicant is read where it is asked later.
    """
    found = db.session.scalars(_SESSION_OF, {"token": token_hash}).unique().one_or_none()
    if found is not None and not found.account.role_rows:
        db.session.expire(found.account, ["named", "found_answers"])
    return found


def signed_in() -> Any:
    """The account itself behind `current_user`, or nobody's: for pages that ask it hundreds of times, since each look
    through Flask-Login's name for it costs ten plain ones.
    """
    return current_user._get_current_object()


def own_applications(person: Person) -> ColumnElement[bool]:
    """Applications of the person's organisations, and nominations the person began; not what a registrar is entering
    for them, nor the drafts that others had begun before the person came along from an entry that was taken over.
    """
    return and_(
        *(not_(drafts) for drafts in _begun_before_they_came(person)),
        or_(
            Application.organisation_id.in_(person.organisation_ids),
            and_(Application.organisation_id.is_(None), Application.created_by_id == person.id),
        ),
        or_(~Application.is_entered, Application.status != ApplicationStatus.DRAFT),
    )


def _begun_before_they_came(person: Person) -> Iterator[ColumnElement[bool]]:
    """Others' drafts in the organisations that took over an entry of the person's, as old as their coming: that the two
    entries are one is for what was sent, and opens nobody's drafts.
    """
    memberships: Sequence[Membership] = getattr(person, "memberships", ())
    taken = {each.organisation.merged_into_id for each in memberships} - {None}
    for each in memberships:
        if each.organisation_id in taken:
            yield and_(
                Application.organisation_id == each.organisation_id,
                Application.status == ApplicationStatus.DRAFT,
                Application.created_at <= each.since,
                Application.created_by_id != person.id,
            )


def without_conflict(person: Person) -> ColumnElement[bool]:
    """The same rule as `permissions.has_conflict`, for the database."""
    rule = [Application.created_by_id != person.id]
    # What a person has none of is not asked: most officials have nothing to keep away from but their own.
    if person.conflicting_application_ids:
        rule.append(Application.id.not_in(person.conflicting_application_ids))
    if organisations := person.organisation_ids | person.conflicting_organisation_ids:
        rule.append(func.coalesce(Application.organisation_id, 0).not_in(organisations))
    if person.conflicting_org_numbers:
        rule.append(func.coalesce(Application.org_number, "").not_in(person.conflicting_org_numbers))
    return and_(*rule)


def without_closed_applicant(person: Person) -> ColumnElement[bool]:
    """What `permissions.is_impartial_to_applicant` asks beside `has_conflict`, for the database."""
    rule: list[ColumnElement[bool]] = [true()]
    if person.closed_applicant_ids:
        rule.append(func.coalesce(Application.organisation_id, 0).not_in(person.closed_applicant_ids))
    if person.closed_applicant_numbers:
        rule.append(func.coalesce(Application.org_number, "").not_in(person.closed_applicant_numbers))
    return and_(*rule)


def visible_to(person: Person) -> ColumnElement[bool]:
    """Cases the person may know of as an official: never a draft, never one with a conflict, for members those on
    the agendas of their own bodies.

    An administrator and an applicant see none; an applicant's own are `own_applications`.
    """
    if cases := person.roles & _ALL_CASES:
        reach: ColumnElement[bool] | None = _in_funds_of(person, cases)
    elif Role.MEMBER in person.roles:
        reach = _on_agendas_of(person)
    else:
        return false()
    is_case = and_(Application.status != ApplicationStatus.DRAFT, without_conflict(person))
    return is_case if reach is None else and_(reach, is_case)


def _in_funds_of(person: Person, roles: frozenset[Role]) -> ColumnElement[bool] | None:
    """Cases of the funds to which all the person's roles are limited; None where one of them is for every fund."""
    funds = {fund for role in roles for fund, _board in person.role_limits.get(role, {(None, None)})}
    if None in funds:
        return None
    return Application.round_id.in_(select(Round.id).where(Round.fund_id.in_(funds)))


def holding_role(role: Role) -> ColumnElement[bool]:
    """Whether somebody has the role today."""
    today = clock.today()
    return exists().where(
        RoleGiven.account_id == Account.id,
        RoleGiven.role == role,
        or_(RoleGiven.begins_on.is_(None), RoleGiven.begins_on <= today),
        or_(RoleGiven.ends_on.is_(None), RoleGiven.ends_on >= today),
    )


def _on_agendas_of(member: Person) -> ColumnElement[bool]:
    """Cases on agendas of bodies where the member has a seat that holds today, once the notice of the sitting is
    published or the sitting is opened; before that the agenda is the secretary's.
    """
    today = clock.today()
    is_out = or_(Meeting.status != MeetingStatus.PLANNED, exists().where(NoticeOfMeeting.meeting_id == Meeting.id))
    return (
        exists()
        .where(
            AgendaCase.application_id == Application.id,
            MinuteItem.id == AgendaCase.minute_item_id,
            Meeting.id == MinuteItem.meeting_id,
            Seat.board_id == Meeting.board_id,
            Seat.account_id == member.id,
            Seat.begins_on <= today,
            Seat.ends_on >= today,
            is_out,
        )
        .correlate(Application)  # a query that reads agendas itself must not lend them to this one
    )


def account_by_public_id(public_id: str) -> Account | None:
    return db.session.scalar(select(Account).where(Account.public_id == public_id))


def own_organisation(public_id: str) -> Organisation | None:
    """An organisation the signed-in person acts for."""
    return db.session.scalar(
        select(Organisation).where(
            Organisation.public_id == public_id, Organisation.id.in_(current_user.organisation_ids)
        )
    )


def own_organisations(person: Account) -> list[Organisation]:
    """The organisations the person acts for, by name; of one that was taken over only drafts are left."""
    found = (each.organisation for each in person.memberships if each.organisation.merged_into_id is None)
    return sorted(found, key=lambda each: each.name.lower())


def people_of(organisation: Organisation) -> list[Membership]:
    """Who acts for the organisation, the longest first."""
    return list(
        db.session.scalars(
            select(Membership)
            .where(Membership.organisation_id == organisation.id)
            .options(joinedload(Membership.account))
            .order_by(Membership.since, Membership.id)
        ).unique()
    )


def member_of(organisation: Organisation, public_id: str) -> Membership | None:
    """One of the organisation's people, by the account's public id."""
    return next((each for each in people_of(organisation) if each.public_id == public_id), None)


def open_invitations(organisation: Organisation) -> list[Invitation]:
    """Invitations that were neither accepted nor withdrawn, the newest first; those too old among them."""
    of_ours = select(Invitation).where(Invitation.organisation_id == organisation.id, INVITATION_IS_OPEN)
    return list(db.session.scalars(of_ours.order_by(Invitation.id.desc())))


def invitation_of(organisation: Organisation, public_id: str) -> Invitation | None:
    return db.session.scalar(
        select(Invitation).where(Invitation.public_id == public_id, Invitation.organisation_id == organisation.id)
    )


def invitation_by_token(token: str) -> Invitation | None:
    return db.session.scalar(select(Invitation).where(Invitation.token_hash == hashed(token)))


def funds_of_the_town() -> list[tuple[int, str]]:
    """What can be applied for, as (key, name): a role may be for one fund alone."""
    found = select(Fund.id, Fund.name).where(Fund.municipality == settings().municipality).order_by(Fund.name)
    return [(key, name) for key, name in db.session.execute(found)]


def role_given(public_id: str) -> RoleGiven | None:
    """A role as it was given to somebody."""
    return db.session.scalar(select(RoleGiven).where(RoleGiven.public_id == public_id))


def people_with_roles() -> list[Account]:
    """Everybody who has been given a role, by name."""
    return list(
        db.session.scalars(
            select(Account)
            .where(exists().where(RoleGiven.account_id == Account.id))
            .order_by(func.lower(Account.name), Account.email)
        )
    )


def people_named(text: str, most: int = 50) -> list[Account]:
    """Accounts whose name or address holds `text`; å, ä and ö too, whose two cases SQLite does not know as one."""
    cases = {text, text.lower(), text.upper(), text.title()}
    return list(
        db.session.scalars(
            select(Account)
            .where(
                or_(
                    Account.email.contains(text.lower(), autoescape=True),
                    *(Account.name.contains(case, autoescape=True) for case in sorted(cases)),
                )
            )
            .order_by(func.lower(Account.name), Account.email)
            .limit(most)
        )
    )


def applying_organisations(person: Account) -> list[Organisation]:
    """Who has sent in an application and may be declared a conflict with; not whom it concerns already, nor drafts."""
    has_sent = exists().where(
        Application.organisation_id == Organisation.id, Application.status != ApplicationStatus.DRAFT
    )
    return list(
        db.session.scalars(
            select(Organisation)
            .where(has_sent, Organisation.id.not_in(person.conflicting_organisation_ids | person.organisation_ids))
            .order_by(func.lower(Organisation.name), Organisation.id)
        )
    )


def own_conflicts(person: Account) -> list[Conflict]:
    """All the person has declared, the newest first, ended ones too."""
    return list(
        db.session.scalars(select(Conflict).where(Conflict.account_id == person.id).order_by(Conflict.id.desc()))
    )


def own_conflict(public_id: str) -> Conflict | None:
    return db.session.scalar(
        select(Conflict).where(Conflict.public_id == public_id, Conflict.account_id == current_user.id)
    )
