"""Photographs and PDF, by the libraries that open them, which `files` imports only when a file comes.

Photographs: HEIC, which few programs open, becomes JPEG; several become one PDF with a page each.

What is made here has no EXIF: no place, no camera, no time. The orientation is applied first, so it stays upright.
"""

import io
from collections.abc import Sequence

import pikepdf
import pillow_heif
from PIL import Image, ImageOps, UnidentifiedImageError

pillow_heif.register_heif_opener()

MOST_POINTS = 50_000_000  # what a phone takes at most; as a picture in memory 150 MB
_LONGEST_SIDE = 3000  # points of a page: an A4 at 250 a inch, where a receipt can still be read
_A4 = (595, 842)  # in 1/72 inch
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
    """See that it is a PDF with pages. Errors: CANNOT_BE_OPENED."""
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
    with Image.open(io.BytesIO(content)) as picture:
        _demand_room(picture)
        colours = picture.info.get("icc_profile")
        _upright(picture).save(kept, "JPEG", quality=90, exif=b"", icc_profile=colours)
    return kept.getvalue()


def joined(contents: Sequence[bytes]) -> bytes:
    """One PDF of JPEG, PNG and HEIC photographs, in the order given. Errors: OSError, ValueError."""
    kept = io.BytesIO()
    with pikepdf.new() as whole:
        for content in contents:
            with pikepdf.open(io.BytesIO(_page(content))) as page:
                whole.pages.extend(page.pages)
        whole.save(kept, deterministic_id=True)
    return kept.getvalue()


def _page(content: bytes) -> bytes:
    """One photograph as a PDF page that lies within A4, standing or lying as the photograph does."""
    kept = io.BytesIO()
    with Image.open(io.BytesIO(content)) as picture:
        if picture.format == "JPEG":  # reads a large one at half or a quarter: less time and memory
            picture.draft("RGB", (_LONGEST_SIDE, _LONGEST_SIDE))
        _demand_room(picture)
        upright = _upright(picture)
    upright.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
    short, long = sorted(upright.size)
    dots_an_inch = max(short / _A4[0], long / _A4[1]) * 72
    upright.save(kept, "PDF", resolution=dots_an_inch, quality=85)
    return kept.getvalue()


def _demand_room(picture: Image.Image) -> None:
    if picture.width * picture.height > MOST_POINTS:
        raise ValueError("too many points")


def _upright(picture: Image.Image) -> Image.Image:
    """As it was held, in plain colours; what is transparent becomes white."""
    turned = ImageOps.exif_transpose(picture)
    if turned.has_transparency_data:
        seen = turned.convert("RGBA")
        paper = Image.new("RGB", seen.size, "white")
        paper.paste(seen, mask=seen)
        return paper
    return turned.convert("RGB")
