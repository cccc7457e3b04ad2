"""What breaks on the way (a condition, a loader, a form, the clock) ends in refusal, and changes nothing."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event
from sqlalchemy.orm import Session

from fundapp.db import db
from fundapp.permissions import RULES, Permission, Rule
from fundapp.web.fields import Form
from tests.ground.foreign import World
from tests.ground.forms import Filled
from tests.ground.house import address_of, methods_of

READERS = ("owner", "officer", "secretary", "registrar", "administrator", "member", "auditor", "stranger")
# What is shown of a page that broke: our own words, and never a person's.
TELLING = re.compile(r"Kanarief|Språkkaf|Traceback|sprakkafe|RuntimeError|planted", re.IGNORECASE)


class Planted(RuntimeError):
    """A fault that a test has put somewhere."""


MET: list[str] = []  # one entry for each time that a planted fault was met


def _break(*_what: Any, **_named: Any) -> Any:
    MET.append("met")
    raise Planted("planted")


@pytest.fixture(autouse=True)
def answered(world: World) -> None:
    """Faults are answered, as in production."""
    world.app.config["PROPAGATE_EXCEPTIONS"] = False
    world.app.config["TESTING"] = False


def refused(world: World, client: FlaskClient, address: str, method: str, **how: Any) -> list[str]:
    """What a request that meets a fault did other than refuse."""
    watched = world.watched
    version = watched.version
    with client.open(address, method=method, **how) as answer:
        status, text = answer.status_code, answer.text if answer.mimetype != "application/pdf" else "PDF"
    found = []
    if status < 400:
        found.append(f"{method} {address}: {status}")
    if told := TELLING.search(text):
        found.append(f"{method} {address}: {status} tells {told[0]}")
    if watched.version != version:
        if watched.rows() != watched.first:
            found.append(f"{method} {address}: {status} and something was written")
        watched.restore()
    return found


def _guarded(world: World) -> list[tuple[str, Any]]:
    """Every endpoint that names a permission, with its view."""
    views = sorted(world.app.view_functions.items())
    return [(name, view) for name, view in views if isinstance(getattr(view, "access", None), Permission)]


def _reader_of(world: World, address: str, method: str) -> FlaskClient | None:
    """Somebody who is let in there; None for a POST, whose page they would have changed."""
    for who in READERS:
        client = world.client_of(who)
        with client.open(address, method=method) as answer:
            status = answer.status_code
        if method == "POST":
            world.watched.restore()
        if status not in (401, 403, 404):
            return client
    return None


def _each(world: World, endpoints: list[tuple[str, Any]], spoil: Callable[[Any], Callable[[], None]]) -> list[str]:
    """What each endpoint does once `spoil` has broken something of its view; `spoil` gives what mends it."""
    found = []
    for endpoint, view in endpoints:
        address = address_of(world.app, world.foreign.house, endpoint)
        for method in methods_of(world.app, endpoint):
            client = _reader_of(world, address, method)
            if client is None:
                continue
            mend = spoil(view)
            try:
                found += refused(world, client, address, method)
            finally:
                mend()
    return found


def _spoil_condition(view: Any) -> Callable[[], None]:
    kept = RULES[view.access]
    RULES[view.access] = Rule(kept.roles, (_break,))
    return lambda: RULES.update({view.access: kept})


def _loader_cell(view: Any) -> Any:
    """Where the view's `of=` lies."""
    names = view.__code__.co_freevars
    return view.__closure__[names.index("of")]


def _spoil_loader(view: Any) -> Callable[[], None]:
    cell = _loader_cell(view)
    kept = cell.cell_contents
    cell.cell_contents = _break
    return lambda: setattr(cell, "cell_contents", kept)


def _with_loader(world: World) -> list[tuple[str, Any]]:
    return [(name, view) for name, view in _guarded(world) if _loader_cell(view).cell_contents is not None]


def test_a_sample_of_broken_loaders_and_conditions_lets_nobody_in(world: World) -> None:
    some = _with_loader(world)[::30]
    assert _each(world, some, _spoil_loader) == []
    assert _each(world, some, _spoil_condition) == []


@pytest.mark.slow
def test_no_broken_loader_lets_anybody_in(world: World) -> None:
    assert len(_with_loader(world)) > 100
    assert _each(world, _with_loader(world), _spoil_loader) == []


@pytest.mark.slow
def test_no_broken_condition_lets_anybody_in(world: World) -> None:
    assert _each(world, _with_loader(world), _spoil_condition) == []


def test_a_door_that_lets_in_whom_it_cannot_judge_is_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def trusting(person: Any, permission: Permission, subject: Any = None) -> Any:
        try:
            return [condition(person, subject) for condition in RULES[permission].conditions] and None
        except Planted:
            return None

    pages = [pair for pair in _with_loader(world) if pair[0] == "registry.show"]
    assert _each(world, pages, _spoil_condition) == []
    monkeypatch.setattr("fundapp.web.access.why_not", trusting)
    assert _each(world, pages, _spoil_condition) != []


