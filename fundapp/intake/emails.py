"""Mail to the applicant about a merged case and about changed particulars."""

from collections.abc import Iterable, Sequence

from flask import current_app

from fundapp import languages, mail
from fundapp.applications.models import Application
from fundapp.applications.receivers import last_sender, receivers
from fundapp.config import settings
from fundapp.languages import Lazy, _, speaking


def send_merged(application: Application, other: Application) -> None:
    """That two applications are handled as one, and under which number; to whoever sent either, and organisations."""
    numbers = {"reference": application.reference, "number": other.case.diary_number if other.case else ""}
    to_all = receivers(application, last_sender(application)) | receivers(other, last_sender(other))
    for to, language in to_all.items():
        with speaking(language):
            subject = _("Handled together: %(reference)s", reference=application.reference)
            body = mail.in_both(lambda: _rendered("merged.txt", application=application, link=_link(other), **numbers))
            mail.write(to=to, language=language, subject=subject, body=body, thread=application.thread)


def send_corrected(
    application: Application, name: str, changes: Sequence[tuple[Lazy, str, str]], *, to: Iterable[str]
) -> None:
    """What was changed, as (field, old, new) to old and new contact alike.

    It stands in no thread but where it is posted: an old address that takes no mail must hold up no other letter.
    """
    language = application.language
    for address in dict.fromkeys(to):
        with speaking(language):
            subject = _("We have changed what we keep about %(name)s", name=name)
            body = mail.in_both(lambda: _rendered("corrected.txt", name=name, changes=changes))
            thread = application.thread if mail.is_by_post(address) else ""
            mail.write(to=address, language=language, subject=subject, body=body, thread=thread)


def _link(application: Application) -> str:
    path = current_app.url_map.bind("").build(
        "applications.show", {"language": languages.current().code, "public_id": application.public_id}
    )
    return settings().base_url + path


def _rendered(template: str, **facts: object) -> str:
    return current_app.jinja_env.get_template(f"intake/emails/{template}").render(**facts)
