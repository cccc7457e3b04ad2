"""What a person fills in about sign-in, account and organisation."""

from wtforms import BooleanField, FieldList, FormField, SelectField, StringField

from fundapp.accounts.models import OrganisationKind
from fundapp.languages import LANGUAGES, _, _l
from fundapp.web.fields import (
    AtMost,
    EmailField,
    Form,
    GiroField,
    LineField,
    Needed,
    OrgNumberField,
    PhoneField,
    PostalCodeField,
    TextField,
)


class SignInForm(Form):
    email = EmailField(_l("E-mail address"), [Needed(_l("Write your e-mail address."))])


class CodeForm(Form):
    code = LineField(_l("Six-digit code"), [Needed(_l("Write the six digits from the mail."))])


class AccountForm(Form):
    name = LineField(_l("Your name"), [Needed(_l("Write your name.")), AtMost(200)])
    phone = PhoneField(_l("Phone"))
    language = SelectField(_l("Language for mail from us"))

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.language.choices = [(language.code, language.own_name) for language in LANGUAGES.values()]


class SignatoryForm(Form):
    name = LineField(_l("Name"), [AtMost(200)])
    contact = LineField(_l("Phone or e-mail"), [AtMost(200)])


class OrganisationForm(Form):
    """Address and account of an applicant; what is asked for depends on the kind."""

    kind = SelectField(_l("What kind of organisation"), choices=[])
    name = LineField(_l("Name"), [Needed(_l("Write the organisation's name.")), AtMost(200)])
    org_number = OrgNumberField(_l("Organisation number"))
    administration = LineField(_l("Administration and unit"), [AtMost(200)])
    internal_account = LineField(_l("Internal account"), [AtMost(60)])
    address = LineField(_l("Postal address"), [Needed(_l("Write the postal address.")), AtMost(200)])
    postal_code = PostalCodeField(_l("Postal code"), [Needed(_l("Write the postal code."))])
    city = LineField(_l("Town"), [Needed(_l("Write the town.")), AtMost(100)])
    email = EmailField(_l("E-mail of the organisation"), [Needed(_l("Write the organisation's e-mail address."))])
    phone = PhoneField(_l("Phone of the organisation"), [Needed(_l("Write a phone number."))])
    website = LineField(_l("Website"), [AtMost(200)])
    bankgiro = GiroField(_l("Bankgiro"))
    plusgiro = GiroField(_l("Plusgiro"), shortest=2)
    signatories = FieldList(FormField(SignatoryForm), min_entries=2, max_entries=10)
    signs_jointly = BooleanField(_l("They sign together, not each alone"))

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.kind.choices = [("", _("Choose")), *((kind.name, str(kind.label)) for kind in OrganisationKind)]

    @property
    def is_municipal(self) -> bool:
        return bool(self.kind.data == OrganisationKind.MUNICIPAL_UNIT.name)

    def validate(self, extra_validators: object = None) -> bool:
        """The fields' own checks, and what a municipal unit gives instead of number and giro."""
        is_valid = super().validate(extra_validators)
        for field, text in self._missing():
            field.errors = [*field.errors, text]
            is_valid = False
        return bool(is_valid)

    def _missing(self) -> list[tuple[StringField, str]]:
        found = []
        if not self.kind.data:
            self.kind.errors = []
            found.append((self.kind, _("Choose the kind of organisation.")))
        if self.is_municipal:
            if not self.administration.data:
                found.append((self.administration, _("Write which administration and unit you are.")))
            if not self.internal_account.data:
                found.append((self.internal_account, _("Write the internal account.")))
            return found
        if not self.org_number.data and not self.org_number.errors:
            found.append((self.org_number, _("Write the organisation number.")))
        if not self.bankgiro.data and not self.plusgiro.data and not (self.bankgiro.errors or self.plusgiro.errors):
            found.append((self.bankgiro, _("Write a bankgiro or a plusgiro that belongs to the organisation.")))
        if not any(row.form.name.data for row in self.signatories):
            found.append((self.signatories[0].form.name, _("Write who may sign for the organisation.")))
        return found


class ConflictForm(Form):
    organisation = SelectField(_l("Organisation"))
    reason = TextField(_l("Why"), [Needed(_l("Write why you must not handle this.")), AtMost(500)])
