"""What one can read before one applies: the fund's page, its questions, and whether one may apply."""

from datetime import date

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient

from fundapp.applications.models import ApplicationKind
from fundapp.applications.questions import section_form
from fundapp.db import db
from fundapp.languages import LANGUAGES, speaking
from tests.factories import on_day
from tests.factories.applications import draft
from tests.ground.pages import counted

FUND, STIPEND = "kalix-integration-fund", "kalix-integration-stipend"
YES = "q_E1=yes&q_E2=yes&q_E3=yes&q_E4=yes"


def soup_of(client: FlaskClient, path: str) -> BeautifulSoup:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return BeautifulSoup(answer.text, "html.parser")


def words_of(client: FlaskClient, path: str) -> str:
    return " ".join(soup_of(client, path).get_text(" ").split())


def test_start_page_leads_to_the_page_of_each_fund_in_every_language(client: FlaskClient) -> None:
    on_day()
    for code in LANGUAGES:
        page = soup_of(client, f"/{code}/")
        for fund in (FUND, STIPEND):
            assert page.select(f'main a[href="/{code}/grants/{fund}"]')
            assert client.get(f"/{code}/grants/{fund}").status_code == 200


def test_a_funds_page_says_what_it_is_for_what_not_and_what_is_assumed(client: FlaskClient) -> None:
    on_day()
    words = words_of(client, f"/en/grants/{FUND}")
    assert "develop activities that promote integration" in words
    assert "What has already been done." in words
    assert "2016–2018" in words
    assert "3 000 000 kr is left of 3 000 000 kr" in words
    assert "Minutes of the latest annual meeting (non-profit association, faith community" in words
    assert words.count("This is an assumption. The municipality has not published it.") == 3
    stipend = words_of(client, f"/en/grants/{STIPEND}")
    assert "fritids-ochkulturnamnden@kalix.se" in stipend
    assert "Anybody may nominate." in stipend


