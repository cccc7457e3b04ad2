"""Where to tell of a hole: the file that RFC 9116 describes, and what may stand in it."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient

from fundapp import clock
from fundapp.app import create_app
from fundapp.config import Settings, read
from tests.factories import on_day

PATH = "/.well-known/security.txt"


def test_it_names_the_address_for_less_than_a_year(client: FlaskClient) -> None:
    on_day()
    answer = client.get(PATH)
    fields = dict(line.split(": ", 1) for line in answer.text.splitlines())
    assert answer.content_type == "text/plain; charset=utf-8"
    assert fields["Contact"] == "mailto:sakerhet@kommun.example"
    assert fields["Canonical"] == f"http://localhost{PATH}"
    assert timedelta(days=30) < datetime.fromisoformat(fields["Expires"]) - clock.now() < timedelta(days=365)


def test_without_an_address_there_is_no_file(settings: Settings) -> None:
    app = create_app(replace(settings, security_contact=None))
    assert app.test_client().get(PATH).status_code == 404


@pytest.mark.parametrize(
    ("contact", "is_right"),
    [
        ("mailto:sakerhet@kommun.example", True),
        ("https://kommun.example/sakerhet", True),
        ("sakerhet@kommun.example", False),
        ("http://kommun.example", False),
        ("mailto:", False),
        ("mailto:a@b.example\nExpires: never", False),
    ],
)
def test_an_address_that_is_none_stops_the_start(contact: str, is_right: bool) -> None:
    _found, faults = read({"FUNDAPP_ENV": "development", "FUNDAPP_SECURITY_CONTACT": contact})
    assert any("FUNDAPP_SECURITY_CONTACT" in fault for fault in faults) is not is_right
