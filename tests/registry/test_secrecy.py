"""Secrecy: a mark is a warning that shows and hides, a masked copy holds none of the words, who got what is kept."""

import io
from dataclasses import dataclass
from datetime import date
from typing import Any

import pikepdf
import pypdfium2
import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from fundapp import documents, files
from fundapp.accounts.actions import declare_conflict
from fundapp.accounts.models import Account
from fundapp.applications.models import Application
from fundapp.db import WrittenOnce, db
from fundapp.files import StoredFile
from fundapp.history.models import HistoryEntry
from fundapp.languages import speaking
from fundapp.permissions import Role
from fundapp.registry import secrecy
from fundapp.registry.models import Direction, Document, GivenOut, MaskedCopy, SecrecyMark
from fundapp.registry.queries import FiledDocument
from fundapp.workflow import NotAllowed, StepNotPossible
from tests.decisions.test_races import at_once
from tests.factories import on_day
from tests.factories.people import applicant, official, organisation
from tests.factories.registry import registered
from tests.ground.apps import SignIn
from tests.test_readable import paper, with_box

CANARY = "Kanariefågel Sångsson"
PDF = "application/pdf"


@dataclass(frozen=True)
class Place:
    """A case with its application as document 1 and a certificate that a private person sent in as the last."""

    registrar: Account
    case: str
    paper: str
    letter: str

    def path(self, document: str, step: str = "") -> str:
        return f"/sv/documents/{document}/secrecy{step}"


@pytest.fixture(autouse=True)
def day(app: Flask) -> None:
    on_day()
    app.config["WTF_CSRF_ENABLED"] = False


def made(app: Flask) -> Place:
    with app.test_request_context():
        registrar = official(Role.REGISTRAR)
        application = registered(registrar=registrar, title=f"Läger med {CANARY}")
        checked = files.check(f"Intyg {CANARY}.pdf", paper(f"Intyg om {CANARY} från vårdcentralen"))
        letter = secrecy.file_document(
            application.case,
            direction=Direction.RECEIVED,
            subject="Läkarintyg",
            counterpart="Vårdcentralen",
            file=files.store(checked, by_id=registrar.id),
            by=registrar,
        )
        place = Place(registrar, application.public_id, application.case.documents[0].public_id, letter.public_id)
        db.session.commit()
        return place


def found(public_id: str) -> FiledDocument:
    document = db.session.scalars(select(Document).where(Document.public_id == public_id)).one()
    application = db.session.scalars(select(Application).where(Application.case_id == document.case_id)).one()
    return FiledDocument(document, application)


def pdf_text(content: bytes) -> str:
    return "\n".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(io.BytesIO(content)))


def words(page: Any) -> str:
    return " ".join(BeautifulSoup(page.data, "html.parser").get_text(" ").split())


MARK = {"paragraph": "OSL 26:1", "reason": "Uppgift om hälsa."}
COPY = {"copy-words": CANARY, "copy-paragraph": "OSL 26:1"}


def last_document(app: Flask) -> tuple[Document, bytes]:
    """The newest document, and its content as it would be served."""
    with app.app_context():
        document = db.session.scalars(select(Document).order_by(Document.id.desc()).limit(1)).one()
        if document.paper is not None:
            return document, documents.pdf(document.paper)
        stored = db.session.get_one(StoredFile, document.file_id)
        return document, b"".join(files.storing.read(stored.key)[1])


def test_a_mark_shows_on_the_case_and_stands_until_it_is_lifted(app_on_both: Flask, signed_in: SignIn) -> None:
    place = made(app_on_both)
    client = signed_in(place.registrar)
    assert client.post(place.path(place.letter, "/mark"), data=MARK).status_code == 302
    page = words(client.get(place.path(place.letter)))
    assert "OSL 26:1" in page
    assert "Uppgift om hälsa." in page
    assert "OSL 26:1" in words(client.get(f"/sv/cases/{place.case}"))
    assert client.post(place.path(place.letter, "/mark"), data=MARK).status_code == 409
    assert client.post(place.path(place.letter, "/lift"), data={"lift-reason": "Prövad."}).status_code == 302
    assert "OSL 26:1" not in words(client.get(f"/sv/cases/{place.case}"))
    assert "Prövad." in words(client.get(place.path(place.letter)))
    assert client.post(place.path(place.letter, "/lift"), data={"lift-reason": "Igen."}).status_code == 409
    assert client.post(place.path(place.letter, "/mark"), data=MARK).status_code == 302


def test_a_mark_without_a_paragraph_is_asked_for_it_and_keeps_what_was_typed(app: Flask, signed_in: SignIn) -> None:
    place = made(app)
    client = signed_in(place.registrar)
    page = client.post(place.path(place.letter, "/mark"), data={"paragraph": "", "reason": "Skyddad adress"})
    assert page.status_code == 422
    assert "Skyddad adress" in page.text
    with app.app_context():
        assert db.session.scalars(select(SecrecyMark)).all() == []


