"""Photographs and PDF, by the libraries that open them, which `files` imports only when a file comes.

Photographs: HEIC, which few programs open, becomes JPEG; several become one PDF with a page each.

What is made here has no EXIF: no place, no camera, no time. The orientation is applied first, so it stays upright.

A photograph takes hundreds of megabytes while it is made into another, so that each process makes one at a time.
"""

import io
import threading
from collections.abc import Sequence

import pikepdf
import pillow_heif
from PIL import Image, ImageOps, UnidentifiedImageError

from fundapp import confined

pillow_heif.register_heif_opener()

MOST_POINTS = 50_000_000  # what a phone takes at most; as a picture in memory 150 MB
_LONGEST_SIDE = 3000  # points of a page: an A4 at 250 a inch, where a receipt can still be read
_BAND = 256  # rows that are shrunk at a time
_MOST_SCANS = 100  # of a JPEG: cameras and programs write a dozen, and each is gone through over all the points
_ORIENTATION = 0x0112
_A4 = (595, 842)  # in 1/72 inch
_room = threading.BoundedSemaphore(1)
CANNOT_BE_OPENED = (
    pikepdf.PdfError,
    pikepdf.PasswordError,
    UnidentifiedImageError,
    Image.DecompressionBombError,
    OSError,
    SyntaxError,  # Pillow's word for a broken PNG
    ValueError,
)


def open_pdf(content: bytes) -> None:
    """See that it is a PDF with pages. `confined` sees first that it takes no more than it may. Errors:
    CANNOT_BE_OPENED.
    """
    with pikepdf.open(io.BytesIO(content)) as pdf:
        if not len(pdf.pages):
            raise ValueError("no pages")


def open_picture(content: bytes) -> None:
    """See that it is a whole JPEG or PNG. Errors: CANNOT_BE_OPENED."""
    with Image.open(io.BytesIO(content)) as picture:
        picture.verify()


def as_jpeg(content: bytes) -> bytes:
    """A HEIC photograph as JPEG, upright, of the same size. Errors: OSError, ValueError where it cannot be opened."""
    kept = io.BytesIO()
    with confined.turn_in(_room), Image.open(io.BytesIO(content)) as picture:
        _demand_room(picture)
        colours = picture.info.get("icc_profile")
        ImageOps.exif_transpose(picture, in_place=True)
        _plain(picture).save(kept, "JPEG", quality=90, exif=b"", icc_profile=colours)
    return kept.getvalue()


def joined(contents: Sequence[bytes]) -> bytes:
    """One PDF of JPEG, PNG and HEIC photographs, in the order given. Errors: OSError, ValueError."""
    kept = io.BytesIO()
    with confined.turn_in(_room), pikepdf.new() as whole:
        for content in contents:
            with pikepdf.open(io.BytesIO(_page(content))) as page:
                whole.pages.extend(page.pages)
        whole.save(kept, deterministic_id=True)
    return kept.getvalue()


def _page(content: bytes) -> bytes:
    """One photograph as a PDF page that lies within A4, standing or lying as the photograph does."""
    kept = io.BytesIO()
    with Image.open(io.BytesIO(content)) as picture:
        if picture.format == "JPEG":
            _demand_few_scans(picture, content)
            picture.draft("RGB", (_LONGEST_SIDE, _LONGEST_SIDE))
        _demand_room(picture)
        orientation = picture.getexif().get(_ORIENTATION, 1)
        small = _shrunk(picture)
    small.getexif()[_ORIENTATION] = orientation
    upright = ImageOps.exif_transpose(small)
    short, long = sorted(upright.size)
    dots_an_inch = max(short / _A4[0], long / _A4[1]) * 72
    upright.save(kept, "PDF", resolution=dots_an_inch, quality=85)
    return kept.getvalue()


def _demand_few_scans(picture: Image.Image, content: bytes) -> None:
    """A JPEG is read at half or a quarter, which takes less time and memory; not so one that is told in many scans,
    all of which are held at full size.
    """
    if content.count(b"\xff\xda") > _MOST_SCANS:
        raise ValueError("too many scans")
    if picture.info.get("progressive"):
        _demand_room(picture)


def _demand_room(picture: Image.Image) -> None:
    if picture.width * picture.height > MOST_POINTS:
        raise ValueError("too many points")


def _shrunk(picture: Image.Image) -> Image.Image:
    """In plain colours, and as large as a page needs. Band by band: a copy of the whole would be as large again."""
    times = max(1, max(picture.size) // _LONGEST_SIDE)
    band = times * max(1, _BAND // times)
    small = Image.new("RGB", (-(-picture.width // times), -(-picture.height // times)))
    for top in range(0, picture.height, band):
        part = picture.crop((0, top, picture.width, min(top + band, picture.height)))
        small.paste(_plain(part).reduce(times), (0, top // times))
    small.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
    return small


def _plain(picture: Image.Image) -> Image.Image:
    """In red, green and blue; what is transparent becomes white."""
    if picture.has_transparency_data:
        seen = picture.convert("RGBA")
        paper = Image.new("RGB", seen.size, "white")
        paper.paste(seen, mask=seen)
        return paper
    return picture if picture.mode == "RGB" else picture.convert("RGB")
