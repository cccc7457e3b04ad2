"""What holds for a sitting: its day, and the neutral headings of its paragraphs."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from fundapp.languages import Lazy, _d, _dl, long_day, speaking
from fundapp.registry.rules import case_subject

EARLIEST, LATEST = timedelta(days=366), timedelta(days=731)


def why_not_on(held_on: date, today: date) -> Lazy | None:
    """Why a sitting cannot be planned on a day: one so far away is a slip of the pen."""
    if today - EARLIEST <= held_on <= today + LATEST:
        return None
    return _dl("Write a day within a year back or two years ahead.")


def why_not_opened(held_on: date, today: date) -> Lazy | None:
    """A sitting opens on its day, or afterwards."""
    if held_on <= today:
        return None
    return _dl("The sitting is on %(day)s and can be opened that day.", day=long_day(held_on))


def heading_for(applications: Sequence[Any]) -> str:
    """A paragraph's heading in Swedish, without the applicant's name: who has a conflict may read it too."""
    funds = {application.round.fund.name for application in applications}
    if len(applications) == 1:
        return case_subject(applications[0].kind.name, funds.pop(), "", "")
    with speaking("sv"):
        if len(funds) > 1:
            return _d("Applications to several funds")
        if all(application.kind.name == "GRANT" for application in applications):
            return _d("Applications for grants from %(fund)s", fund=funds.pop())
        return _d("Applications and nominations for %(fund)s", fund=funds.pop())
