"""Mails about a report, each in its receiver's language."""

from typing import Any

from flask import current_app, render_template, url_for

from fundapp import mail
from fundapp.accounts.models import Account
from fundapp.config import settings
from fundapp.db import db
from fundapp.languages import _, long_day, speaking
from fundapp.mail import Message
from fundapp.projects.models import Project
from fundapp.reports.models import Repayment, Report
from fundapp.reports.rules import Settlement


def send_receipt(report: Report, *, to: Account) -> Message:
    """To who sent it: when it came, and the copy as a PDF."""
    with speaking(to.language):
        subject = _("We have received your report: %(reference)s", reference=report.project.application.reference)
    return _send("receipt", report, to, subject, papers=[report.paper])


def send_request(report: Report) -> Message:
    """What is asked for, in the official's words."""
    to = _sender_of(report)
    with speaking(to.language):
        subject = _("Your report needs additions: %(reference)s", reference=report.project.application.reference)
    return _send("additions", report, to, subject)


def send_approval(report: Report, settlement: Settlement, repayment: Repayment | None) -> Message:
    """The report is approved, and what happens with the money."""
    to = _sender_of(report)
    with speaking(to.language):
        subject = _("Your report is approved: %(reference)s", reference=report.project.application.reference)
    return _send("approval", report, to, subject, settlement=settlement, repayment=repayment)


def send_reminder(project: Project, *, is_late: bool) -> bool:
    """That the report is due soon, or late; to who applied and to the organisation, once each.

    Gives whether anything was written.
    """
    application = project.application
    sender = db.session.get_one(Account, application.created_by_id)
    receivers = {sender.email: sender.language}
    if application.organisation is not None:
        receivers.setdefault(application.organisation.email.lower(), application.language)
    written = False
    for to, language in receivers.items():
        occasion = f"report {project.public_id} {'late' if is_late else 'soon'} {to}"[:200]
        if not mail.has_written(occasion):
            _write_reminder(project, to, language, occasion, is_late=is_late)
            written = True
    return written


def _write_reminder(project: Project, to: str, code: str, occasion: str, *, is_late: bool) -> None:
    with speaking(code) as language:
        subject = (
            _("Your report is late: %(reference)s", reference=project.application.reference)
            if is_late
            else _("Send your report by %(day)s", day=long_day(project.report_due_on))
        )
        # A worker writes it, so the link is built without a request.
        path = current_app.url_map.bind("").build(
            "projects.show", {"language": language.code, "public_id": project.public_id}
        )
        template = current_app.jinja_env.get_template("reports/emails/reminder.txt")
        facts = {"project": project, "is_late": is_late, "link": settings().base_url + path}
        body = mail.in_both(lambda: template.render(day=long_day(project.report_due_on), **facts))
        mail.write(to=to, language=language.code, subject=subject, body=body, thread=project.thread, occasion=occasion)


def _sender_of(report: Report) -> Account:
    return db.session.get_one(Account, report.submitted_by_id)


def _send(
    name: str, report: Report, to: Account, subject: str, papers: list[Any] | None = None, **facts: object
) -> Message:
    with speaking(to.language) as language:
        link = settings().base_url + url_for("projects.show", public_id=report.project.public_id)
        return mail.write(
            to=to.email,
            language=language.code,
            subject=subject,
            body=mail.in_both(lambda: render_template(f"reports/emails/{name}.txt", report=report, link=link, **facts)),
            thread=report.thread,
            papers=papers or [],
        )
