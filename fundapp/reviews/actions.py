"""Ask colleagues for assessments of their own, write and send one, take them over; ask for and give a second look."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload, lazyload, load_only
from sqlalchemy.orm.strategy_options import _AbstractLoad

from fundapp import clock
from fundapp.accounts.models import Account
from fundapp.applications.models import Application, Submission
from fundapp.assessments import actions as assessing
from fundapp.assessments.models import Assessment
from fundapp.assessments.rules import proposal_faults, standard_conditions
from fundapp.db import db, reread
from fundapp.history.actions import record
from fundapp.languages import AUTHORITY_LANGUAGE, Lazy, _d, _dl, speaking
from fundapp.permissions import Permission, is_allowed
from fundapp.reviews import emails, rules
from fundapp.reviews.models import IS_OPEN, LIVES, Review, SecondLook
from fundapp.workflow import NotAllowed, StepNotPossible


class ChangedMeanwhile(StepNotPossible):
    """The own assessment was saved from another window, or the applicant completed the application, after the page was
    opened; `review` is what is kept now.
    """

    def __init__(self, reason: Lazy, review: Review) -> None:
        super().__init__(reason)
        self.review = review


def _hold(application: Application, by: Any) -> None:
    """Wait for whoever changes the case, and see that its assessment goes on and that `by` may work on it."""
    reread(application, with_for_update={"of": Application})
    assessing.demand_open(application, by=by)


def _name_alone(account: Any) -> _AbstractLoad:
    rest = (lazyload(Account.role_rows), lazyload(Account.memberships), lazyload(Account.conflicts))
    return joinedload(account).options(load_only(Account.name, Account.email), *rest)


# Whose it is, and the number of the copy that was read, in the same statement.
WITH_NAMES = (_name_alone(Review.assessor), joinedload(Review.submission).load_only(Submission.number))


def live_reviews(application: Application) -> list[Review]:
    """What is asked for and neither withdrawn nor asked for anew, the first asked first."""
    asked = select(Review).where(Review.application_id == application.id, LIVES).order_by(Review.id)
    return list(db.session.scalars(asked.options(*WITH_NAMES).execution_options(populate_existing=True)))


def _ever_asked(application: Application) -> list[Review]:
    """The case's assessments, those withdrawn and those asked for anew among them, the first asked first."""
    asked = select(Review).where(Review.application_id == application.id).order_by(Review.id)
    return list(db.session.scalars(asked.execution_options(populate_existing=True)))


def is_open(reviews: Iterable[Review]) -> bool:
    """Whether the assessments may be read: there are some, and every one of them is sent."""
    sent = [review.sent_at is not None for review in reviews]
    return bool(sent) and all(sent)


def ask(application: Application, colleagues: Iterable[Account], *, by: Any) -> list[Review]:
    """Ask officials for an assessment of their own; who has sent one of an older version is asked anew. All or none.
    Blind is who could not read others': not who is asked after all were sent, nor who was let off and is asked again,
    nor anybody who is asked after one of these.

    Errors: StepNotPossible (somebody is asked already, or cannot be), NotAllowed.
    """
    _hold(application, by)
    known = live_reviews(application)
    before = {review.assessor_id: review for review in known}
    ever = _ever_asked(application)
    is_blind = not is_open(known) and all(each.is_blind for each in ever)
    let_off = {each.assessor_id for each in ever if each.ended_at is not None and each.sent_at is None}
    asked = []
    for colleague in colleagues:
        _demand_fit(colleague, application)
        _end_older(application, before.get(colleague.id), colleague)
        review = Review(
            application=application,
            assessor=colleague,
            asked_by_id=by.id,
            asked_at=clock.now(),
            is_blind=is_blind and colleague.id not in let_off,
            scores={},
        )
        db.session.add(review)
        record(review, "ask_review", by=by, of=colleague)
        asked.append(review)
    if not asked:
        raise StepNotPossible(_dl("Choose at least one colleague."))
    db.session.flush()
    for review in asked:
        emails.ask(review.assessor, application, "review")
    return asked


def _demand_fit(colleague: Account, application: Application) -> None:
    if not colleague.is_active or not is_allowed(colleague, Permission.ASSESS_APPLICATION, application):
        raise StepNotPossible(_dl("%(name)s cannot be asked in this case. Choose another.", name=_named(colleague)))


def _end_older(application: Application, review: Review | None, colleague: Account) -> None:
    """What the colleague sent of an older version makes room; it stays to be read."""
    if review is None:
        return
    if review.sent_at is None:
        raise StepNotPossible(_dl("%(name)s is asked already.", name=_named(colleague)))
    if not is_outdated(review, application):
        raise StepNotPossible(
            _dl("%(name)s has sent an assessment of the application as it is.", name=_named(colleague))
        )
    review.ended_at, review.end_reason = clock.now(), ""
    db.session.flush()


def _named(account: Account) -> str:
    return account.name or account.email


def is_outdated(review: Review, application: Application) -> bool:
    """Whether the application was completed after the assessment was written."""
    newest = application.last_submission
    return review.submission_id is not None and newest is not None and review.submission_id != newest.id


