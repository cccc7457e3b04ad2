"""What the registrar fills in for a sender, about a merged case, and about a change of particulars."""

from collections.abc import Sequence
from typing import Any

from flask_wtf.file import MultipleFileField
from wtforms import SelectField
from wtforms.validators import StopValidation

from fundapp import clock, files, mail
from fundapp.accounts.models import Organisation, OrganisationKind
from fundapp.applications.forms import offers
from fundapp.applications.models import Application, ApplicationKind
from fundapp.applications.questions.base import ChoiceField, choices, fund_text
from fundapp.applications.questions.shared import attachment_kinds
from fundapp.funds.models import Round
from fundapp.intake import queries
from fundapp.intake.correcting import FIELDS
from fundapp.intake.entering import Sender, Texts
from fundapp.intake.models import Way
from fundapp.languages import AUTHORITY_LANGUAGE, LANGUAGES, OTHER_LANGUAGE, Lazy, _, _d, _dl, _l
from fundapp.permissions import Person
from fundapp.web.fields import (
    AtMost,
    DayField,
    EmailField,
    Form,
    GiroField,
    KronorField,
    LineField,
    Needed,
    OrgNumberField,
    PhoneField,
    PostalCodeField,
    TextField,
)


def not_after_today(_form: Any, field: DayField) -> None:
    if field.data and field.data > clock.today():
        raise StopValidation(_d("Write today's date or an earlier one."))


class ScanForm(Form):
    """The paper as photographs or a PDF; several photographs become one file (`checked`)."""

    file = MultipleFileField(_dl("Scan or photos of the paper"))

    checked: files.Checked | None = None

    def validate_file(self, field: MultipleFileField) -> None:
        sent = [each for each in field.data or [] if each and each.filename]
        if not sent:
            return
        try:
            self.checked = files.accept([(each.filename, each.read(files.LARGEST + 1)) for each in sent])
        except files.NotAccepted as fault:
            raise StopValidation(str(fault.reason)) from fault


