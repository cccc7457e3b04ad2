"""Start-up loads what every page needs and nothing else; the slow test measures it as the benchmark does."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from flask import Flask

from benchmarks.ground import Server, environment
from fundapp import revisions
from fundapp.paths import MIGRATIONS

# Each takes tens of milliseconds or megabytes, in every worker; whoever first needs one loads it then.
HEAVY = {
    "alembic", "authlib", "croniter", "email_validator", "filetype", "flask_alembic", "holidays", "joserfc", "mako",
    "phonenumbers", "pikepdf", "PIL", "pillow_heif", "procrastinate", "psycopg_pool", "pygments", "pyrage", "requests",
    "segno", "typst",
}  # fmt: skip
START = "from fundapp.app import create_app; app = create_app(); "
FIRST_PAGE = "assert app.test_client().get('/sv/').status_code == 200; "
TELL = "import sys; print(' '.join(sys.modules))"
STARTS = 5


def _loaded(words: str, environ: dict[str, str]) -> set[str]:
    told = subprocess.run(
        [sys.executable, "-c", words + TELL], env=os.environ | environ, capture_output=True, text=True, check=True
    )
    return set(told.stdout.split())


def _environ(app: Flask, folder: Path) -> dict[str, str]:
    return environment(folder, app.extensions["fundapp.settings"].database_url)


def test_start_and_first_page_load_nothing_that_few_requests_need(app_on_both: Flask, tmp_path: Path) -> None:
    loaded = _loaded(START + FIRST_PAGE, _environ(app_on_both, tmp_path))
    assert loaded & {"fundapp.app", "sqlalchemy"}, "the look itself does not see"
    assert loaded & HEAVY == set()


def test_the_benchmark_s_floor_is_not_the_app(tmp_path: Path) -> None:
    loaded = _loaded("import benchmarks.serve_floor; ", {"FLOOR_DATABASE_URL": "sqlite://"})
    assert "benchmarks.floor" in loaded
    assert [name for name in loaded if name.startswith("fundapp")] == []


def test_the_expected_revision_is_the_one_alembic_finds() -> None:
    assert revisions.head() == ScriptDirectory(str(MIGRATIONS), version_locations=[str(MIGRATIONS)]).get_current_head()


@pytest.mark.slow
def test_the_app_answers_two_seconds_after_its_start(app_on_both: Flask, tmp_path: Path) -> None:
    """The best of several starts with one worker, after one that compiled. Processor time, since the machine that
    tests run on is shared: on one that is not, the wall shows the same.
    """
    url = app_on_both.extensions["fundapp.settings"].database_url
    took = []
    for _start in range(STARTS + 1):
        server = Server(tmp_path, url, "app", workers=1)
        took.append(server.cold_work)
        server.stop()
    assert min(took[1:]) <= 2.0, took
