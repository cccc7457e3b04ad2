"""The word by mail that there is a message. What it says is read on the page alone: mail is open on its way."""

from flask import current_app

from fundapp import mail
from fundapp.applications.models import Application
from fundapp.applications.receivers import last_sender, receivers
from fundapp.config import settings
from fundapp.languages import _, _d, current, speaking
from fundapp.messages.models import CaseMessage


def send_notice(message: CaseMessage) -> None:
    """To the other side: who sent the application and the organisation, or the case officer where there is one."""
    if message.is_from_applicant:
        officer = message.application.officer
        if officer is not None and officer.id != message.written_by_id:
            _write(message.application, officer.email, officer.language, is_to_official=True)
        return
    for to, language in receivers(message.application, last_sender(message.application)).items():
        _write(message.application, to, language, is_to_official=False)


def _write(application: Application, to: str, code: str, *, is_to_official: bool) -> None:
    reference = application.case.diary_number if application.case else application.reference
    with speaking(code) as language:

        def body() -> str:
            return _body(application, is_to_official=is_to_official)

        mail.write(
            to=to,
            language=language.code,
            subject=(_d if is_to_official else _)("New message: %(reference)s", reference=reference),
            body=body() if is_to_official else mail.in_both(body),
            thread=application.thread,
        )


def _body(application: Application, *, is_to_official: bool) -> str:
    # Built without a request, as in every mail of a case.
    endpoint = "registry.messages" if is_to_official else "messages.show"
    path = current_app.url_map.bind("").build(
        endpoint, {"language": current().code, "public_id": application.public_id}
    )
    template = current_app.jinja_env.get_template("messages/emails/notice.txt")
    link = settings().base_url + path
    return template.render(title=application.title or "", link=link, is_to_official=is_to_official)
