"""What the desk's other packages hang on a case page: their rows, read in the page's one statement, and their pages."""

from functools import cache
from typing import Any

from sqlalchemy import Select

from fundapp.applications.models import Application
from fundapp.intake import on_case as intake
from fundapp.languages import Lazy
from fundapp.papers import on_case as papers
from fundapp.permissions import Person
from fundapp.referrals import on_case as referrals
from fundapp.registry import secrecy_queries as secrecy
from fundapp.registry.panel import PanelStep
from fundapp.remarks import on_case as remarks
from fundapp.remarks.rules import why_stopped
from fundapp.reviews import on_case as reviews

_PACKAGES = (remarks, referrals, reviews, papers, intake, secrecy)


@cache
def lists() -> dict[str, Select[*tuple[Any, ...]]]:
    """Each package's lists by their names, of the `application`, `case` and `person` that are asked for."""
    return {name: query for package in _PACKAGES for name, query in package.lists().items()}


def works(application: Application, person: Person) -> list[PanelStep]:
    """The pages of the other packages that lead on from here for this person."""
    return [PanelStep(label, url) for package in _PACKAGES for label, url in package.works(application, person)]


def missing(application: Application, parts: Any) -> list[Lazy]:
    """What the officer's report waits for in the other packages' rows; a flag that stops the case comes first."""
    stop = stopped(parts)
    waits = reviews.missing(application, {"reviews": parts.reviews, "looks": parts.looks})
    return waits if stop is None else [stop, *waits]


def stopped(parts: Any) -> Lazy | None:
    """The sentence of a flag that stops the case; None where nothing does."""
    return why_stopped(parts.flags)


def hides_assessment(application: Application, person: Person, parts: Any) -> bool:
    """Whether the person is asked for an assessment beside others' and so must not read the officer's yet."""
    return reviews.stays_blind(application, person, {"reviews": parts.reviews})
