"""The case page's right column: which steps and pages lead on from here for this person, and why something does not."""

from dataclasses import dataclass

from flask import url_for

from fundapp.applications.models import Application, ApplicationKind
from fundapp.assessments import rules as assessment_rules
from fundapp.languages import Lazy, _dl
from fundapp.permissions import Permission, Person, is_allowed
from fundapp.registry import rules
from fundapp.workflow import PossibleStep, steps_for


@dataclass(frozen=True)
class PanelStep:
    """A step as the page's right column offers it."""

    label: Lazy | str
    url: str
    is_possible: bool = True
    reason: str = ""
    is_post: bool = False
    kind: str | None = None


# The steps of this desk: the page or button that takes each, and whether the button itself does it.
_PLACES = {
    "register": ("registry.register", True),
    "take_up": ("assessments.take_up", True),
    "go_on_without": ("assessments.go_on_without", True),
    "finish_assessment": ("assessments.report", False),
    "request_completion": ("assessments.request_completion", False),
    "reopen_assessment": ("assessments.reopen", True),
    "reconsider": ("assessments.reconsider", True),
    "put_on_agenda": ("meetings.list", False),
}


def steps(
    application: Application, person: Person, missing: list[Lazy], stopped: Lazy | None = None
) -> list[PanelStep]:
    """What leads on from here, and what does not yet and why; what lies behind the case is left out. `stopped`: why
    nothing may be put on an agenda.
    """
    found = {possible.step.name: possible for possible in steps_for(person, application)}
    found_steps = [_panel_step(application, found[name], missing, stopped) for name in _PLACES if name in found]
    return [step for step in found_steps if step is not None]


def _panel_step(
    application: Application, possible: PossibleStep, missing: list[Lazy], stopped: Lazy | None
) -> PanelStep | None:
    name = possible.step.name
    endpoint, is_post = _PLACES[name]
    url = url_for(endpoint) if endpoint == "meetings.list" else url_for(endpoint, public_id=application.public_id)
    if possible.reason is not None:
        why = rules.why_closed(name, application.status)
        return PanelStep(possible.step.label, url, is_possible=False, reason=str(why)) if why is not None else None
    if name == "finish_assessment" and missing:
        reason = " ".join(str(sentence) for sentence in missing)
        return PanelStep(possible.step.label, url, is_possible=False, reason=reason)
    if name == "put_on_agenda" and stopped is not None:
        return PanelStep(possible.step.label, url, is_possible=False, reason=str(stopped))
    return PanelStep(possible.step.label, url, is_post=is_post)


def works(application: Application, person: Person) -> list[PanelStep]:
    """The officer's pages, which change no status, and what any official may do with a case."""
    key = application.public_id
    found = []
    if is_allowed(person, Permission.ASSESS_APPLICATION, application) and (
        application.status in assessment_rules.OPEN_FOR_WORK
    ):
        found.append(PanelStep(_dl("Formal check"), url_for("assessments.formal_check", public_id=key)))
        if application.kind is ApplicationKind.GRANT:
            found.append(PanelStep(_dl("Objectives of the plan"), url_for("assessments.objectives", public_id=key)))
        found += [
            PanelStep(_dl("Assessment and proposal"), url_for("assessments.assess", public_id=key)),
            PanelStep(_dl("Preview of the report"), url_for("assessments.report", public_id=key)),
        ]
    if application.case is not None and is_allowed(person, Permission.ANSWER_MESSAGE, application):
        found.append(PanelStep(_dl("Write to the applicant"), url_for("registry.messages", public_id=key)))
    if application.case is not None and is_allowed(person, Permission.FILE_DOCUMENT, application):
        found.append(PanelStep(_dl("File a document"), url_for("registry.file_document", public_id=key)))
    if is_allowed(person, Permission.TRANSLATE, application):
        found.append(PanelStep(_dl("Working translation"), url_for("assessments.translate", public_id=key)))
    if is_allowed(person, Permission.DECLARE_CONFLICT):
        found.append(
            PanelStep(_dl("Declare a conflict of interest"), url_for("assessments.declare_conflict", public_id=key))
        )
    return found
