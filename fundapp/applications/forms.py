"""What is chosen before the form itself (what to apply for, as whom), and a file to attach."""

from collections.abc import Sequence
from typing import Any

from flask_wtf.file import MultipleFileField
from markupsafe import Markup
from wtforms import RadioField, SelectField

from fundapp import files
from fundapp.accounts.models import Account, Organisation
from fundapp.applications import rules
from fundapp.applications.models import Application, ApplicationKind
from fundapp.applications.questions.base import choices, fund_text
from fundapp.applications.questions.shared import attachment_kinds
from fundapp.funds.models import FundKind, Round
from fundapp.languages import _, _l, long_day
from fundapp.web.fields import Form, Needed


class StartForm(Form):
    """`offer` is the round's id and the kind of form; a nomination needs no organisation."""

    offer = RadioField(_l("What do you want to do?"), [Needed(_l("Choose what you want to apply for."))], choices=[])
    organisation = RadioField(_l("Which organisation applies?"), choices=[], validate_choice=False)

    def __init__(self, rounds: Sequence[Round], by: Account, **rest: Any) -> None:
        super().__init__(**rest)
        self.rounds = {round_.id: round_ for round_ in rounds}
        self.organisations = {m.organisation.public_id: m.organisation for m in by.memberships}
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
            text = Markup('{}: <bdi lang="sv">{}</bdi>').format(str(kind.label), round_.fund.name)
            found.append((f"{round_.id}-{kind.name}", text, until))
    return found


class AttachForm(Form):
    """One file, or several photographs that become one, and what it is."""

    kind = SelectField(_l("What the file is"), choices=[], validate_choice=False)
    file = MultipleFileField(_l("File"))

    def __init__(self, application: Application, **rest: Any) -> None:
        super().__init__(**rest)
        kinds = [(kind["code"], fund_text(kind)) for kind in attachment_kinds(application)]
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
