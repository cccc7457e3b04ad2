"""The sign-in mail."""

from flask import render_template, url_for

from fundapp import mail
from fundapp.accounts.models import SignInAttempt
from fundapp.config import settings
from fundapp.languages import _, speaking


def send_sign_in(attempt: SignInAttempt, *, token: str, code: str) -> None:
    """A link and a six-digit code, in the language the page was read in."""
    with speaking(attempt.language):
        link = settings().base_url + url_for("accounts.open_link", token=token)
        mail.write(
            to=attempt.email,
            language=attempt.language,
            subject=_("Sign in: your code is %(code)s", code=code),
            body=render_template("accounts/emails/sign_in.txt", link=link, code=code),
        )
