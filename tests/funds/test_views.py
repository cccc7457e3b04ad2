"""The pages of the funds: sums, ledger, terms with their sources, and a frame that only a decision changes."""

import re
from datetime import date, timedelta

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from fundapp import clock
from fundapp.accounts.models import Account
from fundapp.db import db
from fundapp.funds import actions
from fundapp.funds.models import Fund, LedgerEntry, LedgerKind, Round
from fundapp.funds.queries import ledger_faults, open_rounds, round_sums
from fundapp.funds.terms import terms_of
from fundapp.history.models import HistoryEntry
from fundapp.permissions import Role
from tests.factories import on_day
from tests.factories.applications import FUND, STIPEND
from tests.factories.people import official
from tests.ground.apps import SignIn
from tests.ground.pages import send

SIV = "siv@kommun.example"
DECISION = {"body": "Kommunstyrelsen", "decided_on": "2017-03-06", "paragraph": "45"}


def _round(label: str = "2016–2018") -> Round:
    return db.session.scalars(select(Round).where(Round.label == label)).one()


@pytest.fixture
def fund_round(app: Flask) -> int:
    """The key of the fund's round, of which 500 000 kr is granted, 200 000 kr reserved, and 50 000 kr released."""
    on_day()
    with app.app_context():
        by: Account = official(Role.SECRETARY, name="Siv Ek", email=SIV)
        round_ = _round()
        actions.reserve(round_, 700_000, by=by)
        actions.grant(round_, 500_000, reference="KS § 12", decided_on=date(2017, 2, 1), by=by)
        actions.pay(round_, 400_000, reference="V 1", by=by)
        actions.release(round_, 50_000, reference="KS 2017:4", by=by)
        db.session.commit()
        return round_.id


@pytest.fixture
def secretary(fund_round: int, signed_in: SignIn) -> FlaskClient:
    return signed_in(SIV)


def _text(page: str) -> str:
    return re.sub(r"\s+", " ", BeautifulSoup(page, "html.parser").get_text(" ")).replace("\xa0", " ")


def test_open_rounds_are_those_that_take_applications_now(app: Flask) -> None:
    with app.app_context():
        on_day(date(2017, 4, 30))
        assert [round_.fund.code for round_ in open_rounds()] == [STIPEND, FUND]
        on_day(date(2017, 5, 1))
        assert [round_.fund.code for round_ in open_rounds()] == [FUND]
        on_day(date(2030, 1, 1))
        assert open_rounds() == []


def test_sums_of_a_round_hold_together(app: Flask, fund_round: int) -> None:
    with app.app_context():
        sums = round_sums(_round())
        assert (sums.frame, sums.reserved, sums.granted) == (3_000_000, 200_000, 500_000)
        assert (sums.released, sums.paid, sums.left, sums.bound) == (50_000, 400_000, 2_350_000, 650_000)


def test_the_list_shows_every_sum_of_every_round(secretary: FlaskClient) -> None:
    page = _text(secretary.get("/en/funds").text)
    for told in ("Kalix kommuns integrationsfond", "Kalix kommuns integrationsstipendium", "20 000 kr"):
        assert told in page
    row = "2016–2018 Now 3 000 000 kr 200 000 kr 500 000 kr 50 000 kr 2 350 000 kr 400 000 kr"
    assert row in page


def test_a_fund_shows_its_ledger_newest_first(secretary: FlaskClient) -> None:
    page = BeautifulSoup(secretary.get(f"/en/funds/{FUND}").text, "html.parser")
    ledger = next(table for table in page.select("table") if "Ledger" in table.get_text())
    rows = [[cell.get_text(" ", strip=True) for cell in row.select("th, td")] for row in ledger.select("tbody tr")]
    assert [(row[1], row[2].replace("\xa0", " ")) for row in rows] == [
        ("Released", "50 000 kr"),
        ("Paid", "400 000 kr"),
        ("Granted", "500 000 kr"),
        ("Reserved", "700 000 kr"),
        ("Frame changed", "3 000 000 kr"),
    ]
    assert rows[2][3:] == ["KS § 12", "Siv Ek"]
    assert rows[4][4] == "The installation"


