"""What stands about a document's secrecy: on its case's page, on its own page, and in the register of what went out."""

from dataclasses import dataclass
from typing import Any

from flask_login import current_user
from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import aliased

from fundapp.accounts.models import Account
from fundapp.accounts.queries import visible_to
from fundapp.applications.models import Application
from fundapp.db import db
from fundapp.paging import Beyond, Page, page_of
from fundapp.permissions import Person
from fundapp.registry.models import Case, Document, GivenOut, MaskedCopy, SecrecyMark

PAGE = 50
_Copy = aliased(Document)


@dataclass(frozen=True)
class Standing:
    """All of a document's page: its marks, the newest first; its masked copies; who got it, or a copy of it."""

    mark: Any
    earlier: list[Any]
    copies: list[Any]
    given_out: list[Any]
    copy_of: Document | None


def lists() -> dict[str, Select[*tuple[Any, ...]]]:
    """For the case page, of the `case` that is asked for: marks that stand, masked copies, what was given out."""
    here = Document.case_id == bindparam("case")
    return {
        "secrecy_marks": select(Document.number, SecrecyMark.paragraph, SecrecyMark.reason, SecrecyMark.marked_at)
        .join(Document, Document.id == SecrecyMark.document_id)
        .where(here, SecrecyMark.lifted_at.is_(None)),
        "given_out": select(Document.number, GivenOut.recipient, GivenOut.given_on, GivenOut.paragraph)
        .join(Document, Document.id == GivenOut.document_id)
        .where(here)
        .order_by(GivenOut.given_on, GivenOut.id),
    }


def works(_application: Application, _person: Person) -> list[tuple[str, str]]:
    """Each document has its own way on, in the table of documents."""
    return []


def standing(document: Document) -> Standing:
    marks = list(
        db.session.execute(
            select(SecrecyMark, Account.name.label("by"))
            .join(Account, Account.id == SecrecyMark.marked_by_id)
            .where(SecrecyMark.document_id == document.id)
            .order_by(SecrecyMark.id.desc())
        )
    )
    stands = next((row for row in marks if row.SecrecyMark.lifted_at is None), None)
    copies = db.session.execute(
        select(_Copy.number, _Copy.public_id, MaskedCopy.paragraph, MaskedCopy.made_at, Account.name.label("by"))
        .join(MaskedCopy, MaskedCopy.copy_id == _Copy.id)
        .join(Account, Account.id == MaskedCopy.made_by_id)
        .where(MaskedCopy.document_id == document.id)
        .order_by(_Copy.number)
    )
    copied = select(MaskedCopy.copy_id).where(MaskedCopy.document_id == document.id)
    out = db.session.execute(
        select(Document.number, GivenOut.recipient, GivenOut.given_on, GivenOut.paragraph, Account.name.label("by"))
        .join(Document, Document.id == GivenOut.document_id)
        .join(Account, Account.id == GivenOut.recorded_by_id)
        .where((GivenOut.document_id == document.id) | GivenOut.document_id.in_(copied))
        .order_by(GivenOut.given_on, GivenOut.id)
    )
    original = select(Document).join(MaskedCopy, MaskedCopy.document_id == Document.id)
    return Standing(
        stands,
        [row for row in marks if row is not stands],
        list(copies),
        list(out),
        db.session.scalar(original.where(MaskedCopy.copy_id == document.id)),
    )


def given_out(beyond: Beyond) -> Page:
    """The register of what went out, the newest first; without cases that the reader may not see."""
    query = (
        select(
            GivenOut.public_id,
            GivenOut.recipient,
            GivenOut.given_on,
            GivenOut.paragraph,
            Account.name.label("by"),
            Document.number,
            Document.subject,
            Document.public_id.label("document"),
            Case.diary_number,
            Application.public_id.label("application"),
        )
        .join(Document, Document.id == GivenOut.document_id)
        .join(Case, Case.id == Document.case_id)
        .join(Application, Application.case_id == Case.id)
        .join(Account, Account.id == GivenOut.recorded_by_id)
        .where(visible_to(current_user))
    )
    return page_of(query, (GivenOut.given_on, GivenOut.id), beyond, GivenOut.public_id, size=PAGE, is_falling=True)
