"""Who confirmed an application whose signatories sign together, as the first frozen copy keeps it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select

from fundapp.applications.models import Submission


@dataclass(frozen=True)
class Signatures:
    """`signatories`: everyone by name, and when they confirmed, or None; `page`: the name of the file that all have
    signed, empty where there is none.
    """

    signatories: list[tuple[str, datetime | None]]
    page: str


def frozen(of_the_case: Any) -> Select[*tuple[Any, ...]]:
    """What was settled before the first sending: a later copy has nothing of it."""
    return select(
        Submission.content["signing"].label("signing"), Submission.content["organisation"].label("organisation")
    ).where(of_the_case, Submission.number == 1)


def signatures(rows: list[Any]) -> Signatures | None:
    """Of the row that `frozen` gives; None where nobody else had to sign."""
    signing = rows[0].signing if rows else None
    if not signing:
        return None
    waiting = list(signing["confirmations"])
    return Signatures(
        [_one(each, waiting) for each in rows[0].organisation["signatories"]], signing["signed_page"] or ""
    )


def _one(signatory: dict[str, Any], waiting: list[dict[str, Any]]) -> tuple[str, datetime | None]:
    """The signatory with their own confirmation, which is taken out of `waiting`; two may have the same name."""
    name = signatory["name"]
    own = [each for each in waiting if each["name"] == name]
    if not own:
        return name, None
    found = next((each for each in own if each["email"] == signatory["contact"]), own[0])
    waiting.remove(found)
    return name, datetime.fromisoformat(found["confirmed_at"])
