"""Rounds of a fund, funds that are not open yet, try-outs, and funds that were loaded from a file."""

from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from fundapp import files
from fundapp.applications import actions as applying
from fundapp.applications import trying
from fundapp.applications.models import Application
from fundapp.db import db
from fundapp.funds import editing, rounds
from fundapp.funds.models import Fund, FundState
from fundapp.history.models import HistoryEntry
from fundapp.permissions import Role
from fundapp.reference import load, load_reference
from fundapp.workflow import NotAllowed, StepNotPossible
from tests.factories.applications import FUND, PDF, STIPEND, draft, submitted
from tests.factories.funds import OWN, SAID, edited, fund, person
from tests.factories.people import official
from tests.funds.test_youth_fund import posted, text_of

EDIT = f"/en/funds/{FUND}"


DAYS = {"opens_on": "2019-02-01", "last_day": "2019-04-30", "period_start": "2019-05-01", "period_end": "2019-12-31"}
ROUND = {"label": "2019", **DAYS, "source": "KS § 2", "decision": "KF § 3", "frame": "400 000"}


def test_a_round_is_copied_with_other_days_and_its_frame_stands_in_the_ledger(ada: FlaskClient, office: Flask) -> None:
    with office.app_context():
        copied = fund().rounds[0].id
    page = ada.get(f"{EDIT}/rounds/new?copy={copied}")
    assert "2018-12-31" in page.text
    assert posted(ada, f"{EDIT}/rounds/new?copy={copied}", **ROUND).status_code == 302
    with office.app_context():
        made = fund().rounds[-1]
        assert (made.label, made.frame, made.left, made.period_end) == ("2019", 400_000, 400_000, date(2019, 12, 31))
        assert rounds.facts_of(made).last_day == date(2019, 4, 30)
        assert fund().terms["rounds"][-1]["sum"]["source"] == "KF § 3"


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"label": "2016–2018"}, "There is a round with this name already. Write another name."),
        ({"last_day": "2019-01-31"}, "Write a last day that is not before the first."),
        ({"period_end": "2019-04-30"}, "Write a last day that is not before the first."),
        ({"opens_on": "next spring"}, "Write the date as year, month and day, for example 2017-03-06."),
        ({"frame": "a little"}, "Write whole kronor with digits only, for example 45000."),
        ({"decision": ""}, "Write the body, the day and the paragraph."),
    ],
)
def test_a_round_that_does_not_hold_is_told_in_words(
    ada: FlaskClient, office: Flask, typed: dict[str, str], told: str
) -> None:
    refused = posted(ada, f"{EDIT}/rounds/new", **ROUND | typed)
    assert refused.status_code == 422
    assert told in text_of(refused.text)
    with office.app_context():
        assert len(fund().rounds) == 1


def test_a_round_that_has_opened_keeps_its_first_day_and_ends_no_earlier_than_today(
    ada: FlaskClient, office: Flask
) -> None:
    with office.app_context():
        path = f"/en/funds/rounds/{fund().rounds[0].id}/edit"
    first = posted(ada, path, opens_on="2016-07-01")
    assert "The round has opened already. Its first day stays." in text_of(first.text)
    last = posted(ada, path, last_day="2017-03-01")
    assert "Write a last day that is today or later" in text_of(last.text)
    assert posted(ada, path, last_day="2018-06-30").status_code == 302
    with office.app_context():
        assert rounds.facts_of(fund().rounds[0]).last_day == date(2018, 6, 30)
        told = db.session.scalars(select(HistoryEntry).where(HistoryEntry.event == "change_round")).one()
        assert told.facts == {"last_day": "2018-12-31 → 2018-06-30"}


# --- drafts, try-outs, files --------------------------------------------------------------------------------------


def new_draft() -> Fund:
    made = editing.new_fund(
        name="Ungdomsfonden",
        purpose={"sv": "stödja unga"},
        kind=fund().kind,
        board=fund().board,
        source="KF § 1",
        by=person(),
    )
    db.session.commit()
    return made


