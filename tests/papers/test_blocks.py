"""Text blocks: chosen beside a form, put into the field, kept in words, changed by one at a time."""

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy import select

from fundapp.assessments.models import Assessment, CompletionRequest
from fundapp.db import db
from fundapp.funds.models import Fund
from fundapp.papers import keeping, queries
from fundapp.papers.models import PaperKind, TextBlock
from fundapp.permissions import Role
from fundapp.workflow import NotAllowed
from tests.factories import on_day
from tests.factories.assessments import under_assessment
from tests.factories.papers import block, written
from tests.factories.people import official
from tests.factories.registry import registered
from tests.ground.apps import SignIn
from tests.papers.test_letters import day, made
from tests.test_statements import counted

__all__ = ["day"]


def field_of(page: str, name: str) -> str:
    found = BeautifulSoup(page, "html.parser").find("textarea", {"name": name})
    assert found is not None
    return found.get_text().strip()


def test_a_block_is_offered_where_it_fits(day: None) -> None:
    application = registered()
    stipend = db.session.scalars(select(Fund).where(Fund.code == "kalix-integration-stipend")).one()
    fits = [block("Överallt"), block("Brev", kind=PaperKind.LETTER), block("Fonden", fund_id=application.round.fund_id)]
    block("Komplettering", kind=PaperKind.COMPLETION)
    block("Stipendiet", fund_id=stipend.id)
    gone = block("Borta")
    keeping.remove_block(gone, version=1, by=official(Role.REGISTRAR))
    found = [each for each in queries.blocks_for(application, PaperKind.LETTER) if each.topic == "Prov"]
    assert {each.id for each in found} == {each.id for each in fits}


@pytest.mark.parametrize("form", ["assessment", "completion", "letter"])
def test_a_chosen_text_goes_into_the_field_and_nothing_is_saved(app: Flask, signed_in: SignIn, form: str) -> None:
    with made(app):
        who = official(Role.OFFICER)
        application = under_assessment(officer=who)
        assert application.case is not None
        number, key = application.case.diary_number, block().public_id
        place = {"letter": f"/en/papers/{written(application).public_id}/edit"}.get(
            form, f"/en/cases/{application.public_id}/{form}"
        )
    field = {"assessment": "reasons", "completion": "what", "letter": "text"}[form]
    client = signed_in(who)
    asked = {field: "Det jag skrev.", "block": key, "block_field": field, "insert_block": "1", "version": "1"}
    answer = client.post(place, data=asked)
    assert answer.status_code == 200
    assert field_of(answer.text, field) == f"Det jag skrev.\n\nSkicka bilagan till {number}."
    assert "It is not saved yet." in answer.text
    assert "There is something to change" not in answer.text
    none = client.post(place, data=asked | {"block": "", field: "Det jag skrev."})
    assert "Choose a text block first." in none.text
    assert field_of(none.text, field) == "Det jag skrev."
    strange = client.post(place, data=asked | {"block_field": "csrf_token"})
    assert field_of(strange.text, field) == "Det jag skrev."
    with app.app_context():
        assert db.session.scalars(select(Assessment.id)).all() == []
        assert db.session.scalars(select(CompletionRequest.id)).all() == []


def test_enter_in_a_field_saves_and_does_not_insert(app: Flask, signed_in: SignIn) -> None:
    """A browser takes the first submit button of the form, in the page's order."""
    with made(app):
        who = official(Role.OFFICER)
        application = under_assessment(officer=who)
        key, paper = application.public_id, written(application).public_id
    client = signed_in(who)
    for place, form_id in (
        (f"cases/{key}/assessment", "assessment-form"),
        (f"cases/{key}/completion", "completion-form"),
        (f"papers/{paper}/edit", "paper-form"),
    ):
        page = BeautifulSoup(client.get(f"/en/{place}").text, "html.parser")
        form = page.find("form", id=form_id)
        assert form is not None
        buttons = [
            each
            for each in page.find_all("button", type="submit")
            if each.get("form") == form_id or form in each.parents
        ]
        assert [each.get("name") for each in buttons] == [None, "insert_block"], place


