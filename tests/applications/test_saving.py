"""Two people, two windows, a lost answer, a lost session: nothing that was kept is overwritten unseen."""

import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from fundapp import clock
from fundapp.accounts.models import Account, Membership
from fundapp.accounts.rules import SESSION_LASTS
from fundapp.applications import saving
from fundapp.applications.models import Application, Section, SectionAside, SectionChange
from fundapp.applications.questions import section_form
from fundapp.applications.saving import Basis, Texts
from fundapp.db import db
from fundapp.mail import Message
from tests.factories import on_day
from tests.factories.applications import GRANT, draft
from tests.factories.people import applicant
from tests.ground.apps import SignIn
from tests.ground.pages import send, token_of

AMINA, PER = "amina@exempel.example", "per@exempel.example"
CODE = "project"


@pytest.fixture(autouse=True)
def day(app: Flask) -> None:
    on_day()


def made(app: Flask) -> str:
    """The public id of a draft that both may write in."""
    with app.app_context():
        application = draft(by=applicant("Amina", AMINA))
        per, public_id = applicant("Per Omar", PER), application.public_id
        db.session.add(Membership(account_id=per.id, organisation_id=application.organisation_id, since=clock.now()))
        db.session.commit()
        return public_id


def of(public_id: str) -> Application:
    return db.session.scalars(select(Application).where(Application.public_id == public_id)).one()


def kept(app: Flask, public_id: str) -> Texts:
    with app.app_context():
        return next(section.answers for section in of(public_id).sections if section.code == CODE)


def save(app: Flask, public_id: str, changes: Texts, basis: Basis, *, by: str = AMINA) -> saving.Written:
    """Save the section as it was first, with `changes`, from a page of which `basis` tells; committed."""
    with app.app_context():
        application, person = of(public_id), db.session.scalars(select(Account).where(Account.email == by)).one()
        form = section_form(application, CODE, {})
        written = saving.save(application, CODE, GRANT[CODE] | changes, form, basis, by=person)
        db.session.commit()
        return written


class Window:
    """A section opened in a browser without scripts: its form as it stands there, to be changed and sent."""

    def __init__(self, client: FlaskClient, public_id: str, code: str = CODE) -> None:
        self.client, self.path = client, f"/en/applications/{public_id}/sections/{code}"
        self.read(client.get(self.path))

    def read(self, answer: TestResponse) -> None:
        self.text = answer.text
        form = BeautifulSoup(answer.text, "html.parser").select_one("form.form")
        assert form is not None, answer.status
        self.fields: dict[str, Any] = {}
        for each in form.select("input[name], textarea[name]"):
            if each.get("type") not in ("checkbox", "radio") or each.has_attr("checked"):
                value = str(each.get("value", each.get_text().removeprefix("\r\n")))
                self.fields.setdefault(str(each["name"]), []).append(value)

    def send(self, button: str = "leave", to: str = "", **changes: str) -> TestResponse:
        sent = self.fields | {button: "1"} | {name.replace("__", ":"): text for name, text in changes.items()}
        return self.client.post(self.path + to, data=sent)

    def asked(self, answer: TestResponse) -> list[str]:
        """The fields that wait for a choice; the window goes on from there."""
        assert answer.status_code == 422, answer.status
        self.read(answer)
        return list(self.fields.get("shown", []))


# --- two people ---------------------------------------------------------------------------------------------------


def test_what_two_people_change_in_different_fields_goes_together(app: Flask, signed_in: SignIn) -> None:
    public_id = made(app)
    amina, per = (Window(signed_in(who), public_id) for who in (AMINA, PER))
    assert amina.send(title="Sagostund").status_code == 302
    assert per.send(place="Töre skola").status_code == 302
    now = kept(app, public_id)
    assert (now["title"], now["place"], now["purpose"]) == (["Sagostund"], ["Töre skola"], GRANT[CODE]["purpose"])


