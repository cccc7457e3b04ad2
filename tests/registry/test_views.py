"""The desk's pages: what waits, the list, the case, its documents; and what a conflict of interest hides."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from pypdfium2 import PdfDocument
from sqlalchemy import select, update

from fundapp import clock
from fundapp.accounts.models import Account, OrganisationKind
from fundapp.applications import actions as applying
from fundapp.applications.models import Application, ApplicationKind
from fundapp.assessments import actions as assessing
from fundapp.db import db
from fundapp.permissions import Role
from fundapp.registry import queries
from fundapp.registry.models import Direction, Document
from fundapp.workflow import ApplicationStatus
from tests.factories import on_day
from tests.factories.applications import GRANT, PDF, draft, submitted
from tests.factories.assessments import assessed, under_assessment
from tests.factories.decisions import granted
from tests.factories.force import announced
from tests.factories.people import applicant, official, organisation
from tests.factories.registry import registered
from tests.factories.reports import reported
from tests.factories.seats import seated
from tests.ground.apps import SignIn
from tests.ground.pages import counted

CANARY = "Kanariefågel"


@contextmanager
def made(app: Flask) -> Iterator[None]:
    """What is made within is there for the pages. The tokens against forgery are tested for every page elsewhere."""
    app.config["WTF_CSRF_ENABLED"] = False
    on_day()
    with app.test_request_context():
        yield
        db.session.commit()


def text_of(page: Any) -> str:
    return " ".join(BeautifulSoup(page.text, "html.parser").get_text(" ").split())


def waiting(client: FlaskClient) -> dict[str, str]:
    """The desk's tasks: label and count."""
    soup = BeautifulSoup(client.get("/en/desk").text, "html.parser")
    return {
        task.select_one(".task-label").get_text(strip=True): task.select_one(".tag").get_text(strip=True)
        for task in soup.select(".task")
    }


# --- the start page ---------------------------------------------------------------------------------------------


def test_a_registrar_sees_how_many_to_register_and_no_officers_tasks(app: Flask, signed_in: SignIn) -> None:
    with made(app):
        who = official(Role.REGISTRAR)
        submitted()
        submitted()
        registered()
        draft()
    assert waiting(signed_in(who)) == {"To register": "2"}


def test_an_officer_sees_own_cases_what_is_late_and_what_is_new(app: Flask, signed_in: SignIn) -> None:
    with made(app):
        who, other = official(Role.OFFICER), official(Role.OFFICER)
        registered()
        under_assessment(officer=who)
        under_assessment(officer=other)
        for due in (date(2017, 3, 7), date(2017, 3, 20)):
            asked = under_assessment(officer=who)
            assessing.request_completion(asked, sections=["budget"], what="Rätta summan", due_on=due, by=who)
    on_day(date(2017, 3, 8))
    client = signed_in(who)
    assert waiting(client) == {
        "Completions that are late": "1",
        "To take up": "1",
        "I am assessing": "1",
        "Waiting for completion": "2",
    }
    assert next(iter(waiting(client))) == "Completions that are late"


def test_a_secretary_sees_what_is_ready_for_a_sitting(app: Flask, signed_in: SignIn) -> None:
    with made(app):
        who = official(Role.SECRETARY)
        assessed()
    assert waiting(signed_in(who)) == {"Ready for a sitting": "1"}


def test_each_task_leads_to_the_cases_it_counts(app: Flask, signed_in: SignIn) -> None:
    with made(app):
        who = official(Role.OFFICER)
        under_assessment(officer=who, title="Min egen")
        under_assessment(title="En annans")
    client = signed_in(who)
    soup = BeautifulSoup(client.get("/en/desk").text, "html.parser")
    link = next(a for a in soup.select(".task a") if a.get_text() == "I am assessing")
    page = client.get(link["href"]).text
    assert "Min egen" in page
    assert "En annans" not in page


