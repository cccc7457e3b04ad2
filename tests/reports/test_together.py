"""Two people with the same report: nobody is overwritten, and nothing is sent or approved that was not read."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy import select

from fundapp import meanwhile
from fundapp.accounts.models import Account
from fundapp.db import db
from fundapp.meanwhile import Basis
from fundapp.permissions import Role
from fundapp.projects.models import Project
from fundapp.reports import actions
from fundapp.reports.forms import facts_of, report_form
from fundapp.reports.models import Report
from fundapp.workflow import ProjectStatus, ReportStatus, StepNotPossible
from tests.factories import on_day
from tests.factories.people import official
from tests.factories.projects import paid, pay, running
from tests.factories.reports import answers_for, reported
from tests.ground.apps import SignIn
from tests.ground.pages import send
from tests.reports.test_views import GOOD, URL, Scene, seen_on

TWO = "There are two texts for the same question"


@pytest.fixture
def scene(app: Flask, signed_in: SignIn) -> Scene:
    return Scene(app, signed_in)


def _answers(scene: Scene) -> dict[str, list[str]]:
    with scene.app.app_context():
        return dict(scene.report().answers)


def test_what_a_colleague_saved_in_the_report_is_not_overwritten_unseen(scene: Scene) -> None:
    stale = GOOD | {"what_was_done": ""}  # the second window was opened before the first one saved
    send(scene.applicant, scene.edit_page, GOOD | {"what_was_done": "Två sidor som Amina skrev."})
    answer = send(scene.applicant, scene.edit_page, stale | {"lives_on": "Per skrev detta."})
    assert answer.status_code == 422
    assert "Två sidor som Amina skrev." in answer.text
    assert "Per skrev detta." in answer.text
    assert _answers(scene)["what_was_done"] == ["Två sidor som Amina skrev."]


def test_what_each_wrote_in_fields_of_their_own_goes_together(scene: Scene) -> None:
    scene.save()
    opened = {"seen": seen_on(scene.applicant, scene.edit_page)}
    for change in ({"deviations": "Malören fick vänta."}, {"lives_on": "Per skrev detta."}):
        assert send(scene.applicant, scene.edit_page, GOOD | opened | change).status_code == 302
    kept = _answers(scene)
    assert (kept["deviations"], kept["lives_on"]) == (["Malören fick vänta."], ["Per skrev detta."])


def test_the_plan_that_a_new_report_begins_with_does_not_replace_what_a_colleague_wrote(scene: Scene) -> None:
    page = BeautifulSoup(scene.applicant.get(scene.edit_page).text, "html.parser")
    box, held = page.select_one("#what_was_done"), page.select_one("[name=seen]")
    assert box is not None
    assert held is not None
    planned = GOOD | {"what_was_done": box.get_text().removeprefix("\r\n"), "seen": str(held["value"]), "lives_on": ""}
    scene.save(lives_on="")
    assert send(scene.applicant, scene.edit_page, planned | {"lives_on": "Per skrev detta."}).status_code == 302
    kept = _answers(scene)
    assert (kept["what_was_done"], kept["lives_on"]) == ([GOOD["what_was_done"]], ["Per skrev detta."])


def _both_changed(scene: Scene) -> BeautifulSoup:
    """The page that the later of two gets who both changed what was done."""
    scene.save()
    opened = {"seen": seen_on(scene.applicant, scene.edit_page)}
    scene.save(what_was_done="Det som Amina skrev.")
    mine = GOOD | opened | {"what_was_done": "Det som Per skrev.", "carried_out": "partly", "next": "check"}
    answer = send(scene.applicant, scene.edit_page, mine)
    assert (answer.status_code, _answers(scene)["carried_out"]) == (422, ["partly"])
    return BeautifulSoup(answer.text, "html.parser")


def _sent_from(page: BeautifulSoup) -> dict[str, str]:
    """What a browser sends from the form as it stands there."""
    form = page.select_one("form.form")
    assert form is not None
    boxes = {str(box["name"]): box.get_text().removeprefix("\r\n") for box in form.select("textarea")}
    inputs = form.select("input[type=hidden], input[type=text], input:not([type]), input[checked]")
    return boxes | {str(each["name"]): str(each.get("value", "")) for each in inputs}


@pytest.mark.parametrize(
    ("choice", "kept", "status"),
    [
        ("mine", "Det som Per skrev.", 302),
        ("theirs", "Det som Amina skrev.", 302),
        ("", "Det som Amina skrev.", 422),
    ],
)
def test_of_two_texts_for_the_same_field_one_is_chosen(scene: Scene, choice: str, kept: str, status: int) -> None:
    page = _both_changed(scene)
    told = page.get_text()
    assert TWO in told
    assert "not saved yet" in told
    assert "Det som Amina skrev." in told
    assert "Det som Per skrev." in told
    sent = _sent_from(page) | ({"keep:what_was_done": choice} if choice else {})
    answer = send(scene.applicant, scene.edit_page, sent)
    assert (answer.status_code, _answers(scene)["what_was_done"]) == (status, [kept])
    assert choice or (TWO in answer.text and "Det som Per skrev." in answer.text)


def test_a_choice_does_not_reach_a_text_that_was_saved_after_it_was_shown(scene: Scene) -> None:
    page = _both_changed(scene)
    scene.save(what_was_done="Det som Sara skrev.")
    answer = send(scene.applicant, scene.edit_page, _sent_from(page) | {"keep:what_was_done": "mine"})
    assert answer.status_code == 422
    assert "Det som Sara skrev." in answer.text
    assert "Det som Per skrev." in answer.text
    assert _answers(scene)["what_was_done"] == ["Det som Sara skrev."]


def test_what_was_chosen_is_told_in_words(scene: Scene) -> None:
    scene.save()
    opened = {"seen": seen_on(scene.applicant, scene.edit_page)}
    scene.save(carried_out="no")
    page = send(scene.applicant, scene.edit_page, GOOD | opened | {"carried_out": "partly"})
    hints = [each.get_text(strip=True) for each in BeautifulSoup(page.text, "html.parser").select(".choice .hint")]
    assert hints[:2] == ["Partly", "No"]


def test_what_is_sent_is_what_was_checked(scene: Scene) -> None:
    scene.save()
    seen = {"seen": seen_on(scene.applicant, scene.check_page)}
    scene.save(used="100")
    for old in (seen, {}):
        answer = send(scene.applicant, scene.submit_page, old)
        assert answer.status_code == 409
        assert "The report was changed while you read it." in answer.text
        assert "100\N{NO-BREAK SPACE}kr" in answer.text
    with scene.app.app_context():
        assert scene.report().status is ReportStatus.DRAFT
    held = BeautifulSoup(answer.text, "html.parser").select_one("[name=seen]")
    assert held is not None
    assert send(scene.applicant, scene.submit_page, {"seen": str(held["value"])}).status_code == 302


def test_a_report_that_came_anew_is_not_approved_by_who_read_the_old_one(scene: Scene) -> None:
    scene.send_report(used="45 000")
    old = {"step": "approve", "seen": seen_on(scene.officer, scene.review_page)}
    scene.review("request", "Stämmer summan?")  # a colleague
    scene.send_report(used="30 000")
    for page in (old, {"step": "approve"}):
        answer = send(scene.officer, scene.review_page, page)
        assert answer.status_code == 409
        assert "have changed since you opened the page" in answer.text
        assert "30\N{NO-BREAK SPACE}000\N{NO-BREAK SPACE}kr" in answer.text
    assert _project(scene) is ProjectStatus.RUNNING
    assert scene.review("approve").status_code == 302
    assert _project(scene) is ProjectStatus.CLOSED


def _project(scene: Scene) -> ProjectStatus:
    with scene.app.app_context():
        return db.session.scalars(select(Project)).one().status


def test_a_payment_in_between_is_told_before_the_report_is_approved(scene: Scene) -> None:
    scene.send_report(used="10 000")
    old = {"step": "approve", "seen": seen_on(scene.officer, scene.review_page)}
    with scene.app.test_request_context(URL):
        project = db.session.scalars(select(Project)).one()
        pay(project.instalments[1])
        db.session.commit()
    answer = send(scene.officer, scene.review_page, old)
    assert answer.status_code == 409
    told = BeautifulSoup(answer.text, "html.parser").get_text()
    assert "35\N{NO-BREAK SPACE}000\N{NO-BREAK SPACE}kr was paid but not used" in told
    assert _project(scene) is ProjectStatus.RUNNING


def test_what_an_officer_asks_of_the_old_report_is_kept_beside_the_new_one(scene: Scene) -> None:
    scene.send_report(used="45 000")
    old = {"step": "request", "note": "Vad kostade båten?", "seen": seen_on(scene.officer, scene.review_page)}
    scene.review("request", "Stämmer summan?")
    scene.send_report(used="30 000")
    answer = send(scene.officer, scene.review_page, old)
    assert answer.status_code == 409
    box = BeautifulSoup(answer.text, "html.parser").select_one("textarea#note")
    assert box is not None
    assert box.get_text().strip() == "Vad kostade båten?"
    with scene.app.app_context():
        assert scene.report().review_note == "Stämmer summan?"


def test_a_payment_in_between_does_not_hinder_asking_for_additions(app: Flask) -> None:
    on_day()
    with app.test_request_context(URL):
        report = reported(used="10 000")
        seen = actions.seen_of(report)
        paid(report.project)
        assert actions.seen_of(report) != seen
        actions.request_additions(report, note="Vad kostade båten?", seen=seen, by=official(Role.OFFICER))
        assert report.status is ReportStatus.COMPLETION_REQUESTED


def _written(project: Project) -> tuple[int, int, str]:
    """The project, its writer, and what a page that was opened now says that it shows."""
    answers = answers_for(project)
    actions.save_report(project, answers, by=project.application.created_by)
    db.session.commit()
    return project.id, project.application.created_by_id, meanwhile.signs(answers)


def test_two_who_save_at_once_keep_each_others_words(app_on_both: Flask, both_engines: str) -> None:
    app = app_on_both
    on_day()
    with app.test_request_context(URL):
        project, writer, signs = _written(running())
    barrier = Barrier(2)

    def save(change: dict[str, str]) -> None:
        with app.test_request_context(URL):
            if both_engines == "postgresql":  # both have read it as it was; SQLite lets only one transaction begin
                db.session.scalars(select(Report)).one()
            barrier.wait()
            held, by = db.session.get_one(Project, project), db.session.get_one(Account, writer)
            basis = Basis(seen=meanwhile.read_signs(signs))
            assert actions.save_together(held, answers_for(held, **change), basis, by=by) == {}
            db.session.commit()

    changes = [{"lives_on": "Amina skrev."}, {"deviations": "Per skrev."}]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(save, changes))
    with app.app_context():
        kept = db.session.scalars(select(Report)).one().answers
        assert (kept["lives_on"], kept["deviations"]) == (["Amina skrev."], ["Per skrev."])


def test_what_is_saved_while_it_is_sent_is_sent_or_refused(app_on_both: Flask, both_engines: str) -> None:
    app = app_on_both
    on_day()
    with app.test_request_context(URL):
        key, writer, _signs = _written(running())
        seen = str(db.session.scalars(select(Report)).one().version)
    barrier = Barrier(2)

    def act(is_sending: bool) -> str:
        with app.test_request_context(URL):
            if both_engines == "postgresql":
                db.session.scalars(select(Report)).one()
            barrier.wait()
            project, by = db.session.get_one(Project, key), db.session.get_one(Account, writer)
            try:
                if is_sending:
                    report = actions.held_report(project)
                    assert report is not None
                    form = report_form(project.objectives, report.answers)
                    assert form.validate()
                    actions.submit_report(project, facts_of(form, project.objectives), seen=seen, by=by)
                else:
                    actions.save_report(project, answers_for(project, used="100"), by=by)
                db.session.commit()
            except StepNotPossible:
                db.session.rollback()
                return "refused"
            return "done"

    with ThreadPoolExecutor(2) as pool:
        sent, saved = pool.map(act, (True, False))
    assert sorted((sent, saved)) == ["done", "refused"]
    with app.app_context():
        report = db.session.scalars(select(Report)).one()
        assert (report.used, report.answers["used"]) == ((45_000, ["45 000"]) if sent == "done" else (None, ["100"]))
