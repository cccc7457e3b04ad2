"""The desk's start page: what waits for this person today, most urgent first. Nothing a conflict hides is counted."""

from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, select
from sqlalchemy.orm import contains_eager, load_only

from fundapp import clock
from fundapp.accounts.giro_tables import GiroChange
from fundapp.accounts.queries import visible_to
from fundapp.applications.models import Application
from fundapp.db import db
from fundapp.funds.models import Fund, FundKind, FundState, Round
from fundapp.intake import queries as intake
from fundapp.languages import Lazy, _dl, long_day
from fundapp.mail import Message, MessageStatus
from fundapp.meetings.minutes import BoardNotice
from fundapp.meetings.models import Meeting
from fundapp.meetings.queries import known_to
from fundapp.messages.queries import has_unread
from fundapp.permissions import Permission, Person, is_allowed
from fundapp.projects import queries as projects
from fundapp.projects.giros import open_to
from fundapp.referrals.queries import late_count
from fundapp.registry.filters import is_late, waits_for_translation
from fundapp.remarks.models import FlagKind
from fundapp.remarks.queries import has_flag
from fundapp.reviews.queries import count_asked
from fundapp.workflow import ApplicationStatus, MeetingStatus

ANNOUNCED_WITHIN = timedelta(days=365)  # after that the desk does not ask for a notice any more


@dataclass(frozen=True)
class Task:
    """Something that waits: how many, in words, and the page that shows them (endpoint and its filters). `is_more`:
    there are more than were counted.
    """

    label: Lazy
    hint: Lazy
    count: int
    endpoint: str
    args: dict[str, str] = field(default_factory=dict)
    is_urgent: bool = False
    is_more: bool = False


@dataclass(frozen=True)
class _Asked:
    """A task before it is counted: `count` is a column."""

    label: Lazy
    hint: Lazy
    count: ColumnElement[int]
    endpoint: str
    args: dict[str, str] = field(default_factory=dict)
    is_urgent: bool = False


def tasks(person: Person, meeting: Meeting | None = None) -> list[Task]:
    """What the person's roles concern, most urgent first, in one statement; a count of 0 says that nothing waits.
    `meeting` is the next sitting.
    """
    groups = (
        (Permission.ASSESS_APPLICATION, _late),
        (Permission.SEND_LETTER_AGAIN, _letters_failed),
        (Permission.REGISTER_APPLICATION, _to_register),
        (Permission.RECEIVE_ON_PAPER, _on_paper),
        (Permission.PREPARE_MEETING, _to_announce),
        (Permission.ASSESS_APPLICATION, _stopped),
        (Permission.ASSESS_APPLICATION, _asked_of_me),
        (Permission.APPROVE_CORRECTION, _corrections),
        (Permission.APPROVE_GIRO, _accounts),
        (Permission.ANSWER_MESSAGE, _messages),
        (Permission.TRANSLATE, _translations),
        (Permission.PAY_INSTALMENT, _instalments),
        (Permission.APPROVE_PAYMENT, _proposed),
        (Permission.ANSWER_CHANGE, _changes),
        (Permission.REVIEW_REPORT, _reports),
        (Permission.ASSESS_APPLICATION, _to_assess),
        (Permission.PREPARE_MEETING, partial(_for_sittings, meeting=meeting)),
    )
    asked = [one for permission, find in groups if is_allowed(person, permission) for one in find(person)]
    if not asked:
        return []
    counts = db.session.execute(select(*(one.count.label(f"n{place}") for place, one in enumerate(asked)))).one()
    return [_task(one, count) for one, count in zip(asked, counts, strict=True)]


def _task(asked: _Asked, count: int) -> Task:
    most = projects.COUNTED
    is_more = asked.endpoint == "projects.list" and count > most
    shown = most if is_more else count
    return Task(asked.label, asked.hint, shown, asked.endpoint, asked.args, asked.is_urgent, is_more)


def _cases(
    person: Person,
    label: Lazy,
    hint: Lazy,
    args: dict[str, str],
    *conditions: ColumnElement[bool],
    urgent: bool = False,
) -> _Asked:
    counted = _counted(select(func.count()).select_from(Application).where(visible_to(person), *conditions))
    return _Asked(label, hint, counted, "registry.list", args, is_urgent=urgent)


