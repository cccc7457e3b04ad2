"""Long lists in pages. A page begins beyond a row that the address names: the last costs what the first does."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_

from fundapp.db import db


@dataclass(frozen=True)
class Beyond:
    """The public id of the row that a page follows or precedes, as the address says; both empty for the first page."""

    after: str = ""
    before: str = ""


@dataclass(frozen=True)
class Page:
    """`rows` each with a `public_id`; `next` and `previous` are what the neighbouring pages begin beyond."""

    rows: list[Any]
    next: str | None
    previous: str | None


def beyond_of(args: Mapping[str, str]) -> Beyond:
    return Beyond(args.get("after", "")[:12], args.get("before", "")[:12])


def page_of(
    query: Select[*tuple[Any, ...]],
    order: tuple[Any, Any],
    beyond: Beyond,
    key: Any,
    *,
    size: int,
    is_falling: bool = False,
) -> Page:
    """A page of `query`, which names a `public_id`, in the order of two columns that no two rows share.

    `key` is the column of that public id. A row that the query does not hold, or with nothing beyond it, gives the
    first page.
    """
    name = beyond.before or beyond.after
    start = db.session.execute(query.with_only_columns(*order).where(key == name)).one_or_none() if name else None
    is_back = start is not None and bool(beyond.before)
    goes_down = is_falling is not is_back
    rest = query if start is None else query.where(_lies_beyond(order, start, goes_down=goes_down))
    sorted_by = (column.desc() if goes_down else column for column in order)
    found = list(db.session.execute(rest.order_by(*sorted_by).limit(size + 1)))
    if start is not None and not found:
        return page_of(query, order, Beyond(), key, size=size, is_falling=is_falling)
    rows = found[:size][::-1] if is_back else found[:size]
    has_next, has_previous = (True, len(found) > size) if is_back else (len(found) > size, start is not None)
    return Page(
        rows,
        next=rows[-1].public_id if rows and has_next else None,
        previous=rows[0].public_id if rows and has_previous else None,
    )


def _lies_beyond(order: tuple[Any, Any], start: Any, *, goes_down: bool) -> ColumnElement[bool]:
    first, second = order
    if goes_down:
        return and_(first <= start[0], or_(first < start[0], second < start[1]))
    return and_(first >= start[0], or_(first > start[0], second > start[1]))
