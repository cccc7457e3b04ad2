"""The ground under the state machine of tests/test_life.py: its database, its steps, and the pages that it reads."""

import re
import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from html import unescape
from pathlib import Path
from typing import Any

from flask import Flask
from hypothesis.stateful import RuleBasedStateMachine
from sqlalchemy import select

from fundapp.accounts.models import Account
from fundapp.applications.models import Application
from fundapp.db import db
from fundapp.meetings.models import AgendaCase, Meeting, MinuteItem
from fundapp.workflow import ApplicationStatus, MeetingStatus, NotAllowed, StepNotPossible
from tests.factories import life, on_day
from tests.ground.apps import SignIn


class Ground:
    """One app and one prepared database, which each life begins from anew."""

    def __init__(self, app: Flask, folder: Path, signed_in: SignIn) -> None:
        self.app, self.signed_in, self.kept = app, signed_in, folder / "begun.db"
        self.taken: Counter[str] = Counter()
        with app.app_context():
            on_day()
            self.people = life.settled()
            db.session.commit()
            self.file = Path(str(db.engine.url.database))
        self._close()
        with closing(sqlite3.connect(self.file)) as connection:  # a copy takes the file alone
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copyfile(self.file, self.kept)

    def _close(self) -> None:
        with self.app.app_context():
            db.session.close()
            for engine in db.engines.values():
                engine.dispose()

    def begin_anew(self) -> None:
        self._close()
        for end in ("-wal", "-shm"):
            self.file.with_name(self.file.name + end).unlink(missing_ok=True)
        shutil.copyfile(self.kept, self.file)
        self.app.extensions.pop("fundapp.kept_pages", None)
        on_day()


def of(things: Any, number: int) -> Any:
    """One of what there is. Errors: StepNotPossible where there is nothing."""
    found = list(things)
    if not found:
        raise StepNotPossible("there is none")
    return found[number % len(found)]


class Living(RuleBasedStateMachine):
    def __init__(self, ground: Ground) -> None:
        super().__init__()
        self.ground, self.people, self.words = ground, ground.people, 0
        ground.begin_anew()
        self.clients: dict[int, Any] = {}
        self.there: set[str] = set()
        self.is_changed = True

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """One step, committed; what is refused is undone. Anything else that is raised is a fault."""
        with self.ground.app.app_context():
            try:
                yield
                db.session.commit()
                self.is_changed = True
                self.ground.taken[name] += 1
            except (StepNotPossible, NotAllowed):
                db.session.rollback()
                self.ground.taken[f"{name}, refused"] += 1

    # --- who and what there is ------------------------------------------------------------------------------------

    def who(self, name: str) -> Account:
        return db.session.get_one(Account, getattr(self.people, name))

    def case(self, number: int, *statuses: ApplicationStatus) -> Application:
        rows = select(Application).order_by(Application.id)
        return of(db.session.scalars(rows.where(Application.status.in_(statuses)) if statuses else rows), number)

    def meeting(self, number: int, *statuses: MeetingStatus) -> Meeting:
        rows = select(Meeting).order_by(Meeting.id)
        return of(db.session.scalars(rows.where(Meeting.status.in_(statuses)) if statuses else rows), number)

    def place(self, number: int, *statuses: MeetingStatus) -> tuple[MinuteItem, Application]:
        """A case under a §."""
        rows = select(MinuteItem, Application).join(AgendaCase, AgendaCase.minute_item_id == MinuteItem.id)
        rows = rows.join(Application, Application.id == AgendaCase.application_id).join(MinuteItem.meeting)
        rows = rows.where(Meeting.status.in_(statuses)) if statuses else rows
        item, case = of(db.session.execute(rows.order_by(AgendaCase.id)), number)
        return item, case

    def application_at(self, number: int) -> int | None:
        """The id of the application at that place of an opened sitting, if there is one."""
        try:
            return int(self.place(number, MeetingStatus.OPENED)[1].id)
        except StepNotPossible:
            return None

    def pages(self, application_id: int | None, *, is_last: bool = False) -> dict[str, tuple[int, str]]:
        """The status and the words of the pages on which the case could be told of."""
        if application_id is None:
            return {}
        with self.ground.app.app_context():
            case = db.session.get_one(Application, application_id)
            own, by = f"/sv/applications/{case.public_id}", case.created_by
            items = select(MinuteItem).join(AgendaCase).where(AgendaCase.application_id == case.id)
            public = ["/sv/noticeboard", *(["/sv/noticeboard.atom", "/sv/meetings"] if is_last else [])]
            public += [f"/sv/decisions/KS/{item.year}/{item.number}" for item in db.session.scalars(items)]
            db.session.expunge(by)
        if by.id not in self.clients:
            self.clients[by.id] = self.ground.signed_in(by)
        mine = {path: self.clients[by.id].get(path) for path in (own, "/sv/applications")}
        theirs = {path: self.ground.app.test_client().get(path) for path in public}
        return {path: (page.status_code, words(page.text)) for path, page in {**mine, **theirs}.items()}


def words(page: str) -> str:
    """What is read on a page or in the feed, without what is in the tags (tokens of forms) and the feed's instants."""
    return " ".join(unescape(re.sub(r"<[^>]*>|\b\d{4}-\d\d-\d\dT\S+", " ", page)).split())
