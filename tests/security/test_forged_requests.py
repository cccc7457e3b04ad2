"""Requests that a page of ours did not make: without its token, with another's, by other methods, from elsewhere."""

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer

from tests.ground.foreign import World
from tests.ground.forms import Filled
from tests.ground.house import address_of, methods_of

OTHER_METHODS = ("TRACE", "PUT", "DELETE", "PATCH", "CONNECT", "PROPFIND", "FOO")
OVERRIDES = ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override")


def token_in(world: World, client: FlaskClient) -> str:
    """The token that the pages of this browser's session carry."""
    with client.session_transaction() as cookie:
        raw = cookie.setdefault("csrf_token", "nobody's, as a page before sign-in makes one")
    signed = URLSafeTimedSerializer(str(world.app.secret_key), salt="wtf-csrf-token")
    return str(signed.dumps(raw))


def forgeries(world: World, who: str) -> Iterator[tuple[str, str]]:
    """What a page made by somebody else could send: a token of another session, account or time, or none."""
    yield "none", ""
    yield "anything", "a1b2c3"
    yield "another session's of the same account", token_in(world, world.client_of(who))
    yield "another account's", token_in(world, world.client_of("stranger" if who != "stranger" else "owner"))
    yield "nobody's", token_in(world, world.app.test_client())
    own = world.client_of(who)
    yield "of a session that has ended", token_in(world, own)


def _posts(world: World) -> list[Filled]:
    """Every form that a page shows, with one who may send it."""
    return [form for form in world.forms.filled if form.who != "nobody"]


def _forged(world: World, forms: list[Filled]) -> list[str]:
    world.app.config["WTF_CSRF_ENABLED"] = True
    found, watched = [], world.watched
    before, version = watched.first, watched.version
    for form in forms:
        tokens, client = dict(forgeries(world, form.who)), world.client_of(form.who)
        right = token_in(world, client)
        for kind, token in tokens.items():
            fields = dict(form.fields) | ({"csrf_token": token} if token else {})
            address = form.address + ("&" if "?" in form.address else "?") + f"csrf_token={right}"
            for where in (form.address, address):  # a token in the address is none: addresses are copied
                with client.post(where, data=fields) as answer:
                    if answer.status_code != 400:
                        found.append(f"{form.endpoint}, {kind}: {answer.status_code}")
    if watched.version != version and watched.rows() != before:
        found.append("something was written")
    watched.restore()
    return found


def test_a_sample_of_posts_is_refused_with_every_token_but_its_own(world: World) -> None:
    assert _forged(world, _posts(world)[::12]) == []


@pytest.mark.slow
def test_every_post_is_refused_with_every_token_but_its_own(world: World) -> None:
    assert len(_posts(world)) > 100
    assert _forged(world, _posts(world)) == []


def test_a_post_with_its_own_token_is_taken_and_one_without_the_door_s_look_is_found(world: World) -> None:
    form = next(form for form in world.forms.filled if form.endpoint == "accounts.account")
    world.app.config["WTF_CSRF_ENABLED"] = True
    client = world.client_of(form.who)
    with client.post(form.address, data=dict(form.fields) | {"csrf_token": token_in(world, client)}) as answer:
        assert answer.status_code == 302
    world.watched.restore()
    world.app.before_request_funcs[None] = [
        each for each in world.app.before_request_funcs[None] if each.__name__ != "csrf_protect"
    ]
    assert len(_forged(world, [form])) > 5


def test_over_https_a_post_from_another_site_is_refused_even_with_the_right_token(world: World) -> None:
    world.app.config["WTF_CSRF_ENABLED"] = True
    form = next(form for form in world.forms.filled if form.endpoint == "accounts.account")
    client = world.client_of(form.who)
    fields = dict(form.fields) | {"csrf_token": token_in(world, client)}
    status = {}
    for referrer in ("https://evil.example/", "https://localhost.evil.example/", "http://localhost/", "", "null"):
        headers = {"Referer": referrer} if referrer else {}
        with client.post(form.address, data=fields, headers=headers, base_url="https://localhost") as answer:
            status[referrer] = answer.status_code
    assert set(status.values()) == {400}, status
    headers = {"Referer": "https://localhost/sv/account"}
    with client.post(form.address, data=fields, headers=headers, base_url="https://localhost") as answer:
        assert answer.status_code == 302


def test_a_token_ends_with_its_session(world: World) -> None:
    """Signed out and in again in the same browser, the page from before sends in vain."""
    world.app.config["WTF_CSRF_ENABLED"] = True
    form = next(form for form in world.forms.filled if form.endpoint == "accounts.account")
    client = world.client_of(form.who)
    old = token_in(world, client)
    assert client.post("/sv/sign-out", data={"csrf_token": old}).status_code == 302
    again = world.client_of("stranger")
    assert again.post(form.address, data=dict(form.fields) | {"csrf_token": old}).status_code == 400
    assert client.post(form.address, data=dict(form.fields) | {"csrf_token": old}).status_code in (400, 401)
    world.watched.restore()


