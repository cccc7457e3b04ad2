"""Run something inside an app of its own, in a process of its own."""

import tempfile
from collections.abc import Callable
from pathlib import Path

from fundapp.app import create_app
from tests.ground.databases import settings_for


def run(work: Callable[[], None]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(settings_for(Path(folder), f"sqlite:///{folder}/empty.db"))
        with app.app_context():
            work()
