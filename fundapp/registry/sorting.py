"""The order a list of cases goes in, and its pages: each begins beyond a row that the address names."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, select, tuple_

from fundapp.accounts.queries import visible_to
from fundapp.applications.models import Application
from fundapp.permissions import Person

# By the word in the address; `-` before it turns it round. None is by key, the newest first.
KEYS: dict[str, Any] = {
    "number": Application.number_key,
    "title": Application.title_key,
    "applicant": Application.applicant_key,
    "sought": Application.sought_key,
    "state": Application.state_key,
    "sent": Application.submitted_at,
    "officer": Application.officer_key,
}


@dataclass(frozen=True)
class Walk:
    """A way through the list: by `columns`, which no two rows share, downwards where `is_falling`."""

    columns: tuple[Any, ...]
    is_falling: bool

    def ordered(self) -> list[ColumnElement[Any]]:
        return [column.desc() if self.is_falling else column.asc() for column in self.columns]

    def turned(self) -> "Walk":
        return Walk(self.columns, not self.is_falling)

    def lies_beyond(self, edge: list[Any], columns: tuple[Any, ...] | None = None) -> ColumnElement[bool]:
        """Whether a row comes after the one whose values are `edge`."""
        here: Any = tuple_(*(columns or self.columns))
        there: Any = tuple_(*edge)
        return here < there if self.is_falling else here > there

    def edge_at(self, public_id: str, person: Person) -> list[Any]:
        """The values of the row with that public id, as parts of a statement; NULL where the person sees none: between
        which rows one stands that they may not see would tell its values.
        """
        seen = (Application.public_id == public_id, visible_to(person))
        return [select(column).where(*seen).correlate(None).scalar_subquery() for column in self.columns]


def walk_of(sort: str) -> Walk:
    """The way that the address asks for."""
    key = KEYS.get(sort.removeprefix("-"))
    if key is None:
        return Walk((Application.id,), is_falling=True)
    return Walk((key, Application.id), is_falling=sort.startswith("-"))


def is_known(sort: str) -> bool:
    return sort.removeprefix("-") in KEYS
