"""The database is stopped, hangs or is held by somebody else: a page in time that keeps what was typed."""

import os
import shutil
import signal
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import create_engine, text

from fundapp import clock, patience
from fundapp.app import create_app
from fundapp.config import Settings
from fundapp.db import db, guard
from tests.factories import DAY
from tests.faults.ground import Cluster, Workers, _children, sendings
from tests.faults.people import Sending
from tests.faults.visitor import Visitor, answered_within, fields_of, text_of
from tests.ground import databases, postgres

pytestmark = pytest.mark.slow

IN_TIME = 5.0
STOPPED_FOR = 30.0
BACK_WITHIN = 10.0
WORDS = 'Vi träffas <b>varje</b> onsdag & "läser";\r\nنقرأ معًا </textarea><script>alert(1)</script>'


class Stoppable(Cluster):
    """A server that is stopped and started in order, or stopped in its tracks so that it neither answers nor ends."""

    def end(self) -> None:
        """As `pg_ctl stop -m fast`."""
        self.stop()

    def begin(self) -> None:
        program = str(postgres.programs() / "postgres")
        words = [*postgres.unprivileged(), program, "-D", str(self.folder / "cluster")]
        with (self.folder / "log").open("a") as log:
            self.server = subprocess.Popen(
                [*words, "-p", self.address.rpartition(":")[2]], cwd=self.folder, stdout=log, stderr=log
            )
        for _look in range(600):
            with suppress(psycopg.OperationalError):
                psycopg.connect(f"postgresql://postgres@{self.address}/postgres", connect_timeout=5).close()
                return
            time.sleep(0.05)
        raise AssertionError((self.folder / "log").read_text()[-2000:])

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, which: int) -> None:
        first = self._postmaster()
        for pid in (first, *_children(first)):
            with suppress(ProcessLookupError):
                os.kill(pid, which)


@pytest.fixture
def cluster(ground: Path) -> Iterator[Stoppable]:
    folder = ground / f"stopped-{uuid4().hex}"
    made = Stoppable(folder)
    made.tell("CREATE DATABASE fundapp")
    yield made
    made.thaw()
    made.stop()
    shutil.rmtree(folder)


@contextmanager
def served(folder: Path, settings: Settings) -> Iterator[tuple[Workers, Sending]]:
    """gunicorn with two workers on the settings' database, and somebody's draft."""
    told = replace(settings, smtp_host="127.0.0.1")
    app = create_app(told)
    clock.run_from(DAY, folder / "clock")
    (draft, *_others) = sendings(app, 10)
    with app.app_context():
        db.engine.dispose()
    workers = Workers(folder, told, "nothing")
    try:
        yield workers, draft
    finally:
        workers.stop()


@pytest.fixture
def on_postgresql(tmp_path: Path, cluster: Stoppable) -> Iterator[tuple[Workers, Sending]]:
    url = f"postgresql+psycopg://postgres@{cluster.address}/fundapp"
    databases._migrate(tmp_path, url)
    with served(tmp_path, databases.settings_for(tmp_path, url)) as made:
        yield made


def _section(draft: Sending) -> str:
    return f"/sv/applications/{draft.public_id}/sections/project"


def _written(visitor: Visitor, path: str) -> list[tuple[str, str]]:
    """The section's form as the page has it, with our words typed into one field, and "Save" pressed."""
    form = next(each for each in visitor.get(path).page.find_all("form") if each.find(attrs={"name": "summary"}))
    kept = [(name, value) for name, value in fields_of(form) if name != "background"]
    return [*kept, ("background", WORDS), ("leave", "1")]


def _kept(visitor: Visitor, path: str) -> str:
    (area,) = visitor.get(path).page.find_all(attrs={"name": "background"})
    return text_of(area)


@pytest.mark.parametrize("way", ["stopped", "hanging"])
def test_what_was_typed_survives_a_database_that_is_away_for_thirty_seconds(
    way: str, cluster: Stoppable, on_postgresql: tuple[Workers, Sending]
) -> None:
    workers, draft = on_postgresql
    visitor, path = Visitor(workers.port, draft.cookie), _section(draft)
    written = _written(visitor, path)
    gone = time.monotonic()
    cluster.end() if way == "stopped" else cluster.freeze()
    answers = []
    while time.monotonic() - gone < STOPPED_FOR:
        answers.append(visitor.post(path, written, come_from=path))
        assert answered_within(visitor.get("/sv/"), IN_TIME)
        assert visitor.get("/livez").status == 200
        time.sleep(4)
    assert all(answered_within(answer, IN_TIME) for answer in answers), [answer.seconds for answer in answers]
    last = answers[-1]
    assert (last.page.html["lang"], last.page.find("script")) == ("sv", None)  # type: ignore[index]
    assert [each.get_text() for each in last.page.select(".original") if "onsdag" in each.get_text()] == [WORDS]
    assert ("background", WORDS) in fields_of(last.page.find("form"))  # type: ignore[arg-type]
    cluster.begin() if way == "stopped" else cluster.thaw()
    back = time.monotonic()
    while visitor.get("/sv/").status != 200:
        assert time.monotonic() - back < BACK_WITHIN
        time.sleep(0.2)
    saved = visitor.press(last)
    assert (saved.status, time.monotonic() - back < BACK_WITHIN) == (302, True)
    assert _kept(visitor, path).splitlines() == WORDS.splitlines()


