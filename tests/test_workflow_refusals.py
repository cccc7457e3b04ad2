"""What a refused step says, and what of a taken one the history keeps: to the letter."""

import pytest
from flask import Flask
from sqlalchemy import select

from fundapp import workflow
from fundapp.db import db
from fundapp.history.models import HistoryEntry
from fundapp.languages import _l, speaking
from fundapp.workflow import ApplicationStatus, NotAllowed, StepNotPossible, demand_step, take_step
from tests.factories.people import applicant
from tests.test_workflow import Thing, _everyman


@pytest.mark.parametrize("kind", [StepNotPossible, NotAllowed])
def test_a_refusal_is_its_sentence_in_the_readers_language_and_in_a_log(kind: type[Exception]) -> None:
    reason = _l("You cannot read this project.")
    with speaking("en"):
        refusal = kind(reason)  # type: ignore[call-arg]  # both take it
        assert refusal.reason is reason  # type: ignore[attr-defined]
        assert str(refusal) == "You cannot read this project."


def test_a_step_that_may_be_taken_is_given_back_and_nothing_is_changed(app: Flask) -> None:
    thing = Thing(workflow.APPLICATION_STEPS, ApplicationStatus.SUBMITTED)
    with app.app_context():
        assert demand_step(thing, "register", by=_everyman()) is workflow.APPLICATION_STEPS["register"]
    assert thing.status is ApplicationStatus.SUBMITTED


def test_a_step_from_elsewhere_is_refused_with_both_names(app: Flask) -> None:
    thing = Thing(workflow.APPLICATION_STEPS, ApplicationStatus.REGISTERED)
    with app.app_context(), speaking("en"), pytest.raises(StepNotPossible) as refused:
        demand_step(thing, "register", by=_everyman())
    assert str(refused.value) == "“Register” is not possible now: the status is “Registered”."


@pytest.mark.parametrize(("letters", "is_kept"), [(60, True), (61, False)])
def test_the_history_keeps_a_short_text_and_no_long_one(app: Flask, letters: int, is_kept: bool) -> None:
    thing = Thing(workflow.APPLICATION_STEPS, ApplicationStatus.SUBMITTED)
    with app.app_context():
        take_step(thing, "register", by=_everyman(), note="x" * letters)
        entry = db.session.scalars(select(HistoryEntry).order_by(HistoryEntry.id.desc())).first()
        assert entry is not None
        assert ("note" in entry.facts) is is_kept
    assert thing.note == "x" * letters


def test_the_history_keeps_no_row_of_another_table(app: Flask) -> None:
    thing = Thing(workflow.APPLICATION_STEPS, ApplicationStatus.SUBMITTED)
    with app.app_context():
        somebody = applicant()
        take_step(thing, "register", by=_everyman(), note=somebody)
        entry = db.session.scalars(select(HistoryEntry).order_by(HistoryEntry.id.desc())).first()
        assert entry is not None
        assert "note" not in entry.facts
        assert (entry.event, entry.facts["old"], entry.facts["new"]) == ("register", "SUBMITTED", "REGISTERED")
