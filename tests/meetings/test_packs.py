"""The board pack: one PDF with every document under its bookmark, made for its reader and without what is hidden."""

import io
import re
from collections.abc import Callable
from datetime import date
from time import process_time
from typing import Any

import pikepdf
import pytest
from flask import Flask
from PIL import Image
from pypdfium2 import PdfDocument
from sqlalchemy import select

from fundapp import clock, documents, files, store
from fundapp.accounts.actions import declare_conflict
from fundapp.applications.models import Application, Attachment
from fundapp.db import db
from fundapp.documents import Paper
from fundapp.files import Checked
from fundapp.meetings import actions, notices, noticing, packs
from fundapp.meetings.minutes import NoticeOfMeeting
from fundapp.permissions import Role
from tests.factories import on_day
from tests.factories.assessments import assessed
from tests.factories.meetings import planned
from tests.factories.people import applicant, official, organisation
from tests.factories.seats import seated
from tests.ground.apps import SignIn

SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.fixture(autouse=True)
def day(app: Flask) -> None:
    on_day()
    app.config["WTF_CSRF_ENABLED"] = False


def case_of(name: str, org_number: str = "8020015577", title: str = "Språkkafé vid älven") -> Application:
    owner = applicant()
    return assessed(by=owner, organisation=organisation(owner, name=name, org_number=org_number), title=title)


def notice(*cases: Application) -> NoticeOfMeeting:
    """A published notice with a paragraph without a case and one for each case."""
    by = official(Role.SECRETARY)
    meeting = planned(secretary=by, held_on=date(2017, 3, 27))
    actions.add_item(meeting, "Upprop", by=by)
    actions.put_on_agenda(meeting, cases, by=by)
    return noticing.publish(meeting, after=0, by=by)


def attached(application: Application, name: str, media_type: str, content: bytes) -> Attachment:
    stored = files.store(Checked(name, media_type, content), by_id=None)
    attachment = Attachment(
        application=application,
        kind="other",
        file=stored,
        added_at=clock.now(),
        added_by_id=application.created_by_id,
    )
    db.session.add(attachment)
    db.session.flush()
    return attachment


def pdf_of(*turned: int) -> bytes:
    """Empty pages, each turned by so many degrees."""
    with pikepdf.new() as pdf:
        for turn in turned:
            pdf.add_blank_page(page_size=(595, 842)).obj.Rotate = turn
        pdf.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=pikepdf.String("app.alert(1)"))
        pdf.pages[0].obj.AA = pikepdf.Dictionary(O=pdf.Root.OpenAction)
        kept = io.BytesIO()
        pdf.save(kept)
        return kept.getvalue()


def picture(width: int = 300, height: int = 200) -> bytes:
    kept = io.BytesIO()
    Image.new("RGB", (width, height), "white").save(kept, "JPEG")
    return kept.getvalue()


def pack(notice: NoticeOfMeeting, reader: Any = None) -> bytes:
    size, pieces = packs.pack(notices.read(notice, None, reader or official(Role.SECRETARY)))
    content = b"".join(pieces)
    assert len(content) == size
    return content


def pages_of(content: bytes) -> list[str]:
    with PdfDocument(content) as pdf:
        return [" ".join(pdf[n].get_textpage().get_text_range().split()) for n in range(len(pdf))]


def outline_of(content: bytes) -> list[tuple[int, str, int]]:
    """Depth, title and page (from 1) of each bookmark."""
    with PdfDocument(content) as pdf:
        return [
            (mark.level, mark.get_title(), (mark.get_dest().get_index() if mark.get_dest() else -1) + 1)
            for mark in pdf.get_toc()
        ]