def test_where_both_changed_a_text_both_are_shown_with_whose_and_neither_is_gone(app: Flask, signed_in: SignIn) -> None:
    public_id = made(app)
    amina, per = (Window(signed_in(who), public_id) for who in (AMINA, PER))
    amina.send(title="Sagostund")
    assert per.asked(per.send(title="Läsning", place="Töre skola")) == ["title"]
    assert kept(app, public_id)["title"] == ["Sagostund"]
    assert kept(app, public_id)["place"] == ["Töre skola"]
    for words in ("Sagostund", "Läsning", "Amina"):
        assert words in per.text
    assert per.fields["title"] == ["Läsning"]
    assert Window(signed_in(PER), public_id).fields["title"] == ["Läsning"]  # also when he comes back later
    assert "Läsning" not in Window(signed_in(AMINA), public_id).text


@pytest.mark.parametrize(("choice", "stands"), [("mine", "Läsning"), ("theirs", "Sagostund")])
def test_the_text_that_is_chosen_stands_and_is_asked_for_no_more(
    app: Flask, signed_in: SignIn, choice: str, stands: str
) -> None:
    public_id = made(app)
    amina, per = (Window(signed_in(who), public_id) for who in (AMINA, PER))
    amina.send(title="Sagostund")
    per.asked(per.send(title="Läsning"))
    assert per.send("next", keep__title=choice).status_code == 302
    assert kept(app, public_id)["title"] == [stands]
    assert "shown" not in Window(signed_in(PER), public_id).fields
    with app.app_context():
        assert db.session.scalar(select(func.count(SectionAside.id))) == 0


def test_without_a_choice_nobody_goes_on_or_sends_but_may_leave(app: Flask, signed_in: SignIn) -> None:
    public_id = made(app)
    amina, per = (Window(signed_in(who), public_id) for who in (AMINA, PER))
    amina.send(title="Sagostund")
    per.asked(per.send(title="Läsning"))
    assert per.asked(per.send("next")) == ["title"]
    sent = per.client.post(f"/en/applications/{public_id}/submit", data={"csrf_token": token_of(per.client)})
    assert sent.location.endswith("/sections/project")
    assert per.send("leave").status_code == 302
    assert kept(app, public_id)["title"] == ["Sagostund"]


def test_a_text_that_changes_again_before_the_choice_is_asked_for_again(app: Flask, signed_in: SignIn) -> None:
    public_id = made(app)
    amina, per = (Window(signed_in(who), public_id) for who in (AMINA, PER))
    amina.send(title="Sagostund")
    per.asked(per.send(title="Läsning"))
    Window(signed_in(AMINA), public_id).send(title="Sagor för alla")
    assert per.asked(per.send("next", keep__title="mine")) == ["title"]
    assert "Sagor för alla" in per.text
    assert kept(app, public_id)["title"] == ["Sagor för alla"]


def test_a_row_that_somebody_else_added_stays_though_this_page_does_not_have_it(app: Flask, signed_in: SignIn) -> None:
    public_id = made(app)
    amina, per = (Window(signed_in(who), public_id) for who in (AMINA, PER))
    row = {"partners-1-name": "Kalix IF", "partners-1-part": "Bollar"}
    assert amina.client.post(amina.path, data=amina.fields | row | {"leave": "1"}).status_code == 302
    assert per.send(title="Läsning").status_code == 302
    assert kept(app, public_id)["partners-1-name"] == ["Kalix IF"]


def test_a_box_that_is_no_longer_ticked_is_empty_and_the_others_choice_stays(app: Flask, signed_in: SignIn) -> None:
    public_id = made(app)
    window = Window(signed_in(AMINA), public_id, "goals")
    del window.fields["areas"]
    assert window.send().status_code == 302
    with app.app_context():
        answers = next(section.answers for section in of(public_id).sections if section.code == "goals")
    assert "areas" not in {name for name, texts in answers.items() if texts}
    assert answers["fund_goals"] == ["G1", "G3"]


# --- one person ---------------------------------------------------------------------------------------------------


def test_two_windows_of_one_person_do_not_overwrite_each_other(app: Flask, signed_in: SignIn) -> None:
    public_id = made(app)
    client = signed_in(AMINA)
    first, second = Window(client, public_id), Window(client, public_id)
    first.send(title="Sagostund")
    assert second.asked(second.send(title="Läsning")) == ["title"]
    assert first.asked(first.send(title="Sagostund för alla")) == ["title"]  # kept, and the question stays
    assert kept(app, public_id)["title"] == ["Sagostund för alla"]
    assert Window(client, public_id).fields["title"] == ["Läsning"]


