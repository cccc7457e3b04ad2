"""The wheel, installed into an empty environment, runs: it carries its migrations, catalogues, papers and fonts."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def _run(*command: str | Path, cwd: Path, may_call_out: bool = False, **environment: str) -> str:
    """Run to a good end. `may_call_out`: without the tests' socket guard, since installing asks the package index."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FUNDAPP_")}
    if may_call_out:
        kept.pop("PYTHONPATH", None)
    done = subprocess.run(command, cwd=cwd, env=kept | environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.mark.slow
def test_the_wheel_runs_in_an_empty_environment(tmp_path: Path) -> None:
    source = tmp_path / "source"
    left_out = shutil.ignore_patterns(".venv", ".git", "instance", "__pycache__", ".*_cache", "docs")
    shutil.copytree(ROOT, source, ignore=left_out)
    uv = Path(sys.executable).parent / "uv"
    _run(uv, "build", "--quiet", "--wheel", "-o", tmp_path, source, cwd=tmp_path, may_call_out=True)
    (wheel,) = tmp_path.glob("*.whl")
    _run(sys.executable, "-m", "venv", tmp_path / "empty", cwd=tmp_path)
    program = tmp_path / "empty" / "bin"
    _run(program / "pip", "install", "--quiet", "--disable-pip-version-check", wheel, cwd=tmp_path, may_call_out=True)
    demo = {"FUNDAPP_ENV": "development", "FUNDAPP_DEMO": "1"}
    assert '"code": "kalix"' in _run(program / "fundapp", "plans", "show", "kalix", "--json", cwd=tmp_path)
    _run(program / "fundapp", "db", "upgrade", cwd=tmp_path, **demo)
    assert "amina@tore.example" in _run(program / "fundapp", "demo", cwd=tmp_path, **demo)
    assert (tmp_path / "instance" / "fundapp.db").exists()
    page = "from fundapp.app import create_app; print(create_app().test_client().get('/sv/').text)"
    assert "Så går ansökan till" in _run(program / "python", "-c", page, cwd=tmp_path, **demo)
