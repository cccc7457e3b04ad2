"""Refer a case for comment, withdraw the question, and record what was answered."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import select

from fundapp import clock
from fundapp.applications.models import Application
from fundapp.db import db, reread
from fundapp.files import StoredFile
from fundapp.history.actions import record
from fundapp.languages import _dl
from fundapp.permissions import Permission, has_conflict, why_not
from fundapp.referrals import emails, papers, rules
from fundapp.referrals.models import Referral, ReferralAnswer
from fundapp.referrals.rules import Receiver
from fundapp.registry.actions import demand_case, file_document
from fundapp.registry.models import Direction, Document
from fundapp.workflow import NotAllowed, StepNotPossible


def demand_open(application: Application, *, by: Any) -> None:
    """See that the case may be referred now. Errors: NotAllowed, StepNotPossible."""
    _demand(by, Permission.ASSESS_APPLICATION, application)
    demand_case(application)
    reason = rules.why_not_open(application.status)
    if reason is not None:
        raise StepNotPossible(reason)


def refer(
    application: Application,
    receivers: Sequence[Receiver],
    *,
    question: str,
    answer_by: date,
    sent_along: Sequence[Document] = (),
    by: Any,
) -> list[Referral]:
    """Ask each of these bodies; every question is mailed where there is an address, and filed as dispatched. A body
    that has the same question already is not asked twice.

    Errors: NotAllowed, StepNotPossible, ValueError for a day that has passed or a document of another case.
    """
    if rules.is_too_early(answer_by, clock.today()):
        raise ValueError(f"{answer_by} has passed")
    if any(document.case_id != application.case_id for document in sent_along):
        raise ValueError("a document of another case")
    _lock(application)
    demand_open(application, by=by)
    waiting = select(Referral).where(Referral.application_id == application.id, Referral.ended_at.is_(None))
    asked = {(each.body, each.email, each.question) for each in db.session.scalars(waiting)}
    return [
        _ask(application, receiver, question, answer_by, sent_along, by)
        for receiver in dict.fromkeys(receivers)
        if (receiver.body, receiver.email, question) not in asked
    ]


def _ask(
    application: Application,
    receiver: Receiver,
    question: str,
    answer_by: date,
    sent_along: Sequence[Document],
    by: Any,
) -> Referral:
    paper = papers.draw_referral(
        application, receiver, question=question, answer_by=answer_by, sent_along=sent_along, by=by
    )
    document = file_document(
        demand_case(application),
        direction=Direction.DISPATCHED,
        subject=papers.referral_subject(answer_by),
        counterpart=receiver.body,
        paper=paper,
        by=by,
    )
    referral = Referral(
        application=application,
        question=question,
        answer_by=answer_by,
        document=document,
        asked_at=clock.now(),
        asked_by=by,
        sent_along=list(sent_along),
        **receiver._asdict(),
    )
    db.session.add(referral)
    record(referral, "refer", by=by, answer_by=answer_by, number=document.number)
    if referral.email:
        emails.send_referral(referral)
    db.session.flush()
    return referral


def withdraw(referral: Referral, reason: str, *, by: Any) -> None:
    """Ask no more; the body is told, and that is filed as dispatched. Errors: NotAllowed, StepNotPossible."""
    _demand(by, Permission.ASSESS_APPLICATION, referral.application)
    _hold(referral)
    paper = papers.draw_withdrawal(referral, reason, by=by)
    file_document(
        demand_case(referral.application),
        direction=Direction.DISPATCHED,
        subject=papers.withdrawal_subject(),
        counterpart=referral.body,
        paper=paper,
        by=by,
    )
    referral.ended_at, referral.withdrawn_by_id, referral.withdrawal = clock.now(), by.id, reason
    record(referral, "withdraw_referral", by=by)
    if referral.email:
        emails.send_withdrawal(referral, paper, reason)
    db.session.flush()


def record_answer(
    referral: Referral, *, came_on: date, answered_by: str, text: str, file: StoredFile | None, by: Any
) -> ReferralAnswer:
    """Write down what came back, in words, as a file or both; it is filed as received, dated the day it came.

    Errors: NotAllowed, StepNotPossible (answered or withdrawn already), ValueError for an answer without either.
    """
    _demand(by, Permission.FILE_DOCUMENT, referral.application)
    return _answer(referral, came_on, answered_by, text, file, by)


def reply(referral: Referral, *, text: str, file: StoredFile | None, by: Any) -> ReferralAnswer:
    """The body itself answers here, signed in with the address that was asked. Errors: as `record_answer`."""
    if not may_reply(by, referral):
        raise NotAllowed(_dl("The question was sent to another address."))
    answered_by = ", ".join(part for part in (referral.body, by.name) if part)
    answer = _answer(referral, clock.today(), answered_by, text, file, by)
    emails.tell_officer(referral)
    return answer


def may_reply(person: Any, referral: Referral) -> bool:
    """Whether the person is whom the question was mailed to, and has nothing to do with the applicant."""
    return bool(referral.email) and person.email == referral.email and not has_conflict(person, referral.application)


def _answer(
    referral: Referral, came_on: date, answered_by: str, text: str, file: StoredFile | None, by: Any
) -> ReferralAnswer:
    if not text and file is None:
        raise ValueError("an answer is words, a file or both")
    _hold(referral)
    reason = rules.why_not_came(came_on, asked_on=clock.local_day(referral.asked_at), today=clock.today())
    if reason is not None:
        raise StepNotPossible(reason)
    words: dict[str, Any] = {"came_on": came_on, "answered_by": answered_by[:200], "text": text}
    document = file_document(
        demand_case(referral.application),
        direction=Direction.RECEIVED,
        subject=papers.answer_subject(),
        counterpart=answered_by,
        dated=came_on,
        paper=papers.draw_answer(referral, **words) if file is None else None,
        file=file,
        by=by,
    )
    answer = ReferralAnswer(
        referral_id=referral.id, document=document, recorded_at=clock.now(), recorded_by_id=by.id, **words
    )
    db.session.add(answer)
    referral.ended_at = answer.recorded_at
    record(referral, "answer_referral", by=by, came_on=came_on, number=document.number)
    db.session.flush()
    return answer


def _hold(referral: Referral) -> None:
    """Lock the case and see that the question still waits. Errors: StepNotPossible."""
    _lock(referral.application)
    reread(referral)
    if referral.withdrawn_by_id is not None:
        raise StepNotPossible(_dl("The referral is withdrawn. File what came all the same as a document of the case."))
    if referral.ended_at is not None:
        raise StepNotPossible(_dl("The referral is answered already. File what came later as a document of the case."))


def _lock(application: Application) -> None:
    reread(application, with_for_update={"of": Application})


def _demand(by: Any, permission: Permission, application: Application) -> None:
    reason = why_not(by, permission, application)
    if reason is not None:
        raise NotAllowed(reason)
