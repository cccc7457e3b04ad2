"""A masked copy is read as a machine reads it: by the letters that its pages draw, and by all that lies beside them."""

import io
from datetime import UTC, datetime
from typing import Any

import pikepdf
import pypdfium2
import pytest
from PIL import Image

from fundapp import readable
from fundapp.documents import compile_pdf

PDF = "application/pdf"
SECRET = "Åsa Öberg-Lindqvist"


def paper(text: str) -> bytes:
    """A paper as typst draws it, with letters by numbers of their own."""
    content: dict[str, Any] = {"title": "Utdrag", "municipality": "Kalix kommun", "facts": [], "heading": "Rubrik"}
    content |= {"subject": text, "sections": [], "signature": "Underskrift"}
    return compile_pdf("decisions/documents/extract.typ", content, datetime(2017, 3, 6, tzinfo=UTC))


def with_box(content: bytes) -> bytes:
    """The same page under a black box: what a careless hand does."""
    kept = io.BytesIO()
    with pikepdf.open(io.BytesIO(content)) as pdf:
        pdf.pages[0].contents_add(b"q 0 0 0 rg 0 0 595 842 re f Q")
        pdf.save(kept)
    return kept.getvalue()


def plain(draws: bytes) -> bytes:
    """A page of a simple font, as older programs write it."""
    kept = io.BytesIO()
    with pikepdf.new() as pdf:
        page = pdf.add_blank_page()
        kind = pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica)
        page.obj.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=kind))
        page.obj.Contents = pdf.make_stream(b"BT /F1 12 Tf 50 700 Td " + draws + b" ET")
        pdf.save(kept)
    return kept.getvalue()


def left(content: bytes, *words: str) -> list[str]:
    return readable.words_left(content, PDF, words)


def test_a_name_under_a_box_is_found() -> None:
    content = with_box(paper(f"Ansökan av {SECRET} i Kalix"))
    assert left(content, SECRET, "Kalix", "Haparanda") == [SECRET, "Kalix"]


def test_what_is_not_there_is_not_found() -> None:
    assert left(paper("Ansökan av [maskat] i Kalix"), SECRET, "Åsa", "Öberg") == []


def test_a_short_name_is_not_found_within_another_word() -> None:
    assert left(paper("Johanna Ekman"), "Anna", "Ek") == []


def test_a_name_in_arabic_is_found() -> None:
    assert left(paper("محمد علي"), "محمد") == ["محمد"]


@pytest.mark.parametrize(
    "draws",
    [
        b"(Hermansson) Tj",
        b"[(Herm) 20 (ans) -15 (son)] TJ",
        b"(H) Tj 9 0 Td (e) Tj 9 0 Td (r) Tj 9 0 Td (m) Tj 9 0 Td (a) Tj 9 0 Td (n) Tj 9 0 Td (s) Tj 9 0 Td (s) Tj "
        b"9 0 Td (o) Tj 9 0 Td (n) Tj",
        b"<4865726d616e73736f6e> Tj",
        b"(Her) Tj 0 -14 Td (mansson) Tj",
    ],
)
def test_however_a_page_draws_a_word_it_is_found(draws: bytes) -> None:
    content = plain(draws)
    assert left(content, "Hermansson") == ["Hermansson"]


def test_a_title_a_note_and_an_enclosure_are_found_and_taken_away() -> None:
    kept = io.BytesIO()
    with pikepdf.open(io.BytesIO(paper("Inget här"))) as pdf:
        pdf.docinfo["/Title"] = f"Ansökan {SECRET}"
        note = pikepdf.Dictionary(
            Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Text, Rect=[0, 0, 9, 9], Contents=f"Ring {SECRET}"
        )
        pdf.pages[0].obj.Annots = pikepdf.Array([pdf.make_indirect(note)])
        pdf.attachments["brev.txt"] = f"Hej {SECRET}".encode()
        pdf.save(kept)
    content = kept.getvalue()
    assert left(content, SECRET) == [SECRET]
    bare = readable.without_traces(content, PDF)
    assert left(bare, SECRET) == []
    assert "Inget" in pypdfium2.PdfDocument(io.BytesIO(bare))[0].get_textpage().get_text_range()


def test_an_earlier_version_within_the_file_goes() -> None:
    """A program that saves on top of what was there leaves the old page in the file."""
    content = paper("Inget här")
    old = b"\n77 0 obj (Ansokan Hermansson) endobj\n"
    at = content.rindex(b"startxref")
    whole = content[:at] + old + content[at:]
    assert left(whole, "Hermansson") == ["Hermansson"]
    assert left(readable.without_traces(whole, PDF), "Hermansson") == []


def test_a_photograph_loses_what_its_camera_wrote() -> None:
    kept, exif = io.BytesIO(), Image.Exif()
    exif[0x010E] = "Hermansson"
    Image.new("RGB", (60, 40), "white").save(kept, "JPEG", exif=exif)
    assert readable.words_left(kept.getvalue(), "image/jpeg", ["Hermansson"]) == ["Hermansson"]
    bare = readable.without_traces(kept.getvalue(), "image/jpeg")
    assert readable.words_left(bare, "image/jpeg", ["Hermansson"]) == []
    assert Image.open(io.BytesIO(bare)).size == (60, 40)
