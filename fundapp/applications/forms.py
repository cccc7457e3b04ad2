"""What is chosen before the form itself (what to apply for, as whom), and a file to attach."""

from collections.abc import Collection, Sequence
from typing import Any

from flask_wtf.file import MultipleFileField
from markupsafe import Markup
from wtforms import RadioField, SelectField, SelectMultipleField
from wtforms.validators import StopValidation

from fundapp import files
from fundapp.accounts.models import Account, Organisation
from fundapp.applications import actions, rules
from fundapp.applications.models import Application, ApplicationKind, Attachment
from fundapp.applications.questions.base import choices, fund_text
from fundapp.applications.questions.shared import attachment_kinds
from fundapp.applications.signing import Signer, held_addresses
from fundapp.data_texts import with_swedish
from fundapp.funds.models import FundKind, Round
from fundapp.languages import AUTHORITY_LANGUAGE, LANGUAGES, OTHER_LANGUAGE, _, _l, current, long_day
from fundapp.web.fields import EmailField, Form, Needed


class LanguageForm(Form):
    """Which language the answers are written in: any there is. It begins with the language of the page."""

    text_language = SelectField(_l("Which language do you write your answers in?"), validate_choice=False)

    def __init__(self, text_language: str | None = None, **rest: Any) -> None:
        super().__init__(data={"text_language": text_language or current().code}, **rest)
        names = [(language.code, language.own_name) for language in LANGUAGES.values()]
        self.text_language.choices = choices([*names, (OTHER_LANGUAGE, _("Another language"))])

    @property
    def chosen_language(self) -> str:
        """The language's code; what is not among the choices is the language of the page."""
        code = self.text_language.data
        return code if code in LANGUAGES or code == OTHER_LANGUAGE else current().code


class AskForTranslationForm(Form):
    """Which language the applicant wants a decision in; not one that it is in, or is asked for in, already."""

    language = SelectField(_l("Language"), validate_choice=False)

    def __init__(self, known: Collection[str] = (), **rest: Any) -> None:
        super().__init__(data={"language": current().code}, **rest)
        others = [one for one in LANGUAGES.values() if one.code not in {AUTHORITY_LANGUAGE, *known}]
        self.language.choices = choices((one.code, one.own_name) for one in others)


class StartForm(LanguageForm):
    """`offer` is the round's id and the kind of form; a nomination needs no organisation."""

    offer = RadioField(_l("What do you want to do?"), [Needed(_l("Choose what you want to apply for."))], choices=[])
    organisation = RadioField(_l("Which organisation applies?"), choices=[], validate_choice=False)

    def __init__(self, rounds: Sequence[Round], by: Account, **rest: Any) -> None:
        super().__init__(**rest)
        self.rounds = {round_.id: round_ for round_ in rounds}
        own = (m.organisation for m in by.memberships if m.may_edit)
        self.organisations = {each.public_id: each for each in own if each.merged_into_id is None}
        self.offer.choices = choices((value, text) for value, text, _hint in offers(rounds))
        self.offer.validate_choice = False
        self.organisation.choices = choices((key, found.name) for key, found in self.organisations.items())

    @property
    def chosen(self) -> tuple[Round, ApplicationKind] | None:
        """The round and the form chosen, or None where the value is not among the offers."""
        round_id, _sign, kind = (self.offer.data or "").partition("-")
        if self.offer.data not in {choice.value for choice in self.offer.choices}:
            return None
        return self.rounds[int(round_id)], ApplicationKind[kind]

    @property
    def chosen_organisation(self) -> Organisation | None:
        return self.organisations.get(self.organisation.data or "")

    def validate(self, extra_validators: Any = None) -> bool:
        """The organisation is asked for and must be one that may apply, except for a nomination."""
        if not super().validate(extra_validators):
            return False
        if self.chosen is None:
            self.offer.errors = [_("Choose among the alternatives shown.")]
            return False
        round_, kind = self.chosen
        if kind is ApplicationKind.NOMINATION:
            return True
        if self.chosen_organisation is None:
            self.organisation.errors = [_("Choose the organisation that applies.")]
            return False
        reason = rules.why_not_apply(round_.fund.terms, self.chosen_organisation.kind)
        self.organisation.errors = [str(reason)] if reason else []
        return reason is None


def offers(rounds: Sequence[Round]) -> list[tuple[str, str, str]]:
    """What can be done now: value, text, and a line on until when."""
    found: list[tuple[str, str, str]] = []
    for round_ in rounds:
        until = _("Round %(round)s. Last day: %(day)s.", round=round_.label, day=long_day(rules.last_day(round_)))
        grant = round_.fund.kind is FundKind.FUND
        kinds = [ApplicationKind.GRANT if grant else ApplicationKind.AWARD]
        if round_.fund.terms["takes_nominations"]["value"]:
            kinds.append(ApplicationKind.NOMINATION)
        for kind in kinds:
            text = Markup("{}: {}").format(str(kind.label), with_swedish(round_.fund.name))
            found.append((f"{round_.id}-{kind.name}", text, until))
    return found


