"""Sections that several forms share: the organisation, the attachments, the declaration."""

from datetime import date, timedelta
from typing import Any

from wtforms import BooleanField
from wtforms.validators import StopValidation

from fundapp import clock
from fundapp.applications import rules
from fundapp.applications.models import Application, Attachment
from fundapp.applications.questions.base import Answer, SectionForm, fund_label, fund_text
from fundapp.languages import LANGUAGES, Lazy, _, _l, long_day, speaking
from fundapp.web.fields import AtMost, DayField, EmailField, LineField, Needed, PhoneField, TextField
from fundapp.workflow import ApplicationStatus


class OrganisationSectionForm(SectionForm):
    """The organisation's particulars are kept with the organisation; here stands who answers for this application."""

    section_code = "organisation"
    section_title = _l("The organisation")

    contact_name = LineField(_l("Contact person"), [Needed(_l("Write the contact person's name.")), AtMost(200)])
    contact_email = EmailField(_l("Contact person's e-mail"), [Needed(_l("Write the contact person's e-mail."))])
    contact_phone = PhoneField(_l("Contact person's phone"), [Needed(_l("Write the contact person's phone."))])
    contact_language = LineField(_l("Language the contact person prefers"), [AtMost(60)])
    earlier_grants = TextField(_l("Earlier grants from the municipality"), [AtMost(2000)])
    particulars_right = BooleanField(
        _l("The particulars above are right, and those named may sign for the organisation"),
        [Needed(_l("Confirm that the particulars and who may sign are right."))],
    )

    def validate_particulars_right(self, _field: BooleanField) -> None:
        reason = self._why_not_apply()
        if reason is not None:
            raise StopValidation(str(reason))

    def faults(self) -> list[str]:
        reason = self._why_not_apply()
        return [*super().faults(), *([str(reason)] if reason is not None else [])]

    def _why_not_apply(self) -> Lazy | None:
        """Why the organisation cannot send this here: its kind may have been changed since the draft was begun. What
        was sent once may be completed all the same.
        """
        application = self.application
        if application.organisation is None or application.status is not ApplicationStatus.DRAFT:
            return None
        return rules.why_not_apply(application.terms, application.organisation.kind)

    def facts(self) -> dict[str, Any]:
        organisation = self.application.organisation
        assert organisation is not None  # noqa: S101  only a nomination has none, and it has no such section
        return {"applicant_name": organisation.name, "org_number": organisation.org_number}


class AttachmentsForm(SectionForm):
    """What counts is the files, kept beside the draft. Of a file that is not there yet the applicant may say when it
    comes: the fields `later_<kind>`, a local day each.
    """

    section_code = "attachments"
    section_title = _l("Attachments")

    @classmethod
    def for_application(cls, _application: Application) -> type[SectionForm]:
        kinds = [kind for kind in attachment_kinds(_application) if kind["code"] not in _NEVER_LATER]
        fields = {f"later_{kind['code']}": DayField(fund_label(kind), [NearDay()]) for kind in kinds}
        return type(cls.__name__, (cls,), fields)

    def answers(self) -> list[Answer]:
        return [
            Answer(kind["code"], fund_text(kind), self._answer(kind), is_field=False, is_needed=kind["is_required"])
            for kind in self.kinds()
        ]

    def _answer(self, kind: dict[str, Any]) -> list[str]:
        day = self.later_day(kind)
        names = [file.file.name for file in self.sent(kind)]
        return names or ([_("Comes later, by %(day)s", day=long_day(day))] if day else [])

    def questions(self) -> list[tuple[str, str]]:
        return [(kind["code"], fund_text(kind)) for kind in self.kinds()]

    def missing(self) -> list[str]:
        """What must be there and is neither attached nor promised."""
        asked = [kind for kind in self.kinds() if kind["is_required"] and not self.sent(kind)]
        return [fund_text(kind) for kind in asked if not self.later_day(kind)]

    def faults(self) -> list[str]:
        return [*dict.fromkeys((*super().faults(), *self.missing()))]

    def validate(self, extra_validators: Any = None) -> bool:
        return bool(super().validate(extra_validators)) and not self.missing()

    def later_fields(self) -> list[DayField]:
        """The days to write, of what is not attached."""
        kinds = [kind for kind in self.kinds() if not self.sent(kind)]
        return [self[f"later_{kind['code']}"] for kind in kinds if f"later_{kind['code']}" in self]

    def later_day(self, kind: dict[str, Any]) -> date | None:
        """By when the applicant says that the file comes."""
        name = f"later_{kind['code']}"
        found: date | None = self[name].data if name in self else None
        return found

    def promised(self) -> list[tuple[dict[str, Any], date]]:
        """What was said to come later and has not come, with its day."""
        days = [(kind, self.later_day(kind)) for kind in self.kinds() if not self.sent(kind)]
        return [(kind, day) for kind, day in days if day is not None]

    def kinds(self) -> list[dict[str, Any]]:
        """What the fund's terms ask of this kind of organisation: {"code", "text", "is_required", …}."""
        return attachment_kinds(self.application)

    def sent(self, kind: dict[str, Any]) -> list[Attachment]:
        return [attachment for attachment in self.application.attachments if attachment.kind == kind["code"]]

    def may_remove(self, attachment: Attachment) -> bool:
        """Whether the file can still be taken off: what was sent in stays."""
        last = self.application.last_submission
        return rules.may_remove(attachment.added_at, last.submitted_at if last else None)

    def optional_ones_missing(self) -> list[str]:
        """What may be sent along and is not there yet."""
        kinds = [kind for kind in self.kinds() if not kind["is_required"] and not self.sent(kind)]
        kinds = [kind for kind in kinds if not self.later_day(kind)]
        return [fund_text(kind) for kind in kinds if kind["code"] not in ("other", SIGNED_PAGE)]


