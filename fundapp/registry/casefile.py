"""Everything a case page shows beside the application itself: steps, timeline, findings, links, decisions, sums."""

from dataclasses import dataclass
from typing import Any

from flask import url_for
from sqlalchemy import select

from fundapp import clock, languages
from fundapp.accounts.models import Organisation, OrganisationKind
from fundapp.accounts.queries import possible_doubles
from fundapp.applications.models import Application, ApplicationKind, Submission
from fundapp.assessments import rules as assessment_rules
from fundapp.assessments.actions import missing_for_report
from fundapp.assessments.models import Assessment, CompletionRequest, Finding, FormalCheck, ObjectiveLink
from fundapp.db import db
from fundapp.decisions.models import Decision
from fundapp.goals.models import GoalArea, Objective
from fundapp.history.models import HistoryEntry
from fundapp.languages import Lazy, _d, _dl
from fundapp.meetings.models import AgendaCase, Meeting, MinuteItem
from fundapp.permissions import Permission, Person, is_allowed
from fundapp.registry import queries, rules, words
from fundapp.registry.actions import sender_of
from fundapp.registry.models import Case, Document
from fundapp.workflow import ApplicationStatus, PossibleStep, steps_for


@dataclass(frozen=True)
class PanelStep:
    """A step as the page's right column offers it."""

    label: Lazy | str
    url: str
    is_possible: bool = True
    reason: str = ""
    is_post: bool = False
    kind: str | None = None


@dataclass(frozen=True)
class Event:
    """A line of the timeline."""

    when: Any
    who: str
    what: str


@dataclass(frozen=True)
class CheckSummary:
    """The formal check in numbers: answered of asked, and what was not right as (item, finding, note)."""

    answered: int
    asked: int
    remarks: list[tuple[str, Finding, str]]


@dataclass(frozen=True)
class CaseFile:
    """The case page. `proposed` and `left` in kronor; a stipend's `left` is what is left of the year's sum."""

    submission: Submission | None
    documents: list[Document]
    events: list[Event]
    requests: list[CompletionRequest]
    check: CheckSummary
    assessment: Assessment | None
    links: list[Any]
    decisions: list[Decision]
    agendas: list[MinuteItem]
    doubles: list[Organisation]
    others: list[queries.CaseRow]
    steps: list[PanelStep]
    works: list[PanelStep]


def case_file(application: Application, person: Person) -> CaseFile:
    """All of it, as the person may see it."""
    return CaseFile(
        submission=application.last_submission,
        documents=_documents(application.case),
        events=_events(application),
        requests=list(
            db.session.scalars(
                select(CompletionRequest)
                .where(CompletionRequest.application_id == application.id)
                .order_by(CompletionRequest.id.desc())
            )
        ),
        check=check_summary(application),
        assessment=db.session.scalar(select(Assessment).where(Assessment.application_id == application.id)),
        links=objective_links(application),
        decisions=_decisions(application),
        agendas=_agendas(application),
        doubles=possible_doubles(application.organisation) if application.organisation else [],
        others=queries.other_applications(application, person),
        steps=_steps(application, person),
        works=_works(application, person),
    )


def _documents(case: Case | None) -> list[Document]:
    if case is None:
        return []
    return list(db.session.scalars(select(Document).where(Document.case_id == case.id).order_by(Document.number)))


def _events(application: Application) -> list[Event]:
    """The story from the day it was sent; what the applicant did in the draft is the applicant's own."""
    entries = db.session.scalars(
        select(HistoryEntry).where(HistoryEntry.thread == application.public_id).order_by(HistoryEntry.id)
    ).all()
    sent = next((number for number, entry in enumerate(entries) if entry.event == "submit"), len(entries))
    told = [
        Event(entry.at, entry.who, text)
        for entry in entries[sent:]
        if (text := words.sentence(entry.subject, entry.event, entry.facts)) is not None
    ]
    return told[::-1]


def check_summary(application: Application) -> CheckSummary:
    """How far the formal check has come, and its remarks."""
    terms = application.round.fund.terms
    kind = application.organisation.kind.value if application.organisation else None
    items = assessment_rules.check_items(terms, kind)
    found = {
        row.item: row
        for row in db.session.scalars(select(FormalCheck).where(FormalCheck.application_id == application.id))
    }
    remarks = [
        (item["text"], found[item["code"]].finding, found[item["code"]].note)
        for item in items
        if item["code"] in found and found[item["code"]].finding in (Finding.NO, Finding.MISSING)
    ]
    answered = sum(item["code"] in found for item in items)
    return CheckSummary(answered, len(items), remarks)


