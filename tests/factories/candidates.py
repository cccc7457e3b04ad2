"""Candidates for the stipend, made by the real steps. All associations are invented."""

from typing import Any

from sqlalchemy import select

from fundapp.accounts.models import Account
from fundapp.applications.models import Application, ApplicationKind
from fundapp.assessments.actions import save_assessment
from fundapp.assessments.models import Assessment
from fundapp.candidates import actions, dividing, queries
from fundapp.candidates.dividing import Share
from fundapp.candidates.models import Candidate
from fundapp.db import db
from fundapp.permissions import Role
from fundapp.workflow import Outcome
from tests.factories.applications import STIPEND, open_round
from tests.factories.assessments import checked
from tests.factories.people import applicant, official, organisation
from tests.factories.registry import registered

MOTIVATION = "Laget har öppnat sina träningar för alla och gett sextio nya spelare vänner i Töre."


def nomination(
    name: str = "Töre Framtid IF", number: str = "802001-5577", by: Account | None = None, **choices: Any
) -> Application:
    """A registered nomination of an association."""
    nominee = {"nominee_name": name, "nominee_org_number": number}
    nominator = by or applicant("Karin Strand")
    return registered(kind=ApplicationKind.NOMINATION, by=nominator, **nominee | choices)


def award(name: str = "Töre Framtid IF", number: str = "8020015577") -> Application:
    """An association's own registered application for the stipend."""
    by = applicant("Yusuf Berg", "yusuf@framtid.example")
    ours = organisation(by, name=name, org_number=number, email="styrelsen@framtid.example")
    return registered(kind=ApplicationKind.AWARD, by=by, organisation=ours)


def gathered(*applications: Application, officer: Account | None = None) -> list[Candidate]:
    """The candidates that these cases make."""
    return actions.gather(open_round(STIPEND), list(applications), by=officer or official(Role.OFFICER))


def divided(shares: dict[Candidate, int | None], *, officer: Account) -> None:
    """A sum for each candidate, None for one that gets nothing."""
    rows = {row.candidate: row for row in queries.candidate_rows(open_round(STIPEND), officer)}
    given = {}
    for candidate, amount in shares.items():
        known = rows[candidate].assessment
        outcome, words = (Outcome.GRANT, MOTIVATION) if amount else (Outcome.REJECT, "")
        given[candidate.public_id] = Share(outcome, amount, words, known.version if known else 0)
    dividing.divide(open_round(STIPEND), given, by=officer)


def ready(candidate: Candidate, amount: int | None = 12_000, *, officer: Account) -> Candidate:
    """A candidate all of whose cases have a finished report."""
    if len(candidate.entries) > 1:
        actions.confirm(candidate, by=officer)
    divided({candidate: amount}, officer=officer)
    checked(candidate.lead, by=officer)
    written(candidate, officer=officer)
    dividing.finish(candidate, by=officer)
    return candidate


def written(candidate: Candidate, *, officer: Account) -> None:
    """The assessment of the leading case as its own page keeps it, with the proposal that there is."""
    known = db.session.scalars(select(Assessment).filter_by(application_id=candidate.lead.id)).one()
    save_assessment(
        candidate.lead,
        version=known.version,
        by=officer,
        summary="Öppna träningar för alla.",
        text="Insatsen har fört människor samman och gett synbara resultat.",
    )