def test_the_back_button_and_another_change_on_the_same_page_is_no_question(app: Flask, signed_in: SignIn) -> None:
    public_id = made(app)
    window = Window(signed_in(AMINA), public_id)
    window.send(title="Sagostund")
    assert window.send(title="Sagostund för alla").status_code == 302
    assert kept(app, public_id)["title"] == ["Sagostund för alla"]


def test_a_page_from_before_the_versions_still_saves(app: Flask, signed_in: SignIn) -> None:
    public_id = made(app)
    window = Window(signed_in(AMINA), public_id)
    for name in ("version", "page", "step"):
        del window.fields[name]
    assert window.send(title="Sagostund").status_code == 302
    assert kept(app, public_id)["title"] == ["Sagostund"]


def test_a_page_from_before_the_versions_asks_where_somebody_else_wrote_last(app: Flask, signed_in: SignIn) -> None:
    public_id = made(app)
    per = Window(signed_in(PER), public_id)
    for name in ("version", "page", "step"):
        del per.fields[name]
    Window(signed_in(AMINA), public_id).send(title="Sagostund")
    assert per.asked(per.send(title="Läsning")) == ["title"]
    assert kept(app, public_id)["title"] == ["Sagostund"]


@pytest.mark.parametrize("version", ["-1", "one", "99999", "9" * 40, "\u0663"])
def test_a_version_that_cannot_be_overwrites_nothing(app: Flask, signed_in: SignIn, version: str) -> None:
    public_id = made(app)
    per = Window(signed_in(PER), public_id)
    Window(signed_in(AMINA), public_id).send(title="Sagostund")
    per.fields["version"] = version
    assert per.asked(per.send(title="Läsning")) == ["title"]
    assert kept(app, public_id)["title"] == ["Sagostund"]


# --- the script's own way -----------------------------------------------------------------------------------------


def test_the_script_is_told_the_version_and_the_time(app: Flask, signed_in: SignIn) -> None:
    public_id = made(app)
    window = Window(signed_in(AMINA), public_id)
    answer = window.send(to="/keep", title="Sagostund")
    told = answer.get_json()
    assert (answer.status_code, told["asked"], told["others"]) == (200, [], {})
    assert told["version"] == int(window.fields["version"][0]) + 1
    assert told["said"] == f"Saved {clock.now().astimezone(clock.STOCKHOLM):%H:%M}"
    assert kept(app, public_id)["title"] == ["Sagostund"]


def test_the_script_is_told_what_others_wrote_and_which_fields_to_ask_about(app: Flask, signed_in: SignIn) -> None:
    public_id = made(app)
    amina, per = (Window(signed_in(who), public_id) for who in (AMINA, PER))
    amina.send(title="Sagostund", place="Töre")
    told = per.send(to="/keep", title="Läsning").get_json()
    assert (told["asked"], told["others"]) == (["title"], {"place": ["Töre"]})
    assert kept(app, public_id)["title"] == ["Sagostund"]


def test_sending_the_same_again_after_a_lost_answer_changes_nothing(app: Flask) -> None:
    public_id = made(app)
    first = save(app, public_id, {"title": ["Sagostund"]}, Basis(1, "apage", 1))
    again = save(app, public_id, {"title": ["Sagostund"]}, Basis(1, "apage", 2))
    assert (again.version, again.asked) == (first.version, ())


def test_going_on_writing_after_a_lost_answer_is_no_question(app: Flask) -> None:
    public_id = made(app)
    save(app, public_id, {"title": ["Sago"]}, Basis(1, "apage", 1))
    written = save(app, public_id, {"title": ["Sagostund"]}, Basis(1, "apage", 2))
    assert (written.answers["title"], written.asked) == (["Sagostund"], ())


