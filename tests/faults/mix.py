"""Eight clients who do what there is to do, at random, and write down what they asked for and what they were told."""

import http.client
import json
import random
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from flask import Flask
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session

from fundapp import manifest
from fundapp.web import once
from tests.factories import DAY
from tests.faults.told import DONE, REFUSED, UNKNOWN, Log, Operation, tag_of
from tests.faults.world import CHECKED, Card, Somebody, Table, World

Fields = list[tuple[str, str]]
ANSWER_WITHIN = 60.0  # seconds; longer than any answer takes
LOOKS_EVERY = 0.25  # seconds between two looks at what there is to do, and at least REST times what a look took
REST = 4
TWICE = 0.08  # share of what is pressed twice at once
AGAIN = 0.1  # share of the cards that stay on the table, for another client to take too
# To press these twice is to save, to call, to choose, or to draw up, twice.
SAVED_ANEW = frozenset({"save", "settle", "check", "link", "roll", "checker", "draw_up"})
STUCK = 60.0  # seconds without anything to do
_FORM = "application/x-www-form-urlencoded"
REASONS = "Projektet ger möten mellan nyanlända och andra invånare."


@dataclass(frozen=True)
class Ask:
    """What is sent: by whom, where, with which fields; `is_read`: a GET."""

    who: Somebody
    path: str
    fields: Fields = field(default_factory=list)
    is_read: bool = False


@dataclass(frozen=True)
class Told:
    """What came back; `status` 0 where nothing did. `is_over`: False where the server may be at it still."""

    status: int
    place: str = ""
    text: str = ""
    is_over: bool = True


class Client(threading.Thread):
    """One of the eight: draws a card, asks for it, writes down the answer, until `ends`."""

    def __init__(self, mix: "Mix", number: int, seed: int) -> None:
        super().__init__(name=f"client {number}")
        self.mix, self.number, self.chance = mix, number, random.Random(seed * 1000 + number)  # noqa: S311  repeatable
        self.own: list[Card] = []
        self.fault: Exception | None = None

    def run(self) -> None:
        try:
            while (card := self.own.pop() if self.own else self.mix.draw(self.chance)) is not None:
                self.act(card)
        except Exception as fault:
            self.fault, self.mix.is_over = fault, True

    def act(self, card: Card) -> None:
        log = self.mix.log
        ask = _ASKS[card.kind](self, card)
        asked = log.ask(self.number, card.kind, ask.who.account, card.thread)
        fields = [*ask.fields, (once.FIELD, asked.tag), *_OWN_WORDS.get(card.kind, _nothing)(asked, card)]
        twice = not ask.is_read and card.kind not in SAVED_ANEW and self.chance.random() < TWICE
        with self.mix.turn_of(ask.who):
            asked = log.ask_again(asked)
            answers = self.send(ask, fields, clicks=2 if twice else 1)
        told = _settled(card, asked, answers)
        log.answer(asked, told[0], is_over=all(each.is_over for each in answers), **told[1])
        if card.kind in ("save", "settle") and told[1].get("is_asked"):
            self.own.append(Card("settle", card.thread, facts={"version": told[1]["version"]}))

    def send(self, ask: Ask, fields: Fields, *, clicks: int) -> list[Told]:
        """Press once, or twice at once: both are sent before an answer is read."""
        body = urlencode([("csrf_token", self.mix.world.token), *fields]).encode()
        words = {"Cookie": ask.who.cookie} | ({} if ask.is_read else {"Content-Type": _FORM})
        links = []
        for _click in range(clicks):
            link = http.client.HTTPConnection("127.0.0.1", self.mix.port, timeout=ANSWER_WITHIN)
            links.append(link)
            with suppress(OSError):
                link.request("GET" if ask.is_read else "POST", ask.path, None if ask.is_read else body, words)
        return [_read(link) for link in links]


def _read(link: http.client.HTTPConnection) -> Told:
    try:
        answer = link.getresponse()
        return Told(answer.status, answer.headers.get("Location", ""), answer.read().decode())
    except TimeoutError:
        return Told(0, is_over=False)
    except (OSError, http.client.HTTPException):
        return Told(0)
    finally:
        link.close()


def _settled(card: Card, asked: Operation, answers: list[Told]) -> tuple[str, dict[str, Any]]:
    """What the answers say together, and what they tell besides. Of two presses one is enough."""
    found = [_one(card, asked, each) for each in answers]
    for wanted in (DONE, UNKNOWN):
        for answer, facts in found:
            if answer == wanted:
                return answer, facts
    return found[0]


