"""The wrong person, with every id there is, in every place that takes one: nothing comes back and nothing changes."""

import io
import itertools
import random
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pypdfium2
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, true
from werkzeug.routing import BuildError
from werkzeug.test import TestResponse

from fundapp.accounts.models import Organisation
from fundapp.applications.forms import StartForm
from fundapp.applications.models import Application, Attachment
from fundapp.db import db
from fundapp.permissions import Permission
from fundapp.web.access import needs
from tests.ground.foreign import Key, Rows, World
from tests.ground.house import methods_of

# What somebody may write that points at the owner's organisation: one's own conflict with it, and an interest.
OWN_POINTERS = frozenset({"conflict", "found_answer", "history_entry", "message"})
# A letter for a sign-in is sent to whom it is asked for, and the one who asks is not looked at.
OF_EVERYBODY = frozenset(
    {"sign_in_attempt", "message", "feedback", "accessibility_feedback", "history_entry", "counter"}
)
# These may do something by their roles; of everybody else's rows none at all may change.
WITH_ROLES = frozenset({"partial", "administrator"})
BY_RIGHT = frozenset({
    ("stranger", "referrals.reply"),  # the house's referral asks the stranger
    ("administrator", "people.close"), ("administrator", "people.reopen"),  # of anybody's account
})  # fmt: skip
NAMES = re.compile(r"Kanariefågel|Kanariefagel", re.IGNORECASE)


@dataclass(frozen=True)
class Attempt:
    """One request of the wrong person's."""

    who: str
    method: str
    address: str
    query: dict[str, str]
    fields: dict[str, str]

    @property
    def whole(self) -> str:
        mark = "&" if "?" in self.address else "?"
        return f"{self.address}{mark}{urlencode(self.query)}" if self.query else self.address

    def __str__(self) -> str:
        return f"{self.who}: {self.method} {self.whole} {self.fields}"


class Ids:
    """Every id in the database: `of` an id the others of its table, `all`, and what else can be named."""

    def __init__(self, world: World) -> None:
        first, protected = world.watched.first, world.protected
        self.table: dict[str, str] = {}
        self.theirs: dict[str, list[str]] = {}
        self.words: list[str] = []
        for key, row in first.items():
            if row.get("public_id"):
                self.table[row["public_id"]] = key[0]
                if key in protected:
                    self.theirs.setdefault(key[0], []).append(row["public_id"])
            if key in protected:
                self.words += [str(row[name]) for name in _NAMED if row.get(name)]
        self.all_theirs = [one for each in self.theirs.values() for one in each]
        self.mine = [
            row["public_id"]
            for key, row in first.items()
            if row.get("public_id") and key[1][0] >= world.foreign.first_own.get(key[0], 1 << 60)
        ]
        self.own = {table: [one for one in self.mine if self.table[one] == table] for table in self.theirs}

    def any(self, dice: random.Random) -> str:
        """An id of the owner's, a number of theirs, a name of a file, or a key."""
        kind = dice.random()
        if kind < 0.6:
            return dice.choice(self.all_theirs)
        return dice.choice(self.mine) if kind < 0.7 else dice.choice(self.words)

    def like(self, given: str, dice: random.Random) -> str:
        """Another of the owner's of the same kind as `given`."""
        return dice.choice(self.theirs.get(self.table.get(given, ""), [given]))


_NAMED = ("id", "diary_number", "name", "key", "token_hash", "org_number", "number", "email", "bankgiro", "occasion")


