"""Which case of a candidate carries the outcome, and which follow it; for the stations that put cases on an agenda,
assess and decide. A case that is not of a candidate goes its own way, and nothing is asked for a grant from the fund.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from fundapp.applications.models import Application, ApplicationKind
from fundapp.candidates.models import Candidate, CandidateEntry, is_withdrawn
from fundapp.db import db
from fundapp.languages import _dl
from fundapp.workflow import ApplicationStatus, StepNotPossible


def candidates_of(applications: Iterable[Application]) -> dict[int, Candidate]:
    """The candidate of each case, by the application's id, with all its cases; in two statements at most."""
    ids = [each.id for each in applications if each.kind is not ApplicationKind.GRANT]
    if not ids:
        return {}
    found = select(CandidateEntry.application_id, Candidate).join(CandidateEntry.candidate)
    rows = db.session.execute(
        found.where(CandidateEntry.application_id.in_(ids)).options(selectinload(Candidate.entries))
    )
    return {row[0]: row[1] for row in rows}


def candidate_of(application: Application) -> Candidate | None:
    return candidates_of([application]).get(application.id)


def followers_of(application: Application) -> list[Application]:
    """The cases that get this one's outcome; none where it leads no other."""
    candidate = candidate_of(application)
    return candidate.followers if candidate is not None and candidate.lead is application else []


def lead_of(application: Application) -> Application | None:
    """The case that this one follows, None where it is decided by itself."""
    candidate = candidate_of(application)
    return None if candidate is None or candidate.lead is application else candidate.lead


def demand_leads(application: Application) -> None:
    """See that the case is decided by itself. Errors: StepNotPossible, naming the case to decide instead."""
    lead = lead_of(application)
    if lead is not None and not is_withdrawn(application):
        raise StepNotPossible(
            _dl("This case gets the same outcome as %(number)s. Record it there.", number=_name(lead))
        )


def with_followers(groups: Sequence[Sequence[Application]]) -> list[list[Application]]:
    """The cases as they are put on paragraphs, each with the others of its candidate under the same one, once.

    Errors: StepNotPossible where one of them is not ready for the board.
    """
    candidates = candidates_of(each for group in groups for each in group)
    found: list[list[Application]] = []
    seen: set[int] = set()
    for group in groups:
        whole: list[Application] = []
        for application in group:
            together = _together(candidates.get(application.id), application)
            whole += [each for each in together if each.id not in seen]
            seen |= {each.id for each in together}
        if whole:
            found.append(whole)
    return found


def _together(candidate: Candidate | None, application: Application) -> list[Application]:
    if candidate is None:
        return [application]
    together = [candidate.lead, *candidate.followers]
    late = [each for each in together if each.status not in (ApplicationStatus.ASSESSED, ApplicationStatus.ON_AGENDA)]
    if late and len(together) > 1:
        raise StepNotPossible(
            _dl(
                "All cases of %(name)s are decided together, and %(numbers)s is not ready for the board.",
                name=candidate.name,
                numbers=", ".join(_name(each) for each in late),
            )
        )
    return [each for each in together if each is application or each.status is ApplicationStatus.ASSESSED]


def _name(application: Application) -> str:
    return application.case.diary_number if application.case is not None else application.reference
