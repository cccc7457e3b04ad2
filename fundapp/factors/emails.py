"""The mail that tells a person that how they sign in has changed: whoever did not do it learns of it."""

from collections.abc import Callable

from flask import render_template

from fundapp import mail
from fundapp.accounts.models import Account
from fundapp.languages import Lazy, _, _l, speaking

PASSWORD = _l("Password and code from an app")
PASSKEY = _l("Passkey")
RECOVERY_CODES = _l("Recovery codes")


def send_added(account: Account, what: Lazy) -> None:
    _send(account, lambda: _("Added: %(what)s", what=str(what)))


def send_changed(account: Account, what: Lazy) -> None:
    _send(account, lambda: _("Changed: %(what)s", what=str(what)))


def send_removed(account: Account, what: Lazy) -> None:
    _send(account, lambda: _("Removed: %(what)s", what=str(what)))


def send_used(account: Account, what: Lazy) -> None:
    _send(account, lambda: _("Used: %(what)s", what=str(what)))


def send_cleared(account: Account) -> None:
    _send(account, lambda: _("The municipality removed your password and your passkeys, so that you can set new ones."))


def _send(account: Account, what: Callable[[], str]) -> None:
    """In both languages: `what` is made anew in each."""
    with speaking(account.language):
        mail.write(
            to=account.email,
            language=account.language,
            subject=_("How you sign in has changed"),
            body=mail.in_both(lambda: render_template("factors/emails/changed.txt", what=what)),
        )
