"""Papers as PDF. A paper is frozen data and the name of its template; typed text enters as data, never as markup."""

import json
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from fundapp import clock, drawn, undrawn
from fundapp.db import Base, Sealed, db, public_id_column

TEMPLATES = Path(__file__).parent / "templates"
FONTS = Path(__file__).parent / "static" / "vendor" / "fonts-pdf"
# What is kept for good is PDF/A-3a too.
LASTING = frozenset({"meetings/documents/minutes.typ", "decisions/documents/extract.typ"})
_UNREAD = "failed to load file"  # how typst begins to tell of a file that is there: too many are open, say


class Paper(Sealed, Base):
    """What a PDF is made of: `template` is a .typ file under templates/, `content` all it may show.

    The content never changes after it is written; the PDF is drawn from it whenever it is asked for.
    """

    __tablename__ = "paper"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = public_id_column()
    template: Mapped[str] = mapped_column(String(100))
    file_name: Mapped[str] = mapped_column(String(150))
    language: Mapped[str] = mapped_column(String(10))
    content: Mapped[dict[str, Any]]
    drawn_up_at: Mapped[datetime]


def draw_up(template: str, content: dict[str, Any], *, file_name: str, language: str = "sv") -> Paper:
    """Freeze `content` (plain JSON) as a paper, in the running transaction."""
    paper = Paper(template=template, content=content, file_name=file_name, language=language, drawn_up_at=clock.now())
    db.session.add(paper)
    return paper


def pdf(paper: Paper) -> bytes:
    """The paper as a tagged PDF (PDF/UA-1). Errors: typst.TypstError where the template cannot take the content,
    OSError where it cannot be drawn for now.
    """
    kept = drawn.kept(drawn.key_of(paper.template, paper.content, paper.drawn_up_at))
    return kept or compile_pdf(paper.template, paper.content, paper.drawn_up_at)


def keep_pdf(paper: Paper) -> bool:
    """Draw the paper and keep the PDF for its reader; False where it is here already. Errors: as `pdf`, StoreFailed."""
    key = drawn.key_of(paper.template, paper.content, paper.drawn_up_at)
    return drawn.keep(key, lambda: compile_pdf(paper.template, paper.content, paper.drawn_up_at))


def compile_pdf(template: str, content: dict[str, Any], at: datetime) -> bytes:
    """Compile one template; `at` is the PDF's own date, so that the same paper is always the same bytes.

    A sign that no font has stands there by its number. Errors: OSError where a file of ours could not be read for now,
    typst.TypstError for all other faults.
    """
    import typst  # noqa: PLC0415  large, and web workers seldom draw

    for tried in range(undrawn.MOST_TRIES):
        try:
            return _compile(template, content, at)
        except typst.TypstError as fault:
            if _UNREAD in str(fault):
                raise OSError(str(fault)) from fault
            told = undrawn.told_of(fault)
            if not told:
                raise
            shown = undrawn.everywhere(content, partial(undrawn.numbered, told) if tried else undrawn.usual)
            if tried and shown == content:
                break
            content = shown
    # Signs and marks that are put together as no font can: drawn as empty boxes rather than not at all.
    return _compile(template, content, at, is_strict=False)


def _compile(template: str, content: dict[str, Any], at: datetime, *, is_strict: bool = True) -> bytes:
    import typst  # noqa: PLC0415  as above

    standards: list[Any] = ["ua-1", "a-3a"] if template in LASTING else ["ua-1"]
    return bytes(
        typst.compile(
            TEMPLATES / template,
            root=TEMPLATES,
            font_paths=[FONTS],
            ignore_system_fonts=True,
            sys_inputs={"content": json.dumps(content, ensure_ascii=False)},
            format="pdf",
            pdf_standards=standards if is_strict else [],
            timestamp=int(at.timestamp()),
        )
    )
