"""Which pages are asked, as whom, and which of the floor's each is held against."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any

from flask import Flask, current_app
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import func, select, text

from benchmarks import ground
from benchmarks.serve_app import DAY
from fundapp import clock
from fundapp.accounts.actions import begin_session
from fundapp.accounts.models import Account
from fundapp.app import create_app
from fundapp.applications.models import Application
from fundapp.config import from_environment
from fundapp.db import db
from fundapp.meetings.models import AgendaCase, Meeting, MinuteItem
from fundapp.workflow import ApplicationStatus, MeetingStatus
from tests.factories.applications import GRANT
from tests.factories.decisions import signed

Form = dict[str, str | list[str]]
RAW = hashlib.sha1(b"benchmark", usedforsecurity=False).hexdigest()
FLOOR_FORM: Form = {
    "title": "Språkkafé vid älven",
    "applicant_name": "Kalix Språkkafé",
    "amount_requested": "45000",
}
AT_ONCE = 150  # decisions made final at one sitting
SITTINGS = 5  # that are approved, where the data set has so many decisions; the smallest has one


@dataclass(frozen=True)
class Ask:
    """One request as it is sent, and the status its answer must have."""

    method: str
    path: str
    cookie: str = ""
    form: Form | None = None
    status: int = 200


HELLO, ROWS = cycle([Ask("GET", "/hello")]), cycle([Ask("GET", "/rows")])
ADD = cycle([Ask("POST", "/add", form=FLOOR_FORM, status=303)])


@dataclass(frozen=True)
class Route:
    """A page of the app and its floor. `units`: how many of the floor's go to one. `is_scarce`: each ask works once.
    `grows`: what it asks for is as much as there is, so that its growth is shown and has no goal.
    """

    name: str
    asks: Iterator[Ask]
    floor: Iterator[Ask]
    goal: float | None
    units: int = 1
    is_scarce: bool = False
    most: int = 10**6
    grows: bool = False


class Signer:
    """Makes sessions as rows, and the cookies and form tokens that go with them."""

    def __init__(self, app: Flask) -> None:
        interface: Any = app.session_interface
        self.sessions = interface.get_signing_serializer(app)
        self.token = URLSafeTimedSerializer(app.secret_key or "", salt="wtf-csrf-token").dumps(RAW)

    def cookie(self, account: Account) -> str:
        kept = {"_user_id": begin_session(account), "_fresh": True, "csrf_token": RAW}
        return f"fundapp={self.sessions.dumps(kept)}"


def routes(folder: Path, url: str) -> list[Route]:
    """Every page that is measured, on the database at `url`."""
    with _signing(folder, url) as signer:
        return [*_reading(signer), *_writing(signer)]


@contextmanager
def _signing(folder: Path, url: str) -> Iterator["Signer"]:
    """Sessions made within are kept."""
    app = create_app(from_environment(ground.environment(folder, url)))
    clock.run_from(DAY, folder / "clock")
    with app.test_request_context("/"):
        yield Signer(app)
        db.session.commit()
        db.session.close()
        db.engine.dispose()


def mixed(folder: Path, url: str, browsers: int) -> list[Iterator[Ask]]:
    """For each browser what it asks in turn, ten pages and one section saved; no two write to the same draft."""
    with _signing(folder, url) as signer:
        pages = [route.asks for route in _reading(signer) if route.goal is not None]
        saves = [_saves(signer, place, browsers) for place in range(browsers)]
    start = pages[0]
    return [_turn([start, start, *pages, saved]) for saved in saves]


def export(folder: Path, url: str) -> Ask | None:
    """All cases as CSV, as an official fetches them; None while the app has no such page."""
    with _signing(folder, url) as signer:
        rules = current_app.url_map.iter_rules()
        path = next((rule.rule for rule in rules if "cases" in rule.rule and rule.rule.endswith(".csv")), None)
        officer = signer.cookie(_named("officer@kommun.example"))
    if path is None:
        return None
    return Ask("GET", path.replace("<language:language>", "sv"), officer)


def _turn(asks: list[Iterator[Ask]]) -> Iterator[Ask]:
    for each in cycle(asks):
        yield next(each)


def _saves(signer: "Signer", place: int = 0, of: int = 1) -> Iterator[Ask]:
    """A draft's section saved again and again."""
    form: Form = {"csrf_token": signer.token, **GRANT["project"]}
    own = _own(signer)[place::of]
    return cycle([Ask("POST", f"/sv/applications/{key}/sections/project", cookie, form, 302) for cookie, key in own])


def _named(email: str) -> Account:
    return db.session.scalars(select(Account).where(Account.email == email)).one()


def _gets(paths: list[str], cookie: str = "") -> Iterator[Ask]:
    return cycle([Ask("GET", path, cookie) for path in paths])


