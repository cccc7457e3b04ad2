"""PostgreSQL killed with -9, postmaster and all, while a thousand applications are sent; and a setting that loses."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.faults.checker import LOST
from tests.faults.ground import Cluster, Run, at_random_moments, standing
from tests.ground import databases

pytestmark = pytest.mark.slow


@pytest.fixture
def cluster(ground: Path) -> Iterator[Cluster]:
    """A server that nobody else uses, with an empty database `fundapp`."""
    folder = ground / f"killed-{uuid4().hex}"
    made = Cluster(folder)
    made.tell("CREATE DATABASE fundapp")
    yield made
    made.stop()
    shutil.rmtree(folder)


def run_with_crashes(folder: Path, cluster: Cluster, *, count: int, kills: int) -> Run:
    """`count` applications sent while the server dies `kills` times and is started again at once."""
    url = f"postgresql+psycopg://postgres@{cluster.address}/fundapp"
    databases._migrate(folder, url)
    with standing(folder, databases.settings_for(folder, url), "nothing", count) as (_workers, run):
        done = run(lambda crowd: at_random_moments(crowd, kills, cluster.crash_and_start))
        assert cluster.kills == kills
        done.tell(cluster.kills, "postgresql itself")
    return done


def test_postgresql_killed_eight_times_loses_halves_and_doubles_nothing(cluster: Cluster, tmp_path: Path) -> None:
    done = run_with_crashes(tmp_path, cluster, count=1000, kills=8)
    assert done.faults == []
    assert done.retries >= 8, "the kills met nobody"
    assert all(each.is_acknowledged for each in done.sendings if each.is_patient)


def test_commits_that_are_not_waited_for_are_found_lost(cluster: Cluster, tmp_path: Path) -> None:
    cluster.tell(
        "ALTER SYSTEM SET synchronous_commit = off",
        "ALTER SYSTEM SET wal_writer_delay = '10s'",
        "SELECT pg_reload_conf()",
    )
    done = run_with_crashes(tmp_path, cluster, count=200, kills=3)
    assert LOST in done.kinds
