"""A sign that no font of the papers has stops no paper: it stands there by its number, and the rest as it was typed."""

from collections.abc import Iterator
from typing import Any

import pypdfium2
import pytest
from flask import Flask
from sqlalchemy import select

from fundapp import clock, documents, undrawn
from fundapp.db import db
from fundapp.documents import LASTING, Paper
from tests.factories.house import House
from tests.ground.house import Restore

FACES = "".join(map(chr, range(0x1F600, 0x1F640)))
TYPED = {
    "an emoji": ("Språkcafé 😀", "Språkcafé[U+1F600]"),
    "Chinese": ("中文 och svenska", "[U+4E2D][U+6587]ochsvenska"),
    "an Arabic number sign": ("\u0600 سلام", "[U+0600]"),
    "sixty-four faces": (FACES, "[U+1F63F]"),
    "many at once": (f"ሰላም {FACES} 中文 \u0605 \ud7ff å", "ሰላም"),
}


def _texts(content: Any) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    elif isinstance(content, dict | list):
        for part in content.values() if isinstance(content, dict) else content:
            yield from _texts(part)


def _read(pdf: bytes) -> str:
    with pypdfium2.PdfDocument(pdf) as document:
        return "".join("".join(page.get_textpage().get_text_bounded().split()) for page in document)


def _papers(app: Flask) -> list[tuple[str, dict[str, Any]]]:
    with app.app_context():
        rows = db.session.scalars(select(Paper).order_by(Paper.id)).all()
        return list({row.template: (row.template, row.content) for row in rows}.values())


@pytest.mark.parametrize("typed", TYPED)
def test_every_paper_is_drawn_whatever_an_applicant_typed(
    house: House, copied: tuple[Flask, Restore], typed: str
) -> None:
    words, shown = TYPED[typed]
    papers = _papers(copied[0])
    assert any(template in LASTING for template, _content in papers)
    read = []
    for template, content in papers:
        longest = max(_texts(content), key=len)  # what a person wrote: no code or name of a kind is that long
        changed = undrawn.everywhere(content, lambda text, longest=longest: words if text == longest else text)
        read.append(_read(documents.compile_pdf(template, changed, clock.now())))
    assert sum(shown in each for each in read) >= len(read) - 2  # two cut long texts or show them elsewhere


def test_another_fault_of_a_template_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    (tmp_path / "wrong.typ").write_text("#panic(sys.inputs.content)")
    monkeypatch.setattr(documents, "TEMPLATES", tmp_path)
    with pytest.raises(RuntimeError, match="panicked"):
        documents.compile_pdf("wrong.typ", {"text": "😀"}, clock.now())


def test_signs_that_go_together_as_no_font_can_are_boxes_rather_than_no_paper(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    (tmp_path / "one.typ").write_text(
        '#set document(title: "x")\n#set text(font: "Noto Sans", fallback: false)\n'
        "#let c = json(bytes(sys.inputs.content))\n#c.text \\\n#str.from-unicode(0x4e2d)"
    )
    monkeypatch.setattr(documents, "TEMPLATES", tmp_path)
    assert "Kalix" in _read(documents.compile_pdf("one.typ", {"text": "Kalix"}, clock.now()))


def test_what_is_typed_in_the_scripts_of_the_house_is_untouched() -> None:
    typed = "Ansökan: Språkcafé €5 – ሰላም، سلام § 12 ✓".replace("✓", "")
    assert undrawn.usual(typed) == typed
    assert undrawn.told_of(RuntimeError("unknown variable: x")) == ""