def _one(card: Card, asked: Operation, told: Told) -> tuple[str, dict[str, Any]]:
    facts: dict[str, Any] = {"status": told.status, "clicks": 1, **_kept_of(card)}
    if told.status == 0 or told.status >= 500:
        return UNKNOWN, facts
    if card.kind == "look":
        return DONE, facts | {"is_sent": told.status == 200}
    if card.kind in ("save", "settle") and told.status == 200:
        said = json.loads(told.text)
        is_asked = CHECKED in said["asked"]
        # While an earlier text of the person's waits for a choice, the answer shows that one, whatever became of this.
        is_written = None if is_asked else CHECKED not in said["others"]
        return DONE, facts | {"is_written": is_written, "is_asked": is_asked, "version": said["version"]}
    is_there = told.status == 302 and "/sign-in" not in told.place
    if card.kind == "submit":
        is_there = told.place.endswith("/receipt")
    return (DONE, facts) if is_there else (REFUSED, facts | {"page": told.text[:0] or _heading(told.text)})


def _kept_of(card: Card) -> dict[str, Any]:
    return {name: card.facts[name] for name in ("amount", "meeting", "instalment", "case") if name in card.facts}


def _heading(page: str) -> str:
    start = page.find("<h1")
    return page[page.find(">", start) + 1 : page.find("</h1>", start)].strip() if start >= 0 else ""


# --- what each kind asks ----------------------------------------------------------------------------------------


def _by(role: str, path: str, *fields: tuple[str, str], is_read: bool = False) -> Callable[[Client, Card], Ask]:
    def ask(client: Client, card: Card) -> Ask:
        place = path.format(key=card.thread, **card.facts)
        return Ask(client.mix.world.staff[client.number][role], f"/sv{place}", list(fields), is_read)

    return ask


def _with(base: Callable[[Client, Card], Ask], more: Callable[[Client, Card], Fields]) -> Callable[[Client, Card], Ask]:
    def ask(client: Client, card: Card) -> Ask:
        made = base(client, card)
        return Ask(made.who, made.path, [*made.fields, *more(client, card)])

    return ask


def _sign(client: Client, card: Card) -> Ask:
    return Ask(client.mix.world.board[card.facts["seat"]], f"/sv/minutes/{card.facts['minutes']}/sign")


def _approve_payment(client: Client, card: Card) -> Ask:
    """Any officer or secretary; now and then the very person who proposed it, who must be refused."""
    role = client.chance.choice(("officer", "secretary"))
    return _by(role, "/instalments/{instalment}/approve")(client, card)


