"""How far several assessments lie apart, and what must come before a case leaves. Plain Python."""

from collections.abc import Iterable, Sequence
from typing import Any

from fundapp.languages import Lazy, _dl

LONGEST_TEXT = 8000
LONGEST_ASSESSMENT = 20_000


def spread(points: Iterable[int | None]) -> Lazy | None:
    """In words how far the points for one criterion lie apart; None where fewer than two gave any."""
    given = [each for each in points if each is not None]
    if len(given) < 2:
        return None
    steps = max(given) - min(given)
    if steps == 0:
        return _dl("All agree")
    return _dl("One step apart") if steps == 1 else _dl("%(n)s steps apart", n=steps)


def lies_far(points: Iterable[int | None]) -> bool:
    """Whether the points lie so far apart that one talks about it: two steps or more."""
    given = [each for each in points if each is not None]
    return bool(given) and max(given) - min(given) >= 2


def shared(values: Sequence[object]) -> object | None:
    """The value that all gave, or None where they differ or somebody gave none."""
    first = values[0] if values else None
    return first if all(each == first for each in values) else None


def waits_for_others(asked: Iterable[Any], person_id: int) -> bool:
    """Whether the person is among those who are asked (by `assessor_id`) and not all of them have a `sent_at`."""
    rows = list(asked)
    return any(each.assessor_id == person_id for each in rows) and any(each.sent_at is None for each in rows)


def missing_for_report(*, waiting: int, needs_look: bool, is_asked: bool, is_agreed: bool) -> list[Lazy]:
    """What a report waits for here, each as a sentence: assessments that are asked for and not sent, and a second look
    that the fund asks for or that a colleague is asked for.
    """
    missing = []
    if waiting:
        missing.append(
            _dl("Individual assessments that are not sent yet: %(n)s. Wait, or withdraw them with a reason.", n=waiting)
        )
    if is_asked:
        missing.append(_dl("Wait for the colleague who looks at the report, or take the question back."))
    elif needs_look and not is_agreed:
        missing.append(_dl("The fund asks for a second pair of eyes: let a colleague read the report and agree."))
    return missing
