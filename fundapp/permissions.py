"""Every role, permission and condition. Plain Python: a person and a subject go in, a reason or None comes out.

Who may *see* a thing at all is `accounts.queries.visible_to` (what is not visible is 404); this page says who may act
on what they see (403 otherwise).
"""

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from fundapp.languages import LabelledEnum, Lazy, _dl, _l


class Role(LabelledEnum):
    """A role given to a person. Everybody who is signed in is also an applicant, which needs no row."""

    APPLICANT = "applicant", _dl("Applicant")
    REGISTRAR = "registrar", _dl("Registrar")
    OFFICER = "officer", _dl("Case officer")
    SECRETARY = "secretary", _dl("Board secretary")
    MEMBER = "member", _dl("Board member")
    ADMINISTRATOR = "administrator", _dl("Administrator")
    AUDITOR = "auditor", _dl("Auditor")


class Permission(enum.Enum):
    """One thing a person may do. A page or a step names exactly one."""

    USE_ACCOUNT = enum.auto()
    START_APPLICATION = enum.auto()
    READ_APPLICATION = enum.auto()
    EDIT_APPLICATION = enum.auto()
    SUBMIT_APPLICATION = enum.auto()
    WITHDRAW_APPLICATION = enum.auto()
    WRITE_MESSAGE = enum.auto()
    READ_ORGANISATION = enum.auto()
    EDIT_ORGANISATION = enum.auto()
    MANAGE_PEOPLE = enum.auto()
    LIST_CASES = enum.auto()
    READ_CASE = enum.auto()
    REGISTER_APPLICATION = enum.auto()
    FILE_DOCUMENT = enum.auto()
    SEND_LETTER_AGAIN = enum.auto()
    ANSWER_MESSAGE = enum.auto()
    ASSESS_APPLICATION = enum.auto()
    READ_ASSESSMENTS = enum.auto()
    READ_INTERESTS = enum.auto()
    ASSIGN_OFFICER = enum.auto()
    WRITE_NOTE = enum.auto()
    RAISE_FLAG = enum.auto()
    RECEIVE_ON_PAPER = enum.auto()
    MERGE_CASES = enum.auto()
    PROPOSE_CORRECTION = enum.auto()
    APPROVE_CORRECTION = enum.auto()
    READ_DIARY = enum.auto()
    EXAMINE_SECRECY = enum.auto()
    RANK_CASES = enum.auto()
    KEEP_TEXT_BLOCKS = enum.auto()
    KEEP_TEMPLATES = enum.auto()
    KEEP_FUNDS = enum.auto()
    KEEP_SETTINGS = enum.auto()
    TRANSLATE = enum.auto()
    DECLARE_CONFLICT = enum.auto()
    READ_MEETING = enum.auto()
    PREPARE_MEETING = enum.auto()
    RECORD_DECISION = enum.auto()
    APPROVE_MINUTES = enum.auto()
    SIGN_MINUTES = enum.auto()
    RELEASE_LETTERS = enum.auto()
    KEEP_SEATS = enum.auto()
    KEEP_DELEGATIONS = enum.auto()
    DECIDE_BY_DELEGATION = enum.auto()
    RECORD_APPEAL = enum.auto()
    ALLOW_EARLY_PAYMENT = enum.auto()
    KEEP_CANDIDATES = enum.auto()
    VERIFY_RECORD = enum.auto()
    CHANGE_FRAME = enum.auto()
    READ_LEDGER = enum.auto()
    LIST_PROJECTS = enum.auto()
    READ_PROJECT = enum.auto()
    PAY_INSTALMENT = enum.auto()
    APPROVE_PAYMENT = enum.auto()
    APPROVE_GIRO = enum.auto()
    WRITE_REPORT = enum.auto()
    SEND_REPORT = enum.auto()
    REVIEW_REPORT = enum.auto()
    ASK_FOR_CHANGE = enum.auto()
    ANSWER_CHANGE = enum.auto()
    ANSWER_FOR_BOARD = enum.auto()
    GIVE_ROLES = enum.auto()
    READ_HISTORY = enum.auto()
    READ_FEEDBACK = enum.auto()


# A fund and a body, as keys of their tables: where a role holds, None being anywhere.
Limit = tuple[int | None, int | None]


