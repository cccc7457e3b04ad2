"""Who may do what: the table of roles, the conditions with their reasons, and conflicts of interest on both sides."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from fundapp import clock
from fundapp.accounts.actions import declare_conflict
from fundapp.accounts.models import Account
from fundapp.accounts.queries import own_applications, visible_to, without_conflict
from fundapp.applications.models import Application, ApplicationKind
from fundapp.db import db
from fundapp.permissions import (
    RULES,
    Limit,
    Permission,
    Role,
    acts_for,
    has_case_rights,
    has_conflict,
    is_allowed,
    why_not,
)
from fundapp.workflow import ApplicationStatus
from tests.factories import on_day
from tests.factories.applications import draft, submitted
from tests.factories.people import applicant, official, organisation
from tests.factories.registry import registered

R = Role
EVERYBODY = set(Role)
READERS = {R.REGISTRAR, R.OFFICER, R.SECRETARY, R.AUDITOR}

# Written by hand from the description of the roles, not from the code: each permission and who has it.
MAY = {
    Permission.USE_ACCOUNT: EVERYBODY,
    Permission.START_APPLICATION: EVERYBODY,
    Permission.READ_APPLICATION: EVERYBODY,
    Permission.EDIT_APPLICATION: EVERYBODY,
    Permission.SUBMIT_APPLICATION: EVERYBODY,
    Permission.WITHDRAW_APPLICATION: EVERYBODY,
    Permission.WRITE_MESSAGE: EVERYBODY,
    Permission.ASK_FOR_CHANGE: EVERYBODY,
    Permission.READ_ORGANISATION: EVERYBODY,
    Permission.EDIT_ORGANISATION: EVERYBODY,
    Permission.MANAGE_PEOPLE: EVERYBODY,
    Permission.READ_PROJECT: EVERYBODY,
    Permission.WRITE_REPORT: EVERYBODY,
    Permission.SEND_REPORT: EVERYBODY,
    Permission.LIST_CASES: READERS | {R.MEMBER},
    Permission.READ_CASE: READERS | {R.MEMBER},
    Permission.LIST_PROJECTS: READERS | {R.MEMBER},
    Permission.READ_MEETING: READERS | {R.MEMBER},
    Permission.DECLARE_CONFLICT: READERS | {R.MEMBER},
    Permission.READ_LEDGER: READERS | {R.MEMBER, R.ADMINISTRATOR},
    Permission.REGISTER_APPLICATION: {R.REGISTRAR},
    Permission.FILE_DOCUMENT: {R.REGISTRAR, R.OFFICER},
    Permission.SEND_LETTER_AGAIN: {R.REGISTRAR, R.OFFICER},
    Permission.ANSWER_MESSAGE: {R.REGISTRAR, R.OFFICER},
    Permission.TRANSLATE: {R.REGISTRAR, R.OFFICER},
    Permission.READ_ASSESSMENTS: READERS,
    Permission.READ_INTERESTS: {R.SECRETARY, R.AUDITOR},
    Permission.ASSIGN_OFFICER: {R.REGISTRAR, R.OFFICER},
    Permission.WRITE_NOTE: {R.REGISTRAR, R.OFFICER},
    Permission.RAISE_FLAG: {R.REGISTRAR, R.OFFICER, R.SECRETARY},
    Permission.RECEIVE_ON_PAPER: {R.REGISTRAR},
    Permission.MERGE_CASES: {R.REGISTRAR},
    Permission.PROPOSE_CORRECTION: {R.REGISTRAR, R.OFFICER},
    Permission.APPROVE_CORRECTION: {R.REGISTRAR, R.OFFICER},
    Permission.READ_DIARY: READERS,
    Permission.EXAMINE_SECRECY: {R.REGISTRAR, R.SECRETARY},
    Permission.RANK_CASES: {R.OFFICER, R.SECRETARY},
    Permission.KEEP_TEXT_BLOCKS: {R.REGISTRAR, R.OFFICER, R.ADMINISTRATOR},
    Permission.KEEP_TEMPLATES: {R.ADMINISTRATOR},
    Permission.KEEP_FUNDS: {R.ADMINISTRATOR},
    Permission.KEEP_SETTINGS: {R.ADMINISTRATOR},
    Permission.ANSWER_CHANGE: {R.OFFICER},
    Permission.ASSESS_APPLICATION: {R.OFFICER},
    Permission.PAY_INSTALMENT: {R.OFFICER},
    Permission.APPROVE_PAYMENT: {R.OFFICER, R.SECRETARY},
    Permission.APPROVE_GIRO: {R.OFFICER, R.SECRETARY},
    Permission.REVIEW_REPORT: {R.OFFICER},
    Permission.ANSWER_FOR_BOARD: {R.OFFICER, R.SECRETARY},
    Permission.PREPARE_MEETING: {R.SECRETARY},
    Permission.RECORD_DECISION: {R.SECRETARY},
    Permission.APPROVE_MINUTES: {R.SECRETARY},
    Permission.SIGN_MINUTES: {R.MEMBER},
    Permission.RELEASE_LETTERS: {R.SECRETARY},
    Permission.KEEP_SEATS: {R.SECRETARY, R.ADMINISTRATOR},
    Permission.KEEP_DELEGATIONS: {R.SECRETARY, R.ADMINISTRATOR},
    Permission.DECIDE_BY_DELEGATION: {R.OFFICER, R.REGISTRAR, R.SECRETARY},
    Permission.RECORD_APPEAL: {R.REGISTRAR, R.SECRETARY},
    Permission.ALLOW_EARLY_PAYMENT: {R.SECRETARY},
    Permission.KEEP_CANDIDATES: {R.OFFICER},
    Permission.VERIFY_RECORD: {R.AUDITOR, R.ADMINISTRATOR},
    Permission.CHANGE_FRAME: {R.SECRETARY},
    Permission.GIVE_ROLES: {R.ADMINISTRATOR},
    Permission.READ_HISTORY: {R.AUDITOR},
    Permission.READ_FEEDBACK: {R.ADMINISTRATOR},
}
NOTHING: frozenset[Any] = frozenset()


@dataclass(frozen=True)
class Somebody:
    """A person as permissions see one."""

    id: int = 1
    roles: frozenset[Role] = NOTHING
    role_limits: Mapping[Role, frozenset[Limit]] = field(default_factory=dict)
    organisation_ids: frozenset[int] = NOTHING
    writes_for: frozenset[int] = NOTHING
    sends_for: frozenset[int] = NOTHING
    manages: frozenset[int] = NOTHING
    conflicting_organisation_ids: frozenset[int] = NOTHING
    conflicting_org_numbers: frozenset[str] = NOTHING
    conflicting_application_ids: frozenset[int] = NOTHING
    closed_applicant_ids: frozenset[int] = NOTHING
    closed_applicant_numbers: frozenset[str] = NOTHING


@dataclass(frozen=True)
class Sought:
    """An application as permissions see one."""

    id: int = 10
    created_by_id: int = 99
    organisation_id: int | None = 5
    org_number: str | None = "8020015577"


@pytest.mark.parametrize("permission", Permission, ids=lambda each: str(each.name))
def test_each_permission_belongs_to_its_roles_and_no_others(permission: Permission) -> None:
    held = {role for role in Role if is_allowed(Somebody(roles=frozenset({role})), permission)}
    assert held == MAY[permission]


def test_no_permission_is_without_a_rule() -> None:
    assert set(RULES) == set(Permission)


def test_who_has_no_role_is_an_applicant_and_no_more() -> None:
    may = {permission for permission in Permission if is_allowed(Somebody(), permission)}
    assert may == {permission for permission, roles in MAY.items() if roles == EVERYBODY}


def test_an_administrator_has_no_case_rights_and_an_auditor_only_reads() -> None:
    assert not has_case_rights(Somebody(roles=frozenset({R.ADMINISTRATOR})))
    assert has_case_rights(Somebody(roles=frozenset({R.AUDITOR})))
    more_than_an_applicant = {p for p, roles in MAY.items() if R.AUDITOR in roles and roles != EVERYBODY}
    assert {p.name.split("_")[0] for p in more_than_an_applicant} == {"LIST", "READ", "DECLARE", "VERIFY"}


@pytest.mark.parametrize(
    ("person", "permission", "reason"),
    [
        (Somebody(), Permission.READ_CASE, "Your account does not have the role that this needs."),
        (Somebody(), Permission.EDIT_APPLICATION, "Only people of the applying organisation can do this."),
        (
            Somebody(roles=frozenset({R.OFFICER}), conflicting_organisation_ids=frozenset({5})),
            Permission.ASSESS_APPLICATION,
            "You have a conflict of interest in this case.",
        ),
        (Somebody(organisation_ids=frozenset({5})), Permission.READ_APPLICATION, None),
        (Somebody(organisation_ids=frozenset({5}), writes_for=frozenset({5})), Permission.EDIT_APPLICATION, None),
        (
            Somebody(organisation_ids=frozenset({5}), sends_for=frozenset({5})),
            Permission.EDIT_APPLICATION,
            "You may read this, but not write in it. Ask the person who manages your organisation's people.",
        ),
        (
            Somebody(organisation_ids=frozenset({5}), writes_for=frozenset({5})),
            Permission.SUBMIT_APPLICATION,
            "You may not send for the organisation. Ask the person who manages your organisation's people.",
        ),
        (Somebody(organisation_ids=frozenset({5}), sends_for=frozenset({5})), Permission.SUBMIT_APPLICATION, None),
        (
            Somebody(sends_for=frozenset({5})),
            Permission.SUBMIT_APPLICATION,
            "Only people of the applying organisation can do this.",
        ),
        (Somebody(roles=frozenset({R.OFFICER})), Permission.ASSESS_APPLICATION, None),
    ],
)
def test_who_may_not_is_told_why(person: Somebody, permission: Permission, reason: str | None) -> None:
    told = why_not(person, permission, Sought())
    assert (None if told is None else told.source) == reason


@pytest.mark.parametrize(
    ("person", "is_conflict"),
    [
        (Somebody(), False),
        (Somebody(id=99), True),
        (Somebody(organisation_ids=frozenset({5})), True),
        (Somebody(conflicting_organisation_ids=frozenset({5})), True),
        (Somebody(conflicting_org_numbers=frozenset({"8020015577"})), True),
        (Somebody(conflicting_application_ids=frozenset({10})), True),
        (Somebody(organisation_ids=frozenset({6}), conflicting_organisation_ids=frozenset({7})), False),
        (Somebody(conflicting_org_numbers=frozenset({"5560360793"})), False),
        (Somebody(conflicting_application_ids=frozenset({5})), False),
    ],
)
def test_what_makes_a_conflict_of_interest(person: Somebody, is_conflict: bool) -> None:
    assert has_conflict(person, Sought()) is is_conflict


def test_an_application_without_organisation_belongs_to_who_began_it() -> None:
    nomination = Sought(organisation_id=None, org_number=None, created_by_id=1)
    assert acts_for(Somebody(id=1), nomination)
    assert not acts_for(Somebody(id=2, organisation_ids=frozenset({5})), nomination)
    assert not has_conflict(Somebody(id=2, organisation_ids=frozenset({0})), nomination)


def _people_and_applications() -> tuple[list[Account], list[Application]]:
    """Officials with every kind of conflict, and applications of every kind that a conflict can concern."""
    amina, bo, cleo = (applicant(name, f"{name}@exempel.example") for name in ("amina", "bo", "cleo"))
    cafe = organisation(amina, name="Kafé")
    football = organisation(bo, name="Fotboll", org_number="5560360793")
    applications = [
        draft(by=amina, organisation=cafe),
        submitted(by=amina, organisation=cafe),
        registered(by=bo, organisation=football),
        registered(by=cleo, organisation=organisation(cleo, name="Kafé, en gång till")),
        submitted(by=cleo, kind=ApplicationKind.NOMINATION),
        draft(by=bo, kind=ApplicationKind.NOMINATION),
    ]
    people = [official(Role.OFFICER, name=name) for name in ("none", "cafe", "football", "case", "both", "ended")]
    declare_conflict(by=people[1], reason="x", organisation=cafe)
    declare_conflict(by=people[2], reason="x", application=applications[2])
    declare_conflict(by=people[3], reason="x", application=applications[4])
    declare_conflict(by=people[4], reason="x", organisation=cafe)
    declare_conflict(by=people[4], reason="x", organisation=football)
    declare_conflict(by=people[5], reason="x", organisation=cafe).ended_at = clock.now()
    people += [amina, bo, cleo]
    db.session.commit()
    db.session.expire_all()
    return people, applications


def test_the_rule_in_python_and_the_rule_in_sql_agree_on_conflicts(app_on_both: Flask) -> None:
    on_day()
    with app_on_both.test_request_context():
        people, applications = _people_and_applications()
        found = set()
        for person in people:
            in_sql = set(db.session.scalars(select(Application.id).where(without_conflict(person))))
            in_python = {each.id for each in applications if not has_conflict(person, each)}
            assert in_sql == in_python, person.name
            found.add(frozenset(in_sql))
        assert len(found) >= 6  # the table has cases that differ


def test_the_rule_in_python_and_the_rule_in_sql_agree_on_whose_application_it_is(app: Flask) -> None:
    on_day()
    with app.test_request_context():
        people, applications = _people_and_applications()
        for person in people:
            in_sql = set(db.session.scalars(select(Application.id).where(own_applications(person))))
            assert in_sql == {each.id for each in applications if acts_for(person, each)}, person.name


def test_no_official_sees_a_draft_and_only_readers_see_all_the_rest(app: Flask) -> None:
    on_day()
    with app.test_request_context():
        _people, applications = _people_and_applications()
        sent = {each.id for each in applications if each.status is not ApplicationStatus.DRAFT}
        assert 0 < len(sent) < len(applications)
        for role in Role:
            person = official(role) if role is not Role.APPLICANT else applicant()
            seen = set(db.session.scalars(select(Application.id).where(visible_to(person))))
            assert seen == (sent if role in READERS else set()), role