def _counted(query: Select[Any]) -> ColumnElement[int]:
    return query.scalar_subquery()


def _with(status: ApplicationStatus) -> ColumnElement[bool]:
    return Application.status == status


def _late(person: Person) -> list[_Asked]:
    label, hint = _dl("Completions that are late"), _dl("The day has passed. Go on without, or write again.")
    return [_cases(person, label, hint, {"late": "1"}, is_late(clock.today()), urgent=True)]


def _letters_failed(person: Person) -> list[_Asked]:
    label, hint = _dl("Letters that failed"), _dl("The receiver's mail server refused them. Check the address.")
    failed = _counted(
        select(func.count())
        .select_from(Message)
        .join(Application, Application.public_id == Message.thread)
        .where(Message.status == MessageStatus.FAILED, visible_to(person))
    )
    return [_Asked(label, hint, failed, "registry.letters_failed", is_urgent=True)]


def _on_paper(person: Person) -> list[_Asked]:
    begun, begun_hint = _dl("Being entered"), _dl("Came on paper or by telephone, and is not received yet.")
    post, post_hint = (
        _dl("Letters to post"),
        _dl("The receiver has no e-mail. Print and post them."),
    )
    return [
        _Asked(begun, begun_hint, _counted(intake.begun(person)), "intake.list"),
        _Asked(post, post_hint, _counted(intake.waiting_for_post(person)), "posting.list"),
    ]


def _to_announce(_person: Person) -> list[_Asked]:
    label, hint = _dl("Minutes to announce"), _dl("Approved, and not on the noticeboard yet.")
    is_announced = exists().where(BoardNotice.meeting_id == Meeting.id)
    waits = (Meeting.status == MeetingStatus.APPROVED, Meeting.approved_on > clock.today() - ANNOUNCED_WITHIN)
    counted = _counted(select(func.count()).select_from(Meeting).where(*waits, ~is_announced))
    return [_Asked(label, hint, counted, "meetings.list", is_urgent=True)]


def _stopped(person: Person) -> list[_Asked]:
    label, hint = _dl("Flags that stop my cases"), _dl("See to what the flag says, and resolve it.")
    late, late_hint = _dl("Referrals that are late"), _dl("The day has passed and no answer has come.")
    args = {"flag": FlagKind.STOP.value, "mine": "1"}
    mine = Application.officer_id == person.id
    return [
        _cases(person, label, hint, args, mine, has_flag(FlagKind.STOP), urgent=True),
        _Asked(late, late_hint, _counted(late_count(person)), "referrals.list", {"late": "1"}, is_urgent=True),
    ]


def _asked_of_me(person: Person) -> list[_Asked]:
    label, hint = _dl("Asked of me"), _dl("A colleague wants your assessment, or your second look.")
    return [_Asked(label, hint, count_asked(person), "reviews.list")]


def _corrections(person: Person) -> list[_Asked]:
    label, hint = _dl("Corrections to approve"), _dl("Proposed by a colleague; a second person decides.")
    return [_Asked(label, hint, _counted(intake.to_approve(person)), "correcting.list")]


def _to_register(person: Person) -> list[_Asked]:
    status = ApplicationStatus.SUBMITTED
    label, hint = _dl("To register"), _dl("Came in and has no diary number yet.")
    return [_cases(person, label, hint, {"state": status.value}, _with(status), urgent=True)]


def _messages(person: Person) -> list[_Asked]:
    label, hint = _dl("Messages to read"), _dl("From applicants. Answer, or say that no answer is needed.")
    return [_cases(person, label, hint, {"unread": "1"}, has_unread(for_applicant=False))]


def _translations(person: Person) -> list[_Asked]:
    label, hint = _dl("Decisions to translate"), _dl("The applicant has asked. In Finnish and Meänkieli it is a right.")
    return [_cases(person, label, hint, {"translate": "1"}, waits_for_translation())]