def test_a_block_is_written_changed_and_taken_away_by_the_pages(app: Flask, signed_in: SignIn) -> None:
    with made(app):
        who = official(Role.REGISTRAR, name="Rut Registrator")
    client = signed_in(who)
    form = {"topic": "Avslag", "title": "För sent", "text": "Ansökan kom {inkom}.", "kind": "LETTER", "fund": ""}
    answer = client.post("/en/text-blocks/new", data=form, follow_redirects=True)
    assert "The text block “För sent” is kept." in answer.text
    assert "Rut Registrator" in answer.text
    with app.app_context():
        key = db.session.scalars(select(TextBlock.public_id).where(TextBlock.title == "För sent")).one()
    client.post(f"/en/text-blocks/{key}", data=form | {"text": "Ny text.", "version": "1"})
    with app.app_context():
        assert db.session.scalars(select(TextBlock.text).where(TextBlock.public_id == key)).one() == "Ny text."
    refused = client.post(f"/en/text-blocks/{key}", data=form | {"text": "Min text.", "version": "1"})
    assert refused.status_code == 409
    assert "Ny text." in refused.text
    assert field_of(refused.text, "text") == "Min text."
    assert client.post(f"/en/text-blocks/{key}/remove", data={"version": "1"}).status_code == 409
    assert client.post(f"/en/text-blocks/{key}/remove", data={"version": "2"}).status_code == 302
    assert client.get(f"/en/text-blocks/{key}").status_code == 404
    assert "För sent" not in client.get("/en/text-blocks").text.replace("“För sent” is taken away", "")


BAD = {
    "an unknown fact": ({"text": "Hej {sökanden}"}, "Perhaps you mean {sökande}."),
    "no topic": ({"topic": ""}, "Write a topic, for example Reasons."),
    "too long": ({"text": "x" * 4001}, "Shorten the text"),
    "a place nobody offers": ({"kind": "REFERRAL"}, ""),
}


@pytest.mark.parametrize("what", BAD)
def test_a_block_that_cannot_be_kept_is_told_with_what_was_typed(app: Flask, signed_in: SignIn, what: str) -> None:
    changes, words = BAD[what]
    with made(app):
        who = official(Role.OFFICER)
    form = {"topic": "T", "title": "En titel", "text": "Text", "kind": "", "fund": ""} | changes
    answer = signed_in(who).post("/en/text-blocks/new", data=form)
    assert answer.status_code == 422
    assert words in answer.text
    assert "En titel" in answer.text
    assert form["text"] in answer.text
    with app.app_context():
        assert db.session.scalars(select(TextBlock).where(TextBlock.title == "En titel")).all() == []


MOST = {"text-blocks": 6, "paper-templates": 7, "letter": 9, "assessment": 9}


@pytest.mark.parametrize("place", MOST)
def test_the_number_of_statements_does_not_follow_the_number_of_texts(
    app: Flask, signed_in: SignIn, place: str
) -> None:
    with made(app):
        who = official(Role.OFFICER, Role.ADMINISTRATOR)
        application = under_assessment(officer=who)
        key, paper = application.public_id, written(application).public_id
    client, found = signed_in(who), []
    path = {"letter": f"papers/{paper}/edit", "assessment": f"cases/{key}/assessment"}.get(place, place)
    for texts in (1, 10):
        with made(app):
            fund, admin = db.session.scalars(select(Fund)).first(), official(Role.ADMINISTRATOR)
            assert fund is not None
            for number in range(texts):
                block(f"Text {texts} {number}", fund_id=fund.id)
                keeping.keep_template(
                    PaperKind.CONFIRMATION, "sv", fund, heading="H", body="T", by=admin, version=number + len(found)
                )
        with counted(app) as sent:
            assert client.get(f"/sv/{path}").status_code == 200
        found.append(len(sent))
    assert found[0] == found[1]
    assert found[1] <= MOST[place], found


def test_members_and_auditors_keep_no_blocks(day: None) -> None:
    for role in (Role.MEMBER, Role.AUDITOR, Role.SECRETARY):
        with pytest.raises(NotAllowed):
            keeping.add_block(by=official(role), topic="T", title="T", text="T", kind=None, fund_id=None)
    on_day()
