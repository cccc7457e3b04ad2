"""Each condition of a permission, and the reach of a role, on people and things that differ in one point alone."""

from dataclasses import dataclass, replace
from typing import Any

import pytest

from fundapp import permissions as p
from fundapp.permissions import Permission, Role, is_allowed, why_not
from tests.test_permissions import Somebody

OURS = frozenset({5})
NUMBER = "8020015577"


@dataclass(frozen=True)
class Organisation:
    id: int = 5
    org_number: str | None = NUMBER


@dataclass(frozen=True)
class Application:
    id: int = 10
    created_by_id: int = 99
    organisation_id: int | None = 5
    org_number: str | None = NUMBER
    round: Any = None


@dataclass(frozen=True)
class Project:
    """And whatever else belongs to an application."""

    application: Application = Application()


APPLICATION, PROJECT, ORGANISATION = Application(), Project(), Organisation()
STRANGER = Somebody()
NOMINATOR = Somebody(id=99)
MEMBER = Somebody(organisation_ids=OURS)
WRITER, SENDER = replace(MEMBER, writes_for=OURS), replace(MEMBER, sends_for=OURS)
MANAGER = replace(MEMBER, manages=OURS)
INTERESTED = Somebody(conflicting_organisation_ids=OURS)
BY_NUMBER = Somebody(conflicting_org_numbers=frozenset({NUMBER}))
BY_CASE = Somebody(conflicting_application_ids=frozenset({10}))
BY_ANOTHER = Somebody(conflicting_application_ids=frozenset({11}), closed_applicant_ids=OURS)
BY_ITS_NUMBER = Somebody(conflicting_application_ids=frozenset({11}), closed_applicant_numbers=frozenset({NUMBER}))
EVERYONE = {
    "stranger": STRANGER, "nominator": NOMINATOR, "member": MEMBER, "writer": WRITER, "sender": SENDER,
    "manager": MANAGER, "interested": INTERESTED, "by number": BY_NUMBER, "by case": BY_CASE,
    "by another case": BY_ANOTHER, "by a case of its number": BY_ITS_NUMBER,
}  # fmt: skip
PEOPLE = {"member", "writer", "sender", "manager"}
PARTIAL = PEOPLE | {"nominator", "interested", "by number", "by case"}
IMPARTIAL = set(EVERYONE) - PARTIAL
TO_APPLICANT = IMPARTIAL - {"by another case", "by a case of its number"}

# Condition → (the thing, for whom it holds), from the description of the roles and not from the code.
HOLDS: dict[Any, tuple[Any, set[str]]] = {
    p.is_own_application: (APPLICATION, PEOPLE),
    p.is_own_organisation: (ORGANISATION, PEOPLE),
    p.writes_application: (APPLICATION, {"writer"}),
    p.sends_application: (APPLICATION, {"sender"}),
    p.writes_for_organisation: (ORGANISATION, {"writer"}),
    p.manages_organisation: (ORGANISATION, {"manager"}),
    p.is_impartial: (APPLICATION, IMPARTIAL),
    p.is_own_project: (PROJECT, PEOPLE),
    p.writes_for_project: (PROJECT, {"writer"}),
    p.sends_for_project: (PROJECT, {"sender"}),
    p.is_impartial_in_project: (PROJECT, IMPARTIAL),
    p.is_impartial_in_what_follows: (PROJECT, IMPARTIAL),
    p.is_impartial_to_organisation: (ORGANISATION, TO_APPLICANT | {"nominator", "by case"}),
    p.is_impartial_to_applicant: (APPLICATION, TO_APPLICANT),
    p.may_follow_project: (PROJECT, IMPARTIAL | PEOPLE),
}


def test_every_condition_that_a_permission_has_is_here() -> None:
    used = {condition for rule in p.RULES.values() for condition in rule.conditions}
    assert used <= set(HOLDS)
    assert len(used) > 10


@pytest.mark.parametrize("condition", HOLDS, ids=lambda one: one.__name__)
def test_a_condition_holds_for_these_people_and_no_others(condition: Any) -> None:
    thing, people = HOLDS[condition]
    assert {name for name, person in EVERYONE.items() if condition(person, thing)} == people


@pytest.mark.parametrize("condition", HOLDS, ids=lambda one: one.__name__)
def test_a_condition_that_does_not_hold_has_a_sentence(condition: Any) -> None:
    assert condition.reason.source.endswith((".", "?"))


def test_what_follows_may_be_the_application_itself() -> None:
    held = {name for name, one in EVERYONE.items() if p.is_impartial_in_what_follows(one, APPLICATION)}
    assert held == IMPARTIAL


def test_an_organisation_without_a_number_is_told_by_its_key_alone() -> None:
    unit = Organisation(org_number=None)
    nobodys = replace(STRANGER, conflicting_org_numbers=frozenset({None}))  # type: ignore[arg-type]  # cannot be
    assert p.is_impartial_to_organisation(BY_NUMBER, unit)
    assert p.is_impartial_to_organisation(nobodys, unit)
    assert not p.is_impartial_to_organisation(INTERESTED, unit)
    assert not p.is_impartial_to_organisation(BY_ANOTHER, unit)
    assert p.is_impartial_to_organisation(replace(STRANGER, closed_applicant_numbers=frozenset({None})), unit)  # type: ignore[arg-type]


