"""What holds for an application: who may apply, when, what the budget adds up to, what is asked of the applicant."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast

from fundapp.clock import STOCKHOLM, local_day
from fundapp.languages import Lazy, _l, long_day
from fundapp.workflow import APPLICATION_STEPS, ApplicationStatus, StepNotPossible

_S = ApplicationStatus
MOST_ATTACHMENTS = 30
# Until the board has decided, a file that was said to come later may come.
TAKES_LATER = frozenset(
    {_S.SUBMITTED, _S.REGISTERED, _S.UNDER_ASSESSMENT, _S.COMPLETION_REQUESTED, _S.ASSESSED, _S.ON_AGENDA}
)
END_TOLD = timedelta(days=14)  # so long before a draft is removed the applicant is told; assumption


@dataclass(frozen=True)
class Sums:
    """Of a budget, in kronor. `to_cover` is costs minus other income; `difference` what the amount lacks of that."""

    costs: int
    incomes: int
    amount: int | None

    @property
    def to_cover(self) -> int:
        return self.costs - self.incomes

    @property
    def difference(self) -> int | None:
        """Above zero: the amount does not cover the costs. Below: it is more than they are."""
        return None if self.amount is None else self.to_cover - self.amount


def sums(*, costs: Iterable[int | None], incomes: Iterable[int | None], amount: int | None) -> Sums:
    """Add up; what could not be read counts as nothing."""
    return Sums(sum(kronor or 0 for kronor in costs), sum(kronor or 0 for kronor in incomes), amount)


@dataclass(frozen=True)
class SectionState:
    """Where a section stands: 'done', 'started' or 'empty'; `missing` are the labels of what is not answered."""

    code: str
    title: str
    status: str
    missing: tuple[str, ...]
    saved_at: datetime | None

    @property
    def is_done(self) -> bool:
        return self.status == "done"


def with_changed(
    kept: dict[str, list[str]], typed: dict[str, list[str]], opened: frozenset[str]
) -> dict[str, list[str]]:
    """A section's answers with those of the opened questions as typed, and all others as they were kept. A row's
    fields (`costs-0-kronor`) belong to the question that they begin with.
    """

    def of(answers: dict[str, list[str]], *, is_open: bool) -> dict[str, list[str]]:
        return {name: texts for name, texts in answers.items() if (name.partition("-")[0] in opened) is is_open}

    return of(kept, is_open=False) | of(typed, is_open=True)


def missing_parts(states: Iterable[SectionState]) -> list[SectionState]:
    """The sections that stand in the way of sending."""
    return [state for state in states if not state.is_done]


class NotChosen(StepNotPossible):
    """The person has not chosen between an own text and somebody else's in a section; `code` is its."""

    def __init__(self, code: str) -> None:
        super().__init__(_l("Something is missing. Open the application to see what."))
        self.code = code


class NotComplete(StepNotPossible):
    """Sending needs answers that are not there; `missing` tells which sections."""

    def __init__(self, missing: list[SectionState]) -> None:
        super().__init__(_l("Something is missing. Open the application to see what."))
        self.missing = missing


def is_open_at(round_: Any, instant: datetime) -> bool:
    """Whether the round takes applications at the instant; `closes_at` itself is too late."""
    return bool(round_.opens_at <= instant < round_.closes_at)


def late_until(round_: Any) -> datetime:
    """The first instant at which not even a late draft can be sent."""
    closes = cast(datetime, round_.closes_at).astimezone(STOCKHOLM)  # days of the wall: one of them has 25 hours
    return (closes + timedelta(days=_days(round_, "late_days", 0))).astimezone(UTC)


def may_send_at(round_: Any, instant: datetime) -> bool:
    """Whether a draft that was begun can be sent at the instant, be it late."""
    return bool(round_.opens_at <= instant < late_until(round_))


def is_late_at(round_: Any, instant: datetime) -> bool:
    """Whether what comes in at the instant is late; `closes_at` itself is."""
    return bool(instant >= round_.closes_at)


def received_at(round_: Any, came: datetime, now: datetime) -> datetime:
    """When something counts as sent that came at one instant and could be taken up at another: now, unless the round
    closed while it waited.
    """
    return came if is_late_at(round_, now) and not is_late_at(round_, came) else now


def late_warning(round_: Any) -> Lazy:
    """What is said before a late draft is sent."""
    return _l(
        "The last day to apply was %(day)s. You can still send it, up to %(until)s. We note that it came late. The"
        " board may then dismiss it without looking at it.",
        day=long_day(last_day(round_)),
        until=long_day(local_day(late_until(round_) - timedelta(microseconds=1))),
    )


def late_note(round_: Any) -> Lazy:
    """What is said of what was sent late."""
    return _l(
        "It came in after the last day, %(day)s. The board may dismiss it without looking at it.",
        day=long_day(last_day(round_)),
    )


def reminder_due(round_: Any, *, created_on: date, today: date) -> int | None:
    """Of the days before the last day at which a draft is reminded of, the one that has come; None: none has, or the
    draft was begun after it.
    """
    last = last_day(round_)
    left = (last - today).days
    due = [days for days in _term(round_, "draft_reminders", (7, 1)) if days >= left >= 0]
    if not due or created_on >= last - timedelta(days=min(due)):
        return None
    return int(min(due))


