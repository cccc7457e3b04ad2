"""Photographs from a telephone: HEIC becomes JPEG, several become one document, and what is made tells no place."""

import hashlib
import io

import pikepdf
import pypdfium2
import pytest
from bs4 import BeautifulSoup
from flask import Flask
from PIL import Image
from sqlalchemy import select

from fundapp import photographs
from fundapp.db import db
from fundapp.files import LARGEST, MOST_PHOTOGRAPHS, Checked, NotAccepted, StoredFile, accept, check, store
from fundapp.languages import speaking
from fundapp.store import content_of
from tests.factories import on_day
from tests.factories.applications import PDF, draft
from tests.factories.people import applicant
from tests.ground.apps import SignIn
from tests.ground.pages import send

ORIENTATION, GPS = 0x0112, 0x8825
HELD_SIDEWAYS = 6
KALIX = {1: "N", 2: (65.0, 51.0, 0.0), 3: "E", 4: (23.0, 8.0, 0.0)}


def photograph(kind: str, size: tuple[int, int] = (400, 300), *, orientation: int = HELD_SIDEWAYS) -> bytes:
    """A picture, red to the left and blue to the right, with a place and an orientation in its EXIF."""
    picture = Image.new("RGB", size, "blue")
    picture.paste("red", (0, 0, size[0] // 2, size[1]))
    about = Image.Exif()
    about[ORIENTATION], about[GPS] = orientation, KALIX
    kept = io.BytesIO()
    picture.save(kept, kind, exif=about.tobytes())
    return kept.getvalue()


def reason(*sent: tuple[str, bytes]) -> str:
    with pytest.raises(NotAccepted) as refused:
        accept(sent)
    with speaking("en"):
        return str(refused.value.reason)


def taken(app: Flask, *sent: tuple[str, bytes]) -> Checked:
    with app.app_context():
        return accept(sent)


def test_a_photograph_in_heic_is_kept_as_an_upright_jpeg_that_tells_no_place() -> None:
    sent = photograph("HEIF")
    assert b"Exif" in sent
    checked = check("IMG_0412.HEIC", sent)
    assert (checked.name, checked.media_type) == ("IMG_0412.jpg", "image/jpeg")
    with Image.open(io.BytesIO(checked.content)) as picture:
        assert picture.format == "JPEG"
        assert picture.size == (300, 400)
        assert dict(picture.getexif()) == {}
        above, below = picture.getpixel((150, 50)), picture.getpixel((150, 350))
    assert isinstance(above, tuple)
    assert isinstance(below, tuple)
    assert above[0] > 200 > 50 > above[2]  # what was to the left is above after a quarter turn
    assert below[2] > 200 > 50 > below[0]
    assert b"Exif" not in checked.content


def test_of_a_converted_photograph_the_record_tells_what_was_sent(app: Flask) -> None:
    sent = photograph("HEIF")
    with app.app_context():
        stored = store(check("IMG_0412.HEIC", sent), by_id=None)
        db.session.commit()
        db.session.expire_all()
        kept = db.session.scalars(select(StoredFile)).one()
        assert kept.made_from == [
            {
                "name": "IMG_0412.heic",
                "media_type": "image/heic",
                "size": len(sent),
                "sha256": hashlib.sha256(sent).hexdigest(),
            }
        ]
        assert kept.sha256 == hashlib.sha256(content_of(stored.key)).hexdigest() != kept.made_from[0]["sha256"]


def test_one_jpeg_is_kept_byte_for_byte(app: Flask) -> None:
    sent = photograph("JPEG")
    checked = taken(app, ("kvitto.jpg", sent))
    assert (checked.content, checked.made_from) == (sent, ())


def test_several_photographs_become_one_document_with_a_page_each(app: Flask) -> None:
    sent = [
        ("kvitto 1.HEIC", photograph("HEIF")),
        ("kvitto 2.jpg", photograph("JPEG", (3000, 2000), orientation=1)),
        ("kvitto 3.png", photograph("PNG", orientation=1)),
    ]
    checked = taken(app, *sent)
    assert (checked.name, checked.media_type) == ("kvitto 1.pdf", "application/pdf")
    assert [told["sha256"] for told in checked.made_from] == [hashlib.sha256(c).hexdigest() for _n, c in sent]
    assert [told["name"] for told in checked.made_from] == ["kvitto 1.heic", "kvitto 2.jpeg", "kvitto 3.png"]
    assert check("x", checked.content).media_type == "application/pdf"
    with pypdfium2.PdfDocument(checked.content) as document:
        sizes = [page.get_size() for page in document]
        assert [width > height for width, height in sizes] == [False, True, True]
        assert all(min(size) <= 595.5 and max(size) <= 842.5 for size in sizes)
        assert all(min(size) > 594 or max(size) > 841 for size in sizes)  # as large as the paper allows
        first = document[0].render().to_pil().convert("RGB")
        above = first.getpixel((first.width // 2, first.height // 8))
        below = first.getpixel((first.width // 2, first.height * 7 // 8))
    assert isinstance(above, tuple)
    assert isinstance(below, tuple)
    assert above[0] > 200 > 50 > above[2]
    assert below[2] > 200 > 50 > below[0]


def test_a_joined_document_tells_no_place_and_no_time(app: Flask) -> None:
    made = taken(app, ("a.jpg", photograph("JPEG")), ("b.jpg", photograph("JPEG")))
    with pikepdf.open(io.BytesIO(made.content)) as document:
        assert dict(document.docinfo) == {}
        for page in document.pages:
            for image in page.get_images().values():
                assert b"Exif" not in image.read_raw_bytes()
    assert made.content == taken(app, ("a.jpg", photograph("JPEG")), ("b.jpg", photograph("JPEG"))).content


def test_what_is_transparent_becomes_paper(app: Flask) -> None:
    kept = io.BytesIO()
    Image.new("RGBA", (40, 30), (0, 0, 0, 0)).save(kept, "PNG")
    made = taken(app, ("a.png", kept.getvalue()), ("b.png", kept.getvalue()))
    with pypdfium2.PdfDocument(made.content) as document:
        assert document[0].render().to_pil().convert("RGB").getpixel((100, 100)) == (255, 255, 255)


def test_a_large_photograph_is_made_as_large_as_a_page_needs(app: Flask) -> None:
    made = taken(app, ("a.jpg", photograph("JPEG", (6000, 4000))), ("b.jpg", photograph("JPEG")))
    with pikepdf.open(io.BytesIO(made.content)) as document:
        image = next(iter(document.pages[0].get_images().values()))
        assert max(int(image.Width), int(image.Height)) == 3000


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ([("a.pdf", PDF), ("b.pdf", PDF)], "Choose several photos at once, or one other file at a time."),
        ([("a.jpg", photograph("JPEG")), ("b.pdf", PDF)], "Choose several photos at once, or one other file"),
        ([("a.jpg", photograph("JPEG")), ("b.jpg", photograph("JPEG")[:900])], "A photo cannot be opened"),
        ([("a.jpg", photograph("JPEG")), ("b.heic", photograph("HEIF")[:-200])], "A photo cannot be opened"),
        ([("a.jpg", photograph("JPEG")), ("b.jpg", b"")], "The file is empty."),
        ([("a.jpg", photograph("JPEG")), ("b.jpg", b"\xff\xd8" + bytes(LARGEST))], "larger than 15 MB"),
        ([("a.jpg", photograph("JPEG"))] * (MOST_PHOTOGRAPHS + 1), "Choose at most 12 photos at a time."),
        ([("a.heic", photograph("HEIF")[:300])], "The file cannot be opened."),
    ],
)
def test_what_cannot_be_one_document_is_refused_in_words(app: Flask, sent: list[tuple[str, bytes]], told: str) -> None:
    with app.app_context():
        assert told in reason(*sent)


def test_a_photograph_with_more_points_than_fit_in_memory_is_refused(app: Flask) -> None:
    kept = io.BytesIO()
    Image.new("1", (photographs.MOST_POINTS // 7000 + 1, 7001)).save(kept, "PNG")
    with app.app_context():
        assert "larger than we can take" in reason(("a.png", kept.getvalue()), ("b.png", kept.getvalue()))


# --- through the page ---------------------------------------------------------------------------------------------


def test_several_photographs_are_chosen_at_once_and_listed_as_one_document(app: Flask, signed_in: SignIn) -> None:
    on_day()
    with app.app_context():
        public_id = draft(by=applicant(email="jag@exempel.example"), with_attachments=False).public_id
        db.session.commit()
    client = signed_in("jag@exempel.example")
    page = f"/en/applications/{public_id}/sections/attachments"
    box = BeautifulSoup(client.get(page).text, "html.parser").find("input", {"type": "file"})
    assert box is not None
    assert box.has_attr("multiple")
    pictures = [(io.BytesIO(photograph(kind)), name) for kind, name in (("HEIF", "IMG 1.HEIC"), ("JPEG", "IMG 2.jpg"))]
    answer = send(client, f"/en/applications/{public_id}/attachments", {"kind": "other", "file": pictures})
    assert answer.status_code == 302
    link = BeautifulSoup(client.get(page).text, "html.parser").find("a", string="IMG 1.pdf")
    assert link is not None
    with client.get(str(link["href"])) as got:
        assert got.headers["Content-Type"] == "application/pdf"
        with pypdfium2.PdfDocument(got.data) as document:
            assert len(document) == 2


def test_photographs_beside_another_file_are_refused_beside_the_field(app: Flask, signed_in: SignIn) -> None:
    on_day()
    with app.app_context():
        public_id = draft(by=applicant(email="jag@exempel.example"), with_attachments=False).public_id
        db.session.commit()
    sent = [(io.BytesIO(photograph("JPEG")), "bild.jpg"), (io.BytesIO(PDF), "stadgar.pdf")]
    client = signed_in("jag@exempel.example")
    answer = send(client, f"/en/applications/{public_id}/attachments", {"kind": "other", "file": sent})
    assert answer.status_code == 422
    assert "Choose several photos at once, or one other file at a time." in answer.text
    with app.app_context():
        assert db.session.scalars(select(StoredFile)).all() == []
