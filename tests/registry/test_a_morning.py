"""A morning at the desk: twenty fresh applications, five of them in Arabic, from registered to ready for the sitting.

Every step is taken on the page that offers it, with the fields that stand there, as an officer does.
"""

from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from fundapp.applications.models import Application
from fundapp.db import db
from fundapp.documents import Paper
from fundapp.permissions import Role
from fundapp.workflow import ApplicationStatus
from tests.factories import on_day
from tests.factories.applications import submitted
from tests.factories.people import applicant, official, organisation
from tests.ground.apps import SignIn

ALL, IN_ARABIC = 20, 5
ARABIC = {"title": "خياطة وحديث", "summary": "نلتقي كل أسبوع لنخيط معا ونتعلم اللغة."}


def page_of(client: FlaskClient, address: str) -> BeautifulSoup:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return BeautifulSoup(answer.data, "html.parser")


def form_on(page: BeautifulSoup, ending: str) -> Tag:
    found = page.select_one(f'main form[action$="{ending}"]')
    assert found is not None, ending
    return found


def as_shown(form: Tag) -> dict[str, Any]:
    """What a browser would send of the form as it stands."""
    sent: dict[str, Any] = {}
    for field in form.select("input[name]:not([type=radio]):not([type=checkbox]), textarea[name], select[name]"):
        chosen = field.select_one("option[selected]") if field.name == "select" else None
        value = chosen["value"] if chosen else field.text if field.name == "textarea" else field.get("value", "")
        sent[str(field["name"])] = str(value).removeprefix("\n")
    for field in form.select("input[checked]"):
        sent.setdefault(str(field["name"]), []).append(str(field.get("value", "on")))
    return sent


def press(client: FlaskClient, page: BeautifulSoup, ending: str, **changes: Any) -> None:
    form = form_on(page, ending)
    answer = client.post(str(form["action"]), data=as_shown(form) | changes)
    assert answer.status_code == 302, [
        each.get_text(" ", strip=True)
        for each in BeautifulSoup(answer.data, "html.parser").select(".notice, .error-summary, .error")
    ]


def work_through(client: FlaskClient, case: str) -> None:
    """From the case page as it is after registration to the finished report."""
    here = f"/sv/cases/{case}"
    press(client, page_of(client, here), "/take-up")
    check = page_of(client, f"{here}/formal-check")
    findings = {str(each["name"]): "YES" for each in form_on(check, "/formal-check").select("[name^=finding_]")}
    press(client, check, "/formal-check", **findings)
    plan = page_of(client, f"{here}/objectives")
    first = form_on(plan, "/objectives").select_one("input[type=checkbox]")
    assert first is not None
    press(client, plan, "/objectives", **{str(first["name"]): str(first["value"])})
    written = {
        "summary": "Kort.",
        "text": "Projektet når målgruppen.",
        "proposed_outcome": "GRANT",
        "reasons": "Når målen.",
    }
    sought = "45000"
    press(client, page_of(client, f"{here}/assessment"), "/assessment", **written, proposed_amount=sought)
    press(client, page_of(client, f"{here}/officers-report"), "/officers-report")


def translate(client: FlaskClient, case: str) -> None:
    page = page_of(client, f"/sv/cases/{case}/translation")
    texts = {str(f["name"]): f"Svenska för {f['name']}" for f in page.select("main form textarea")}
    assert "project.title" in texts
    press(client, page, "/translation", **texts)


def fresh() -> list[str]:
    """Twenty applications, each of an association of its own."""
    found = []
    for number in range(ALL):
        person = applicant(f"Sökande {number}", f"sokande{number}@forening.example")
        organisation(person, name=f"Förening {number}", org_number=f"80200{number:02}000"[:10])
        is_arabic = number < IN_ARABIC
        words = ARABIC if is_arabic else {"title": f"Projekt {number}"}
        language = "ar" if is_arabic else "sv"
        found.append(submitted(person, language=language, text_language=language, **words).public_id)
    return found


@pytest.mark.slow
def test_twenty_fresh_applications_are_ready_for_the_sitting(app: Flask, signed_in: SignIn) -> None:
    on_day()
    app.config["WTF_CSRF_ENABLED"] = False
    with app.app_context():
        cases = fresh()
        registrar, officer = official(Role.REGISTRAR).email, official(Role.OFFICER, name="Olga Henriksson").email
        db.session.commit()
    registering, assessing = signed_in(registrar), signed_in(officer)
    for case in cases:
        press(registering, page_of(registering, f"/sv/cases/{case}"), "/register")
    for number, case in enumerate(cases):
        if number < IN_ARABIC:
            translate(assessing, case)
        work_through(assessing, case)
    with app.app_context():
        states = db.session.scalars(select(Application.status).where(Application.public_id.in_(cases))).all()
        assert states == [ApplicationStatus.ASSESSED] * ALL
        reports = db.session.scalars(select(Paper).where(Paper.template.endswith("officer_report.typ"))).all()
        assert len(reports) == ALL
    page = page_of(assessing, f"/sv/cases/{cases[0]}")
    assert any(ARABIC["summary"] in each.get_text() for each in page.select('[lang="ar"]'))
    assert any("Svenska för project.summary" in each.get_text() for each in page.select('[lang="sv"]'))
    ready = page_of(assessing, "/sv/desk").get_text(" ", strip=True)
    assert "Klart för sammanträde" in page.get_text()
    assert str(ALL) in ready
