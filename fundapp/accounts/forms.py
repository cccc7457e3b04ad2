"""What a person fills in about sign-in, account, organisation, roles and conflicts of interest."""

import re
from collections.abc import Iterable
from datetime import date
from typing import Any

from wtforms import BooleanField, Field, FieldList, FormField, HiddenField, SelectField
from wtforms.validators import StopValidation

from fundapp import clock
from fundapp.accounts.memberships import Rights
from fundapp.accounts.models import Organisation, OrganisationKind, RoleGiven, Signatory
from fundapp.accounts.particulars import seen_of
from fundapp.boards.models import Board
from fundapp.languages import LANGUAGES, _, _d, _dl, _l, current
from fundapp.permissions import Role
from fundapp.web.fields import (
    AtMost,
    DayField,
    EmailField,
    Form,
    GiroField,
    LineField,
    Needed,
    OrgNumberField,
    PhoneField,
    PostalCodeField,
    RowList,
    TextField,
)


class SignInForm(Form):
    email = EmailField(_l("E-mail address"), [Needed(_l("Write your e-mail address."))])


class CodeForm(Form):
    code = LineField(_l("Six-digit code"), [Needed(_l("Write the six digits from the mail."))])


class AccountForm(Form):
    name = LineField(_l("Your name"), [Needed(_l("Write your name.")), AtMost(200)])
    phone = PhoneField(_l("Phone"))
    language = SelectField(_l("Language for mail from us"), validate_choice=False)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.language.choices = [(language.code, language.own_name) for language in LANGUAGES.values()]

    def validate_language(self, field: Field) -> None:
        if field.data not in LANGUAGES:
            raise StopValidation(_("Choose a language."))


ROLES_OF_A_BOARD = frozenset({Role.SECRETARY, Role.MEMBER})
ROLES_OF_A_FUND = frozenset({Role.REGISTRAR, Role.OFFICER, Role.AUDITOR})
_MUNICIPAL_ALONE = ("administration", "internal_account")
_OTHERS_ALONE = ("org_number", "bankgiro", "plusgiro", "signatories")


def _web_address(_form: Any, field: Field) -> None:
    """`www.example.org` or a full http address; never another scheme, since the address becomes a link."""
    if field.data and not re.fullmatch(
        r"(https?://)?[^\s:/@][^\s:/@.]*\.[^\s:/@]+(:\d+)?(/\S*)?", field.data, re.IGNORECASE
    ):
        raise StopValidation(_("Write the address of the website, for example www.example.org."))


class SignatoryForm(Form):
    name = LineField(_l("Name"), [AtMost(200)])
    contact = LineField(_l("Phone or e-mail"), [AtMost(200)])


