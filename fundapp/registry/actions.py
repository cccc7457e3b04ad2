"""Open a case with its diary number; register what was sent in; file a document. No station above is known here."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import func, select

from fundapp import clock, mail
from fundapp.boards.actions import next_number
from fundapp.boards.models import Board, Series
from fundapp.db import db, reread
from fundapp.documents import Paper
from fundapp.files import StoredFile
from fundapp.history.actions import record
from fundapp.languages import _dl
from fundapp.mail import Message
from fundapp.permissions import Permission, why_not
from fundapp.registry import rules
from fundapp.registry.models import Case, Direction, Document
from fundapp.workflow import NotAllowed, StepNotPossible, demand_step, take_step


def register(application: Any, *, by: Any) -> Case:
    """Give a submitted application its case and diary number, and file what was sent, dated the day it came in.

    Two registrars at once: the row is locked first, the second gets StepNotPossible. Errors: StepNotPossible,
    NotAllowed.
    """
    case = take_case(application, by=by)
    for submission in application.submissions:
        file_submission(application, submission, by=by)
    return case


def take_case(application: Any, *, by: Any) -> Case:
    """The step alone: a case with its number, in which nothing is filed yet. Errors: StepNotPossible, NotAllowed."""
    reread(application, with_for_update={"of": type(application)})
    demand_step(application, "register", by=by)
    fund = application.round.fund
    case = open_case(
        board=fund.board,
        subject=rules.case_subject(
            application.kind.name, fund.name, application.applicant_name or "", application.title or ""
        ),
        by=by,
    )
    record(application, "open_case", by=by, diary_number=case.diary_number)
    take_step(application, "register", by=by, case=case)
    return case


def sender_of(application: Any) -> str:
    """Who sends and receives in the case: the applicant, or the person who nominated somebody else."""
    if application.kind.name == "NOMINATION":
        return str(application.created_by.name or application.created_by.email)
    return application.applicant_name or ""


def file_submission(application: Any, submission: Any, *, by: Any) -> None:
    """File a frozen copy as received, and the attachments that are not in the case yet, each file once however many
    rows it has, dated the local day it came.
    """
    came_in = clock.local_day(submission.submitted_at)
    sender = sender_of(application)
    file_document(
        application.case,
        direction=Direction.RECEIVED,
        subject=rules.submission_subject(application.kind.name, submission.number),
        counterpart=sender,
        dated=came_in,
        paper=submission.paper,
        by=by,
    )
    filed = set(db.session.scalars(select(Document.file_id).where(Document.case_id == application.case.id)))
    for attachment in application.attachments:
        if attachment.file_id not in filed:
            filed.add(attachment.file_id)
            file_document(
                application.case,
                direction=Direction.RECEIVED,
                subject=rules.attachment_subject(attachment.kind, application.terms),
                counterpart=sender,
                dated=came_in,
                file=attachment.file,
                by=by,
            )


def demand_case(application: Any) -> Case:
    """The application's case. Errors: StepNotPossible where it is not registered yet."""
    if application.case is None:
        raise StepNotPossible(_dl("The application is not registered yet. Register it first."))
    case: Case = application.case
    return case


def file_by_hand(
    application: Any,
    *,
    direction: Direction,
    dated: date,
    counterpart: str,
    subject: str,
    file: StoredFile | None,
    by: Any,
) -> Document:
    """File what came or went another way: by post, over the counter, by another mail.

    Errors: NotAllowed, StepNotPossible.
    """
    reason = why_not(by, Permission.FILE_DOCUMENT, application.permission_subject)
    if reason is not None:
        raise NotAllowed(reason)
    document = file_document(
        demand_case(application),
        direction=direction,
        dated=dated,
        counterpart=counterpart,
        subject=subject,
        file=file,
        by=by,
    )
    record(application, "file_document", by=by, number=document.number, direction=direction)
    return document


def open_case(*, board: Board, subject: str, by: Any) -> Case:
    """A new case of the body in the present year, with the next number of its diary."""
    year = clock.today().year
    number = next_number(db.session, board=board, series=Series.DIARY, year=year)
    case = Case(
        board=board,
        year=year,
        number=number,
        diary_number=board.diary_number(year, number),
        subject=subject,
        opened_at=clock.now(),
        opened_by_id=by.id,
    )
    db.session.add(case)
    db.session.flush()
    return case


def file_document(
    case: Case,
    *,
    direction: Direction,
    subject: str,
    by: Any,
    counterpart: str = "",
    dated: date | None = None,
    paper: Paper | None = None,
    file: StoredFile | None = None,
    last: dict[int, int] | None = None,
) -> Document:
    """Add a document under the case's next number. The case's row is locked: two filers get two numbers.

    `last`: what `hold_cases` gave, where much is filed at once; then nothing is asked, and the caller flushes.
    """
    numbers = hold_cases([case]) if last is None else last
    numbers[case.id] += 1
    document = Document(
        case=case,
        number=numbers[case.id],
        direction=direction,
        dated=dated or clock.today(),
        counterpart=counterpart[:200],
        subject=subject[:400],
        paper=paper,
        file=file,
        filed_by_id=by.id if by is not None else None,
        filed_at=clock.now(),
    )
    db.session.add(document)
    if last is None:
        db.session.flush()
    return document


def hold_cases(cases: Sequence[Case]) -> dict[int, int]:
    """Lock the cases until the transaction ends, in one order; gives the last document's number of each by its id."""
    db.session.flush()
    ids = {case.id for case in cases}
    db.session.execute(select(Case.id).where(Case.id.in_(ids)).order_by(Case.id).with_for_update()).all()
    # Asked only now: what the lock waited for has been written.
    found = select(Document.case_id, func.max(Document.number)).where(Document.case_id.in_(ids))
    last = {row[0]: row[1] for row in db.session.execute(found.group_by(Document.case_id))}
    return {case_id: last.get(case_id, 0) for case_id in ids}


def send_again(message: Message, application: Any, *, by: Any) -> None:
    """Let a letter of the application's that failed, or still waits, be tried at once.

    Errors: NotAllowed; StepNotPossible for a letter that has left or is leaving.
    """
    reason = why_not(by, Permission.SEND_LETTER_AGAIN, application)
    if reason is not None:
        raise NotAllowed(reason)
    if not mail.send_again(message):
        raise StepNotPossible(_dl("The letter has left, or is leaving now."))
    record(application, "send_again", by=by, message=message.public_id)
