"""Addresses that somebody else wrote: where to go next, which host we are, through which proxy one came."""

import re
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import quote, urljoin, urlsplit

import pytest
from flask import Flask, request
from sqlalchemy import select
from werkzeug.test import TestResponse

from fundapp.accounts.models import SignInAttempt
from fundapp.app import create_app
from fundapp.config import Settings
from fundapp.db import db
from fundapp.mail import Message
from fundapp.web.access import SAFE
from tests.factories import on_day
from tests.ground.foreign import World
from tests.ground.house import address_of, methods_of

EVIL = "evil.example"
HOSTILE = (
    f"https://{EVIL}/", f"http://{EVIL}", f"//{EVIL}", f"///{EVIL}", f"////{EVIL}", f"/\\{EVIL}", f"\\\\{EVIL}",
    f"\\/{EVIL}", f"/\t/{EVIL}", f"/\n/{EVIL}", f"/\r/{EVIL}", f"\t//{EVIL}", f" //{EVIL}", f"\x00//{EVIL}",
    f"\x0b//{EVIL}", f"\u00a0//{EVIL}", f"/%09/{EVIL}", f"/%5c{EVIL}", f"/%2f{EVIL}", f"%2f%2f{EVIL}",
    f"https:{EVIL}", f"https:/{EVIL}", f"https:///{EVIL}", f"https:\\\\{EVIL}", f"HTTPS://{EVIL}", f"ftp://{EVIL}",
    f"//{EVIL}@localhost", f"https://localhost@{EVIL}", f"https://localhost.{EVIL}", f"https://{EVIL}#localhost",
    f"https://{EVIL}?localhost/", f"https://{EVIL}\\@localhost/", f"//localhost@{EVIL}/", f"//{EVIL}:443",
    f"//{EVIL}%00.localhost", "javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\nscript:alert(1)",
    "\x01javascript:alert(1)", "data:text/html,<script>alert(1)</script>", "vbscript:msgbox(1)", "file:///etc/passwd",
    "blob:https://evil.example/1", "//[::1]", "//127.0.0.1", "//2130706433", "http://0x7f.1/", f"//ev\u0131l.{EVIL}",
    f"\uff0f\uff0f{EVIL}", f"/\u2028/{EVIL}", f"//{EVIL}/%2e%2e", f"/.//{EVIL}", f"/..//{EVIL}", f"/x/..//{EVIL}",
    f"/\r\nLocation: https://{EVIL}", f"/%0d%0aLocation:%20https://{EVIL}", "?next=//evil.example", f"..//{EVIL}",
)  # fmt: skip
NAMES = ("next", "url", "to", "return", "return_to", "redirect", "redirect_uri", "from", "back", "continue", "page")


def leads_away(location: str, *, base: str = "http://localhost/sv/sign-in") -> bool:
    """Whether a browser would leave our site: it drops tabs and line breaks, and reads a backslash as a slash."""
    read = re.sub(r"[\t\r\n]", "", location).strip("".join(map(chr, range(33)))).replace("\\", "/")
    there = urlsplit(urljoin(base, read))
    return (there.scheme, there.netloc) != ("http", "localhost")


def test_the_look_itself_knows_what_leads_away() -> None:
    assert len(HOSTILE) >= 40
    for each in (f"//{EVIL}", f"/\\{EVIL}", f"/\t/{EVIL}", f"https:\\\\{EVIL}", "javascript:alert(1)", f" //{EVIL}"):
        assert leads_away(each), each
    for each in ("/sv/account", "/sv/a?next=//evil.example", "account"):
        assert not leads_away(each), each


def _away(answer: TestResponse) -> list[str]:
    """What of an answer leads out of the house: its redirect, and the links and forms on its page."""
    links = (
        re.findall(r'(?:href|action|formaction|src)="([^"]*)"', answer.text) if answer.mimetype == "text/html" else []
    )
    headers = [value for name, value in answer.headers if name in ("Location", "Refresh", "Content-Location", "Link")]
    return [each for each in (*headers, *links) if leads_away(each.replace("&amp;", "&")) and EVIL in each] + [
        each for each in headers if leads_away(each)
    ]


# Who goes on to `next`, and what they send for that; the first sends a mail whose link goes on.
ONWARD = {
    "accounts.account": {"name": "Karin", "phone": "", "language": "sv"},
    "accounts.new_organisation": None,  # as its form stands in the house
    "accounts.organisation": None,
}