class OrganisationForm(Form):
    """Address and account of an applicant; what is asked for depends on the kind, and what is not is not checked.

    `seen`: which particulars stood on the page when it was opened.
    """

    kind = SelectField(_l("What kind of organisation"), choices=[], validate_choice=False)
    name = LineField(_l("Name"), [Needed(_l("Write the organisation's name.")), AtMost(200)])
    org_number = OrgNumberField(_l("Organisation number"))
    administration = LineField(_l("Administration and unit"), [AtMost(200)])
    internal_account = LineField(_l("Internal account"), [AtMost(60)])
    address = LineField(_l("Postal address"), [Needed(_l("Write the postal address.")), AtMost(200)])
    postal_code = PostalCodeField(_l("Postal code"), [Needed(_l("Write the postal code."))])
    city = LineField(_l("Town"), [Needed(_l("Write the town.")), AtMost(100)])
    email = EmailField(_l("E-mail of the organisation"), [Needed(_l("Write the organisation's e-mail address."))])
    phone = PhoneField(_l("Phone of the organisation"), [Needed(_l("Write a phone number."))])
    website = LineField(_l("Website"), [AtMost(200), _web_address])
    bankgiro = GiroField(_l("Bankgiro"))
    plusgiro = GiroField(_l("Plusgiro"), shortest=2)
    signatories = RowList(FormField(SignatoryForm), _l("Signatories"), min_entries=2, max_entries=10)
    signs_jointly = BooleanField(_l("They sign together, not each alone"))
    seen = HiddenField()

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.kind.choices = [("", _("Choose")), *((kind.name, str(kind.label)) for kind in OrganisationKind)]
        given = kwargs.get("obj")
        if isinstance(given, Organisation) and not self.is_submitted():
            self.kind.data = given.kind.name
            self.seen.data = seen_of(given)

    @property
    def is_municipal(self) -> bool:
        return bool(self.kind.data == OrganisationKind.MUNICIPAL_UNIT.name)

    def validate(self, extra_validators: object = None) -> bool:
        """The fields' own checks, and what a municipal unit gives instead of number and giro."""
        super().validate(extra_validators)
        for name in _OTHERS_ALONE if self.is_municipal else _MUNICIPAL_ALONE:
            self._forgive(self[name])
        for field, text in self._missing():
            field.errors = [*field.errors, text]
        # A row's fault reaches the summary through its list, which gathered the rows' faults before these were found.
        self.signatories.errors = [row.errors for row in self.signatories if row.errors]
        return not self.errors

    def _forgive(self, field: Field) -> None:
        field.errors = []
        for row in getattr(field, "entries", ()):
            for part in row.form:
                part.errors = []

    def _missing(self) -> list[tuple[Field, str]]:
        found: list[tuple[Field, str]] = []
        if self.kind.data not in OrganisationKind.__members__:
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
        found += [
            (row.form.name, _("Write the name of the person you gave a phone or e-mail for."))
            for row in self.signatories
            if row.form.contact.data and not row.form.name.data and any(r.form.name.data for r in self.signatories)
        ]
        return found

    @property
    def number(self) -> str | None:
        """The organisation number that the form gives; a municipal unit has none."""
        return None if self.is_municipal else self.org_number.data

    def refuse_number(self, organisation: Organisation, reason: object) -> None:
        """Tell why the number stays: beside the kind, where that is what would take it away or ask for one."""
        is_kinds = self.is_municipal != (organisation.kind is OrganisationKind.MUNICIPAL_UNIT)
        (self.kind if is_kinds else self.org_number).errors = [str(reason)]

    @property
    def accounts(self) -> dict[str, str]:
        """The account numbers that the form gives, of those that its kind is asked for."""
        names = ("internal_account",) if self.is_municipal else ("bankgiro", "plusgiro")
        return {name: self[name].data for name in names if self[name].data}

    def write_to(self, organisation: Organisation) -> Organisation:
        """Set the organisation's facts from a form that was accepted, but for its account numbers; what its kind is not
        asked for becomes empty.
        """
        organisation.kind = OrganisationKind[self.kind.data]
        for name in ("name", "address", "postal_code", "city", "email", "phone"):
            setattr(organisation, name, self[name].data)
        organisation.website = self.website.data or ""
        unit, other = self.is_municipal, not self.is_municipal
        organisation.administration = self.administration.data if unit else ""
        organisation.org_number = self.number
        organisation.signs_jointly = bool(self.signs_jointly.data) and other
        rows = [row.form for row in self.signatories if row.form.name.data] if other else []
        organisation.signatories = [
            Signatory(position=n, name=row.name.data, contact=row.contact.data or "") for n, row in enumerate(rows)
        ]
        return organisation

    def differing(self, organisation: Organisation) -> list[tuple[str, str]]:
        """(label, what stands there now) of each thing that the form would change."""
        theirs = OrganisationForm(formdata=None, obj=organisation)
        theirs.kind.data = organisation.kind.name
        found = [
            (str(own.label.text), _reads(now)) for own, now in zip(self, theirs, strict=True) if _differs(own, now)
        ]
        return [(label, text or "–") for label, text in found]


def _differs(own: Field, now: Field) -> bool:
    """Empty is empty, whether nothing was typed, None is kept, or a row of the list is left blank."""
    if isinstance(own, FieldList):
        return _rows_of(own) != _rows_of(now)
    return not isinstance(own, HiddenField) and (own.data or "") != (now.data or "")


def _rows_of(rows: FieldList) -> list[str]:
    texts = (" ".join(filter(None, (row.form.name.data, row.form.contact.data))) for row in rows)
    return [text for text in texts if text]


def _reads(field: Field) -> str:
    if isinstance(field, FieldList):
        return ", ".join(_rows_of(field))
    if isinstance(field, BooleanField):
        return _("Yes") if field.data else _("No")
    if isinstance(field, SelectField):
        return str(dict(field.choices).get(field.data, ""))
    return str(field._value())


class RightsForm(Form):
    """What a person may do for an organisation besides reading."""

    may_edit = BooleanField(_l("May write applications and change the organisation's particulars"))
    may_submit = BooleanField(_l("May send and withdraw applications and reports"))
    may_manage = BooleanField(_l("May invite and remove people"))

    @property
    def rights(self) -> Rights:
        return Rights(edit=self.may_edit.data, submit=self.may_submit.data, manage=self.may_manage.data)