def test_a_nomination_without_organisation_is_written_and_sent_by_who_began_it() -> None:
    nomination = Application(organisation_id=None, org_number=None)
    assert p.is_own_application(NOMINATOR, nomination)
    assert p.writes_application(NOMINATOR, nomination)
    assert p.sends_application(NOMINATOR, nomination)
    assert not p.is_own_application(STRANGER, nomination)
    # Whoever has a right or an interest in no organisation at all has none in this.
    nobodys = Somebody(organisation_ids=frozenset({None}), conflicting_organisation_ids=frozenset({None}))  # type: ignore[arg-type]
    assert p.is_impartial(nobodys, nomination)
    assert p.is_impartial(replace(STRANGER, conflicting_org_numbers=frozenset({None})), nomination)  # type: ignore[arg-type]
    closed = Somebody(closed_applicant_ids=frozenset({None}), closed_applicant_numbers=frozenset({None}))  # type: ignore[arg-type]
    assert p.is_impartial_to_applicant(closed, nomination)


# --- a role for some funds or bodies alone ------------------------------------------------------------------------


@dataclass(frozen=True)
class Round:
    fund_id: int
    board_id: int = 7


@dataclass(frozen=True)
class Meeting:
    board_id: int


@dataclass(frozen=True)
class Paragraph:
    """Of a sitting."""

    meeting: Meeting


FIRST, SECOND = Application(round=Round(1)), Application(round=Round(2))
OF_FUND, OF_BOARD = frozenset({(1, None)}), frozenset({(None, 7)})
OFFICER, SECRETARY = frozenset({Role.OFFICER}), frozenset({Role.SECRETARY})
ELSEWHERE = "Your role is for another fund or another body."


@pytest.mark.parametrize(
    ("limits", "subject", "is_reached"),
    [
        (OF_FUND, FIRST, True),
        (OF_FUND, SECOND, False),
        (OF_FUND, Project(FIRST), True),
        (OF_FUND, Project(SECOND), False),
        (OF_FUND, Round(1), True),
        (OF_FUND, Round(2), False),
        (OF_FUND | frozenset({(2, None)}), SECOND, True),
        (OF_BOARD, Meeting(7), True),
        (OF_BOARD, Meeting(8), False),
        (OF_BOARD, Paragraph(Meeting(7)), True),
        (OF_BOARD, Paragraph(Meeting(8)), False),
        (OF_BOARD, FIRST, True),
        (frozenset({(1, 7)}), Meeting(7), False),
        (frozenset({(1, 7)}), FIRST, True),
        (frozenset({(1, 7)}), SECOND, False),
        (frozenset({(None, None)}), SECOND, True),
        (frozenset(), FIRST, False),
    ],
)
def test_a_role_reaches_its_own_funds_and_bodies(limits: Any, subject: Any, is_reached: bool) -> None:
    secretary = Somebody(roles=SECRETARY, role_limits={Role.SECRETARY: limits})
    told = why_not(secretary, Permission.CHANGE_FRAME, subject)
    assert (None if told is None else told.source) == (None if is_reached else ELSEWHERE)


@pytest.mark.parametrize("permission", sorted(p.OF_THE_BODY, key=str))
def test_in_a_case_a_body_acts_by_its_own_secretary(permission: Permission) -> None:
    own = Somebody(roles=SECRETARY, role_limits={Role.SECRETARY: OF_BOARD})
    others = Application(round=Round(1, board_id=8))
    assert is_allowed(own, permission, FIRST)
    assert is_allowed(own, permission, Application())
    for subject in (others, Project(others)) if permission is Permission.RELEASE_LETTERS else (others,):
        told = why_not(own, permission, subject)
        assert told is not None
        assert told.source == ELSEWHERE
    assert is_allowed(own, Permission.APPROVE_PAYMENT, Project(others)), "any secretary may be the second pair of eyes"


def test_the_roles_in_a_body_are_those_without_a_limit_and_its_own() -> None:
    limits = {Role.SECRETARY: OF_BOARD, Role.OFFICER: OF_FUND, Role.MEMBER: frozenset({(None, 8)})}
    one = Somebody(roles=OFFICER | SECRETARY | {Role.MEMBER, Role.REGISTRAR}, role_limits=limits)
    assert p.roles_in(one, 7) == {Role.OFFICER, Role.SECRETARY, Role.REGISTRAR}
    assert p.roles_in(one, 8) == {Role.OFFICER, Role.MEMBER, Role.REGISTRAR}


def test_a_role_without_limits_reaches_all_beside_one_that_has_some() -> None:
    both = Somebody(roles=OFFICER | SECRETARY, role_limits={Role.SECRETARY: OF_FUND})
    assert is_allowed(both, Permission.APPROVE_PAYMENT, Project(SECOND))
    assert not is_allowed(both, Permission.CHANGE_FRAME, SECOND)


def test_without_a_thing_only_the_role_is_asked() -> None:
    limited = Somebody(roles=SECRETARY, role_limits={Role.SECRETARY: OF_FUND}, organisation_ids=OURS)
    assert is_allowed(limited, Permission.APPROVE_PAYMENT)
    assert not is_allowed(STRANGER, Permission.APPROVE_PAYMENT)


def test_of_several_conditions_the_first_that_fails_is_told() -> None:
    told = [why_not(one, Permission.EDIT_APPLICATION, APPLICATION) for one in (STRANGER, MEMBER, WRITER)]
    assert [one and one.source for one in told] == [
        "Only people of the applying organisation can do this.",
        "You may read this, but not write in it. Ask the person who manages your organisation's people.",
        None,
    ]
