"""The receipt by mail, and the word that an application was withdrawn."""

from flask import current_app

from fundapp import languages, mail
from fundapp.accounts.models import Account
from fundapp.applications.models import Application, Submission
from fundapp.config import settings
from fundapp.languages import _, speaking


def send_receipt(submission: Submission, *, by: Account) -> None:
    """What was sent and when, with the copy as PDF, each in the receiver's language."""
    application = submission.application
    for to, language in _receivers(application, by).items():
        with speaking(language):
            subject = (
                _("We have received: %(reference)s", reference=application.reference)
                if submission.number == 1
                else _("We have received your additions: %(reference)s", reference=application.reference)
            )
            body = _body("receipt.txt", application, submission=submission)
            mail.write(
                to=to,
                language=language,
                subject=subject,
                body=body,
                thread=application.thread,
                papers=[submission.paper],
            )


def send_withdrawn(application: Application, *, by: Account) -> None:
    """That the application is withdrawn, to the same addresses as the receipt."""
    for to, language in _receivers(application, by).items():
        with speaking(language):
            subject = _("Withdrawn: %(reference)s", reference=application.reference)
            body = _body("withdrawn.txt", application)
            mail.write(to=to, language=language, subject=subject, body=body, thread=application.thread)


def _receivers(application: Application, by: Account) -> dict[str, str]:
    """Address and language of whoever should know: the person, and the organisation where its address is another."""
    found = {by.email: by.language}
    if application.organisation is not None:
        found.setdefault(application.organisation.email.lower(), application.language)
    return found


def _body(template: str, application: Application, **more: Submission) -> str:
    # A command may write it too, so neither link nor template asks for a request.
    path = current_app.url_map.bind("").build(
        "applications.show", {"language": languages.current().code, "public_id": application.public_id}
    )
    text = current_app.jinja_env.get_template(f"applications/emails/{template}")
    return text.render(application=application, link=settings().base_url + path, **more)