class EnterForm(ScanForm):
    """Who wrote or called, when and how, for what and how much. Everything else is typed part by part, or lacks."""

    offer = SelectField(_dl("What it is for"), [Needed(_dl("Choose what it is for."))], validate_choice=False)
    way = ChoiceField(
        _dl("How it came"), choices=choices((way.name, way.label) for way in Way), default=Way.LETTER.name
    )
    received_on = DayField(_dl("Day it came"), [Needed(_dl("Write the day it came.")), not_after_today])
    org_number = OrgNumberField(_l("Organisation number"))
    org_kind = SelectField(_l("What kind of organisation"), validate_choice=False)
    org_name = LineField(_dl("Name of the organisation"), [AtMost(200)])
    administration = LineField(_l("Administration and unit"), [AtMost(200)])
    nominee_name = LineField(_dl("Who is nominated"), [AtMost(200)])
    sender_name = LineField(_dl("Who sent it or called"), [Needed(_dl("Write the person's name.")), AtMost(200)])
    sender_email = EmailField(_l("E-mail address"))
    sender_phone = PhoneField(_l("Phone"))
    address = LineField(_l("Postal address"), [AtMost(200)])
    postal_code = PostalCodeField(_l("Postal code"))
    city = LineField(_l("Town"), [AtMost(100)])
    title = LineField(
        _dl("Name of the project or work"), [Needed(_dl("Write a name that tells what it is about.")), AtMost(150)]
    )
    amount = KronorField(_dl("Amount applied for"))
    text_language = SelectField(_dl("Language it is written in"), validate_choice=False)
    language = SelectField(_dl("Language of our letters"), validate_choice=False)

    def __init__(self, rounds: Sequence[Round], **rest: Any) -> None:
        super().__init__(**rest)
        self.rounds = {round_.id: round_ for round_ in rounds}
        self.offer.choices = choices([("", _d("Choose")), *((value, text) for value, text, _hint in _offers(rounds))])
        kinds = ((kind.name, str(kind.label)) for kind in OrganisationKind)
        self.org_kind.choices = choices([("", _d("Choose")), *kinds])
        names = [(language.code, language.own_name) for language in LANGUAGES.values()]
        self.language.choices = choices(names)
        self.text_language.choices = choices([*names, (OTHER_LANGUAGE, _("Another language"))])
        self.language.data = self.language.data or AUTHORITY_LANGUAGE
        self.text_language.data = self.text_language.data or AUTHORITY_LANGUAGE
        self.entries: list[Organisation] = []
        self.known: Organisation | None = None

    @property
    def chosen(self) -> tuple[Round, ApplicationKind] | None:
        if self.offer.data not in {choice.value for choice in self.offer.choices or [] if choice.value}:
            return None
        round_id, _sign, kind = str(self.offer.data).partition("-")
        return self.rounds[int(round_id)], ApplicationKind[kind]

    def validate(self, extra_validators: Any = None) -> bool:
        """The fields' own checks, and what each kind of application needs."""
        super().validate(extra_validators)
        if self.chosen is None:
            self.offer.errors = [_d("Choose what it is for.")]
        else:
            for field, text in self._missing(self.chosen[1]):
                field.errors = [*field.errors, str(text)]
        for field in (self.language, self.text_language):
            if field.data not in {choice.value for choice in field.choices or []}:
                field.errors = [_("Choose a language.")]
        return not self.errors

    def _missing(self, kind: ApplicationKind) -> list[tuple[Any, Lazy]]:
        if kind is ApplicationKind.NOMINATION:
            return [] if self.nominee_name.data else [(self.nominee_name, _dl("Write who is nominated."))]
        found: list[tuple[Any, Lazy]] = []
        if kind is ApplicationKind.GRANT and not self.amount.data and not self.amount.errors:
            text = _dl("Write the amount in kronor. Where the paper names none, call the sender and ask.")
            found.append((self.amount, text))
        if self.org_kind.data == OrganisationKind.MUNICIPAL_UNIT.name:
            needed = (self.org_name, self.administration)
            return found + [
                (field, _dl("Write which administration and unit it is.")) for field in needed if not field.data
            ]
        if self.org_number.errors:
            return found
        if not self.org_number.data:
            return [*found, (self.org_number, _dl("Write the organisation number. It can be looked up by the name."))]
        self.entries = queries.entries_of(self.org_number.data)
        self.known = queries.entry_of_sender(self.entries, self.sender_email.data or "")
        return found if self.known is not None else found + self._missing_of_new()

    def _missing_of_new(self) -> list[tuple[Any, Lazy]]:
        name, kind = (
            (_dl("Write the name of the organisation."), _l("Choose the kind of organisation."))
            if self.entries
            else (
                _dl("The number is new here. Write the organisation's name."),
                _dl("The number is new here. Choose the kind of organisation."),
            )
        )
        found: list[tuple[Any, Lazy]] = [] if self.org_name.data else [(self.org_name, name)]
        return found if self.org_kind.data in OrganisationKind.__members__ else [*found, (self.org_kind, kind)]

    def organisation(self) -> Organisation | None:
        """The sender's entry, or a new one that is not kept yet; None for a nomination."""
        if self.chosen is None or self.chosen[1] is ApplicationKind.NOMINATION:
            return None
        kind = OrganisationKind.__members__.get(self.org_kind.data or "")
        is_unit = kind is OrganisationKind.MUNICIPAL_UNIT
        if self.known is not None and not is_unit:
            return self.known
        return Organisation(
            kind=kind,
            name=self.org_name.data,
            org_number=None if is_unit else self.org_number.data,
            administration=self.administration.data if is_unit else "",
            address=self.address.data or "",
            postal_code=self.postal_code.data or "",
            city=self.city.data or "",
            email=self.sender_email.data or "",
            phone=self.sender_phone.data or "",
        )

    @property
    def sender(self) -> Sender:
        return Sender(
            name=self.sender_name.data,
            email=self.sender_email.data or "",
            phone=self.sender_phone.data or "",
            address=self.address.data or "",
            postal_code=self.postal_code.data or "",
            city=self.city.data or "",
        )

    def answers(self, kind: ApplicationKind) -> dict[str, Texts]:
        """What is known already, as the parts of the form keep it."""
        name, email = self.sender_name.data, self.sender_email.data or ""
        phone = self.sender_phone.data or ""
        if kind is ApplicationKind.NOMINATION:
            nominee = {"nominee_name": self.nominee_name.data}
            if self.org_number.data:
                nominee["nominee_org_number"] = self.org_number.data
            found = {"nominator": {"nominator_name": name, "nominator_phone": phone}, "nominee": nominee}
            return _as_texts(found | {"achievement": {"title": self.title.data}})
        found = {"organisation": {"contact_name": name, "contact_email": email, "contact_phone": phone}}
        if kind is ApplicationKind.AWARD:
            return _as_texts(found | {"achievement": {"title": self.title.data}})
        return _as_texts(found | {"project": {"title": self.title.data}, "budget": {"amount": str(self.amount.data)}})


def _as_texts(found: dict[str, dict[str, str]]) -> dict[str, Texts]:
    return {code: {name: [text] for name, text in texts.items() if text} for code, texts in found.items()}


