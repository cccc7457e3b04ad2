"""Every step from every status: where it leads, and that it leads from nowhere else."""

import enum
import itertools
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from fundapp import workflow
from fundapp.accounts.models import Account
from fundapp.db import db
from fundapp.history.models import HistoryEntry
from fundapp.languages import speaking
from fundapp.permissions import Permission, Role
from fundapp.workflow import (
    ApplicationStatus,
    InstalmentStatus,
    MeetingStatus,
    NotAllowed,
    Outcome,
    ProjectStatus,
    ReportStatus,
    StepNotPossible,
    steps_for,
    take_step,
)
from tests.factories.people import applicant, official

# Written by hand: step → the statuses it leads from, and the status it leads to.
APPLICATION = {
    "submit": ("DRAFT", "SUBMITTED"),
    "receive": ("DRAFT", "SUBMITTED"),
    "receive_additions": ("COMPLETION_REQUESTED", "UNDER_ASSESSMENT"),
    "register": ("SUBMITTED", "REGISTERED"),
    "take_up": ("REGISTERED", "UNDER_ASSESSMENT"),
    "request_completion": ("REGISTERED UNDER_ASSESSMENT", "COMPLETION_REQUESTED"),
    "complete": ("COMPLETION_REQUESTED", "UNDER_ASSESSMENT"),
    "go_on_without": ("COMPLETION_REQUESTED", "UNDER_ASSESSMENT"),
    "finish_assessment": ("UNDER_ASSESSMENT", "ASSESSED"),
    "reopen_assessment": ("ASSESSED", "UNDER_ASSESSMENT"),
    "put_on_agenda": ("ASSESSED", "ON_AGENDA"),
    "take_off_agenda": ("ON_AGENDA", "ASSESSED"),
    "grant": ("ON_AGENDA", "GRANTED"),
    "grant_in_part": ("ON_AGENDA", "GRANTED_IN_PART"),
    "reject": ("ON_AGENDA", "REJECTED"),
    "dismiss": ("ON_AGENDA", "DISMISSED"),
    "write_off": ("ON_AGENDA", "WRITTEN_OFF"),
    "refer_back": ("ON_AGENDA", "UNDER_ASSESSMENT"),
    "table": ("ON_AGENDA", "ASSESSED"),
    "reconsider": ("REJECTED DISMISSED WRITTEN_OFF", "UNDER_ASSESSMENT"),
    "annul": ("GRANTED GRANTED_IN_PART REJECTED DISMISSED WRITTEN_OFF", "UNDER_ASSESSMENT"),
    "withdraw": ("SUBMITTED REGISTERED UNDER_ASSESSMENT COMPLETION_REQUESTED ASSESSED ON_AGENDA", "WITHDRAWN"),
    "merge": ("SUBMITTED REGISTERED UNDER_ASSESSMENT COMPLETION_REQUESTED ASSESSED", "MERGED"),
}
MEETING = {
    "open": ("PLANNED", "OPENED"),
    "end": ("OPENED", "ENDED"),
    "resume": ("ENDED", "OPENED"),
    "approve_minutes": ("ENDED", "APPROVED"),
}
PROJECT = {"close": ("RUNNING", "CLOSED"), "annul": ("RUNNING CLOSED", "ANNULLED")}
INSTALMENT = {
    "propose": ("PLANNED", "PROPOSED"),
    "approve": ("PROPOSED", "PAID"),
    "send_back": ("PROPOSED", "PLANNED"),
    "take_back": ("PROPOSED", "PLANNED"),
    "cancel": ("PLANNED", "CANCELLED"),
    "annul": ("PLANNED PROPOSED", "CANCELLED"),
}
REPORT = {
    "submit": ("DRAFT COMPLETION_REQUESTED", "SUBMITTED"),
    "request_completion": ("SUBMITTED", "COMPLETION_REQUESTED"),
    "approve": ("SUBMITTED", "APPROVED"),
}
TABLES: list[tuple[dict[str, workflow.Step], type[enum.Enum], dict[str, tuple[str, str]]]] = [
    (workflow.APPLICATION_STEPS, ApplicationStatus, APPLICATION),
    (workflow.MEETING_STEPS, MeetingStatus, MEETING),
    (workflow.PROJECT_STEPS, ProjectStatus, PROJECT),
    (workflow.INSTALMENT_STEPS, InstalmentStatus, INSTALMENT),
    (workflow.REPORT_STEPS, ReportStatus, REPORT),
]


@dataclass
class Thing:
    """Something with a status, as the engine sees it; its application is one without an organisation, begun by 7."""

    STEPS: dict[str, workflow.Step]
    status: Any
    id: int = 3
    thread: str = "thing"
    __tablename__: str = "application"
    organisation_id: int | None = None
    org_number: str | None = None
    created_by_id: int = 7
    note: str | None = field(default=None)

    @property
    def permission_subject(self) -> Any:
        return None

    @property
    def application(self) -> Any:
        return self


