"""Sections that several forms share: the organisation, the attachments, the declaration."""

from typing import Any

from wtforms import BooleanField

from fundapp import clock
from fundapp.applications import rules
from fundapp.applications.models import Application, Attachment
from fundapp.applications.questions.base import Answer, SectionForm, fund_text
from fundapp.languages import _, _l
from fundapp.web.fields import AtMost, EmailField, LineField, Needed, PhoneField, TextField


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

    def facts(self) -> dict[str, Any]:
        organisation = self.application.organisation
        assert organisation is not None  # noqa: S101  only a nomination has none, and it has no such section
        return {"applicant_name": organisation.name, "org_number": organisation.org_number}


class AttachmentsForm(SectionForm):
    """No field of its own: what counts is the files, kept beside the draft."""

    section_code = "attachments"
    section_title = _l("Attachments")

    def answers(self) -> list[Answer]:
        return [
            Answer(
                kind["code"],
                fund_text(kind),
                [file.file.name for file in self.sent(kind)],
                is_field=False,
                is_needed=kind["is_required"],
            )
            for kind in self.kinds()
        ]

    def faults(self) -> list[str]:
        return [fund_text(kind) for kind in self.kinds() if kind["is_required"] and not self.sent(kind)]

    def validate(self, extra_validators: Any = None) -> bool:
        return not self.faults()

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
        return [fund_text(kind) for kind in kinds if kind["code"] != "other"]


def attachment_kinds(application: Application) -> list[dict[str, Any]]:
    """The attachments that the fund's terms ask of the applying organisation's kind."""
    organisation = application.organisation
    if organisation is None:
        return []
    kinds: list[dict[str, Any]] = application.round.fund.terms["attachments"]["value"]
    return [kind for kind in kinds if organisation.kind.value in kind["applicant_types"]]


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