def test_each_paragraph_case_and_document_has_a_bookmark_on_its_page(app: Flask) -> None:
    with app.app_context():
        content = pack(notice(case_of("Älvens vänner")))
        pages, outline = pages_of(content), outline_of(content)
        titles = [(level, title) for level, title, _page in outline]
        assert titles[0][0] == 0
        assert titles[1] == (0, "1. Upprop")
        assert titles[2][1].startswith("2. ")
        assert titles[3] == (1, "KS 2017:1 Älvens vänner")
        assert [title for level, title in titles if level == 2][:3] == ["Tjänsteskrivelse", "Ansökan", "statutes.pdf"]
        at = {title: page for level, title, page in outline if level == 2}
        assert pages[at["Tjänsteskrivelse"] - 1].startswith("Kalix kommun Tjänsteskrivelse")
        assert "Kvitto" in pages[at["Ansökan"] - 1]
        # The front page says the same numbers, and each page bears its own.
        for title, page in at.items():
            assert re.search(rf"{re.escape(title)} \S+ {page}\b", pages[0]), title
        for n, page in enumerate(pages, 1):
            assert f"{n} ({len(pages)})" in page


def test_the_front_page_is_the_notice_with_its_version(app: Flask) -> None:
    with app.app_context():
        front = pages_of(pack(notice(case_of("Älvens vänner"))))[0]
        for words in ("Kommunstyrelsen", "2017-03-27", "Sessionssalen", "1", "6 mars 2017", "Upprop", "45 000 kr"):
            assert words in front.replace("\xa0", " ")


def test_a_hidden_case_is_nowhere_in_its_readers_pack(app: Flask) -> None:
    with app.app_context():
        open_case = case_of("Älvens vänner")
        hidden = case_of("Hemliga föreningen", "8024001128", "Hemligt projekt")
        member = seated(applicant("Karin Ek")).account
        declare_conflict(by=member, reason="Min syster är kassör.", application=hidden)
        published = notice(open_case, hidden)
        whole, own = pack(published), pack(published, member)
        assert "Hemliga föreningen" in " ".join(pages_of(whole))
        seen = " ".join(pages_of(own)) + str(outline_of(own))
        assert not any(word in seen for word in ("Hemliga", "Hemligt", "KS 2017:2"))
        alone = pack(notice_without(published, hidden))
        assert len(pages_of(own)) == len(pages_of(alone))  # the number of pages tells nothing either
        with pikepdf.open(io.BytesIO(own)) as pdf:
            left = b" ".join(
                each.read_bytes() for each in pdf.objects if isinstance(each, pikepdf.Stream) and "/Width" not in each
            )
        assert b"Hemlig" not in own + left


def notice_without(published: NoticeOfMeeting, hidden: Application) -> NoticeOfMeeting:
    """The same notice, as if the case had never been."""
    items = [
        item | {"cases": [case for case in item["cases"] if case["id"] != hidden.public_id]}
        for item in published.content["items"]
    ]
    return NoticeOfMeeting(
        public_id="another", version=1, content=published.content | {"items": items}, published_at=clock.now()
    )


def test_a_pdf_stands_as_it_is_a_picture_as_a_page_and_the_rest_is_named(app: Flask) -> None:
    with app.app_context():
        case = case_of("Älvens vänner")
        attached(case, "ritning.pdf", "application/pdf", pdf_of(0, 90, 180, 270))
        attached(case, "foto.jpg", "image/jpeg", picture())
        attached(case, "budget.xlsx", SHEET, b"x")
        attached(case, "trasig.pdf", "application/pdf", b"%PDF-1.4 not one")
        content = pack(notice(case))
        pages, at = pages_of(content), {title: page for _level, title, page in outline_of(content)}
        assert at["foto.jpg"] - at["ritning.pdf"] == 4
        assert len(pages) == at["foto.jpg"]
        assert "budget.xlsx" not in at
        assert "trasig.pdf" not in at
        for name in ("budget.xlsx", "trasig.pdf"):
            assert name in pages[0]
        with PdfDocument(content) as pdf:  # each number stands upright at the foot of its page, however the page lies
            for n in range(at["ritning.pdf"] - 1, at["foto.jpg"]):
                page = pdf[n]
                height = page.render(scale=1).to_pil().convert("L")
                box = height.point(lambda grey: 255 if grey < 200 else 0).getbbox()
                assert box is not None
                assert box[1] > height.height - 40, n
                assert box[2] - box[0] > 5 * (box[3] - box[1]), n


