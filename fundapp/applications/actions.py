"""Start, write, send, complete and withdraw an application. Sending is one transaction, and safe to repeat."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload
from sqlalchemy.orm.attributes import set_committed_value

from fundapp import clock, files
from fundapp.accounts.models import Account, Organisation
from fundapp.applications import answers as reading
from fundapp.applications import emails, rules, signing
from fundapp.applications.freezing import freeze
from fundapp.applications.models import (
    Application,
    ApplicationKind,
    Attachment,
    Section,
    SectionAside,
    SectionChange,
    Submission,
)
from fundapp.applications.questions import FORM_VERSION, SectionForm, codes_of, section_form
from fundapp.applications.questions.shared import AttachmentsForm, attachment_kinds
from fundapp.assessments import actions as assessments
from fundapp.assessments import rules as assessment_rules
from fundapp.db import db
from fundapp.decisions.actions import demand_undecided
from fundapp.files import Checked
from fundapp.funds.models import FundKind, FundState, Round
from fundapp.history.actions import record
from fundapp.languages import _d, _l, day_and_time, speaking
from fundapp.permissions import Permission, why_not
from fundapp.registry.actions import file_document, sender_of
from fundapp.registry.models import Direction
from fundapp.registry.rules import attachment_subject
from fundapp.workflow import ApplicationStatus, NotAllowed, StepNotPossible, demand_step, take_step


def start(
    *,
    round_: Round,
    kind: ApplicationKind,
    organisation: Organisation | None,
    by: Account,
    language: str,
    text_language: str | None = None,
) -> Application:
    """Begin a draft; the answers are in `language` unless `text_language` says another.

    Errors: NotAllowed, StepNotPossible (round closed, or the organisation may not apply here).
    """
    _demand(by, Permission.START_APPLICATION)
    if round_.fund.state is not FundState.OPEN or not rules.is_open_at(round_, clock.now()):
        raise StepNotPossible(_l("This cannot be applied for now."))
    _demand_fitting(round_, kind, organisation, by)
    application = Application(
        kind=kind,
        round=round_,
        organisation=None if kind is ApplicationKind.NOMINATION else organisation,
        created_by=by,
        created_at=clock.now(),
        language=language,
        text_language=text_language or language,
        form_version=FORM_VERSION,
        terms_version=round_.fund.version,
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
    if organisation.id not in by.writes_for:
        raise NotAllowed(_l("You may not write applications for this organisation."))
    reason = rules.why_not_apply(terms, organisation.kind)
    if reason is not None:
        raise StepNotPossible(reason)


def name_language(application: Application, text_language: str, *, by: Account) -> None:
    """Say which language the answers are written in, while they can be changed. Errors: NotAllowed, StepNotPossible."""
    _demand(by, Permission.EDIT_APPLICATION, application)
    _lock(application)
    if not rules.is_editable(application):
        raise StepNotPossible(_l("This part cannot be changed now."))
    application.text_language = text_language
    record(application, "name_language", by=by, language=text_language)


def _demand(by: Account, permission: Permission, application: Application | None = None) -> None:
    reason = why_not(by, permission, application)
    if reason is not None:
        raise NotAllowed(reason)


def _lock(application: Application) -> None:
    """Read the row anew and keep everybody else waiting until this transaction ends."""
    db.session.flush()
    db.session.refresh(application, with_for_update={"of": Application})


def _hold_to_send(application: Application, by: Account) -> str | None:
    """As `_lock`, and in the same breath all that is sent along and judged. Gives the code of a section in which the
    person has not chosen between two texts (saving.py).
    """
    db.session.flush()
    with_all = (
        joinedload(Application.round).joinedload(Round.fund),
        joinedload(Application.organisation),
        selectinload(Application.attachments),
    )
    row = select(Application).where(Application.id == application.id).options(*with_all)
    row = row.with_for_update(of=Application).execution_options(populate_existing=True)
    db.session.scalars(row).one()
    if application.status is ApplicationStatus.DRAFT:
        # A draft has been sent never, and its areas are in its answers alone: what is empty need not be looked for.
        set_committed_value(application, "submissions", [])
        set_committed_value(application, "areas", [])
    is_own = (SectionAside.section_id == Section.id) & (SectionAside.account_id == by.id)
    found = select(Section, SectionAside.id).outerjoin(SectionAside, is_own).order_by(Section.id)
    found = found.where(Section.application_id == application.id).execution_options(populate_existing=True)
    rows = db.session.execute(found).all()
    set_committed_value(application, "sections", [section for section, _aside in rows])
    return next((section.code for section, aside in rows if aside is not None), None)


def _sent_already(application: Application) -> Submission | None:
    """The copy there is, where the application was sent and nothing is asked for now."""
    is_over = application.status in (ApplicationStatus.WITHDRAWN, ApplicationStatus.MERGED)
    if is_over or rules.is_editable(application):
        return None
    return application.last_submission


def opened(application: Application) -> dict[str, frozenset[str] | None]:
    """The sections that can be written in now, in the order of the form, and of each the questions; None: all."""
    codes = codes_of(application.kind)
    if application.status is ApplicationStatus.DRAFT:
        return dict.fromkeys(codes)
    if application.status is not ApplicationStatus.COMPLETION_REQUESTED:
        return {}
    asked = assessments.open_request(application)
    found = assessment_rules.opened(asked.sections, asked.questions) if asked is not None else {}
    return {code: found[code] for code in codes if code in found}


def open_sections(application: Application) -> list[str]:
    """The codes of the sections that can be written in now."""
    return list(opened(application))


def _demand_open(application: Application, code: str) -> frozenset[str] | None:
    """The questions of the section that can be written in; None: all."""
    found = opened(application)
    if code not in found:
        raise StepNotPossible(_l("This part cannot be changed now."))
    return found[code]


def save_section(
    application: Application, code: str, answers: dict[str, list[str]], *, by: Account, page: str = "", step: int = 0
) -> Section:
    """Keep a section exactly as typed, whether it can be sent or not; where single questions are open, the answers of
    the others stay as they were, whatever is posted. Pages save through saving.py, which looks at what others have
    saved; `page` and `step` are its. Errors: NotAllowed, StepNotPossible.
    """
    _demand(by, Permission.EDIT_APPLICATION, application)
    _lock(application)
    only = _demand_open(application, code)
    section = next((section for section in application.sections if section.code == code), None)
    if section is None:
        section = Section(code=code, answers={}, version=0)
        application.sections.append(section)
    kept = answers if only is None else rules.with_changed(section.answers, answers, only)
    before = {name: section.answers.get(name, []) for name in {**section.answers, **kept}}
    before = {name: texts for name, texts in before.items() if texts != kept.get(name, [])}
    section.answers, section.saved_at, section.saved_by_id = kept, clock.now(), by.id
    is_changed = bool(before) or not section.version
    section.version += is_changed
    db.session.flush()
    if is_changed:
        change = SectionChange(section_id=section.id, version=section.version, before=before, page=page, step=step)
        change.saved_at, change.saved_by_id = section.saved_at, by.id
        db.session.add(change)
        db.session.flush()
    return section


def attach(application: Application, kind: str, checked: Checked, *, by: Account) -> Attachment:
    """Keep a checked file with the draft. Errors: NotAllowed, StepNotPossible."""
    _demand(by, Permission.EDIT_APPLICATION, application)
    _lock(application)
    only = _demand_open(application, "attachments")
    kinds = {asked["code"] for asked in attachment_kinds(application)}
    if kind not in (kinds if only is None else kinds & only):
        raise StepNotPossible(_l("This kind of attachment is not asked for."))
    if not rules.may_add_file(len(application.attachments)):
        raise StepNotPossible(_l("There are as many files as there can be. Remove one first."))
    stored = files.store(checked, by_id=by.id)
    attachment = Attachment(kind=kind, file=stored, added_at=clock.now(), added_by_id=by.id)
    application.attachments.append(attachment)
    record(application, "attach", by=by, kind=kind)
    db.session.flush()
    return attachment


def attach_later(application: Application, kind: str, checked: Checked, *, by: Account) -> Attachment:
    """Keep a file that was promised when the application was sent, until the board has decided. It is filed as received
    where there is a case; else it is with the application. Errors: NotAllowed, StepNotPossible.
    """
    _demand(by, Permission.EDIT_APPLICATION, application)
    _lock(application)
    db.session.expire(application, ["attachments", "sections"])
    if kind not in {each["code"] for each, _day in promised(application)}:
        raise StepNotPossible(_l("This kind of attachment is not asked for."))
    stored = files.store(checked, by_id=by.id)
    attachment = Attachment(kind=kind, file=stored, added_at=clock.now(), added_by_id=by.id)
    application.attachments.append(attachment)
    record(application, "attach_later", by=by, kind=kind)
    db.session.flush()
    if application.case is not None:
        file_document(
            application.case,
            direction=Direction.RECEIVED,
            subject=attachment_subject(kind, application.terms),
            counterpart=sender_of(application),
            file=stored,
            by=by,
        )
    return attachment


def promised(application: Application) -> list[tuple[dict[str, Any], date]]:
    """The kinds of attachments that were said to come later and have not come, with the day; none in a draft."""
    if application.status not in rules.TAKES_LATER or "attachments" not in codes_of(application.kind):
        return []
    form = section_form(application, "attachments")
    return form.promised() if isinstance(form, AttachmentsForm) else []


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

    What comes in when the round has closed is kept and marked as late, for as long as the fund's terms say. What counts
    is when it came, not for how long it then waited.

    Errors: NotAllowed, rules.NotChosen, rules.NotComplete, signing.NotSigned, StepNotPossible (too late, too
    many files, or not from this status).
    """
    came = clock.now()
    _demand(by, Permission.SUBMIT_APPLICATION, application)
    if application.is_try_out:
        raise StepNotPossible(_l("This cannot be applied for now."))
    unchosen = _hold_to_send(application, by)
    now = rules.received_at(application.round, came, clock.now())
    sent = _sent_already(application)
    if sent is not None:
        return sent
    if unchosen is not None:
        raise rules.NotChosen(unchosen)
    is_first = application.status is ApplicationStatus.DRAFT
    if is_first and not rules.may_send_at(application.round, now):
        raise StepNotPossible(
            _l(
                "It is too late: applications were taken until %(when)s.",
                when=day_and_time(application.round.closes_at),
            )
        )
    sections = reading.all_sections(application)
    signed = _demand_whole(application, sections)
    # Facts first: the step's own facts go into the history, which must hold no typed text. All is written at once.
    with db.session.no_autoflush:
        for name, value in reading.facts_of(sections).items():
            setattr(application, name, value)
        step, facts = ("submit", _facts_of_sending(application.round, now)) if is_first else ("complete", {})
        if is_first:
            application.terms_version = application.round.fund.version
        take_step(application, step, by=by, **facts)
        content = reading.frozen(application, sections, by=by) | signed
        _hand_over(application, by)
        submission = freeze(application, content, at=now, by=by)
    if not is_first:
        assessments.end_completion(application, submission, by=by)
    emails.send_receipt(submission, by=by)
    db.session.flush()
    return submission


