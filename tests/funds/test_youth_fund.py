"""A new fund opens for applications without a line of code: an administrator and an applicant use pages alone."""

import re
from datetime import date
from io import BytesIO

import pytest
from bs4 import BeautifulSoup, Tag
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from fundapp.accounts.models import Membership, Organisation
from fundapp.applications.models import Application
from fundapp.db import db
from fundapp.funds.models import Fund, FundState
from fundapp.mail import Message
from fundapp.permissions import Role
from fundapp.workflow import ApplicationStatus
from tests.factories import on_day
from tests.factories.applications import GRANT, PDF
from tests.factories.people import applicant, official, organisation
from tests.ground.apps import SignIn
from tests.ground.pages import send

CODE = "kalix-kommuns-ungdomsfond-2022"
EDIT = f"/sv/funds/{CODE}"
DECISION = "Kommunfullmäktige 2022-02-07 § 12"
DAYS = {"starts_on": ["2022-06-01"], "ends_on": ["2022-08-31"]}


def posted(client: FlaskClient, path: str, **changes: object) -> TestResponse:
    """Open the page's form and send it back with what stands in it, but for `changes`; None leaves a field out."""
    soup = BeautifulSoup(client.get(path).text, "html.parser")
    form = next(each for each in soup.select("main form.form"))
    fields = _as_it_stands(form)
    for name, value in changes.items():
        fields.pop(name, None)
        for one in value if isinstance(value, list) else [value] if value is not None else []:
            fields.add(name, str(one))
    return client.post(str(form["action"]), data=fields)


def _as_it_stands(form: Tag) -> "MultiDict[str, str]":
    fields: MultiDict[str, str] = MultiDict()
    for box in form.select("input[name], textarea[name], select[name]"):
        if box.get("type") in ("radio", "checkbox") and not box.has_attr("checked"):
            continue
        if box.name == "select":
            chosen = box.select_one("option[selected]") or box.select_one("option")
            fields.add(str(box["name"]), str(chosen["value"]) if chosen else "")
        elif box.name == "textarea":
            fields.add(str(box["name"]), box.get_text().removeprefix("\n"))
        else:
            fields.add(str(box["name"]), str(box.get("value", "y")))
    return fields


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", BeautifulSoup(page, "html.parser").get_text(" ")).replace("\xa0", " ")


@pytest.fixture
def administrator(app: Flask, signed_in: SignIn) -> FlaskClient:
    on_day(date(2022, 3, 1))
    with app.app_context():
        official(Role.ADMINISTRATOR, name="Ada Admin", email="ada@kommun.example")
        db.session.commit()
    return signed_in("ada@kommun.example")


def make_the_fund(client: FlaskClient) -> None:
    """The draft, its texts, its questions and its round, as an administrator would type them."""
    made = posted(
        client,
        "/sv/funds/new",
        name="Kalix kommuns ungdomsfond 2022",
        sv="skapa möjligheter och stödja alternativa och kreativa initiativ för unga",
        en="create opportunities and support creative initiatives for young people",
        source=DECISION,
        board="KS",
        copy_of="kalix-integration-fund",
    )
    assert made.status_code == 302, text_of(made.text)
    assert made.location.endswith(f"{CODE}/edit")
    goals = {"items-0-sv": "Unga får något att göra i sommar", "items-0-en": "", "items-1-sv": "", "items-1-en": ""}
    assert posted(client, f"{EDIT}/edit/goals", source=DECISION, **goals, **_emptied(2)).status_code == 302
    groups = {"items-0-sv": "Unga från 12 år", "items-0-en": "Young people from 12 years"}
    empty = {"items-1-sv": "", "items-1-en": "", "items-2-sv": "", "items-2-en": ""}
    assert posted(client, f"{EDIT}/edit/target_groups", source=DECISION, **groups, **empty).status_code == 302
    off = {"project.integration": "off", "goals.areas": "off", "project.risks": "needed"}
    assert posted(client, f"{EDIT}/questions", **off).status_code == 302
    own = {"sv": "Hur gamla är de som deltar?", "kind": "short", "is_needed": "y", "section": "participants"}
    assert posted(client, f"{EDIT}/questions/new", **own).status_code == 302
    round_ = {"label": "2022", "opens_on": "2022-03-01", "last_day": "2022-05-13", "frame": "500 000"}
    period = {"period_start": "2022-05-28", "period_end": "2022-12-31", "source": DECISION, "decision": DECISION}
    assert posted(client, f"{EDIT}/rounds/new", **round_, **period).status_code == 302
    assert posted(client, f"{EDIT}/confirm").status_code == 302


def _emptied(at: int) -> dict[str, str]:
    return {f"items-{at}-sv": "", f"items-{at}-en": ""}


