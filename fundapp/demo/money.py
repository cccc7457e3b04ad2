"""The demo's payments."""

from typing import Any

from fundapp import clock
from fundapp.projects import paying
from fundapp.projects.models import Instalment


def paid(part: Instalment, reference: str, cases: Any) -> None:
    """Paid today: one officer proposes it, the other approves. `cases`: `fundapp.demo.cases.Cases`."""
    paying.propose_payment(part, paid_on=clock.today(), reference=reference, by=cases.officer)
    paying.approve_payment(part, by=cases.people["officer2@kalix.example"])
