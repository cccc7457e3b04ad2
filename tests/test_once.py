"""What is sent twice is done once, on both engines; and what is not the same is done anew."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from fundapp import clock
from fundapp.db import db, new_public_id
from fundapp.meetings.models import Meeting
from fundapp.permissions import Role
from fundapp.web import once
from tests.factories import on_day
from tests.factories.people import official
from tests.ground.apps import SignIn
from tests.ground.foreign import World
from tests.ground.forms import Filled

# What is asked for again is meant again, or tells its owner again that it was done: mails, and nothing but mails.
MEANT_AGAIN = frozenset({
    "accounts.sign_in", "factors.clear", "factors.new_recovery_codes", "factors.remove_password",
    "factors.set_password",
})  # fmt: skip
KEPT_BESIDE = frozenset({"history_entry", "sent_form"})


def new_rows(world: World, form: Filled) -> tuple[int, set[str], set[str]]:
    """The first answer, and the tables that got rows at the first and at the second press."""
    watched, client = world.watched, world.client_of(form.who)
    status, seen = 0, [watched.first]
    for _press in range(2):
        with client.post(form.address, data=dict(form.fields)) as answer:
            status = status or answer.status_code
        seen.append(watched.rows())
    watched.restore()
    first, second = ({key[0] for key in after.keys() - before.keys()} for before, after in zip(seen, seen[1:]))  # noqa: B905, RUF007
    return status, first - KEPT_BESIDE, second - KEPT_BESIDE


def test_no_form_of_the_house_makes_two_of_a_thing_when_it_is_pressed_twice(world: World) -> None:
    doubled, taken = {}, 0
    for form in world.forms.filled:
        status, first, second = new_rows(world, form)
        taken += status < 400 and bool(first)
        if second and form.endpoint not in MEANT_AGAIN:
            doubled[form.endpoint] = second
    assert doubled == {}
    assert taken > 50


def test_every_page_that_does_a_thing_once_gives_its_form_the_mark(world: World) -> None:
    unmarked = [
        form.endpoint
        for form in world.forms.filled
        if hasattr(world.app.view_functions[form.endpoint], "is_once") and once.FIELD not in form.names
    ]
    assert unmarked == []


@pytest.mark.slow
def test_a_form_without_the_mark_is_found(world: World) -> None:
    doubled: set[str] = set()
    for form in (form for form in world.forms.filled if once.FIELD in form.names):
        without = tuple(field for field in form.fields if field[0] != once.FIELD)
        if new_rows(world, Filled(form.endpoint, form.address, form.who, without, form.takes_files))[2]:
            doubled.add(form.endpoint)
            assert not new_rows(world, form)[2] or form.endpoint in MEANT_AGAIN
    assert len(doubled) > 10


# --- the mark itself, on both engines -----------------------------------------------------------------------------


@pytest.fixture
def secretary(app_on_both: Flask, signed_in: SignIn) -> FlaskClient:
    on_day()
    app_on_both.config["WTF_CSRF_ENABLED"] = False
    with app_on_both.app_context():
        account = official(Role.SECRETARY)
        db.session.commit()
        return signed_in(account)


def sittings(app: Flask) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(Meeting)) or 0


PLAN = {"board": "KS", "held_on": "2017-05-08", "begins_at": "", "place": ""}


def test_two_presses_at_once_plan_one_sitting_and_both_lead_to_it(app_on_both: Flask, secretary: FlaskClient) -> None:
    mark = {once.FIELD: new_public_id()}
    start, clients = Barrier(6), [app_on_both.test_client() for _number in range(6)]
    with secretary.session_transaction() as kept:
        signed = dict(kept)
    for client in clients:
        with client.session_transaction() as mine:
            mine.update(signed)

    def press(client: FlaskClient) -> str:
        start.wait(30)
        answer = client.post("/sv/meetings/new", data=PLAN | mark)
        assert answer.status_code == 302
        return answer.location

    with ThreadPoolExecutor(6) as presses:
        places = set(presses.map(press, clients))
    assert len(places) == sittings(app_on_both) == 1


def test_who_goes_back_and_writes_something_else_sends_something_else(
    app_on_both: Flask, secretary: FlaskClient
) -> None:
    mark = {once.FIELD: new_public_id()}
    first = secretary.post("/en/meetings/new", data=PLAN | mark)
    again = secretary.post("/en/meetings/new", data=PLAN | mark)
    other = secretary.post("/en/meetings/new", data=PLAN | mark | {"place": "Biblioteket"})
    assert first.location == again.location != other.location
    assert sittings(app_on_both) == 2
    assert "already sent" in secretary.get(again.location).text


def test_what_was_refused_may_be_sent_again(app_on_both: Flask, secretary: FlaskClient) -> None:
    mark = {once.FIELD: new_public_id()}
    assert secretary.post("/sv/meetings/new", data=PLAN | mark | {"held_on": "i maj"}).status_code == 422
    with app_on_both.app_context():
        assert db.session.scalar(select(func.count()).select_from(once.SentForm)) == 0
    assert secretary.post("/sv/meetings/new", data=PLAN | mark).status_code == 302


def test_a_mark_is_its_owners_alone(app_on_both: Flask, secretary: FlaskClient, signed_in: SignIn) -> None:
    mark = {once.FIELD: new_public_id()}
    with app_on_both.app_context():
        other = official(Role.SECRETARY)
        db.session.commit()
        colleague = signed_in(other)
    first = secretary.post("/sv/meetings/new", data=PLAN | mark)
    assert colleague.post("/sv/meetings/new", data=PLAN | mark).location != first.location


def test_marks_are_forgotten_when_no_page_can_have_them_any_more(
    app_on_both: Flask, secretary: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(once, "_SWEEP_EVERY", 1)
    secretary.post("/sv/meetings/new", data=PLAN | {once.FIELD: new_public_id()})
    with app_on_both.app_context():
        db.session.execute(update(once.SentForm).values(at=clock.now() - once.KEPT_FOR - timedelta(seconds=1)))
        db.session.commit()
    secretary.post("/sv/meetings/new", data=PLAN | {once.FIELD: new_public_id()})
    with app_on_both.app_context():
        assert db.session.scalar(select(func.count()).select_from(once.SentForm)) == 1
