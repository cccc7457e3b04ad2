"""Documents marked for secrecy examination, masked copies of them, and who outside got what.

Source: OSL 2009:400 5:5 (the mark), 10:3–4 and TF 2:15–16 (what is not secret is given out). Which words were masked
is kept nowhere.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import select

from fundapp import clock, documents, files
from fundapp.applications.models import Application
from fundapp.db import db, reread
from fundapp.files import Checked
from fundapp.history.actions import record
from fundapp.languages import AUTHORITY_LANGUAGE, Lazy, _d, _dl, speaking
from fundapp.permissions import Permission, why_not
from fundapp.public.masking import masked
from fundapp.registry.actions import file_document
from fundapp.registry.models import Direction, Document, GivenOut, MaskedCopy, SecrecyMark
from fundapp.registry.queries import FiledDocument
from fundapp.workflow import NotAllowed, StepNotPossible

_KINDS = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}


class NotMasked(Exception):
    """The copy still tells, or cannot be made; `reason` is a sentence for the official. Nothing is kept."""

    def __init__(self, reason: Lazy) -> None:
        super().__init__(str(reason))
        self.reason = reason


def standing_mark(document: Document) -> SecrecyMark | None:
    """The mark that stands on the document."""
    stands = (SecrecyMark.document_id == document.id, SecrecyMark.lifted_at.is_(None))
    return db.session.scalar(select(SecrecyMark).where(*stands))


def mark(found: FiledDocument, *, paragraph: str, reason: str, hides_case: bool, by: Any) -> SecrecyMark:
    """Mark a document for examination before it goes out. Errors: NotAllowed, StepNotPossible (marked already)."""
    _hold(found, by)
    if standing_mark(found.document) is not None:
        raise StepNotPossible(
            _dl("The document is marked already. Lift the mark first, if it should say another thing.")
        )
    row = SecrecyMark(
        document=found.document,
        paragraph=paragraph,
        reason=reason,
        hides_case=hides_case,
        marked_at=clock.now(),
        marked_by=by,
    )
    db.session.add(row)
    record(found.application, "mark_secrecy", by=by, number=found.document.number)
    db.session.flush()
    return row


def lift(found: FiledDocument, *, reason: str, by: Any) -> None:
    """End the mark, with a word why. Errors: NotAllowed, StepNotPossible (no mark stands)."""
    _hold(found, by)
    row = standing_mark(found.document)
    if row is None:
        raise StepNotPossible(_dl("The document is not marked."))
    row.lifted_by, row.lifted_at, row.lifted_reason = by, clock.now(), reason
    record(found.application, "lift_secrecy", by=by, number=found.document.number)
    db.session.flush()


def mask_paper(found: FiledDocument, words: Sequence[str], *, paragraph: str, by: Any) -> MaskedCopy:
    """File a copy of a paper of ours, drawn anew without the words: what is masked is not in it.

    Errors: NotAllowed, StepNotPossible; NotMasked where a word can still be read or the paper cannot be drawn.
    """
    import typst  # noqa: PLC0415  large, as in documents

    _hold(found, by)
    paper = found.document.paper
    if paper is None:
        raise StepNotPossible(_dl("This document is not one of our own papers. Upload a masked copy of it."))
    content = masked(paper.content, words)
    try:
        pdf = documents.compile_pdf(paper.template, content, clock.now())
    except typst.TypstError as fault:
        raise NotMasked(
            _dl("The paper cannot be drawn without one of these words. Write longer ones, such as a whole name.")
        ) from fault
    _demand_gone(pdf, "application/pdf", words)
    copy = documents.draw_up(paper.template, content, file_name=f"{_name(found)}.pdf", language=paper.language)
    return _file(found, paragraph, by, paper=copy)


def mask_file(found: FiledDocument, checked: Checked, words: Sequence[str], *, paragraph: str, by: Any) -> MaskedCopy:
    """File a copy that somebody masked by hand, written anew without traces of what it was before.

    Errors: NotAllowed, store.StoreFailed; NotMasked for another kind than PDF, JPEG and PNG, or where a word is left.
    """
    _hold(found, by)
    ending = _KINDS.get(checked.media_type)
    if ending is None:
        raise NotMasked(_dl("Save the masked copy as a PDF, or as a picture: other files keep what was there before."))
    from fundapp import readable  # noqa: PLC0415  it opens PDF and pictures, dear to import

    content = readable.without_traces(checked.content, checked.media_type)
    _demand_gone(content, checked.media_type, words)
    name = f"{_name(found)}.{ending}"
    stored = files.store(Checked(name, checked.media_type, content), by_id=by.id)
    return _file(found, paragraph, by, file=stored)


def give_out(found: FiledDocument, *, recipient: str, given_on: date, by: Any) -> GivenOut:
    """Write down that somebody got the document. Errors: NotAllowed, StepNotPossible (it is marked)."""
    _hold(found, by)
    if standing_mark(found.document) is not None:
        raise StepNotPossible(
            _dl("The document is marked for secrecy examination. Give out a masked copy, or lift the mark first.")
        )
    paragraph = db.session.scalar(select(MaskedCopy.paragraph).where(MaskedCopy.copy_id == found.document.id))
    row = GivenOut(
        document=found.document,
        recipient=recipient,
        given_on=given_on,
        paragraph=paragraph or "",
        recorded_at=clock.now(),
        recorded_by=by,
    )
    db.session.add(row)
    record(found.application, "give_out", by=by, number=found.document.number)
    db.session.flush()
    return row


def _hold(found: FiledDocument, by: Any) -> None:
    reason = why_not(by, Permission.EXAMINE_SECRECY, found.application)
    if reason is not None:
        raise NotAllowed(reason)
    reread(found.application, with_for_update={"of": Application})


def _demand_gone(content: bytes, media_type: str, words: Sequence[str]) -> None:
    from fundapp import readable  # noqa: PLC0415  as above

    left = readable.words_left(content, media_type, words)
    if left:
        told = ", ".join(f"“{word}”" for word in left)
        raise NotMasked(_dl("This can still be read in the copy: %(words)s. Nothing is filed.", words=told))


def _name(found: FiledDocument) -> str:
    number = found.document.case.diary_number.lower().replace(" ", "-").replace(":", "-").replace("/", "-")
    return f"maskad-{number}-{found.document.number}"


def _file(found: FiledDocument, paragraph: str, by: Any, **what: Any) -> MaskedCopy:
    with speaking(AUTHORITY_LANGUAGE):
        subject = _d("Masked copy of document %(number)s", number=found.document.number)
    copy = file_document(found.document.case, direction=Direction.DRAWN_UP, subject=subject, by=by, **what)
    row = MaskedCopy(document=found.document, copy=copy, paragraph=paragraph, made_at=clock.now(), made_by_id=by.id)
    db.session.add(row)
    record(found.application, "mask_copy", by=by, number=found.document.number, copy=copy.number)
    db.session.flush()
    return row
