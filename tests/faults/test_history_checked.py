"""Eight clients do at random what there is to do, while workers and databases are killed; then the judge looks.

So many operations on each engine: FUNDAPP_OPERATIONS, 3 000 where it says nothing. The issue's size is 100 000.
"""

import os
import random
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from fundapp.config import Settings
from tests.faults import judge
from tests.faults.checker import DOUBLED, LOST
from tests.faults.ground import Cluster, chance
from tests.faults.judge import REORDERED
from tests.faults.mix import Mix
from tests.faults.story import Run, standing
from tests.ground import databases

OPERATIONS = int(os.environ.get("FUNDAPP_OPERATIONS", "3000"))
PER_KILL = 250  # operations between two kills
COMES_TO_ALL = 2000  # operations
SEED = random.Random(os.environ.get("FUNDAPP_SEED")).randrange(10**6)  # noqa: S311  told with the figures


def at_random(mix: Mix, times: int, strike: Callable[[], None]) -> None:
    """Strike so many times, spread over the operations; fewer where they are over before."""
    for number in range(times):
        share = (number + chance.random()) / times * 0.95
        while mix.log.count < share * mix.count and mix.is_busy:
            time.sleep(0.01)
        time.sleep(chance.uniform(0, 0.05))
        if mix.is_busy:
            strike()


def with_workers_killed(
    folder: Path, settings: Settings, *, count: int, kills: int, planted: str = "nothing", seed: int = SEED
) -> Run:
    """The run, with workers killed with -9."""
    with standing(folder, settings, count=count, seed=seed, planted=planted) as (workers, run):
        done = run(lambda mix: at_random(mix, kills, workers.kill_one))
        done.tell(f"{workers.kills} workers killed, seed {seed}", settings.database_url.partition(":")[0])
        assert workers.kills == kills
    return done


def with_both_killed(folder: Path, cluster: Cluster, *, count: int, kills: int, seed: int = SEED) -> Run:
    """The run on a server of the test's own, where the server and workers are killed by turns."""
    url = f"postgresql+psycopg://postgres@{cluster.address}/fundapp"
    databases._migrate(folder, url)
    with standing(folder, databases.settings_for(folder, url), count=count, seed=seed) as (workers, run):

        def strike() -> None:
            if cluster.kills <= workers.kills:
                cluster.crash_and_start()
            else:
                workers.kill_one()

        done = run(lambda mix: at_random(mix, kills, strike))
        done.tell(f"{cluster.kills} servers and {workers.kills} workers killed, seed {seed}", "postgresql")
        assert cluster.kills + workers.kills == kills
    return done


@pytest.fixture
def cluster(ground: Path) -> Iterator[Cluster]:
    """A server that nobody else uses, with an empty database `fundapp`."""
    folder = ground / f"checked-{uuid4().hex}"
    made = Cluster(folder)
    made.tell("CREATE DATABASE fundapp")
    yield made
    made.stop()
    shutil.rmtree(folder)


def well(done: Run) -> None:
    """No fault, and the run was one: the kills met somebody, and in a long one everything there is to do was done."""
    assert done.faults == []
    assert judge.unknown(done.story.operations), "the kills met nobody"
    assert done.story.samples
    if len(done.story.operations) >= COMES_TO_ALL:
        kinds = {each.kind for each in done.story.operations if each.is_done}
        assert kinds == {*judge.BILLS, "save", "settle", "look"}, "the mix did not come to everything"
        assert {move.kind for move in done.story.moves} == {"RESERVE", "UNRESERVE", "GRANT", "PAY"}


@pytest.mark.usefixtures("both_engines")
def test_a_few_operations_under_a_kill_are_as_they_were_told(settings: Settings, tmp_path: Path) -> None:
    done = with_workers_killed(tmp_path, settings, count=80, kills=1)
    assert done.faults == []


@pytest.mark.slow
def test_workers_killed_lose_double_and_reorder_nothing_on_sqlite(settings: Settings, tmp_path: Path) -> None:
    done = with_workers_killed(tmp_path, settings, count=OPERATIONS, kills=max(1, OPERATIONS // PER_KILL))
    well(done)


@pytest.mark.slow
def test_workers_and_servers_killed_lose_double_and_reorder_nothing_on_postgresql(
    cluster: Cluster, tmp_path: Path
) -> None:
    done = with_both_killed(tmp_path, cluster, count=OPERATIONS, kills=max(1, OPERATIONS // PER_KILL))
    well(done)


# --- faults that must be found ----------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.usefixtures("both_engines")
@pytest.mark.parametrize(("planted", "kind"), [("registers_twice", DOUBLED), ("acknowledges_early", LOST)])
def test_a_planted_fault_is_found(settings: Settings, tmp_path: Path, planted: str, kind: str) -> None:
    done = with_workers_killed(tmp_path, settings, count=100, kills=1, planted=planted)
    assert kind in done.kinds


@pytest.mark.slow
def test_commits_that_are_not_waited_for_are_found_lost(cluster: Cluster, tmp_path: Path) -> None:
    cluster.tell(
        "ALTER SYSTEM SET synchronous_commit = off",
        "ALTER SYSTEM SET wal_writer_delay = '10s'",
        "SELECT pg_reload_conf()",
    )
    assert LOST in with_both_killed(tmp_path, cluster, count=300, kills=5).kinds


@pytest.mark.slow
def test_keys_that_are_given_out_in_handfuls_are_found_reordered(cluster: Cluster, tmp_path: Path) -> None:
    """A sequence that each connection takes a hundred keys of at a time: what came later stands before."""
    url = f"postgresql+psycopg://postgres@{cluster.address}/fundapp"
    databases._migrate(tmp_path, url)
    with standing(tmp_path, databases.settings_for(tmp_path, url), count=60, seed=SEED) as (_workers, run):
        with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute("ALTER SEQUENCE history_entry_id_seq CACHE 100")
        assert REORDERED in run(lambda _mix: None).kinds