class Person(Protocol):
    """The facts about a person that permissions look at."""

    id: int

    @property
    def roles(self) -> frozenset[Role]: ...
    @property
    def role_limits(self) -> Mapping[Role, frozenset[Limit]]: ...
    @property
    def organisation_ids(self) -> frozenset[int]: ...
    @property
    def writes_for(self) -> frozenset[int]: ...
    @property
    def sends_for(self) -> frozenset[int]: ...
    @property
    def manages(self) -> frozenset[int]: ...
    @property
    def conflicting_organisation_ids(self) -> frozenset[int]: ...
    @property
    def conflicting_org_numbers(self) -> frozenset[str]: ...
    @property
    def conflicting_application_ids(self) -> frozenset[int]: ...
    @property
    def closed_applicant_ids(self) -> frozenset[int]: ...
    @property
    def closed_applicant_numbers(self) -> frozenset[str]: ...


Condition = Callable[[Any, Any], bool]


def because(reason: Lazy) -> Callable[[Condition], Condition]:
    """Give a condition the sentence a person reads when it does not hold."""

    def keep(condition: Condition) -> Condition:
        condition.reason = reason  # type: ignore[attr-defined]  # a function may carry its sentence
        return condition

    return keep


def acts_for(person: Person, application: Any) -> bool:
    """Whether the person acts for the applicant: the organisation's people, or who began it where there is none."""
    if application.organisation_id is None:
        return bool(application.created_by_id == person.id)
    return application.organisation_id in person.organisation_ids


def has_conflict(person: Person, application: Any) -> bool:
    """Whether the person is disqualified (jäv) in the application's case: declared, or acting for the applicant.

    Source: KL 2017:725 6:28 and 7:4 (before 2018 the same idea in KL 1991:900).
    """
    return (
        application.created_by_id == person.id
        or application.id in person.conflicting_application_ids
        or (application.organisation_id is not None and application.organisation_id in person.organisation_ids)
        or (
            application.organisation_id is not None
            and application.organisation_id in person.conflicting_organisation_ids
        )
        or (application.org_number is not None and application.org_number in person.conflicting_org_numbers)
    )


@because(_l("Only people of the applying organisation can do this."))
def is_own_application(person: Person, application: Any) -> bool:
    return acts_for(person, application)


@because(_l("Only people of the organisation can do this."))
def is_own_organisation(person: Person, organisation: Any) -> bool:
    return organisation.id in person.organisation_ids


@because(_l("You may read this, but not write in it. Ask the person who manages your organisation's people."))
def writes_application(person: Person, application: Any) -> bool:
    return application.organisation_id is None or application.organisation_id in person.writes_for


@because(_l("You may not send for the organisation. Ask the person who manages your organisation's people."))
def sends_application(person: Person, application: Any) -> bool:
    return application.organisation_id is None or application.organisation_id in person.sends_for


@because(_l("You may read this, but not write in it. Ask the person who manages your organisation's people."))
def writes_for_organisation(person: Person, organisation: Any) -> bool:
    return organisation.id in person.writes_for


@because(_l("Only the person who manages the organisation's people can do this."))
def manages_organisation(person: Person, organisation: Any) -> bool:
    return organisation.id in person.manages


@because(_dl("You have a conflict of interest in this case."))
def is_impartial(person: Person, application: Any) -> bool:
    return not has_conflict(person, application)


@because(_l("Only people of the project's organisation can do this."))
def is_own_project(person: Person, project: Any) -> bool:
    return acts_for(person, project.application)


@because(_l("You may read this, but not write in it. Ask the person who manages your organisation's people."))
def writes_for_project(person: Person, project: Any) -> bool:
    return writes_application(person, project.application)


@because(_l("You may not send for the organisation. Ask the person who manages your organisation's people."))
def sends_for_project(person: Person, project: Any) -> bool:
    return sends_application(person, project.application)


@because(_dl("You have a conflict of interest in this project's case."))
def is_impartial_in_project(person: Person, project: Any) -> bool:
    return not has_conflict(person, project.application)


@because(_dl("You have a conflict of interest in this case."))
def is_impartial_in_what_follows(person: Person, subject: Any) -> bool:
    """Of an application, and of what came of its decision: the project and its instalments."""
    return not has_conflict(person, getattr(subject, "application", subject))


@because(_dl("You have a conflict of interest with this organisation."))
def is_impartial_to_organisation(person: Person, organisation: Any) -> bool:
    """Neither acting for the organisation nor with a declared or found interest in it, by key or number (jäv), nor
    kept from a single case of its: what it is paid to is the same in them all.
    """
    return (
        organisation.id not in person.organisation_ids
        and organisation.id not in person.conflicting_organisation_ids
        and (organisation.org_number is None or organisation.org_number not in person.conflicting_org_numbers)
        and _is_free_of_its_cases(person, organisation.id, organisation.org_number)
    )


