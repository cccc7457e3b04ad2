"""The mail that brings the letter: the same text, and the letter itself as a PDF."""

from flask import current_app

from fundapp import mail
from fundapp.applications.models import ApplicationKind
from fundapp.config import settings
from fundapp.decisions.models import Decision
from fundapp.decisions.papers import Receiver
from fundapp.documents import Paper
from fundapp.languages import speaking


def send_letter(decision: Decision, receiver: Receiver, paper: Paper, *, is_held: bool = False) -> None:
    """Put the letter in the outbox, once for each address, with a subject in the receiver's language. `is_held`: it
    waits there until somebody has read and released it.
    """
    parts = paper.content["parts"]
    with speaking(receiver.language) as language:
        # A command may write it too, so the link is built without a request.
        path = current_app.url_map.bind("").build(
            "applications.show", {"language": language.code, "public_id": decision.application.public_id}
        )
        body = current_app.jinja_env.get_template("decisions/emails/letter.txt").render(
            parts=parts,
            link=settings().base_url + path if receiver.is_applicant else None,
            is_nomination=decision.application.kind is ApplicationKind.NOMINATION,
        )
        for address in receiver.addresses:
            mail.write(
                to=address,
                language=language.code,
                subject=f"{decision.case.diary_number}: {parts[-1]['title']}",
                body=body,
                thread=decision.thread,
                papers=[paper],
                is_held=is_held,
            )