def write_the_form(client: FlaskClient, place: str) -> None:
    """Every section, and the attachments that are needed, on the applicant's own pages."""
    answers = {code: dict(texts) for code, texts in GRANT.items()}
    answers["project"] |= DAYS
    del answers["project"]["integration"]
    answers["goals"] = {"fund_goals": ["G1"], "target_groups": ["T1"]}
    answers["participants"]["own_q1"] = ["12 till 19 år"]
    answers["declaration"]["decided_on"] = ["2022-02-20"]
    for code, texts in answers.items():
        saved = send(client, f"{place}/sections/{code}", texts)
        assert saved.status_code == 302, (code, text_of(saved.text))
    kinds = BeautifulSoup(client.get(f"{place}/sections/attachments").text, "html.parser").select("#kind option")
    needed = [str(option["value"]) for option in kinds if option["value"] in ("statutes", "annual_meeting_minutes")]
    for kind in [*needed, "signatory_minutes"]:
        file = {"kind": kind, "file": (BytesIO(PDF), f"{kind}.pdf")}
        assert send(client, f"{place}/attachments", file).status_code == 302


@pytest.mark.slow
def test_the_youth_fund_opens_and_an_applicant_applies_and_no_code_is_written(
    app: Flask, administrator: FlaskClient, signed_in: SignIn
) -> None:
    make_the_fund(administrator)
    with app.app_context():
        applicant("Amina Lindqvist", "amina@forening.example")
        organisation(applicant(email="amina@forening.example"), name="Kalix Ungdomsråd")
        official(Role.OFFICER, email="officer@kommun.example")
        db.session.commit()
    amina, officer, nobody = signed_in("amina@forening.example"), signed_in("officer@kommun.example"), app.test_client()

    # A draft is nobody's but the administrators'.
    own = ((amina, "/sv/applications/new"), (officer, "/sv/funds"), (officer, "/sv/cases"))
    for client, path in ((nobody, "/sv/"), *own):
        assert "ungdomsfond" not in client.get(path, follow_redirects=True).text, path
    assert nobody.get(f"/sv/apply/{CODE}").status_code == 404
    assert officer.get(EDIT).status_code == 404
    assert officer.get(f"{EDIT}/edit").status_code == 403

    # It cannot open before somebody has gone the applicant's way.
    refused = posted_open(administrator)
    assert refused.status_code == 409
    begun = send(administrator, f"{EDIT}/try-out", {"kind": "association"})
    place = begun.location
    write_the_form(administrator, place)
    done = send(administrator, f"{place}/submit")
    assert done.status_code == 302, text_of(done.text)
    with app.app_context():
        assert db.session.scalars(select(Fund).where(Fund.code == CODE)).one().state is FundState.TRIED
        assert db.session.scalar(select(func.count()).select_from(Message)) == 0
        tried = db.session.scalars(select(Application)).one()
        assert (tried.status, tried.is_try_out, tried.submissions) == (ApplicationStatus.DRAFT, True, [])
    assert posted(administrator, f"{EDIT}/edit").status_code == 302
    with app.app_context():
        assert db.session.scalars(select(Fund).where(Fund.code == CODE)).one().state is FundState.OPEN
        assert db.session.scalars(select(Application)).all() == []
        assert [each.name for each in db.session.scalars(select(Organisation))] == ["Kalix Ungdomsråd"]
        assert db.session.scalar(select(func.count()).select_from(Membership)) == 1

    # And now anybody sees it, and Amina applies.
    assert "ungdomsfond 2022" in nobody.get("/sv/").text
    chosen = re.search(r'value="(\d+-GRANT)"', amina.get(f"/sv/applications/new?fund={CODE}").text)
    assert chosen
    mine = BeautifulSoup(amina.get("/sv/applications/new").text, "html.parser").select_one("[name=organisation]")
    assert mine
    started = send(amina, "/sv/applications/new", {"offer": chosen[1], "organisation": mine["value"]})
    write_the_form(amina, started.location)
    project = amina.get(f"{started.location}/sections/project").text
    assert 'name="integration"' not in project
    assert send(amina, f"{started.location}/submit").status_code == 302
    with app.app_context():
        sent = db.session.scalars(select(Application)).one()
        assert sent.status is ApplicationStatus.SUBMITTED
        answers = {a["code"]: a for s in sent.submissions[0].content["sections"] for a in s["answers"]}
        assert answers["own_q1"]["question_sv"] == "Hur gamla är de som deltar?"
        assert answers["own_q1"]["answer"] == "12 till 19 år"
        assert "integration" not in answers


def posted_open(client: FlaskClient) -> TestResponse:
    return send(client, f"{EDIT}/open", {"version": "99"})
