"""Referrals as an official may see them, and as the body that is asked does."""

from collections.abc import Sequence
from datetime import date

from flask_login import current_user
from sqlalchemy import ColumnElement, Select, and_, exists, func, select

from fundapp import clock
from fundapp.accounts.models import Account
from fundapp.accounts.queries import visible_to
from fundapp.applications.models import Application
from fundapp.boards.models import Board
from fundapp.boards.queries import boards_of
from fundapp.db import db
from fundapp.paging import Beyond, Page, page_of
from fundapp.permissions import Person
from fundapp.referrals.actions import may_reply
from fundapp.referrals.models import Referral, ReferralAnswer
from fundapp.registry.models import Case, Document, SecrecyMark
from fundapp.workflow import ENDED

PAGE = 50


def is_open() -> ColumnElement[bool]:
    """Whether a referral still waits for its answer, in a case that is not ended; with Application in the query."""
    return and_(Referral.ended_at.is_(None), Application.status.not_in(ENDED))


def is_late(today: date) -> ColumnElement[bool]:
    return and_(is_open(), Referral.answer_by < today)


def late_count(person: Person) -> Select[int]:
    """How many referrals are late in cases that the person may see; for the desk's one statement."""
    return (
        select(func.count())
        .select_from(Referral)
        .join(Application, Application.id == Referral.application_id)
        .where(visible_to(person), is_late(clock.today()))
    )


def has_open_referral() -> ColumnElement[bool]:
    """Whether somebody is asked about the application and has not answered; for a filter of the list of cases."""
    return exists().where(Referral.application_id == Application.id, Referral.ended_at.is_(None)).correlate(Application)


def waiting(person: Person, beyond: Beyond, *, only_mine: bool, only_late: bool) -> Page:
    """What waits for an answer, by the day it is due, in cases that the person may see."""
    query = (
        select(
            Referral.public_id,
            Referral.body,
            Referral.answer_by,
            Referral.asked_at,
            Referral.email,
            Application.public_id.label("application"),
            Application.title,
            Application.applicant_name,
            Case.diary_number,
            func.coalesce(func.nullif(Account.name, ""), Account.email).label("officer"),
        )
        .join(Application, Application.id == Referral.application_id)
        .outerjoin(Case, Case.id == Application.case_id)
        .outerjoin(Account, Account.id == Application.officer_id)
        .where(visible_to(person), is_late(clock.today()) if only_late else is_open())
    )
    if only_mine:
        query = query.where(Application.officer_id == person.id)
    return page_of(query, (Referral.answer_by, Referral.id), beyond, Referral.public_id, size=PAGE)


def referral(public_id: str) -> Referral | None:
    """A referral of a case that the signed-in official may see."""
    return db.session.scalar(
        select(Referral)
        .join(Application, Application.id == Referral.application_id)
        .where(Referral.public_id == public_id, visible_to(current_user))
    )


def asked_of_me(public_id: str) -> Referral | None:
    """A referral that was mailed to the signed-in person, whatever their roles."""
    found = db.session.scalar(select(Referral).where(Referral.public_id == public_id))
    return found if found is not None and may_reply(current_user, found) else None


def answer_to(referral: Referral) -> ReferralAnswer | None:
    return db.session.scalar(select(ReferralAnswer).where(ReferralAnswer.referral_id == referral.id))


def bodies(application: Application) -> list[tuple[Board, str]]:
    """The municipality's bodies, each with the address that was used last, empty where there is none."""
    newest = select(func.max(Referral.id)).where(Referral.board_id.is_not(None)).group_by(Referral.board_id)
    used = select(Referral.board_id, Referral.email).where(Referral.id.in_(newest))
    known = {row[0]: row[1] for row in db.session.execute(used)}
    return [(board, known.get(board.id, "")) for board in boards_of(application.round.fund.municipality)]


def to_send_along(application: Application) -> Sequence[Document]:
    """Documents of the case that can be read here, but those that must be examined for secrecy first (OSL 8:1)."""
    is_marked = exists().where(SecrecyMark.document_id == Document.id, SecrecyMark.lifted_at.is_(None))
    is_here = Document.paper_id.is_not(None) | Document.file_id.is_not(None)
    found = select(Document).where(Document.case_id == application.case_id, is_here, ~is_marked)
    return db.session.scalars(found.order_by(Document.number)).all()
