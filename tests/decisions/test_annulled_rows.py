"""Claims of annulled decisions survive the migration that made room for them, both ways."""

from flask import Flask
from sqlalchemy import text

from fundapp.db import db
from tests.factories import on_day
from tests.factories.decisions import granted
from tests.factories.force import annulled
from tests.factories.projects import paid, running
from tests.factories.reports import approved

BEFORE = "0018"


def test_every_claim_is_kept_down_and_up_again(app_on_both: Flask) -> None:
    on_day()
    with app_on_both.test_request_context("http://localhost/sv/"):
        of_report = running(amount=45_000)
        paid(of_report, 2)
        approved(of_report, used="30 000")
        of_court = running(amount=45_000)
        paid(of_court)
        annulled(of_court.decision)
        granted()
        wanted = {of_report.public_id: 15_000, of_court.public_id: 22_500}
        db.session.commit()
    with app_on_both.app_context():
        app_on_both.extensions["alembic"].downgrade(BEFORE)
        db.session.commit()
        old = "SELECT p.public_id, c.amount FROM repayment c JOIN report r ON r.id = c.report_id"
        assert _claims(f"{old} JOIN project p ON p.id = r.project_id") == wanted
    with app_on_both.app_context():
        app_on_both.extensions["alembic"].upgrade()
        db.session.commit()
        assert _claims("SELECT p.public_id, c.amount FROM repayment c JOIN project p ON p.id = c.project_id") == wanted


def _claims(query: str) -> dict[str, int]:
    return {row[0]: row[1] for row in db.session.execute(text(query))}
