"""What is kept of earlier saves weighs only so much, whatever is sent, and what is kept now is whole."""

import pytest
from flask import Flask
from sqlalchemy import Text, cast, func, select

from fundapp.applications import saving
from fundapp.applications.models import Section, SectionChange
from fundapp.applications.saving import Basis
from fundapp.db import db
from tests.applications.test_saving import CODE, kept, made, save
from tests.factories import on_day

LONG = 100_000


@pytest.fixture(autouse=True)
def day(app: Flask) -> None:
    on_day()


def _changes(app: Flask) -> tuple[int, int]:
    """How many earlier saves are kept, and how many letters they have."""
    weight = func.sum(func.length(cast(SectionChange.before, Text)))
    with app.app_context():
        found = select(func.count(), weight).join(Section, SectionChange.section_id == Section.id)
        number, letters = db.session.execute(found.where(Section.code == CODE)).one()
        return number, letters or 0


def test_long_texts_that_are_saved_again_and_again_are_forgotten_earlier(
    app_on_both: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, heaviest = app_on_both, 5 * LONG
    monkeypatch.setattr(saving, "HEAVIEST", heaviest, raising=False)
    public_id = made(app)
    for number in range(1, 13):
        save(app, public_id, {"purpose": [f"{number} " + "x" * LONG]}, Basis(number, "apage", number))
    number, letters = _changes(app)
    assert (number, letters <= heaviest) == (4, True)
    assert kept(app, public_id)["purpose"][0].startswith("12 x")


def test_what_people_write_is_never_too_heavy_to_be_kept(app: Flask) -> None:
    public_id = made(app)
    for number in range(1, 45):
        save(app, public_id, {"purpose": [f"{number} " + "ه" * 4000]}, Basis(number, "apage", number))
    assert _changes(app)[0] == 45