def objective_links(application: Application) -> list[Any]:
    """The objectives it is linked to, as rows of area, name, code and text, in the plan's order."""
    return list(
        db.session.execute(
            select(GoalArea.number.label("area"), GoalArea.name, Objective.code, Objective.text)
            .join(Objective, Objective.area_id == GoalArea.id)
            .join(ObjectiveLink, ObjectiveLink.objective_id == Objective.id)
            .where(ObjectiveLink.application_id == application.id)
            .order_by(GoalArea.number, Objective.position)
        )
    )


def _decisions(application: Application) -> list[Decision]:
    """Every decision so far, newest first; a pending one too: the reader is an official who may see the case."""
    return list(
        db.session.scalars(
            select(Decision).where(Decision.application_id == application.id).order_by(Decision.id.desc())
        )
    )


def _agendas(application: Application) -> list[MinuteItem]:
    """The paragraphs the case stands on or has stood on, latest sitting first."""
    return list(
        db.session.scalars(
            select(MinuteItem)
            .join(AgendaCase, AgendaCase.minute_item_id == MinuteItem.id)
            .join(Meeting, Meeting.id == MinuteItem.meeting_id)
            .where(AgendaCase.application_id == application.id)
            .order_by(Meeting.held_on.desc(), MinuteItem.id.desc())
        )
    )


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


def _steps(application: Application, person: Person) -> list[PanelStep]:
    """What leads on from here, and what does not yet and why; what lies behind the case is left out."""
    found = {possible.step.name: possible for possible in steps_for(person, application)}
    panel = [_panel_step(application, found[name]) for name in _PLACES if name in found]
    return [step for step in panel if step is not None]


def _panel_step(application: Application, possible: PossibleStep) -> PanelStep | None:
    name = possible.step.name
    endpoint, is_post = _PLACES[name]
    url = url_for(endpoint) if endpoint == "meetings.list" else url_for(endpoint, public_id=application.public_id)
    if possible.reason is not None:
        why = rules.why_closed(name, application.status)
        return PanelStep(possible.step.label, url, is_possible=False, reason=str(why)) if why is not None else None
    if name == "finish_assessment":
        missing = missing_for_report(application, serves_no_objective=True)
        if missing:
            reason = " ".join(str(sentence) for sentence in missing)
            return PanelStep(possible.step.label, url, is_possible=False, reason=reason)
    return PanelStep(possible.step.label, url, is_post=is_post)


def _works(application: Application, person: Person) -> list[PanelStep]:
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
    if application.case is not None and is_allowed(person, Permission.FILE_DOCUMENT, application):
        found.append(PanelStep(_dl("File a document"), url_for("registry.file_document", public_id=key)))
    if is_allowed(person, Permission.DECLARE_CONFLICT):
        found.append(
            PanelStep(_dl("Declare a conflict of interest"), url_for("assessments.declare_conflict", public_id=key))
        )
    return found


def facts(application: Application) -> dict[str, Any]:
    """What the page asks about the application: its policy flags, and where it stands in one sentence."""
    kind = application.organisation.kind if application.organisation else None
    return {
        "has_budget": application.kind is ApplicationKind.GRANT,
        "is_company": kind is OrganisationKind.COMPANY,
        "policy": _policy(application) if kind is OrganisationKind.MUNICIPAL_UNIT else None,
        "where_it_stands": _where_it_stands(application),
        "sender": sender_of(application),
        "today": clock.today(),
        "attachment_words": words.attachment_words,
    }


def _policy(application: Application) -> dict[str, str] | None:
    """The plan's priority for municipal projects, with its source and the language it is shown in."""
    priority = application.round.fund.terms["municipal_priority"]
    if priority is None:
        return None
    code = languages.current().code
    code = code if code in priority["value"] else languages.AUTHORITY_LANGUAGE
    return {"text": priority["value"][code], "lang": code, "source": priority["source"]}


def _where_it_stands(application: Application) -> str:
    """One sentence: the state, and who has the next move."""
    if application.status is ApplicationStatus.UNDER_ASSESSMENT and application.officer is not None:
        return _d("%(name)s is assessing it.", name=application.officer.name)
    return str(rules.desk_words(application.status))