class NearDay:
    """A day to come, and not far off; once it was sent the day stands, though it passes."""

    def __call__(self, form: Any, field: DayField) -> None:
        if field.data is None or form.application.submitted_at is not None:
            return
        if not clock.today() <= field.data <= clock.today() + LATEST:
            raise StopValidation(_("Write a day from today and at most %(days)s days ahead.", days=LATEST.days))


LATEST = timedelta(days=60)  # how long after today a file may come; assumption
SIGNED_PAGE = "signed_page"
_NEVER_LATER = ("other", SIGNED_PAGE)
_SIGNED_PAGE = _l("A page that all signatories have signed")


def _signed_page() -> dict[str, Any]:
    """As the terms describe an attachment; it is not the fund that asks for it, but the organisation's own rule."""
    text = {}
    for code in LANGUAGES:
        with speaking(code):
            text[code] = str(_SIGNED_PAGE)
    return {"code": SIGNED_PAGE, "text": text, "is_required": False}


def attachment_kinds(application: Application) -> list[dict[str, Any]]:
    """The attachments that the fund's terms ask of the applying organisation's kind, and where its signatories sign
    together, the page they may sign.
    """
    organisation = application.organisation
    if organisation is None:
        return []
    kinds: list[dict[str, Any]] = application.terms["attachments"]["value"]
    own = [kind for kind in kinds if organisation.kind.value in kind["applicant_types"]]
    return [*own, _signed_page()] if organisation.signs_jointly else own


class DeclarationForm(SectionForm):
    """What whoever sends the form vouches for and has been told."""

    section_code = "declaration"
    section_title = _l("Declaration")

    is_true = BooleanField(
        _l("What we have written is true"), [Needed(_l("Confirm that what you have written is true."))]
    )
    knows_public = BooleanField(
        _l("We know that the application becomes a public document that anybody may ask to read"),
        [Needed(_l("Confirm that you know that the application becomes a public document."))],
    )
    knows_personal_data = BooleanField(
        _l("We have read how the municipality handles personal data"),
        [Needed(_l("Confirm that you have read about personal data."))],
    )
    signatory_name = LineField(_l("Name of the person who signs"), [Needed(_l("Write who signs.")), AtMost(200)])
    signatory_role = LineField(
        _l("Role in the organisation"), [Needed(_l("Write the role, for example chair.")), AtMost(100)]
    )


def is_after_today(day: Any) -> bool:
    return bool(day is not None and day > clock.today())


def future_day_text() -> str:
    return _("Write a day that has been. The decision must be made before you send.")
