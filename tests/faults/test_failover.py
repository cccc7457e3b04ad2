"""The database's first server is gone while applications are sent, and its standby takes over: nothing that was
acknowledged is lost, and the web servers find their way without being started anew.
"""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from flask import Flask
from sqlalchemy import NullPool, create_engine

from fundapp.db import db, place_of_server, unsafe_settings
from tests.faults import checker
from tests.faults.checker import LOST, Fault
from tests.faults.ground import Workers
from tests.faults.pair import Pair, two_servers, workers_of
from tests.faults.people import Crowd, Sending
from tests.faults.visitor import Visitor

pytestmark = pytest.mark.slow

BACK_WITHIN = 30.0  # seconds from the blow to an answer of both web servers
AWAY = 15.0  # five or six, where the machine has nothing else to do; without an end it would be as long as it lasts


@pytest.fixture
def pair(ground: Path) -> Iterator[Pair]:
    made = Pair(ground / f"pair-{uuid4().hex}")
    yield made
    made.stop()


def _at(crowd: Crowd, share: float) -> None:
    while crowd.done < share * crowd.total:
        assert crowd.is_busy, "the crowd was through before the harm was done"
        time.sleep(0.01)


def _answers(server: Workers, draft: Sending) -> bool:
    """Whether a page that asks the database answers."""
    try:
        return Visitor(server.port, draft.cookie).get("/sv/applications").status == 200
    except OSError:
        return False


def _back_after(servers: list[Workers], draft: Sending, blow: Callable[[], None]) -> float:
    """Seconds from the blow until every web server answers again."""
    began = time.monotonic()
    blow()
    for server in servers:
        while not _answers(server, draft):
            assert time.monotonic() - began < 2 * BACK_WITHIN, server.log.read_text()[-3000:]
            time.sleep(0.1)
    return time.monotonic() - began


def _faults(app: Flask, ready: list[Sending]) -> list[Fault]:
    with app.app_context():
        db.engine.dispose()  # what this process has open may lead to the first
        found = checker.faults(ready)
        db.session.close()
    return found


def _run(
    app: Flask, servers: list[Workers], ready: list[Sending], harm: Callable[[Crowd], float]
) -> tuple[list[Fault], float]:
    """What is wrong afterwards, and what the harm measured."""
    crowd = Crowd([server.port for server in servers], ready)
    try:
        took = harm(crowd)
        crowd.finish()
    finally:
        crowd.leave()
    for server in servers:
        server.stop()
    found = _faults(app, ready)
    known = sum(each.is_acknowledged for each in ready)
    told = f"back after {took:.1f} s, {len(ready)} applications, {known} acknowledged, {len(found)} faults"
    sys.stdout.write(f"\n{told}\n")
    return found, took


@pytest.mark.parametrize(("way", "count"), [("killed", 400), ("hanging", 200)])
def test_a_standby_takes_over_and_nothing_acknowledged_is_lost(
    way: str, count: int, pair: Pair, tmp_path: Path, s3_address: str, bucket: str
) -> None:
    with two_servers(tmp_path, pair, (s3_address, bucket), count) as (app, servers, ready):
        pair.wait_for_each_other()
        before = workers_of(servers)

        def blow() -> None:
            pair.kill_first() if way == "killed" else pair.hang_first()
            pair.promote()

        def harm(crowd: Crowd) -> float:
            _at(crowd, 0.4)
            took = _back_after(servers, ready[0], blow)
            assert workers_of(servers) == before, "a web server was started anew"
            acknowledged = sum(each.is_acknowledged for each in ready)
            assert acknowledged < crowd.total, "the crowd was through"
            return took

        found, took = _run(app, servers, ready, harm)
    assert found == []
    assert took < BACK_WITHIN
    assert all(each.is_acknowledged for each in ready if each.is_patient)
    assert any(each.is_attached for each in ready)


def test_a_standby_that_nobody_waits_for_loses_what_was_acknowledged(
    pair: Pair, tmp_path: Path, s3_address: str, bucket: str
) -> None:
    """The test above can fail: the same, with commits that are answered before the standby has them."""
    with two_servers(tmp_path, pair, (s3_address, bucket), 150) as (app, servers, ready):
        pair.wait_for_each_other()
        pair.wait_for_nobody()
        refused = ["PostgreSQL runs with synchronous_commit=local"]  # why production would not have started
        engine = create_engine(pair.url, poolclass=NullPool)
        pair.until(lambda: unsafe_settings(engine) == refused)

        def blow() -> None:
            pair.kill_first()
            pair.promote()

        def harm(crowd: Crowd) -> float:
            _at(crowd, 0.3)
            pair.hold_up()
            _at(crowd, 0.6)
            return _back_after(servers, ready[0], blow)

        found, _took = _run(app, servers, ready, harm)
    assert LOST in {fault.kind for fault in found}


def test_a_standby_that_is_away_leaves_nobody_without_an_answer(
    pair: Pair, tmp_path: Path, s3_address: str, bucket: str
) -> None:
    """A commit that waits for it is not said to be kept; who only reads is served; and it is kept when it is back."""
    with two_servers(tmp_path, pair, (s3_address, bucket), 10) as (app, servers, ready):
        pair.wait_for_each_other()
        draft, other = ready[:2]
        visitor = Visitor(servers[0].port, draft.cookie)
        with psycopg.connect(f"postgresql://postgres@{pair.first.address}/fundapp") as connection:
            # So that who reads is noted as seen, which must not wait for the standby.
            connection.execute("UPDATE login_session SET last_seen_at = last_seen_at - interval '10 minutes'")
        pair.hold_up()
        answer = visitor.post(f"/sv/applications/{draft.public_id}/submit", [("csrf_token", draft.token)])
        assert (answer.status, answer.page.find_all("form")) == (503, []), answer.text[:2000]
        assert answer.seconds < AWAY
        read = Visitor(servers[1].port, other.cookie).get(f"/sv/applications/{other.public_id}")
        assert (read.status, read.seconds < AWAY) == (200, True)
        pair.let_on()
        receipt = f"/sv/applications/{draft.public_id}/receipt"
        until = time.monotonic() + BACK_WITHIN
        while visitor.get(receipt).status != 200 and time.monotonic() < until:
            time.sleep(0.2)
        assert visitor.get(receipt).status == 200
        draft.is_acknowledged = True
        assert _faults(app, ready) == []


def test_a_cancelled_wait_for_a_standby_would_be_answered_as_if_all_were_well(pair: Pair) -> None:
    """Why a commit that takes too long is hung up on and never cancelled, and why there is no statement_timeout."""
    pair.wait_for_each_other()
    pair.hold_up()
    with psycopg.connect(f"postgresql://postgres@{pair.first.address}/fundapp") as connection:
        told: list[str] = []
        connection.add_notice_handler(lambda notice: told.append(notice.message_primary or ""))
        connection.execute("CREATE TABLE said (word text)")
        later = threading.Timer(1, connection.cancel_safe)
        later.start()
        connection.commit()  # no error
        later.join()
    assert any("synchronous replication" in each for each in told), told
    pair.let_on()


def test_every_program_of_ours_is_told_of_both_servers(pair: Pair) -> None:
    """The queue and the backup ask by libpq's own words, not by SQLAlchemy's."""
    engine = create_engine(pair.url)
    words = place_of_server(engine)
    pair.kill_first()
    pair.promote()
    with psycopg.connect(**words, connect_timeout=5) as connection:
        assert connection.info.port == int(pair.standby.rpartition(":")[2])
    engine.dispose()
