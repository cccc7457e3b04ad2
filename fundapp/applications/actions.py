"""Start, write, send, complete and withdraw an application. Sending is one transaction, and safe to repeat."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload
from sqlalchemy.orm.attributes import set_committed_value

from fundapp import clock, documents, files
from fundapp.accounts.models import Account, Organisation
from fundapp.applications import answers as reading
from fundapp.applications import emails, papers, rules
from fundapp.applications.models import Application, ApplicationKind, Attachment, Section, Submission
from fundapp.applications.questions import FORM_VERSION, SectionForm, codes_of
from fundapp.applications.questions.shared import attachment_kinds
from fundapp.assessments import actions as assessments
from fundapp.db import db
from fundapp.files import Checked
from fundapp.funds.models import FundKind, Round
from fundapp.history.actions import record
from fundapp.languages import _d, _l, day_and_time, speaking
from fundapp.permissions import Permission, why_not
from fundapp.registry.actions import file_document
from fundapp.registry.models import Direction
from fundapp.workflow import ApplicationStatus, NotAllowed, StepNotPossible, take_step


def start(
    *, round_: Round, kind: ApplicationKind, organisation: Organisation | None, by: Account, language: str
) -> Application:
    """Begin a draft. Errors: NotAllowed, StepNotPossible (round closed, or the organisation may not apply here)."""
    _demand(by, Permission.START_APPLICATION)
    if not rules.is_open_at(round_, clock.now()):
        raise StepNotPossible(_l("This cannot be applied for now."))
    _demand_fitting(round_, kind, organisation, by)
    application = Application(
        kind=kind,
        round=round_,
        organisation=None if kind is ApplicationKind.NOMINATION else organisation,
        created_by=by,
        created_at=clock.now(),
        language=language,
        form_version=FORM_VERSION,
    )
    db.session.add(application)
    record(application, "start", by=by, kind=kind)
    return application


def _demand_fitting(round_: Round, kind: ApplicationKind, organisation: Organisation | None, by: Account) -> None:
    terms = round_.fund.terms
    if (kind is ApplicationKind.GRANT) != (round_.fund.kind is FundKind.FUND):
        raise StepNotPossible(_l("This form does not belong to what you apply for."))
    if kind is ApplicationKind.NOMINATION:
        if not terms["takes_nominations"]["value"]:
            raise StepNotPossible(_l("Nobody can be nominated here."))
        return
    if organisation is None:
        raise StepNotPossible(_l("Choose the organisation that applies."))
    if organisation.id not in by.organisation_ids:
        raise NotAllowed(_l("Only people of the organisation can do this."))
    reason = rules.why_not_apply(terms, organisation.kind)
    if reason is not None:
        raise StepNotPossible(reason)


def _demand(by: Account, permission: Permission, application: Application | None = None) -> None:
    reason = why_not(by, permission, application)
    if reason is not None:
        raise NotAllowed(reason)


def _lock(application: Application) -> None:
    """Read the row anew and keep everybody else waiting until this transaction ends."""
    db.session.flush()
    db.session.refresh(application, with_for_update={"of": Application})


def _hold_to_send(application: Application) -> None:
    """As `_lock`, and in the same breath all that is sent along and judged."""
    db.session.flush()
    with_all = (
        joinedload(Application.round).joinedload(Round.fund),
        joinedload(Application.organisation),
        selectinload(Application.sections),
        selectinload(Application.attachments),
    )
    row = select(Application).where(Application.id == application.id).options(*with_all)
    row = row.with_for_update(of=Application).execution_options(populate_existing=True)
    db.session.scalars(row).one()
    if application.status is ApplicationStatus.DRAFT:
        # A draft has been sent never, and its areas are in its answers alone: what is empty need not be looked for.
        set_committed_value(application, "submissions", [])
        set_committed_value(application, "areas", [])


def _sent_already(application: Application) -> Submission | None:
    """The copy there is, where the application was sent and nothing is asked for now."""
    if rules.is_editable(application) or application.status is ApplicationStatus.WITHDRAWN:
        return None
    return application.last_submission


def open_sections(application: Application) -> list[str]:
    """The codes of the sections that can be written in now."""
    if application.status is ApplicationStatus.DRAFT:
        return codes_of(application.kind)
    if application.status is not ApplicationStatus.COMPLETION_REQUESTED:
        return []
    asked = assessments.open_request(application)
    return [code for code in codes_of(application.kind) if asked is not None and code in asked.sections]


def _demand_open(application: Application, code: str) -> None:
    if code not in open_sections(application):
        raise StepNotPossible(_l("This part cannot be changed now."))


def save_section(application: Application, code: str, answers: dict[str, list[str]], *, by: Account) -> Section:
    """Keep a section exactly as typed, whether it can be sent or not. Errors: NotAllowed, StepNotPossible."""
    _demand(by, Permission.EDIT_APPLICATION, application)
    _lock(application)
    _demand_open(application, code)
    section = next((section for section in application.sections if section.code == code), None)
    if section is None:
        section = Section(code=code)
        application.sections.append(section)
    section.answers, section.saved_at, section.saved_by_id = answers, clock.now(), by.id
    db.session.flush()
    return section


def attach(application: Application, kind: str, checked: Checked, *, by: Account) -> Attachment:
    """Keep a checked file with the draft. Errors: NotAllowed, StepNotPossible."""
    _demand(by, Permission.EDIT_APPLICATION, application)
    _lock(application)
    _demand_open(application, "attachments")
    if kind not in {asked["code"] for asked in attachment_kinds(application)}:
        raise StepNotPossible(_l("This kind of attachment is not asked for."))
    if not rules.may_add_file(len(application.attachments)):
        raise StepNotPossible(_l("There are as many files as there can be. Remove one first."))
    stored = files.store(checked, by_id=by.id)
    attachment = Attachment(kind=kind, file=stored, added_at=clock.now(), added_by_id=by.id)
    application.attachments.append(attachment)
    record(application, "attach", by=by, kind=kind)
    db.session.flush()
    return attachment


def detach(attachment: Attachment, *, by: Account) -> None:
    """Take a file off the draft; the row stays. What was sent once can not be taken off. Errors as in attach."""
    application = attachment.application
    _demand(by, Permission.EDIT_APPLICATION, application)
    _lock(application)
    _demand_open(application, "attachments")
    last = application.last_submission
    if not rules.may_remove(attachment.added_at, last.submitted_at if last else None):
        raise StepNotPossible(_l("This file has been sent in and stays. Add the new one beside it."))
    attachment.removed_at = clock.now()
    record(application, "detach", by=by, kind=attachment.kind)
    db.session.flush()
    db.session.expire(application, ["attachments"])


def submit(application: Application, *, by: Account) -> Submission:
    """Send the draft, or the additions asked for. Sent already (double click, retry): gives the copy there is.

    Errors: NotAllowed, rules.NotComplete, StepNotPossible (the round closed, or the status does not allow it).
    """
    _demand(by, Permission.SUBMIT_APPLICATION, application)
    _hold_to_send(application)
    sent = _sent_already(application)
    if sent is not None:
        return sent
    is_first = application.status is ApplicationStatus.DRAFT
    now = clock.now()
    if is_first and not rules.is_open_at(application.round, now):
        raise StepNotPossible(
            _l(
                "It is too late: applications were taken until %(when)s.",
                when=day_and_time(application.round.closes_at),
            )
        )
    sections = reading.all_sections(application)
    missing = rules.missing_parts(reading.states_of(sections))
    if missing:
        raise rules.NotComplete(missing)
    # Facts first: the step's own facts go into the history, which must hold no typed text. All is written at once.
    with db.session.no_autoflush:
        for name, value in reading.facts_of(sections).items():
            setattr(application, name, value)
        step, facts = ("submit", {"submitted_at": now}) if is_first else ("complete", {})
        take_step(application, step, by=by, **facts)
        submission = _freeze(application, sections, at=now, by=by)
    if not is_first:
        assessments.end_completion(application, submission, by=by)
    emails.send_receipt(submission, by=by)
    db.session.flush()
    return submission


def _freeze(application: Application, sections: Sequence[SectionForm], *, at: datetime, by: Account) -> Submission:
    """The frozen copy; the application's row is held, so nobody else takes the same number."""
    content = reading.frozen(application, sections, by=by)
    number = len(application.submissions) + 1
    paper = documents.draw_up(
        "applications/documents/receipt.typ",
        papers.receipt(application, content, at=at),
        file_name=f"{application.reference}-{number}.pdf",
        language=application.language,
    )
    submission = Submission(
        number=number,
        language=application.language,
        content=content,
        submitted_at=at,
        submitted_by_id=by.id,
        paper=paper,
    )
    application.submissions.append(submission)
    return submission


def withdraw(application: Application, *, by: Account) -> None:
    """Take back what was sent, until it stands on an agenda. Errors: NotAllowed, StepNotPossible."""
    _lock(application)
    take_step(application, "withdraw", by=by)
    assessments.end_completion(application, None, by=by)
    if application.case is not None:
        with speaking("sv"):
            subject = _d("The applicant withdraws the application")
        file_document(
            application.case,
            direction=Direction.RECEIVED,
            subject=subject,
            counterpart=application.applicant_name or "",
            by=by,
        )
    emails.send_withdrawn(application, by=by)