def test_of_two_who_mark_at_once_one_is_told(app_on_both: Flask) -> None:
    place = made(app_on_both)
    with app_on_both.app_context():
        who = [db.session.merge(place.registrar).id, official(Role.SECRETARY).id]
        db.session.commit()

    def mark(person: int) -> str:
        by = db.session.get_one(Account, person)
        secrecy.mark(found(place.letter), paragraph="OSL 26:1", reason="Hälsa", hides_case=False, by=by)
        return "marked"

    assert at_once(app_on_both, mark, who) == ["StepNotPossible", "marked"]


def test_a_lifted_mark_is_never_changed(app: Flask) -> None:
    place = made(app)
    with app.test_request_context():
        by = db.session.merge(place.registrar)
        row = secrecy.mark(found(place.letter), paragraph="OSL 26:1", reason="Hälsa", hides_case=False, by=by)
        secrecy.lift(found(place.letter), reason="Prövad", by=by)
        row.reason = "Annat"
        with pytest.raises(WrittenOnce):
            db.session.flush()


def test_only_registrar_and_secretary_examine_secrecy(app: Flask) -> None:
    place = made(app)
    with app.test_request_context():
        for role in (Role.OFFICER, Role.AUDITOR, Role.ADMINISTRATOR, Role.MEMBER):
            with pytest.raises(NotAllowed):
                secrecy.mark(found(place.letter), paragraph="x", reason="y", hides_case=False, by=official(role))


def test_a_masked_copy_of_our_own_paper_holds_none_of_the_words(app_on_both: Flask, signed_in: SignIn) -> None:
    place = made(app_on_both)
    client = signed_in(place.registrar)
    with app_on_both.app_context():
        whole = documents.pdf(found(place.paper).document.paper)
    assert CANARY in " ".join(pdf_text(whole).split())
    sent = COPY | {"copy-words": f"{CANARY}\nAmina Lindqvist"}
    assert client.post(place.path(place.paper, "/copy"), data=sent).status_code == 302
    copy, content = last_document(app_on_both)
    text = " ".join(pdf_text(content).split())
    assert "[maskat]" in text
    assert "Folkets hus" in text  # the rest stands
    for word in (CANARY, "Kanariefågel", "Amina Lindqvist", "amina@sprakkafe.example"):
        assert word not in text
    with pikepdf.open(io.BytesIO(content)) as pdf:
        told = str(dict(pdf.docinfo)) + bytes(pdf.Root.Metadata.read_bytes()).decode()
    assert "Kanariefågel" not in told
    assert copy.subject.endswith(" 1")
    assert "Kanariefågel" not in copy.subject
    with app_on_both.app_context():
        row = db.session.scalars(select(MaskedCopy)).one()
        assert (row.copy_id, row.paragraph) == (copy.id, "OSL 26:1")
        kept = " ".join(str(entry.facts) for entry in db.session.scalars(select(HistoryEntry)))
    assert "Kanariefågel" not in kept


def test_a_box_over_the_name_is_no_masking(app: Flask, signed_in: SignIn) -> None:
    place = made(app)
    client = signed_in(place.registrar)
    boxed = with_box(paper(f"Intyg om {CANARY} från vårdcentralen"))
    page = client.post(place.path(place.letter, "/copy"), data=COPY | {"copy-file": (io.BytesIO(boxed), "intyg.pdf")})
    assert page.status_code == 422
    assert f"“{CANARY}”" in page.text or f"”{CANARY}”" in page.text
    assert CANARY in page.text  # what was typed is still there
    with app.app_context():
        assert db.session.scalars(select(MaskedCopy)).all() == []
        assert len(list(db.session.scalars(select(StoredFile).where(StoredFile.name.startswith("maskad"))))) == 0


def test_a_masked_file_is_filed_without_traces_under_a_neutral_name(app: Flask, signed_in: SignIn) -> None:
    place = made(app)
    client = signed_in(place.registrar)
    kept = io.BytesIO()
    with pikepdf.open(io.BytesIO(paper("Intyg om [maskat] från vårdcentralen"))) as pdf:
        pdf.docinfo["/Title"] = f"Intyg {CANARY}"
        pdf.save(kept)
    sent = COPY | {"copy-file": (io.BytesIO(kept.getvalue()), f"Intyg {CANARY}.pdf")}
    assert client.post(place.path(place.letter, "/copy"), data=sent).status_code == 302
    _copy, content = last_document(app)
    assert b"Kanarie" not in content
    assert "vårdcentralen" in pdf_text(content)
    with app.app_context():
        names = set(db.session.scalars(select(StoredFile.name).where(StoredFile.name.startswith("maskad"))))
    assert all("Kanarie" not in name and name.endswith(".pdf") for name in names)
    assert names


