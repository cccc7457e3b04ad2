"""Tell an association that it is nominated and ask it, before the board decides; it answers by an own mailed link,
without an account, or an official notes what it said otherwise. Both lie in the diary.
"""

from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, select

from fundapp import clock, documents, files
from fundapp.accounts.rules import hashed, new_token
from fundapp.candidates import emails, papers
from fundapp.candidates.actions import demand_impartial
from fundapp.candidates.models import Candidate, NomineeAnswer
from fundapp.db import db, reread
from fundapp.files import Checked, StoredFile
from fundapp.history.actions import record
from fundapp.languages import Lazy, _dl, _l
from fundapp.registry.actions import demand_case, file_document
from fundapp.registry.models import Direction
from fundapp.workflow import ENDED, StepNotPossible

LINK_LASTS = timedelta(days=30)  # assumption, as for a signatory's link
MESSAGE = "messages/documents/message.typ"


def ask(candidate: Candidate, *, by: Any) -> None:
    """Mail the association its link; an earlier link is then worth nothing. Errors: NotAllowed, StepNotPossible."""
    demand_impartial(candidate, by)
    _hold(candidate)
    reason = why_not_ask(candidate)
    if reason is not None:
        raise StepNotPossible(reason)
    case, token = demand_case(candidate.lead), new_token()
    candidate.token_hash, candidate.asked_at = hashed(token), clock.now()
    candidate.expires_at = clock.now() + LINK_LASTS
    message, body = emails.send_question(candidate, token=token)
    record(candidate, "ask_candidate", by=by)
    paper = documents.draw_up(
        MESSAGE, papers.question_content(candidate, message, body), file_name=papers.file_name("fraga", candidate)
    )
    file_document(
        case,
        direction=Direction.DISPATCHED,
        subject=papers.question_subject(),
        counterpart=candidate.name,
        paper=paper,
        by=by,
    )


def why_not_ask(candidate: Candidate) -> Lazy | None:
    """Why the association cannot be asked now."""
    if is_over(candidate):
        return _dl("The board has decided, so there is nothing to ask.")
    if candidate.answer is not None:
        return _dl("The association has answered.")
    if not candidate.email:
        return _dl("Write the association's e-mail among its particulars first.")
    return None


def is_over(candidate: Candidate) -> bool:
    return candidate.lead.status in ENDED


def by_token(token: str) -> Candidate | None:
    return db.session.scalar(select(Candidate).where(Candidate.token_hash == hashed(token)))


def is_link(connection: Connection, token: str) -> bool:
    """Whether the token is that of a mailed link, for the limits, which ask before the page does."""
    found = select(Candidate.id).where(Candidate.token_hash == hashed(token))
    return connection.scalar(found) is not None


def why_not_answer(candidate: Candidate) -> Lazy | None:
    """Why the link takes no answer now, as a sentence for who holds it."""
    if candidate.answer is not None:
        return _l("Thank you. We have received what you wrote.")
    if is_over(candidate):
        return _l("The board has dealt with it at a meeting. You get a letter with the decision.")
    if candidate.expires_at is not None and candidate.expires_at <= clock.now():
        return _l("This link is too old. Write to us, and we send a new one.")
    return None


def answer_by_link(
    candidate: Candidate, answer: NomineeAnswer, *, org_number: str | None, remarks: str, statutes: Checked | None
) -> None:
    """Keep what the association answered, once. Errors: StepNotPossible, store.StoreFailed."""
    _hold(candidate)
    reason = why_not_answer(candidate)
    if reason is not None:
        raise StepNotPossible(reason)
    stored = files.store(statutes, by_id=None) if statutes is not None else None
    _keep(candidate, answer, org_number=org_number, remarks=remarks, statutes=stored, by=None)


def note_answer(
    candidate: Candidate,
    answer: NomineeAnswer,
    *,
    org_number: str | None,
    remarks: str,
    statutes: Checked | None,
    by: Any,
) -> None:
    """An official writes down what the association said by telephone, post or otherwise; a later answer replaces an
    earlier one, which stays in the diary. Errors: NotAllowed, StepNotPossible, store.StoreFailed.
    """
    demand_impartial(candidate, by)
    _hold(candidate)
    if is_over(candidate):
        raise StepNotPossible(_dl("The board has decided, so there is nothing to ask."))
    stored = files.store(statutes, by_id=by.id) if statutes is not None else None
    _keep(candidate, answer, org_number=org_number, remarks=remarks, statutes=stored, by=by)


def _keep(
    candidate: Candidate,
    answer: NomineeAnswer,
    *,
    org_number: str | None,
    remarks: str,
    statutes: StoredFile | None,
    by: Any,
) -> None:
    case = demand_case(candidate.lead)
    with db.session.no_autoflush:
        candidate.answer, candidate.answered_at, candidate.remarks = answer, clock.now(), remarks
        candidate.answer_recorded_by_id = by.id if by is not None else None
        candidate.org_number = org_number or candidate.org_number
        candidate.statutes = statutes or candidate.statutes
    db.session.flush()
    record(candidate, "answer_candidate", by=by, answer=answer)
    paper = documents.draw_up(
        MESSAGE, papers.answer_content(candidate, by), file_name=papers.file_name("svar", candidate)
    )
    received = {"direction": Direction.RECEIVED, "counterpart": candidate.name, "by": by}
    file_document(case, subject=papers.answer_subject(), paper=paper, **received)
    if statutes is not None:
        file_document(case, subject=papers.statutes_subject(), file=statutes, **received)


def _hold(candidate: Candidate) -> None:
    reread(candidate, with_for_update={"of": Candidate})