def _hand_over(application: Application, by: Account) -> None:
    """What was a draft of an entry that another has taken over becomes that one's when it is sent, as all else that was
    sent has: there it is seen and paid. The copy keeps the particulars that it was signed with. Errors: NotAllowed.
    """
    organisation = application.organisation
    while organisation is not None and organisation.merged_into_id is not None:
        organisation = db.session.get_one(Organisation, organisation.merged_into_id)
    if organisation is not application.organisation:
        application.organisation = organisation
        db.session.flush()
        _demand(by, Permission.SUBMIT_APPLICATION, application)


def _demand_whole(application: Application, sections: Sequence[SectionForm]) -> dict[str, Any]:
    """That nothing is missing, and of a draft no file too many (what was sent once cannot be taken off); gives who has
    signed, as the frozen copy keeps it.
    """
    missing = rules.missing_parts(reading.states_of(sections))
    if missing:
        raise rules.NotComplete(missing)
    if application.status is ApplicationStatus.DRAFT and not rules.are_few_files(len(application.attachments)):
        raise StepNotPossible(_l("There are as many files as there can be. Remove one first."))
    return signing.settled(application)


def _facts_of_sending(round_: Round, now: datetime) -> dict[str, Any]:
    return {"submitted_at": now, "is_late": rules.is_late_at(round_, now)}


def withdraw(application: Application, *, by: Account) -> None:
    """Take back what was sent, until the board has decided. Errors: NotAllowed, StepNotPossible."""
    _lock(application)
    demand_step(application, "withdraw", by=by)
    demand_undecided(application)
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
