"""Use a page as a browser does: with the token that every form carries."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event
from werkzeug.test import TestResponse

from fundapp.db import db


def token_of(client: FlaskClient) -> str:
    """The token against forgery, from a page that everybody may open."""
    page = client.get("/sv/account", follow_redirects=True).text
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found, "the page holds no form"
    return found[1]


def send(client: FlaskClient, path: str, fields: Mapping[str, Any] | None = None) -> TestResponse:
    """POST `fields` to `path`, token included, and give the answer without following where it leads."""
    return client.post(path, data={**(fields or {}), "csrf_token": token_of(client)})


@contextmanager
def counted(app: Flask) -> Iterator[list[str]]:
    """The statements that are sent within, but for what begins a transaction."""
    sent: list[str] = []

    def one(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith(("PRAGMA", "BEGIN")):
            sent.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", one)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", one)