def test_projects_to_pay_to_review_and_late_lead_to_the_projects_themselves(app: Flask, signed_in: SignIn) -> None:
    with made(app):
        who = official(Role.OFFICER)
        announced(reported().project.decision)
        announced(granted(title="Utan redovisning"))
    on_day(date(2018, 3, 1))  # the report was due on 15 February
    client = signed_in(who)
    counts = waiting(client)
    soup = BeautifulSoup(client.get("/en/desk").text, "html.parser")
    links = {a.get_text(): a["href"] for a in soup.select(".task a")}
    for label, show, count in (
        ("Project reports that are late", "overdue", "1"),
        ("Project reports to review", "review", "1"),
        ("Instalments to pay", "pay", "2"),
    ):
        assert counts[label] == count
        assert links[label].endswith(f"/projects?show={show}")
        rows = BeautifulSoup(client.get(links[label]).text, "html.parser").select("tbody tr")
        assert len(rows) == int(count)


def test_an_auditor_reads_that_nothing_waits(app: Flask, signed_in: SignIn) -> None:
    with made(app):
        who = official(Role.AUDITOR)
        submitted()
    client = signed_in(who)
    assert waiting(client) == {}
    assert "You read here; nothing waits for you." in client.get("/en/desk").text


def test_the_desk_shows_the_funds_frame(app: Flask, signed_in: SignIn) -> None:
    with made(app):
        who = official(Role.OFFICER)
    assert "Left of 3 000 000 kr 3 000 000 kr" in text_of(signed_in(who).get("/en/desk")).replace("\xa0", " ")


# --- the list ---------------------------------------------------------------------------------------------------


def titles(client: FlaskClient, query: str = "") -> list[str]:
    soup = BeautifulSoup(client.get(f"/en/cases{query}").text, "html.parser")
    return [head.get_text(strip=True) for head in soup.select("tbody th")]


def test_the_list_is_newest_first_and_tells_what_is_not_registered(app: Flask, signed_in: SignIn) -> None:
    with made(app):
        who = official(Role.OFFICER)
        registered(title="Först")
        submitted(title="Sist")
    client = signed_in(who)
    assert titles(client) == ["Sist", "Först"]
    page = text_of(client.get("/en/cases"))
    assert "not registered Sist" in page
    assert "KS 2017:1 Först" in page


def test_a_row_tells_applicant_sum_state_age_officer_and_language(app: Flask, signed_in: SignIn) -> None:
    with made(app):
        who = official(Role.OFFICER, name="Karin Sandberg")
        under_assessment(officer=who, by=applicant(language="en"), language="en")
    on_day(date(2017, 3, 16))
    page = text_of(signed_in(who).get("/en/cases")).replace("\xa0", " ")
    assert (
        "KS 2017:1 Språkkafé vid älven Kalix Språkkafé Project grant 45 000 kr Being assessed 10 Karin Sandberg English"
        in page
    )


def test_filters_narrow_the_list_and_stand_in_the_address(app: Flask, signed_in: SignIn) -> None:
    with made(app):
        who = official(Role.OFFICER)
        submitted(title="Ny")
        under_assessment(officer=who, title="Min")
        registered(kind=ApplicationKind.NOMINATION)
    client = signed_in(who)
    assert titles(client, "?state=submitted") == ["Ny"]
    assert titles(client, "?mine=1") == ["Min"]
    assert titles(client, "?fund=kalix-integration-stipend") == ["Fotboll för alla i Töre"]
    assert titles(client, "?q=framtid") == ["Fotboll för alla i Töre"]
    assert titles(client, "?q=ks+2017:1") == ["Min"]
    assert titles(client, "?state=submitted&mine=1") == []
    soup = BeautifulSoup(client.get("/en/cases?state=submitted&mine=1").text, "html.parser")
    removed = [a["href"] for a in soup.select(".filters a")]
    assert removed == ["/en/cases?mine=1", "/en/cases?state=submitted", "/en/cases"]


def test_searching_finds_swedish_letters_in_any_case(app: Flask, signed_in: SignIn) -> None:
    with made(app):
        who = official(Role.OFFICER)
        submitted(title="Älvens ÖPPNA hus")
    client = signed_in(who)
    for words in ("älvens", "ÄLVENS", "öppna", "100%", "_"):
        assert titles(client, f"?q={words}") == ([] if words in ("100%", "_") else ["Älvens ÖPPNA hus"]), words


@pytest.mark.parametrize(
    "query", ["?state=draft", "?state=nonsense", "?before=nobody", "?after=%E2%80%AE", "?fund=x' OR 1=1"]
)
def test_a_strange_address_still_gives_a_page(app: Flask, signed_in: SignIn, query: str) -> None:
    with made(app):
        who = official(Role.OFFICER)
        draft(title=CANARY)
    page = signed_in(who).get(f"/en/cases{query}")
    assert page.status_code == 200
    assert CANARY not in page.text


