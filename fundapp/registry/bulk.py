"""The same step for many cases of the list: what can be done is done in one transaction, the rest is named."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import exists, select
from sqlalchemy.orm import joinedload

from fundapp.accounts.models import Account
from fundapp.accounts.queries import visible_to
from fundapp.applications.models import Application
from fundapp.assessments.assigning import assign
from fundapp.db import db, reread
from fundapp.languages import Lazy, _dl, number
from fundapp.meetings.actions import put_on_agenda
from fundapp.meetings.models import AgendaCase, Meeting, MinuteItem
from fundapp.permissions import Person
from fundapp.registry import queries
from fundapp.registry.choices import Choices, works_as_officer
from fundapp.registry.filters import Filters
from fundapp.workflow import NotAllowed, StepNotPossible

MOST = 500  # cases at once: more is no choice that anybody has looked at


@dataclass(frozen=True)
class Refused:
    """A case that the step was not possible for, and why."""

    public_id: str
    number: str | None
    title: str
    reason: Lazy | str


@dataclass(frozen=True)
class Done:
    """How many cases the step was taken for, which not; `gone`: so many that were chosen are not there any more."""

    count: int
    refused: list[Refused]
    gone: int


def chosen(person: Person, public_ids: Sequence[str]) -> list[int]:
    """Keys of the cases that were chosen and may be seen. Errors: StepNotPossible for none, or too many."""
    if not public_ids:
        raise StepNotPossible(_dl("Choose at least one case in the list."))
    _demand_few(len(public_ids))
    asked = Application.public_id.in_(public_ids)
    return list(db.session.scalars(select(Application.id).where(visible_to(person), asked)))


def whole(person: Person, filters: Filters, choices: Choices) -> list[int]:
    """Keys of all the cases that the filters give. Errors: StepNotPossible for too many."""
    narrowed = queries.whole_list(person, filters, choices)
    keys = list(db.session.scalars(select(Application.id).where(*narrowed).limit(MOST + 1)))
    _demand_few(len(keys))
    return keys


def _demand_few(count: int) -> None:
    if count > MOST:
        raise StepNotPossible(_dl("At most %(most)s cases at once. Narrow the list first.", most=number(MOST)))


def give(keys: Sequence[int], officer: Account, *, by: Account, asked: int) -> Done:
    """Make the person the officer of all of them."""
    return _each(_held(keys), lambda application: assign(application, officer, by=by), asked=asked)


def bring(keys: Sequence[int], meeting: Meeting, *, by: Account, asked: int) -> Done:
    """Put all of them on a sitting's agenda, each on a paragraph of its own. The sitting is locked before its cases, as
    everywhere.
    """
    reread(meeting, with_for_update={"of": Meeting})

    def put(application: Application) -> None:
        if not _is_on(meeting, application):  # it may have come with another case about the same candidate
            put_on_agenda(meeting, [application], by=by)

    return _each(_held(keys), put, asked=asked)


def _is_on(meeting: Meeting, application: Application) -> bool:
    on = exists().where(
        AgendaCase.application_id == application.id,
        AgendaCase.minute_item_id == MinuteItem.id,
        MinuteItem.meeting_id == meeting.id,
    )
    return bool(db.session.scalar(select(on)))


def _held(keys: Sequence[int]) -> list[Application]:
    """The cases, locked in the order of their keys: two who do this at once wait for each other and never both."""
    held = select(Application).where(Application.id.in_(keys)).order_by(Application.id)
    held = held.options(joinedload(Application.case)).with_for_update(of=Application)
    return list(db.session.scalars(held.execution_options(populate_existing=True)))


def _each(applications: Sequence[Application], act: Callable[[Application], None], *, asked: int) -> Done:
    refused = []
    for application in applications:
        number = application.case.diary_number if application.case is not None else None
        told = (application.public_id, number, application.title or "")
        try:
            with db.session.begin_nested():
                act(application)
        except (NotAllowed, StepNotPossible) as fault:
            refused.append(Refused(*told, fault.reason))
    return Done(len(applications) - len(refused), refused, gone=asked - len(applications))


def officer(public_id: str) -> Account | None:
    """Somebody who may have cases."""
    return db.session.scalar(select(Account).where(Account.public_id == public_id, works_as_officer()))
