"""Who took no part was kept beside the decision once (revision 0012 and before); nobody is lost on the way, or back."""

from flask import Flask
from sqlalchemy import select, text

from fundapp.db import db
from fundapp.meetings.disqualifying import disqualify
from fundapp.meetings.proceedings import Disqualification
from fundapp.permissions import Role
from tests.factories import on_day
from tests.factories.decisions import recorded
from tests.factories.meetings import on_agenda
from tests.factories.people import official


def test_absences_become_disqualifications_and_come_back(app_on_both: Flask) -> None:
    on_day()
    with app_on_both.test_request_context():
        item = on_agenda()
        for name in ("Eva Ek", "Bo Alm"):
            disqualify(item, None, name=name, by=official(Role.SECRETARY))
        recorded(item)
        db.session.commit()
    with app_on_both.app_context():
        app_on_both.extensions["alembic"].downgrade("0012")
        db.session.commit()
        assert db.session.scalars(text("SELECT name FROM absence ORDER BY id")).all() == ["Eva Ek", "Bo Alm"]
        db.session.execute(text("DELETE FROM disqualification"))
        db.session.commit()
    with app_on_both.app_context():
        app_on_both.extensions["alembic"].upgrade()
        db.session.commit()
        rows = db.session.scalars(select(Disqualification).order_by(Disqualification.id)).all()
        assert [row.name for row in rows] == ["Eva Ek", "Bo Alm"]
        assert all(row.application_id is not None for row in rows)
