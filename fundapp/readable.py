"""What can be read out of a PDF or a picture by a machine: whether words that were to be gone are gone.

A box drawn over a text leaves the text in the file. So every text that the pages draw is read, by the fonts' own tables
of letters, and all that lies beside them: titles, notes, fields, enclosed files. What only an eye can read in a
picture is not found here: whoever masks a picture must look at it.
"""

import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import pikepdf
from PIL import Image

from fundapp.composed import composed

_CODES = re.compile(rb"<([0-9A-Fa-f\s]+)>")
_BLOCK = re.compile(rb"begin(bfchar|bfrange)((?:(?!begin).)*?)end\1", re.DOTALL)
_RANGE = re.compile(rb"<([0-9A-Fa-f\s]+)>\s*<([0-9A-Fa-f\s]+)>\s*(<[0-9A-Fa-f\s]+>|\[[^\[\]]*\])")
_NAMED = {"aring": "å", "adieresis": "ä", "odieresis": "ö", "Aring": "Å", "Adieresis": "Ä", "Odieresis": "Ö"}
_NAMED |= {"eacute": "é", "hyphen": "-", "space": " ", "at": "@", "period": "."}
_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_NAMED |= {name: str(value) for value, name in enumerate(_DIGITS)}
_TURNED = re.compile(r"[\u0590-\u08ff]")
_DEEPEST = 12  # drawings within drawings
_LONG = 6  # letters from which a word is sought also where blanks stand between its letters
_GAP = -180  # thousandths of the type's size: a step this wide between two letters is a blank


def words_left(content: bytes, media_type: str, words: Iterable[str]) -> list[str]:
    """Which of the words can still be read in a PDF, JPEG or PNG. Errors: as `photographs.open_pdf`."""
    texts = list(_texts_of_pdf(content)) if media_type == "application/pdf" else [_bytes_as_text(content)]
    folded = [_folded(text) for text in texts]
    # What runs from right to left is drawn from its last letter.
    folded += [text[::-1] for text in folded if _TURNED.search(text)]
    return [word for word in words if any(_stands_in(_folded(word), text) for text in folded)]


def without_traces(content: bytes, media_type: str) -> bytes:
    """The same pages or picture, written anew: without earlier versions, titles, notes of who made it, enclosures."""
    kept = io.BytesIO()
    if media_type == "application/pdf":
        with pikepdf.open(io.BytesIO(content)) as pdf:
            for name in ("/Metadata", "/Names", "/Outlines", "/AF", "/PieceInfo", "/StructTreeRoot", "/AcroForm"):
                if name in pdf.Root:
                    del pdf.Root[name]
            for page in pdf.pages:
                for name in ("/Annots", "/Metadata", "/PieceInfo", "/AF", "/Thumb"):
                    if name in page.obj:
                        del page.obj[name]
            for name in list(pdf.docinfo.keys()):
                del pdf.docinfo[name]
            pdf.remove_unreferenced_resources()
            pdf.save(kept)
        return kept.getvalue()
    with Image.open(io.BytesIO(content)) as picture:
        kind = picture.format or "PNG"
        picture.info.clear()
        picture.getexif().clear()
        picture.save(kept, kind, **({"quality": 92} if kind == "JPEG" else {}))
    return kept.getvalue()


def _stands_in(word: str, text: str) -> bool:
    pattern = r"\s+".join(re.escape(part) for part in word.split())
    if not pattern:
        return False
    if re.search(rf"(?<!\w){pattern}s?(?!\w)", text):
        return True
    bare = re.sub(r"\s", "", word)
    return len(bare) >= _LONG and bare in re.sub(r"\s", "", text)


def _folded(text: str) -> str:
    small = composed(text.replace("\u00ad", ""), "NFKC").casefold()
    return re.sub(r"-\s*\n\s*", "", small)


def _bytes_as_text(content: bytes) -> str:
    """What stands in plain letters between other bytes, whichever of the usual ways they are written."""
    return "\n".join(content.decode(name, "ignore") for name in ("utf-8", "utf-16-be", "utf-16-le", "latin-1"))


def _texts_of_pdf(content: bytes) -> Iterator[str]:
    yield _bytes_as_text(content)
    with pikepdf.open(io.BytesIO(content)) as pdf:
        for thing in pdf.objects:
            yield "\n".join(_strings_in(thing, 0))
            if isinstance(thing, pikepdf.Stream) and thing.get("/Subtype") != "/Image":
                yield _bytes_as_text(_unpacked(thing))
        for page in pdf.pages:
            drawn = _Drawn()
            _read(page.obj, page.obj.get("/Resources", pikepdf.Dictionary()), drawn, 0)
            yield "".join(drawn.apart)
            yield "".join(drawn.together)


def _unpacked(stream: pikepdf.Stream) -> bytes:
    try:
        return stream.read_bytes()
    except pikepdf.PdfError:  # packed in a way of its own, as a picture
        return b""


