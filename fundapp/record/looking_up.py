"""The entries of one case, and one entry with its proof: what the auditor's pages show."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from fundapp.accounts.queries import visible_to
from fundapp.applications.models import Application, Submission
from fundapp.db import db
from fundapp.decisions.models import Decision
from fundapp.history.models import HistoryEntry
from fundapp.permissions import Person
from fundapp.record import actions, rules, tree, verifying
from fundapp.record.keys import SignedRoot
from fundapp.record.models import RecordEntry, RecordRoot
from fundapp.record.queries import signed_root
from fundapp.record.sealed import TABLES
from fundapp.record.verifying import Seen
from fundapp.registry.models import Case, Document

MOST = 500


@dataclass(frozen=True)
class EntryRow:
    number: int
    table_name: str
    row_id: int
    entered_at: datetime


@dataclass(frozen=True)
class Export:
    """The newest exported root; `is_kept`: the record that is here begins with it, None where that cannot be told."""

    size: int
    signed_at: datetime
    is_kept: bool | None


@dataclass(frozen=True)
class Proof:
    """That the entry is in the record of `size` entries: the hashes beside its way to the root, in hex."""

    size: int
    root: str
    leaf: str
    path: list[str]
    holds: bool


def waiting() -> int:
    """How many rows wait to be entered."""
    counts = [select(func.count()).select_from(actions.waiting_of(one).subquery()) for one in TABLES.values()]
    return sum(db.session.scalar(each) or 0 for each in counts)


def root_now() -> SignedRoot | None:
    """None where the tree is damaged, so that there is none."""
    try:
        return signed_root()
    except LookupError:
        return None


def last_export() -> Export | None:
    row = db.session.scalar(select(RecordRoot).order_by(RecordRoot.id.desc()).limit(1))
    if row is None:
        return None
    entries = tree.size()
    try:
        path = tree.consistency_proof(row.size, entries)
        is_kept = rules.is_consistent(row.size, entries, path, bytes.fromhex(row.root), tree.root(entries))
    except ValueError:
        is_kept = False
    except LookupError:
        is_kept = None
    return Export(row.size, row.signed_at, is_kept)


def case_numbered(diary_number: str, reader: Person) -> Application | None:
    """The application of a case that the reader may see: no draft, and none in which they have a conflict."""
    asked = select(Application).join(Case, Case.id == Application.case_id).where(Case.diary_number == diary_number)
    return db.session.scalar(asked.where(visible_to(reader)))


def entries_of(application: Application) -> list[EntryRow]:
    """What is entered of the case, in the order in which it was entered."""
    rows = db.session.execute(
        select(RecordEntry.number, RecordEntry.table_name, RecordEntry.row_id, RecordEntry.entered_at)
        .where(_is_of(application))
        .order_by(RecordEntry.number)
        .limit(MOST)
    )
    return [EntryRow(*row) for row in rows]


def _is_of(application: Application) -> ColumnElement[bool]:
    decisions = select(Decision).where(Decision.application_id == application.id).subquery()
    documents = select(Document).where(Document.case_id == application.case_id).subquery()
    submissions = select(Submission).where(Submission.application_id == application.id).subquery()
    keys: dict[str, list[Select[Any]]] = {
        "history_entry": [select(HistoryEntry.id).where(HistoryEntry.thread == application.public_id)],
        "decision": [select(decisions.c.id)],
        "document": [select(documents.c.id)],
        "submission": [select(submissions.c.id)],
        "paper": [select(documents.c.paper_id), select(submissions.c.paper_id), select(decisions.c.letter_id)],
        "ledger_entry": [select(decisions.c.reservation_id), select(decisions.c.grant_entry_id)],
    }
    return or_(
        *[
            and_(RecordEntry.table_name == name, RecordEntry.row_id.in_(each))
            for name, found in keys.items()
            for each in found
        ]
    )


def entry(number: int) -> Seen | None:
    """One entry, held against its row as it is now."""
    return verifying.look_at(number)


def proof(seen: Seen) -> Proof | None:
    """None where a node is missing, so that nothing can be proven."""
    entries = tree.size()
    try:
        path, root = tree.inclusion_proof(seen.entry.number, entries), tree.root(entries)
    except (ValueError, LookupError):
        return None
    leaf = seen.entry.leaf
    holds = rules.is_included(leaf, seen.entry.number, entries, path, root)
    return Proof(entries, root.hex(), leaf.hex(), [each.hex() for each in path], holds)
