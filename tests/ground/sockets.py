"""The guard around every test: whoever reaches for another machine fails, also where the app swallows the refusal."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ground.guarded import guard

GUARDED = Path(__file__).parent / "guarded"


def pytest_configure() -> None:
    guard.put_up()
    # The servers that tests start are Python processes too, and read this folder's sitecustomize.
    before = os.environ.get("PYTHONPATH")
    if str(GUARDED) not in (before or "").split(os.pathsep):
        os.environ["PYTHONPATH"] = os.pathsep.join([str(GUARDED), *([before] if before else [])])


@pytest.fixture(autouse=True)
def stay_here() -> Iterator[list[str]]:
    """Fails the test that reached for another machine. Gives what was reached for; whoever means it empties it."""
    guard.reached_for.clear()
    yield guard.reached_for
    assert guard.reached_for == [], "a test reached for another machine"