def _strings_in(thing: pikepdf.Object, depth: int) -> Iterator[str]:
    """Every text in an object's own lists: a title, a note, what was typed in a field."""
    if depth > _DEEPEST:
        return
    if isinstance(thing, pikepdf.String):
        yield str(thing)
    elif isinstance(thing, pikepdf.Array):
        for part in thing:
            yield from _within(part, depth)
    elif isinstance(thing, pikepdf.Dictionary | pikepdf.Stream):
        for name in thing.keys():  # noqa: SIM118  a Dictionary of pikepdf yields no names by itself
            yield from _within(thing[name], depth)


def _within(part: object, depth: int) -> Iterator[str]:
    # What stands apart is met by itself.
    if isinstance(part, pikepdf.Object) and not part.is_indirect:
        yield from _strings_in(part, depth + 1)


@dataclass
class _Drawn:
    """The text of a page in the order of its drawing: with a blank at every move of the pen, and with none."""

    apart: list[str] = field(default_factory=list)
    together: list[str] = field(default_factory=list)

    def add(self, text: str) -> None:
        self.apart.append(text)
        self.together.append(text)

    def move(self) -> None:
        self.apart.append("\n")


def _read(drawing: pikepdf.Object, resources: pikepdf.Object, drawn: _Drawn, depth: int) -> None:
    font = _Font()
    fonts: dict[str, _Font] = {}
    for operands, operator in _instructions(drawing):
        name = str(operator)
        if name == "Tf" and operands:
            key = str(operands[0])
            if key not in fonts:
                fonts[key] = _font(resources.get("/Font", pikepdf.Dictionary()).get(key))
            font = fonts[key]
        elif name in ("Tj", "'", '"', "TJ") and operands:
            _show(operands[-1], font, drawn)
        elif name in ("Td", "TD", "T*", "Tm", "BT", "ET"):
            drawn.move()
        elif name == "Do" and operands and depth < _DEEPEST:
            inner = resources.get("/XObject", pikepdf.Dictionary()).get(str(operands[0]))
            if isinstance(inner, pikepdf.Stream) and inner.get("/Subtype") == "/Form":
                _read(inner, inner.get("/Resources", resources), drawn, depth + 1)


def _instructions(drawing: pikepdf.Object) -> Iterator[tuple[Sequence[object], object]]:
    try:
        found = pikepdf.parse_content_stream(drawing)
    except pikepdf.PdfError:
        return
    for one in found:
        yield list(getattr(one, "operands", ())), getattr(one, "operator", "")


def _show(what: object, font: "_Font", drawn: _Drawn) -> None:
    if isinstance(what, pikepdf.Array):
        for part in what:
            if isinstance(part, pikepdf.String):
                drawn.add(font.text(bytes(part)))
            elif not isinstance(part, pikepdf.Object) and float(part) < _GAP:
                drawn.move()
    elif isinstance(what, pikepdf.String):
        drawn.add(font.text(bytes(what)))


@dataclass
class _Font:
    """How codes become letters; `width` in bytes a code."""

    letters: dict[int, str] = field(default_factory=dict)
    width: int = 1

    def text(self, codes: bytes) -> str:
        found = []
        for place in range(0, len(codes) - self.width + 1, self.width):
            code = int.from_bytes(codes[place : place + self.width], "big")
            plain = bytes([code]).decode("cp1252", "ignore") if self.width == 1 else ""
            found.append(self.letters.get(code, plain))
        return "".join(found)


def _font(given: pikepdf.Object | None) -> _Font:
    font = _Font()
    if given is None:
        return font
    if given.get("/Subtype") == "/Type0":
        font.width = 2
    encoding = given.get("/Encoding")
    if isinstance(encoding, pikepdf.Dictionary):
        _add_named(font, encoding.get("/Differences"))
    table = given.get("/ToUnicode")
    if isinstance(table, pikepdf.Stream):
        _add_table(font, _unpacked(table))
    return font


def _add_named(font: _Font, differences: pikepdf.Object | None) -> None:
    code = 0
    for part in differences if isinstance(differences, pikepdf.Array) else ():
        if isinstance(part, pikepdf.Name):
            name = str(part)[1:]
            font.letters[code] = _NAMED.get(name, name if len(name) == 1 else "")
            code += 1
        else:
            code = int(part)


def _add_table(font: _Font, table: bytes) -> None:
    for kind, body in _BLOCK.findall(table):
        if kind == b"bfchar":
            codes = _CODES.findall(body)
            for code, text in zip(codes[::2], codes[1::2], strict=False):
                font.letters[_number(code)] = _letters(text)
            continue
        for first, last, target in _RANGE.findall(body):
            texts = [_letters(text) for text in _CODES.findall(target)]
            for step, code in enumerate(range(_number(first), min(_number(last), _number(first) + 0xFFFF) + 1)):
                if target.startswith(b"["):
                    font.letters[code] = texts[step] if step < len(texts) else ""
                elif texts and texts[0]:
                    font.letters[code] = texts[0][:-1] + chr(min(ord(texts[0][-1]) + step, 0x10FFFF))


def _number(code: bytes) -> int:
    return int(bytes(code).replace(b" ", b"").replace(b"\n", b"") or b"0", 16)


def _letters(text: bytes) -> str:
    bare = re.sub(rb"\s", b"", text)
    return bytes.fromhex((bare if len(bare) % 2 == 0 else b"0" + bare).decode("ascii")).decode("utf-16-be", "ignore")