class AttachForm(Form):
    """One file, or several photographs that become one, and what it is."""

    kind = SelectField(_l("What the file is"), choices=[], validate_choice=False)
    file = MultipleFileField(_l("File"))

    def __init__(self, application: Application, *, is_later: bool = False, **rest: Any) -> None:
        """`is_later`: what was promised and is sent after the rest."""
        super().__init__(**rest)
        only = actions.opened(application).get("attachments")
        if is_later:
            only = frozenset(kind["code"] for kind, _day in actions.promised(application))
        kinds = [
            (kind["code"], fund_text(kind))
            for kind in attachment_kinds(application)
            if only is None or kind["code"] in only
        ]
        self.kind.choices = choices([("", _("Choose")), *kinds])
        self.checked: files.Checked | None = None

    def validate(self, extra_validators: Any = None) -> bool:
        """Opens what was sent; `checked` holds it, as one file, when it was taken."""
        super().validate(extra_validators)
        if not self.kind.data or self.kind.data not in {choice.value for choice in self.kind.choices}:
            self.kind.errors = [_("Choose what the file is.")]
        if not self.file.data:
            self.file.errors = [_("Choose a file.")]
        else:
            try:
                self.checked = files.accept(
                    [(sent.filename or "", sent.read(files.LARGEST + 1)) for sent in self.file.data]
                )
            except files.NotAccepted as fault:
                self.file.errors = [str(fault.reason)]
        return not self.kind.errors and not self.file.errors


class SigningForm(Form):
    """An address for each signatory who has not confirmed. An empty one is not asked now; no two share one."""

    fields_of: dict[int, str]

    @classmethod
    def for_signers(cls, signers: Sequence[Signer]) -> "SigningForm":
        """The form with a field for each who is still to confirm, and what is known of their addresses."""
        waiting = [each for each in signers if each.state != "confirmed"]
        fields = {
            f"email_{each.position}": EmailField(_("E-mail address of %(name)s", name=each.name)) for each in waiting
        }
        form: SigningForm = type("SigningForm", (cls,), fields)(
            data={f"email_{each.position}": each.email for each in waiting}
        )
        form.fields_of = {each.position: f"email_{each.position}" for each in waiting}
        form.signers = signers
        return form

    signers: Sequence[Signer]

    @property
    def addresses(self) -> dict[int, str]:
        return {position: self[name].data for position, name in self.fields_of.items() if self[name].data}

    def validate(self, extra_validators: Any = None) -> bool:
        """At least one address, and each signatory their own: who holds two links could sign for two."""
        if not super().validate(extra_validators):
            return False
        seen = held_addresses(self.signers, self.addresses)
        for position, email in self.addresses.items():
            if email in seen:
                field = self[self.fields_of[position]]
                field.errors = [_("Each signatory needs an address of their own.")]
            seen.add(email)
        if not self.addresses and self.fields_of:
            first = self[next(iter(self.fields_of.values()))]
            first.errors = [_("Write the e-mail address of at least one signatory.")]
        return not self.errors


class CopyForm(Form):
    """Into which round an application is copied, and which of its files are sent along again."""

    round = RadioField(_l("Which round is the new application for?"), choices=[], validate_choice=False)
    files = SelectMultipleField(_l("Use the same file"), choices=[], validate_choice=False)

    def __init__(self, rounds: Sequence[Round], attachments: Sequence[Attachment], **rest: Any) -> None:
        super().__init__(**rest)
        self.rounds = {str(each.id): each for each in rounds}
        self.attachments = {each.public_id: each for each in attachments}
        self.round.choices = choices((key, f"{each.fund.name}, {each.label}") for key, each in self.rounds.items())
        self.files.choices = choices((key, each.file.name) for key, each in self.attachments.items())
        if len(self.rounds) == 1 and not self.round.data:
            self.round.data = next(iter(self.rounds))

    def validate_round(self, field: Any) -> None:
        if field.data not in self.rounds:
            raise StopValidation(_("Choose among the alternatives shown."))

    @property
    def chosen(self) -> Round:
        return self.rounds[self.round.data]

    @property
    def chosen_files(self) -> list[Attachment]:
        """Each of the earlier application's files once, however often it is posted."""
        posted = set(self.files.data or [])
        return [each for key, each in self.attachments.items() if key in posted]
