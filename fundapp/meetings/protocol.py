"""The minutes as the frozen content of a paper, in Swedish: all of a sitting, or one § that is approved at once.

{"municipality", "title", "board", "meta": [[label, value]], "present": [{"heading", "rows": [[name, note]]}],
"signers": [{"seat", "label", "name", "paragraphs"}], "items": [{"number", "heading", "text", "note", "sections",
"cases": [{"key", "title", "sections"}]}], "notice": {"heading", "text", "rows": [[label, value]]},
"words": {"signatures", "secretary", "root"}, "drawn": {"version", "day", "by", "told", "root"}}; sections as in
`decisions.wording`. `key` is the application's public id, so
that a reader's copy leaves out what that reader may not see.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload, lazyload, selectinload

from fundapp import clock
from fundapp.db import db
from fundapp.decisions.models import Decision
from fundapp.decisions.wording import (
    Basis,
    Told,
    bases,
    case_sections,
    item_sections,
    kept_with,
    named,
    told_of,
)
from fundapp.goals.rules import municipality_named
from fundapp.languages import AUTHORITY_LANGUAGE, _d, speaking, time_of_day
from fundapp.meetings.models import AgendaCase, ItemKind, Meeting, MinuteItem
from fundapp.meetings.presences import Room, room_of
from fundapp.meetings.proceedings import Capacity, Chairing, Presence
from fundapp.seats.models import Seat
from fundapp.workflow import ApplicationStatus


@dataclass(frozen=True)
class Sheet:
    """What the minutes of a sitting, or of one of its §, hold as things stand."""

    meeting: Meeting
    room: Room
    items: list[MinuteItem]
    content: dict[str, Any]

    def demand_quorum(self) -> None:
        """Enough served under every § and in every case that was decided. Errors: StepNotPossible."""
        for item in self.items:
            self.room.demand_quorum(item)
            for case in item.cases:
                if case.application.status is not ApplicationStatus.WITHDRAWN:
                    self.room.demand_quorum(item, case.application)


def sheet_of(meeting: Meeting, item: MinuteItem | None = None, told: Told | None = None) -> Sheet:
    """Everything is read in so many statements, however many cases there are."""
    items = _items_of(meeting, item)
    room, told = room_of(meeting), told or told_of(meeting)
    applications = [case.application for each in items for case in each.cases]
    kept = kept_with(applications)
    decisions = _decisions_of(items)
    found = bases([application.id for application in applications])
    with speaking(AUTHORITY_LANGUAGE):
        content = {
            "municipality": municipality_named(meeting.board.municipality).name,
            "title": _d("Minutes") if item is None else _d("Minutes of a paragraph that is approved at once"),
            "board": meeting.board.name,
            "meta": _meta(meeting, items),
            "present": _present(meeting, items),
            "items": [_item(each, decisions, found, told) for each in items],
            "notice": _notice(meeting, items),
            "words": {
                "signatures": _d("Signatures"),
                "secretary": _d("Secretary"),
                "root": _d("Root of the sealed record"),
            },
        }
    kept.clear()
    return Sheet(meeting, room, items, content)


def compared(content: dict[str, Any]) -> dict[str, Any]:
    """What must be the same for a signature to hold: all but when, by whom and under which root it was drawn up."""
    return {name: value for name, value in content.items() if name not in ("drawn", "signers")}


def without(content: dict[str, Any], keys: Collection[str]) -> dict[str, Any]:
    """The content for who may not see the cases with these keys: what is told of such a § besides them goes too."""
    items = []
    for item in content["items"]:
        cases = [case for case in item["cases"] if case["key"] not in keys]
        if len(cases) < len(item["cases"]):
            with speaking(AUTHORITY_LANGUAGE):
                note = _d("You do not see what you have a conflict of interest in.")
            item = item | {"cases": cases, "sections": [], "text": "", "note": note}
        items.append(item)
    return content | {"items": items}


def ranges(numbers: Collection[int]) -> str:
    """`§§ 3–7, 9`."""
    parts: list[list[int]] = []
    for number in sorted(set(numbers)):
        if parts and number == parts[-1][-1] + 1:
            parts[-1].append(number)
        else:
            parts.append([number])
    told = ", ".join(f"{part[0]}–{part[-1]}" if len(part) > 1 else str(part[0]) for part in parts)
    if not told:
        return ""
    return f"{'§§' if len(set(numbers)) > 1 else '§'} {told}"


# --- reading ----------------------------------------------------------------------------------------------------


def _items_of(meeting: Meeting, item: MinuteItem | None) -> list[MinuteItem]:
    found = select(MinuteItem).where(MinuteItem.meeting_id == meeting.id, MinuteItem.number.is_not(None))
    if item is not None:
        found = found.where(MinuteItem.id == item.id)
    rows = db.session.scalars(
        found.order_by(MinuteItem.number)
        .options(lazyload(MinuteItem.meeting), selectinload(MinuteItem.cases).joinedload(AgendaCase.application))
        .execution_options(populate_existing=True)
    )
    return list(rows.unique())


def _decisions_of(items: list[MinuteItem]) -> dict[tuple[int, int], Decision]:
    found = select(Decision).where(Decision.minute_item_id.in_([item.id for item in items]))
    return {(row.minute_item_id, row.application_id): row for row in db.session.scalars(found)}


# --- the first page ---------------------------------------------------------------------------------------------


def _meta(meeting: Meeting, items: list[MinuteItem]) -> list[list[str]]:
    rows = [
        (_d("Body"), meeting.board.name),
        (_d("Day of the sitting"), meeting.held_on.isoformat()),
        (_d("Place and time"), ", ".join(part for part in (meeting.place, _hours(meeting)) if part)),
        (_d("Public sitting"), _d("Yes") if meeting.is_public else ""),
        (_d("Paragraphs"), ranges([item.number or 0 for item in items])),
        (_d("Chosen to check the minutes"), named(meeting.checker) if meeting.checker is not None else ""),
        (_d("Place and day of signing"), _signing(meeting)),
    ]
    return [[label, value] for label, value in rows if value]


def _hours(meeting: Meeting) -> str:
    """From when it was called to, or was opened, until it was ended; as far as that was noted on the day itself."""
    begins = (
        meeting.begins_at.strftime("%H:%M")
        if meeting.begins_at is not None
        else _on_the_day(meeting.opened_at, meeting)
    )
    ended = _on_the_day(meeting.ended_at, meeting)
    if ended and ended < begins:
        # It was held earlier than it was called to.
        begins = _on_the_day(meeting.opened_at, meeting)
    return "–".join(dict.fromkeys(part for part in (begins, ended) if part))


def _on_the_day(instant: datetime | None, meeting: Meeting) -> str:
    if instant is None or clock.local_day(instant) != meeting.held_on:
        return ""
    return time_of_day(instant)


def _signing(meeting: Meeting) -> str:
    day = meeting.signing_on.isoformat() if meeting.signing_on is not None else ""
    return ", ".join(part for part in (meeting.signing_place, day) if part)


@dataclass
class _Person:
    name: str
    notes: list[str]
    order: tuple[bool, int, int]


def _present(meeting: Meeting, items: list[MinuteItem]) -> list[dict[str, Any]]:
    """Who decided, which substitutes and which others were there; each once, with the § where it was not all."""
    rows = db.session.scalars(
        select(Presence)
        .where(Presence.meeting_id == meeting.id)
        .options(joinedload(Presence.seat), joinedload(Presence.in_place_of))
        .order_by(Presence.id)
    ).unique()
    numbers = [item.number or 0 for item in items]
    chaired = _chaired(meeting, numbers)
    groups: dict[Capacity, dict[Any, _Person]] = {capacity: {} for capacity in Capacity}
    for row in rows:
        held = [number for number in numbers if _covers(row, number)]
        if held or not numbers:
            _add(groups[row.capacity], row, held, numbers)
    for seat, held in chaired.items():
        person = groups[Capacity.SERVING].get(seat.id)
        if person is not None:
            person.notes.insert(0, _with(_d("chair"), held, numbers))
    headings = {
        Capacity.SERVING: _d("Deciding"),
        Capacity.SUBSTITUTE: _d("Substitutes present"),
        Capacity.OTHER: _d("Others present"),
    }
    return [
        {
            "heading": headings[capacity],
            "rows": [
                [person.name, ", ".join(note for note in person.notes if note)]
                for person in sorted(people.values(), key=lambda person: person.order)
            ],
        }
        for capacity, people in groups.items()
        if people
    ]


def _add(people: dict[Any, _Person], row: Presence, held: list[int], numbers: list[int]) -> None:
    seat = row.seat
    order = (not seat.is_member, seat.rank, seat.id) if seat is not None else (True, 0, row.id)
    person = people.setdefault(
        seat.id if seat is not None else (row.name, row.title),
        _Person(named(seat) if seat is not None else row.name, [row.title], order),
    )
    instead = _d("serves for %(name)s", name=named(row.in_place_of)) if row.in_place_of is not None else ""
    person.notes.append(_with(instead, held, numbers))


def _with(note: str, held: list[int], numbers: list[int]) -> str:
    """The note, and for which § where it was not all of them."""
    return note if held == numbers else f"{note} {ranges(held)}".strip()


def _covers(row: Presence | Chairing, number: int) -> bool:
    return (row.first is None or row.first <= number) and (row.last is None or number <= row.last)


def _chaired(meeting: Meeting, numbers: list[int]) -> dict[Seat, list[int]]:
    rows = db.session.scalars(
        select(Chairing)
        .where(Chairing.meeting_id == meeting.id)
        .options(joinedload(Chairing.seat))
        .order_by(Chairing.id)
    )
    found: dict[Seat, list[int]] = {}
    for row in rows.unique():
        found.setdefault(row.seat, []).extend(number for number in numbers if _covers(row, number))
    return {seat: held for seat, held in found.items() if held}


def _notice(meeting: Meeting, items: list[MinuteItem]) -> dict[str, Any]:
    """The place for the proof of the announcement (bevis om anslag); its days are known afterwards."""
    kept_at = meeting.board.sittings.get("kept_at", "")
    rows = [
        [_d("Body"), meeting.board.name],
        [_d("Day of the sitting"), meeting.held_on.isoformat()],
        [_d("Paragraphs"), ranges([item.number or 0 for item in items])],
        [_d("The minutes are kept at"), kept_at if isinstance(kept_at, str) else kept_at.get("value", "")],
    ]
    return {
        "heading": _d("Notice and proof"),
        "text": _d("The approval is announced on the municipality's noticeboard."),
        "rows": [row for row in rows if row[1]],
    }


# --- the paragraphs ---------------------------------------------------------------------------------------------


def _item(
    item: MinuteItem, decisions: dict[tuple[int, int], Decision], found: dict[int, Basis], told: Told
) -> dict[str, Any]:
    note = ""
    if item.approved_on is not None and item.is_immediate:
        note = _d("The paragraph was approved at once, on %(day)s.", day=item.approved_on.isoformat())
    sections = item_sections(item, told)
    return {
        "number": item.number,
        "heading": item.heading,
        "text": item.text or ("" if sections or item.cases else _of_itself(item)),
        "note": note,
        "sections": sections,
        "cases": [_case(item, case, decisions, found, told) for case in item.cases],
    }


def _of_itself(item: MinuteItem) -> str:
    """A sentence for a § of which nothing but its heading is noted: so nobody thinks that something fell out."""
    if item.kind is ItemKind.ROLL_CALL:
        return _d("Those present stand at the beginning of the minutes.")
    return _d("Nothing more is noted under this paragraph.")


def _case(
    item: MinuteItem,
    case: AgendaCase,
    decisions: dict[tuple[int, int], Decision],
    found: dict[int, Basis],
    told: Told,
) -> dict[str, Any]:
    application = case.application
    decision = decisions.get((item.id, application.id))
    if decision is not None:
        sections = case_sections(decision, found[application.id], told)
    elif application.status is ApplicationStatus.WITHDRAWN:
        text = _d("The applicant has withdrawn the application. The case is not decided.")
        sections = [{"heading": _d("Decision"), "text": text}]
    else:
        sections = []
    number = application.case.diary_number if application.case is not None else ""
    return {
        "key": application.public_id,
        "title": " · ".join(part for part in (number, application.applicant_name, application.title) if part),
        "sections": sections,
    }


def signer(seat: Seat, label: str, paragraphs: Collection[int]) -> dict[str, str]:
    """A line to sign on."""
    return {"seat": seat.public_id, "label": label, "name": named(seat), "paragraphs": ranges(paragraphs)}


def drawn(version: int, by: Any, day: date, root: str) -> dict[str, Any]:
    """What a version says of itself; not compared."""
    text = _d("Drawn up electronically, %(day)s. Version %(version)s.", day=day.isoformat(), version=version)
    return {"version": version, "day": day.isoformat(), "by": by.name or by.email, "told": text, "root": root}
