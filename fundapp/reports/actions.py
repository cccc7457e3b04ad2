"""Account for a project: save and send the report, ask for additions, approve it, and take repaid money back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from fundapp import clock, meanwhile
from fundapp.db import db, reread
from fundapp.documents import Paper, draw_up
from fundapp.funds import actions as ledger
from fundapp.history.actions import record
from fundapp.languages import Lazy, _dl, _l, current, speaking
from fundapp.mail import Message
from fundapp.meanwhile import Basis
from fundapp.permissions import Permission, why_not
from fundapp.projects.actions import hold
from fundapp.projects.models import Project
from fundapp.registry.actions import file_document
from fundapp.registry.models import Direction
from fundapp.reports import emails, papers, rules
from fundapp.reports.models import ObjectiveResult, Repayment, Report
from fundapp.reports.rules import Settlement
from fundapp.workflow import (
    InstalmentStatus,
    NotAllowed,
    ProjectStatus,
    ReportStatus,
    StepNotPossible,
    demand_step,
    take_step,
)

Answers = Mapping[str, list[str]]
_OPEN = frozenset({ReportStatus.DRAFT, ReportStatus.COMPLETION_REQUESTED})


class ChangedMeanwhile(StepNotPossible):
    """The report, or what it leads to in money, is no longer what the person has read."""


@dataclass(frozen=True)
class ReportFacts:
    """A report whose every answer has been read; `used` in kronor, `results` by the objective's key."""

    carried_out: str
    what_was_done: str
    deviations: str
    lives_on: str
    women: int
    men: int
    girls: int
    boys: int
    used: int
    results: Mapping[int, str]


def report_of(project: Project) -> Report | None:
    return db.session.scalar(select(Report).where(Report.project_id == project.id))


def report_to_write(project: Project) -> Report | None:
    """The draft, None where nothing is written yet. Errors: StepNotPossible once it has been sent, or where a court
    annulled the decision.
    """
    demand_not_annulled(project)
    report = report_of(project)
    if report is not None and report.status not in _OPEN:
        raise StepNotPossible(_l("The report has been sent, so it cannot be changed."))
    return report


def demand_not_annulled(project: Project) -> None:
    """Nobody reports on a project whose decision is annulled. Errors: StepNotPossible."""
    if project.status is ProjectStatus.ANNULLED:
        raise StepNotPossible(_l("The decision was annulled, so no report is asked for."))


def _demand(permission: Permission, project: Project, by: Any) -> None:
    reason = why_not(by, permission, project)
    if reason is not None:
        raise NotAllowed(reason)


def held_report(project: Project) -> Report | None:
    """The report as it is now; nobody else changes it until the transaction ends."""
    hold(project)
    report = report_of(project)
    if report is not None:
        reread(report)
    return report


def save_together(project: Project, answers: Answers, basis: Basis, *, by: Any) -> Answers:
    """Keep what was typed, valid or not, together with what others have saved since the page was opened.

    Gives the person's own texts by field where somebody else changed the same field otherwise: what was saved before
    stays there until one is chosen. Errors: as in `save_report`.
    """
    _demand(Permission.WRITE_REPORT, project, by)
    report = held_report(project)
    if report is None:
        save_report(project, answers, by=by)
        return {}
    both = meanwhile.merged(answers, report.answers, basis)
    save_report(project, both.kept, by=by)
    return both.asked


def save_report(project: Project, answers: Answers, *, by: Any) -> Report:
    """Keep the draft exactly as typed, valid or not. Errors: NotAllowed; StepNotPossible once it has been sent."""
    _demand(Permission.WRITE_REPORT, project, by)
    hold(project)
    report = report_to_write(project)
    if report is None:
        report = Report(project=project, answers={})
        db.session.add(report)
    report.language, report.answers, report.saved_at = current().code, dict(answers), clock.now()
    db.session.flush()
    return report


def submit_report(project: Project, facts: ReportFacts, *, seen: str | None = None, by: Any) -> Report:
    """Send the report: the facts become columns, a frozen copy is filed, a receipt is mailed. Sending what has been
    sent (a double click, a retry) changes nothing and gives the same report.

    `seen`: the report's version as the person checked it. Errors: NotAllowed, ChangedMeanwhile, StepNotPossible.
    """
    _demand(Permission.SEND_REPORT, project, by)
    report = held_report(project)
    demand_not_annulled(project)
    if report is None:
        raise StepNotPossible(_l("Write the report first."))
    if report.status is ReportStatus.SUBMITTED:
        return report
    if seen is not None and seen != str(report.version):
        raise ChangedMeanwhile(_l("The report was changed while you read it. Read it again, and then send it."))
    take_step(report, "submit", by=by, used=facts.used, submitted_at=clock.now())
    _write_facts(report, facts, by)
    paper = draw_up("reports/documents/report.typ", papers.report_content(report), file_name=papers.file_name(report))
    report.paper = paper
    _file(report, paper, _dl("Report on %(title)s", title=project.title), Direction.RECEIVED, by=by)
    emails.send_receipt(report, to=by)
    return report


def _file(report: Report, paper: Paper, subject: Lazy, direction: Direction, *, by: Any) -> None:
    """Put a paper into the application's case; the diary is kept in Swedish."""
    application = report.project.application
    if application.case is None:  # the database keeps a granted application from being without its case
        raise StepNotPossible(_dl("The application has no case."))
    with speaking("sv"):
        file_document(
            application.case,
            direction=direction,
            subject=str(subject),
            by=by,
            counterpart=application.applicant_name or "",
            paper=paper,
        )


