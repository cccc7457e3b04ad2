"""Who reads flags and notes, and what a flag stops. Plain Python."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Protocol

from fundapp.languages import Lazy, _dl
from fundapp.permissions import Permission, Person, is_allowed
from fundapp.remarks.models import FlagKind

MOST_LETTERS_OF_FLAG = 500
MOST_LETTERS_OF_NOTE = 4000


class Raised(Protocol):
    """A flag, as a row or as the case page reads it."""

    @property
    def kind(self) -> FlagKind: ...
    @property
    def reason(self) -> str: ...
    @property
    def resolved_at(self) -> datetime | None: ...


def may_read(person: Person, application: Any = None) -> bool:
    """Whether flags and notes are for this person: those who prepare cases, not who decides in them or audits."""
    return is_allowed(person, Permission.RAISE_FLAG, application)


def why_stopped(flags: Iterable[Raised]) -> Lazy | None:
    """The sentence of the first flag that keeps the case on the desk; None where nothing stops it."""
    for flag in flags:
        if flag.kind is FlagKind.STOP and flag.resolved_at is None:
            return _dl("A flag stops the case: “%(reason)s”. Resolve the flag first.", reason=flag.reason)
    return None
