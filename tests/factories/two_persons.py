"""What waits for a second person: a proposed payment, and a change of account numbers."""

from fundapp import clock
from fundapp.accounts import giros
from fundapp.accounts.giro_tables import GiroChange
from fundapp.accounts.models import Account
from fundapp.applications.models import Application
from fundapp.permissions import Role
from fundapp.projects import paying
from fundapp.projects.models import Instalment
from tests.factories.assessments import assessed
from tests.factories.people import official
from tests.factories.projects import payable, running


def proposed(*, by: Account | None = None, reference: str = "LEV-1", **choices: object) -> Instalment:
    """The first instalment of a running project, proposed for payment today."""
    part = payable(running(**choices)).instalments[0]
    return paying.propose_payment(part, paid_on=clock.today(), reference=reference, by=by or official(Role.OFFICER))


NEW = {"bankgiro": "58056201"}


def asked(application: Application, *, numbers: dict[str, str] | None = None, by: Account | None = None) -> GiroChange:
    """Who began the application asks that its organisation, which has sent it, is paid to another account."""
    organisation = application.organisation
    assert organisation is not None
    person = by or application.created_by
    change = giros.set_accounts(organisation, numbers or NEW, old_email=organisation.email, by=person)
    assert change is not None
    return change


def places(owner: Account) -> dict[str, dict[str, object]]:
    """For the house: what fills the addresses of these pages."""
    part = proposed(application=assessed(by=owner))
    change = asked(part.project.application)
    of_part: dict[str, object] = {"public_id": part.public_id}
    of_change: dict[str, object] = {"public_id": change.public_id}
    return {
        **{f"projects.{name}": of_part for name in ("approve", "send_back", "take_back")},
        **{f"giros.{name}": of_change for name in ("show", "approve", "refuse")},
        "giros.take_back": {"public_id": change.organisation.public_id},
    }
