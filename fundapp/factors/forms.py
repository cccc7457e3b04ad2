"""What a person fills in to sign in with factors, to set them up, and to show who they are."""

from collections.abc import Iterable
from typing import Any

from flask_login import current_user
from wtforms import Field, HiddenField, PasswordField, StringField
from wtforms.validators import StopValidation

from fundapp import clock
from fundapp.config import settings
from fundapp.factors import actions, rules
from fundapp.languages import _, _l
from fundapp.web.fields import AtMost, EmailField, Form, LineField, Needed, western


class CodeField(StringField):
    """A code as typed, without blanks around, its digits those of every script. Never shown again."""

    data: Any

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.data = western("".join(valuelist[0].split())) if valuelist else ""

    def _value(self) -> str:
        return ""


class ProofForm(Form):
    """Password and code, of whom is signed in already."""

    password = PasswordField(_l("Password"), [Needed(_l("Write your password."))])
    code = CodeField(_l("Code from the app, or a recovery code"), [Needed(_l("Write a code from the app."))])


class PasswordSignInForm(ProofForm):
    email = EmailField(_l("E-mail address"), [Needed(_l("Write your e-mail address."))])


class MailedCodeForm(Form):
    mailed = CodeField(_l("Six-digit code"), [Needed(_l("Write the six digits from the mail."))])


class PasskeyForm(Form):
    """What the device answered, as JSON; the script puts it in."""

    credential = HiddenField()

    def validate_credential(self, field: Field) -> None:
        if not field.data:
            raise StopValidation(_("It did not work. Try again, or choose another way."))


class NewPasskeyForm(PasskeyForm):
    name = LineField(_l("Name of the passkey"), [Needed(_l("Write a name for the passkey.")), AtMost(100)])


class PasswordForm(Form):
    """A new password, twice; `words` are about the person and the place, and make no password."""

    password = PasswordField(_l("New password"), [Needed(_l("Write a password."))])
    password_again = PasswordField(_l("The same password once more"))

    def __init__(self, words: Iterable[str] = ()) -> None:
        super().__init__()
        self.words = tuple(words)

    def validate_password(self, field: Field) -> None:
        if len(field.data) < rules.SHORTEST:
            raise StopValidation(
                _(
                    "Write at least %(least)s characters; you wrote %(length)s.",
                    least=rules.SHORTEST,
                    length=len(field.data),
                )
            )
        AtMost(rules.LONGEST)(self, field)
        if rules.is_easily_guessed(field.data, self.words):
            raise StopValidation(_("This is easy to guess. Choose words that others do not choose."))

    def validate_password_again(self, field: Field) -> None:
        if field.data != self.password.data:
            raise StopValidation(_("Write the same password in both boxes."))


class PasswordAndAppForm(PasswordForm):
    """The first password, and the app whose codes go with it. `sealed` is the app's key, which nobody else can read."""

    sealed = HiddenField()
    code = CodeField(_l("Code from the app"), [Needed(_l("Write the code that the app shows."))])

    def __init__(self, words: Iterable[str] = ()) -> None:
        super().__init__(words)
        secret, owner = settings().secret_key, current_user.public_id
        found = rules.unseal(self.sealed.data or "", secret=secret, of=owner, now=clock.now())
        self.key = found or rules.new_totp_key()
        self.step: int | None = None
        if found is None:
            self.sealed.data = rules.seal(self.key, secret=secret, now=clock.now(), of=owner)

    def validate_code(self, field: Field) -> None:
        self.step = rules.step_of(field.data, self.key, now=actions.clock_of_apps())
        if self.step is None:
            raise StopValidation(_("That is not the code that the app shows now. Wait for the next one."))