def _everyman() -> Account:
    return official(*(role for role in Role if role is not Role.APPLICANT), name="Every Role")


def test_the_table_here_and_the_steps_there_name_the_same() -> None:
    for steps, _statuses, expected in TABLES:
        assert steps.keys() == expected.keys()
        assert all(step.name == name for name, step in steps.items())


@pytest.mark.parametrize(("steps", "statuses", "expected"), TABLES, ids=lambda each: getattr(each, "__name__", ""))
def test_a_step_leads_from_its_own_statuses_and_from_no_other(
    app: Flask, steps: dict[str, workflow.Step], statuses: type[enum.Enum], expected: dict[str, tuple[str, str]]
) -> None:
    with app.app_context():
        by = _everyman()
        for name, status in itertools.product(steps, statuses):
            if status.name in expected[name][0].split():
                _leads(Thing(steps, status), name, by, expected[name][1])
            else:
                _leads_nowhere(Thing(steps, status), name, by)


def _leads(thing: Thing, name: str, by: Account, to: str) -> None:
    old = thing.status.name
    take_step(thing, name, by=by, note="kept")
    assert (thing.status.name, thing.note) == (to, "kept")
    entry = db.session.scalars(select(HistoryEntry).order_by(HistoryEntry.id.desc())).first()
    assert entry is not None
    assert (entry.event, entry.who, entry.thread) == (name, "Every Role", "thing")
    assert entry.facts == {"old": old, "new": to, "note": "kept"}


def _leads_nowhere(thing: Thing, name: str, by: Account) -> None:
    old = thing.status
    with pytest.raises(StepNotPossible) as refused:
        take_step(thing, name, by=by, note="kept")
    assert (thing.status, thing.note) == (old, None), name
    with speaking("en"):
        assert "is not possible now: the status is" in str(refused.value.reason)


def test_a_step_without_the_right_changes_nothing_and_says_so(app: Flask) -> None:
    thing = Thing(workflow.APPLICATION_STEPS, ApplicationStatus.SUBMITTED)
    with app.app_context():
        person = applicant()
        with pytest.raises(NotAllowed, match="does not have the role"), speaking("en"):
            take_step(thing, "register", by=person)
        assert thing.status is ApplicationStatus.SUBMITTED
        assert db.session.scalars(select(HistoryEntry)).all() == []


def test_who_has_neither_right_nor_status_is_told_of_the_right(app: Flask) -> None:
    """The status of what one may not touch is nothing to tell."""
    thing = Thing(workflow.APPLICATION_STEPS, ApplicationStatus.DRAFT)
    with app.app_context(), pytest.raises(NotAllowed):
        take_step(thing, "register", by=applicant())


def test_a_long_text_is_a_fact_of_the_thing_but_not_of_the_history(app: Flask) -> None:
    thing = Thing(workflow.APPLICATION_STEPS, ApplicationStatus.SUBMITTED)
    with app.app_context():
        take_step(thing, "register", by=_everyman(), note="a long text " * 20)
        assert thing.note is not None
        entry = db.session.scalars(select(HistoryEntry).order_by(HistoryEntry.id.desc())).first()
        assert entry is not None
        assert "note" not in entry.facts


def test_a_page_offers_the_steps_the_person_may_take_and_says_why_one_must_wait(app: Flask) -> None:
    thing = Thing(workflow.APPLICATION_STEPS, ApplicationStatus.REGISTERED)
    with app.app_context(), speaking("en"):
        offered = {each.step.name: each.reason for each in steps_for(official(Role.REGISTRAR), thing)}
        assert "take_up" not in offered
        assert str(offered["register"]) == "“Register” is not possible now: the status is “Registered”."
        offered = {each.step.name: each.reason for each in steps_for(official(Role.OFFICER), thing)}
        assert offered["take_up"] is None
        assert offered["finish_assessment"] is not None
        assert "register" not in offered


def test_every_outcome_is_a_step_that_the_approved_minutes_take() -> None:
    for outcome in Outcome:
        step = workflow.APPLICATION_STEPS[outcome.value]
        assert step.permission is Permission.APPROVE_MINUTES
        assert step.start == {ApplicationStatus.ON_AGENDA}
        assert (step.to in workflow.ENDED) is outcome.ends_case
    assert [outcome.name for outcome in Outcome if outcome.gives_money] == ["GRANT", "GRANT_IN_PART"]


def test_only_a_draft_is_closed_to_officials() -> None:
    assert set(ApplicationStatus) - workflow.OPEN_TO_OFFICIALS == {ApplicationStatus.DRAFT}