def _file_mail(report: Report, message: Message, subject: Lazy, *, by: Any) -> None:
    """A mail to the association is a dispatched document of the case: OSL 2009:400 5:2."""
    name = f"brev-{report.project.public_id}.pdf"
    content = papers.mail_content(message, report)
    paper = draw_up("reports/documents/mail.typ", content, file_name=name, language=message.language)
    _file(report, paper, subject, Direction.DISPATCHED, by=by)


def _write_facts(report: Report, facts: ReportFacts, by: Any) -> None:
    report.submitted_by_id = by.id
    report.carried_out, report.what_was_done = facts.carried_out, facts.what_was_done
    report.deviations, report.lives_on = facts.deviations, facts.lives_on
    report.women, report.men, report.girls, report.boys = facts.women, facts.men, facts.girls, facts.boys
    known = {result.objective_id: result for result in report.results}
    for objective in report.project.objectives:
        text = facts.results.get(objective.id, "")
        if objective.id in known:
            known[objective.id].text = text
        else:
            report.results.append(ObjectiveResult(objective=objective, text=text))
    db.session.flush()


def seen_of(report: Report) -> str:
    """What a page that shows the report says it has shown: its version, and the sums that approving it leads to."""
    money = settlement_of(report)
    return f"{report.version}.{money.still_to_pay}.{money.cancelled}.{money.repay}"


def _demand_read(now: str, seen: str | None) -> None:
    if seen is not None and seen != now:
        raise ChangedMeanwhile(_dl("The report or its sums have changed since you opened the page. Read it again."))


def request_additions(report: Report, *, note: str, seen: str | None = None, by: Any) -> None:
    """Send the report back with what is asked for. `seen`: as `seen_of` told it; what was paid since is no hindrance.

    Errors: NotAllowed, ChangedMeanwhile, StepNotPossible.
    """
    hold(report.project)
    reread(report)
    demand_not_annulled(report.project)
    demand_step(report, "request_completion", by=by)
    _demand_read(str(report.version), seen and seen.partition(".")[0])
    take_step(report, "request_completion", by=by)
    report.review_note = note
    message = emails.send_request(report)
    _file_mail(report, message, _dl("Request for additions to the report"), by=by)


def approve_report(report: Report, *, seen: str | None = None, by: Any) -> Settlement:
    """Approve the report, settle the money after `rules.settle` and close the project.

    `seen`: as `seen_of` told it when the person read the report. Errors: NotAllowed, ChangedMeanwhile, StepNotPossible.
    """
    project = report.project
    hold(project)
    reread(report)
    demand_not_annulled(project)
    demand_step(report, "approve", by=by)
    _demand_read(seen_of(report), seen)
    waits = why_not_settled(project)
    if waits is not None:
        raise StepNotPossible(waits)
    settlement = settlement_of(report)
    take_step(report, "approve", by=by, approved_at=clock.now())
    _cut_plan(project, settlement.still_to_pay, by)
    if settlement.released_now:
        report.release = ledger.release(
            project.application.round, settlement.released_now, reference=project.decision.item.designation, by=by
        )
    repayment = demand_repayment(project, settlement.repay, report=report, by=by) if settlement.repay else None
    take_step(project, "close", by=by, closed_at=clock.now())
    db.session.flush()
    message = emails.send_approval(report, settlement, repayment)
    _file_mail(report, message, _dl("Approval of the report"), by=by)
    return settlement


def why_not_settled(project: Project) -> Lazy | None:
    """What must be done before the money can be settled, as a sentence; None where nothing must."""
    if project.proposed:
        return _dl("A payment waits for approval. Approve it or send it back first.")
    return None


def settlement_of(report: Report) -> Settlement:
    """What approving this report leads to in money, as things stand now."""
    project = report.project
    return rules.settle(project.granted, report.used or 0, project.paid, project.granted - project.paid)


def _cut_plan(project: Project, keep: int, by: Any) -> None:
    """Keep the first planned parts up to `keep` kronor; the part at the edge is made smaller, later ones cancelled."""
    planned = [part for part in project.instalments if part.status is InstalmentStatus.PLANNED]
    for part, amount in zip(planned, rules.keep_first([part.amount for part in planned], keep), strict=True):
        if amount == 0:
            take_step(part, "cancel", by=by)
        elif amount != part.amount:
            record(part, "lower", by=by, old=part.amount, new=amount)
            part.amount = amount


def demand_repayment(project: Project, amount: int, *, report: Report | None = None, by: Any) -> Repayment:
    """Ask for money back that was paid: what the report says was not used, or all of an annulled grant."""
    due_on = clock.today() + timedelta(days=rules.DAYS_TO_REPAY)
    repayment = Repayment(project=project, report=report, amount=amount, due_on=due_on)
    db.session.add(repayment)
    db.session.flush()
    record(repayment, "demand_repayment", by=by, amount=amount, due_on=due_on)
    return repayment


def receive_repayment(repayment: Repayment, *, received_on: date, reference: str, by: Any) -> None:
    """Write that repaid money came in, and release it to the frame. The same once more changes nothing.

    Errors: NotAllowed; StepNotPossible for a day in the future, or where it has come in already.
    """
    project = repayment.project
    _demand(Permission.REVIEW_REPORT, project, by)
    hold(project)
    reread(repayment)
    if repayment.received_on is not None:
        if (repayment.received_on, repayment.reference) == (received_on, reference):
            return
        raise StepNotPossible(_dl("The repayment has been received already."))
    if received_on > clock.today():
        raise StepNotPossible(_dl("The money cannot have come in on a day that is still to come."))
    entry = ledger.release(project.application.round, repayment.amount, reference=reference, by=by)
    with db.session.no_autoflush:
        repayment.received_on, repayment.reference, repayment.ledger_entry = received_on, reference, entry
    record(repayment, "receive_repayment", by=by, amount=repayment.amount, received_on=received_on)
