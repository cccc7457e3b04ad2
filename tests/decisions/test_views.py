"""Recording an outcome on its page, and the letter as its readers may fetch it."""

from collections.abc import Callable
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from fundapp.accounts.actions import declare_conflict
from fundapp.applications.models import ApplicationKind
from fundapp.db import db
from fundapp.decisions.models import Decision
from fundapp.funds.actions import change_frame
from fundapp.meetings.models import MinuteItem
from fundapp.permissions import Role
from fundapp.workflow import Outcome
from tests.factories import DAY, on_day
from tests.factories.decisions import REASONS, granted, recorded
from tests.factories.meetings import on_agenda, planned
from tests.factories.people import applicant, official
from tests.factories.seats import full_house, seated
from tests.ground.apps import SignIn

Make = Callable[[], Any]
GRANT = {"outcome": "grant", "amount": "45 000", "reasons": "Bra projekt.", "conditions": "", "version": "0"}


@pytest.fixture(autouse=True)
def day(app: Flask) -> None:
    on_day()
    app.config["WTF_CSRF_ENABLED"] = False


def in_app(app: Flask, make: Make) -> Any:
    """What `make` gives, made and committed inside an app context of its own."""
    with app.app_context():
        made = make()
        db.session.commit()
        return made


def path_of(item: MinuteItem) -> str:
    return f"/en/meetings/items/{item.public_id}/cases/{item.cases[0].application.public_id}"


@pytest.fixture
def path(app: Flask) -> str:
    """The page of a case of 45 000 kr, proposed to be granted, in an opened sitting."""
    return in_app(app, lambda: path_of(on_agenda()))


@pytest.fixture
def secretary(app: Flask, signed_in: SignIn) -> FlaskClient:
    return signed_in(in_app(app, lambda: official(Role.SECRETARY).email))


def soup_of(answer: Any) -> BeautifulSoup:
    return BeautifulSoup(answer.data, "html.parser")


def kept(app: Flask) -> list[tuple[Outcome, int | None]]:
    with app.app_context():
        return [(one.outcome, one.amount) for one in db.session.scalars(select(Decision))]


def test_the_page_begins_with_the_officers_proposal(secretary: FlaskClient, path: str) -> None:
    soup = soup_of(secretary.get(path))
    assert soup.select_one('input[name="outcome"][checked]')["value"] == "grant"
    assert soup.find(id="amount")["value"] == "45000"
    assert REASONS in soup.find(id="reasons").get_text()
    assert "Anslaget får bara användas" in soup.find(id="conditions").get_text()


@pytest.mark.usefixtures("both_engines")
def test_a_recorded_outcome_leads_back_to_the_sitting_and_can_be_corrected(
    app: Flask, secretary: FlaskClient, path: str
) -> None:
    answer = secretary.post(path, data=GRANT, follow_redirects=True)
    assert answer.status_code == 200
    text = answer.get_data(as_text=True)
    assert "pending" in text
    soup = soup_of(secretary.get(path))
    version = soup.find("input", {"name": "version"})["value"]
    assert secretary.post(path, data={"outcome": "reject", "reasons": "Nej.", "version": version}).status_code == 302
    assert kept(app) == [(Outcome.REJECT, None)]


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"amount": "0"}, "amount"),
        ({"amount": "-5"}, "amount"),
        ({"amount": "45 000,50"}, "amount"),
        ({"amount": ""}, "amount"),
        ({"amount": "45001"}, "amount"),
        ({"amount": "44999"}, "amount"),
        ({"outcome": "grant_in_part", "amount": "45000"}, "amount"),
        ({"outcome": "refer_back", "reasons": ""}, "reasons"),
        ({"outcome": ""}, "outcome"),
        ({"outcome": "maybe"}, "outcome"),
        ({"reasons": "a" * 5001}, "reasons"),
    ],
)
def test_an_outcome_that_cannot_be_recorded_is_shown_again(
    app: Flask, secretary: FlaskClient, path: str, sent: dict[str, str], field: str
) -> None:
    answer = secretary.post(path, data=GRANT | sent)
    soup = soup_of(answer)
    assert answer.status_code == 422
    assert soup.select_one(f'.error-summary a[href="#{field}"]')
    assert soup.find(id=f"{field}-error")
    assert soup.find(id="amount")["value"] == (GRANT | sent)["amount"] or sent.get("outcome") == "refer_back"
    assert kept(app) == []


@pytest.mark.parametrize("outcome", ["refer_back", "reject", "dismiss", "write_off"])
def test_the_officers_reasons_for_granting_do_not_become_the_reasons_for_another_outcome(
    app: Flask, secretary: FlaskClient, path: str, outcome: str
) -> None:
    answer = secretary.post(path, data=GRANT | {"outcome": outcome, "reasons": REASONS})
    assert answer.status_code == 422
    assert soup_of(answer).find(id="reasons-error")
    assert secretary.post(path, data=GRANT | {"outcome": outcome, "reasons": "Budgeten saknas."}).status_code == 302
    assert kept(app) == [(Outcome(outcome), None)]


def test_tabling_keeps_neither_sum_nor_the_officers_reasons(app: Flask, secretary: FlaskClient, path: str) -> None:
    sent = GRANT | {"outcome": "table", "reasons": REASONS, "amount": "45,5", "conditions": "1. Ett villkor."}
    assert secretary.post(path, data=sent).status_code == 302
    with app.app_context():
        decision = db.session.scalars(select(Decision)).one()
        assert (decision.amount, decision.reasons, decision.conditions) == (None, "", "")


