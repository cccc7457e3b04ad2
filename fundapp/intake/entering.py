"""Enter what came on paper or by telephone for who sent it, and receive and register it in one go.

What the paper lacks is asked for later, as a completion: only who applies, for what and how much must be known.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from fundapp import clock, files, mail
from fundapp.accounts.actions import account_by_email
from fundapp.accounts.models import Account, Organisation
from fundapp.applications import answers as reading
from fundapp.applications import emails, reminders, rules
from fundapp.applications.actions import opened
from fundapp.applications.freezing import freeze
from fundapp.applications.models import Application, ApplicationKind, Attachment, Section, Submission
from fundapp.applications.questions import FORM_VERSION, SectionForm
from fundapp.applications.questions.shared import attachment_kinds
from fundapp.assessments.actions import open_request
from fundapp.db import db, reread
from fundapp.files import Checked
from fundapp.funds.models import FundKind, FundState, Round
from fundapp.history.actions import record
from fundapp.intake.models import Intake, Way
from fundapp.languages import Lazy, _d, _dl, speaking
from fundapp.permissions import Permission, why_not
from fundapp.registry.actions import file_document, sender_of, take_case
from fundapp.registry.models import Direction
from fundapp.registry.rules import attachment_subject
from fundapp.workflow import NotAllowed, StepNotPossible, demand_step, take_step

NOON = timedelta(hours=12)
Texts = dict[str, list[str]]


@dataclass(frozen=True)
class Sender:
    """Who wrote or called, and where an answer reaches them; what is not known is empty."""

    name: str
    email: str = ""
    phone: str = ""
    address: str = ""
    postal_code: str = ""
    city: str = ""


class Lacking(StepNotPossible):
    """Without these it cannot be registered; `sentences` say what to write."""

    def __init__(self, sentences: list[Lazy]) -> None:
        super().__init__(sentences[0])
        self.sentences = sentences


class SavedMeanwhile(StepNotPossible):
    """Somebody else saved the part after this page was opened; `section` is what is kept now."""

    def __init__(self, section: Section) -> None:
        super().__init__(_dl("Somebody else saved this part while you wrote. Compare, and save again."))
        self.section = section


def enter(
    *,
    round_: Round,
    kind: ApplicationKind,
    way: Way,
    received_on: date,
    organisation: Organisation | None,
    sender: Sender,
    answers: dict[str, Texts],
    language: str,
    text_language: str,
    scan: Checked | None,
    by: Account,
) -> Intake:
    """Begin to enter it; `organisation` may be a new one, whose address is then the sender's. It gets no number and is
    seen by the registrars alone until it is received. Errors: NotAllowed, StepNotPossible.
    """
    _demand_fitting(round_, kind, organisation)
    if received_on > clock.today():
        raise StepNotPossible(_dl("Write today's date or an earlier one."))
    account = _account_of(sender, language)
    _keep_new(organisation, account, by)
    application = Application(
        kind=kind,
        round=round_,
        organisation=organisation,
        org_number=organisation.org_number if organisation is not None else None,
        created_by=account,
        created_at=clock.now(),
        language=language,
        text_language=text_language,
        form_version=FORM_VERSION,
        terms_version=round_.fund.version,
        is_entered=True,
        sections=[_section(code, texts, by) for code, texts in answers.items()],
    )
    db.session.add(application)
    db.session.flush()
    _demand(application, by)
    return _begin(application, way, received_on, sender, scan, by)


def _keep_new(organisation: Organisation | None, account: Account, by: Account) -> None:
    """Keep an organisation that is not kept yet; its letters go to the sender."""
    if organisation is None or organisation.id is not None:
        return
    organisation.email = organisation.email or account.email
    organisation.created_at = clock.now()
    db.session.add(organisation)
    record(organisation, "add_organisation", by=by)


def _begin(
    application: Application, way: Way, received_on: date, sender: Sender, scan: Checked | None, by: Account
) -> Intake:
    intake = Intake(
        application=application,
        way=way,
        received_on=received_on,
        sender=sender.name,
        address=sender.address,
        postal_code=sender.postal_code,
        city=sender.city,
        scan=files.store(scan, by_id=by.id) if scan is not None else None,
        entered_by=by,
        entered_at=clock.now(),
    )
    db.session.add(intake)
    record(application, "enter", by=by, way=way, received_on=received_on)
    db.session.flush()
    return intake


def _demand_fitting(round_: Round, kind: ApplicationKind, organisation: Organisation | None) -> None:
    if round_.fund.state is not FundState.OPEN or (kind is ApplicationKind.GRANT) != (
        round_.fund.kind is FundKind.FUND
    ):
        raise StepNotPossible(_dl("This form does not belong to the fund. Choose among the alternatives shown."))
    if (kind is ApplicationKind.NOMINATION) != (organisation is None):
        raise StepNotPossible(_dl("A nomination has a sender, and every other application an organisation."))


def _account_of(sender: Sender, language: str) -> Account:
    """The person's account, so that a later sign-in with the address finds it; without e-mail nobody can sign in."""
    known = account_by_email(sender.email) if sender.email else None
    if known is not None:
        return known
    account = Account(
        email=sender.email or mail.new_post_address(),
        name=sender.name,
        phone=sender.phone,
        language=language,
        is_active=bool(sender.email),
        created_at=clock.now(),
    )
    db.session.add(account)
    db.session.flush()
    return account


