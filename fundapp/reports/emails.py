"""Mails about a report, each in its receiver's language."""

from collections.abc import Callable
from typing import Any

from flask import current_app, render_template, url_for

from fundapp import mail
from fundapp.accounts.models import Account
from fundapp.applications.receivers import receivers
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
    return _send("receipt", report, to.email, to.language, subject, papers=[report.paper])


def send_request(report: Report) -> Message:
    """What is asked for, in the official's words."""
    return _send_to_all(
        "additions",
        report,
        lambda: _("Your report needs additions: %(reference)s", reference=report.project.application.reference),
    )


def send_approval(report: Report, settlement: Settlement, repayment: Repayment | None) -> Message:
    """The report is approved, and what happens with the money."""
    return _send_to_all(
        "approval",
        report,
        lambda: _("Your report is approved: %(reference)s", reference=report.project.application.reference),
        settlement=settlement,
        repayment=repayment,
    )


def send_reminder(project: Project, *, is_late: bool) -> bool:
    """That the report is due soon, or late; to who applied, while they act for the organisation, and to the
    organisation, once each. Gives whether anything was written.
    """
    application = project.application
    written = False
    for to, language in receivers(application, application.created_by).items():
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


def _send_to_all(name: str, report: Report, subject: Callable[[], str], **facts: Any) -> Message:
    """To who sent the report, while they act for the organisation, and to the organisation. Gives the first message."""
    sender = db.session.get_one(Account, report.submitted_by_id)
    messages = []
    for to, code in receivers(report.project.application, sender).items():
        with speaking(code):
            words = subject()
        messages.append(_send(name, report, to, code, words, **facts))
    return messages[0]


def _send(
    name: str, report: Report, to: str, code: str, subject: str, papers: list[Any] | None = None, **facts: object
) -> Message:
    with speaking(code) as language:
        link = settings().base_url + url_for("projects.show", public_id=report.project.public_id)
        return mail.write(
            to=to,
            language=language.code,
            subject=subject,
            body=mail.in_both(lambda: render_template(f"reports/emails/{name}.txt", report=report, link=link, **facts)),
            thread=report.thread,
            papers=papers or [],
        )
