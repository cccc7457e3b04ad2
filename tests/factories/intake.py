"""What came on paper, as a registrar enters it."""

from datetime import date
from typing import Any

from fundapp import clock, files
from fundapp.accounts.models import Account, Organisation
from fundapp.applications.models import Application, ApplicationKind
from fundapp.intake import entering
from fundapp.intake.models import Intake, Way
from fundapp.permissions import Role
from tests.factories.applications import FUND, PDF, STIPEND, open_round
from tests.factories.people import official

SENDER = entering.Sender("Karin Strand", "", "", "Storgatan 1", "95281", "Kalix")
GRANT = {"project": {"title": ["Språkkafé på papper"]}, "budget": {"amount": ["30000"]}}
NOMINATION = {
    "nominee": {"nominee_name": ["Mossens Kulturförening"], "nominee_org_number": ["802400-1128"]},
    "achievement": {"title": ["Kulturkvällar"]},
}


def entered(
    organisation: Organisation | None = None,
    *,
    by: Account | None = None,
    sender: entering.Sender = SENDER,
    received_on: date | None = None,
    **choices: Any,
) -> Intake:
    """What is begun and not received: a grant for the organisation, else a nomination."""
    kind = ApplicationKind.GRANT if organisation is not None else ApplicationKind.NOMINATION
    given: dict[str, Any] = {
        "way": Way.LETTER,
        "round_": choices.get("round_") or open_round(FUND if organisation is not None else STIPEND),
        "answers": GRANT if organisation is not None else NOMINATION,
        "language": "sv",
        "text_language": "sv",
        "scan": files.Checked("brev.pdf", "application/pdf", PDF),
    }
    return entering.enter(
        kind=kind,
        received_on=received_on or clock.today(),
        organisation=organisation,
        sender=sender,
        by=by or official(Role.REGISTRAR),
        **(given | choices),
    )


def received(*args: Any, by: Account | None = None, **choices: Any) -> Application:
    """The same, received and registered."""
    registrar = by or official(Role.REGISTRAR)
    return entering.receive(entered(*args, by=registrar, **choices), by=registrar)
