"""A paper written in a case: begun from the template, edited by two, looked at, sent once, and seen by nobody else."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pypdfium2
import pytest
from flask import Flask
from sqlalchemy import select

from fundapp import documents
from fundapp.accounts.actions import declare_conflict
from fundapp.accounts.models import Account
from fundapp.applications.models import Application, ApplicationKind
from fundapp.db import db
from fundapp.history.models import HistoryEntry
from fundapp.languages import speaking
from fundapp.mail import Message
from fundapp.papers import actions, letters
from fundapp.papers.models import PaperKind, Way, WrittenPaper
from fundapp.permissions import Role
from fundapp.registry.models import Direction, Document
from fundapp.workflow import NotAllowed, StepNotPossible
from tests.decisions.test_races import at_once
from tests.factories import on_day
from tests.factories.applications import submitted
from tests.factories.papers import written
from tests.factories.people import applicant, official
from tests.factories.registry import registered
from tests.ground.apps import SignIn

CANARY = "Kanariefågeln sjunger i brevet"


@contextmanager
def made(app: Flask) -> Iterator[None]:
    """What is made within is there for the pages. The tokens against forgery are tested for every page elsewhere."""
    app.config["WTF_CSRF_ENABLED"] = False
    on_day()
    with app.test_request_context():
        yield
        db.session.commit()


@pytest.fixture
def day(app: Flask) -> Iterator[None]:
    on_day()
    with app.test_request_context(), speaking("en"):
        yield


def words_in(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(io.BytesIO(pdf))
    return " ".join(" ".join(page.get_textpage().get_text_range().split()) for page in document)


def test_a_confirmation_begins_with_the_facts_of_the_case_in_place(day: None) -> None:
    application = registered()
    assert application.case is not None
    paper = actions.begin(application, PaperKind.CONFIRMATION, by=official(Role.REGISTRAR))
    assert application.case.diary_number in paper.text
    assert "”Språkkafé vid älven” från Kalix Språkkafé" in paper.text
    assert "{" not in paper.text
    assert (paper.to_name, paper.to_email) == ("Kalix Språkkafé", "styrelsen@sprakkafe.example")
    assert actions.left_to_write(paper) == []


def test_a_letter_that_is_sent_is_filed_and_mailed_with_its_pdf(day: None) -> None:
    application = registered()
    paper = written(application, heading="Fråga om lokalen", text="Hej,\n\n# Frågan\nHar ni **nyckel**?\n- ja\n- nej")
    who = official(Role.OFFICER, name="Kerstin Ek")
    document = actions.finish(paper, version=paper.version, by=who)
    assert (document.direction, document.subject) == (Direction.DISPATCHED, "Fråga om lokalen")
    assert document.counterpart == "Kalix Språkkafé"
    message = db.session.scalars(select(Message).where(Message.thread == application.thread)).all()[-1]
    assert application.case is not None
    assert message.to == "styrelsen@sprakkafe.example"
    assert message.subject == f"Fråga om lokalen ({application.case.diary_number})"
    assert message.body == "Hej,\n\nFrågan\nHar ni nyckel?\n- ja\n- nej\n"
    assert [each.paper for each in message.enclosures] == [document.paper]
    assert document.paper is not None
    told = words_in(documents.pdf(document.paper))
    for words in ("Kalix kommun", "Fråga om lokalen", "Till Kalix Språkkafé", "Har ni nyckel?", "• nej"):
        assert words in told, told
    entry = db.session.scalars(select(HistoryEntry).order_by(HistoryEntry.id.desc())).first()
    assert entry is not None
    assert (entry.event, entry.facts["number"]) == ("dispatch_paper", document.number)


WAYS = {
    Way.MAIL: (Direction.DISPATCHED, 1, "Kalix Språkkafé"),
    Way.POST: (Direction.DISPATCHED, 0, "Kalix Språkkafé"),
    Way.KEPT: (Direction.DRAWN_UP, 0, ""),
}


@pytest.mark.parametrize("way", Way)
def test_each_way_is_filed_as_what_it_is_and_only_one_sends_mail(day: None, way: Way) -> None:
    direction, mails, counterpart = WAYS[way]
    application = registered()
    before = len(db.session.scalars(select(Message.id)).all())
    paper = written(application, text="Hej.", way=way)
    document = actions.finish(paper, version=paper.version, by=official(Role.REGISTRAR))
    assert (document.direction, document.counterpart) == (direction, counterpart)
    assert len(db.session.scalars(select(Message.id)).all()) == before + mails


LACKS = {
    "a heading": ({"heading": " "}, "Write a heading."),
    "a text": ({"text": ""}, "Write the text of the paper."),
    "a receiver": ({"to_name": ""}, "Write who it goes to."),
    "an address": ({"to_email": ""}, "Write the e-mail address, or choose another way."),
    "a fact": ({"text": "Nr {organisationsnummer}"}, "no value for {organisationsnummer}"),
}


@pytest.mark.parametrize("what", LACKS)
def test_what_is_not_written_does_not_leave_and_is_told(day: None, what: str) -> None:
    fields, words = LACKS[what]
    paper = written(registered(), **({"text": "Hej."} | fields))
    with pytest.raises(StepNotPossible) as refusal:
        actions.finish(paper, version=paper.version, by=official(Role.OFFICER))
    assert words in str(refusal.value.reason)
    assert db.session.scalars(select(Message.subject).where(Message.subject.contains("Angående"))).all() == []


def test_what_has_left_is_neither_changed_nor_sent_again_nor_thrown_away(day: None) -> None:
    paper, who = written(registered(), text="Hej."), official(Role.OFFICER)
    actions.finish(paper, version=paper.version, by=who)
    for deed in (
        lambda: actions.finish(paper, version=paper.version, by=who),
        lambda: actions.throw_away(paper, version=paper.version, by=who),
        lambda: actions.save(paper, version=paper.version, by=who, text="Annat"),
    ):
        with pytest.raises(StepNotPossible, match="finished and filed"):
            deed()


def test_what_somebody_else_changed_is_not_sent_unread(day: None) -> None:
    paper, who = written(registered(), text="Hej."), official(Role.OFFICER)
    seen = paper.version
    actions.save(paper, version=seen, by=official(Role.REGISTRAR), text="Något annat")
    for deed in (actions.finish, actions.throw_away):
        with pytest.raises(actions.ChangedMeanwhile):
            deed(paper, version=seen, by=who)


def test_a_draft_and_an_unregistered_case_have_no_letters(day: None) -> None:
    with pytest.raises(StepNotPossible, match="not registered"):
        actions.begin(submitted(), PaperKind.LETTER, by=official(Role.OFFICER))


def test_who_may_not_file_may_not_write(day: None) -> None:
    application = registered()
    for role in (Role.SECRETARY, Role.MEMBER, Role.AUDITOR, Role.ADMINISTRATOR):
        with pytest.raises(NotAllowed):
            actions.begin(application, PaperKind.LETTER, by=official(role))


def test_a_nomination_is_answered_to_who_nominated(day: None) -> None:
    application = registered(by=applicant("Karin Strand", "karin@granne.example"), kind=ApplicationKind.NOMINATION)
    paper = actions.begin(application, PaperKind.LETTER, by=official(Role.OFFICER))
    assert (paper.to_name, paper.to_email) == ("Karin Strand", "karin@granne.example")


def test_the_applicants_language_stands_after_the_swedish(day: None) -> None:
    application = registered(language="ar")
    paper = written(application, text="Hej.", other_text="مرحبا **اليوم**")
    assert paper.other_language == "ar"
    told = letters.content(paper, by=official(Role.OFFICER))
    assert [(part["lang"], part["heading"]) for part in told["parts"]] == [("sv", ""), ("ar", "العربية")]
    body = letters.mail_body(paper)
    assert body.index("Hej.") < body.index("مرحبا اليوم")
    document = actions.finish(paper, version=paper.version, by=official(Role.OFFICER))
    assert document.paper is not None
    assert documents.pdf(document.paper).startswith(b"%PDF")


def test_typed_markup_stays_words_in_the_letter(day: None) -> None:
    paper = written(registered(), heading='#panic("x")', text="#eval(1) $x$ *y* _z_ `q` <b>\n- #panic()")
    document = actions.finish(paper, version=paper.version, by=official(Role.OFFICER))
    assert document.paper is not None
    told = words_in(documents.pdf(document.paper))
    assert "#eval(1) $x$ *y* _z_ `q` <b>" in told
    assert "#panic()" in told


def test_a_letter_sent_twice_at_once_leaves_once(app_on_both: Flask) -> None:
    on_day()
    with app_on_both.test_request_context():
        paper = written(registered(), text="Hej.")
        who = [official(Role.OFFICER).id, official(Role.REGISTRAR).id]
        key, version = paper.public_id, paper.version
        db.session.commit()

    def send(account_id: int) -> str:
        found = db.session.scalars(select(WrittenPaper).where(WrittenPaper.public_id == key)).one()
        actions.finish(found, version=version, by=db.session.get_one(Account, account_id))
        return "sent"

    assert at_once(app_on_both, send, who) == ["StepNotPossible", "sent"]
    with app_on_both.app_context():
        filed = db.session.scalars(select(Document).where(Document.direction == Direction.DISPATCHED)).all()
        assert len(filed) == 1


def _form(paper: WrittenPaper, **changes: str) -> dict[str, str]:
    told = {"heading": paper.heading, "text": paper.text, "to_name": paper.to_name, "to_email": paper.to_email}
    return told | {"way": paper.way.name, "version": str(paper.version)} | changes


def test_an_official_writes_looks_and_sends_by_the_pages(app: Flask, signed_in: SignIn) -> None:
    with made(app):
        who = official(Role.OFFICER)
        key = registered().public_id
    client = signed_in(who)
    answer = client.post(f"/en/cases/{key}/papers/new", data={"kind": "LETTER"})
    place = answer.location.removesuffix("/edit")
    with app.test_request_context():
        form = _form(db.session.scalars(select(WrittenPaper)).one(), text="Hej på er.")
    saved = client.post(f"{place}/edit", data=form, follow_redirects=True)
    assert "Hej på er." in saved.text
    assert "It has not left yet." in saved.text
    on_case = client.get(f"/en/cases/{key}").text
    assert "Papers being written" in on_case
    with client.get(f"{place}/preview.pdf") as pdf:
        assert "Hej på er." in words_in(pdf.data)
        assert pdf.headers["Content-Disposition"].startswith("inline")
    sent = client.post(f"{place}/finish", data={"version": "2"}, follow_redirects=True)
    assert "The letter is on its way and filed as number" in sent.text
    assert "Papers being written" not in sent.text
    assert "Sent a paper, and filed it" in sent.text
    assert client.post(f"{place}/finish", data={"version": "2"}).status_code == 409


def test_two_officials_on_one_letter_lose_neither_text(app: Flask, signed_in: SignIn) -> None:
    with made(app):
        first, second = official(Role.OFFICER, name="Eva Först"), official(Role.OFFICER)
        paper = written(registered())
        place, form = f"/en/papers/{paper.public_id}/edit", _form(paper)
    assert signed_in(first).post(place, data=form | {"text": "Evas text"}).status_code == 302
    refused = signed_in(second).post(place, data=form | {"text": "Min egen text"})
    assert refused.status_code == 409
    for words in ("Eva Först saved the paper while you wrote", "Evas text", "Min egen text"):
        assert words in refused.text
    with app.app_context():
        assert db.session.scalars(select(WrittenPaper.text)).one() == "Evas text"


BAD = {
    "an address": ({"to_email": "inte en adress"}, "Write an e-mail address", "inte en adress"),
    "a way nobody offers": ({"way": "PIGEON"}, "", "Min text"),
    "too long": ({"heading": "x" * 201}, "Shorten the text", "x" * 201),
}


@pytest.mark.parametrize("what", BAD)
def test_what_cannot_be_kept_is_told_and_stays_typed(app: Flask, signed_in: SignIn, what: str) -> None:
    changes, words, typed = BAD[what]
    with made(app):
        who = official(Role.OFFICER)
        paper = written(registered())
        place, form = f"/en/papers/{paper.public_id}/edit", _form(paper, text="Min text") | changes
    answer = signed_in(who).post(place, data=form)
    assert answer.status_code == 422
    assert words in answer.text
    assert typed in answer.text
    with app.app_context():
        assert db.session.scalars(select(WrittenPaper.version)).one() == 1


def test_who_has_a_conflict_and_who_is_no_official_never_sees_the_letter(app: Flask, signed_in: SignIn) -> None:
    with made(app):
        owner = applicant("Amina", "amina@ren.example")
        application = registered(by=owner)
        paper = written(application, heading=CANARY, text=CANARY)
        conflicted = official(Role.OFFICER, Role.ADMINISTRATOR, name="Jäv")
        declare_conflict(by=conflicted, reason="Min syster är ordförande.", application=application)
        people: list[Any] = [conflicted, owner, official(Role.MEMBER), official(Role.SECRETARY), official(Role.AUDITOR)]
        key, paper_key = application.public_id, paper.public_id
        assert application.case is not None
        number = application.case.diary_number
    pages = [f"/sv/papers/{paper_key}{rest}" for rest in ("", "/edit", "/preview.pdf")]
    pages += [f"/sv/cases/{key}/papers/new", f"/sv/cases/{key}", "/sv/desk", "/sv/cases", "/sv/text-blocks"]
    pages += [f"/sv/applications/{key}"]
    for who in people:
        client = signed_in(who)
        for page in pages:
            with client.get(page) as answer:
                assert CANARY not in answer.text, (who.name, page)
                assert page not in pages[:4] or answer.status_code in (403, 404), (who.name, page)
    client = signed_in(conflicted)
    assert [client.get(page).status_code for page in pages[:5]] == [404] * 5
    preview = {"heading": "Rubrik", "body": "{diarienummer} {sökande}", "version": "1", "preview": "1", "case": number}
    answer = client.post("/en/paper-templates/edit?kind=LETTER", data=preview)
    assert "There is no case with this number that you may read." in answer.text
    assert "Kalix Språkkafé" not in answer.text
    with app.app_context():
        assert db.session.scalars(select(Application.id)).one()
