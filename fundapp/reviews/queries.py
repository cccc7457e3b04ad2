"""What the pages of several assessments and of the second look read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_login import current_user
from sqlalchemy import ColumnElement, Select, exists, func, select
from sqlalchemy.orm import joinedload, selectinload

from fundapp.accounts.found import NamedPerson
from fundapp.accounts.models import Account, RoleGiven
from fundapp.accounts.queries import visible_to
from fundapp.applications.models import Application
from fundapp.assessments.forms import term_text
from fundapp.db import db
from fundapp.languages import Lazy
from fundapp.permissions import Permission, Person, Role, is_allowed
from fundapp.registry.models import Case
from fundapp.registry.queries import case
from fundapp.reviews import actions, rules
from fundapp.reviews.models import IS_OPEN, LIVES, Review, SecondLook
from fundapp.workflow import Outcome


@dataclass(frozen=True)
class Comparison:
    """Assessments side by side. `criteria`: the criterion, each assessor's points, how far they lie apart in words and
    whether that is far; `outcomes` and `amounts` in the same order, with the same words.
    """

    reviews: list[Review]
    criteria: list[tuple[str, list[int | None], Lazy | None, bool]]
    outcomes: list[Outcome | None]
    amounts: list[int | None]
    earlier: list[Review]

    @property
    def agrees_on_outcome(self) -> bool:
        return rules.shared(self.outcomes) is not None

    @property
    def amounts_differ(self) -> int:
        """Between the highest and the lowest amount that was proposed, in kronor; a proposal without one is 0."""
        given = [amount or 0 for amount in self.amounts]
        return max(given) - min(given)


def comparison(application: Application, reviews: Sequence[Review]) -> Comparison | None:
    """All of them side by side, or None as long as one is not sent."""
    if not actions.is_open(reviews):
        return None
    rows = []
    for item in application.round.fund.terms["criteria"]["value"]:
        points = [review.scores.get(item["code"]) for review in reviews]
        rows.append((term_text(item), points, rules.spread(points), rules.lies_far(points)))
    outdated = select(Review).where(
        Review.application_id == application.id, Review.ended_at.is_not(None), Review.sent_at.is_not(None)
    )
    return Comparison(
        reviews=list(reviews),
        criteria=rows,
        outcomes=[review.proposed_outcome for review in reviews],
        amounts=[review.proposed_amount for review in reviews],
        earlier=list(db.session.scalars(outdated.options(*actions.WITH_NAMES).order_by(Review.id))),
    )


def withdrawn(application: Application) -> list[Review]:
    """What was asked for and is no longer waited for; its text is nobody's."""
    ended = select(Review).where(
        Review.application_id == application.id, Review.ended_at.is_not(None), Review.sent_at.is_(None)
    )
    return list(db.session.scalars(ended.options(*actions.WITH_NAMES).order_by(Review.id)))


def review_of(application: Application, public_id: str) -> Review | None:
    return db.session.scalar(
        select(Review).where(Review.public_id == public_id, Review.application_id == application.id)
    )


def own_review(application: Application, person: Person) -> Review | None:
    """What the person is asked for in the case."""
    return db.session.scalar(
        select(Review).where(Review.application_id == application.id, Review.assessor_id == person.id, LIVES)
    )


def asked_case(public_id: str) -> Application | None:
    """The case where the signed-in official is asked for an assessment of their own."""
    application = case(public_id)
    return application if application is not None and own_review(application, current_user) is not None else None


def looks_of(application: Application) -> list[SecondLook]:
    """All that was asked and answered, the newest first."""
    asked = select(SecondLook).where(SecondLook.application_id == application.id).order_by(SecondLook.id.desc())
    return list(db.session.scalars(asked.options(joinedload(SecondLook.asked_of), joinedload(SecondLook.asked_by))))


def colleagues(application: Application, *, but: Sequence[int | None] = ()) -> list[Account]:
    """The officials who can be asked in the case, by name: active officers without a conflict of interest in it."""
    officers = (
        select(Account)
        .where(
            Account.is_active,
            Account.id.not_in([key for key in but if key is not None]),
            exists().where(RoleGiven.account_id == Account.id, RoleGiven.role == Role.OFFICER),
        )
        .options(
            selectinload(Account.interests),
            selectinload(Account.found_answers),
            selectinload(Account.named).joinedload(NamedPerson.organisation),
        )
        .order_by(Account.name_key, Account.email)
    )
    found = db.session.scalars(officers).unique()
    return [each for each in found if is_allowed(each, Permission.ASSESS_APPLICATION, application)]


def reviews_asked(person: Person) -> Select[Any]:
    """Assessments that the person is asked for and has not sent, of cases the person may see; the oldest first."""
    return _asked(Review, Review.assessor_id == person.id, person).where(LIVES, Review.sent_at.is_(None))


def looks_asked(person: Person) -> Select[Any]:
    """Reports that the person is asked to look at; the oldest first."""
    return _asked(SecondLook, SecondLook.asked_of_id == person.id, person).where(IS_OPEN)


def _asked(table: Any, is_own: ColumnElement[bool], person: Person) -> Select[Any]:
    return (
        select(Application.public_id, Application.title, Application.applicant_name, Case.diary_number, table.asked_at)
        .join(Application, Application.id == table.application_id)
        .outerjoin(Case, Case.id == Application.case_id)
        .where(is_own, visible_to(person))
        .order_by(table.asked_at, table.id)
    )


def count_asked(person: Person) -> ColumnElement[int]:
    """How many of both kinds wait for the person, as a column; for the desk's start page."""
    parts = (reviews_asked(person), looks_asked(person))
    first, second = (
        select(func.count()).select_from(part.order_by(None).subquery()).scalar_subquery() for part in parts
    )
    return first + second