# --- methods ------------------------------------------------------------------------------------------------------


def _by_other_methods(world: World, endpoints: list[str]) -> list[str]:
    """What does not refuse a method it has not, and what obeys a header that tells another."""
    found, watched = [], world.watched
    clients = {who: world.client_of(who) for who in ("owner", "officer", "secretary")}
    for endpoint in endpoints:
        address, methods = address_of(world.app, world.foreign.house, endpoint), methods_of(world.app, endpoint)
        for who, client in clients.items():
            version = watched.version
            for method in OTHER_METHODS:
                with client.open(address, method=method) as answer:
                    if answer.status_code not in (400, 404, 405, 501):
                        found.append(f"{method} {endpoint} as {who}: {answer.status_code}")
            with client.get(address) as answer:
                plain = (answer.status_code, answer.location)
            for header in OVERRIDES:
                with client.get(address, headers={header: "POST"}) as answer:
                    if methods == ["POST"] and (answer.status_code, answer.location) != plain:
                        found.append(f"{header} on {endpoint} as {who}: {answer.status_code}")
            for method in ("HEAD", "OPTIONS"):
                with client.open(address, method=method) as answer:
                    if answer.data:
                        found.append(f"{method} {endpoint} as {who}: {answer.data[:80]!r}")
            if watched.version != version and watched.rows() != watched.first:
                found.append(f"{endpoint} as {who}: something was written")
                watched.restore()
    return found


def test_a_sample_of_pages_obeys_no_other_method_and_no_header_that_tells_one(world: World) -> None:
    assert _by_other_methods(world, _endpoints(world)[::30]) == []


@pytest.mark.slow
def test_no_page_obeys_another_method_or_a_header_that_tells_one(world: World) -> None:
    assert _by_other_methods(world, _endpoints(world)) == []


def _endpoints(world: World) -> list[str]:
    return sorted({rule.endpoint for rule in world.app.url_map.iter_rules()} - {"static"})


def test_a_page_that_obeys_such_a_header_is_found(world: World) -> None:
    inner = world.app.wsgi_app

    def obeying(environ: dict[str, object], start: object) -> object:
        environ["REQUEST_METHOD"] = environ.get("HTTP_X_HTTP_METHOD_OVERRIDE") or environ["REQUEST_METHOD"]
        return inner(environ, start)  # type: ignore[arg-type]  # as WSGI has it

    world.app.wsgi_app = obeying  # type: ignore[method-assign, assignment]
    found = _by_other_methods(world, ["accounts.sign_out"])
    assert any("X-HTTP-Method-Override" in fault for fault in found)


# --- a session that was there before ------------------------------------------------------------------------------


def test_what_lay_in_the_browser_before_sign_in_opens_nothing_afterwards(world: World) -> None:
    """Somebody else put a cookie there first: of nobody's session, or of their own."""
    link = address_of(world.app, world.foreign.house, "accounts.open_link")
    for planted in (None, "stranger"):
        browser = world.client_of(planted) if planted else world.app.test_client()
        browser.get("/sv/sign-in")
        with browser.session_transaction() as cookie:
            cookie["csrf_token"] = cookie.get("csrf_token", "known to the one who planted it")
            before = dict(cookie)
        browser.post(link)
        with browser.session_transaction() as cookie:
            after = dict(cookie)
        assert after["_user_id"] != before.get("_user_id")
        assert after["csrf_token"] != before["csrf_token"]
        thief = world.app.test_client()
        with thief.session_transaction() as cookie:
            cookie.update(before)
        page = thief.get("/sv/account")
        assert page.status_code == (200 if planted else 302)
        assert "nobody@forening.example" not in page.text
        world.watched.restore()


def test_a_copied_cookie_is_worthless_once_its_owner_has_signed_out(world: World) -> None:
    browser, thief = world.client_of("owner"), world.app.test_client()
    with browser.session_transaction() as cookie:
        kept = dict(cookie)
    with thief.session_transaction() as cookie:
        cookie.update(kept)
    assert thief.get("/sv/account").status_code == 200
    browser.post("/sv/sign-out")
    assert thief.get("/sv/account").status_code == 302
    world.watched.restore()


def test_a_door_that_keeps_the_old_session_is_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fundapp.accounts.sessions.session", _Kept())
    with pytest.raises(AssertionError):
        test_what_lay_in_the_browser_before_sign_in_opens_nothing_afterwards(world)
    monkeypatch.setattr("fundapp.accounts.sessions.end_session", lambda _token: None)
    with pytest.raises(AssertionError):
        test_a_copied_cookie_is_worthless_once_its_owner_has_signed_out(world)


class _Kept:
    """A session that cannot be emptied and whose token stays."""

    def clear(self) -> None:
        return

    def get(self, _name: str) -> str:
        return "something"

    def __setitem__(self, _name: str, _value: str) -> None:
        return
