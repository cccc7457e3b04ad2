"""The mail that asks the applicant for a completion, in the applicant's language."""

from typing import Any

from flask import current_app

from fundapp import mail
from fundapp.accounts.models import Account
from fundapp.applications.models import Application
from fundapp.applications.receivers import last_sender, receivers
from fundapp.assessments import rules
from fundapp.assessments.models import CompletionRequest
from fundapp.config import settings
from fundapp.db import db
from fundapp.languages import AUTHORITY_LANGUAGE, _, current, long_day, speaking
from fundapp.papers import filling
from fundapp.papers.models import PaperKind


def send_completion_request(request: CompletionRequest) -> mail.Message:
    """What to add, in which sections, by when, and a link; to who sent the application, while they act for the
    organisation, and to the organisation. Gives the first of the messages.
    """
    application = request.application
    with speaking(application.language) as language:
        subject = _("Your application needs additions by %(day)s", day=long_day(request.due_on))
        body = mail.in_both(lambda: _from_template(request) or _render("completion_request.txt", request))
        messages = [
            mail.write(to=to, language=language.code, subject=subject, body=body, thread=application.thread)
            for to in receivers(application, last_sender(application))
        ]
    return messages[0]


def send_completion_reminder(request: CompletionRequest, *, is_late: bool) -> bool:
    """That the day is near, or has passed; to the same addresses, once each. Gives whether anything was written."""
    application = request.application
    written = False
    with speaking(application.language) as language:
        subject = (
            _("Your additions are late: %(reference)s", reference=application.reference)
            if is_late
            else _("Send your additions by %(day)s", day=long_day(request.due_on))
        )
        body = mail.in_both(lambda: _render("completion_reminder.txt", request, is_late=is_late))
        for to in receivers(application, last_sender(application)):
            occasion = f"completion {request.public_id} {'late' if is_late else 'soon'} {to}"[:200]
            if mail.has_written(occasion):
                continue
            mail.write(
                to=to,
                language=language.code,
                subject=subject,
                body=body,
                thread=application.thread,
                occasion=occasion,
            )
            written = True
    return written


def _from_template(request: CompletionRequest) -> str | None:
    """The request in the municipality's own words, where there is a template in the language spoken now."""
    facts = {
        "vad som saknas": request.what,
        "delar": "\n".join(f"- {part}" for part in _opened_parts(request)),
        "sista dag": long_day(request.due_on),
        "länk": _link(request.application),
    }
    by = db.session.get_one(Account, request.requested_by_id)
    return filling.mail_text(PaperKind.COMPLETION, request.application, facts, by=by, language=current().code)


def _opened_parts(request: CompletionRequest) -> list[str]:
    submission = request.application.last_submission
    sent = submission.content["sections"] if submission else []
    opened = rules.opened(request.sections, request.questions)
    return [_named(part, opened[part["code"]]) for part in sent if part["code"] in opened]


def _link(application: Application) -> str:
    # A command may write it too, so the link is built without a request.
    place = {"language": current().code, "public_id": application.public_id}
    return settings().base_url + str(current_app.url_map.bind("").build("applications.show", place))


def _render(template: str, request: CompletionRequest, **more: bool) -> str:
    application = request.application
    return current_app.jinja_env.get_template(f"assessments/emails/{template}").render(
        title=application.title or "",
        sections=_opened_parts(request),
        what=request.what,
        day=long_day(request.due_on),
        link=_link(application),
        reference=application.case.diary_number if application.case else application.reference,
        **more,
    )


def _named(section: dict[str, Any], questions: frozenset[str] | None) -> str:
    """A section as the mail names it, with the questions that open where it is not the whole of it."""
    end = "_sv" if current().code == AUTHORITY_LANGUAGE else ""
    asked = [answer["question" + end] for answer in section["answers"] if answer["code"] in (questions or ())]
    title = str(section["title" + end])
    return f"{title}: {', '.join(asked)}" if asked else title
