"""Web workers killed with -9 while a thousand applications are sent, on both engines; and faults that must be found."""

from pathlib import Path

import pytest

from fundapp.config import Settings
from tests.faults.checker import DOUBLED, HALF, LOST
from tests.faults.ground import Run, at_random_moments, standing

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("both_engines")]


def run_with_kills(folder: Path, settings: Settings, *, count: int, kills: int, planted: str = "nothing") -> Run:
    """`count` applications sent while workers die `kills` times."""
    with standing(folder, settings, planted, count) as (workers, run):
        done = run(lambda crowd: at_random_moments(crowd, kills, workers.kill_one))
        assert workers.kills == kills
        done.tell(workers.kills, settings.database_url.partition(":")[0])
    return done


def test_workers_killed_twenty_times_lose_halve_and_double_nothing(settings: Settings, tmp_path: Path) -> None:
    done = run_with_kills(tmp_path, settings, count=1000, kills=20)
    assert done.faults == []
    assert done.retries >= 20, "the kills met nobody"
    assert all(each.is_acknowledged for each in done.sendings if each.is_patient)


@pytest.mark.parametrize(
    ("planted", "kind"), [("acknowledges_early", LOST), ("keeps_half", HALF), ("sends_again", DOUBLED)]
)
def test_a_planted_fault_is_found(settings: Settings, tmp_path: Path, planted: str, kind: str) -> None:
    done = run_with_kills(tmp_path, settings, count=120, kills=4, planted=planted)
    assert kind in done.kinds
