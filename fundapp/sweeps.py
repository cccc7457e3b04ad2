"""Sweeps of the store: files that no row names, and drawn papers that are old.

A file is put before its row is kept, so that one without a row may belong to a request that is under way: only age
tells them apart. A request does not last a day.
"""

import logging
from datetime import timedelta
from itertools import islice

from sqlalchemy import select

from fundapp import clock, store
from fundapp.db import db, reading
from fundapp.files import StoredFile

KEPT_FOR = timedelta(days=1)
DRAWN_KEPT_FOR = timedelta(days=30)
MANY = 20  # so many may go whatever their share
SHARE = 10  # else at most one in so many: more looks like a database that is not these files' own
_SLICE = 500

log = logging.getLogger(__name__)


def sweep_files() -> int:
    """Remove what a rolled-back upload left, once it is a day old; gives how many. Safe beside uploads and itself.

    Where there is suspiciously much of it nothing is removed. Errors: StoreFailed.
    """
    orphans, seen = _without_a_row()
    if len(orphans) > MANY and len(orphans) * SHARE > seen:
        log.error("files: %d of %d have no row, which is too many to be true; none was removed", len(orphans), seen)
        return 0
    for key in orphans:
        store.delete(key)
    half_put = store.clear_half_put(clock.now() - KEPT_FOR)
    if orphans or half_put:
        log.info("files without a row: %d removed, and %d half-written", len(orphans), half_put)
    return len(orphans)


def _without_a_row() -> tuple[list[str], int]:
    """Keys of old files that no row names, and how many old files there are. The store is asked before the rows."""
    old, orphans, seen = store.put_before(clock.now() - KEPT_FOR), [], 0
    while keys := list(islice(old, _SLICE)):
        with reading():
            named = set(db.session.scalars(select(StoredFile.key).where(StoredFile.key.in_(keys))))
            db.session.rollback()
        orphans += [key for key in keys if key not in named]
        seen += len(keys)
    return orphans, seen


def sweep_drawn() -> int:
    """Remove drawn papers that are a month old; gives how many. Who asks for one has it drawn again."""
    old = list(store.put_before(clock.now() - DRAWN_KEPT_FOR, drawn=True))
    for key in old:
        store.delete(key)
    if old:
        log.info("drawn papers: %d removed", len(old))
    return len(old)