def attempts(world: World, dice: random.Random, only: tuple[str, ...] = (), who: str = "") -> Iterator[Attempt]:
    """Without end: addresses of the owner's things, whose parts are mixed with one's own and with ids of other kinds;
    of some endpoints only, or of one person, where these are named.
    """
    ids, house = Ids(world), world.foreign.house
    forms = {form.endpoint: form for form in world.forms.filled}
    asked = sorted(
        world.forms.asked | {"after", "before", "copy", "masked", "next", "from", "version", "kind", "round"}
    )
    posted = sorted({name for form in world.forms.filled for name in form.names})
    every = sorted({rule.endpoint for rule in world.app.url_map.iter_rules()} - {"static"})
    endpoints = only or (*sorted(house.places) * 3, *every)
    rules = {e: methods_of(world.app, e) for e in endpoints}
    with world.app.test_request_context("/sv/"):
        adapter = world.app.url_map.bind("localhost")
    while True:
        endpoint = dice.choice(endpoints)
        place = {k: _part(k, v, ids, dice) for k, v in house.places.get(endpoint, {}).items()}
        try:
            address = adapter.build(endpoint, {"language": dice.choice(("sv", "sv", "en", "ar"))} | place)
        except BuildError:  # a name where a number belongs has no address
            continue
        method = dice.choice(rules[endpoint])
        query = {dice.choice(asked): ids.any(dice) for _ in range(dice.choice((0, 0, 1, 3)))}
        fields: dict[str, str] = {}
        if method == "POST":
            fields = dict(forms[endpoint].fields) if endpoint in forms else dict(house.posts.get(endpoint, {}))
            fields = {k: ids.like(v, dice) if v in ids.table and dice.random() < 0.7 else v for k, v in fields.items()}
            fields |= {dice.choice(posted): ids.any(dice) for _ in range(dice.choice((0, 1, 2)))}
        wrong = who or dice.choice(sorted(world.foreign.wrong))
        if (wrong, endpoint) not in BY_RIGHT:
            yield Attempt(wrong, method, address, query, fields)


def _part(name: str, value: Any, ids: Ids, dice: random.Random) -> Any:
    """One part of an address: as the house has it, another of the owner's, one's own, or something else entirely."""
    if not isinstance(value, str) or value not in ids.table:
        # A mailed link is a key to its own door; the wrong person has what the database keeps of it, and it reversed.
        return value[::-1] if name == "token" and isinstance(value, str) else value
    kind = dice.random()
    if kind < 0.4:
        return value
    if kind < 0.75:
        return ids.like(value, dice)
    return dice.choice(ids.own.get(ids.table[value]) or ids.mine) if kind < 0.9 else ids.any(dice)


# --- what is wrong with an answer, and with what it left behind ---------------------------------------------------


def words_of(answer: TestResponse) -> str:
    """All that can be read in an answer: its headers, and its text, out of PDF and packed files too."""
    return f"{answer.headers}\n{_read(answer.data)}"


def _read(content: bytes) -> str:
    if content.startswith(b"%PDF"):
        with pypdfium2.PdfDocument(io.BytesIO(content)) as paper:
            read = " ".join(page.get_textpage().get_text_range() for page in paper)
        return read + content.decode("latin-1")
    if content.startswith(b"PK"):
        packed = zipfile.ZipFile(io.BytesIO(content))
        return " ".join(packed.read(name).decode("utf-8", "replace") for name in packed.namelist())
    return content.decode("utf-8", "replace")


def faults_of(world: World, who: str, before: Rows, after: Rows) -> list[str]:
    """What changed that was not that person's to change, and what new rows lay hold of."""
    found = []
    for key in before.keys() | after.keys():
        old, new = before.get(key), after.get(key)
        if old == new:
            continue
        if old is not None and _is_guarded(world, who, key):
            found.append(f"{key} changed: {_difference(old, new)}")
        if new is not None and key[0] not in OWN_POINTERS | OF_EVERYBODY:
            had = world.watched.pointers(key, old) if old is not None else set()
            held = (world.watched.pointers(key, new) - had) & world.protected
            found += [f"{key} points to {target}" for target in held]
    return found


def _is_guarded(world: World, who: str, key: Key) -> bool:
    if key in world.protected:
        return key[0] not in OWN_POINTERS
    if key[0] == "account":
        return key[1][0] != world.foreign.accounts.get(who)
    if who in WITH_ROLES or key[0] in OF_EVERYBODY:
        return False
    return key[1][0] < world.foreign.first_own.get(key[0], 1)


