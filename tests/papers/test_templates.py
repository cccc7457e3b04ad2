"""Templates: kept in versions, used by the papers they are for, refused in words, loaded once."""

import io
from typing import Any

import pypdfium2
import pytest
from flask import Flask
from sqlalchemy import select

from fundapp import documents
from fundapp.accounts.models import Account
from fundapp.assessments import actions as assessing
from fundapp.assessments import papers as reports
from fundapp.db import db
from fundapp.funds.models import Fund
from fundapp.history.models import HistoryEntry
from fundapp.languages import speaking
from fundapp.mail import Message
from fundapp.papers import filling, keeping
from fundapp.papers.loading import load_papers
from fundapp.papers.models import PaperKind, PaperTemplate, TextBlock
from fundapp.permissions import Role
from fundapp.referrals.papers import draw_referral
from fundapp.referrals.rules import Receiver
from fundapp.workflow import NotAllowed, StepNotPossible
from tests.decisions.test_races import at_once
from tests.factories import DAY, on_day
from tests.factories.assessments import assess, under_assessment
from tests.factories.people import official
from tests.factories.registry import registered
from tests.ground.apps import SignIn
from tests.papers.test_letters import day, made, words_in

__all__ = ["day"]
LETTER = PaperKind.LETTER


def fund_of(code: str = "kalix-integration-fund") -> Fund:
    return db.session.scalars(select(Fund).where(Fund.code == code)).one()


def keep(kind: PaperKind = LETTER, body: str = "Ny text.", **choices: Any) -> PaperTemplate:
    told = {"language": "sv", "fund": None, "heading": "Ny rubrik", "version": 1} | choices
    told.setdefault("by", official(Role.ADMINISTRATOR))
    return keeping.keep_template(kind, body=body, **told)


def test_a_new_version_holds_and_the_old_one_stays(day: None) -> None:
    before = filling.template_for(LETTER, None)
    kept = keep()
    assert before is not None
    assert (kept.version, filling.template_for(LETTER, None)) == (2, kept)
    assert db.session.get_one(PaperTemplate, before.id).body == before.body
    entry = db.session.scalars(select(HistoryEntry).order_by(HistoryEntry.id.desc())).first()
    assert entry is not None
    assert (entry.event, entry.facts["old_version"], entry.facts["new_version"]) == ("keep_template", 1, 2)


def test_a_funds_own_template_goes_before_that_of_every_fund_until_it_is_ended(day: None) -> None:
    fund, other = fund_of(), fund_of("kalix-integration-stipend")
    own = keep(fund=fund, version=0, body="Bara fondens.")
    general = filling.template_for(LETTER, other.id)
    assert filling.template_for(LETTER, fund.id) == own
    assert general is not None
    assert general.fund_id is None
    keeping.end_template(LETTER, "sv", fund, version=1, by=official(Role.ADMINISTRATOR))
    assert filling.template_for(LETTER, fund.id) == general
    again = keep(fund=fund, version=2, body="Igen.")
    assert filling.template_for(LETTER, fund.id) == again


def test_the_swedish_template_of_every_fund_is_not_ended(day: None) -> None:
    with pytest.raises(StepNotPossible, match="cannot be taken out of use"):
        keeping.end_template(LETTER, "sv", None, version=1, by=official(Role.ADMINISTRATOR))


def test_only_the_administrator_keeps_templates(day: None) -> None:
    for role in (Role.OFFICER, Role.REGISTRAR, Role.SECRETARY, Role.AUDITOR):
        with pytest.raises(NotAllowed):
            keep(by=official(role))


def test_an_unknown_fact_is_refused_also_without_the_page(day: None) -> None:
    with pytest.raises(keeping.BadText) as refusal:
        keep(body="Hej {sökanden}")
    assert "{sökande}" in str(refusal.value.faults[0])
    assert len(db.session.scalars(select(PaperTemplate).where(PaperTemplate.kind == LETTER)).all()) == 1