@pytest.mark.parametrize("endpoint", ONWARD)
def test_after_a_form_one_goes_on_only_within_the_house(world: World, endpoint: str) -> None:
    form = next(form for form in world.forms.filled if form.endpoint == endpoint)
    fields = ONWARD[endpoint] or dict(form.fields) | {
        "org_number": "802467-7988", "postal_code": "952 31", "bankgiro": "5050-1055", "email": "a@b.example",
        "phone": "0923-123 45", "city": "Kalix",
    }  # fmt: skip
    client, kept = world.client_of(form.who), 0
    chosen = HOSTILE if endpoint == "accounts.account" else HOSTILE[::5]  # all three ask the same question
    for hostile in (*chosen, "/sv/goals"):
        address = f"{form.address.partition('?')[0]}?next={quote(hostile, safe='')}"
        with client.get(address) as page:
            assert _away(page) == [], hostile
        with client.post(address, data=fields | {"next": hostile}) as answer:
            assert _away(answer) == [], hostile
            kept += answer.status_code == 302
    assert kept or endpoint != "accounts.account"
    world.watched.restore()


def test_after_sign_in_one_goes_on_only_within_the_house(world: World) -> None:
    link = address_of(world.app, world.foreign.house, "accounts.open_link")
    for hostile in HOSTILE:
        browser = world.app.test_client()
        with browser.post(
            f"/sv/sign-in?next={quote(hostile, safe='')}", data={"email": "owner@forening.example"}
        ) as one:
            assert _away(one) == [], hostile
        with world.app.app_context():
            kept = db.session.scalars(select(SignInAttempt).order_by(SignInAttempt.id.desc())).first()
            assert kept is not None
            assert not leads_away(kept.next_path), hostile
        world.watched.restore()
        with browser.post(f"{link}?next={quote(hostile, safe='')}", data={"next": hostile}) as two:
            assert two.status_code == (404 if "\0" in hostile else 302)
            assert _away(two) == [], hostile
        world.watched.restore()


def test_a_door_that_believes_what_it_reads_is_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fundapp.web.onward._INSIDE", re.compile("(?s).*"))
    with pytest.raises(AssertionError):
        test_after_a_form_one_goes_on_only_within_the_house(world, "accounts.account")


@pytest.mark.slow
def test_no_page_goes_where_any_name_in_its_address_or_form_says(world: World) -> None:
    """Every route, as somebody who may, with every name that could be one of a place to go to."""
    hostile = f"https://{EVIL}/?x=1"
    query = "&".join(f"{name}={quote(hostile, safe='')}" for name in NAMES)
    headers = {"Referer": f"https://{EVIL}/", "Origin": f"https://{EVIL}"}
    clients = {who: world.client_of(who) for who in ("nobody", "owner", "officer")}
    for endpoint in sorted({rule.endpoint for rule in world.app.url_map.iter_rules()} - {"static"}):
        address = address_of(world.app, world.foreign.house, endpoint)
        if "GET" in methods_of(world.app, endpoint):
            for who, client in clients.items():
                with client.get(f"{address}{'&' if '?' in address else '?'}{query}", headers=headers) as answer:
                    assert _away(answer) == [], (endpoint, who)
    for form in world.forms.filled[::4]:
        with world.client_of(form.who).post(
            f"{form.address}{'&' if '?' in form.address else '?'}{query}",
            data=dict(form.fields) | dict.fromkeys(NAMES, hostile),
            headers=headers,
        ) as answer:
            assert _away(answer) == [], form.endpoint
    world.watched.restore()


# --- host and proxy -----------------------------------------------------------------------------------------------

FORGED = {
    "X-Forwarded-Host": EVIL,
    "X-Forwarded-Server": EVIL,
    "X-Host": EVIL,
    "X-Original-Host": EVIL,
    "X-HTTP-Host-Override": EVIL,
    "X-Forwarded-Prefix": f"//{EVIL}",
    "X-Forwarded-Port": "6666",
    "X-Forwarded-Scheme": "gopher",
    "X-Original-URL": "/sv/people",
    "X-Rewrite-URL": "/sv/people",
    "X-Script-Name": f"//{EVIL}",
    "Forwarded": f"for=6.6.6.6;host={EVIL};proto=gopher",
}


def under_another_host(app: Flask) -> Flask:
    """Every request says that host; set inside the server, since no test client sends our cookie to another host."""
    inner = app.wsgi_app
    app.wsgi_app = lambda environ, start: inner(environ | {"HTTP_HOST": EVIL}, start)  # type: ignore[method-assign]
    return app