def test_a_save_that_arrives_after_a_later_one_of_its_page_is_let_be(app: Flask) -> None:
    public_id = made(app)
    save(app, public_id, {"title": ["Sagostund"]}, Basis(1, "apage", 2))
    written = save(app, public_id, {"title": ["Sago"]}, Basis(1, "apage", 1))
    assert (written.answers["title"], written.asked) == (["Sagostund"], ())


def test_words_that_two_windows_send_alike_are_no_question_and_each_adds_its_own(app: Flask) -> None:
    public_id = made(app)
    save(app, public_id, {"title": ["Sagostund"], "place": ["Töre"]}, Basis(1, "apage", 9))
    written = save(app, public_id, {"title": ["Sagostund"], "summary": ["Vi läser."]}, Basis(1, "another", 2))
    assert written.asked == ()
    now = kept(app, public_id)
    assert (now["title"], now["place"], now["summary"]) == (["Sagostund"], ["Töre"], ["Vi läser."])


def test_lines_that_a_browser_ends_in_another_way_are_no_change(app: Flask) -> None:
    public_id = made(app)
    save(app, public_id, {"purpose": ["Ett\nTvå"]}, Basis(1, "apage", 1), by=PER)
    written = save(app, public_id, {"purpose": ["Ett\r\nTvå"]}, Basis(1, "another", 1))
    assert (written.version, written.asked) == (2, ())


def test_changes_are_kept_for_a_while_and_what_is_too_old_to_merge_with_is_asked_about(app: Flask) -> None:
    public_id = made(app)
    with clock.at(clock.now() - timedelta(days=9)):
        save(app, public_id, {"title": ["Sagostund"]}, Basis(1, "apage", 1))
    with app.app_context():
        section = db.session.scalars(select(Section).where(Section.code == CODE)).one()
        saving.forget_changes(section)
        db.session.commit()
        left = select(SectionChange.version).where(SectionChange.section_id == section.id)
        assert db.session.scalars(left).all() == [1]
    assert save(app, public_id, {"title": ["Läsning"]}, Basis(1, "other", 1), by=PER).asked == ("title",)


def test_saves_at_once_leave_no_field_out(app_on_both: Flask) -> None:
    app = app_on_both
    public_id = made(app)
    fields = ["title", "summary", "background", "purpose", "results", "place"]
    start = Barrier(len(fields))

    def write(name: str) -> Sequence[str]:
        start.wait(30)
        who = AMINA if fields.index(name) % 2 else PER
        return save(app, public_id, {name: [f"nytt {name}"]}, Basis(1, f"page-{name}"[:12], 1), by=who).asked

    with ThreadPoolExecutor(len(fields)) as workers:
        assert list(workers.map(write, fields)) == [()] * len(fields)
    now = kept(app, public_id)
    assert [now[name] for name in fields] == [[f"nytt {name}"] for name in fields]


def test_saves_of_one_text_at_once_keep_the_first_and_ask_the_others(app_on_both: Flask) -> None:
    app = app_on_both
    public_id = made(app)
    start = Barrier(4)

    def write(number: int) -> tuple[str, Sequence[str]]:
        start.wait(30)
        text = f"Text {number}"
        return text, save(app, public_id, {"title": [text]}, Basis(1, f"page{number}", 1)).asked

    with ThreadPoolExecutor(4) as workers:
        said = list(workers.map(write, range(4)))
    assert [asked for _text, asked in said].count(()) == 1
    assert kept(app, public_id)["title"] == [text for text, asked in said if asked == ()]


def test_the_first_save_of_a_section_by_two_at_once_is_one_section(app_on_both: Flask) -> None:
    app = app_on_both
    with app.app_context():
        application = draft(by=applicant("Amina", AMINA), answers={}, with_attachments=False)
        public_id = application.public_id
        db.session.commit()
    start = Barrier(2)

    def write(name: str) -> Sequence[str]:
        start.wait(30)
        with app.app_context():
            application, person = of(public_id), db.session.scalars(select(Account).where(Account.email == AMINA)).one()
            form = section_form(application, CODE, {})
            typed = {"title": [""], "place": [""]} | {name: ["Töre"]}
            written = saving.save(application, CODE, typed, form, Basis(0, name, 1), by=person)
            db.session.commit()
            return written.asked

    with ThreadPoolExecutor(2) as workers:
        assert list(workers.map(write, ["title", "place"])) == [(), ()]
    assert {name: kept(app, public_id)[name] for name in ("title", "place")} == {"title": ["Töre"], "place": ["Töre"]}