def test_paging_shows_every_case_once_in_both_directions(
    app: Flask, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "PAGE", 2)
    with made(app):
        who = official(Role.OFFICER)
        for number in range(5):
            submitted(title=f"Nr {number}", kind=ApplicationKind.NOMINATION)
    client, url, seen = signed_in(who), "/en/cases", []
    while url:
        soup = BeautifulSoup(client.get(url).text, "html.parser")
        seen.append([head.get_text(strip=True) for head in soup.select("tbody th")])
        older = soup.select_one(".pager a[rel=next]")
        last, url = soup, older["href"] if older else ""
    assert seen == [["Nr 4", "Nr 3"], ["Nr 2", "Nr 1"], ["Nr 0"]]
    back = BeautifulSoup(client.get(last.select_one(".pager a[rel=prev]")["href"]).text, "html.parser")
    assert [head.get_text(strip=True) for head in back.select("tbody th")] == ["Nr 2", "Nr 1"]
    first = BeautifulSoup(client.get(back.select_one(".pager a[rel=prev]")["href"]).text, "html.parser")
    assert first.select_one(".pager a[rel=prev]") is None


def test_thirty_cases_take_no_more_statements_than_three(app: Flask, signed_in: SignIn) -> None:
    with made(app):
        who = official(Role.OFFICER)
        for _ in range(3):
            registered(kind=ApplicationKind.NOMINATION)
    client = signed_in(who)
    client.get("/en/cases")
    few = _statements(app, client)
    with made(app):
        for _ in range(27):
            registered(kind=ApplicationKind.NOMINATION)
    many = _statements(app, client)
    assert len(titles(client)) == queries.PAGE
    assert many == few


def _statements(app: Flask, client: FlaskClient) -> int:
    with counted(app) as sent:
        assert client.get("/en/cases").status_code == 200
    return len(sent)


# --- who sees what ----------------------------------------------------------------------------------------------


def test_a_draft_is_nowhere_at_the_desk(app: Flask, signed_in: SignIn) -> None:
    with made(app):
        everything = official(Role.REGISTRAR, Role.OFFICER, Role.SECRETARY, Role.AUDITOR)
        key = draft(title=CANARY).public_id
    client = signed_in(everything)
    assert waiting(client) == {}
    assert CANARY not in client.get("/en/cases").text
    assert titles(client, f"?q={CANARY}") == []
    assert client.get(f"/en/cases/{key}").status_code == 404
    assert client.get(f"/en/cases/{key}/application.pdf").status_code == 404


def _pages_of(key: str, document: str, attachment: str) -> list[str]:
    return [
        f"/en/cases/{key}",
        f"/en/cases/{key}/application.pdf",
        f"/en/cases/{key}/attachments/{attachment}",
        f"/en/cases/{key}/documents/new",
        f"/en/cases/{key}/formal-check",
        f"/en/cases/{key}/completion",
        f"/en/cases/{key}/objectives",
        f"/en/cases/{key}/assessment",
        f"/en/cases/{key}/officers-report",
        f"/en/cases/{key}/versions",
        f"/en/cases/{key}/conflict",
        f"/en/documents/{document}",
    ]


def test_an_official_with_a_conflict_neither_sees_nor_touches_the_case(app: Flask, signed_in: SignIn) -> None:
    with made(app):
        who = official(Role.REGISTRAR, Role.OFFICER)
        person = applicant()
        group = organisation(person, name=f"{CANARY} förening", org_number="8020015585")
        case = registered(by=person, organisation=group, title=CANARY)
        submitted(by=person, organisation=group, title=f"{CANARY} två")
        key, document, attachment = case.public_id, case.case.documents[0].public_id, case.attachments[0].public_id
        # Another entry of the same association, by its number, whose other applications must not be told of either.
        twin = organisation(applicant(), name="Annan", org_number="8020015593")
        seen = registered(by=twin.memberships[0].account, organisation=twin, title="Synlig").public_id
    client = signed_in(who)
    assert client.get(f"/en/cases/{key}").status_code == 200
    assert waiting(client) == {"To register": "1", "To take up": "2"}
    answer = client.post(f"/en/cases/{key}/conflict", data={"reason": "Jag sitter i styrelsen"}, follow_redirects=True)
    assert answer.status_code == 200
    assert CANARY not in answer.text
    assert waiting(client) == {"To take up": "1"}
    assert titles(client) == ["Synlig"]
    assert titles(client, f"?q={CANARY}") == []
    for url in _pages_of(key, document, attachment):
        page = client.get(url)
        assert page.status_code == 404, url
        assert CANARY not in page.text
    for action in ("take-up", "go-on-without", "reopen", "reconsider"):
        assert client.post(f"/en/cases/{key}/{action}").status_code == 404
    assert client.post(f"/en/applications/{key}/register").status_code == 404
    assert CANARY not in client.get(f"/en/cases/{seen}").text