@pytest.mark.parametrize("of_fund", [False, True])
def test_two_who_keep_one_template_at_once_make_one_version(app_on_both: Flask, of_fund: bool) -> None:
    on_day()
    with app_on_both.test_request_context():
        who = [official(Role.ADMINISTRATOR).id for _each in range(2)]
        db.session.commit()

    def change(account_id: int) -> str:
        fund = fund_of() if of_fund else None
        keep(fund=fund, version=0 if of_fund else 1, by=db.session.get_one(Account, account_id))
        return "kept"

    assert at_once(app_on_both, change, who) == ["TemplateChanged", "kept"]


def test_loading_twice_changes_nothing_and_what_was_changed_here_stays(day: None) -> None:
    kept = keep()
    block = db.session.scalars(select(TextBlock).where(TextBlock.code == "completion-budget")).one()
    keeping.remove_block(block, version=block.version, by=official(Role.OFFICER))
    tables = (PaperTemplate, TextBlock)
    before = [set(db.session.scalars(select(table.id))) for table in tables]
    load_papers(db.session)
    assert [set(db.session.scalars(select(table.id))) for table in tables] == before
    assert filling.template_for(LETTER, None) == kept
    assert block.removed_at is not None


def test_a_newer_text_of_ours_follows_ours(day: None) -> None:
    ours = filling.template_for(LETTER, None)
    assert ours is not None
    older = PaperTemplate(
        kind=LETTER, language="sv", version=2, is_in_use=True, heading="Gammal", body="Gammal", made_at=ours.made_at
    )
    db.session.add(older)
    load_papers(db.session)
    now = filling.template_for(LETTER, None)
    assert now is not None
    assert (now.version, now.body) == (3, ours.body)


def test_the_delivered_report_reads_as_the_program_itself_would_write_it(day: None, monkeypatch: Any) -> None:
    application = under_assessment()
    who = official(Role.OFFICER)
    told = reports.report_content(application, by=who, serves_no_objective=False)
    monkeypatch.setattr(filling, "template_for", lambda *_place: None)
    assert told == reports.report_content(application, by=who, serves_no_objective=False)


def test_the_report_follows_the_municipalitys_template(day: None) -> None:
    body = (
        "Beredd av {handläggare}.\n# Bedömning av oss\n{bedömning}\n**Obs** läs noga.\n# Förslag\n{förslag till beslut}"
    )
    keep(PaperKind.OFFICER_REPORT, body + "\n# Sammandrag\n{sammanfattning}\n# Underlag\n{beslutsunderlag}")
    officer = official(Role.OFFICER, name="Kerstin Ek")
    application = under_assessment(officer=officer)
    empty = reports.report_content(application, by=officer, serves_no_objective=False)
    assert [section["heading"] for section in empty["sections"]] == ["", "Bedömning av oss", "Underlag"]
    assess(application, by=officer)
    assert application.case is not None
    paper = application.case.documents[-1].paper
    assert paper is not None
    headings = [section["heading"] for section in paper.content["sections"]]
    assert headings == ["", "Bedömning av oss", "Förslag", "Sammandrag", "Underlag"]
    assert paper.content["title"] == "Ny rubrik"
    told = words_in(documents.pdf(paper))
    for words in ("Beredd av Kerstin Ek.", "Bedömning av oss", "Obs läs noga.", "Kommunstyrelsen beviljar"):
        assert words in told, told


def test_the_completion_goes_out_in_the_municipalitys_words(day: None) -> None:
    body = "Kära {sökande}!\n**Viktigt:** {vad som saknas}\n{delar}\nSenast {sista dag}: {länk}"
    keep(PaperKind.COMPLETION, body, heading="Komplettera nu")
    application = under_assessment()
    assessing.request_completion(
        application,
        sections=["budget"],
        what="Rätta {summan}.",
        due_on=DAY,
        by=official(Role.OFFICER),
    )
    message = db.session.scalars(select(Message).where(Message.thread == application.thread)).all()[-1]
    assert message.body.startswith(
        "Kära Kalix Språkkafé!\nViktigt: Rätta {summan}.\n- Budget\nSenast 6 mars 2017: http"
    )
    assert application.case is not None
    paper = application.case.documents[-1].paper
    assert paper is not None
    assert paper.content["title"] == "Komplettera nu"


