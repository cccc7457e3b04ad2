"""The mail that asks the applicant for a completion, in the applicant's language."""

from flask import current_app

from fundapp import mail
from fundapp.accounts.models import Account
from fundapp.applications.models import Application
from fundapp.assessments.models import CompletionRequest
from fundapp.config import settings
from fundapp.db import db
from fundapp.languages import Language, _, long_day, speaking


def send_completion_request(request: CompletionRequest) -> mail.Message:
    """What to add, in which sections, by when, and a link; to who sent the application and to the organisation.

    Gives the message to the sender.
    """
    application = request.application
    with speaking(application.language) as language:
        subject = _("Your application needs additions by %(day)s", day=long_day(request.due_on))
        body = _body(request, language)
        messages = [
            mail.write(to=to, language=language.code, subject=subject, body=body, thread=application.thread)
            for to in _receivers(application)
        ]
    return messages[0]


def _receivers(application: Application) -> list[str]:
    submission = application.last_submission
    sender = db.session.get_one(Account, submission.submitted_by_id if submission else application.created_by_id)
    organisation = application.organisation
    return list(dict.fromkeys([sender.email, organisation.email.lower() if organisation else sender.email]))


def _body(request: CompletionRequest, language: Language) -> str:
    application = request.application
    submission = application.last_submission
    titles = {part["code"]: part["title"] for part in submission.content["sections"]} if submission else {}
    # A command may write it too, so the link is built without a request.
    path = current_app.url_map.bind("").build(
        "applications.show", {"language": language.code, "public_id": application.public_id}
    )
    return current_app.jinja_env.get_template("assessments/emails/completion_request.txt").render(
        title=application.title or "",
        sections=[titles.get(code, code) for code in request.sections],
        what=request.what,
        day=long_day(request.due_on),
        link=settings().base_url + path,
        reference=application.case.diary_number if application.case else application.reference,
    )
