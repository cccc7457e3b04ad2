"""A message as it lies in the diary: the frame in Swedish, the words as they were written."""

from typing import Any

from fundapp.applications.models import Application
from fundapp.goals.rules import municipality_named
from fundapp.languages import LANGUAGES, _, _d, day_and_time, language_name, speaking
from fundapp.messages.models import CaseMessage


def subject(*, is_from_applicant: bool) -> str:
    """What a message is called in the diary."""
    with speaking("sv"):
        return _d("Message from the applicant") if is_from_applicant else _d("Message to the applicant")


def content(message: CaseMessage, application: Application, writer: str) -> dict[str, Any]:
    """What messages/documents/message.typ shows."""
    with speaking("sv"):
        meta = [
            (_("Sent by"), writer),
            (_("Sent"), day_and_time(message.written_at)),
            (_("Diary number"), application.case.diary_number if application.case else ""),
            (_("Written in"), language_name(message.language)),
        ]
        return {
            "title": subject(is_from_applicant=message.is_from_applicant),
            "municipality": municipality_named(application.round.fund.municipality).name,
            "meta": [list(pair) for pair in meta],
            "lang": LANGUAGES[message.language].html_lang if message.language in LANGUAGES else None,
            "text": message.text,
        }
