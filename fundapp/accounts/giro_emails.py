"""Mails about another account for an organisation's money: to its contact and to who manages its people."""

from collections.abc import Mapping

from flask import current_app

from fundapp import mail
from fundapp.accounts.giro_tables import GiroAnswer, GiroChange
from fundapp.languages import _, speaking


def send_asked(change: GiroChange, *, to: Mapping[str, str]) -> None:
    """That somebody has asked for it, at once: there is time to say no before an official approves it."""
    for address, language in to.items():
        with speaking(language):
            name = change.organisation.name
            _write(change, address, language, _("A new account is asked for: %(name)s", name=name), "giro_asked.txt")


def send_answered(change: GiroChange, *, to: Mapping[str, str]) -> None:
    """That it is approved, or not and why."""
    is_approved = change.answer is GiroAnswer.APPROVED
    for address, language in to.items():
        with speaking(language):
            name = change.organisation.name
            subject = (
                _("A new account is in use: %(name)s", name=name)
                if is_approved
                else _("The account is not changed: %(name)s", name=name)
            )
            _write(change, address, language, subject, "giro_approved.txt" if is_approved else "giro_refused.txt")


def _write(change: GiroChange, to: str, language: str, subject: str, template: str) -> None:
    path = f"accounts/emails/{template}"
    body = mail.in_both(lambda: current_app.jinja_env.get_template(path).render(change=change))
    mail.write(to=to, language=language, subject=subject, body=body)
