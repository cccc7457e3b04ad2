"""The board pack: the notice of meeting with every document of its cases as one PDF, made for one reader.

What the reader may not see is in none of it: no page, no bookmark, no number. A pack that was made is kept as drawn
papers are, under the version and what was left out of it, so that members without a conflict share one.
"""

import io
import logging
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from fundapp import clock, documents, drawn, store
from fundapp.db import db
from fundapp.documents import Paper
from fundapp.files import StoredFile
from fundapp.languages import AUTHORITY_LANGUAGE, _d, long_day, money, speaking
from fundapp.meetings.agenda_changes import Changes, Content, Mark
from fundapp.meetings.notices import Reading
from fundapp.store import StoreFailed
from fundapp.workflow import Outcome

if TYPE_CHECKING:  # dear to import, and few requests need it
    import pikepdf

LAYOUT = 1  # grows when a pack of the same content is laid out otherwise
LARGEST = 150 * 1024 * 1024  # bytes of attachments in one pack; what is beyond is named
_PICTURES = frozenset({"image/jpeg", "image/png"})
_MOST_PASSES = 4
Size = tuple[int, Iterator[bytes]]

log = logging.getLogger(__name__)


@dataclass
class Part:
    """A document of a case: its pages, or a note that says why it has none here. `page` counts from 1."""

    title: str
    pdf: "pikepdf.Pdf | None" = None
    note: str = ""
    page: int = 0


@dataclass
class _Making:
    """What one pack is made from. `is_whole`: nothing that belongs in it could not be got."""

    opened: ExitStack
    left: int
    is_whole: bool = True
    parts: dict[str, list[Part]] = field(default_factory=dict)


def pack(reading: Reading) -> Size:
    """The reader's pack as its size in bytes and its content in pieces. Errors: StoreFailed."""
    key = _key(reading)
    if store.has(key):
        return store.read(key)
    content, is_whole = made(reading)
    if is_whole:
        with suppress(StoreFailed):  # a store that is full refuses no reader
            drawn.keep(key, lambda: content)
    return len(content), iter([content])


def file_name(reading: Reading) -> str:
    content = reading.content
    return f"kallelse-{content['abbreviation']}-{content['held_on']}-version-{reading.notice.version}.pdf".lower()


def _key(reading: Reading) -> str:
    notice = reading.notice
    told = {"layout": LAYOUT, "notice": notice.public_id, "without": sorted(reading.hidden)}
    return drawn.key_of("meetings/documents/notice.typ", told, notice.published_at)


def made(reading: Reading) -> tuple[bytes, bool]:
    """Make the pack; gives it, and whether everything that belongs in it is there."""
    import pikepdf  # noqa: PLC0415  as above

    with ExitStack() as opened, speaking(AUTHORITY_LANGUAGE):
        making = _Making(opened, LARGEST)
        _gather(reading.content, making)
        front = opened.enter_context(pikepdf.open(io.BytesIO(_front(reading, making.parts))))
        whole = opened.enter_context(pikepdf.new())
        whole.pages.extend(front.pages)
        marks = [""] * len(front.pages)
        for number, pdf in _in_order(reading.content, making.parts):
            whole.pages.extend(pdf.pages)
            marks += [number] * len(pdf.pages)
        _number_pages(whole, marks, reading, opened)
        _bookmark(whole, reading, making.parts)
        _describe(whole, reading)
        kept = io.BytesIO()
        whole.save(kept, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)
        return kept.getvalue(), making.is_whole


# --- the cases' documents ---------------------------------------------------------------------------------------


def _gather(content: Content, making: _Making) -> None:
    """Open what each case consists of, in the order in which it is read."""
    cases = [case for item in content["items"] for case in item["cases"]]
    papers = _named(Paper, [case[kind] for case in cases for kind in ("report", "application") if case[kind]])
    files = _named(StoredFile, [each["id"] for case in cases for each in case["files"]])
    for case in cases:
        parts = [
            _of_paper(title, papers.get(case[kind]), making)
            for title, kind in ((_d("Officer's report"), "report"), (_d("Application"), "application"))
        ]
        parts += [_of_file(files[each["id"]], making) for each in case["files"] if each["id"] in files]
        making.parts[case["id"]] = parts


def _named(kind: Any, public_ids: list[str]) -> dict[str, Any]:
    return {row.public_id: row for row in db.session.scalars(select(kind).where(kind.public_id.in_(public_ids)))}


def _of_paper(title: str, paper: Paper | None, making: _Making) -> Part:
    if paper is None:
        return Part(title, note=_d("is missing"))
    return Part(title, _opened(documents.pdf(paper), making))


