"""The auditor's pages: how the record stands, the entries of one case, one entry with its proof."""

import pytest
from flask import Flask
from sqlalchemy import delete, func, select, text, update

from fundapp.accounts.actions import declare_conflict
from fundapp.accounts.models import Organisation
from fundapp.db import db
from fundapp.permissions import Role
from fundapp.record import actions, guards, queries
from fundapp.record.models import RecordEntry, RecordNode
from tests.factories import on_day
from tests.factories.decisions import granted
from tests.factories.people import official
from tests.ground.apps import SignIn

AUDITOR = "auditor@kommun.example"


def _grown(app: Flask, *, is_entered: bool = True) -> tuple[str, str]:
    """A granted case and what it is called: the diary number, and who may look."""
    on_day()
    with app.test_request_context():
        decision = granted()
        official(Role.AUDITOR, email=AUDITOR)
        db.session.commit()
        if is_entered:
            actions.enter_waiting()
            actions.export()
            db.session.commit()
        return decision.case.diary_number, decision.application.public_id


def test_the_page_shows_the_root_that_is_signed_and_whether_it_goes_on(app: Flask, signed_in: SignIn) -> None:
    _grown(app)
    page = signed_in(AUDITOR).get("/sv/record").text
    with app.test_request_context():
        signed = queries.signed_root()
    assert signed.root in page
    assert signed.public_key in page
    assert "notice-good" in page


def test_what_is_not_entered_yet_is_counted(app: Flask, signed_in: SignIn) -> None:
    _grown(app, is_entered=False)
    page = signed_in(AUDITOR).get("/sv/record").text
    assert "notice-attention" in page  # nothing is exported yet
    with app.test_request_context():
        left = actions.enter_waiting()
    assert f'<bdi dir="ltr">{left}</bdi>' in page


def test_a_case_is_looked_up_by_its_number_and_each_entry_has_its_proof(app: Flask, signed_in: SignIn) -> None:
    number, _case = _grown(app)
    auditor = signed_in(AUDITOR)
    page = auditor.get("/sv/record", query_string={"case": f" {number} "}).text
    with app.app_context():
        entries = db.session.execute(select(RecordEntry.number, RecordEntry.table_name)).all()
    for kind in ("decision", "history_entry", "document", "submission", "ledger_entry", "paper"):
        (one, *_rest) = [entry for entry in entries if entry.table_name == kind]
        if kind != "ledger_entry":  # the first of those set the frame
            assert f"/sv/record/entries/{one.number}" in page, kind
    shown = auditor.get("/sv/record/entries/0").text
    assert "reasons" in shown
    assert "RFC 9162" in shown
    assert "tag-bad" not in shown
    assert "notice-bad" not in shown


@pytest.mark.parametrize("asked", ["KS 2017:999", "x", "0'; --", "🙂"])
def test_a_number_that_is_none_gets_a_clear_word_and_stays_as_typed(app: Flask, signed_in: SignIn, asked: str) -> None:
    _grown(app)
    answer = signed_in(AUDITOR).get("/sv/record", query_string={"case": asked})
    assert answer.status_code == 422
    assert "error-summary" in answer.text
    assert 'aria-invalid="true"' in answer.text


def test_an_entry_that_is_not_there_is_not_found(app: Flask, signed_in: SignIn) -> None:
    _grown(app)
    auditor = signed_in(AUDITOR)
    for number in (10_000, 10**30):
        assert auditor.get(f"/sv/record/entries/{number}").status_code == 404


def test_a_changed_row_and_a_removed_one_are_seen_on_their_pages(app: Flask, signed_in: SignIn) -> None:
    _grown(app)
    auditor = signed_in(AUDITOR)
    with app.app_context():
        guards.take_down(db.session.connection())
        db.session.execute(text("UPDATE decision SET reasons = reasons || ' '"))
        db.session.commit()
    assert auditor.get("/sv/record/entries/0").text.count("tag-bad") == 1
    with app.app_context():
        number = db.session.scalar(select(RecordEntry.number).where(RecordEntry.table_name == "history_entry"))
        row = db.session.scalar(select(RecordEntry.row_id).where(RecordEntry.number == number))
        db.session.execute(text("DELETE FROM history_entry WHERE id = :id"), {"id": row})
        db.session.commit()
    assert "notice-bad" in auditor.get(f"/sv/record/entries/{number}").text


def test_a_record_that_does_not_go_on_is_told_on_the_page(app: Flask, signed_in: SignIn) -> None:
    _grown(app)
    with app.app_context():
        guards.take_down(db.session.connection())
        top = select(func.max(RecordNode.level)).scalar_subquery()
        db.session.execute(update(RecordNode).where(RecordNode.level == top).values(hash="ab" * 32))
        db.session.commit()
    auditor = signed_in(AUDITOR)
    assert "notice-bad" in auditor.get("/sv/record").text
    with app.app_context():
        db.session.execute(delete(RecordNode).where(RecordNode.level > 0))
        db.session.commit()
    assert "notice-bad" in auditor.get("/sv/record").text
    assert "notice-bad" in auditor.get("/sv/record/entries/0").text


def test_who_has_a_conflict_finds_nothing_of_the_case(app: Flask, signed_in: SignIn) -> None:
    number, _case = _grown(app)
    with app.test_request_context():
        who = official(Role.AUDITOR, email="jav@kommun.example")
        organisation = db.session.scalars(select(Organisation)).one()
        declare_conflict(by=who, reason="Min bror är kassör.", organisation=organisation)
        db.session.commit()
    answer = signed_in("jav@kommun.example").get("/sv/record", query_string={"case": number})
    assert answer.status_code == 422
    assert "/record/entries/" not in answer.text


def test_an_administrator_sees_the_root_and_no_case(app: Flask, signed_in: SignIn) -> None:
    number, _case = _grown(app)
    with app.test_request_context():
        official(Role.ADMINISTRATOR, email="admin@kommun.example")
        db.session.commit()
    client = signed_in("admin@kommun.example")
    assert client.get("/sv/record").status_code == 200
    assert client.get("/sv/record", query_string={"case": number}).status_code == 422
