"""Which law a decision falls under, and what it lets us say: dated versions in data/legal.toml, in Swedish.

Chosen by the day of the decision, never by today. Plain Python: no session.
"""

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from fundapp.languages import AUTHORITY_LANGUAGE, _d, speaking

LEGAL = Path(__file__).parent / "data" / "legal.toml"
NEW_ACT = date(2018, 1, 1)  # KL 2017:725


@dataclass(frozen=True)
class Legal:
    """How a body's decision can be tried (laglighetsprövning): the rule of the law in force from a day, in Swedish."""

    begins: date
    law: str
    court: str
    weeks: int


@cache
def _tables() -> dict[str, list[dict[str, Any]]]:
    return tomllib.loads(LEGAL.read_text(encoding="utf-8"))


def _version(table: str, day: date) -> dict[str, Any]:
    return [row for row in _tables()[table] if row["begins"] <= day][-1]


def legal_on(day: date) -> Legal:
    """The version in force on the day of the decision."""
    row = _version("versions", day)
    return Legal(row["begins"], row["law"]["value"], row["court"]["value"], row["weeks"]["value"])


def personal_data_on(day: date, board: str) -> str:
    """What a letter says of personal data: PUL until 2018-05-24, then the GDPR."""
    return str(_version("personal_data", day)["text"]["value"]).replace("{board}", board)


def procedure_on(day: date) -> str:
    """What the förvaltningslag of the day says of appeals in a case that is tried by laglighetsprövning."""
    return str(_version("procedure", day)["text"]["value"])


def noticeboard_on(day: date) -> str:
    """What the noticeboard is called."""
    return str(_version("noticeboard", day)["text"]["value"])


def paragraph(day: date, new: str, old: str = "") -> str:
    """A rule's place in the kommunallag of the day, in brackets and with a blank before it, as it ends a sentence:
    ` (KL 2017:725 8:12)`. `old` is the place in KL 1991:900; where none is known nothing is said.
    """
    if day >= NEW_ACT:
        return f" (KL 2017:725 {new})"
    return f" (KL 1991:900 {old})" if old else ""


def appeal_in_swedish(day: date) -> str:
    """How the decision of a day can be tried, for the papers of the body."""
    legal = legal_on(day)
    with speaking(AUTHORITY_LANGUAGE):
        return "\n\n".join(
            (
                _d("The decision can be tried by legality review. A member of the municipality can ask for it."),
                _d(
                    "Write to %(court)s, which must have the letter within %(weeks)s weeks from the day when it was "
                    "announced on %(noticeboard)s that the minutes were approved. Say which decision it concerns and "
                    "why it is not lawful.",
                    court=legal.court,
                    weeks=legal.weeks,
                    noticeboard=noticeboard_on(day),
                ),
                _d("The rules are in %(law)s.", law=legal.law),
            )
        )