@pytest.mark.parametrize("way", ["stopped", "hanging"])
def test_who_is_not_known_has_the_same_page(
    way: str, cluster: Stoppable, on_postgresql: tuple[Workers, Sending]
) -> None:
    """Nobody signed in, and somebody whose session cannot be looked up."""
    workers, draft = on_postgresql
    nobody = Visitor(workers.port)
    (form,) = [each for each in nobody.get("/sv/sign-in").page.find_all("form") if each.find(attrs={"name": "email"})]
    fields = [(name, value) for name, value in fields_of(form) if name != "email"]
    cluster.end() if way == "stopped" else cluster.freeze()
    answer = nobody.post("/sv/sign-in", [*fields, ("email", "amina@forening.example")])
    assert answered_within(answer, IN_TIME)
    assert ("email", "amina@forening.example") in fields_of(answer.page.find("form"))  # type: ignore[arg-type]
    for path in ("/en/no/such/page", "/en/applications"):
        assert answered_within(Visitor(workers.port, draft.cookie).get(path), IN_TIME)
    cluster.begin() if way == "stopped" else cluster.thaw()


def test_the_first_page_after_a_restart_is_right_at_once(
    cluster: Stoppable, on_postgresql: tuple[Workers, Sending]
) -> None:
    """Nobody asked while it was away, so that every connection in the workers' pools is a dead one."""
    workers, draft = on_postgresql
    visitor = Visitor(workers.port, draft.cookie)
    assert [visitor.get("/sv/applications").status for _number in range(12)] == [200] * 12
    cluster.end()
    cluster.begin()
    assert [visitor.get("/sv/applications").status for _number in range(12)] == [200] * 12


def test_a_long_statement_is_waited_for_and_a_hanging_server_is_not(cluster: Stoppable) -> None:
    engine = create_engine(f"postgresql+psycopg://postgres@{cluster.address}/fundapp")
    guard(engine)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT 'waited' FROM pg_sleep(3.5)")) == "waited"
        cluster.freeze()
        began = time.monotonic()
        with pytest.raises(Exception, match="timeout") as met:
            connection.scalar(text("SELECT 1"))
        assert time.monotonic() - began < IN_TIME
    assert isinstance(met.value.orig, psycopg.OperationalError)  # type: ignore[attr-defined]
    engine.dispose()


def test_a_connection_that_nobody_watches_over_would_wait_for_ever(cluster: Stoppable) -> None:
    """The tests above can fail: psycopg alone has no limit for an answer."""
    bare = psycopg.connect(f"postgresql://postgres@{cluster.address}/fundapp", connect_timeout=3)
    cluster.freeze()
    answered = threading.Event()
    asking = threading.Thread(target=lambda: (bare.execute("SELECT 1"), answered.set()))
    asking.start()
    assert not answered.wait(IN_TIME + 1)
    cluster.thaw()
    asking.join()
    assert answered.is_set()
    bare.close()


# --- SQLite: somebody else writes ---------------------------------------------------------------------------------


@pytest.fixture
def on_sqlite(settings: Settings, tmp_path: Path) -> Iterator[tuple[Workers, Sending]]:
    with served(tmp_path, settings) as made:
        yield made


def _hold(settings: Settings) -> Callable[[], None]:
    """Take the write lock of the SQLite file; gives what lets go of it."""
    file = settings.database_url.removeprefix("sqlite:///")
    other = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    return other.close


def _as_if_last_seen_long_ago(settings: Settings) -> None:
    with sqlite3.connect(settings.database_url.removeprefix("sqlite:///")) as other:
        other.execute("UPDATE login_session SET last_seen_at = datetime(last_seen_at, '-10 minutes')")
    other.close()


def test_a_file_that_somebody_else_writes_to_for_long_keeps_what_was_typed(
    settings: Settings, on_sqlite: tuple[Workers, Sending]
) -> None:
    workers, draft = on_sqlite
    visitor, path = Visitor(workers.port, draft.cookie), _section(draft)
    written = _written(visitor, path)
    _as_if_last_seen_long_ago(settings)
    let_go = _hold(settings)
    answer = visitor.post(path, written, come_from=path)
    assert answered_within(answer, IN_TIME)
    read = visitor.get(path)  # goes on, though nobody can note that they were here
    assert (read.status, read.seconds < IN_TIME / 2) == (200, True)
    let_go()
    assert visitor.press(answer).status == 302
    assert _kept(visitor, path).splitlines() == WORDS.splitlines()


def test_a_short_turn_of_somebody_else_is_waited_for(settings: Settings, on_sqlite: tuple[Workers, Sending]) -> None:
    workers, draft = on_sqlite
    visitor, path = Visitor(workers.port, draft.cookie), _section(draft)
    written = _written(visitor, path)
    later = threading.Timer(2, _hold(settings))
    later.daemon = True
    later.start()
    assert visitor.post(path, written).status == 302
    later.join()


def test_the_waits_together_are_shorter_than_the_promise() -> None:
    assert patience.QUIET + patience.CONNECTING < IN_TIME
    assert max(patience.PAGE, patience.POOL) < IN_TIME