@because(_dl("You have a conflict of interest with this organisation."))
def is_impartial_to_applicant(person: Person, application: Any) -> bool:
    """Of what is kept about the applicant, from any of its cases: none of them is closed to the person."""
    return not has_conflict(person, application) and _is_free_of_its_cases(
        person, application.organisation_id, application.org_number
    )


def _is_free_of_its_cases(person: Person, organisation_id: int | None, org_number: str | None) -> bool:
    return (organisation_id is None or organisation_id not in person.closed_applicant_ids) and (
        org_number is None or org_number not in person.closed_applicant_numbers
    )


@because(_l("You cannot read this project."))
def may_follow_project(person: Person, project: Any) -> bool:
    return acts_for(person, project.application) or not has_conflict(person, project.application)


@dataclass(frozen=True)
class Rule:
    """Which roles have a permission, and what must hold between the person and the subject."""

    roles: frozenset[Role]
    conditions: tuple[Condition, ...] = ()


_EVERYBODY = frozenset({Role.APPLICANT})
_OFFICIALS = frozenset({Role.REGISTRAR, Role.OFFICER, Role.SECRETARY})
_READERS = _OFFICIALS | {Role.AUDITOR}
_BOARD_ROOM = frozenset({Role.SECRETARY, Role.MEMBER, Role.OFFICER, Role.REGISTRAR, Role.AUDITOR})

