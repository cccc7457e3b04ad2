"""Add a round to a fund, and change its days. Its frame is changed by a decision alone (`actions.change_frame`)."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from fundapp import clock
from fundapp.clock import local_day
from fundapp.db import db
from fundapp.funds import editing
from fundapp.funds.models import Fund, FundState, LedgerEntry, LedgerKind, Round
from fundapp.history.actions import record
from fundapp.languages import _dl
from fundapp.workflow import StepNotPossible


@dataclass(frozen=True)
class RoundFacts:
    """What is typed of a round. All days are local and included: `last_day` is the last on which one can apply."""

    label: str
    opens_on: date
    last_day: date
    is_continuous: bool
    period_start: date
    period_end: date
    source: str

    @property
    def opens_at(self) -> datetime:
        return clock.start_of(self.opens_on)

    @property
    def closes_at(self) -> datetime:
        return clock.start_of(self.last_day + timedelta(days=1))


def facts_of(round_: Round) -> RoundFacts:
    """A round as it is typed."""
    kept = next((one for one in round_.fund.terms["rounds"] if one["label"] == round_.label), None)
    return RoundFacts(
        label=round_.label,
        opens_on=local_day(round_.opens_at),
        last_day=local_day(round_.closes_at - timedelta(microseconds=1)),
        is_continuous=round_.is_continuous,
        period_start=round_.period_start,
        period_end=round_.period_end,
        source=kept["period_start"]["source"] if kept else "",
    )


def add_round(fund: Fund, facts: RoundFacts, *, frame: int, decision: str, seen: int, by: Any) -> Round:
    """A new round with the frame, in kronor, that a `decision` (body, day, §) set aside for it.

    Errors: NotAllowed, ChangedMeanwhile, StepNotPossible (the label is taken), BadTerms.
    """
    _demand_free(fund, facts.label)
    terms = [*fund.terms["rounds"], _terms(facts, {"value": frame, "source": decision, "is_assumption": False})]
    editing.edit(fund, {"rounds": terms}, part="rounds", seen=seen, by=by)
    round_ = Round(fund=fund, frame=frame, label=facts.label)
    _set(round_, facts)
    db.session.add(round_)
    db.session.flush()
    entry = LedgerEntry(round_id=round_.id, kind=LedgerKind.FRAME, amount=frame, at=clock.now(), by_id=by.id)
    entry.reference = decision[:200]
    db.session.add(entry)
    record(round_, "add_round", by=by, frame=frame, **_told(facts))
    return round_


def change_round(round_: Round, facts: RoundFacts, *, seen: int, by: Any) -> bool:
    """Other days or another name; False where nothing was changed.

    Errors: NotAllowed, ChangedMeanwhile, StepNotPossible (the label is taken; what has begun), BadTerms.
    """
    fund, before = round_.fund, facts_of(round_)
    if facts.label != before.label:
        _demand_free(fund, facts.label)
    if fund.state is FundState.OPEN:
        _demand_kept_word(before, facts)
    old = next((one for one in fund.terms["rounds"] if one["label"] == before.label), None)
    kept_sum = old["sum"] if old else {"value": round_.frame, "source": facts.source, "is_assumption": False}
    others = [one for one in fund.terms["rounds"] if one["label"] != before.label]
    terms = sorted([*others, _terms(facts, kept_sum, old)], key=lambda one: str(one["opens"]["value"]))
    if not editing.edit(fund, {"rounds": terms}, part="rounds", seen=seen, by=by):
        return False
    _set(round_, facts)
    changed = {name: f"{was} → {now}" for name, was, now in _differences(before, facts)}
    record(round_, "change_round", by=by, **changed)
    return True


def _demand_free(fund: Fund, label: str) -> None:
    if any(other.label == label for other in fund.rounds):
        raise StepNotPossible(_dl("There is a round with this name already. Write another name."))


def _demand_kept_word(before: RoundFacts, facts: RoundFacts) -> None:
    """What an open fund has promised: a round that has opened did so then, and does not end on a day that has been."""
    if before.opens_on > clock.today():
        return
    if facts.opens_on != before.opens_on:
        raise StepNotPossible(_dl("The round has opened already. Its first day stays."))
    if facts.last_day != before.last_day and facts.last_day < clock.today():
        raise StepNotPossible(_dl("Write a last day that is today or later: somebody may be writing now."))


def _differences(before: RoundFacts, facts: RoundFacts) -> list[tuple[str, object, object]]:
    pairs = [(name, getattr(before, name), getattr(facts, name)) for name in _told(facts)]
    return [(name, was, now) for name, was, now in pairs if was != now]


def _told(facts: RoundFacts) -> dict[str, Any]:
    """What the history says of a round."""
    names = ("label", "opens_on", "last_day", "is_continuous", "period_start", "period_end")
    return {name: getattr(facts, name) for name in names}


def _set(round_: Round, facts: RoundFacts) -> None:
    round_.label, round_.is_continuous = facts.label, facts.is_continuous
    round_.opens_at, round_.closes_at = facts.opens_at, facts.closes_at
    round_.period_start, round_.period_end = facts.period_start, facts.period_end


def _terms(facts: RoundFacts, kept_sum: dict[str, Any], old: dict[str, Any] | None = None) -> dict[str, Any]:
    """The round as the fund's terms keep it; what says the same as `old` keeps its source."""
    values = {
        "opens": facts.opens_at.isoformat(),
        "closes": facts.closes_at.isoformat(),
        "is_continuous": facts.is_continuous,
        "period_start": facts.period_start.isoformat(),
        "period_end": facts.period_end.isoformat(),
    }
    said = {
        name: old[name]
        if old is not None and old[name]["value"] == value
        else {"value": value, "source": facts.source, "is_assumption": False}
        for name, value in values.items()
    }
    return {"year": facts.opens_on.year, "label": facts.label, "sum": kept_sum, **said}