def kept_until(round_: Any, end_told_on: date | None = None) -> date:
    """The last local day on which an unsent draft is kept. Nothing goes before the applicant has had time: where the
    mail about it went out late, the draft is kept longer.
    """
    last = last_day(round_) + timedelta(days=_days(round_, "draft_kept_days", 90))
    return last if end_told_on is None else max(last, end_told_on + END_TOLD)


def _days(round_: Any, name: str, otherwise: int) -> int:
    return int(_term(round_, name, otherwise))


def _term(round_: Any, name: str, otherwise: Any) -> Any:
    """A value of the fund's terms that its file may leave out."""
    kept = round_.fund.terms.get(name)
    return otherwise if kept is None else kept["value"]


def why_not_apply(terms: dict[str, Any], organisation_kind: Any) -> Lazy | None:
    """Why an organisation of this kind may not apply here, or None where it may."""
    if organisation_kind.value in terms["applicant_types"]["value"]:
        return None
    return _l("This kind of organisation cannot apply here: %(kind)s.", kind=organisation_kind.label)


def may_add_file(count: int) -> bool:
    """Whether one more file may be attached to an application that has `count`."""
    return are_few_files(count + 1)


def are_few_files(count: int) -> bool:
    """Whether an application may have so many files."""
    return count <= MOST_ATTACHMENTS


def may_remove(added_at: datetime, sent_at: datetime | None) -> bool:
    """Whether a file can be taken off: not when it was part of what was sent last."""
    return sent_at is None or added_at > sent_at


# The way of an application as the applicant sees it, and the statuses in which it stands at each station.
STATIONS: tuple[tuple[Lazy, frozenset[ApplicationStatus]], ...] = (
    (_l("You write"), frozenset({_S.DRAFT})),
    (_l("Sent in"), frozenset({_S.SUBMITTED})),
    (_l("Registered"), frozenset({_S.REGISTERED})),
    (_l("Assessed"), frozenset({_S.UNDER_ASSESSMENT, _S.COMPLETION_REQUESTED})),
    (_l("Board"), frozenset({_S.ASSESSED, _S.ON_AGENDA})),
    (_l("Decided"), frozenset({_S.GRANTED, _S.GRANTED_IN_PART, _S.REJECTED, _S.DISMISSED, _S.WRITTEN_OFF})),
)


@dataclass(frozen=True)
class Station:
    label: str
    state: str
    note: str | None = None


def line_of(status: ApplicationStatus) -> list[Station]:
    """The line of steps: done, now, later. A decided one has come to the end; of a withdrawn one nothing is left."""
    at = next((i for i, (_label, statuses) in enumerate(STATIONS) if status in statuses), -1)
    last = len(STATIONS) - 1
    states = ["done" if i < at or i == at == last else "now" if i == at else "later" for i in range(len(STATIONS))]
    return [Station(str(label), state) for (label, _statuses), state in zip(STATIONS, states, strict=True)]


_WHERE: dict[ApplicationStatus, Lazy] = {
    _S.DRAFT: _l("You are writing. Nobody at the municipality can see it."),
    _S.SUBMITTED: _l("We have received it. It is waiting to be registered."),
    _S.REGISTERED: _l("It is registered and waiting for a case officer."),
    _S.UNDER_ASSESSMENT: _l("A case officer is assessing it."),
    _S.COMPLETION_REQUESTED: _l("The case officer is waiting for additions from you."),
    _S.ASSESSED: _l("The case officer is done. It is waiting for a meeting of the board."),
    _S.ON_AGENDA: _l("It is on the board's agenda."),
    _S.GRANTED: _l("The board has decided: you get what you applied for."),
    _S.GRANTED_IN_PART: _l("The board has decided: you get a part of what you applied for."),
    _S.REJECTED: _l("The board has decided not to grant the application."),
    _S.DISMISSED: _l("The board has dismissed the application without examining it."),
    _S.WRITTEN_OFF: _l("The board has closed the case without a decision in the matter."),
    _S.WITHDRAWN: _l("You have withdrawn it. Nothing more happens with it."),
    _S.MERGED: _l("It is the same as another application of yours, and is handled there."),
}
_WHERE_OF_STIPEND: dict[ApplicationStatus, Lazy] = {
    _S.GRANTED: _l("The board has decided: it gets the stipend."),
    _S.REJECTED: _l("The board has decided: it does not get the stipend."),
    _S.DISMISSED: _l("The board has dismissed it without examining it."),
}


def where_it_is(application: Any) -> str:
    """One sentence on where the application is. Of a board's outcome it knows only what is final (the status)."""
    of_stipend = _WHERE_OF_STIPEND.get(application.status) if application.kind.name != "GRANT" else None
    return str(of_stipend or _WHERE[application.status])


def may_withdraw(application: Any) -> bool:
    """Whether it can still be taken back: after it was sent, and before the decision. Of an outcome that is recorded
    and pending it knows nothing.
    """
    return application.status in APPLICATION_STEPS["withdraw"].start


def last_day(round_: Any) -> date:
    """The last local day on which the round takes applications."""
    return local_day(round_.closes_at - timedelta(microseconds=1))


def is_editable(application: Any) -> bool:
    """Whether any part of the form can be written in."""
    return application.status in (_S.DRAFT, _S.COMPLETION_REQUESTED)