@pytest.mark.parametrize("code", [FUND, STIPEND])
def test_every_value_of_the_terms_stands_with_its_source_and_its_assumption(secretary: FlaskClient, code: str) -> None:
    terms = next(each for each in terms_of("kalix") if each.code == code)
    page = BeautifulSoup(secretary.get(f"/en/funds/{code}").text, "html.parser")
    tables = [table for table in page.select("table") if "Source" in table.get_text()]
    rows = [row for table in tables for row in table.select("tbody tr")]
    values = [value for _key, value in terms.all_values()]
    assert len(rows) == len(values)
    assert sorted(row.select("td")[1].get_text(strip=True) for row in rows) == sorted(v.source for v in values)
    assert sum("Assumption" in row.select("th")[0].get_text() for row in rows) == sum(v.is_assumption for v in values)
    assert all(row.select("td")[0].get_text(strip=True) for row in rows)


def test_the_deciding_body_stands_beside_the_one_that_the_statutes_name(secretary: FlaskClient) -> None:
    page = _text(secretary.get(f"/en/funds/{STIPEND}").text)
    assert "Decides here Kommunstyrelsen Named by the statutes Fritids- och kulturnämnden" in page
    assert "The statutes name another body than the one that decides here." in page
    page = _text(secretary.get(f"/en/funds/{FUND}").text)
    assert "Decides here Kommunstyrelsen Named by the statutes Kommunstyrelsen" in page
    assert "another body" not in page


def test_swedish_reads_the_terms_in_swedish_and_english_in_english(secretary: FlaskClient) -> None:
    assert "skapa möjligheter och stödja" in secretary.get(f"/sv/funds/{FUND}").text
    assert "create opportunities and support" in secretary.get(f"/en/funds/{FUND}").text


def test_who_may_not_read_the_ledger_does_not(app: Flask, fund_round: int, signed_in: SignIn) -> None:
    stranger = signed_in("amina@exempel.example")
    assert stranger.get("/sv/funds").status_code == 403
    assert stranger.get(f"/sv/funds/{FUND}").status_code == 403
    assert app.test_client().get("/sv/funds").status_code == 302


def test_a_fund_or_round_that_is_not_there_is_no_page(secretary: FlaskClient) -> None:
    for path in ("/sv/funds/none", "/sv/funds/rounds/99/frame", "/sv/funds/rounds/99999999999999999999/frame"):
        assert secretary.get(path).status_code == 404


def test_a_decision_changes_the_frame_and_stands_in_ledger_and_history(
    app: Flask, secretary: FlaskClient, fund_round: int
) -> None:
    answer = send(secretary, f"/sv/funds/rounds/{fund_round}/frame", {**DECISION, "frame": "3 500 000 kr"})
    assert answer.headers["Location"] == f"/sv/funds/{FUND}"
    with app.app_context():
        assert (_round().frame, _round().left) == (3_500_000, 2_850_000)
        entry = db.session.scalars(select(LedgerEntry).order_by(LedgerEntry.id.desc())).first()
        assert entry is not None
        assert (entry.kind, entry.amount, entry.decided_on) == (LedgerKind.FRAME, 500_000, date(2017, 3, 6))
        assert entry.reference == "Kommunstyrelsen 2017-03-06 § 45"
        told = db.session.scalars(select(HistoryEntry).where(HistoryEntry.event == "change_frame")).one()
        assert (told.who, told.facts["frame"]) == ("Siv Ek", 3_500_000)
        assert ledger_faults(db.session) == []
    assert "Kommunstyrelsen 2017-03-06 § 45" in secretary.get(f"/sv/funds/{FUND}").text


def test_a_frame_can_be_lowered_to_what_is_bound_and_no_further(
    app: Flask, secretary: FlaskClient, fund_round: int
) -> None:
    path = f"/en/funds/rounds/{fund_round}/frame"
    page = send(secretary, path, {**DECISION, "frame": "649 999"})
    assert page.status_code == 422
    assert "650 000 kr is granted or reserved already. Write that sum or more." in _text(page.text)
    assert 'value="649 999"' in page.text
    with app.app_context():
        assert _round().frame == 3_000_000
    assert send(secretary, path, {**DECISION, "frame": "650 000"}).status_code == 302
    with app.app_context():
        assert (_round().frame, _round().left) == (650_000, 0)
        assert ledger_faults(db.session) == []