def _of_file(stored: StoredFile, making: _Making) -> Part:
    """A PDF as it is, a photograph as a page; another kind of file is named."""
    from fundapp import photographs  # noqa: PLC0415  with pikepdf and Pillow: as above

    if stored.media_type not in _PICTURES | {"application/pdf"}:
        return Part(stored.name, note=_d("is opened in the case"))
    if stored.size > making.left:
        return Part(stored.name, note=_d("is too large to stand here, and is opened in the case"))
    try:
        content = store.content_of(stored.key)
    except StoreFailed as fault:
        log.error("board pack without %s: %s", stored.public_id, fault)
        making.is_whole = False
        return Part(stored.name, note=_d("cannot be had just now, and is opened in the case"))
    try:
        if stored.media_type in _PICTURES:
            content = photographs.joined([content])
        pdf = _opened(content, making)
    except photographs.CANNOT_BE_OPENED:
        return Part(stored.name, note=_d("cannot be opened here, and is opened in the case"))
    making.left -= stored.size
    return Part(stored.name, pdf)


def _opened(content: bytes, making: _Making) -> "pikepdf.Pdf":
    """A PDF to take pages from, without what would run when a page is opened. Errors: as `photographs.open_pdf`."""
    import pikepdf  # noqa: PLC0415  as above

    pdf = making.opened.enter_context(pikepdf.open(io.BytesIO(content)))
    for page in pdf.pages:
        for name in ("/AA", "/StructParents", "/Metadata", "/PieceInfo"):
            if name in page.obj:
                del page.obj[name]
        for note in page.obj.get("/Annots", ()):
            for name in ("/AA", "/A", "/Dest"):
                if name in note and not _is_link_out(note, name):
                    del note[name]
    return pdf


def _is_link_out(note: Any, name: str) -> bool:
    return bool(name == "/A" and note["/A"].get("/S") == "/URI")


# --- our own pages ----------------------------------------------------------------------------------------------


def _front(reading: Reading, parts: dict[str, list[Part]]) -> bytes:
    """The notice itself. How many pages it takes decides on which page each document begins, so it is drawn until
    that stands still.
    """
    import pikepdf  # noqa: PLC0415  as above

    pages = 1
    for _pass in range(_MOST_PASSES):
        page = pages + 1
        for part in (part for of_case in parts.values() for part in of_case):
            part.page = page if part.pdf is not None else 0
            page += len(part.pdf.pages) if part.pdf is not None else 0
        content = documents.compile_pdf(
            "meetings/documents/notice.typ", _front_content(reading, parts), reading.notice.published_at
        )
        with pikepdf.open(io.BytesIO(content)) as pdf:
            found = len(pdf.pages)
        if found == pages:
            break
        pages = found
    return content


def _front_content(reading: Reading, parts: dict[str, list[Part]]) -> dict[str, Any]:
    content, changed, notice = reading.content, reading.changes, reading.notice
    published = long_day(clock.local_day(notice.published_at))
    return {
        "title": _d("Notice of meeting"),
        "subject": content["board"],
        "municipality": content["municipality"],
        "meta": [pair for pair in _front_facts(content) if pair[1]],
        "version": _d("Version %(version)s, %(day)s", version=notice.version, day=published),
        "changed": _changed_words(changed),
        "agenda": _d("Agenda"),
        "page": _d("p."),
        "items": [
            {
                "place": f"{place}.",
                "heading": item["heading"],
                "text": item["text"],
                "mark": _mark(changed.items.get(item["id"])),
                "cases": [_case_line(case, changed, parts[case["id"]]) for case in item["cases"]],
            }
            for place, item in enumerate(content["items"], 1)
        ],
        "called": _d("Called"),
        "people": [
            ", ".join(word for word in (each["name"], each["party"], each["position"].lower()) if word)
            for each in content["called"]
        ],
    }


def _front_facts(content: Content) -> list[list[str]]:
    return [
        [_d("Day"), content["held_on"]],
        [_d("Time"), content["begins_at"]],
        [_d("Place"), content["place"]],
        [_d("Doors"), door_words(content)],
    ]


def door_words(content: Content) -> str:
    """Whether the sitting is open, in the language spoken now."""
    return _d("Open to the public") if content["is_public"] else _d("Behind closed doors")


def fact_words(changed: Changes) -> list[str]:
    """Which of the sitting's particulars changed, in the language spoken now."""
    words = {"held_on": _d("Day"), "begins_at": _d("Time"), "place": _d("Place"), "is_public": _d("Doors")}
    return [words[name] for name in changed.facts]


def _changed_words(changed: Changes) -> list[str]:
    found = [_d("Changed: %(what)s", what=", ".join(fact_words(changed)))] if changed.facts else []
    return found + [_d("No longer on the agenda: %(what)s", what=what) for what in changed.gone]


