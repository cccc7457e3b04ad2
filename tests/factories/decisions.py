"""Outcomes, pending and final, made by the real steps."""

from typing import Any

from fundapp import clock
from fundapp.accounts.models import Account
from fundapp.applications.models import Application
from fundapp.decisions import actions, translations
from fundapp.decisions.models import Decision
from fundapp.meetings.models import MinuteItem
from fundapp.permissions import Role
from fundapp.workflow import Outcome
from tests.factories.meetings import on_agenda
from tests.factories.people import official

REASONS = "Projektet ger möten mellan nyanlända och andra invånare."


def recorded(
    item: MinuteItem | None = None,
    application: Application | None = None,
    *,
    outcome: Outcome = Outcome.GRANT,
    amount: int | None = None,
    secretary: Account | None = None,
    **choices: Any,
) -> Decision:
    """A pending outcome in an opened sitting. `amount` in kronor: a grant gives what was sought (10 000 of a stipend),
    a grant in part half of it. `choices` go to `assessed`, or when the case is given, to `record_outcome`.
    """
    by = secretary or official(Role.SECRETARY)
    more = choices if item is not None else {}
    if item is None:
        item = on_agenda(application, secretary=by, **choices)
    application = application or item.cases[0].application
    return actions.record_outcome(
        item,
        application,
        outcome=outcome,
        amount=amount if amount is not None else usual_amount(application, outcome),
        **({"reasons": REASONS, "conditions": ""} | more),
        by=by,
    )


def usual_amount(application: Application, outcome: Outcome) -> int | None:
    if not outcome.gives_money:
        return None
    sought = application.amount_requested or 10_000
    return sought // 2 if outcome is Outcome.GRANT_IN_PART else sought


def decided(application: Application | None = None, **choices: Any) -> Decision:
    """A final outcome: recorded as by `recorded`, and the sitting's minutes approved today."""
    by = choices.pop("secretary", None) or official(Role.SECRETARY)
    decision = recorded(application=application, secretary=by, **choices)
    actions.approve_minutes(decision.item.meeting, approved_on=clock.today(), by=by)
    return decision


def granted(application: Application | None = None, **choices: Any) -> Decision:
    """A final grant of what was sought; its project is started."""
    return decided(application, outcome=Outcome.GRANT, **choices)


def translated(decision: Decision, language: str = "fi", *, by: Account | None = None, **texts: str) -> Decision:
    """The decision, translated by an official; `texts` are its reasons and conditions."""
    translations.translate_decision(
        decision,
        language,
        **({"reasons": "Hanke tuo ihmisiä yhteen.", "conditions": ""} | texts),
        seen=0,
        by=by or official(Role.REGISTRAR),
    )
    return decision
