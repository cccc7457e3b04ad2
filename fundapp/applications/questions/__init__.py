"""What each form asks, section by section. It lies below the actions: sending reads the answers as the page does.

A change of what is asked is a new FORM_VERSION; what was sent before keeps its frozen copy.
"""

from fundapp.applications.models import Application, ApplicationKind
from fundapp.applications.questions.asked import fitted
from fundapp.applications.questions.base import Answer, SectionForm
from fundapp.applications.questions.grant import (
    ActivitiesForm,
    BudgetForm,
    GoalsForm,
    GrantDeclarationForm,
    ParticipantsForm,
    ProjectForm,
)
from fundapp.applications.questions.shared import AttachmentsForm, OrganisationSectionForm
from fundapp.applications.questions.stipend import (
    AchievementForm,
    AwardDeclarationForm,
    NominationDeclarationForm,
    NominatorForm,
    NomineeForm,
)

FORM_VERSION = 1

SECTIONS: dict[ApplicationKind, tuple[type[SectionForm], ...]] = {
    ApplicationKind.GRANT: (
        OrganisationSectionForm,
        ProjectForm,
        GoalsForm,
        ParticipantsForm,
        ActivitiesForm,
        BudgetForm,
        AttachmentsForm,
        GrantDeclarationForm,
    ),
    ApplicationKind.AWARD: (OrganisationSectionForm, AchievementForm, AttachmentsForm, AwardDeclarationForm),
    ApplicationKind.NOMINATION: (NominatorForm, NomineeForm, AchievementForm, NominationDeclarationForm),
}

__all__ = ["FORM_VERSION", "SECTIONS", "Answer", "SectionForm", "codes_of", "form_of", "section_form"]


def codes_of(kind: ApplicationKind) -> list[str]:
    """The codes of a form's sections, in their order."""
    return [form.section_code for form in SECTIONS[kind]]


def section_form(application: Application, code: str, answers: dict[str, list[str]] | None = None) -> SectionForm:
    """A section with the given answers, or with those that are kept. Errors: KeyError for an unknown code."""
    form_class = {form.section_code: form for form in SECTIONS[application.kind]}[code]
    if answers is None:
        answers = next((section.answers for section in application.sections if section.code == code), {})
    return form_of(application, form_class)(application, answers)


def form_of(application: Application, form_class: type[SectionForm]) -> type[SectionForm]:
    """A section's form with the questions that the application is asked: its own fund's, and as they were when it was
    sent.
    """
    return fitted(form_class.for_application(application), application.terms)