def test_a_fund_from_scratch_is_a_draft_whose_values_are_assumptions_to_confirm(office: Flask) -> None:
    with office.app_context():
        made = new_draft()
        assert (made.code, made.state, made.rounds) == ("ungdomsfonden", FundState.DRAFT, [])
        assert made.terms["conditions"]["is_assumption"]
        assert made.terms["goals"]["value"] == []
        assert new_draft().code == "ungdomsfonden-2"


def test_nobody_but_an_administrator_makes_or_changes_a_fund(office: Flask) -> None:
    with office.app_context():
        for role in (Role.OFFICER, Role.SECRETARY, Role.AUDITOR, Role.REGISTRAR, Role.MEMBER):
            somebody = official(role)
            with pytest.raises(NotAllowed):
                editing.edit(fund(), {"not_supported": None}, part="not_supported", seen=1, by=somebody)
            with pytest.raises(NotAllowed):
                trying.open_fund(fund(), seen=1, by=somebody)


def test_a_draft_fund_takes_no_application_though_its_round_is_open(office: Flask) -> None:
    with office.app_context():
        made = new_draft()
        period = (date(2017, 5, 1), date(2017, 9, 1))
        days = rounds.RoundFacts("2017", date(2017, 1, 1), date(2017, 5, 1), False, *period, "KF")
        round_ = rounds.add_round(made, days, frame=1000, decision="KF", seen=made.version, by=person())
        assert round_.is_open
        sent = draft()
        with pytest.raises(StepNotPossible):
            applying.start(
                round_=round_, kind=sent.kind, organisation=sent.organisation, by=sent.created_by, language="sv"
            )


def test_a_form_that_is_changed_after_the_try_out_is_tried_out_anew(office: Flask) -> None:
    with office.app_context():
        made = new_draft()
        editing.mark_tried(made, by=person())
        words = {"value": {"sv": "En rättad mening."}} | SAID
        editing.edit(made, {"handling": words}, part="handling", seen=made.version, by=person())
        assert made.state is FundState.TRIED
        own = {"own_questions": {"value": [OWN]} | SAID}
        editing.edit(made, own, part="own_questions", seen=made.version, by=person())
        assert made.state is FundState.DRAFT


def test_a_try_out_is_never_sent_and_no_one_else_may_touch_it(office: Flask) -> None:
    with office.test_request_context("/sv/"):
        made = trying.begin(fund(), submitted().organisation.kind, by=person(), language="sv")  # type: ignore[union-attr]
        applying.attach(made, "statutes", files.check("stadgar.pdf", PDF), by=person())
        with pytest.raises(StepNotPossible):
            applying.submit(made, by=person())
        with pytest.raises(NotAllowed):
            trying.remove(made, by=person("bo@kommun.example"))
        trying.remove(made, by=person())
        assert not db.session.scalars(select(Application).where(Application.is_try_out)).all()
        assert not person().memberships


def test_a_fund_that_was_edited_here_is_not_overwritten_from_its_file(office: Flask) -> None:
    with office.app_context():
        load_reference(db.session)
        assert fund().version == 1
        edited(report_months=5)
        db.session.commit()
        load_reference(db.session)
        assert fund().terms["report_months"]["value"] == 5
    told = office.test_cli_runner().invoke(load)
    assert f"note: {FUND} has been edited in the administration" in told.output
    assert f"note: {STIPEND}" not in told.output


def test_a_changed_file_is_a_new_version_and_the_same_file_is_none(office: Flask) -> None:
    with office.app_context():
        loaded = fund(STIPEND)
        loaded.terms = loaded.terms | {"late_days": None}
        db.session.commit()
        load_reference(db.session)
        assert fund(STIPEND).version == 2
        load_reference(db.session)
        assert fund(STIPEND).version == 2