def _reading(signer: Signer) -> Iterator[Route]:
    officer = signer.cookie(_named("officer@kommun.example"))
    secretary = signer.cookie(_named("secretary@kommun.example"))
    yield Route("start page, anonymous", _gets(["/sv/"]), HELLO, 6)
    yield Route("cases, first page", _gets(["/sv/cases"], officer), ROWS, 6)
    narrowed = "/sv/cases?state=under_assessment&fund=kalix-integration-fund&mine=1"
    yield Route("cases, three filters on", _gets([narrowed], officer), ROWS, 6)
    yield Route("cases, filter granted", _gets(["/sv/cases?state=granted"], officer), ROWS, 6)
    words = ["odling", "f%C3%B6rening%207", "i%20t%C3%B6re", "KS%202017%3A12"]
    yield Route("cases, text search", _gets([f"/sv/cases?q={word}" for word in words], officer), ROWS, 6)
    yield Route("cases, text search, nothing found", _gets(["/sv/cases?q=finnsinte"], officer), ROWS, 6)
    over, ours = _over(), _own(signer)
    yield Route("case page", _gets([f"/sv/cases/{key}" for key in over], officer), _rows_by_key(over), 10)
    yield Route("own applications", cycle([Ask("GET", "/sv/applications", cookie) for cookie, _key in ours]), ROWS, 6)
    sections = [Ask("GET", f"/sv/applications/{key}/sections/budget", cookie) for cookie, key in ours if key]
    yield Route("own draft, budget section", cycle(sections), _rows_by_key(over), None)
    yield Route("desk", _gets(["/sv/desk"], officer), ROWS, None)
    yield Route("sitting", _gets([f"/sv/meetings/{key}" for key in _sittings()], secretary), ROWS, None)
    yield Route("projects", _gets(["/sv/projects"], officer), ROWS, None)
    yield Route("funded projects, public", _gets(["/sv/funded-projects"]), ROWS, None, most=20)
    yield Route("goals, public", _gets(["/sv/goals"]), ROWS, None, most=20, grows=True)


def _rows_by_key(keys: list[str]) -> Iterator[Ask]:
    return _gets([f"/row/{key}" for key in keys])


def _over() -> list[str]:
    """Some funded cases, old and new."""
    granted = select(Application.id, Application.public_id).where(Application.status == ApplicationStatus.GRANTED)
    first = db.session.execute(granted.order_by(Application.id).limit(20)).all()
    last = db.session.execute(granted.order_by(Application.id.desc()).limit(20)).all()
    return [row.public_id for row in (*first, *last)]


def _own(signer: Signer) -> list[tuple[str, str]]:
    """Cookies of some applicants, each with the public id of a draft."""
    rows = db.session.execute(
        select(Account, Application.public_id)
        .join(Application, Application.created_by_id == Account.id)
        .where(Application.status == ApplicationStatus.DRAFT)
        .order_by(Application.id.desc())
        .limit(10)
    ).all()
    return [(signer.cookie(row[0]), row[1]) for row in rows]


def _sittings() -> list[str]:
    opened = select(Meeting.public_id).where(Meeting.status == MeetingStatus.OPENED).order_by(Meeting.id.desc())
    return list(db.session.scalars(opened.limit(3)))


def _writing(signer: Signer) -> Iterator[Route]:
    drafts = db.session.execute(
        select(Account, Application.public_id)
        .join(Application, Application.created_by_id == Account.id)
        .where(Application.status == ApplicationStatus.DRAFT)
        .order_by(Application.id)
    ).all()
    drafts = drafts[: max(0, len(drafts) - 20)]  # some are left for the pages that read them
    yield Route("save a section", _saves(signer), ADD, None)
    form: Form = {"csrf_token": signer.token}
    asks = [Ask("POST", f"/sv/applications/{key}/submit", signer.cookie(who), form, 302) for who, key in drafts]
    yield Route("send an application", iter(asks), ADD, 4, is_scarce=True, most=60)
    yield _approving(signer)


def _approving(signer: Signer) -> Route:
    """Opened sittings merged until each has as many recorded outcomes as there can be, at most 150, and signed."""
    opened = db.session.execute(
        select(MinuteItem.meeting_id, func.count())
        .join(AgendaCase)
        .join(Meeting)
        .where(Meeting.status == MeetingStatus.OPENED)
        .group_by(MinuteItem.meeting_id)
        .order_by(MinuteItem.meeting_id)
    ).all()
    open_keys = [row[0] for row in opened]
    each = min(AT_ONCE // 5, len(open_keys))
    by = _named("secretary@kommun.example")
    secretary = signer.cookie(by)
    asks = []
    for start in range(0, min(len(open_keys) - each + 1, each * SITTINGS), each or 1):
        keys = open_keys[start : start + each]
        for key in keys[1:]:
            db.session.execute(
                text("UPDATE minute_item SET meeting_id = :to WHERE meeting_id = :key"), {"to": keys[0], "key": key}
            )
        db.session.expire_all()
        meeting = db.session.get_one(Meeting, keys[0])
        signed(meeting, secretary=by)
        form: Form = {"csrf_token": signer.token}
        asks.append(Ask("POST", f"/sv/meetings/{meeting.public_id}/minutes/approve", secretary, form, 302))
    return Route(f"approve {each * 5} decisions", iter(asks[:SITTINGS]), ADD, 3, units=each * 5, is_scarce=True)
