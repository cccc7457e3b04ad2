"""Papers and mail in every language: what a finished PDF says is what was put in, and Swedish stands first."""

import re
import unicodedata
from collections.abc import Iterator
from typing import Any

import pypdfium2
import pytest
from flask import Flask
from sqlalchemy import select

from fundapp import documents
from fundapp.db import db
from fundapp.decisions.models import Decision
from fundapp.languages import AUTHORITY_LANGUAGE, LANGUAGES, _, speaking
from fundapp.mail import Message
from tests.factories import on_day
from tests.factories.applications import submitted
from tests.factories.decisions import REASONS, granted, translated

RIGHT_TO_LEFT = re.compile(r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
# What somebody wrote in each language: with a sum, a Swedish name and signs that fonts often lack or mix up.
TYPED = {
    "sv": "Språkkafé vid älven, 45 000 kr, med Föreningen Å & Ö.",
    "fi": "Kielikahvila joen rannalla, 45 000 kr, Föreningen Å & Ö.",
    "fit": "Kielikahvila väylän rannala, 45 000 kr, šekki ja ženi.",
    "en": "Language café by the river, 45 000 kr, Föreningen Å & Ö.",
    "ar": "مقهى اللغة على ضفة النهر، قررت الجمعية 45 000 kr مع Föreningen Kalix Språkkafé في القرار.",
    "prs": "کافهٔ زبان در کنار دریا، انجمن ۴۵٬۰۰۰ کرون با Föreningen Kalix Språkkafé می‌خواهد؛ پ چ ژ گ ک ی.",
    "so": "Makhaayadda luqadda ee webiga, 45 000 kr, Föreningen Å & Ö.",
    "ti": "ናይ ቋንቋ ካፈ ኣብ ጥቓ ሩባ፣ 45 000 kr፣ Föreningen Kalix Språkkafé። ቐ ኸ ጰ ጸ ፀ ኧ።",
}


@pytest.fixture(autouse=True)
def day(app: Flask) -> None:
    on_day()


def words(text: str) -> list[str]:
    """The words and numbers of a text. PDFium reads what stands among Arabic letters word by word from the right,
    turns the two letters of a ligature (lam and alef) and doubles what a vowel sign is set on, though the page is
    right; so of words from the right the letters count, not their order, and those with signs are left out.
    """
    seen = "".join(c for c in unicodedata.normalize("NFC", text) if unicodedata.category(c) != "Cf")
    found = re.findall(r"[^\W\d_]+(?:[^\W\d_]|[\u0300-\u036f\u0610-\u065f])*|\d+", seen)
    kept = (word for word in found if not any(unicodedata.combining(c) for c in word))
    return ["".join(sorted(word)) if RIGHT_TO_LEFT.search(word) else word for word in kept]


def text_of(paper: documents.Paper) -> str:
    pdf = pypdfium2.PdfDocument(documents.pdf(paper))
    try:
        return "\n".join(page.get_textpage().get_text_range() for page in pdf)
    finally:
        pdf.close()


def missing(texts: list[str], paper: documents.Paper) -> list[str]:
    """The texts that cannot be read in the PDF: word by word where they run from the right, else as they stand."""
    page = text_of(paper)
    line, found = f" {' '.join(words(page))} ", set(words(page))
    return [
        text
        for text in texts
        if (set(words(text)) - found if RIGHT_TO_LEFT.search(text) else f" {' '.join(words(text))} " not in line)
    ]


def _letter_texts(content: dict[str, Any]) -> list[str]:
    texts = []
    for part in content["parts"]:
        texts += [part["title"], *part["opening"], *(f"{label} {value}" for label, value in part["facts"])]
        for section in part["sections"]:
            texts += [section["heading"], *re.split(r"\n\s*\n", section["text"])]
    return texts


def _receipt_texts(content: dict[str, Any]) -> Iterator[str]:
    for told in content["words"].values():
        yield told["heading"]
        yield from (f"{label} {value}" for label, value in told["meta"])
    for section in content["sections"]:
        for answer in section["answers"]:
            yield answer["question"]
            yield answer["question_sv"]
            if isinstance(answer["answer"], str):
                yield answer["answer"]


def _decision(code: str) -> Decision:
    decision = granted(language=code, text_language=code, title=TYPED[code])
    if code != AUTHORITY_LANGUAGE:
        translated(decision, code, reasons=TYPED[code], conditions=f"1. {TYPED[code]}\n2. {TYPED[code]}")
    return decision


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_notice_of_decision_says_in_the_pdf_what_was_put_in(app: Flask, code: str) -> None:
    with app.test_request_context():
        decision = _decision(code)
        papers = [decision.letter, *(row.paper for row in decision.newest_translations)]
        assert len(papers) == (1 if code == AUTHORITY_LANGUAGE else 2)
        for paper in papers:
            assert [part["lang"] for part in paper.content["parts"]] == list(dict.fromkeys(["sv", code]))
            assert missing(_letter_texts(paper.content), paper) == []
        given = TYPED[code] if code != AUTHORITY_LANGUAGE else REASONS
        assert given in [section["text"] for section in papers[-1].content["parts"][-1]["sections"]]


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_receipt_says_in_the_pdf_what_was_put_in(app: Flask, code: str) -> None:
    with app.test_request_context():
        application = submitted(language=code, text_language=code, title="Språkkafé", summary=TYPED[code])
        paper = application.last_submission.paper
        assert missing(list(_receipt_texts(paper.content)), paper) == []
        assert missing([TYPED[code]], paper) == []


def test_a_text_that_is_not_there_is_missed(app: Flask) -> None:
    with app.test_request_context():
        paper = submitted(language="ar", summary=TYPED["ar"]).last_submission.paper
        assert missing(["مقهى البحر"], paper) == ["مقهى البحر"]
        assert missing(["Kommun Kalix kommun"], paper) == ["Kommun Kalix kommun"]


@pytest.mark.parametrize("code", [code for code in LANGUAGES if code != AUTHORITY_LANGUAGE])
def test_mail_is_in_swedish_first_and_then_in_the_receivers_language(app: Flask, code: str) -> None:
    with app.test_request_context():
        application = submitted(language=code)
        organisation = db.session.scalars(select(Message).where(Message.language == code)).one()
        assert application.organisation.email == organisation.to
        with speaking("sv"):
            swedish = _("We have received what you sent.")
        with speaking(code):
            own = _("We have received what you sent.")
        assert own != swedish
        assert -1 < organisation.body.index(swedish) < organisation.body.rindex(own)
        assert organisation.body.startswith(f"svenska | {LANGUAGES[code].own_name}\n")
        assert f"/{code}/applications/{application.public_id}" in organisation.body
        assert f"/sv/applications/{application.public_id}" in organisation.body


@pytest.mark.parametrize("code", ["ar", "prs"])
def test_numbers_and_names_keep_their_order_in_mail_from_the_right(app: Flask, code: str) -> None:
    with app.test_request_context():
        application = submitted(language=code)
        body = db.session.scalars(select(Message).where(Message.language == code)).one().body
        assert f"\u2066{application.reference}\u2069" in body
        for line in body.splitlines():
            assert line.count("\u2066") == line.count("\u2069")
            if "://" in line:
                assert line.isascii()