def test_a_text_without_translation_is_marked_as_swedish(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    on_day()
    monkeypatch.setattr("fundapp.data_texts.translations", lambda _code: {})
    for path in ("/ar/", f"/ar/grants/{FUND}"):
        found = [tag.get_text() for tag in soup_of(client, path).select('main [lang="sv"][dir="ltr"]')]
        assert "Skapa möjligheter och stödja integrationsinitiativ." in found


def test_a_round_that_is_over_offers_no_button(client: FlaskClient) -> None:
    on_day(date(2019, 2, 1))
    for path in (f"/en/grants/{FUND}", f"/en/grants/{FUND}/can-we-apply?kind=association&{YES}"):
        page = soup_of(client, path)
        assert "It is closed for applications." in page.get_text()
        assert not page.select('main a[href*="applications/new"]')


@pytest.mark.parametrize(
    ("fund", "kinds"),
    [(FUND, [ApplicationKind.GRANT]), (STIPEND, [ApplicationKind.AWARD, ApplicationKind.NOMINATION])],
)
@pytest.mark.parametrize("code", ["sv", "en", "ar"])
def test_every_question_of_the_form_can_be_read_before_signing_in(
    app: Flask, client: FlaskClient, fund: str, kinds: list[ApplicationKind], code: str
) -> None:
    on_day()
    wanted = set()
    with app.test_request_context(), speaking(code):
        for kind in kinds:
            application = draft(kind=kind)
            for section in application.sections:
                form = section_form(application, section.code)
                wanted |= {answer.question for answer in form.answers() if answer.is_field} | {str(form.section_title)}
        db.session.rollback()
    assert len(wanted) > 15
    words = words_of(client, f"/{code}/grants/{fund}/questions")
    assert {question for question in wanted if question not in words} == set()


def test_who_answers_yes_may_apply(client: FlaskClient) -> None:
    on_day()
    page = soup_of(client, f"/en/grants/{FUND}/can-we-apply?kind=association&{YES}")
    assert "Yes, you may apply" in page.get_text()
    assert page.select(f'main a[href="/en/applications/new?fund={FUND}"]')


@pytest.mark.parametrize(
    ("fund", "answers", "reasons"),
    [
        (FUND, "kind=association&q_E1=yes&q_E2=yes&q_E3=no&q_E4=yes", ["does not pay for what has already been done"]),
        (
            FUND,
            "kind=association&q_E1=no&q_E2=no&q_E3=yes&q_E4=yes",
            ["only paid to an organisation", "is for integration"],
        ),
        (FUND, f"kind=person&{YES}", ["Only an organisation can apply."]),
        (STIPEND, f"kind=company&{YES}", ["This kind of organisation cannot apply here: Company."]),
        (STIPEND, f"kind=association&{YES.replace('q_E2=yes', 'q_E2=no')}", ["for what has already been done"]),
    ],
)
def test_a_no_comes_with_each_reason_and_what_to_do(
    client: FlaskClient, fund: str, answers: str, reasons: list[str]
) -> None:
    on_day()
    page = soup_of(client, f"/en/grants/{fund}/can-we-apply?{answers}")
    box = page.select_one("#answer .notice")
    assert box is not None
    assert box.get_text().count("What you can do:") == len(reasons)
    assert all(reason in box.get_text() for reason in reasons)
    assert not page.select('main a[href*="applications/new"]')


def test_who_is_not_asked_need_not_answer(client: FlaskClient) -> None:
    on_day()
    rest = "q_E2=yes&q_E3=yes&q_E4=yes"
    for kind in ("municipal_unit", "company"):
        for first in ("", "&q_E1=no"):
            page = words_of(client, f"/en/grants/{FUND}/can-we-apply?kind={kind}&{rest}{first}")
            assert "Yes, you may apply" in page
    assert "Yes, you may apply" not in words_of(client, f"/en/grants/{FUND}/can-we-apply?kind=association&{rest}")


@pytest.mark.parametrize("answers", ["kind=", "kind=nothing&q_E1=yes", "q_E1=maybe", "kind=association", "x=1"])
def test_an_answer_that_is_missing_is_asked_for_and_the_others_stay(client: FlaskClient, answers: str) -> None:
    on_day()
    page = soup_of(client, f"/en/grants/{FUND}/can-we-apply?{answers}&q_E4=no")
    assert page.select(".error-summary a")
    assert page.select('input[name="q_E4"][value="no"][checked]')
    assert not page.select("#answer")


def test_a_first_visit_shows_no_fault(client: FlaskClient) -> None:
    on_day()
    page = soup_of(client, f"/en/grants/{FUND}/can-we-apply")
    assert not page.select(".error-summary, #answer, [checked]")
    assert len(page.select("fieldset")) == 5


@pytest.mark.parametrize("path", ["grants/nothing", "grants/nothing/questions", "grants/%00/can-we-apply"])
def test_a_fund_that_is_not_there_is_not_found(client: FlaskClient, path: str) -> None:
    assert client.get(f"/sv/{path}").status_code == 404


def test_a_funds_page_that_was_drawn_once_asks_one_statement(app: Flask, client: FlaskClient) -> None:
    on_day()
    for path in ("/sv/", f"/sv/grants/{FUND}", f"/sv/grants/{FUND}/questions"):
        client.get(path)
        with counted(app) as sent:
            assert client.get(path).status_code == 200
        assert len(sent) <= 1, path


def test_rights_to_finnish_and_meankieli_are_told_in_every_language(client: FlaskClient) -> None:
    on_day()
    for code in LANGUAGES:
        assert soup_of(client, f"/{code}/").select(f'footer a[href="/{code}/minority-languages"]')
        page = soup_of(client, f"/{code}/minority-languages")
        assert "2009:724" in page.get_text()
        assert page.select('main a[href="/fi/minority-languages"]')
        assert page.select('main a[href="/fit/minority-languages"]')


def test_a_question_without_translation_is_marked_as_swedish(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_day()
    monkeypatch.setattr("fundapp.data_texts.translations", lambda _code: {})
    page = soup_of(client, f"/ar/grants/{FUND}/can-we-apply")
    assert len(page.select('legend [lang="sv"][dir="ltr"]')) == 4
    english = soup_of(client, f"/en/grants/{FUND}/can-we-apply")
    assert not english.select("legend [lang]")