RULES: dict[Permission, Rule] = {
    Permission.USE_ACCOUNT: Rule(_EVERYBODY),
    Permission.START_APPLICATION: Rule(_EVERYBODY),
    Permission.READ_APPLICATION: Rule(_EVERYBODY, (is_own_application,)),
    Permission.EDIT_APPLICATION: Rule(_EVERYBODY, (is_own_application, writes_application)),
    Permission.SUBMIT_APPLICATION: Rule(_EVERYBODY, (is_own_application, sends_application)),
    Permission.WITHDRAW_APPLICATION: Rule(_EVERYBODY, (is_own_application, sends_application)),
    Permission.WRITE_MESSAGE: Rule(_EVERYBODY, (is_own_application, writes_application)),
    Permission.READ_ORGANISATION: Rule(_EVERYBODY, (is_own_organisation,)),
    Permission.EDIT_ORGANISATION: Rule(_EVERYBODY, (is_own_organisation, writes_for_organisation)),
    Permission.MANAGE_PEOPLE: Rule(_EVERYBODY, (is_own_organisation, manages_organisation)),
    Permission.LIST_CASES: Rule(_READERS | {Role.MEMBER}),
    Permission.READ_CASE: Rule(_READERS | {Role.MEMBER}, (is_impartial,)),
    Permission.REGISTER_APPLICATION: Rule(frozenset({Role.REGISTRAR}), (is_impartial,)),
    Permission.FILE_DOCUMENT: Rule(frozenset({Role.REGISTRAR, Role.OFFICER}), (is_impartial,)),
    Permission.SEND_LETTER_AGAIN: Rule(frozenset({Role.REGISTRAR, Role.OFFICER}), (is_impartial,)),
    Permission.ANSWER_MESSAGE: Rule(frozenset({Role.REGISTRAR, Role.OFFICER}), (is_impartial,)),
    Permission.ASSESS_APPLICATION: Rule(frozenset({Role.OFFICER}), (is_impartial,)),
    Permission.READ_ASSESSMENTS: Rule(_READERS, (is_impartial,)),
    Permission.READ_INTERESTS: Rule(frozenset({Role.SECRETARY, Role.AUDITOR})),
    Permission.ASSIGN_OFFICER: Rule(frozenset({Role.REGISTRAR, Role.OFFICER}), (is_impartial,)),
    Permission.WRITE_NOTE: Rule(frozenset({Role.REGISTRAR, Role.OFFICER}), (is_impartial,)),
    Permission.RAISE_FLAG: Rule(_OFFICIALS, (is_impartial,)),
    Permission.RECEIVE_ON_PAPER: Rule(frozenset({Role.REGISTRAR})),
    Permission.MERGE_CASES: Rule(frozenset({Role.REGISTRAR}), (is_impartial,)),
    Permission.PROPOSE_CORRECTION: Rule(frozenset({Role.REGISTRAR, Role.OFFICER}), (is_impartial_to_applicant,)),
    Permission.APPROVE_CORRECTION: Rule(frozenset({Role.REGISTRAR, Role.OFFICER}), (is_impartial_to_applicant,)),
    Permission.READ_DIARY: Rule(_READERS),
    Permission.EXAMINE_SECRECY: Rule(frozenset({Role.REGISTRAR, Role.SECRETARY}), (is_impartial,)),
    Permission.RANK_CASES: Rule(frozenset({Role.OFFICER, Role.SECRETARY})),
    Permission.KEEP_TEXT_BLOCKS: Rule(frozenset({Role.REGISTRAR, Role.OFFICER, Role.ADMINISTRATOR})),
    Permission.KEEP_TEMPLATES: Rule(frozenset({Role.ADMINISTRATOR})),
    Permission.KEEP_FUNDS: Rule(frozenset({Role.ADMINISTRATOR})),
    Permission.KEEP_SETTINGS: Rule(frozenset({Role.ADMINISTRATOR})),
    Permission.TRANSLATE: Rule(frozenset({Role.REGISTRAR, Role.OFFICER}), (is_impartial,)),
    Permission.DECLARE_CONFLICT: Rule(_BOARD_ROOM),
    Permission.READ_MEETING: Rule(_BOARD_ROOM),
    Permission.PREPARE_MEETING: Rule(frozenset({Role.SECRETARY})),
    Permission.RECORD_DECISION: Rule(frozenset({Role.SECRETARY}), (is_impartial,)),
    Permission.APPROVE_MINUTES: Rule(frozenset({Role.SECRETARY})),
    Permission.SIGN_MINUTES: Rule(frozenset({Role.MEMBER})),
    Permission.RELEASE_LETTERS: Rule(frozenset({Role.SECRETARY})),
    Permission.KEEP_SEATS: Rule(frozenset({Role.SECRETARY, Role.ADMINISTRATOR})),
    Permission.KEEP_DELEGATIONS: Rule(frozenset({Role.SECRETARY, Role.ADMINISTRATOR})),
    Permission.DECIDE_BY_DELEGATION: Rule(frozenset({Role.OFFICER, Role.REGISTRAR, Role.SECRETARY})),
    Permission.RECORD_APPEAL: Rule(frozenset({Role.REGISTRAR, Role.SECRETARY}), (is_impartial_in_what_follows,)),
    Permission.ALLOW_EARLY_PAYMENT: Rule(frozenset({Role.SECRETARY}), (is_impartial,)),
    Permission.KEEP_CANDIDATES: Rule(frozenset({Role.OFFICER}), (is_impartial,)),
    Permission.VERIFY_RECORD: Rule(frozenset({Role.AUDITOR, Role.ADMINISTRATOR})),
    Permission.CHANGE_FRAME: Rule(frozenset({Role.SECRETARY})),
    Permission.READ_LEDGER: Rule(_READERS | {Role.MEMBER, Role.ADMINISTRATOR}),
    Permission.LIST_PROJECTS: Rule(_READERS | {Role.MEMBER}),
    Permission.READ_PROJECT: Rule(_EVERYBODY, (may_follow_project,)),
    Permission.PAY_INSTALMENT: Rule(frozenset({Role.OFFICER}), (is_impartial_in_project,)),
    Permission.APPROVE_PAYMENT: Rule(frozenset({Role.OFFICER, Role.SECRETARY}), (is_impartial_in_project,)),
    Permission.APPROVE_GIRO: Rule(frozenset({Role.OFFICER, Role.SECRETARY}), (is_impartial_to_organisation,)),
    Permission.WRITE_REPORT: Rule(_EVERYBODY, (is_own_project, writes_for_project)),
    Permission.SEND_REPORT: Rule(_EVERYBODY, (is_own_project, sends_for_project)),
    Permission.REVIEW_REPORT: Rule(frozenset({Role.OFFICER}), (is_impartial_in_project,)),
    Permission.ASK_FOR_CHANGE: Rule(_EVERYBODY, (is_own_project, sends_for_project)),
    Permission.ANSWER_CHANGE: Rule(frozenset({Role.OFFICER}), (is_impartial_in_project,)),
    Permission.ANSWER_FOR_BOARD: Rule(frozenset({Role.OFFICER, Role.SECRETARY})),
    Permission.GIVE_ROLES: Rule(frozenset({Role.ADMINISTRATOR})),
    Permission.READ_HISTORY: Rule(frozenset({Role.AUDITOR})),
    Permission.READ_FEEDBACK: Rule(frozenset({Role.ADMINISTRATOR})),
}

