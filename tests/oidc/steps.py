"""What somebody does who signs in at the provider, page by page."""

import re
from html import unescape
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

Provider = Any  # RealProvider or LyingProvider


def set_out(client: FlaskClient, path: str = "/sv/oidc/start") -> str:
    """The address at the provider that the browser is sent to."""
    answer = client.get(path)
    assert answer.status_code == 302, answer.status
    return str(answer.location)


def press(client: FlaskClient, path: str, **more: str) -> TestResponse:
    """Open the page that the provider leads back to, and press its button."""
    page = client.get(path)
    assert page.status_code == 200, (page.status, page.text[:3000])
    address, fields = form_of(page, **more)
    return client.post(address, data=fields)


def form_of(page: TestResponse, to: str = "oidc/return", **more: str) -> tuple[str, dict[str, str]]:
    """The address and fields of the form that carries the code back, or leads to another address, for `post`."""
    found = re.search(rf'<form[^>]*action="([^"]*{to}[^"]*)"[^>]*>(.*?)</form>', page.text, re.DOTALL)
    assert found, page.text[:3000]
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', found[2]))
    return unescape(found[1]), {name: unescape(value) for name, value in fields.items()} | more


def come_in(client: FlaskClient, provider: Provider, subject: str, path: str = "/sv/oidc/start") -> TestResponse:
    """The whole way: there, signed in there, back, and the button."""
    return press(client, provider.way_back(set_out(client, path), subject))


def is_signed_in(client: FlaskClient) -> bool:
    return client.get("/sv/account").status_code == 200