def _own(application: Application, by: Any) -> Review:
    review = next((each for each in live_reviews(application) if each.assessor_id == by.id), None)
    if review is None:
        raise NotAllowed(_dl("You are not asked for an assessment of your own in this case."))
    return review


def save(
    application: Application, *, version: int, read: Submission, is_sent: bool = False, by: Any, **fields: Any
) -> Review:
    """Keep one's own assessment as it stands, or send it. `version` and `read` are the text and the copy of the
    application that were on the page. `fields`: scores, text, proposed_outcome, proposed_amount (kronor).

    Errors: ChangedMeanwhile, StepNotPossible, NotAllowed.
    """
    _hold(application, by)
    review = _own(application, by)
    if review.sent_at is not None:
        raise StepNotPossible(_dl("You have sent your assessment. Open it again to change it."))
    if review.version != version:
        raise ChangedMeanwhile(_dl("You saved it in another window meanwhile. Compare, and save again."), review)
    newest = application.last_submission
    if is_sent and newest is not None and read.id != newest.id:
        raise ChangedMeanwhile(
            _dl("The applicant has completed the application meanwhile. Read it again before you send."), review
        )
    faults = proposal_faults(
        fields.get("proposed_outcome"), fields.get("proposed_amount"), sought=application.amount_requested
    )
    for fault in faults.values():
        raise StepNotPossible(fault)
    for name, value in fields.items():
        setattr(review, name, value)
    review.submission_id, review.saved_at = read.id, clock.now()
    if is_sent:
        _demand_whole(review)
        review.sent_at = clock.now()
    record(review, "send_review" if is_sent else "save_review", by=by)
    db.session.flush()
    return review


def _demand_whole(review: Review) -> None:
    if not review.text.strip():
        raise StepNotPossible(_dl("Write your assessment before you send it."))
    if review.proposed_outcome is None:
        raise StepNotPossible(_dl("Choose what you propose before you send it."))


def open_again(application: Application, *, by: Any) -> Review:
    """Take back one's own that was sent, to change it; as long as nobody has been able to read it, nor its writer the
    others: who is asked stays blind until all have sent (`falling.stays_blind`).

    Errors: StepNotPossible, NotAllowed.
    """
    _hold(application, by)
    review = _own(application, by)
    if review.sent_at is None:
        raise StepNotPossible(_dl("It is not sent yet."))
    reason = why_not_opened(application, review)
    if reason is not None:
        raise StepNotPossible(reason)
    review.sent_at = None
    record(review, "open_review_again", by=by)
    db.session.flush()
    return review


def why_not_opened(application: Application, review: Review) -> Lazy | None:
    """What keeps one that was sent from being changed: all can be read, or could before somebody more was asked."""
    if is_open(live_reviews(application)):
        return _dl("All assessments are sent and can be read, so yours stays as it is.")
    later = [each for each in _ever_asked(application) if each.id > review.id and not each.is_blind]
    if review.sent_at is not None and any(each.asked_at >= review.sent_at for each in later):
        return _dl("Somebody who could read what others think was asked after you sent yours, so yours stays as it is.")
    return None


def withdraw(review: Review, *, reason: str, by: Any) -> None:
    """Wait no longer for an assessment. What was sent stays. Errors: StepNotPossible, NotAllowed."""
    _hold(review.application, by)
    reread(review)
    if review.ended_at is not None:
        raise StepNotPossible(_dl("It is withdrawn already."))
    if review.sent_at is not None:
        raise StepNotPossible(_dl("It is sent, and what is sent stays."))
    _end(review, reason, by)
    db.session.flush()


def _end(review: Review, reason: str, by: Any) -> None:
    if not reason.strip():
        raise StepNotPossible(_dl("Write why you do not wait any longer."))
    review.ended_at, review.end_reason = clock.now(), reason
    record(review, "withdraw_review", by=by, of=review.assessor)


def close(application: Application, *, reason: str, by: Any) -> int:
    """Wait no longer for any that is not sent, so that the others can be read; gives how many were withdrawn.

    Errors: StepNotPossible, NotAllowed.
    """
    _hold(application, by)
    unsent = [review for review in live_reviews(application) if review.sent_at is None]
    if not unsent:
        raise StepNotPossible(_dl("Nothing is waited for."))
    for review in unsent:
        _end(review, reason, by)
    db.session.flush()
    return len(unsent)