def test_another_language_has_its_own_words_after_the_swedish(day: None) -> None:
    keep(PaperKind.COMPLETION, "Hyvä hakija! {vad som saknas} {sista dag} {länk}", language="fi", version=0)
    application = under_assessment(language="fi")
    assessing.request_completion(application, sections=["budget"], what="Rätta.", due_on=DAY, by=official(Role.OFFICER))
    body = db.session.scalars(select(Message).where(Message.thread == application.thread)).all()[-1].body
    assert body.index("Det här ber vi om:") < body.index("Hyvä hakija! Rätta. 6. maaliskuuta 2017")


# --- the pages ----------------------------------------------------------------------------------------------------

PLACE = "/en/paper-templates/edit?kind=LETTER"


def form_of(**changes: str) -> dict[str, str]:
    return {"heading": "Brev", "body": "Hej {sökande}.", "version": "1"} | changes


def test_the_administrator_changes_a_template_by_the_page_and_reads_what_changed(app: Flask, signed_in: SignIn) -> None:
    with made(app):
        who = official(Role.ADMINISTRATOR, name="Anna Admin")
    client = signed_in(who)
    assert "Comes with the program" in client.get("/en/paper-templates").text
    answer = client.post(PLACE, data=form_of(), follow_redirects=True)
    assert "The template is kept as version 2." in answer.text
    assert "Anna Admin" in client.get("/en/paper-templates").text
    with app.app_context():
        first = db.session.scalars(
            select(PaperTemplate.public_id).where(PaperTemplate.kind == LETTER, PaperTemplate.version == 1)
        ).one()
    older = client.get(f"/en/paper-templates/versions/{first}").text
    assert "<del>" in older
    assert "<ins>" in older
    begun = client.get(f"{PLACE}&from={first}").text
    assert "Med vänlig hälsning" in begun


BAD = {
    "unknown": ({"body": "Hej {sökanden}."}, "Perhaps you mean {sökande}."),
    "no heading": ({"heading": ""}, "Write the paper&#39;s heading."),
    "a part of the report": ({"body": "{bedömning}"}, "{bedömning} is not a fact we know."),
    "too long": ({"body": "x" * 20_001}, "Shorten the text"),
}


@pytest.mark.parametrize("what", BAD)
def test_a_template_that_cannot_be_kept_is_told_with_what_was_typed(app: Flask, signed_in: SignIn, what: str) -> None:
    changes, words = BAD[what]
    with made(app):
        who = official(Role.ADMINISTRATOR)
    form = form_of(**changes)
    for more in ({}, {"preview": "1"}):
        answer = signed_in(who).post(PLACE, data=form | more)
        assert answer.status_code == 422
        assert words in answer.text
        assert form["body"] in answer.text
    with app.app_context():
        assert len(db.session.scalars(select(PaperTemplate).where(PaperTemplate.kind == LETTER)).all()) == 1


def test_two_administrators_on_one_template_lose_neither_text(app: Flask, signed_in: SignIn) -> None:
    with made(app):
        first, second = official(Role.ADMINISTRATOR), official(Role.ADMINISTRATOR)
    assert signed_in(first).post(PLACE, data=form_of(body="Den enas text")).status_code == 302
    client = signed_in(second)
    refused = client.post(PLACE, data=form_of(body="Den andras text"))
    assert refused.status_code == 409
    assert "Version 2 was kept while you wrote" in refused.text
    assert "Den enas text" in refused.text
    assert "Den andras text" in refused.text
    assert client.post(PLACE, data=form_of(body="Den andras text", version="2")).status_code == 302


