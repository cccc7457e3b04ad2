"""Mails about a report, each in its receiver's language."""

from typing import Any

from flask import render_template, url_for

from fundapp import mail
from fundapp.accounts.models import Account
from fundapp.config import settings
from fundapp.db import db
from fundapp.languages import _, speaking
from fundapp.mail import Message
from fundapp.reports.models import Repayment, Report
from fundapp.reports.rules import Settlement


def send_receipt(report: Report, *, to: Account) -> Message:
    """To who sent it: when it came, and the copy as a PDF."""
    with speaking(to.language):
        subject = _("We have received your report on %(title)s", title=report.project.title)
    return _send("receipt", report, to, subject, papers=[report.paper])


def send_request(report: Report) -> Message:
    """What is asked for, in the official's words."""
    to = _sender_of(report)
    with speaking(to.language):
        subject = _("Your report on %(title)s needs additions", title=report.project.title)
    return _send("additions", report, to, subject)


def send_approval(report: Report, settlement: Settlement, repayment: Repayment | None) -> Message:
    """The report is approved, and what happens with the money."""
    to = _sender_of(report)
    with speaking(to.language):
        subject = _("Your report on %(title)s is approved", title=report.project.title)
    return _send("approval", report, to, subject, settlement=settlement, repayment=repayment)


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
            body=render_template(f"reports/emails/{name}.txt", report=report, link=link, **facts),
            thread=report.thread,
            papers=papers or [],
        )