# --- what every request goes through ------------------------------------------------------------------------------

# Where a fault is planted, and which pages must then refuse.
EVERYWHERE = (
    "fundapp.web.access.why_not",
    "fundapp.accounts.sessions.open_session",
    "fundapp.accounts.sessions.note_seen",
    "fundapp.accounts.sessions.clock.now",
    "fundapp.permissions._reaches",
    "fundapp.accounts.models.clock.today",
)
PRIVATE = ("registry.show", "registry.list", "applications.list", "accounts.people", "projects.list", "record.show")


@pytest.mark.parametrize("place", EVERYWHERE)
def test_a_fault_in_what_every_page_asks_opens_none(world: World, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    addresses = [address_of(world.app, world.foreign.house, endpoint) for endpoint in PRIVATE]
    clients = {address: _reader_of(world, address, "GET") for address in addresses}
    assert all(clients.values())
    monkeypatch.setattr(place, _break)
    if place.endswith("_reaches"):  # asked where a role is for one place alone
        monkeypatch.setattr("fundapp.accounts.models.Account.role_limits", {"anything": 1})
    if place.endswith(("_reaches", "today")):  # of an applicant neither is asked
        clients = {each: client for each, client in clients.items() if "/cases/" in each}
    faults = [refused(world, client, address, "GET") for address, client in clients.items() if client]
    assert [fault for each in faults for fault in each] == []


# --- what a POST goes through -------------------------------------------------------------------------------------


def _posted(world: World, forms: list[Filled]) -> tuple[list[str], int]:
    """What of the forms was not refused although it met the fault, and how many met it."""
    found, met = [], 0
    for form in forms:
        client, before = world.client_of(form.who), len(MET)
        told = refused(world, client, form.address, "POST", data=dict(form.fields))
        if len(MET) > before:
            found += told
            met += 1
    return found, met


def _written(world: World, endpoints: tuple[str, ...] = ()) -> list[Filled]:
    """Forms that are taken as they are, and by which something is written."""
    found = []
    for form in world.forms.filled:
        if endpoints and form.endpoint not in endpoints:
            continue
        with world.client_of(form.who).post(form.address, data=dict(form.fields)) as answer:
            status = answer.status_code
        if status < 400 and world.watched.rows() != world.watched.first:
            found.append(form)
        world.watched.restore()
    return found


SAMPLE = ("accounts.organisation", "applications.section", "accounts.members", "remarks.write_note", "holidays.list",
          "text_blocks.new", "accounts.account", "registry.register", "messages.write", "accounts.invite")  # fmt: skip


@contextmanager
def _commit_broken() -> Iterator[None]:
    event.listen(Session, "before_commit", _break)
    try:
        yield
    finally:
        event.remove(Session, "before_commit", _break)


def _broken_posts(world: World, monkeypatch: pytest.MonkeyPatch, forms: list[Filled]) -> tuple[list[str], list[int]]:
    """What was not refused, and how many forms met each fault: one in their own check, one in the history that their
    action writes, one in the last commit.
    """
    faults, met = [], []
    with monkeypatch.context() as patch:
        patch.setattr(Form, "validate", _break)
        _add(faults, met, _posted(world, forms))
    with monkeypatch.context() as patch:
        patch.setattr("fundapp.history.actions.HistoryEntry", _break)
        _add(faults, met, _posted(world, forms))
    with _commit_broken():
        _add(faults, met, _posted(world, forms))
    return faults, met


def _add(faults: list[str], met: list[int], found: tuple[list[str], int]) -> None:
    faults += found[0]
    met.append(found[1])


def test_a_fault_in_a_form_s_check_or_while_it_is_kept_changes_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    forms = _written(world, SAMPLE)
    faults, met = _broken_posts(world, monkeypatch, forms)
    assert faults == []
    assert min(met) >= 2, met


@pytest.mark.slow
def test_a_fault_while_any_form_is_kept_changes_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    forms = _written(world)
    faults, met = _broken_posts(world, monkeypatch, forms)
    assert faults == []
    assert min(met) > 30, met


def test_an_action_that_keeps_a_part_before_it_breaks_is_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def keep_and_break(*_what: Any, **_named: Any) -> None:
        db.session.commit()
        _break()

    form = next(form for form in world.forms.filled if form.endpoint == "accounts.account")
    forms = [replace(form, fields=(("name", "Karin Strand"), ("phone", ""), ("language", "fi")))]
    monkeypatch.setattr("fundapp.accounts.actions.record", keep_and_break)
    found, met = _posted(world, forms)
    assert met == 1
    assert any("something was written" in fault for fault in found)
