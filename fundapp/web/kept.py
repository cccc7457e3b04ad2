"""Public pages that are drawn once and kept for whoever comes without a cookie, until the history tells of more."""

from collections.abc import Callable

from flask import current_app, request, session
from sqlalchemy import func, select

from fundapp import clock
from fundapp.db import db
from fundapp.history.models import HistoryEntry
from fundapp.languages import current

_MOST = 50  # pages in one process; addresses that nobody serves, and filters that somebody makes up, are not kept long


def kept(draw: Callable[[], str], *, seconds: int) -> str:
    """The page at this address as it was drawn a moment ago, at most `seconds`, unless something has happened since.

    The seconds are for what follows the clock, and for what is committed behind a younger entry of the history.
    """
    if session:
        return draw()
    pages: dict[tuple[str, str], tuple[str, str]] = current_app.extensions.setdefault("fundapp.kept_pages", {})
    key = (current().code, request.url)
    last = db.session.scalar(select(func.max(HistoryEntry.id)))
    stamp = f"{last} {int(clock.now().timestamp()) // seconds}"
    found = pages.get(key)  # once: another thread may clear them all at any moment
    if found is not None and found[0] == stamp:
        return found[1]
    page = draw()
    if len(pages) >= _MOST:
        pages.clear()
    pages[key] = (stamp, page)
    return page
