"""Use a page as a browser does: with the token that every form carries."""

import re
from collections.abc import Mapping
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse


def token_of(client: FlaskClient) -> str:
    """The token against forgery, from a page that everybody may open."""
    page = client.get("/sv/account", follow_redirects=True).text
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found, "the page holds no form"
    return found[1]


def send(client: FlaskClient, path: str, fields: Mapping[str, Any] | None = None) -> TestResponse:
    """POST `fields` to `path`, token included, and give the answer without following where it leads."""
    return client.post(path, data={**(fields or {}), "csrf_token": token_of(client)})
