"""More are asking than can be answered: a bounded number is worked on, a bounded number waits, the others are told."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from fundapp.accounts.models import Account
from fundapp.db import db
from fundapp.web import turns
from fundapp.web.limits import Attempt
from fundapp.web.turns import Turns
from tests.ground.apps import SignIn
from tests.ground.pages import token_of

WORDS = 'Vi läser <b>högt</b> & "tillsammans"'
TOGETHER = 20


class Held:
    """A page that goes on until it is let go; how many were in it at once, at most."""

    def __init__(self) -> None:
        self.go, self.inside, self.most, self._lock = threading.Event(), 0, 0, threading.Lock()

    def __call__(self) -> str:
        with self._lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
        self.go.wait(30)
        with self._lock:
            self.inside -= 1
        return "done"


@pytest.fixture
def held(app: Flask) -> Held:
    """Served at /sv/held, as a station's page is."""
    made = Held()

    def page() -> Any:
        return made()

    page.access = "public"  # type: ignore[attr-defined]
    app.add_url_rule("/sv/held", "public.held", page, methods=["GET", "POST"])
    return made


@pytest.fixture
def narrow(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Let the app have so many places."""

    def make(at_work: int, in_line: int, longest: float) -> None:
        app.extensions["fundapp.turns"] = Turns(at_work, in_line)
        monkeypatch.setattr(turns, "LONGEST", longest)

    return make


def _ask_together(app: Flask, held: Held, number: int) -> list[int]:
    """The statuses of so many asked at once; the page is let go when nobody is told to come back any more."""
    clients = [app.test_client() for _client in range(number)]
    with ThreadPoolExecutor(number) as pool:
        asked = [pool.submit(lambda one: one.get("/sv/held").status_code, client) for client in clients]
        time.sleep(1.5)
        held.go.set()
        return sorted(each.result(timeout=60) for each in asked)


def test_no_more_are_at_work_and_in_line_than_there_are_places(
    app: Flask, held: Held, narrow: Callable[..., None]
) -> None:
    narrow(3, 5, 60.0)
    answers = _ask_together(app, held, TOGETHER)
    assert held.most == 3
    assert answers == [200] * 8 + [503] * (TOGETHER - 8)


def test_without_a_bound_everybody_would_be_at_work(app: Flask, held: Held, narrow: Callable[..., None]) -> None:
    """The test above can fail."""
    app.before_request_funcs[None].remove(turns._wait_for_a_turn)
    narrow(3, 5, 60.0)
    assert _ask_together(app, held, TOGETHER) == [200] * TOGETHER
    assert held.most == TOGETHER


def test_who_waits_too_long_is_told_to_come_back(app: Flask, held: Held, narrow: Callable[..., None]) -> None:
    narrow(1, 5, 0.3)
    assert _ask_together(app, held, 4) == [200, 503, 503, 503]


def test_what_was_typed_stands_in_the_page_and_can_be_sent_again(
    app: Flask, signed_in: SignIn, narrow: Callable[..., None]
) -> None:
    client = signed_in("amina@exempel.example")
    fields = {"name": WORDS, "csrf_token": token_of(client)}
    narrow(0, 0, 0.0)
    answer = client.post("/sv/account", data=fields, headers={"Referer": "http://localhost/sv/account"})
    assert (answer.status_code, answer.headers["Cache-Control"]) == (503, "no-store")
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    page = BeautifulSoup(answer.text, "html.parser")
    assert [each.get_text() for each in page.select(".original")] == [WORDS]
    (form,) = page.find_all("form")
    sent = {str(each["name"]): str(each["value"]) for each in form.find_all("input")}
    assert (form["action"], sent["name"]) == ("/sv/account", WORDS)


def test_who_is_turned_away_asks_nothing_of_the_database(
    app: Flask, client: FlaskClient, narrow: Callable[..., None]
) -> None:
    token = token_of(client)
    narrow(0, 0, 0.0)
    assert client.post("/sv/sign-in", data={"email": "a@exempel.example", "csrf_token": token}).status_code == 503
    with app.app_context():
        assert db.session.scalar(select(func.count(Attempt.id))) == 0
        assert db.session.scalar(select(func.count(Account.id))) == 0


@pytest.mark.parametrize("path", ["/livez", "/healthz", "/static/site.css"])
def test_whether_it_lives_is_answered_all_the_same(client: FlaskClient, narrow: Callable[..., None], path: str) -> None:
    narrow(0, 0, 0.0)
    assert client.get("/sv/").status_code == 503
    assert client.get(path).status_code == 200


def test_a_turn_is_given_back_whatever_becomes_of_the_request(
    app: Flask, client: FlaskClient, narrow: Callable[..., None]
) -> None:
    def fault() -> Any:
        raise RuntimeError("planted")

    fault.access = "public"  # type: ignore[attr-defined]
    app.add_url_rule("/sv/planted", "public.planted", fault)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    narrow(1, 0, 0.0)
    answers = [client.get(path).status_code for path in ("/sv/planted", "/sv/no/such/page", "/sv/planted", "/sv/")]
    assert answers == [500, 404, 500, 200]


def test_gunicorn_has_a_thread_more_than_there_are_places() -> None:
    words = (Path(__file__).parents[1] / "deploy" / "fundapp-web.service").read_text().split()
    assert int(words[words.index("--threads") + 1]) > turns.AT_WORK + turns.IN_LINE
