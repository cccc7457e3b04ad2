"""Notices of meeting: what one is made of, its versions, and each as one reader may see it."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.orm import joinedload

from fundapp import clock
from fundapp.accounts.queries import visible_to, without_conflict
from fundapp.applications.models import Application, Attachment, Submission
from fundapp.assessments.models import Assessment, OfficerReport
from fundapp.db import db
from fundapp.documents import Paper
from fundapp.files import StoredFile
from fundapp.goals.rules import municipality_named
from fundapp.languages import AUTHORITY_LANGUAGE, speaking
from fundapp.mail import Message
from fundapp.meetings import agenda_changes as agenda
from fundapp.meetings.agenda_changes import Changes, Content
from fundapp.meetings.minutes import NoticeOfMeeting
from fundapp.meetings.models import AgendaCase, Meeting, MinuteItem
from fundapp.permissions import Permission, Person, Role, bodies_of, is_allowed
from fundapp.registry.models import Case
from fundapp.seats.models import Seat
from fundapp.seats.queries import seats_on
from fundapp.workflow import MeetingStatus

_ALL_SITTINGS = frozenset({Role.SECRETARY, Role.OFFICER, Role.REGISTRAR, Role.AUDITOR})


@dataclass(frozen=True)
class Reading:
    """A version as one reader may see it, with what changed since the version before."""

    notice: NoticeOfMeeting
    content: Content
    changes: Changes
    hidden: frozenset[str]


@dataclass(frozen=True)
class Receiver:
    """One who is called, and the mail that said so; None where there is none."""

    name: str
    position: str
    message: Message | None


def versions(meeting: Meeting) -> list[NoticeOfMeeting]:
    """What was published, the newest first."""
    of_meeting = select(NoticeOfMeeting).where(NoticeOfMeeting.meeting_id == meeting.id)
    return list(db.session.scalars(of_meeting.order_by(NoticeOfMeeting.version.desc())))


def seats_called(meeting: Meeting) -> list[Seat]:
    """Who is called: every seat of the body that holds on the day of the sitting."""
    return seats_on(meeting.board, meeting.held_on)


def is_called(meeting: Meeting, person: Person) -> bool:
    """Whether the person may read the sitting's notice: an official whose role is for the body or for all, or who has a
    seat in it, today or then.
    """
    bodies = bodies_of(person, _ALL_SITTINGS)
    if bodies is None or meeting.board_id in bodies:
        return True
    return is_allowed(person, Permission.READ_MEETING) and _has_seat(meeting, person)


def _has_seat(meeting: Meeting, person: Person) -> bool:
    days = [and_(Seat.begins_on <= day, Seat.ends_on >= day) for day in {meeting.held_on, clock.today()}]
    seat = exists().where(Seat.board_id == meeting.board_id, Seat.account_id == person.id, or_(*days))
    return bool(db.session.scalar(select(seat)))


def hidden_from(person: Person, meeting: Meeting, *contents: Content) -> frozenset[str]:
    """The cases of the sitting's contents in which the person has a conflict; from an official who has no seat there
    also those that the role does not reach.
    """
    keys = set().union(*(agenda.case_ids(content) for content in contents))
    if not keys:
        return frozenset()
    is_official = bool(person.roles & _ALL_SITTINGS)
    is_reached = visible_to if is_official and not _sits_beside(meeting, person) else without_conflict
    open_to = select(Application.public_id).where(Application.public_id.in_(keys), is_reached(person))
    return frozenset(keys.difference(db.session.scalars(open_to)))


def _sits_beside(meeting: Meeting, person: Person) -> bool:
    """Whether an official whose roles are limited has a seat in the body too, and is called as everybody there."""
    return bool(person.role_limits) and _has_seat(meeting, person)


def read(notice: NoticeOfMeeting, earlier: NoticeOfMeeting | None, person: Person) -> Reading:
    """The version, beside the one before it where there is one."""
    before = earlier.content if earlier is not None else None
    hidden = hidden_from(person, notice.meeting, notice.content, *([before] if before is not None else []))
    content = agenda.without(notice.content, hidden)
    changed = agenda.changes(agenda.without(before, hidden), content) if before is not None else Changes()
    return Reading(notice, content, changed, hidden)


def changes_since(meeting: Meeting, newest: NoticeOfMeeting, person: Person) -> Changes:
    """What the agenda has now that the newest version has not, as the person may see it."""
    now = content_of(meeting)
    hidden = hidden_from(person, meeting, now, newest.content)
    return agenda.changes(agenda.without(newest.content, hidden), agenda.without(now, hidden))


def receivers(notice: NoticeOfMeeting) -> list[Receiver]:
    """Who was called by the version, in the order of the list."""
    called = notice.content["called"]
    occasions = [occasion(notice, each["seat"]) for each in called]
    found = {
        message.occasion: message
        for message in db.session.scalars(select(Message).where(Message.occasion.in_(occasions)))
    }
    return [
        Receiver(each["name"], each["position"], found.get(key)) for each, key in zip(called, occasions, strict=True)
    ]


def occasion(notice: NoticeOfMeeting, seat: str) -> str:
    """What a seat is written about once; `seat` is its public id."""
    return f"notice {notice.public_id} {seat}"


def panel(meeting: Meeting, person: Person) -> dict[str, Any]:
    """The sitting's panel: versions; and, for who makes the agenda, what is not published yet."""
    found = versions(meeting) if is_called(meeting, person) else []
    may_publish = meeting.status is MeetingStatus.PLANNED and is_allowed(person, Permission.PREPARE_MEETING, meeting)
    newest = found[0] if found else None
    return {
        "versions": found,
        "may_publish": may_publish,
        "changes": changes_since(meeting, newest, person) if newest is not None and may_publish else None,
    }