# --- the session --------------------------------------------------------------------------------------------------


def test_a_script_without_a_session_is_told_so_and_nothing_is_kept(app: Flask, signed_in: SignIn) -> None:
    public_id = made(app)
    window = Window(signed_in(AMINA), public_id)
    with clock.at(clock.now() + SESSION_LASTS + timedelta(minutes=2)):
        assert window.send(to="/keep", title="Sagostund").status_code == 401
    assert kept(app, public_id)["title"] == GRANT[CODE]["title"]


def test_asking_to_stay_keeps_the_session_going(app: Flask, signed_in: SignIn) -> None:
    client = signed_in(AMINA)
    later = clock.now() + SESSION_LASTS - timedelta(minutes=4)
    with clock.at(later):
        answer = client.post("/en/session", data={"csrf_token": token_of(client)})
        assert answer.get_json()["ends_in"] > 11 * 3600
    with clock.at(later + timedelta(hours=11)):
        assert client.get("/en/applications").status_code == 200


def test_signing_out_tells_the_browser_to_forget_what_its_pages_keep(signed_in: SignIn) -> None:
    client = signed_in(AMINA)
    answer = client.post("/en/sign-out", data={"csrf_token": token_of(client)})
    assert answer.headers["Clear-Site-Data"] == '"storage"'


def _keeps(client: FlaskClient) -> str:
    box = BeautifulSoup(client.get("/en/account").text, "html.parser").select_one("#session-end")
    assert box is not None
    return str(box["data-keeps"])


@pytest.mark.parametrize(("ticked", "keeps"), [({"is_shared": "y"}, "no"), ({}, "yes")])
def test_a_shared_computer_is_told_to_keep_nothing(
    app: Flask, client: FlaskClient, ticked: dict[str, str], keeps: str
) -> None:
    send(client, "/en/sign-in", {"email": AMINA})
    with app.app_context():
        code = re.search(r"\b\d{6}\b", db.session.scalars(select(Message.body)).one())
    assert code
    answer = send(client, "/en/sign-in/code", {"code": code[0], **ticked})
    assert answer.status_code == 302
    assert _keeps(client) == keeps


def _sent_again(client: FlaskClient, answer: TestResponse) -> TestResponse:
    """Press the error page's button."""
    form = BeautifulSoup(answer.text, "html.parser").select_one("main form.form")
    assert form is not None
    fields = {str(each["name"]): str(each["value"]) for each in form.select("input[name]")}
    return client.post(str(form["action"]), data=fields, headers={"Origin": "http://localhost"})


def test_without_scripts_what_was_typed_when_the_session_had_ended_is_sent_again_after_signing_in(
    app: Flask, signed_in: SignIn
) -> None:
    public_id = made(app)
    window = Window(signed_in(AMINA), public_id)
    with clock.at(clock.now() + SESSION_LASTS + timedelta(minutes=2)):
        ended = window.send(title="Sagostund")
        assert ended.status_code == 401
        client = signed_in(AMINA)  # in a new window of the same browser
        answer = _sent_again(client, ended)
        assert answer.status_code == 400  # it meets the token of the ended session
        assert _sent_again(client, answer).status_code == 302
    assert kept(app, public_id)["title"] == ["Sagostund"]


def test_what_one_person_typed_is_not_shown_to_the_next_who_signs_in(app: Flask, signed_in: SignIn) -> None:
    public_id = made(app)
    window = Window(signed_in(AMINA), public_id)
    with clock.at(clock.now() + SESSION_LASTS + timedelta(minutes=2)):
        ended = window.send(title="Sagostund")
        answer = _sent_again(signed_in(PER), ended)
        assert answer.status_code == 400
        assert "Sagostund" not in answer.text
    assert kept(app, public_id)["title"] == GRANT[CODE]["title"]