def _offers(rounds: Sequence[Round]) -> list[tuple[str, str, str]]:
    """As the applicant's, each with its round: what is over is offered too."""
    return [(value, f"{text}, {round_.label}", hint) for round_ in rounds for value, text, hint in offers([round_])]


class PieceForm(ScanForm):
    """A file that came along, as one of what the fund asks for."""

    kind = SelectField(_dl("What the file is"), validate_choice=False)

    def __init__(self, application: Application, **rest: Any) -> None:
        super().__init__(**rest)
        kinds = [(kind["code"], fund_text(kind)) for kind in attachment_kinds(application)]
        self.kind.choices = choices([("", _d("Choose")), *kinds])

    def validate(self, extra_validators: Any = None) -> bool:
        super().validate(extra_validators)
        if not self.kind.data or self.kind.data not in {choice.value for choice in self.kind.choices or []}:
            self.kind.errors = [_d("Choose what the file is.")]
        if self.checked is None and not self.file.errors:
            self.file.errors = [_d("Choose a file.")]
        return not self.errors


class AdditionsForm(ScanForm):
    """The day on which additions came, and their scan."""

    received_on = DayField(_dl("Day it came"), [Needed(_dl("Write the day it came.")), not_after_today])


class PostedForm(Form):
    posted_on = DayField(_dl("Day it was posted"), [Needed(_dl("Write the day it was posted.")), not_after_today])


class MergeForm(Form):
    """Into which case, and why."""

    other = SelectField(_dl("Handle it in this case"), validate_choice=False)
    reason = TextField(
        _dl("Why they are the same"), [Needed(_dl("Write how you know that they are the same.")), AtMost(500)]
    )

    def __init__(self, application: Application, person: Person, **rest: Any) -> None:
        super().__init__(**rest)
        self.offered = queries.may_merge_into(application, person)
        self.by_key = {each.public_id: each for each, why_not in self.offered if why_not is None}
        named = ((key, f"{each.case.diary_number} · {each.title}") for key, each in self.by_key.items() if each.case)
        self.other.choices = choices([("", _d("Choose")), *named])

    def validate_other(self, field: Any) -> None:
        if field.data not in self.by_key:
            raise StopValidation(_d("Choose the case."))

    @property
    def chosen(self) -> Application:
        return self.by_key[self.other.data]


class ReasonForm(Form):
    reason = TextField(
        _dl("How the request came, and how you know that it is theirs"),
        [Needed(_dl("Write how the request came, and how you know that it is theirs.")), AtMost(500)],
    )


class ParticularsForm(ReasonForm):
    """What is kept about an organisation; what is left as it is does not change."""

    org_number = OrgNumberField(FIELDS["org_number"])
    address = LineField(FIELDS["address"], [AtMost(200)])
    postal_code = PostalCodeField(FIELDS["postal_code"])
    city = LineField(FIELDS["city"], [AtMost(100)])
    email = EmailField(FIELDS["email"])
    phone = PhoneField(FIELDS["phone"])
    website = LineField(FIELDS["website"], [AtMost(200)])
    bankgiro = GiroField(FIELDS["bankgiro"])
    plusgiro = GiroField(FIELDS["plusgiro"], shortest=2)

    @property
    def values(self) -> dict[str, str]:
        return {name: self[name].data or "" for name in FIELDS}


class AddressForm(ReasonForm):
    """The address of a person: to be written to, or to act for an organisation."""

    email = EmailField(_l("E-mail address"), [Needed(_dl("Write the e-mail address."))])


def _told_apart(organisation: Organisation) -> tuple[str, ...]:
    """Doubles often have one name and one town."""
    return organisation.name, organisation.city, "" if mail.is_by_post(organisation.email) else organisation.email


class DoublesForm(ReasonForm):
    other = SelectField(_dl("The other entry"), validate_choice=False)

    def __init__(self, organisation: Organisation, **rest: Any) -> None:
        super().__init__(**rest)
        self.by_key = {each.public_id: each for each in queries.doubles(organisation)}
        named = ((key, ", ".join(filter(None, _told_apart(each)))) for key, each in self.by_key.items())
        self.other.choices = choices([("", _d("Choose")), *named])

    def validate_other(self, field: Any) -> None:
        if field.data not in self.by_key:
            raise StopValidation(_d("Choose the other entry."))

    @property
    def chosen(self) -> Organisation:
        return self.by_key[self.other.data]


class AnswerForm(Form):
    """Why a proposal is declined; nothing needs to be said where it is approved."""

    remark = LineField(_dl("Why not"), [AtMost(300)])
