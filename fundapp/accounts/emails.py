"""The mails on signing in, on whom one acts for, and on how an organisation is reached."""

from collections.abc import Mapping

from flask import render_template, url_for

from fundapp import mail
from fundapp.accounts.models import Account, Invitation, Organisation, SignInAttempt
from fundapp.config import settings
from fundapp.languages import Lazy, _, _l, speaking

_CONTACT: dict[str, Lazy] = {"email": _l("E-mail of the organisation"), "phone": _l("Phone of the organisation")}


def send_sign_in(attempt: SignInAttempt, *, token: str, code: str) -> None:
    """A link and a six-digit code, in the language the page was read in."""
    with speaking(attempt.language):
        link = settings().base_url + url_for("accounts.open_link", token=token)
        mail.write(
            to=attempt.email,
            language=attempt.language,
            subject=_("Sign in: your code is %(code)s", code=code),
            body=mail.in_both(lambda: render_template("accounts/emails/sign_in.txt", link=link, code=code)),
        )


def send_invitation(invitation: Invitation, *, token: str) -> None:
    """The link by which the address comes to act for the organisation, in the language that the inviter chose."""
    with speaking(invitation.language):
        link = settings().base_url + url_for("accounts.invitation", token=token)
        name = invitation.organisation.name
        mail.write(
            to=invitation.email,
            language=invitation.language,
            subject=_("You are invited to act for %(name)s", name=name),
            body=mail.in_both(
                lambda: render_template("accounts/emails/invitation.txt", link=link, invitation=invitation)
            ),
        )


def send_removed(organisation: Organisation, account: Account) -> None:
    """That the person no longer acts for the organisation."""
    with speaking(account.language):
        mail.write(
            to=account.email,
            language=account.language,
            subject=_("You no longer act for %(name)s", name=organisation.name),
            body=mail.in_both(lambda: render_template("accounts/emails/removed.txt", organisation=organisation)),
        )


def send_contact_changed(
    organisation: Organisation, changed: Mapping[str, tuple[str, str]], *, by: Account, to: Mapping[str, str]
) -> None:
    """That one of its people has written another e-mail or telephone, from what to what: in time to say no."""
    for address, language in to.items():
        with speaking(language):
            body = mail.in_both(
                lambda: render_template(
                    "accounts/emails/contact_changed.txt",
                    organisation=organisation,
                    changes=[(_CONTACT[name], old, new) for name, (old, new) in changed.items()],
                    by=by,
                )
            )
            subject = _("New e-mail or phone: %(name)s", name=organisation.name)
            mail.write(to=address, language=language, subject=subject, body=body)