@pytest.mark.usefixtures("both_engines")
def test_more_than_is_left_comes_back_with_the_sum_that_is_left_and_everything_typed(
    app: Flask, secretary: FlaskClient, path: str
) -> None:
    def lower() -> None:
        item = db.session.scalars(select(MinuteItem)).one()
        change_frame(item.cases[0].application.round, 30_000, reference="KS § 1", decided_on=DAY, by=None)

    in_app(app, lower)
    answer = secretary.post(path, data=GRANT | {"conditions": "1. Ett villkor."})
    text = answer.get_data(as_text=True).replace("\xa0", " ")
    assert answer.status_code == 409
    assert "45 000 kr is more than is left of the frame: 30 000 kr." in text
    for typed in ("45 000", "Bra projekt.", "1. Ett villkor."):
        assert typed in text
    assert kept(app) == []


def test_a_page_read_before_a_colleague_recorded_is_409_and_shows_what_is_there_now(
    app: Flask, secretary: FlaskClient, signed_in: SignIn, path: str
) -> None:
    other = signed_in(in_app(app, lambda: official(Role.SECRETARY, name="Siv Andersson").email))
    assert other.post(path, data=GRANT).status_code == 302
    answer = secretary.post(path, data=GRANT | {"outcome": "reject", "reasons": "Mina egna skäl"})
    text = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "Siv Andersson" in text
    assert "Mina egna skäl" in text
    assert kept(app) == [(Outcome.GRANT, 45_000)]


def test_a_nonsense_version_is_not_the_right_one(app: Flask, secretary: FlaskClient, path: str) -> None:
    assert secretary.post(path, data=GRANT).status_code == 302
    for version in ("", "x", "-1", "99", "9" * 5000):
        assert secretary.post(path, data=GRANT | {"version": version}).status_code == 409


def test_an_outcome_in_a_sitting_that_is_not_opened_is_409(app: Flask, secretary: FlaskClient) -> None:
    before = in_app(app, lambda: path_of(on_agenda(meeting=planned())))
    after = in_app(app, lambda: path_of(granted().item))
    for path in (before, after):
        assert secretary.post(path, data=GRANT).status_code == 409
        assert secretary.get(path).status_code == 409


@pytest.mark.parametrize("role", [Role.MEMBER, Role.OFFICER, Role.REGISTRAR, Role.AUDITOR])
def test_only_the_secretary_opens_the_page(app: Flask, signed_in: SignIn, path: str, role: Role) -> None:
    client = signed_in(
        in_app(app, lambda: full_house()[3].account.email if role is Role.MEMBER else official(role).email)
    )
    assert client.get(path).status_code == 403
    assert client.post(path, data=GRANT).status_code == 403
    assert kept(app) == []


def test_a_secretary_with_a_conflict_finds_no_such_page(app: Flask, signed_in: SignIn, path: str) -> None:
    def make() -> str:
        by = official(Role.SECRETARY)
        application = db.session.scalars(select(MinuteItem)).one().cases[0].application
        declare_conflict(by=by, reason="Min syster är kassör.", application=application)
        return by.email

    client = signed_in(in_app(app, make))
    assert client.get(path).status_code == 404
    assert client.post(path, data=GRANT).status_code == 404


def test_a_case_under_another_paragraph_is_not_found(app: Flask, secretary: FlaskClient, path: str) -> None:
    other = in_app(app, lambda: on_agenda().public_id)
    case = path.rpartition("/")[2]
    assert secretary.get(f"/en/meetings/items/{other}/cases/{case}").status_code == 404


def test_the_applicant_sees_nothing_of_a_pending_outcome(app: Flask, signed_in: SignIn) -> None:
    def make() -> tuple[str, str, str]:
        person = applicant()
        decision = recorded(by=person, outcome=Outcome.REJECT)
        return person.email, decision.public_id, decision.application.public_id

    email, decision, application = in_app(app, make)
    client = signed_in(email)
    assert client.get(f"/en/decisions/{decision}/letter.pdf").status_code == 404
    for path in ("/en/applications", f"/en/applications/{application}"):
        answer = client.get(path)
        assert answer.status_code == 200
        assert "Not granted" not in answer.get_data(as_text=True)
        assert decision not in answer.get_data(as_text=True)


@pytest.mark.usefixtures("both_engines")
def test_the_letter_is_for_the_applicant_and_for_officials_without_a_conflict(app: Flask, signed_in: SignIn) -> None:
    def make() -> tuple[str, str, str, list[str], list[str]]:
        person = applicant()
        decision = granted(by=person)
        officer, disqualified = official(Role.OFFICER), official(Role.OFFICER)
        declare_conflict(by=disqualified, reason="Jag är medlem.", application=decision.application)
        may = [person.email, officer.email, seated().account.email, official(Role.AUDITOR).email]
        may_not = [applicant().email, disqualified.email, official(Role.ADMINISTRATOR).email]
        return decision.public_id, person.email, officer.email, may, may_not

    public_id, _person, _officer, may, may_not = in_app(app, make)
    path = f"/en/decisions/{public_id}/letter.pdf"
    for email in may:
        answer = signed_in(email).get(path)
        assert answer.status_code == 200, email
        assert answer.mimetype == "application/pdf"
        assert answer.data.startswith(b"%PDF")
    for email in may_not:
        assert signed_in(email).get(path).status_code == 404, email
    assert app.test_client().get(path).status_code == 302


def test_a_stipend_is_not_granted_in_part(app: Flask, secretary: FlaskClient) -> None:
    path = in_app(app, lambda: path_of(on_agenda(kind=ApplicationKind.AWARD)))
    soup = soup_of(secretary.get(path))
    assert "grant_in_part" not in [choice["value"] for choice in soup.select('input[name="outcome"]')]
    assert secretary.post(path, data=GRANT | {"amount": "7000"}).status_code == 302
    assert kept(app) == [(Outcome.GRANT, 7_000)]