def test_declaring_a_conflict_needs_a_reason(app: Flask, signed_in: SignIn) -> None:
    with made(app):
        who = official(Role.OFFICER)
        key = registered().public_id
    client = signed_in(who)
    answer = client.post(f"/en/cases/{key}/conflict", data={"reason": "  "})
    assert answer.status_code == 422
    assert "Write the reason in a few words." in answer.text
    assert client.get(f"/en/cases/{key}").status_code == 200


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, None])
def test_administrators_and_applicants_find_no_case(app: Flask, signed_in: SignIn, role: Role | None) -> None:
    with made(app):
        who = official(role) if role else applicant()
        case = registered(by=applicant())
        key, document, attachment = case.public_id, case.case.documents[0].public_id, case.attachments[0].public_id
    client = signed_in(who)
    for url in _pages_of(key, document, attachment):
        assert client.get(url).status_code == 404, url
    assert client.get("/en/desk").status_code == 403
    assert client.get("/en/cases").status_code == 403


def test_an_auditor_reads_and_writes_nothing(app: Flask, signed_in: SignIn) -> None:
    with made(app):
        who = official(Role.AUDITOR)
        case, new = registered(), submitted().public_id
        key, document, attachment = case.public_id, case.case.documents[0].public_id, case.attachments[0].public_id
    client = signed_in(who)
    for url in _pages_of(key, document, attachment)[:3]:
        assert client.get(url, buffered=True).status_code == 200, url
    assert client.get(f"/en/documents/{document}").status_code == 200
    assert client.get(f"/en/cases/{key}/documents/new").status_code == 403
    assert client.post(f"/en/cases/{key}/take-up").status_code == 403
    assert client.post(f"/en/applications/{new}/register").status_code == 403


def test_a_member_sees_no_case_before_it_is_on_an_agenda(app: Flask, signed_in: SignIn) -> None:
    with made(app):
        who = seated().account
        key = assessed(title=CANARY).public_id
    client = signed_in(who)
    assert client.get(f"/en/cases/{key}").status_code == 404
    assert CANARY not in client.get("/en/cases").text


# --- registering and the case page ------------------------------------------------------------------------------


def test_a_registrar_registers_by_the_button_and_twice_is_told_no(app: Flask, signed_in: SignIn) -> None:
    with made(app):
        who = official(Role.REGISTRAR)
        key = submitted().public_id
    client = signed_in(who)
    soup = BeautifulSoup(client.get(f"/en/cases/{key}").text, "html.parser")
    assert soup.select_one(".steps-panel form")["action"] == f"/en/applications/{key}/register"
    answer = client.post(f"/en/applications/{key}/register", follow_redirects=True)
    assert "Registered as KS 2017:1." in answer.text
    assert client.post(f"/en/applications/{key}/register").status_code == 409


def test_nothing_is_registered_by_looking(app: Flask, signed_in: SignIn) -> None:
    with made(app):
        who = official(Role.REGISTRAR)
        key = submitted().public_id
    assert signed_in(who).get(f"/en/applications/{key}/register").status_code == 405


def test_the_case_page_shows_answers_documents_and_story(app: Flask, signed_in: SignIn) -> None:
    with made(app):
        who = official(Role.OFFICER, name="Karin Sandberg")
        key = assessed(officer=who).public_id
    page = text_of(signed_in(who).get(f"/en/cases/{key}")).replace("\xa0", " ")
    for words in (
        "KS 2017:1",
        "Att fler ska våga tala svenska och få vänner på orten.",
        "15 000 kr",
        "Stadgar",
        "Finished the officer's report",
        "Opened the case KS 2017:1",
        "Sent in",
        "2.3",
        "Left of the frame 3 000 000 kr",
        "Reopen the assessment",
    ):
        assert words in page, words
    assert "Linked to no objective" not in page


