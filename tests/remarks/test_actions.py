"""Flags and notes: who may, what a flag stops, what stays of a corrected note."""

import pytest
from flask import Flask
from sqlalchemy import func, select

from fundapp.applications.models import Application
from fundapp.assessments import actions as assessing
from fundapp.db import WrittenOnce, db
from fundapp.history.models import HistoryEntry
from fundapp.languages import speaking
from fundapp.meetings.actions import put_on_agenda
from fundapp.permissions import Role
from fundapp.registry.models import Document
from fundapp.remarks import actions, queries
from fundapp.remarks.models import Flag, FlagKind, Note
from fundapp.workflow import ApplicationStatus, NotAllowed, StepNotPossible
from tests.factories import on_day
from tests.factories.assessments import assess, assessed, under_assessment
from tests.factories.meetings import planned
from tests.factories.people import applicant, official

WHY = "Styrelsen har bytt firmatecknare"


@pytest.fixture(autouse=True)
def day(app: Flask) -> None:
    on_day()


def test_a_stop_flag_keeps_the_report_from_being_finished_and_says_why(app: Flask) -> None:
    with app.test_request_context(), speaking("en"):
        officer = official(Role.OFFICER)
        application = under_assessment(officer=officer)
        flag = actions.raise_flag(application, kind=FlagKind.STOP, reason=WHY, by=official(Role.REGISTRAR))
        with pytest.raises(assessing.NotReady, match=WHY):
            assess(application, by=officer)
        assert application.status is ApplicationStatus.UNDER_ASSESSMENT
        actions.resolve_flag(flag, "Nytt protokoll har kommit.", by=officer)
        assessing.finish_report(application, by=officer)
        assert application.status is ApplicationStatus.ASSESSED


def test_a_stop_flag_keeps_the_case_off_the_agenda_and_says_why(app: Flask) -> None:
    with app.test_request_context(), speaking("en"):
        secretary = official(Role.SECRETARY)
        application = assessed()
        actions.raise_flag(application, kind=FlagKind.STOP, reason=WHY, by=secretary)
        with pytest.raises(StepNotPossible, match=WHY):
            put_on_agenda(planned(secretary=secretary), [application], by=secretary)
        assert application.status is ApplicationStatus.ASSESSED


def test_a_flag_to_look_at_stops_nothing(app: Flask) -> None:
    with app.test_request_context():
        officer, secretary = official(Role.OFFICER), official(Role.SECRETARY)
        application = under_assessment(officer=officer)
        actions.raise_flag(application, kind=FlagKind.LOOK, reason=WHY, by=officer)
        assess(application, by=officer)
        put_on_agenda(planned(secretary=secretary), [application], by=secretary)
        assert application.status is ApplicationStatus.ON_AGENDA


def test_a_case_has_a_flag_until_it_is_resolved(app: Flask) -> None:
    def flagged(kind: FlagKind | None = None) -> list[int]:
        return list(db.session.scalars(select(Application.id).where(queries.has_flag(kind))))

    with app.test_request_context():
        officer = official(Role.OFFICER)
        application, other = under_assessment(officer=officer), under_assessment(officer=officer)
        assert flagged() == []
        flag = actions.raise_flag(application, kind=FlagKind.STOP, reason=WHY, by=officer)
        actions.raise_flag(other, kind=FlagKind.LOOK, reason=WHY, by=officer)
        assert set(flagged()) == {application.id, other.id}
        assert flagged(FlagKind.STOP) == [application.id]
        actions.resolve_flag(flag, "Klart.", by=officer)
        assert flagged() == [other.id]


def test_a_flag_is_resolved_once_and_never_changed(app: Flask) -> None:
    with app.test_request_context(), speaking("en"):
        officer = official(Role.OFFICER)
        flag = actions.raise_flag(under_assessment(officer=officer), kind=FlagKind.LOOK, reason=WHY, by=officer)
        actions.resolve_flag(flag, "Klart.", by=officer)
        with pytest.raises(StepNotPossible, match="resolved already"):
            actions.resolve_flag(flag, "Inte klart.", by=officer)
        assert flag.resolution == "Klart."
        flag.reason = "Något annat"
        with pytest.raises(WrittenOnce):
            db.session.flush()


