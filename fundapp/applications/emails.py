"""The receipt by mail, the word that an application was withdrawn, and what is said of a draft that is not sent."""

from datetime import date
from typing import Any

from flask import current_app

from fundapp import languages, mail
from fundapp.accounts.models import Account
from fundapp.applications import rules
from fundapp.applications.models import Application, Signature, Submission
from fundapp.applications.receivers import receivers
from fundapp.config import settings
from fundapp.languages import _, long_day, speaking
from fundapp.permissions import acts_for
from fundapp.web.fields import tidy


def send_receipt(submission: Submission, *, by: Account) -> None:
    """What was sent and when, with the copy as PDF, each in the receiver's language."""
    application = submission.application
    for to, language in receivers(application, by).items():
        with speaking(language):
            subject = (
                _("We have received: %(reference)s", reference=application.reference)
                if submission.number == 1
                else _("We have received your additions: %(reference)s", reference=application.reference)
            )
            body = mail.in_both(lambda: _receipt(submission))
            mail.write(
                to=to,
                language=language,
                subject=subject,
                body=body,
                thread=application.thread,
                papers=[submission.paper],
            )


def _receipt(submission: Submission) -> str:
    application = submission.application
    late_note = rules.late_note(application.round) if application.is_late and submission.number == 1 else None
    return _body("receipt.txt", application, submission=submission, late_note=late_note)


def send_withdrawn(application: Application, *, by: Account) -> None:
    """That the application is withdrawn, to the same addresses as the receipt."""
    for to, language in receivers(application, by).items():
        with speaking(language):
            subject = _("Withdrawn: %(reference)s", reference=application.reference)
            body = mail.in_both(lambda: _body("withdrawn.txt", application))
            mail.write(to=to, language=language, subject=subject, body=body, thread=application.thread)


def send_signing(signature: Signature, *, token: str, by: Account) -> None:
    """An own link for a signatory, by which the application is read and confirmed. It stands in no thread, so that an
    address that takes no mail holds up no other letter.
    """
    application = signature.application
    with speaking(signature.language) as language:
        name = application.organisation.name if application.organisation is not None else ""
        path = current_app.url_map.bind("").build("signing.confirm", {"language": language.code, "token": token})
        text = current_app.jinja_env.get_template("applications/emails/sign.txt")
        facts = {"name": name, "signatory": signature.name, "by": by, "link": settings().base_url + path}
        body = mail.in_both(lambda: text.render(**facts))
        subject = _("Confirm the application of %(name)s", name=name)
        mail.write(to=signature.email, language=signature.language, subject=subject, body=body)


def send_draft_reminder(application: Application, *, days: int) -> bool:
    """That the last day to send the draft is near; once to each address. Gives whether anything was written."""
    last = rules.last_day(application.round)
    with speaking(application.language):
        subject = _("Send your application by %(day)s", day=long_day(last))
    return _send_of_draft(application, "draft_reminder.txt", subject, occasion=f"{days} days", day=last)


def send_draft_end(application: Application, *, kept_until: date) -> bool:
    """That the draft is removed after a day; once to each address. Gives whether anything was written."""
    with speaking(application.language):
        subject = _("Your application was never sent")
    return _send_of_draft(application, "draft_end.txt", subject, occasion="end", day=kept_until)


def _send_of_draft(application: Application, template: str, subject: str, *, occasion: str, day: date) -> bool:
    """Mail about a draft, in the draft's language; to who began it, as long as they act for the applicant."""
    by, organisation = application.created_by, application.organisation
    to = [by.email] if acts_for(by, application) else []
    if organisation is not None:
        to.append(organisation.email.lower())
    written = False
    with speaking(application.language) as language:
        title = typed_title(application)
        body = mail.in_both(
            lambda: _body(template, application, day=long_day(day), title=title or str(application.kind.label))
        )
        for address in dict.fromkeys(to):
            once = f"draft {application.public_id} {occasion} {address}"[:200]
            if not mail.has_written(once):
                mail.write(
                    to=address,
                    language=language.code,
                    subject=subject,
                    body=body,
                    thread=application.thread,
                    occasion=once,
                )
                written = True
    return written


def typed_title(application: Application) -> str:
    """The title as it is typed so far; empty where there is none."""
    for section in application.sections:
        typed = tidy((section.answers.get("title") or [""])[0])
        if section.code in ("project", "achievement") and typed:
            return typed[:150]
    return ""


def _body(template: str, application: Application, **more: Any) -> str:
    # A command may write it too, so neither link nor template asks for a request.
    path = current_app.url_map.bind("").build(
        "applications.show", {"language": languages.current().code, "public_id": application.public_id}
    )
    text = current_app.jinja_env.get_template(f"applications/emails/{template}")
    return text.render(application=application, link=settings().base_url + path, **more)