def content_of(meeting: Meeting) -> Content:
    """What a version published now would hold, every case with it."""
    cases = _cases(meeting)
    board = meeting.board
    items = db.session.scalars(
        select(MinuteItem).where(MinuteItem.meeting_id == meeting.id).order_by(MinuteItem.position)
    )
    with speaking(AUTHORITY_LANGUAGE):
        called = [
            {"seat": seat.public_id, "name": seat.name, "position": str(seat.position.label), "party": seat.party}
            for seat in seats_called(meeting)
        ]
    return {
        "municipality": municipality_named(board.municipality).name,
        "board": board.name,
        "abbreviation": board.abbreviation,
        "held_on": meeting.held_on.isoformat(),
        "begins_at": meeting.begins_at.isoformat("minutes") if meeting.begins_at else "",
        "place": meeting.place,
        "is_public": meeting.is_public,
        "called": called,
        "items": [
            {
                "id": item.public_id,
                "kind": item.kind.value,
                "heading": item.heading,
                "text": item.text,
                "cases": cases.get(item.id, []),
            }
            for item in items
        ],
    }


def _cases(meeting: Meeting) -> dict[int, list[Content]]:
    """The cases under each paragraph, by its id."""
    rows = db.session.execute(
        select(
            AgendaCase.minute_item_id,
            Application,
            Case.diary_number,
            Assessment.proposed_outcome,
            Assessment.proposed_amount,
        )
        .join(MinuteItem, MinuteItem.id == AgendaCase.minute_item_id)
        .join(Application, Application.id == AgendaCase.application_id)
        .join(Case, Case.id == Application.case_id)
        .outerjoin(Assessment, Assessment.application_id == Application.id)
        .options(joinedload(Application.round).load_only())
        .where(MinuteItem.meeting_id == meeting.id)
        .order_by(MinuteItem.position, AgendaCase.id)
    ).all()
    keys = [row[1].id for row in rows]
    reports, sent, files = _papers(OfficerReport, keys), _papers(Submission, keys), _files(keys)
    found: dict[int, list[Content]] = {}
    for item_id, application, number, outcome, amount in rows:
        case = {
            "id": application.public_id,
            "number": number,
            "applicant": application.applicant_name or "",
            "title": application.title or "",
            "sought": application.amount_requested,
            "outcome": outcome.name if outcome is not None else None,
            "amount": amount,
            "report": reports.get(application.id),
            "application": sent.get(application.id),
            "files": files.get(application.id, []),
        }
        found.setdefault(item_id, []).append(case)
    return found


def _papers(kind: type[OfficerReport] | type[Submission], keys: list[int]) -> dict[int, str]:
    """The public id of the newest paper of its kind in each application, by the application's id."""
    newest = select(func.max(kind.id)).where(kind.application_id.in_(keys)).group_by(kind.application_id)
    rows = db.session.execute(
        select(kind.application_id, Paper.public_id).join(Paper, Paper.id == kind.paper_id).where(kind.id.in_(newest))
    )
    return {row[0]: row[1] for row in rows}


def _files(keys: list[int]) -> dict[int, list[dict[str, Any]]]:
    """What was sent along with each application and not taken back, by the application's id."""
    rows = db.session.execute(
        select(Attachment.application_id, StoredFile.public_id, StoredFile.name, StoredFile.media_type, StoredFile.size)
        .join(StoredFile, StoredFile.id == Attachment.file_id)
        .where(Attachment.application_id.in_(keys), Attachment.removed_at.is_(None))
        .order_by(Attachment.id)
    )
    found: dict[int, list[dict[str, Any]]] = {}
    for application_id, public_id, name, media_type, size in rows:
        each = {"id": public_id, "name": name, "media_type": media_type, "size": size}
        found.setdefault(application_id, []).append(each)
    return found