def test_what_runs_when_a_page_is_opened_is_left_out(app: Flask) -> None:
    with app.app_context():
        case = case_of("Älvens vänner")
        attached(case, "program.pdf", "application/pdf", pdf_of(0))
        content = pack(notice(case))
        with pikepdf.open(io.BytesIO(content)) as pdf:
            assert not [page for page in pdf.pages if "/AA" in page.obj]
            assert "/OpenAction" not in pdf.Root
            assert not [each for each in pdf.objects if isinstance(each, pikepdf.Dictionary) and "/JS" in each]


def test_a_pack_is_kept_and_shared_by_those_who_see_the_same(app: Flask) -> None:
    with app.app_context():
        hidden = case_of("Hemliga föreningen", "8024001128")
        conflicted = seated(applicant("Karin Ek")).account
        declare_conflict(by=conflicted, reason="Min syster är kassör.", application=hidden)
        published = notice(case_of("Älvens vänner"), hidden)
        for reader, kept in ((seated(applicant("Per")).account, 1), (official(Role.AUDITOR), 1), (conflicted, 2)):
            first = pack(published, reader)
            assert len(list(store.put_before(clock.now().replace(year=2100), drawn=True))) == kept
            assert pack(published, reader) == first


def test_a_pack_that_misses_a_file_says_so_and_is_not_kept(app: Flask) -> None:
    with app.app_context():
        case = case_of("Älvens vänner")
        lost = attached(case, "borta.pdf", "application/pdf", pdf_of(0))
        published = notice(case)
        store.delete(lost.file.key)
        content = pack(published)
        assert "borta.pdf" in pages_of(content)[0]
        assert "borta.pdf" not in [title for _level, title, _page in outline_of(content)]
        assert not list(store.put_before(clock.now().replace(year=2100), drawn=True))


def test_attachments_beyond_the_largest_pack_are_named(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with app.app_context():
        case = case_of("Älvens vänner")
        attached(case, "stor.pdf", "application/pdf", pdf_of(0))
        monkeypatch.setattr(packs, "LARGEST", 1200)
        content = pack(notice(case))
        assert "stor.pdf" in pages_of(content)[0]
        assert "stor.pdf" not in [title for _level, title, _page in outline_of(content)]


def test_each_member_gets_the_own_pack_over_the_page(app: Flask, signed_in: SignIn) -> None:
    def make() -> str:
        hidden = case_of("Hemliga föreningen", "8024001128")
        member = seated(applicant("Karin Ek", "karin@namnd.example")).account
        seated(applicant("Per Öst", "per@namnd.example"))
        declare_conflict(by=member, reason="Min syster är kassör.", application=hidden)
        return notice(case_of("Älvens vänner"), hidden).meeting.public_id

    path = f"/sv/meetings/{in_app(app, make)}/notice/1.pdf"
    found = {}
    for who in ("karin@namnd.example", "per@namnd.example"):
        answer = signed_in(who).get(path)
        assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
        assert "kallelse-ks-2017-03-27-version-1.pdf" in answer.headers["Content-Disposition"]
        found[who] = " ".join(pages_of(answer.data))
    assert ["Hemliga föreningen" in text for text in found.values()] == [False, True]
    assert app.test_client().get(path).status_code == 302


def in_app(app: Flask, make: Callable[[], Any]) -> Any:
    with app.app_context():
        made = make()
        db.session.commit()
        return made


@pytest.mark.slow
def test_thirty_cases_with_attachments_take_a_few_seconds(app: Flask) -> None:
    with app.app_context():
        cases = [case_of(f"Förening {n}") for n in range(30)]
        for case in cases:
            attached(case, "stadgar.pdf", "application/pdf", pdf_of(*[0] * 8))
            attached(case, "foto.jpg", "image/jpeg", picture(3000, 2000))
        published = notice(*cases)
        for paper in db.session.scalars(select(Paper)):  # as a worker has done long before
            documents.keep_pdf(paper)
        start = process_time()
        content = pack(published)
        assert process_time() - start < 12  # two to four seconds on an idle machine
        assert len(pages_of(content)) > 400
