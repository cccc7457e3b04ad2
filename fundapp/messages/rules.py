"""When the two sides of a case can write to each other."""

from datetime import datetime, timedelta

from fundapp.languages import Lazy, _l

# Assumption: the municipality has published no rule. The time for appeal, three weeks from the notice, lies inside.
OPEN_AFTER_END = timedelta(days=60)
MOST_LETTERS = 5000


def why_closed(*, is_registered: bool, ended_at: datetime | None, now: datetime) -> Lazy | None:
    """Why nobody can write now, or None. `ended_at`: None while the case goes on or its project runs."""
    if not is_registered:
        return _l("You can write here when it is registered.")
    if ended_at is not None and now >= ended_at + OPEN_AFTER_END:
        return _l("The case is closed. No more messages can be sent here.")
    return None
