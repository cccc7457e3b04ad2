"""Files of the list that take more than a second: asked for, made beside the pages, told of as they grow, kept a day.

Such a file is for who asked alone. It is not given out where the person might see other cases now than when it was
made, as after a declared conflict: then it is made anew.
"""

import hashlib
import logging
from collections.abc import Callable, Sequence
from datetime import timedelta
from urllib.parse import parse_qsl

from sqlalchemy import ColumnElement, Connection, delete, or_, select, update
from werkzeug.datastructures import MultiDict

from fundapp import clock, store
from fundapp.accounts.models import Account
from fundapp.accounts.queries import visible_to
from fundapp.config import settings
from fundapp.db import db, new_public_id, own_transaction, reading
from fundapp.languages import current, speaking
from fundapp.permissions import Person
from fundapp.registry import choices as offered
from fundapp.registry import exports, filters
from fundapp.registry.choices import Choices
from fundapp.registry.filters import Filters
from fundapp.registry.listed import ListExport

DIRECT = 2_000  # rows that are no work: such a file is made as it is fetched
TOLD_EVERY = 2_000  # rows between two words of how far it is
KEPT_FOR = timedelta(days=1)
GIVEN_UP = timedelta(minutes=10)  # after which another worker takes a file that nobody has finished

log = logging.getLogger(__name__)


def ask(*, kind: str, query: str, chosen: Sequence[str] | None, total: int, by: Account) -> ListExport:
    """Let a file be made of a list of `total` cases. The worker takes it up once this transaction is kept."""
    export = ListExport(
        account_id=by.id,
        kind=kind,
        language=current().code,
        query=query,
        chosen=list(chosen) if chosen is not None else None,
        asked_at=clock.now(),
        total=total,
    )
    db.session.add(export)
    db.session.flush()
    return export


def again(export: ListExport) -> None:
    """Make the file anew: it failed, or was made for other rights. What there was of it is swept later."""
    export.begun_at = export.made_at = export.failed_at = None
    export.done, export.asked_at, export.store_key = 0, clock.now(), ""


def is_direct(export: ListExport) -> bool:
    """Whether the file is made as it is fetched; the demo has no worker."""
    return export.total <= DIRECT or settings().is_demo


def is_ready(export: ListExport, person: Person) -> bool:
    return is_direct(export) or (export.made_at is not None and export.rights == rights_of(person))


def is_outdated(export: ListExport, person: Person) -> bool:
    """Whether it was made when the person might see other cases than now."""
    return export.made_at is not None and export.rights != rights_of(person)


def own_export(public_id: str, person: Person) -> ListExport | None:
    """A file that the person asked for in the last day."""
    return db.session.scalar(
        select(ListExport).where(
            ListExport.public_id == public_id,
            ListExport.account_id == person.id,
            ListExport.asked_at > clock.now() - KEPT_FOR,
        )
    )


def list_of(export: ListExport, person: Person) -> tuple[Filters, Choices]:
    """The list that the file is of, as the person may see it now."""
    choices = offered.find(person)
    return filters.read(MultiDict(parse_qsl(export.query)), choices), choices


def rights_of(person: Person) -> str:
    """A hash of all that decides which cases the person may see: of the very condition that every list asks."""
    asked = visible_to(person).compile()
    values = (sorted(value) if isinstance(value, list | frozenset | set) else value for value in asked.params.values())
    told = [str(asked), *(repr(value) for value in values)]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()


def make_waiting() -> None:
    """The job: make what is asked for, one after the other."""
    while (key := _taken()) is not None:
        try:
            _make(key)
        except Exception:
            log.exception("a file of the list cannot be made")
            _note(key, failed_at=clock.now())


def _taken() -> int | None:
    """The next file that waits, which is this worker's from now on."""
    with reading():
        waits = db.session.scalar(select(ListExport.id).where(_is_waiting()).limit(1))
        db.session.rollback()
    if waits is None:
        return None
    with own_transaction() as connection:
        return _take(connection)


def _take(connection: Connection) -> int | None:
    first = select(ListExport.id).where(_is_waiting()).order_by(ListExport.id).limit(1)
    key: int | None = connection.scalar(first.with_for_update(skip_locked=True))
    if key is not None:
        connection.execute(update(ListExport).where(ListExport.id == key).values(begun_at=clock.now(), done=0))
    return key


def _is_waiting() -> ColumnElement[bool]:
    is_free = or_(ListExport.begun_at.is_(None), ListExport.begun_at < clock.now() - GIVEN_UP)
    return ListExport.made_at.is_(None) & ListExport.failed_at.is_(None) & is_free & (ListExport.total > DIRECT)


def _make(key: int) -> None:
    with reading():
        export = db.session.get_one(ListExport, key)
        person, kind, chosen = export.account, export.kind, export.chosen
        rights = rights_of(person)
        with speaking(export.language):
            narrowed, choices = list_of(export, person)
            made = exports.content(person, narrowed, choices, kind=kind, chosen=chosen, tell=_teller(key))
        db.session.expunge_all()
        db.session.rollback()
    place = f"{store.DRAWN}list-{new_public_id()}{new_public_id()}"
    store.put(place, made)
    _note(key, made_at=clock.now(), store_key=place, rights=rights)
    log.info("a file of the list is made: %d bytes", len(made))


def _teller(key: int) -> Callable[[int], None]:
    """Writes how many rows are done, every so many."""
    told = 0

    def tell(done: int) -> None:
        nonlocal told
        if done - told >= TOLD_EVERY:
            told = done
            _note(key, done=done)

    return tell


def _note(key: int, **values: object) -> None:
    with own_transaction() as connection:
        connection.execute(update(ListExport).where(ListExport.id == key).values(**values))


def forget() -> int:
    """Remove files that are a day old, and their rows; gives how many. Errors: StoreFailed."""
    is_old = ListExport.asked_at < clock.now() - KEPT_FOR
    old = list(db.session.execute(select(ListExport.id, ListExport.store_key).where(is_old)))
    for row in old:
        if row.store_key:
            store.delete(row.store_key)
    db.session.execute(delete(ListExport).where(ListExport.id.in_([row.id for row in old])))
    return len(old)