def test_the_applicants_words_keep_their_language_and_direction(app: Flask, signed_in: SignIn) -> None:
    arabic = "نريد أن نتحدث السويدية"
    with made(app):
        who = official(Role.OFFICER)
        key = registered(purpose=arabic, language="en", by=applicant(language="en")).public_id
    soup = BeautifulSoup(signed_in(who).get(f"/en/cases/{key}").text, "html.parser")
    answer = next(part for part in soup.select("dd [lang]") if arabic in part.get_text())
    assert (answer["lang"], answer["dir"]) == ("en", "auto")


def test_a_case_without_objectives_says_so_and_closed_steps_say_why(app: Flask, signed_in: SignIn) -> None:
    with made(app):
        who = official(Role.OFFICER)
        key = registered().public_id
    page = text_of(signed_in(who).get(f"/en/cases/{key}"))
    assert "Linked to no objective of the plan." in page
    assert "Finish the officer's report Start assessing first." in page


def test_doubles_and_other_applications_of_the_applicant_are_shown(app: Flask, signed_in: SignIn) -> None:
    with made(app):
        who = official(Role.OFFICER)
        one, two = applicant(), applicant()
        first = registered(by=one, organisation=organisation(one, name="Kalix Språkkafé"), title="Ettan")
        registered(by=two, organisation=organisation(two, name="Kalix språkcafé ek."), title="Tvåan")
        key = first.public_id
    page = text_of(signed_in(who).get(f"/en/cases/{key}"))
    assert "Possible doubles" in page
    assert "Kalix språkcafé ek." in page
    assert "Tvåan KS 2017:2" in page


def test_a_municipal_unit_bears_the_plans_priority_and_a_company_the_laws_warning(
    app: Flask, signed_in: SignIn
) -> None:
    with made(app):
        who = official(Role.OFFICER)
        keys = {}
        for kind in (OrganisationKind.MUNICIPAL_UNIT, OrganisationKind.COMPANY, OrganisationKind.ASSOCIATION):
            person = applicant()
            body = organisation(person, name="Sökanden", kind=kind)
            keys[kind] = registered(by=person, organisation=body).public_id
    client = signed_in(who)
    pages = {kind: text_of(client.get(f"/en/cases/{key}")) for kind, key in keys.items()}
    priority, warning = "Municipal projects within the area will be given priority.", "The applicant is a company"
    assert priority in pages[OrganisationKind.MUNICIPAL_UNIT]
    assert warning in pages[OrganisationKind.COMPANY]
    assert priority not in pages[OrganisationKind.COMPANY]
    assert warning not in pages[OrganisationKind.ASSOCIATION]
    assert priority not in pages[OrganisationKind.ASSOCIATION]


def test_more_sought_than_left_is_said(app: Flask, signed_in: SignIn) -> None:
    with made(app):
        who = official(Role.OFFICER)
        application = registered()
        key = application.public_id
        db.session.execute(update(type(application.round)).values(frame=40_000))
    assert "More is sought than is left." in signed_in(who).get(f"/en/cases/{key}").text


# --- documents --------------------------------------------------------------------------------------------------


def test_papers_and_files_are_saved_not_opened(app: Flask, signed_in: SignIn) -> None:
    with made(app):
        who = official(Role.OFFICER)
        case = registered()
        key, attachment = case.public_id, case.attachments[0].public_id
        paper, file = case.case.documents[0].public_id, case.case.documents[1].public_id
    client = signed_in(who)
    for url in (
        f"/en/documents/{paper}",
        f"/en/documents/{file}",
        f"/en/cases/{key}/application.pdf",
        f"/en/cases/{key}/attachments/{attachment}",
    ):
        answer = client.get(url, buffered=True)
        assert answer.status_code == 200, url
        assert answer.mimetype == "application/pdf"
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert len(PdfDocument(answer.data)) >= 1


def test_another_cases_attachment_is_not_found_here(app: Flask, signed_in: SignIn) -> None:
    with made(app):
        who = official(Role.OFFICER)
        one, two = registered(), registered()
        key, foreign = one.public_id, two.attachments[0].public_id
    assert signed_in(who).get(f"/en/cases/{key}/attachments/{foreign}").status_code == 404