def test_a_template_is_looked_at_with_invented_facts_or_a_real_case(app: Flask, signed_in: SignIn) -> None:
    with made(app):
        who = official(Role.ADMINISTRATOR, Role.OFFICER)
        case = registered().case
        assert case is not None
        number = case.diary_number
    client = signed_in(who)
    with client.post(PLACE, data=form_of(preview="1")) as invented:
        assert invented.mimetype == "application/pdf"
        assert "Hej Föreningen Exempel." in words_in(invented.data)
    with client.post(PLACE, data=form_of(preview="1", case=number)) as real:
        assert "Hej Kalix Språkkafé." in words_in(real.data)
    unknown = client.post(PLACE, data=form_of(preview="1", case="KS 2017:999"))
    assert "There is no case with this number that you may read." in unknown.text
    with app.app_context():
        assert len(db.session.scalars(select(PaperTemplate).where(PaperTemplate.kind == LETTER)).all()) == 1


@pytest.mark.parametrize("kind", PaperKind)
def test_each_delivered_template_can_be_looked_at_and_kept(app: Flask, signed_in: SignIn, kind: PaperKind) -> None:
    with made(app):
        who = official(Role.ADMINISTRATOR)
        told = filling.template_for(kind, None)
        assert told is not None
        form = {"heading": told.heading, "body": told.body, "version": "1"}
    client, place = signed_in(who), f"/sv/paper-templates/edit?kind={kind.name}"
    assert client.get(place).status_code == 200
    with client.post(place, data=form | {"preview": "1"}) as answer:
        assert answer.mimetype == "application/pdf"
        pages = pypdfium2.PdfDocument(io.BytesIO(answer.data))
        assert len(pages) >= 1
        assert "{" not in words_in(answer.data)
    assert client.post(place, data=form).status_code == 302


@pytest.mark.parametrize("rest", ["", "?kind=NOTHING", "?kind=LETTER&fund=none", "?kind=LETTER&language=xx"])
def test_a_template_nobody_has_is_not_there(app: Flask, signed_in: SignIn, rest: str) -> None:
    with made(app):
        who = official(Role.ADMINISTRATOR)
    assert signed_in(who).get(f"/sv/paper-templates/edit{rest}").status_code == 404


def test_a_funds_template_is_made_used_and_ended_by_the_pages(app: Flask, signed_in: SignIn) -> None:
    with made(app):
        who = official(Role.ADMINISTRATOR)
    client, place = signed_in(who), f"{PLACE}&fund=kalix-integration-fund"
    begun = client.get(place).text
    assert "Med vänlig hälsning" in begun  # it starts from that of every fund
    assert client.post(place, data=form_of(version="0", heading="Fondens brev")).status_code == 302
    assert "Fondens brev" in client.get("/en/paper-templates").text
    end = place.replace("/edit", "/end")
    assert client.post(end, data={"version": "0"}).status_code == 409
    assert client.post(end, data={"version": "1"}).status_code == 302
    assert "Fondens brev" not in client.get("/en/paper-templates").text
    with speaking("en"):
        assert client.post(PLACE.replace("/edit", "/end"), data={"version": "1"}).status_code == 409


def test_a_referral_follows_the_municipalitys_template(day: None) -> None:
    body = "Till {remissinstans}.\n# Fråga\n{fråga}\n# Bilagor\n{bilagor}\n# Svar\n**Senast {svar senast}.**"
    keep(PaperKind.REFERRAL, body + "\n{så svarar ni}", heading="Kommunens remiss")
    application, receiver = under_assessment(), Receiver("Socialnämnden", "social@kommun.example")
    told = {"question": "Vad säger ni?", "answer_by": DAY, "sent_along": []}
    paper = draw_referral(application, receiver, by=official(Role.OFFICER), **told)
    assert [section["heading"] for section in paper.content["sections"]] == ["", "Fråga", "Svar"]
    read = words_in(documents.pdf(paper))
    for words in ("Kommunens remiss", "Till Socialnämnden.", "Vad säger ni?", "Senast 6 mars 2017."):
        assert words in read, read
