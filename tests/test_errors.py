"""What is told when a page cannot be answered: a commit that fails, somebody else's change, and what was typed."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask, flash, session
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError
from werkzeug.test import TestResponse

from fundapp import clock
from fundapp.accounts.models import Account
from fundapp.db import db
from fundapp.web.typed import typed
from tests.factories.people import applicant
from tests.ground.apps import SignIn
from tests.ground.pages import send, token_of

FIRST, SECOND = "amina@exempel.example", "per@exempel.example"
WORDS = 'Vi läser <b>högt</b> & "tillsammans"'
HERE = {"Referer": "http://localhost/sv/page-of-the-form"}
SAME = {"Sec-Fetch-Site": "same-origin"}


def _serve(app: Flask, view: Callable[[], Any]) -> str:
    """A page for everybody that does what `view` says when it is posted to."""

    def page() -> Any:
        return view()

    page.access = "public"  # type: ignore[attr-defined]
    app.add_url_rule("/sv/planted", "planted", page, methods=["GET", "POST"])
    app.config["PROPAGATE_EXCEPTIONS"] = False
    return "/sv/planted"


def _post(client: FlaskClient, path: str, fields: dict[str, str] | None = None) -> TestResponse:
    return send(client, path, fields or {"summary": WORDS, "kind": "grant"})


def _shown(answer: TestResponse) -> list[str]:
    return [each.get_text() for each in BeautifulSoup(answer.text, "html.parser").select(".original")]


def _fields(answer: TestResponse) -> dict[str, str]:
    """Of the form of an error page that asks nothing of the database."""
    page = BeautifulSoup(answer.text, "html.parser")
    return {str(each["name"]): str(each["value"]) for each in page.select("form input")}


def _saves() -> str:
    db.session.add(Account(email="kept@exempel.example", created_at=clock.now()))
    flash("Saved.", "good")
    session["told"] = "kept"
    return "done"


def _kept(app: Flask) -> list[str]:
    with app.app_context():
        return list(db.session.scalars(select(Account.email)))


def _fail_commits(app: Flask, does: str) -> None:
    """Let PostgreSQL itself refuse every commit that made an account."""
    with app.app_context():
        db.session.execute(
            text(f"CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {does}; RETURN NULL; END $$")
        )
        db.session.execute(
            text(
                "CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON account DEFERRABLE INITIALLY DEFERRED "
                "FOR EACH ROW EXECUTE FUNCTION refuse()"
            )
        )
        db.session.commit()


RAISE = "RAISE EXCEPTION 'planted' USING ERRCODE = '{}'"
HANG_UP = "PERFORM pg_terminate_backend(pg_backend_pid())"


@pytest.fixture
def engine_name() -> str:
    """Where a test does not ask for both, PostgreSQL: SQLite cannot be told to refuse a commit."""
    return "postgresql"


@pytest.mark.parametrize(
    ("does", "status"),
    [
        (RAISE.format("40001"), 409),
        (RAISE.format("40P01"), 409),
        (RAISE.format("53100"), 503),
        (RAISE.format("57P03"), 503),
        (HANG_UP, 503),
        (RAISE.format("XX000"), 500),
    ],
)
def test_a_commit_that_fails_has_the_page_of_its_fault_and_nothing_is_said_to_be_saved(
    app: Flask, client: FlaskClient, does: str, status: int
) -> None:
    path = _serve(app, _saves)
    _fail_commits(app, does)
    answer = _post(client, path)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (status, "no-store")
    assert _kept(app) == []
    with client.session_transaction() as cookie:
        assert not {"_flashes", "told"} & set(cookie)
    assert (answer.headers.get("Retry-After") is not None) is (status == 503)
    assert _shown(answer) == [WORDS]


def test_where_nobody_knows_whether_it_was_kept_nothing_is_sent_again_by_one_press(
    app: Flask, client: FlaskClient
) -> None:
    path = _serve(app, _saves)
    _fail_commits(app, HANG_UP)
    client.environ_base["HTTP_REFERER"] = HERE["Referer"]
    answer = _post(client, path)
    page = BeautifulSoup(answer.text, "html.parser")
    assert (answer.status_code, page.find("form"), _shown(answer)) == (503, None, [WORDS])
    assert page.find("a", href="/sv/page-of-the-form")


def test_a_row_that_was_taken_away_meanwhile_is_told_as_somebody_elses_change(
    both_engines: str, app: Flask, client: FlaskClient
) -> None:
    with app.app_context():
        applicant(email="amina@exempel.example")
        db.session.commit()

    def changes() -> str:
        account = db.session.scalars(select(Account).where(Account.email == "amina@exempel.example")).one()
        db.session.execute(text("DELETE FROM account WHERE email = 'amina@exempel.example'"))
        account.name = "Somebody else"
        return "done"

    answer = _post(client, _serve(app, changes))
    assert (answer.status_code, _shown(answer)) == (409, [WORDS])
    assert _kept(app) == ["amina@exempel.example"]


def _is_refused() -> str:
    raise OperationalError("SELECT 1", {}, Exception("planted"))


def test_what_was_typed_is_sent_again_but_no_code_and_no_password(app: Flask, client: FlaskClient) -> None:
    path = _serve(app, _is_refused)
    answer = _post(client, path, {"summary": WORDS, "kind": "grant", "leave": "1"})
    fields = _fields(answer)
    assert {name: fields[name] for name in ("summary", "kind", "leave")} == {
        "summary": WORDS, "kind": "grant", "leave": "1",
    }  # fmt: skip
    assert client.post(path, data=fields).status_code == 503  # our own token is in it
    secret = _post(client, path, {"code": "Secret 123456", "password": "Öppna dig", "summary": WORDS})
    assert "123456" not in secret.text
    assert "Öppna" not in secret.text
    assert (_shown(secret), _fields(secret)) == ([WORDS], {})


def test_what_another_site_sends_is_neither_shown_nor_sent_again(app: Flask, client: FlaskClient) -> None:
    path = _serve(app, _is_refused)
    for headers in ({"Sec-Fetch-Site": "cross-site"} | HERE, {"Origin": "http://evil.example"}, {}):
        answer = client.post(path, data={"summary": WORDS}, headers=headers)
        assert (answer.status_code, _shown(answer)) == (400, [])


def test_who_had_the_page_open_too_long_can_copy_what_was_typed(app: Flask, client: FlaskClient) -> None:
    path = _serve(app, _is_refused)
    for headers in (SAME, HERE):
        answer = client.post(path, data={"summary": WORDS, "code": "Secret 1"}, headers=headers)
        assert (answer.status_code, _shown(answer)) == (400, [WORDS])
        assert "Secret" not in answer.text
        assert path not in [each.get("action") for each in BeautifulSoup(answer.text, "html.parser").find_all("form")]


@pytest.mark.parametrize(("who", "shown", "again"), [(FIRST, [WORDS], WORDS), (SECOND, [], None), (None, [], None)])
def test_an_old_page_is_sent_again_by_who_opened_it_and_shown_to_nobody_else(
    app: Flask, signed_in: SignIn, who: str | None, shown: list[str], again: str | None
) -> None:
    path = _serve(app, _is_refused)
    old = token_of(signed_in(FIRST))
    now = signed_in(who) if who else app.test_client()
    for page in (SAME, HERE):
        answer = now.post(path, data={"summary": WORDS, "csrf_token": old}, headers=page)
        assert (answer.status_code, _shown(answer)) == (400, shown)
        assert _fields(answer).get("summary") == again
        assert ("tillsammans" in answer.text) == bool(shown)
    for elsewhere in ({"Sec-Fetch-Site": "cross-site"} | HERE, {"Sec-Fetch-Site": "same-site"}, {}):
        answer = now.post(path, data={"summary": WORDS, "csrf_token": old}, headers=elsewhere)
        assert (answer.status_code, "tillsammans" in answer.text) == (400, False)


def test_the_browsers_word_alone_does_not_send_anything_again(app: Flask, signed_in: SignIn) -> None:
    path, client = _serve(app, _is_refused), signed_in(FIRST)
    nobodys = token_of(app.test_client())
    forged = URLSafeTimedSerializer("a key of somebody else's", salt="wtf-csrf-token").dumps(f"{FIRST}:1")
    for token in (nobodys, forged, "x", ""):
        answer = client.post(path, data={"summary": WORDS, "csrf_token": token}, headers=SAME)
        assert (answer.status_code, _shown(answer), _fields(answer).get("summary")) == (400, [WORDS], None)


def test_an_old_page_with_a_code_or_a_file_is_not_sent_again(app: Flask, signed_in: SignIn) -> None:
    path, old, now = _serve(app, _is_refused), token_of(signed_in(FIRST)), signed_in(FIRST)
    for more in ({"code": "Secret 123456"}, {"paper": (BytesIO(b"Secret"), "a.pdf")}):
        answer = now.post(path, data={"summary": WORDS, "csrf_token": old} | more, headers=SAME)
        assert (answer.status_code, _shown(answer), _fields(answer).get("summary")) == (400, [WORDS], None)
        assert "Secret" not in answer.text


def test_very_much_is_kept_to_be_sent_and_shown_in_part(app: Flask, client: FlaskClient) -> None:
    much = "Ord på ord. " * 20_000
    answer = _post(client, _serve(app, _is_refused), {"summary": much})
    assert _fields(answer)["summary"] == much
    assert sum(map(len, _shown(answer))) == 50_000


def test_the_address_of_the_button_never_leads_to_another_site(app: Flask) -> None:
    with app.test_request_context("/", environ_overrides={"PATH_INFO": "//evil.example/page"}):
        assert typed().again == "/evil.example/page"
    with app.test_request_context("/sv/", method="POST", headers={"Referer": "http://localhost//evil.example/x"}):
        assert typed().page == "/evil.example/x"
    with app.test_request_context("/sv/", method="POST", headers={"Referer": "http://evil.example/x"} | SAME):
        assert typed().page is None
