from flask import Flask

from fundapp.workflow import ApplicationStatus
from tests.factories import on_day
from tests.factories.assessments import assessed


def test_assessed(app: Flask) -> None:
    on_day()
    with app.test_request_context():
        application = assessed()
        assert application.status is ApplicationStatus.ASSESSED
