"""When a case may be referred, what is late, and who has answered. Plain Python."""

from datetime import date
from typing import NamedTuple

from fundapp.languages import Lazy, _dl
from fundapp.workflow import ApplicationStatus

# While the case is prepared: once it is the board's, nobody's comment reaches the report.
OPEN_FOR_REFERRAL = frozenset(
    {ApplicationStatus.REGISTERED, ApplicationStatus.UNDER_ASSESSMENT, ApplicationStatus.COMPLETION_REQUESTED}
)
MOST_LETTERS = 8000
MOST_OTHERS = 3  # bodies that are none of ours, in one form


class Receiver(NamedTuple):
    """A body that is asked: `board_id` where it is one of ours, an e-mail address, or else where to post the letter."""

    body: str
    email: str = ""
    address: str = ""
    board_id: int | None = None


def is_too_early(answer_by: date, today: date) -> bool:
    """Whether an answer would be due before anybody can read the question; the same day is allowed."""
    return answer_by < today


def why_not_came(came_on: date, *, asked_on: date, today: date) -> Lazy | None:
    """Why an answer cannot have come on that local day."""
    if came_on > today:
        return _dl("Write today's date or an earlier one.")
    if came_on < asked_on:
        return _dl("The question was sent later than that. Write the day the answer came.")
    return None


def why_not_open(status: ApplicationStatus) -> Lazy | None:
    if status in OPEN_FOR_REFERRAL:
        return None
    return _dl("A case is referred while it is prepared. The status is “%(status)s”.", status=status.label)
