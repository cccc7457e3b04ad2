"""The deadline hour in small: nobody meets a fault, and what is told to be kept is there; also where too many come."""

import shutil
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from uuid import uuid4

import pytest

from benchmarks import deadline
from benchmarks.deadline import Load, Told
from benchmarks.ground import environment
from fundapp.app import create_app
from fundapp.config import from_environment
from tests.ground.postgres import on_server

pytestmark = pytest.mark.slow


@pytest.fixture
def folder(ground: Path) -> Iterator[Path]:
    made = ground / f"deadline-{uuid4().hex}"
    made.mkdir()
    yield made
    shutil.rmtree(made)


@pytest.fixture
def url(postgresql: str) -> Iterator[str]:
    name = f"deadline_{uuid4().hex}"
    on_server(postgresql, f"CREATE DATABASE {name}")
    yield f"postgresql+psycopg://postgres@{postgresql}/{name}"
    on_server(postgresql, f"DROP DATABASE {name} WITH (FORCE)")


def test_an_hour_in_small_has_no_fault_and_loses_nothing(folder: Path, url: str) -> None:
    load = Load(forms=60, sends=15, seconds=40, ramp=5, pause=4)
    told = deadline.run(folder, url, load)
    deadline.tell(told, load)
    assert (told.faults, told.lost) == ([], [])
    assert told.sent == load.sends
    assert len(told.of("attach")) >= 3 * load.sends
    assert len(told.of("save")) > load.forms
    _finds_what_is_not_there(folder, url, told)


def _finds_what_is_not_there(folder: Path, url: str, told: Told) -> None:
    """The same check must find each thing that somebody was told and that is not so."""
    app = create_app(from_environment(environment(folder, url)))
    writer = next(each for each in told.people if not each["is_sent"])
    doctored = deepcopy(told)
    planted = {
        "was sent": {"is_sent": True},
        "is missing": {"attached": ["bilaga.pdf"]},
        "is kept": {"kept": writer["written"] + 1},
        "the draft": {"id": "no such one"},
    }
    for words, change in planted.items():
        doctored.people = [writer | change]
        assert words in " ".join(deadline.lost(app, doctored))
    doctored.answers[0] |= {"status": 500, "is_told": False}
    assert doctored.faults == [f"{doctored.answers[0]['what']}: 500"]


def test_where_too_many_come_some_are_told_to_come_back_and_nothing_is_lost(folder: Path, url: str) -> None:
    load = Load(forms=75, sends=10, seconds=20, ramp=5, pause=0.1, workers=1)  # more than one worker has places for
    told = deadline.run(folder, url, load)
    deadline.tell(told, load)
    assert told.turned_away > 0
    assert (told.faults, told.lost) == ([], [])
    assert told.sent == load.sends