@pytest.mark.parametrize(
    ("name", "typed", "told"),
    [
        ("frame", "", "Write the new frame in whole kronor."),
        ("frame", "-5", "Write whole kronor with digits only"),
        ("frame", "3 000 000,50", "Write whole kronor with digits only"),
        ("frame", "3 000 000", "This is the frame already."),
        ("body", " ", "Write which body decided."),
        ("decided_on", "", "Write the date of the decision."),
        ("decided_on", "2017-03-07", "Write a date that is not in the future."),
        ("decided_on", "6 mars", "Write the date as year, month and day"),
        ("paragraph", "", "Write the number of the paragraph"),
        ("paragraph", "forty", "Write the number of the paragraph"),
        ("paragraph", "0", "Write the number of the paragraph"),
    ],
)
def test_a_frame_needs_a_sum_and_a_whole_decision(
    app: Flask, secretary: FlaskClient, fund_round: int, name: str, typed: str, told: str
) -> None:
    sent = {**DECISION, "frame": "3 500 000", name: typed}
    page = send(secretary, f"/en/funds/rounds/{fund_round}/frame", sent)
    assert page.status_code == 422
    errors = {str(e["id"]): e.get_text() for e in BeautifulSoup(page.text, "html.parser").select("p.error")}
    assert list(errors) == [f"{name}-error"]
    assert told in errors[f"{name}-error"]
    for field, value in sent.items():
        box = BeautifulSoup(page.text, "html.parser").select_one(f'[name="{field}"]')
        assert box is not None
        assert str(box["value"]).strip() == value.strip()
    with app.app_context():
        assert _round().frame == 3_000_000


def test_only_the_secretary_changes_a_frame(app: Flask, fund_round: int, signed_in: SignIn) -> None:
    with app.app_context():
        for role in (Role.OFFICER, Role.ADMINISTRATOR, Role.AUDITOR, Role.MEMBER, Role.REGISTRAR):
            official(role, email=f"{role.value}@kommun.example")
        db.session.commit()
    for role in (Role.OFFICER, Role.ADMINISTRATOR, Role.AUDITOR, Role.MEMBER, Role.REGISTRAR):
        client = signed_in(f"{role.value}@kommun.example")
        path = f"/sv/funds/rounds/{fund_round}/frame"
        assert client.get(path).status_code == 403
        assert send(client, path, {**DECISION, "frame": "1"}).status_code == 403
        assert client.get(f"/sv/funds/{FUND}").status_code == 200
        assert path not in client.get(f"/sv/funds/{FUND}").text


@pytest.mark.parametrize("total", ["frame", "reserved", "granted", "paid", "released"])
def test_a_total_that_its_rows_do_not_make_is_found(app_on_both: Flask, total: str) -> None:
    with app_on_both.app_context():
        assert ledger_faults(db.session) == []
        column = getattr(Round, total)
        fund = select(Fund.id).where(Fund.code == FUND).scalar_subquery()
        db.session.execute(update(Round).where(Round.fund_id == fund).values({column: column + 1}))
        found = ledger_faults(db.session)
        assert [(f.fund, f.round, f.total, f.kept - f.in_ledger) for f in found] == [(FUND, "2016–2018", total, 1)]


def test_money_that_moved_in_every_way_leaves_the_books_right(app_on_both: Flask) -> None:
    on_day()
    with app_on_both.app_context():
        by = official(Role.SECRETARY)
        round_ = _round()
        actions.reserve(round_, 3_000_000, by=by)
        actions.lift_reservation(round_, 1_000_000, by=by)
        actions.grant(round_, 1_500_000, reference="§ 1", decided_on=clock.today(), by=by)
        actions.pay(round_, 1_000_000, reference="V 1", by=by)
        actions.release(round_, 300_000, reference="KS 2017:1", by=by)
        actions.change_frame(round_, 1_700_000, reference="§ 2", decided_on=clock.today(), by=by)
        db.session.commit()
        assert ledger_faults(db.session) == []
        assert _round().left == 0


def test_a_frame_page_notices_money_granted_since_it_was_checked(app: Flask, fund_round: int) -> None:
    with app.app_context(), pytest.raises(actions.NotEnoughLeft) as refused:
        actions.change_frame(
            _round(),
            600_000,
            reference="§ 1",
            decided_on=clock.today() - timedelta(days=1),
            by=official(Role.SECRETARY),
        )
    assert refused.value.left == 2_350_000