GOOD = {"direction": "RECEIVED", "dated": "2017-03-05", "counterpart": "Länsstyrelsen", "subject": "Yttrande"}


def test_a_letter_on_paper_is_filed(app: Flask, signed_in: SignIn) -> None:
    with made(app):
        who = official(Role.REGISTRAR)
        key = registered().public_id
    client = signed_in(who)
    assert client.get(f"/en/cases/{key}/documents/new").status_code == 200
    page = text_of(client.post(f"/en/cases/{key}/documents/new", data=GOOD, follow_redirects=True))
    assert "2017-03-05 Received Länsstyrelsen Yttrande (kept on paper)" in page
    assert "Filed a received document" in page


def test_a_file_is_filed_with_its_content(app: Flask, signed_in: SignIn) -> None:
    with made(app):
        who = official(Role.REGISTRAR)
        key = registered().public_id
    client = signed_in(who)
    upload = GOOD | {"file": (io.BytesIO(PDF), "yttrande.pdf")}
    assert client.post(f"/en/cases/{key}/documents/new", data=upload).status_code == 302
    with app.app_context():
        document = db.session.scalars(select(Document).where(Document.subject == "Yttrande")).one()
        assert document.direction is Direction.RECEIVED
        public_id = document.public_id
    assert client.get(f"/en/documents/{public_id}", buffered=True).data == PDF


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"dated": ""}, "Write the day it came in, was drawn up or was sent."),
        ({"dated": "5 mars"}, "Write the date as year, month and day"),
        ({"dated": "2017-03-07"}, "Write today"),
        ({"counterpart": " "}, "Write who it is from or to."),
        ({"subject": ""}, "Write briefly what it concerns."),
        ({"subject": "x" * 401}, "Shorten the text to 400 characters"),
        ({"direction": "STOLEN"}, "Choose one of the alternatives."),
        ({"file": (io.BytesIO(b"MZ\x90 not a paper"), "virus.pdf")}, "Choose a PDF, a photo"),
    ],
)
def test_what_cannot_be_filed_is_told_beside_the_field(
    app: Flask, signed_in: SignIn, change: dict[str, Any], message: str
) -> None:
    with made(app):
        who = official(Role.REGISTRAR)
        key = registered(with_attachments=True).public_id
    answer = signed_in(who).post(f"/en/cases/{key}/documents/new", data=GOOD | change)
    assert answer.status_code == 422
    soup = BeautifulSoup(answer.text, "html.parser")
    assert message in soup.select_one(".error-summary").get_text()
    assert message in soup.select_one(".error").get_text()
    if "counterpart" not in change:
        assert soup.select_one("#counterpart")["value"] == "Länsstyrelsen"


def test_nothing_can_be_filed_before_registration(app: Flask, signed_in: SignIn) -> None:
    with made(app):
        who = official(Role.REGISTRAR)
        key = submitted().public_id
    client = signed_in(who)
    for answer in (
        client.get(f"/en/cases/{key}/documents/new"),
        client.post(f"/en/cases/{key}/documents/new", data=GOOD),
    ):
        assert answer.status_code == 409
        assert "Register it first." in answer.text


def test_an_earlier_version_can_be_read(app: Flask, signed_in: SignIn) -> None:
    with made(app):
        who = official(Role.OFFICER)
        application = under_assessment(officer=who)
        assessing.request_completion(
            application, sections=["project"], what="Skriv mer", due_on=date(2017, 3, 20), by=who
        )
        person = db.session.get_one(Account, application.created_by_id)
        _complete(application, person)
        key = application.public_id
        assert application.status is ApplicationStatus.UNDER_ASSESSMENT
        assert len(application.submissions) == 2
    client = signed_in(who)
    now, before = client.get(f"/en/cases/{key}").text, client.get(f"/en/cases/{key}?version=1").text
    assert "Ett annat syfte" in now
    assert "Ett annat syfte" not in before
    assert "Additions came in" in now
    assert client.get(f"/en/cases/{key}?version=99").status_code == 200


def _complete(application: Application, person: Account) -> None:
    answers = GRANT["project"] | {"purpose": ["Ett annat syfte"]}
    with clock.at(datetime(2017, 3, 10, 9, tzinfo=UTC)):
        applying.save_section(application, "project", answers, by=person)
        applying.submit(application, by=person)
