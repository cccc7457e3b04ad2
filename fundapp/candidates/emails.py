"""The mail that tells an association that it is nominated, and asks it."""

from flask import current_app

from fundapp import mail
from fundapp.candidates.models import Candidate
from fundapp.config import settings
from fundapp.languages import _, speaking
from fundapp.mail import Message


def send_question(candidate: Candidate, *, token: str) -> tuple[Message, str]:
    """Write the mail, in Swedish and in the candidate's language; gives it, and its text as the diary keeps it, in
    which the link is left out: it is a secret.
    """
    with speaking(candidate.language) as language:
        path = current_app.url_map.bind("").build("candidates.answer", {"language": language.code, "token": token})
        link = settings().base_url + path
        text = current_app.jinja_env.get_template("candidates/emails/question.txt")
        facts = {"candidate": candidate, "fund": candidate.round.fund.name, "link": link}
        body = mail.in_both(lambda: text.render(**facts))
        message = mail.write(
            to=candidate.email,
            language=language.code,
            subject=_("You are nominated for %(fund)s", fund=candidate.round.fund.name),
            body=body,
            thread=candidate.thread,
        )
    return message, body.replace(link, "[…]")