def _section(code: str, texts: Texts, by: Account) -> Section:
    return Section(code=code, answers=texts, version=1, saved_at=clock.now(), saved_by_id=by.id)


def _demand(application: Application, by: Account) -> None:
    """Errors: NotAllowed for who may not receive for others, or has a conflict of interest with this applicant."""
    for permission in (Permission.RECEIVE_ON_PAPER, Permission.REGISTER_APPLICATION):
        reason = why_not(by, permission, application)
        if reason is not None:
            raise NotAllowed(reason)


def _hold(application: Application, code: str, by: Account) -> frozenset[str] | None:
    """Lock it, and see that the part can be written in; gives the questions that are open, None for all."""
    _demand(application, by)
    reread(application, with_for_update={"of": Application})
    parts = opened(application)
    if code not in parts:
        raise StepNotPossible(_dl("This part cannot be changed now."))
    return parts[code]


def save_part(intake: Intake, code: str, texts: Texts, *, version: int, by: Account) -> Section:
    """Keep a part exactly as typed. `version`: the one its page showed. Errors: NotAllowed, StepNotPossible,
    SavedMeanwhile.
    """
    application = intake.application
    only = _hold(application, code, by)
    db.session.expire(application, ["sections"])
    section = next((each for each in application.sections if each.code == code), None)
    if section is None:
        section = Section(code=code, answers={}, version=0)
        application.sections.append(section)
    elif section.version != version and section.answers != texts:
        raise SavedMeanwhile(section)
    section.answers = texts if only is None else rules.with_changed(section.answers, texts, only)
    section.version += 1
    section.saved_at, section.saved_by_id = clock.now(), by.id
    db.session.flush()
    return section


def attach(intake: Intake, kind: str, checked: Checked, *, by: Account) -> Attachment:
    """Keep a file that came along, as what the fund asks for. Errors: NotAllowed, StepNotPossible."""
    application = intake.application
    only = _hold(application, "attachments", by)
    kinds = {asked["code"] for asked in attachment_kinds(application)}
    if kind not in (kinds if only is None else kinds & only):
        raise StepNotPossible(_dl("Choose what the file is."))
    stored = files.store(checked, by_id=by.id)
    attachment = Attachment(kind=kind, file=stored, added_at=clock.now(), added_by_id=by.id)
    application.attachments.append(attachment)
    record(application, "attach", by=by, kind=kind)
    db.session.flush()
    return attachment


def remove(intake: Intake, *, by: Account) -> None:
    """Give up an entry that was begun by mistake; it never had a number. Errors: NotAllowed, StepNotPossible."""
    application, scan = intake.application, intake.scan
    _demand(application, by)
    reread(application, with_for_update={"of": Application})
    demand_step(application, "receive", by=by)
    db.session.delete(intake)
    db.session.flush()
    reminders.remove(application, by=by)
    if scan is not None:
        db.session.delete(scan)
    db.session.flush()


def receive(intake: Intake, *, by: Account) -> Application:
    """Receive it by the day it came and register it: case, number, the scan as the first document, our typed copy after
    it, and word to the sender. Errors: NotAllowed, StepNotPossible, Lacking.
    """
    application = intake.application
    _demand(application, by)
    reread(application, with_for_update={"of": Application})
    demand_step(application, "receive", by=by)
    at = _instant(intake.received_on)
    is_late = intake.received_on > rules.last_day(application.round)
    submission = _take(application, intake, "receive", at=at, by=by, submitted_at=at, is_late=is_late)
    take_case(application, by=by)
    _file(intake, submission, dated=intake.received_on, scan_id=intake.scan_id, by=by)
    emails.send_receipt(submission, by=application.created_by)
    db.session.flush()
    return application