def _to_assess(person: Person) -> list[_Asked]:
    new, mine = ApplicationStatus.REGISTERED, ApplicationStatus.UNDER_ASSESSMENT
    asked = ApplicationStatus.COMPLETION_REQUESTED
    return [
        _cases(person, _dl("To take up"), _dl("Registered, and nobody has begun."), {"state": new.value}, _with(new)),
        _cases(
            person,
            _dl("I am assessing"),
            _dl("Your own cases."),
            {"state": mine.value, "mine": "1"},
            _with(mine),
            Application.officer_id == person.id,
        ),
        _cases(
            person,
            _dl("Waiting for completion"),
            _dl("The applicant has the next move."),
            {"state": asked.value},
            _with(asked),
        ),
    ]


def _for_sittings(person: Person, meeting: Meeting | None) -> list[_Asked]:
    ready, hint = ApplicationStatus.ASSESSED, _dl("The report is finished; put them on an agenda.")
    if meeting is not None and meeting.status is MeetingStatus.PLANNED:
        hint = _dl("The report is finished; the next sitting is on %(day)s.", day=long_day(meeting.held_on))
    opened = _counted(select(func.count()).select_from(Meeting).where(Meeting.status == MeetingStatus.OPENED))
    return [
        _cases(
            person,
            _dl("Ready for a sitting"),
            hint,
            {"state": ready.value},
            _with(ready),
        ),
        _Asked(_dl("Minutes to approve"), _dl("Sittings that have been held."), opened, "meetings.list"),
    ]


def _reports(person: Person) -> list[_Asked]:
    late, late_hint = _dl("Project reports that are late"), _dl("The day has passed and nothing has come in.")
    new, new_hint = _dl("Project reports to review"), _dl("Sent in by the projects.")
    return [
        _projects(person, late, late_hint, "overdue", urgent=True),
        _projects(person, new, new_hint, "review"),
    ]


def _instalments(person: Person) -> list[_Asked]:
    label, hint = _dl("Instalments to pay"), _dl("Planned for today or earlier.")
    return [_projects(person, label, hint, "pay", urgent=True)]


def _proposed(person: Person) -> list[_Asked]:
    label, hint = _dl("Payments that wait for your approval"), _dl("A colleague proposed them. Two persons pay.")
    return [_projects(person, label, hint, "approve", urgent=True)]


def _accounts(person: Person) -> list[_Asked]:
    label, hint = (
        _dl("New accounts to approve"),
        _dl("Call first. The old account is used until then."),
    )
    rows = select(func.count()).select_from(GiroChange).join(GiroChange.organisation)
    counted = _counted(rows.where(GiroChange.decided_at.is_(None), open_to(person)))
    return [_Asked(label, hint, counted, "giros.list", is_urgent=True)]


def _changes(person: Person) -> list[_Asked]:
    label, hint = _dl("Requests for change to answer"), _dl("A project wants to do something else than it was granted.")
    return [_projects(person, label, hint, "change")]


def _projects(person: Person, label: Lazy, hint: Lazy, show: str, *, urgent: bool = False) -> _Asked:
    """Projects, as the officials' list of them shows and counts them when it is asked for `show`."""
    return _Asked(label, hint, projects.count_of(person, show), "projects.list", {"show": show}, is_urgent=urgent)


def open_rounds() -> list[Round]:
    """The fund's rounds that can be applied for now; their frame stands on the desk."""
    now = clock.now()
    return list(
        db.session.scalars(
            select(Round)
            .join(Round.fund)
            .options(contains_eager(Round.fund).options(load_only(Fund.name, Fund.code)))
            .where(
                Fund.kind == FundKind.FUND,
                Fund.state == FundState.OPEN,
                Round.opens_at <= now,
                Round.closes_at > now,
            )
            .order_by(Round.id)
        )
    )


def next_meeting(person: Person) -> Meeting | None:
    """The next sitting that is planned or opened, today's included, and that the person may know of."""
    return db.session.scalar(
        select(Meeting)
        .where(Meeting.held_on >= clock.today(), Meeting.status != MeetingStatus.APPROVED, known_to(person))
        .order_by(Meeting.held_on, Meeting.id)
        .limit(1)
    )
