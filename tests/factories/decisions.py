"""Outcomes, pending and final, made by the real steps."""

from typing import Any

from fundapp.accounts.models import Account
from fundapp.applications.models import Application
from fundapp.decisions import actions, approving, releasing, translations
from fundapp.decisions.models import Decision
from fundapp.meetings import attendance, drawing_up, ending, presences, signing
from fundapp.meetings.minutes import Minutes
from fundapp.meetings.models import Meeting, MinuteItem
from fundapp.permissions import Role
from fundapp.workflow import MeetingStatus, Outcome
from tests.factories.meetings import on_agenda, with_roll
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
    """A final outcome: recorded as by `recorded`, the sitting's minutes signed and approved today, its letters gone."""
    by = choices.pop("secretary", None) or official(Role.SECRETARY)
    decision = recorded(application=application, secretary=by, **choices)
    approved(decision.item.meeting, secretary=by)
    released(decision.item.meeting, secretary=by)
    return decision


def signed(meeting: Meeting, item: MinuteItem | None = None, *, secretary: Account | None = None) -> Minutes:
    """The sitting is ended, its minutes drawn up and signed today by the chair and the checker; of one § of a sitting
    that goes on, where `item` is given.
    """
    by = secretary or official(Role.SECRETARY)
    with_checker(meeting, secretary=by)
    if item is None and meeting.status is MeetingStatus.OPENED:
        ending.end_meeting(meeting, by=by)
    minutes = drawing_up.draw_up_minutes(meeting, item=item, by=by)
    room = presences.room_of(meeting)
    for each in signing.to_sign(room, [item] if item is not None else list(meeting.items)):
        signing.sign(minutes, by=each.seat.account)
    return minutes


def with_checker(meeting: Meeting, *, secretary: Account | None = None) -> Meeting:
    """Somebody who serves and was never in the chair is chosen to check the minutes, where nobody is yet."""
    if meeting.checker is None:
        by = secretary or official(Role.SECRETARY)
        room = presences.room_of(meeting)
        if not room.serving:
            with_roll(meeting, secretary=by)
            room = presences.room_of(meeting)
        chairs = {place.seat for place in room.chairs}
        seat = next(place.seat for place in reversed(room.serving) if place.seat not in chairs)
        attendance.choose_checker(meeting, seat, signing_on=meeting.held_on, place="Kommunkontoret", by=by)
    return meeting


def approved(meeting: Meeting, *, secretary: Account | None = None) -> list[Decision]:
    """The sitting's minutes, drawn up, signed and approved today. Letters wait to be released."""
    by = secretary or official(Role.SECRETARY)
    signed(meeting, secretary=by)
    return approving.approve_minutes(meeting, by=by)


def released(meeting: Meeting, *, secretary: Account | None = None) -> None:
    """The sitting's letters leave."""
    releasing.release(releasing.waiting(meeting), by=secretary or official(Role.SECRETARY))


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
