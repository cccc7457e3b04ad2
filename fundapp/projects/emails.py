"""Mails about a change that a project asks for."""

from flask import current_app

from fundapp import mail
from fundapp.config import settings
from fundapp.languages import _, _d, current, long_day, speaking
from fundapp.permissions import acts_for
from fundapp.projects.models import ChangeRequest


def send_request(request: ChangeRequest) -> None:
    """To the case officer, where there is one: that there is something to answer."""
    officer = request.project.application.officer
    if officer is None:
        return
    with speaking(officer.language):
        subject = _d("A project asks for a change: %(reference)s", reference=_reference(request))
        _write(request, officer.email, subject, _body("request", request))


def send_answer(request: ChangeRequest) -> None:
    """To who asked, or to the organisation where they have left it: yes or no, why, and what holds now."""
    application, asker = request.project.application, request.asked_by
    to, code = asker.email, asker.language
    if application.organisation is not None and not acts_for(asker, application):
        to, code = application.organisation.email.lower(), application.language
    with speaking(code):
        subject = _("Answer to your request for a change: %(reference)s", reference=_reference(request))
        _write(request, to, subject, mail.in_both(lambda: _body("answer", request)))


def _reference(request: ChangeRequest) -> str:
    application = request.project.application
    return application.case.diary_number if application.case else application.reference


def _write(request: ChangeRequest, to: str, subject: str, body: str) -> None:
    mail.write(to=to, language=current().code, subject=subject, body=body, thread=request.thread)


def _body(name: str, request: ChangeRequest) -> str:
    project = request.project
    path = current_app.url_map.bind("").build(
        "projects.show", {"language": current().code, "public_id": project.public_id}
    )
    return current_app.jinja_env.get_template(f"projects/emails/{name}.txt").render(
        request=request,
        title=project.title,
        ends=long_day(project.ends_on),
        due=long_day(project.report_due_on),
        link=settings().base_url + path,
    )