def take_over(application: Application, *, version: int, by: Any) -> Assessment:
    """Begin the case's assessment with what the officials wrote: each text under a name, points and proposal where all
    agree. What stands in the assessment already stays. `version`: of the assessment that was read, 0 for none.

    Errors: assessments.actions.ChangedMeanwhile, StepNotPossible, NotAllowed.
    """
    _hold(application, by)
    reviews = live_reviews(application)
    if not is_open(reviews):
        raise StepNotPossible(_dl("They can be read when all of them are sent."))
    known = db.session.scalar(select(Assessment).where(Assessment.application_id == application.id))
    with speaking(AUTHORITY_LANGUAGE):
        parts = [_d("%(name)s writes:", name=_named(each.assessor)) + "\n" + each.text for each in reviews]
    kept = known.text if known is not None else ""
    text = "\n\n".join([part for part in (kept, *(each for each in parts if each not in kept)) if part])
    if len(text) > rules.LONGEST_ASSESSMENT:
        raise StepNotPossible(_dl("Together the texts are too long for the assessment. Copy what you need by hand."))
    fields = _begun(application, known, reviews) | {"text": text}
    assessment = assessing.save_assessment(application, version=version, by=by, **fields)
    record(application, "take_over_reviews", by=by, of=len(reviews))
    return assessment


def _begun(application: Application, known: Assessment | None, reviews: list[Review]) -> dict[str, Any]:
    """The assessment's other parts: what is there, else what all agree on."""
    codes = dict.fromkeys(code for review in reviews for code in review.scores)
    agreed = {code: rules.shared([review.scores.get(code) for review in reviews]) for code in codes}
    scores = {code: points for code, points in agreed.items() if points is not None}
    outcome = rules.shared([review.proposed_outcome for review in reviews])
    amount = rules.shared([review.proposed_amount for review in reviews])
    if known is None:
        conditions = standard_conditions(application.round.fund.terms)
        return {
            "scores": scores,
            "proposed_outcome": outcome,
            "proposed_amount": amount if outcome is not None else None,
            "conditions": conditions,
        }
    is_open_proposal = known.proposed_outcome is None and known.proposed_amount is None
    return {
        "scores": scores | known.scores,
        "proposed_outcome": outcome if is_open_proposal else known.proposed_outcome,
        "proposed_amount": (amount if outcome is not None else None) if is_open_proposal else known.proposed_amount,
    }


# --- a second pair of eyes ----------------------------------------------------------------------------------------


def ask_for_look(application: Application, colleague: Account, *, question: str = "", by: Any) -> SecondLook:
    """Ask a colleague to read the report before the case leaves: never oneself, nor who wrote the assessment.

    Errors: StepNotPossible, NotAllowed.
    """
    _hold(application, by)
    if colleague.id == by.id:
        raise StepNotPossible(_dl("A second pair of eyes is somebody else's. Choose a colleague."))
    _demand_fit(colleague, application)
    assessment = db.session.scalar(select(Assessment).where(Assessment.application_id == application.id))
    if assessment is None or not assessment.text.strip() or assessment.proposed_outcome is None:
        raise StepNotPossible(_dl("Write the assessment and the proposal first; then there is something to look at."))
    if assessment.saved_by_id == colleague.id:
        raise StepNotPossible(_dl("%(name)s wrote the assessment. Choose another.", name=_named(colleague)))
    if open_look(application) is not None:
        raise StepNotPossible(_dl("A colleague is asked already. Take that question back first."))
    look = SecondLook(
        application=application, asked_of=colleague, asked_by_id=by.id, asked_at=clock.now(), question=question
    )
    db.session.add(look)
    record(look, "ask_second_look", by=by, of=colleague)
    db.session.flush()
    emails.ask(colleague, application, "look")
    return look


def open_look(application: Application) -> SecondLook | None:
    """The question that nobody has answered or taken back."""
    asked = select(SecondLook).where(SecondLook.application_id == application.id, IS_OPEN)
    return db.session.scalar(asked.execution_options(populate_existing=True))


def answer_look(application: Application, *, agrees: bool, remark: str, version: int, by: Any) -> SecondLook:
    """Agree, or send the case back with a remark. `version`: of the assessment that was read.

    Errors: assessments.actions.ChangedMeanwhile, StepNotPossible, NotAllowed.
    """
    _hold(application, by)
    look = open_look(application)
    if look is None:
        raise StepNotPossible(_dl("Nobody is asked to look at the report now."))
    if look.asked_of_id != by.id:
        raise NotAllowed(_dl("Somebody else is asked to look at the report."))
    if not agrees and not remark.strip():
        raise StepNotPossible(_dl("Write what should be changed before the case leaves."))
    assessment = db.session.scalar(
        select(Assessment).where(Assessment.application_id == application.id).execution_options(populate_existing=True)
    )
    if assessment is None or assessment.version != version:
        raise assessing.ChangedMeanwhile(assessment)
    if assessment.saved_by_id == by.id:
        raise StepNotPossible(_dl("You changed the assessment yourself. Somebody else must look at it."))
    look.answered_at, look.agrees, look.remark = clock.now(), agrees, remark
    record(look, "agree_second_look" if agrees else "send_back_second_look", by=by)
    emails.tell_answer(look)
    db.session.flush()
    return look


def withdraw_look(application: Application, *, by: Any) -> None:
    """Take the question back. Errors: StepNotPossible, NotAllowed."""
    _hold(application, by)
    look = open_look(application)
    if look is None:
        raise StepNotPossible(_dl("Nobody is asked to look at the report now."))
    look.withdrawn_at = clock.now()
    record(look, "withdraw_second_look", by=by)
    db.session.flush()
