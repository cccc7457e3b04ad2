"""Two officials correct an organisation's number: its own people no longer can, once something was sent with it."""

from collections.abc import Iterator

import pytest
from flask import Flask

from fundapp.intake import correcting
from fundapp.languages import speaking
from fundapp.permissions import Role
from fundapp.workflow import StepNotPossible
from tests.factories import on_day
from tests.factories.people import official
from tests.intake.test_correcting_giro import WHY, case, theirs

NEW_NUMBER = "8020015585"


@pytest.fixture
def english(app: Flask) -> Iterator[None]:
    on_day()
    with app.test_request_context("http://localhost/en/"), speaking("en"):
        yield


@pytest.mark.usefixtures("english")
def test_two_officials_change_the_number() -> None:
    application = case()
    one, other = official(Role.REGISTRAR), official(Role.REGISTRAR)
    made = correcting.propose_particulars(application, {"org_number": NEW_NUMBER}, reason=WHY, by=one)
    assert theirs(application).org_number != NEW_NUMBER
    correcting.approve(made, by=other)
    assert theirs(application).org_number == NEW_NUMBER


@pytest.mark.usefixtures("english")
def test_a_number_is_never_taken_away() -> None:
    application = case()
    before = theirs(application).org_number
    with pytest.raises(StepNotPossible):
        correcting.propose_particulars(application, {"org_number": ""}, reason=WHY, by=official(Role.REGISTRAR))
    made = correcting.propose_particulars(
        application, {"org_number": "", "city": "Luleå"}, reason=WHY, by=official(Role.REGISTRAR)
    )
    correcting.approve(made, by=official(Role.REGISTRAR))
    assert (theirs(application).org_number, theirs(application).city) == (before, "Luleå")