def test_a_double_click_raises_one_flag_and_leaves_one_note(app: Flask) -> None:
    with app.test_request_context():
        officer = official(Role.OFFICER)
        application = under_assessment(officer=officer)
        for _press in range(2):
            actions.raise_flag(application, kind=FlagKind.LOOK, reason=WHY, by=officer)
            actions.write_note(application, "Ring kassören.", by=officer)
        for table in (Flag, Note):
            assert db.session.scalar(select(func.count()).select_from(table)) == 1


def test_a_corrected_note_keeps_the_old_text(app: Flask) -> None:
    with app.test_request_context(), speaking("en"):
        officer = official(Role.OFFICER)
        application = under_assessment(officer=officer)
        first = actions.write_note(application, "Ring kassören.", by=officer)
        second = actions.correct_note(first, "Ring ordföranden.", by=officer)
        assert (second.corrects_id, first.text) == (first.id, "Ring kassören.")
        with pytest.raises(StepNotPossible, match="corrected already"):
            actions.correct_note(first, "Ring ingen.", by=officer)
        with pytest.raises(NotAllowed, match="wrote"):
            actions.correct_note(second, "Ring mig.", by=official(Role.OFFICER))
        first.text = "Ändrad"
        with pytest.raises(WrittenOnce):
            db.session.flush()


def test_neither_is_a_document_and_the_history_holds_none_of_their_words(app: Flask) -> None:
    with app.test_request_context():
        officer = official(Role.OFFICER)
        application = under_assessment(officer=officer)
        documents = db.session.scalar(select(func.count()).select_from(Document))
        flag = actions.raise_flag(application, kind=FlagKind.STOP, reason="KANARIE flagga", by=officer)
        actions.resolve_flag(flag, "KANARIE ord", by=officer)
        actions.correct_note(actions.write_note(application, "KANARIE ett", by=officer), "KANARIE två", by=officer)
        db.session.flush()
        assert db.session.scalar(select(func.count()).select_from(Document)) == documents
        told = list(db.session.scalars(select(HistoryEntry).where(HistoryEntry.thread == application.thread)))
        assert [e.event for e in told[-4:]] == ["raise_flag", "resolve_flag", "write_note", "correct_note"]
        assert not [entry for entry in told if "KANARIE" in str(entry.facts)]


@pytest.mark.parametrize(
    ("role", "flags", "notes"),
    [
        (Role.REGISTRAR, True, True),
        (Role.OFFICER, True, True),
        (Role.SECRETARY, True, False),
        (Role.MEMBER, False, False),
        (Role.AUDITOR, False, False),
        (Role.ADMINISTRATOR, False, False),
        (None, False, False),
    ],
)
def test_who_may_raise_a_flag_and_who_may_write_a_note(app: Flask, role: Role | None, flags: bool, notes: bool) -> None:
    def may(act: object, *args: object, **more: object) -> bool:
        try:
            act(*args, **more)  # type: ignore[operator]  # one of the two actions
        except NotAllowed:
            return False
        return True

    with app.test_request_context():
        application = under_assessment()
        person = official(role) if role else applicant()
        assert may(actions.raise_flag, application, kind=FlagKind.LOOK, reason=WHY, by=person) is flags
        assert may(actions.write_note, application, "Ring kassören.", by=person) is notes


def test_the_applicants_own_side_raises_no_flag_even_with_the_role(app: Flask) -> None:
    with app.test_request_context():
        owner = official(Role.OFFICER, name="Amina Lindqvist")
        application = under_assessment(by=owner)
        with pytest.raises(NotAllowed):
            actions.raise_flag(application, kind=FlagKind.LOOK, reason=WHY, by=owner)
        with pytest.raises(NotAllowed):
            actions.write_note(application, "Ring kassören.", by=owner)
