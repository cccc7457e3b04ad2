"""The mail that tells that a court annulled the decision, and what must be paid back."""

from datetime import date
from typing import Any

from flask import current_app

from fundapp import clock, documents, mail
from fundapp.config import settings
from fundapp.decisions import papers
from fundapp.decisions.force import Force, Standing
from fundapp.decisions.models import Decision
from fundapp.languages import AUTHORITY_LANGUAGE, _, _d, long_day, speaking
from fundapp.mail import Message
from fundapp.registry.actions import file_document
from fundapp.registry.models import Direction


def send_annulment(decision: Decision, annulled_on: date, repayment: Any, *, by: Any) -> None:
    """To everybody who got the letter, filed in the case. `repayment`: what is asked back, or None."""
    for receiver in papers.receivers(decision):
        for address in receiver.addresses:
            message = _write(decision, receiver, address, annulled_on, repayment)
        _file(decision, receiver, message, by=by)


def _write(decision: Decision, receiver: papers.Receiver, to: str, annulled_on: date, repayment: Any) -> Message:
    with speaking(receiver.language) as language:
        # A command may write it too, so the link is built without a request.
        path = current_app.url_map.bind("").build(
            "applications.show", {"language": language.code, "public_id": decision.application.public_id}
        )
        template = current_app.jinja_env.get_template("decisions/emails/annulled.txt")
        facts = {
            "decision": decision,
            "repayment": repayment if receiver.is_applicant else None,
            "link": settings().base_url + path if receiver.is_applicant else None,
        }
        body = mail.in_both(
            lambda: template.render(sentence=str(Force(Standing.ANNULLED, annulled_on).sentence), **facts)
        )
        subject = _("Decision annulled: %(number)s", number=decision.case.diary_number)
        return mail.write(to=to, language=language.code, subject=subject, body=body, thread=decision.thread)


def _file(decision: Decision, receiver: papers.Receiver, message: Message, *, by: Any) -> None:
    """A mail to a party is a dispatched document of the case: OSL 2009:400 5:2."""
    with speaking(AUTHORITY_LANGUAGE):
        content = {
            "title": message.subject,
            "municipality": papers.municipality_of(decision),
            "lang": message.language,
            "meta": [[_("To"), f"{receiver.name} <{message.to}>"], [_("Date"), long_day(clock.today())]],
            "text": message.body.strip(),
        }
        subject = _d("Letter that the decision %(designation)s is annulled", designation=decision.item.designation)
    paper = documents.draw_up(
        "reports/documents/mail.typ", content, file_name=f"brev-{decision.public_id}.pdf", language=message.language
    )
    file_document(
        decision.case, direction=Direction.DISPATCHED, subject=subject, counterpart=receiver.name, paper=paper, by=by
    )