@pytest.mark.parametrize(
    "sent",
    [
        {"copy-words": "", "copy-paragraph": "OSL 26:1"},
        {"copy-words": "x", "copy-paragraph": "OSL 26:1"},
        {"copy-words": CANARY, "copy-paragraph": ""},
        {"copy-words": "\n".join(f"ord{n}" for n in range(201)), "copy-paragraph": "OSL 26:1"},
    ],
)
def test_a_copy_without_words_or_paragraph_is_not_made(app: Flask, signed_in: SignIn, sent: dict[str, str]) -> None:
    place = made(app)
    assert signed_in(place.registrar).post(place.path(place.paper, "/copy"), data=sent).status_code == 422
    with app.app_context():
        assert db.session.scalars(select(MaskedCopy)).all() == []


def test_a_paper_that_cannot_do_without_a_word_is_refused_in_words(app: Flask) -> None:
    place = made(app)
    with app.test_request_context(), speaking("en"):
        by = db.session.merge(place.registrar)
        before = len(db.session.scalars(select(Document)).all())
        with pytest.raises(secrecy.NotMasked, match="cannot be drawn"):
            secrecy.mask_paper(found(place.paper), ["sv"], paragraph="OSL 26:1", by=by)
        assert len(db.session.scalars(select(Document)).all()) == before


def test_what_was_given_out_stands_in_the_register(app: Flask, signed_in: SignIn) -> None:
    place = made(app)
    client = signed_in(place.registrar)
    client.post(place.path(place.paper, "/copy"), data=COPY)
    copy, _content = last_document(app)
    sent = {"out-recipient": "En journalist", "out-given_on": "2017-03-06"}
    assert client.post(place.path(copy.public_id, "/given-out"), data=sent).status_code == 302
    register = words(client.get("/sv/given-out"))
    for told in ("En journalist", "2017-03-06", "OSL 26:1", "KS 2017:1"):
        assert told in register
    assert "En journalist" in words(client.get(place.path(place.paper)))
    assert "En journalist" in words(client.get(f"/sv/cases/{place.case}"))
    with app.app_context():
        row = db.session.scalars(select(GivenOut)).one()
        assert (row.paragraph, row.given_on) == ("OSL 26:1", date(2017, 3, 6))


def test_a_marked_document_is_not_given_out_whole_nor_on_a_day_to_come(app: Flask, signed_in: SignIn) -> None:
    place = made(app)
    client = signed_in(place.registrar)
    sent = {"out-recipient": "En granne", "out-given_on": "2017-03-07"}
    assert client.post(place.path(place.letter, "/given-out"), data=sent).status_code == 422
    client.post(place.path(place.letter, "/mark"), data=MARK)
    sent["out-given_on"] = "2017-03-06"
    assert client.post(place.path(place.letter, "/given-out"), data=sent).status_code == 409
    with app.app_context():
        assert db.session.scalars(select(GivenOut)).all() == []


def test_who_has_a_conflict_meets_none_of_it(app: Flask, signed_in: SignIn) -> None:
    """The canary is the applicant's name, which stands on every page that tells of the case."""
    with app.test_request_context():
        partial, other = official(Role.REGISTRAR), official(Role.REGISTRAR)
        owner = applicant()
        ours = organisation(owner, name="Kanarieföreningen", org_number="8024001128")
        application = registered(by=owner, organisation=ours)
        document = application.case.documents[0]
        secrecy.give_out(
            FiledDocument(document, application), recipient="Kanariemottagaren", given_on=date(2017, 3, 6), by=other
        )
        declare_conflict(by=partial, reason="Min bror är kassör.", organisation=ours)
        place = f"/sv/documents/{document.public_id}/secrecy"
        db.session.commit()

    def seen(client: FlaskClient) -> list[bool]:
        paths = ("/sv/given-out", "/sv/cases/diary", "/sv/cases/diary?masked=1", "/sv/cases/diary.csv", "/sv/diary")
        return ["Kanarie" in client.get(path).text for path in paths]

    assert seen(signed_in(other)) == [True] * 5
    client = signed_in(partial)
    assert seen(client) == [False] * 5
    assert client.get(place).status_code == 404
    for step in ("mark", "lift", "copy", "given-out"):
        assert client.post(f"{place}/{step}", data=MARK).status_code == 404
    assert "Kanarie" not in pdf_text(client.get("/sv/cases/diary.pdf").data)


def test_nothing_is_refused_twice(app: Flask) -> None:
    """The action itself holds the rule, whoever calls it."""
    place = made(app)
    with app.test_request_context():
        by = db.session.merge(place.registrar)
        secrecy.mark(found(place.letter), paragraph="OSL 26:1", reason="Hälsa", hides_case=False, by=by)
        with pytest.raises(StepNotPossible):
            secrecy.mark(found(place.letter), paragraph="OSL 26:1", reason="Hälsa", hides_case=False, by=by)
        with pytest.raises(StepNotPossible):
            secrecy.give_out(found(place.letter), recipient="Någon", given_on=date(2017, 3, 6), by=by)
