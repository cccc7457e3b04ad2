"""The sections of the stipend: what was achieved, and for a nomination who nominates whom. There is no budget."""

from typing import Any

from wtforms import BooleanField

from fundapp.applications.models import Application
from fundapp.applications.questions.base import SectionForm, fund_label
from fundapp.applications.questions.shared import DeclarationForm
from fundapp.languages import _l
from fundapp.web.fields import AtMost, EmailField, LineField, Needed, OrgNumberField, PhoneField, TextField


class AchievementForm(SectionForm):
    """What was done, and one answer for each of the stipend's criteria (fields `result_<code>`, from its terms)."""

    section_code = "achievement"
    section_title = _l("What has been achieved")

    title = LineField(_l("Name of the work"), [Needed(_l("Write what the work is called.")), AtMost(150)])
    summary = TextField(_l("Short summary"), [Needed(_l("Write a short summary.")), AtMost(600)])
    done = TextField(_l("What was done"), [Needed(_l("Write what was done.")), AtMost(4000)])
    when_and_where = TextField(
        _l("When and where it was done"), [Needed(_l("Write when and where it was done.")), AtMost(1000)]
    )

    @classmethod
    def for_application(cls, _application: Application) -> type[SectionForm]:
        criteria = _application.terms["goals"]["value"]
        needed = [Needed(_l("Write what results there are already.")), AtMost(4000)]
        fields = {f"result_{item['code']}": TextField(fund_label(item), needed) for item in criteria}
        return type(cls.__name__, (cls,), fields)

    def facts(self) -> dict[str, Any]:
        return {"title": self.title.data, "summary": self.summary.data}


class NominatorForm(SectionForm):
    section_code = "nominator"
    section_title = _l("You who nominate")

    nominator_name = LineField(_l("Your name"), [Needed(_l("Write your name.")), AtMost(200)])
    nominator_phone = PhoneField(_l("Your phone"))
    relation = LineField(
        _l("How you know of the association"),
        [Needed(_l("Write how you know of the association, for example as a neighbour or a member.")), AtMost(300)],
    )


class NomineeForm(SectionForm):
    section_code = "nominee"
    section_title = _l("The association you nominate")

    nominee_name = LineField(_l("Name of the association"), [Needed(_l("Write the association's name.")), AtMost(200)])
    nominee_org_number = OrgNumberField(_l("Organisation number"))
    nominee_contact = LineField(_l("Contact person in the association"), [AtMost(200)])
    nominee_email = EmailField(_l("E-mail of the association"))
    nominee_phone = PhoneField(_l("Phone of the association"))

    def facts(self) -> dict[str, Any]:
        return {"applicant_name": self.nominee_name.data, "org_number": self.nominee_org_number.data}


class AwardDeclarationForm(DeclarationForm):
    pass


class NominationDeclarationForm(SectionForm):
    section_code = "declaration"
    section_title = _l("Declaration")

    is_true = BooleanField(
        _l("What I have written is true"), [Needed(_l("Confirm that what you have written is true."))]
    )
    knows_public = BooleanField(
        _l("I know that the nomination becomes a public document that anybody may ask to read"),
        [Needed(_l("Confirm that you know that the nomination becomes a public document."))],
    )
    knows_personal_data = BooleanField(
        _l("I have read how the municipality handles personal data"),
        [Needed(_l("Confirm that you have read about personal data."))],
    )
