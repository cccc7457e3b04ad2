"""Start-up refuses with every fault at once, of the settings and of the place; `fundapp check` shows all of it."""

import os
import signal
from dataclasses import fields, replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fundapp import config
from fundapp.app import create_app
from fundapp.cli import cli
from fundapp.config import BadSettings, Settings
from fundapp.db import db
from fundapp.safety import unsafe_place
from tests.ground.postgres import on_server, start
from tests.ground.shared import free_port

SECRET = "a secret of more than thirty-two letters"


@pytest.fixture
def environ(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """An environment with nothing of ours but a place and a safe production."""
    for name in [name for name in os.environ if name.startswith("FUNDAPP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("FUNDAPP_INSTANCE", str(tmp_path / "instance"))
    monkeypatch.setenv("FUNDAPP_SECRET_KEY", SECRET)
    monkeypatch.setenv("FUNDAPP_BASE_URL", "https://bidrag.kommun.example")
    monkeypatch.setenv("FUNDAPP_RECORD_KEY", "A" * 43 + "=")
    return monkeypatch


def _check() -> Result:
    return CliRunner().invoke(cli, ["check"])


def _open_folder(tmp_path: Path, mode: int = 0o755) -> Path:
    folder = tmp_path / "open"
    folder.mkdir()
    folder.chmod(mode)
    return folder


def test_a_safe_production_has_no_fault(environ: pytest.MonkeyPatch) -> None:
    found = _check()
    assert (found.exit_code, found.output.splitlines()[-1]) == (0, "no faults")


def test_every_fault_is_named_at_once(environ: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    planted = {
        "FUNDAPP_SECRET_KEY": "short",
        "FUNDAPP_BASE_URL": "http://bidrag.kommun.example",
        "FUNDAPP_DEMO": "1",
        "FUNDAPP_DEMO_DATE": "2017-03-06",
        "FUNDAPP_MUNICIPALITY": "atlantis",
        "FUNDAPP_INSTANCE": str(tmp_path / "file" / "instance"),
        "FUNDAPP_FILES": str(_open_folder(tmp_path, 0o757)),
        "FUNDAPP_DATABASE_URL": f"postgresql://fundapp:hemligt@127.0.0.1:{free_port()}/fundapp",
        "FUNDAPP_PROXIES": "one",
        "FUNDAPP_METRICS_TOKEN": "short",
        "FUNDAPP_LIMIT_FACTOR": "0",
        "FUNDAPP_RECORD_KEY": "short",
    }
    for name, value in planted.items():
        environ.setenv(name, value)
    told = [
        "FUNDAPP_PROXIES must be a number",
        "FUNDAPP_DEMO=1 does not go with production",
        "FUNDAPP_DEMO_DATE does not go with production",
        "FUNDAPP_SECRET_KEY is missing or shorter than 32 characters",
        "FUNDAPP_BASE_URL must be an https address",
        "FUNDAPP_METRICS_TOKEN is shorter than 16 characters",
        "FUNDAPP_LIMIT_FACTOR must be 1 or more",
        "FUNDAPP_RECORD_KEY must be 32 bytes in base64",
        "FUNDAPP_MUNICIPALITY: there is no plan 'atlantis'",
        "FUNDAPP_INSTANCE: ",
        "FUNDAPP_FILES: everybody on this machine may read and write to ",
        "FUNDAPP_DATABASE_URL: the database does not answer (OperationalError)",
    ]
    with pytest.raises(BadSettings) as refused:
        create_app()
    assert len(refused.value.faults) == len(told)
    assert all(fault.startswith(start) for fault, start in zip(refused.value.faults, told, strict=True))
    found = _check()
    assert found.exit_code == 1
    assert [line for line in found.output.splitlines() if line.startswith("fault: ")] == [
        f"fault: {fault}" for fault in refused.value.faults
    ]
    assert found.output.splitlines()[-1] == f"{len(told)} faults"


def test_check_shows_every_setting_with_its_source_and_no_secret(environ: pytest.MonkeyPatch) -> None:
    secrets = {
        "FUNDAPP_SECRET_KEY": "canary-of-the-secret-key-" + "x" * 20,
        "FUNDAPP_SMTP_PASSWORD": "canary-of-the-mail",
        "FUNDAPP_METRICS_TOKEN": "canary-of-the-metrics",
        "FUNDAPP_STORE_SECRET": "canary-of-the-store",
        "FUNDAPP_RECORD_KEY": "canary-of-the-record",
        "FUNDAPP_DATABASE_URL": "postgresql://fundapp:canary-of-the-database@127.0.0.1:1/x?password=canary-two",
    }
    for name, value in secrets.items():
        environ.setenv(name, value)
    environ.setenv("FUNDAPP_BASEURL", "https://mistyped.example")
    lines = _check().output.splitlines()
    assert not any("canary" in line for line in lines)
    shown = {line.partition(" = ")[0]: line for line in lines if " = " in line}
    assert list(shown) == list(config.VARIABLES)
    for name in secrets:
        assert shown[name].endswith("[environment]")
    assert shown["FUNDAPP_ENV"] == "FUNDAPP_ENV = production  [default]"
    assert shown["FUNDAPP_SMTP_HOST"] == "FUNDAPP_SMTP_HOST = (not set)  [default]"
    assert "note: FUNDAPP_BASEURL is set, and nothing reads it" in lines


def test_every_setting_has_its_variable() -> None:
    assert set(config.VARIABLES.values()) == {field.name for field in fields(Settings)}


MODES = [(0o700, True), (0o750, True), (0o770, True), (0o751, True), (0o704, False), (0o702, False)]


@pytest.mark.parametrize(("mode", "is_safe"), MODES)
def test_the_folder_of_files_is_not_open_to_everybody(
    settings: Settings, tmp_path: Path, mode: int, is_safe: bool
) -> None:
    strict = replace(settings, is_production=True, files=_open_folder(tmp_path, mode))
    assert (unsafe_place(strict) == []) is is_safe
    assert unsafe_place(replace(strict, is_production=False)) == []


def test_a_file_in_place_of_the_folder_is_told(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert unsafe_place(replace(settings, is_production=True, files=tmp_path / "file")) == [
        f"FUNDAPP_FILES: {tmp_path / 'file'} is not a folder"
    ]


@pytest.mark.parametrize("url", ["nonsense", "mysql://x@127.0.0.1/x", "nonesuch://127.0.0.1/x"])
def test_an_address_of_a_database_that_cannot_be_understood_is_told(settings: Settings, url: str) -> None:
    faults = unsafe_place(replace(settings, is_production=True, database_url=url))
    assert faults == ["FUNDAPP_DATABASE_URL cannot be understood: write sqlite:///… or postgresql://…"]


def test_what_a_development_cannot_keep_is_told_too(environ: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    environ.setenv("FUNDAPP_ENV", "development")
    environ.delenv("FUNDAPP_SECRET_KEY")
    environ.setenv("FUNDAPP_INSTANCE", str(tmp_path / "file" / "instance"))
    with pytest.raises(BadSettings) as refused:
        create_app()
    assert [fault.partition(":")[0] for fault in refused.value.faults] == [
        f"FUNDAPP_SECRET_KEY is missing, and none can be kept in {tmp_path / 'file' / 'instance'}",
        "FUNDAPP_INSTANCE",
    ]


@pytest.mark.slow
def test_a_postgresql_that_may_forget_a_commit_or_a_page_is_told_of_in_full(settings: Settings, ground: Path) -> None:
    server = ground / f"unsafe-{os.getpid()}"  # in the folder that PostgreSQL's own user may walk through
    address = start(server, run=os.getpid())
    url = f"postgresql+psycopg://postgres@{address}/postgres"
    strict = replace(settings, is_production=True, database_url=url)
    try:
        assert unsafe_place(strict) == []
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            on_server(address, f"ALTER SYSTEM SET {name} = off")
        on_server(address, "SELECT pg_reload_conf()")
        on_server(address, "SELECT pg_sleep(1)")
        with pytest.raises(BadSettings) as refused:
            create_app(strict)
        assert refused.value.faults == [
            f"PostgreSQL runs with {name}=off" for name in ("fsync", "synchronous_commit", "full_page_writes")
        ]
    finally:
        os.kill(int((server / "cluster" / "postmaster.pid").read_text().split()[0]), signal.SIGINT)


def test_the_place_is_looked_at_before_a_given_setting_is_used(settings: Settings) -> None:
    with pytest.raises(BadSettings) as refused:
        create_app(replace(settings, municipality="atlantis"))
    assert len(refused.value.faults) == 1
    app = create_app(settings)
    with app.app_context():
        db.engine.dispose()