class InvitationForm(RightsForm):
    email = EmailField(_l("E-mail address"), [Needed(_l("Write the e-mail address of the person you invite."))])
    language = SelectField(_l("Language of the invitation"), validate_choice=False)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.language.choices = [(language.code, language.own_name) for language in LANGUAGES.values()]
        if not self.is_submitted():
            self.language.data, self.may_edit.data = current().code, True

    def validate_language(self, field: Field) -> None:
        if field.data not in LANGUAGES:
            raise StopValidation(_("Choose a language."))


class ConflictForm(Form):
    organisation = SelectField(_dl("Organisation"), validate_choice=False)
    reason = TextField(_dl("Why"), [Needed(_dl("Write why you must not handle this.")), AtMost(500)])

    def __init__(self, organisations: Iterable[Organisation]) -> None:
        super().__init__()
        self.by_public_id = {organisation.public_id: organisation for organisation in organisations}
        self.organisation.choices = [
            ("", _d("Choose")),
            *((key, _named_with_number(organisation)) for key, organisation in self.by_public_id.items()),
        ]

    def validate_organisation(self, field: Field) -> None:
        if field.data not in self.by_public_id:
            raise StopValidation(_d("Choose the organisation."))

    @property
    def chosen(self) -> Organisation:
        return self.by_public_id[self.organisation.data]


def _named_with_number(organisation: Organisation) -> str:
    number = organisation.org_number
    return f"{organisation.name}, {number[:6]}-{number[6:]}" if number else organisation.name


class RoleForm(Form):
    """A role, where it holds and when; `funds` as (key, name)."""

    role = SelectField(_dl("Role"), validate_choice=False)
    board = SelectField(_dl("Board"), validate_choice=False)
    fund = SelectField(_dl("Fund"), validate_choice=False)
    begins_on = DayField(_dl("First day"))
    ends_on = DayField(_dl("Last day"))

    def __init__(self, boards: Iterable[Board], funds: Iterable[tuple[int, str]], rows: Iterable[RoleGiven]) -> None:
        super().__init__()
        self.boards = {board.code: board for board in boards}
        self.funds = {str(key): name for key, name in funds}
        everywhere = {row.role for row in rows if row.holds and row.board_id is None and row.fund_id is None}
        self.offered = {role.name: role for role in Role if role is not Role.APPLICANT and role not in everywhere}
        self.role.choices = [("", _d("Choose")), *((name, str(role.label)) for name, role in self.offered.items())]
        self.board.choices = [("", _d("None")), *((code, board.name) for code, board in self.boards.items())]
        self.fund.choices = [("", _d("All of them")), *self.funds.items()]

    def validate_role(self, field: Field) -> None:
        if field.data not in self.offered:
            raise StopValidation(_d("Choose a role that the person does not have."))

    def validate_board(self, field: Field) -> None:
        if self.offered.get(self.role.data) in ROLES_OF_A_BOARD and field.data not in self.boards:
            raise StopValidation(_d("Choose the board that the secretary or member belongs to."))

    def validate_fund(self, field: Field) -> None:
        if field.data and (field.data not in self.funds or self.offered.get(self.role.data) not in ROLES_OF_A_FUND):
            raise StopValidation(_d("Only a registrar, a case officer or an auditor can be for one fund alone."))

    def validate_ends_on(self, field: Field) -> None:
        _demand_last_day(field.data, self.begins_on.data)

    @property
    def role_chosen(self) -> Role:
        return self.offered[self.role.data]

    @property
    def chosen(self) -> dict[str, Any]:
        """The role and where and when it holds, as `actions.give_role` takes them."""
        return {
            "role": self.role_chosen,
            "board": self.boards[self.board.data] if self.role_chosen in ROLES_OF_A_BOARD else None,
            "fund_id": int(self.fund.data) if self.fund.data else None,
            "begins_on": self.begins_on.data,
            "ends_on": self.ends_on.data,
        }


class RoleEndForm(Form):
    """A role's last day; none is no end."""

    ends_on = DayField(_dl("Last day"))

    def __init__(self, given: RoleGiven) -> None:
        super().__init__(data={"ends_on": given.ends_on})
        self.given = given

    def validate_ends_on(self, field: Field) -> None:
        _demand_last_day(field.data, self.given.begins_on)


def _demand_last_day(ends_on: date | None, begins_on: date | None) -> None:
    if ends_on is not None and (ends_on < clock.today() or (begins_on is not None and ends_on < begins_on)):
        raise StopValidation(_d("Write a last day that has not passed, and that is not before the first day."))