def _outcome(client: Client, card: Card) -> Fields:
    sought = card.facts["sought"]
    outcome, amount = client.chance.choice(
        [("grant", sought)] * 4 + [("grant_in_part", sought // 2), ("reject", ""), ("dismiss", "")]
    )
    return [("outcome", outcome), ("amount", str(amount)), ("version", str(card.facts["version"]))]


_DAY = DAY.isoformat()
_ASKS: dict[str, Callable[[Client, Card], Ask]] = {
    "save": _by("applicant", "/applications/{key}/sections/project/keep"),
    "settle": _by("applicant", "/applications/{key}/sections/project/keep"),
    "look": _by("applicant", "/applications/{key}/receipt", is_read=True),
    "submit": _by("applicant", "/applications/{key}/submit"),
    "withdraw": _by("applicant", "/applications/{key}/withdraw"),
    "register": _by("registrar", "/applications/{key}/register"),
    "take_up": _by("officer", "/cases/{key}/take-up"),
    "check": _with(
        _by("officer", "/cases/{key}/formal-check", ("seen", "")), lambda c, _card: list(c.mix.world.check.items())
    ),
    "link": _with(
        _by("officer", "/cases/{key}/objectives", ("seen", "")), lambda c, _card: list(c.mix.world.objectives.items())
    ),
    "assess": _by(
        "officer", "/cases/{key}/assessment", ("summary", "Kort."), ("reasons", REASONS), ("score_K1", "3"),
        ("proposed_outcome", "GRANT"), ("proposed_amount", "45 000"),
    ),
    "report": _by("officer", "/cases/{key}/officers-report"),
    "reopen": _by("officer", "/cases/{key}/reopen"),
    "plan": _by("secretary", "/meetings/new", ("board", "KS"), ("held_on", _DAY), ("begins_at", ""), ("place", "")),
    "put_on_agenda": _with(
        _by("secretary", "/meetings/{key}/agenda", ("place", "each")), lambda _c, card: [("cases", card.facts["case"])]
    ),
    "open": _by("secretary", "/meetings/{key}/open"),
    "roll": _with(_by("secretary", "/meetings/{key}/roll", ("chair", "")), lambda c, _card: c.mix.world.roll),
    "checker": _with(
        _by("secretary", "/meetings/{key}/attendance/checker", ("signing_on", _DAY), ("place", "Kommunkontoret")),
        lambda c, _card: [("who", c.mix.world.checker)],
    ),
    "record": _with(
        _by("secretary", "/meetings/items/{item}/cases/{key}", ("reasons", "Skäl."), ("conditions", "")), _outcome
    ),
    "end": _by("secretary", "/meetings/{key}/end"),
    "draw_up": _by("secretary", "/meetings/{key}/minutes"),
    "sign": _sign,
    "approve_minutes": _by("secretary", "/meetings/{key}/minutes/approve"),
    "allow_early": _by("secretary", "/decisions/{decision}/early-payment", ("reason", "Kursen börjar på måndag.")),
    "propose": _by("officer", "/instalments/{instalment}/pay", ("paid_on", _DAY)),
    "approve_payment": _approve_payment,
    "send_back": _by("secretary", "/instalments/{instalment}/send-back", ("reason", "Fel dag.")),
}  # fmt: skip


def _nothing(_asked: Operation, _card: Card) -> Fields:
    return []


def _words(asked: Operation, card: Card) -> Fields:
    """The answer, and which page it comes from: only this operation's."""
    settled = [("shown", CHECKED), (f"keep:{CHECKED}", "mine")] if card.kind == "settle" else []
    version = str(card.facts["version"])
    return [("page", asked.tag), ("step", "1"), ("version", version), (CHECKED, f"Skrivet {asked.tag}"), *settled]


_OWN_WORDS: dict[str, Callable[[Operation, Card], Fields]] = {
    "save": _words,
    "settle": _words,
    "assess": lambda asked, card: [("version", str(card.facts["version"])), ("text", f"Bedömt {asked.tag}")],
    "propose": lambda asked, _card: [("reference", tag_of(asked.number))],
    "approve_payment": lambda _asked, card: [("seen", str(card.facts["version"]))],
    "send_back": lambda _asked, card: [("seen", str(card.facts["version"]))],
}


# --- all together -----------------------------------------------------------------------------------------------


def at_once(count: int) -> int:
    """Cases in play: few in a short run, so that some come to their end."""
    return max(12, min(40, count // 30))


class Mix:
    """The eight, and the table that they draw from. `count`: operations until all stop."""

    def __init__(self, app: Flask, world: World, log: Log, port: int, *, count: int, seed: int) -> None:
        self.app, self.log, self.port, self.count = app, log, port, count
        self.world: World = world
        self.is_over = False
        self.fault: Exception | None = None
        self._cards: list[Card] = []
        self._lock, self._turns = threading.Lock(), dict[int, threading.Lock]()
        self._table, self._seen_at = Table(world, at_once(count)), time.monotonic()
        self.clients = [Client(self, number, seed) for number in range(len(world.staff))]
        self._dealer = threading.Thread(target=self._deal, name="dealer")

    def __enter__(self) -> "Mix":
        for each in (self._dealer, *self.clients):
            each.start()
        return self

    def __exit__(self, *_rest: object) -> None:
        """Nobody begins any more; the first who met what is not theirs to bear is told of."""
        self.is_over = True
        for each in (self._dealer, *self.clients):
            each.join()
        for fault in (self.fault, *(each.fault for each in self.clients)):
            if fault is not None:
                raise fault

    @property
    def is_busy(self) -> bool:
        return any(each.is_alive() for each in self.clients)

    def wait(self) -> None:
        for each in self.clients:
            each.join()

    def turn_of(self, who: Somebody) -> threading.Lock:
        """One person does one thing at a time, also where several clients play the same member of the board."""
        with self._lock:
            return self._turns.setdefault(who.account, threading.Lock())

    def draw(self, chance: random.Random) -> Card | None:
        """A card; waits where none lies there. None at the end."""
        while not self.is_over and self.log.count < self.count:
            with self._lock:
                if self._cards:
                    card = chance.choices(self._cards, [each.weight for each in self._cards])[0]
                    if chance.random() > AGAIN:
                        self._cards.remove(card)
                    self._seen_at = time.monotonic()
                    return card
            if time.monotonic() - self._seen_at > STUCK:
                raise AssertionError(f"nothing to do for {STUCK:.0f} s, after {self.log.count} operations")
            time.sleep(0.02)
        return None

    def _deal(self) -> None:
        """Look what there is to do; while the database is gone, what was seen last stays."""
        while not self.is_over:
            began = time.monotonic()
            try:
                self._look()
            except Exception as fault:
                self.fault, self.is_over = fault, True
            time.sleep(max(LOOKS_EVERY, REST * (time.monotonic() - began)))

    def _look(self) -> None:
        with suppress(OperationalError, InterfaceError), self.app.app_context(), manifest.one_moment() as connection:
            cards = self._table.deal(Session(connection))
            with self._lock:
                self._cards = cards