@pytest.fixture(params=[0, 1])
def behind(request: pytest.FixtureRequest, world: World, settings_of_world: Settings) -> Flask:
    """The world's app as it stands bare, and behind one proxy."""
    app = create_app(replace(settings_of_world, proxies=request.param))
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    on_day()  # a new app sets the clock right
    return under_another_host(app)


@pytest.fixture
def settings_of_world(world: World) -> Settings:
    kept: Settings = world.app.extensions["fundapp.settings"]
    return kept


def _names_evil(app: Flask, world: World, headers: dict[str, str], only: Sequence[str] = ()) -> list[str]:
    """Where an answer carries the forged host."""
    found, every = [], sorted({rule.endpoint for rule in app.url_map.iter_rules()} - {"static"})
    bare = World(app, world.foreign, world.forms, world.watched)
    for who in ("nobody", "owner", "officer"):
        client = bare.client_of(who)
        for endpoint in only or every:
            for method in methods_of(app, endpoint):
                if method not in SAFE and who != "owner":
                    continue
                address = address_of(world.app, world.foreign.house, endpoint)
                with client.open(address, method=method, headers=headers) as answer:
                    is_page = answer.mimetype.endswith(("html", "/xml", "+xml"))
                    words = f"{answer.headers} {answer.text if is_page else ''}"
                if re.search(rf"{EVIL}|gopher|:6666", words):
                    found.append(f"{method} {endpoint} as {who}")
    return found


@pytest.mark.slow
def test_no_page_mail_or_redirect_carries_a_host_that_the_request_named(world: World, behind: Flask) -> None:
    assert _names_evil(behind, world, FORGED) == []
    world.watched.restore()


def test_no_mail_or_first_page_carries_a_host_that_the_request_named(world: World, behind: Flask) -> None:
    browser = World(behind, world.foreign, world.forms, world.watched).client_of("owner")
    ours = address_of(world.app, world.foreign.house, "accounts.invite")
    posts = {
        "/sv/sign-in": {"email": "owner@forening.example"},
        ours: {"email": "invited2@exempel.example", "may_edit": "y", "language": "sv"},
    }
    sent = []
    for address, fields in posts.items():
        client = browser if address == ours else behind.test_client()
        with client.post(address, data=fields, headers=FORGED) as answer:
            assert answer.status_code == 302, address
            assert EVIL not in str(answer.headers)
    with behind.app_context():
        newest = db.session.scalars(select(Message).order_by(Message.id.desc()).limit(2))
        sent = [message.body for message in newest]
    assert all("http://localhost/sv/" in body for body in sent)
    assert not any(EVIL in body or "gopher" in body or "6666" in body for body in sent)
    for address in ("/", "/sv/", "/sv/account", "/sv/sign-in", "/sv/noticeboard.atom", "/sv/nowhere"):
        with behind.test_client().get(address, headers=FORGED) as answer:
            assert not re.search(rf"{EVIL}|gopher|6666", f"{answer.headers} {answer.text}"), address
    world.watched.restore()


def test_a_page_that_tells_the_host_it_was_asked_by_is_found(world: World) -> None:
    def telling() -> str:
        return request.host_url

    telling.access = "public"  # type: ignore[attr-defined]
    world.app.view_functions["public.start"] = telling
    world.app.view_functions["home"] = telling
    assert _names_evil(under_another_host(world.app), world, FORGED, ["public.start"]) == [
        f"GET public.start as {who}" for who in ("nobody", "owner", "officer")
    ]


def test_an_address_that_the_browser_claims_to_come_from_is_not_believed(behind: Flask, world: World) -> None:
    """Behind one proxy the last part of X-Forwarded-For is its own word; without one none of it counts."""
    seen = {}
    behind.before_request_funcs.setdefault(None, []).insert(
        0, lambda: seen.update(address=request.remote_addr, is_secure=request.is_secure, path=request.path)
    )
    headers = {"X-Forwarded-For": "6.6.6.6, 7.7.7.7, 10.0.0.1", "Forwarded": "for=6.6.6.6", "X-Real-IP": "6.6.6.6"}
    headers |= {"X-Original-URL": "/sv/people", "X-Rewrite-URL": "/sv/people", "X-Forwarded-Prefix": "/x"}
    behind.test_client().get("/sv/goals", headers=headers)
    is_proxied = behind.extensions["fundapp.settings"].proxies == 1
    assert seen == {"address": "10.0.0.1" if is_proxied else "127.0.0.1", "is_secure": False, "path": "/sv/goals"}
    behind.test_client().get("/sv/goals", headers={"X-Forwarded-Proto": "https"})
    assert seen["is_secure"] is is_proxied