def _difference(old: dict[str, Any], new: dict[str, Any] | None) -> Any:
    return "gone" if new is None else {name: (old[name], new[name]) for name in old if old[name] != new[name]}


class Trial:
    """Sends attempts and keeps what went wrong."""

    def __init__(self, world: World) -> None:
        world.app.config["PROPAGATE_EXCEPTIONS"] = False  # a fault is an answer too, and a wrong one
        self.world, self.seen, self.faults = world, Counter[int](), list[str]()
        self.clients = {who: world.client_of(who) for who in world.foreign.wrong}
        self.before, self.version = world.watched.first, world.watched.version
        self.writes = 0

    def send(self, attempt: Attempt) -> None:
        client: FlaskClient = self.clients[attempt.who]
        with client.open(attempt.whole, method=attempt.method, data=attempt.fields or None) as answer:
            self.seen[answer.status_code] += 1
            text = words_of(answer)
        for word in (*attempt.query.values(), *attempt.fields.values(), *attempt.address.split("/")):
            if NAMES.search(word):  # what was asked with is told again, and is no leak
                text = text.replace(word, "")
        if NAMES.search(text):
            self.faults.append(f"{attempt}: read {text[max(0, NAMES.search(text).start() - 80) :][:160]!r}")
        if answer.status_code >= 500:
            self.faults.append(f"{attempt}: {answer.status_code}")
        self.look(attempt)

    def look(self, attempt: Attempt) -> None:
        watched = self.world.watched
        if watched.version == self.version:
            return
        after = watched.rows()
        if after != self.before:
            self.writes += 1
            self.faults += [f"{attempt}: {fault}" for fault in faults_of(self.world, attempt.who, self.before, after)]
        watched.restore()
        self.version = watched.version
        if attempt.method == "POST" and ("sign" in attempt.address or "account" in attempt.address):
            self.clients[attempt.who] = self.world.client_of(attempt.who)
            self.version = watched.version

    def run(self, most: int, *, seed: int = 7, only: tuple[str, ...] = (), who: str = "", enough: int = 20) -> "Trial":
        """That many attempts, or fewer where `enough` has gone wrong."""
        found = attempts(self.world, random.Random(seed), only, who)  # noqa: S311  the same each time
        for _number in range(most):
            self.send(next(found))
            if len(self.faults) >= enough:
                break
        return self


def _all_well(trial: Trial, most: int) -> None:
    assert not trial.faults, "\n".join(trial.faults)
    assert sum(trial.seen.values()) == most
    # The attempts must have come as far as to pages, refusals and one's own things, or they tell nothing.
    assert {200, 302, 401, 403, 404} <= set(trial.seen), trial.seen
    assert trial.seen[404] < most * 0.85, trial.seen
    assert trial.writes > most / 200, trial.writes


def test_six_hundred_foreign_requests_read_nothing_and_change_nothing(world: World) -> None:
    _all_well(Trial(world).run(600), 600)


@pytest.mark.slow
def test_twenty_thousand_foreign_requests_read_nothing_and_change_nothing(world: World) -> None:
    _all_well(Trial(world).run(20_000, seed=20_000), 20_000)


# --- the same look catches what it is there for -------------------------------------------------------------------


def _found(world: World, who: str, *only: str) -> list[str]:
    return Trial(world).run(120, only=only, who=who, enough=1).faults