def _mark(mark: Mark | None) -> str:
    return str(mark.label) if mark is not None else ""


def _case_line(case: Content, changed: Changes, parts: list[Part]) -> dict[str, Any]:
    return {
        "number": case["number"],
        "applicant": case["applicant"],
        "title": case["title"],
        "mark": _mark(changed.cases.get(case["id"])),
        "sums": [
            pair for pair in ([_d("Applied for"), _sum(case["sought"])], [_d("Proposal"), proposal(case)]) if pair[1]
        ],
        "documents": [
            {"title": part.title, "page": str(part.page) if part.page else "", "note": part.note} for part in parts
        ],
    }


def _sum(kronor: int | None) -> str:
    return money(kronor) if kronor is not None else ""


def proposal(case: Content) -> str:
    """What is proposed in a case of a notice, in the language spoken now; empty where nothing is."""
    if case["outcome"] is None:
        return ""
    outcome = Outcome[case["outcome"]]
    words = str(outcome.label)
    return f"{words}, {money(case['amount'])}" if outcome.gives_money and case["amount"] else words


# --- joining ----------------------------------------------------------------------------------------------------


def _in_order(content: Content, parts: dict[str, list[Part]]) -> Iterator[tuple[str, "pikepdf.Pdf"]]:
    """What is joined, each document under its case's diary number."""
    for case in (case for item in content["items"] for case in item["cases"]):
        for part in parts[case["id"]]:
            if part.pdf is not None:
                yield case["number"], part.pdf


def _number_pages(whole: "pikepdf.Pdf", marks: list[str], reading: Reading, opened: ExitStack) -> None:
    """Print the case and the pack's own number at the foot of each page, whichever way the page lies."""
    import pikepdf  # noqa: PLC0415  as above

    content, count = reading.content, len(whole.pages)
    sitting = f"{content['abbreviation']} {content['held_on']}"
    lines = [
        " · ".join(word for word in (sitting, mark, _d("page %(n)s (%(of)s)", n=n, of=count)) if word)
        for n, mark in enumerate(marks, 1)
    ]
    stamps = opened.enter_context(
        pikepdf.open(
            io.BytesIO(
                documents.compile_pdf("meetings/documents/stamps.typ", {"lines": lines}, reading.notice.published_at)
            )
        )
    )
    for page, stamp in zip(whole.pages, stamps.pages, strict=True):
        page.add_overlay(stamp, _foot(page, stamp))


def _foot(page: "pikepdf.Page", stamp: "pikepdf.Page") -> "pikepdf.Rectangle":
    """Where the number stands: in the middle of what a reader sees as the lower edge."""
    import pikepdf  # noqa: PLC0415  as above

    x0, y0, x1, y1 = (float(number) for number in page.cropbox)
    width, height = (float(number) for number in stamp.mediabox[2:])
    turn = int(page.obj.get("/Rotate", 0)) % 360
    edge = 14.0
    if turn in (0, 180):
        left = (x0 + x1 - width) / 2
        low = y0 + edge if turn == 0 else y1 - edge - height
        return pikepdf.Rectangle(left, low, left + width, low + height)
    low = (y0 + y1 - width) / 2
    left = x1 - edge - height if turn == 90 else x0 + edge
    return pikepdf.Rectangle(left, low, left + height, low + width)


def _bookmark(whole: "pikepdf.Pdf", reading: Reading, parts: dict[str, list[Part]]) -> None:
    """A bookmark for each paragraph, below it each case, below that each document."""
    from pikepdf import OutlineItem  # noqa: PLC0415  as above

    with whole.open_outline() as outline:
        outline.root.append(OutlineItem(_d("Notice of meeting"), 0))
        for place, item in enumerate(reading.content["items"], 1):
            cases = []
            for case in item["cases"]:
                pages = [(part.title, part.page - 1) for part in parts[case["id"]] if part.page]
                row = OutlineItem(f"{case['number']} {case['applicant']}", pages[0][1] if pages else 0)
                row.children.extend(OutlineItem(title, page) for title, page in pages)
                cases.append((row, pages[0][1] if pages else 0))
            top = OutlineItem(f"{place}. {item['heading']}", cases[0][1] if cases else 0)
            top.children.extend(row for row, _page in cases)
            outline.root.append(top)


def _describe(whole: "pikepdf.Pdf", reading: Reading) -> None:
    import pikepdf  # noqa: PLC0415  as above

    content = reading.content
    name = _d("Notice of meeting")
    whole.docinfo["/Title"] = f"{name} {content['abbreviation']} {content['held_on']}"
    whole.Root.Lang = pikepdf.String("sv")
    whole.Root.PageMode = pikepdf.Name.UseOutlines
    whole.Root.ViewerPreferences = pikepdf.Dictionary(DisplayDocTitle=True)
