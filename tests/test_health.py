"""`/healthz` says ok only when the database answers and its migrations are at head."""

import dataclasses
from pathlib import Path

from flask import Flask
from sqlalchemy import text

from fundapp.app import create_app
from fundapp.config import Settings
from fundapp.db import db


def test_ok_when_the_database_answers_at_head(app_on_both: Flask) -> None:
    answer = app_on_both.test_client().get("/healthz")
    assert answer.status_code == 200
    assert answer.json is not None
    assert answer.json["status"] == "ok"


def test_not_ok_when_migrations_are_missing(app_on_both: Flask) -> None:
    with app_on_both.app_context():
        db.session.execute(text("UPDATE alembic_version SET version_num = '0000'"))
        db.session.commit()
    answer = app_on_both.test_client().get("/healthz")
    assert answer.status_code == 503


def test_not_ok_when_the_database_is_gone(settings: Settings, tmp_path: Path) -> None:
    nowhere = f"sqlite:///{tmp_path / 'no' / 'such' / 'folder' / 'fundapp.db'}"
    app = create_app(dataclasses.replace(settings, database_url=nowhere))
    assert app.test_client().get("/healthz").status_code == 503