def test_a_loader_that_forgets_who_may_see_is_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A member without a seat sees no case; the permission alone would let them read every one."""
    assert _found(world, "seatless", "registry.attachment") == []
    monkeypatch.setattr("fundapp.registry.queries.visible_to", lambda _person: true())
    assert "seatless: GET" in _found(world, "seatless", "registry.attachment")[0]


def test_a_forgotten_conflict_of_interest_is_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fundapp.accounts.queries.without_conflict", lambda _person: true())
    monkeypatch.setattr("fundapp.permissions.has_conflict", lambda _person, _application: False)
    assert "partial: " in _found(world, "partial", "registry.show", "registry.versions", "remarks.correct_note")[0]


def test_a_second_id_in_an_address_that_is_taken_without_its_first_is_found(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file is looked for among all files instead of among those of the application in the address."""

    def of_anybody(_application: Application, public_id: str) -> Attachment | None:
        return db.session.scalar(select(Attachment).where(Attachment.public_id == public_id))

    asked = ("applications.attachment", "applications.detach")
    assert _found(world, "stranger", *asked) == []
    monkeypatch.setattr("fundapp.applications.queries.attachment", of_anybody)
    assert "attachment" in _found(world, "stranger", *asked)[0]


def test_an_id_in_a_form_that_is_taken_without_a_look_is_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever applies says for which organisation; both the form and the action see that it is their own."""

    def of_anybody(form: Any) -> Organisation | None:
        return db.session.scalar(select(Organisation).where(Organisation.public_id == form.organisation.data))

    assert _found(world, "stranger", "applications.new") == []
    monkeypatch.setattr(StartForm, "chosen_organisation", property(of_anybody))
    monkeypatch.setattr("fundapp.applications.actions._demand_fitting", lambda *_what: None)
    assert "points to ('organisation'" in _found(world, "stranger", "applications.new")[0]


# --- what is not one's own is as if it were not there -------------------------------------------------------------


def _told_apart(world: World, endpoints: list[str]) -> list[str]:
    """Where an id of the owner's is answered otherwise than one that nobody has."""
    found, ids = [], Ids(world)
    clients = {who: world.client_of(who) for who in sorted(world.foreign.wrong)}
    with world.app.test_request_context("/sv/"):
        adapter = world.app.url_map.bind("localhost")
    for endpoint in endpoints:
        place = world.foreign.house.places[endpoint]
        theirs = {name for name, value in place.items() if value in ids.all_theirs}
        if not theirs or world.app.view_functions[endpoint].access == "public":  # type: ignore[attr-defined]
            continue
        addresses = [
            adapter.build(endpoint, {"language": "sv"} | each)
            for each in (place, place | dict.fromkeys(theirs, "zzzzyyyyxxxx"))
        ]
        for method, who in itertools.product(methods_of(world.app, endpoint), sorted(clients)):
            statuses = []
            for address in addresses:
                with clients[who].open(address, method=method) as answer:
                    statuses.append(answer.status_code)
            if statuses[0] != statuses[1] and (who, endpoint) not in RIGHTFUL:
                found.append(f"{who}: {method} {endpoint} {statuses}")
    return found


# The stranger's own board was asked for its opinion, and this is what it was sent.
RIGHTFUL = {("stranger", "referrals.reply"), ("stranger", "referrals.document")}


def test_nothing_tells_a_foreign_id_from_one_that_nobody_has(world: World) -> None:
    found = _told_apart(world, sorted(world.foreign.house.places)[::6])
    assert not found, "\n".join(found)


@pytest.mark.slow
def test_on_no_page_does_anything_tell_a_foreign_id_from_one_that_nobody_has(world: World) -> None:
    found = _told_apart(world, sorted(world.foreign.house.places))
    assert not found, "\n".join(found)


def test_a_page_that_tells_them_apart_is_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def sees_all(public_id: str) -> Application | None:
        return db.session.scalar(select(Application).where(Application.public_id == public_id))

    show = world.app.view_functions["applications.show"]
    seeing = needs(Permission.READ_APPLICATION, of=sees_all)(show.__wrapped__)  # type: ignore[attr-defined]
    monkeypatch.setitem(world.app.view_functions, "applications.show", seeing)
    assert "stranger: GET applications.show [403, 404]" in _told_apart(world, ["applications.show"])