# What a body does by its own secretary in a case that it decides: the case's body is then the one its fund names.
OF_THE_BODY = frozenset({
    Permission.RECORD_DECISION, Permission.RELEASE_LETTERS, Permission.ALLOW_EARLY_PAYMENT, Permission.RECORD_APPEAL,
})  # fmt: skip

# Money, decisions and roles: who does one of these must have shown lately who they are (web.access asks).
NEEDS_PROOF = frozenset({
    Permission.PAY_INSTALMENT, Permission.APPROVE_PAYMENT, Permission.APPROVE_GIRO, Permission.CHANGE_FRAME,
    Permission.ALLOW_EARLY_PAYMENT, Permission.RECORD_DECISION, Permission.APPROVE_MINUTES, Permission.SIGN_MINUTES,
    Permission.DECIDE_BY_DELEGATION, Permission.KEEP_DELEGATIONS, Permission.ANSWER_FOR_BOARD, Permission.GIVE_ROLES,
    Permission.APPROVE_CORRECTION, Permission.KEEP_SEATS, Permission.RECORD_APPEAL, Permission.REVIEW_REPORT,
})  # fmt: skip

_ROLE_MISSING = _l("Your account does not have the role that this needs.")
_ROLE_ELSEWHERE = _dl("Your role is for another fund or another body.")


def _reaches(person: Person, role: Role, permission: Permission, subject: Any) -> bool:
    """Whether a role that is for some funds or bodies alone holds for the subject; what has no place is anywhere's."""
    limits = person.role_limits.get(role)
    return limits is None or any(
        (fund is None or fund == _fund_of(subject))
        and (board is None or _board_of(subject, permission) in (None, board))
        for fund, board in limits
    )


def _fund_of(subject: Any) -> Any:
    """The key of the fund that an application, or what came of it, belongs to."""
    application = getattr(subject, "application", subject)
    return getattr(getattr(application, "round", application), "fund_id", None)


def _board_of(subject: Any, permission: Permission) -> Any:
    """The key of the body whose sitting, round, seat or register this is. A case is every body's until one decides."""
    if permission in OF_THE_BODY:
        round_ = getattr(getattr(subject, "application", subject), "round", None)
        if round_ is not None:
            return getattr(round_, "board_id", None)
    return getattr(getattr(subject, "meeting", subject), "board_id", None)


def why_not(person: Person, permission: Permission, subject: Any = None) -> Lazy | None:
    """The reason why the person may not, or None where they may. Conditions are asked only where a subject is given."""
    rule = RULES[permission]
    held = (person.roles | {Role.APPLICANT}) & rule.roles
    if not held:
        return _ROLE_MISSING
    if subject is not None:
        if person.role_limits and not any(_reaches(person, role, permission, subject) for role in held):
            return _ROLE_ELSEWHERE
        for condition in rule.conditions:
            if not condition(person, subject):
                reason: Lazy = condition.reason  # type: ignore[attr-defined]  # set by because()
                return reason
    return None


def why_not_here(person: Person, permission: Permission, place: Any) -> Lazy | None:
    """The reason why none of the person's roles gives the permission in a place, for example a round, or None where one
    does. No condition is asked: those are of a case.
    """
    held = person.roles & RULES[permission].roles
    if not held:
        return _ROLE_MISSING
    return None if any(_reaches(person, role, permission, place) for role in held) else _ROLE_ELSEWHERE


def bodies_of(person: Person, roles: frozenset[Role]) -> frozenset[Any] | None:
    """The bodies, as keys, that one of the roles opens to the person; None for every body. One that is for a fund alone
    opens none.
    """
    held, limits = person.roles & roles, person.role_limits
    if any(role not in limits for role in held):
        return None
    return frozenset(board for role in held for _fund, board in limits[role] if board is not None)


def roles_in(person: Person, board_id: Any) -> frozenset[Role]:
    """The person's roles that hold in a body."""
    limits = person.role_limits
    return frozenset(
        role
        for role in person.roles
        if role not in limits or any(board in (None, board_id) for _, board in limits[role])
    )


def is_allowed(person: Person, permission: Permission, subject: Any = None) -> bool:
    return why_not(person, permission, subject) is None


def has_case_rights(person: Person) -> bool:
    """Whether any of the person's roles opens cases at all (an administrator's does not)."""
    return is_allowed(person, Permission.LIST_CASES)