def receive_additions(intake: Intake, *, received_on: date, scan: Checked | None, by: Account) -> Submission:
    """Receive the additions that were asked for and have been typed in. Errors: as receive."""
    application = intake.application
    _demand(application, by)
    reread(application, with_for_update={"of": Application})
    demand_step(application, "receive_additions", by=by)
    if received_on > clock.today():
        raise StepNotPossible(_dl("Write today's date or an earlier one."))
    asked = open_request(application)
    submission = _take(application, intake, "receive_additions", at=_instant(received_on), by=by)
    db.session.flush()
    if asked is not None:
        asked.ended_at, asked.submission_id = clock.now(), submission.id
    stored = files.store(scan, by_id=by.id) if scan is not None else None
    db.session.flush()
    _file(intake, submission, dated=received_on, scan_id=stored.id if stored else None, by=by)
    emails.send_receipt(submission, by=application.created_by)
    return submission


def _instant(received_on: date) -> datetime:
    """When something counts as sent of which only the day is known."""
    return clock.now() if received_on == clock.today() else clock.start_of(received_on) + NOON


def _take(
    application: Application, intake: Intake, step: str, *, at: datetime, by: Account, **facts: Any
) -> Submission:
    """Set the facts, take the step and freeze what is known, all in one go."""
    sections = reading.all_sections(application)
    found = facts_known(application, sections)
    is_first = not application.submissions
    with db.session.no_autoflush:
        for name, value in found.items():
            setattr(application, name, value)
        if is_first:
            application.terms_version = application.round.fund.version
        take_step(application, step, by=by, **facts)
        return freeze(application, _content(application, intake, sections), at=at, by=application.created_by)


def facts_known(application: Application, sections: Sequence[SectionForm]) -> dict[str, Any]:
    """The application's columns as far as they can be read. Errors: Lacking."""
    found: dict[str, Any] = {}
    for form in sections:
        form.validate()
        found |= form.facts()
    found["title"] = (found.get("title") or "")[:200]
    # No cost on the paper is not a cost of nothing.
    found["total_cost"] = found.get("total_cost") or None
    lacking = []
    if not found["title"]:
        lacking.append(_dl("Write a name that tells what it is about, though the paper has none."))
    if not found.get("applicant_name"):
        lacking.append(_dl("Write who is nominated."))
    if application.kind is ApplicationKind.GRANT and not found.get("amount_requested"):
        lacking.append(_dl("Write the amount in kronor. Where the paper names none, call the sender and ask."))
    if lacking:
        raise Lacking(lacking)
    return found


def _content(application: Application, intake: Intake, sections: Sequence[SectionForm]) -> dict[str, Any]:
    """What was handed in, with how it came; an address that only the post reaches is none."""
    content = reading.frozen(application, sections, by=application.created_by)
    content["intake"] = {"way": intake.way.value, "received_on": intake.received_on.isoformat()}
    for part in (content["account"], content["organisation"] or {}):
        if mail.is_by_post(part.get("email", "")):
            part["email"] = ""
    return content


def _file(intake: Intake, submission: Submission, *, dated: date, scan_id: int | None, by: Account) -> None:
    """What came as received, our copy of it as drawn up, and what came along as received."""
    application = intake.application
    case, sender = application.case, sender_of(application)
    assert case is not None  # noqa: S101  the step before gave it one
    with speaking("sv"):
        came, copy = _subjects(intake, submission)
    if intake.way is not Way.PHONE or scan_id is not None:
        scan = db.session.get(files.StoredFile, scan_id) if scan_id is not None else None
        file_document(
            case, direction=Direction.RECEIVED, subject=came, counterpart=sender, dated=dated, file=scan, by=by
        )
    file_document(case, direction=Direction.DRAWN_UP, subject=copy, paper=submission.paper, by=by)
    filed = {document.file_id for document in case.documents}
    for attachment in application.attachments:
        if attachment.file_id not in filed:
            file_document(
                case,
                direction=Direction.RECEIVED,
                subject=attachment_subject(attachment.kind, application.terms),
                counterpart=sender,
                dated=dated,
                file=attachment.file,
                by=by,
            )


def _subjects(intake: Intake, submission: Submission) -> tuple[str, str]:
    """What the diary calls what came, and our typed copy of it."""
    if submission.number > 1:
        return _d("Additions to the application"), _d("Additions, typed in by the registrar")
    is_nomination = intake.application.kind is ApplicationKind.NOMINATION
    came = _d("Nomination") if is_nomination else _d("Application")
    if intake.way is Way.PHONE:
        return came, _d("%(what)s, written down from a telephone call", what=came)
    return came, _d("%(what)s, typed in by the registrar", what=came)
