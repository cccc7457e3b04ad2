"""Two administrators, and the pages of one of them."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from fundapp.db import db
from tests.factories import on_day
from tests.factories.funds import administrators
from tests.ground.apps import SignIn


@pytest.fixture
def office(app: Flask) -> Flask:
    on_day()
    with app.app_context():
        administrators()
        db.session.commit()
    return app


@pytest.fixture
def ada(office: Flask, signed_in: SignIn) -> FlaskClient:
    return signed_in("ada@kommun.example")
