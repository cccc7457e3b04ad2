"""The case shows which signatories confirmed and when, and which did not; also after a completion."""

from datetime import date

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from fundapp import files
from fundapp.accounts.actions import declare_conflict
from fundapp.applications import actions, signing
from fundapp.applications.models import Application, Signature
from fundapp.assessments import actions as assessing
from fundapp.db import db
from fundapp.permissions import Role
from fundapp.registry.actions import register
from tests.factories import on_day
from tests.factories.applications import PDF, draft
from tests.factories.people import applicant, official, organisation
from tests.ground.apps import SignIn

AMINA, PER = "amina@sprakkafe.example", "per@sprakkafe.example"
OFFICER = "officer@kommun.example"


def _sent(*, confirm: tuple[str, ...], page: str = "", jointly: bool = True) -> Application:
    """A registered application, of whose two signatories some confirmed, or a page was attached."""
    on_day()
    by = applicant("Amina Lindqvist", AMINA)
    organisation(by).signs_jointly = jointly
    made = draft(by=by)
    if jointly:
        signing.ask(made, {0: AMINA, 1: PER}, by=by)
    for email in confirm:
        signature = db.session.scalars(select(Signature).where(Signature.email == email)).one()
        signing.confirm(signature, signing.content_hash(made))
    if page:
        actions.attach(made, "signed_page", files.check(page, PDF), by=by)
    actions.submit(made, by=by)
    register(made, by=official(Role.REGISTRAR))
    return made


def _shown(client: FlaskClient, public_id: str) -> dict[str, str]:
    """What stands under the heading of signatures: name or page, and what is said of it."""
    page = BeautifulSoup(client.get(f"/en/cases/{public_id}").text, "html.parser")
    heading = page.select_one("h3#signatures")
    facts = heading.find_next_sibling("dl").select(".fact") if heading else []
    return {each.dt.get_text(strip=True): " ".join(each.dd.get_text(" ").split()) for each in facts}


def test_each_signatory_stands_in_the_case_with_the_time_of_confirming(app_on_both: Flask, signed_in: SignIn) -> None:
    with app_on_both.test_request_context():
        key = _sent(confirm=(PER, AMINA)).public_id
        official(Role.OFFICER, email=OFFICER)
        db.session.commit()
    shown = _shown(signed_in(OFFICER), key)
    assert list(shown) == ["Amina Lindqvist", "Per Omar Niemi"]
    assert all(words.startswith("Confirmed 6 March 2017") for words in shown.values())


def test_with_a_signed_page_the_case_says_who_did_not_confirm(app: Flask, signed_in: SignIn) -> None:
    with app.test_request_context():
        key = _sent(confirm=(PER,), page="underskrifter.pdf").public_id
        official(Role.OFFICER, email=OFFICER)
        db.session.commit()
    shown = _shown(signed_in(OFFICER), key)
    assert shown["Amina Lindqvist"] == "Has not confirmed"
    assert shown["Per Omar Niemi"].startswith("Confirmed 6 March 2017")
    assert shown["Page signed by all signatories"] == "Attached underskrifter.pdf"


def test_a_completion_does_not_take_the_signatures_out_of_the_case(app_on_both: Flask, signed_in: SignIn) -> None:
    with app_on_both.test_request_context():
        made, officer = _sent(confirm=(PER, AMINA)), official(Role.OFFICER, email=OFFICER)
        assessing.take_up(made, by=officer)
        assessing.request_completion(
            made, sections=["budget"], what="Vad kostar hyran?", due_on=date(2017, 3, 20), by=officer
        )
        actions.submit(made, by=made.created_by)
        key = made.public_id
        db.session.commit()
    assert len(_shown(signed_in(OFFICER), key)) == 2


def test_where_each_signs_alone_the_case_says_nothing_of_it(app: Flask, signed_in: SignIn) -> None:
    with app.test_request_context():
        key = _sent(confirm=(), jointly=False).public_id
        official(Role.OFFICER, email=OFFICER)
        db.session.commit()
    assert _shown(signed_in(OFFICER), key) == {}


@pytest.mark.parametrize("place", ["", "/application.pdf", "/messages", "/formal-check"])
def test_whoever_has_a_conflict_reads_nothing_of_who_signed(app: Flask, signed_in: SignIn, place: str) -> None:
    with app.test_request_context():
        made, officer = _sent(confirm=(PER, AMINA)), official(Role.OFFICER, email=OFFICER)
        key = made.public_id
        declare_conflict(by=officer, reason="Granne", organisation=made.organisation)
        db.session.commit()
    answer = signed_in(OFFICER).get(f"/en/cases/{key}{place}")
    assert answer.status_code == 404
    assert "Per Omar Niemi" not in answer.text
