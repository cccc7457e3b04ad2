"""Notices on the noticeboard and appeals, made by the real steps."""

from datetime import date
from typing import Any

from fundapp import clock
from fundapp.accounts.models import Account
from fundapp.decisions import announcing, appeals
from fundapp.decisions.models import Appeal, AppealEnd, Decision
from fundapp.meetings.minutes import BoardNotice
from fundapp.permissions import Role
from tests.factories.people import official

KEPT_AT = "Kommunledningskontoret, Kalix kommun"


def announced(decision: Decision, *, secretary: Account | None = None, **choices: Any) -> BoardNotice:
    """The sitting of a final decision is announced, today unless `announced_on` is given."""
    by = secretary or official(Role.SECRETARY)
    return announcing.announce(
        decision.item.meeting, **({"announced_on": clock.today(), "kept_at": KEPT_AT} | choices), by=by
    )


def appealed(decision: Decision, *, received_on: date | None = None, appellant: str = "Sven Medlem") -> Appeal:
    """An appeal that came in, today unless a day is given."""
    by = official(Role.REGISTRAR)
    return appeals.record_appeal(decision, received_on=received_on or clock.today(), appellant=appellant, by=by)


def ended(appeal: Appeal, kind: AppealEnd, *, ended_on: date | None = None) -> Appeal:
    """How the appeal ended, today unless a day is given."""
    appeals.end_appeal(appeal, kind=kind, ended_on=ended_on or clock.today(), by=official(Role.REGISTRAR))
    return appeal


def annulled(decision: Decision) -> Decision:
    """A court has annulled the decision."""
    ended(appealed(decision), AppealEnd.ANNULLED)
    return decision
