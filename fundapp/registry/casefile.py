"""Everything a case page shows beside the application itself: steps, timeline, findings, links, decisions, sums.

The application comes with its round, fund and people in one statement, and all its lists in a second one.
"""

from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, exists, func, or_, select
from sqlalchemy.orm import joinedload, lazyload, load_only
from sqlalchemy.orm.strategy_options import _AbstractLoad

from fundapp import clock
from fundapp.accounts.models import Account, Organisation, OrganisationKind, RoleGiven
from fundapp.accounts.queries import signed_in, visible_to
from fundapp.applications.models import Application, ApplicationKind, Attachment, Submission
from fundapp.assessments import rules as assessment_rules
from fundapp.assessments.models import (
    Assessment,
    CompletionRequest,
    Finding,
    FormalCheck,
    ObjectiveLink,
    WorkingTranslation,
)
from fundapp.boards.models import Board
from fundapp.data_texts import chosen
from fundapp.db import db
from fundapp.decisions.models import Decision, DecisionTranslation
from fundapp.files import StoredFile
from fundapp.funds.models import Fund, Round
from fundapp.goals.models import GoalArea, Objective
from fundapp.history.models import HistoryEntry
from fundapp.languages import Lazy, _d
from fundapp.meetings.models import AgendaCase, Meeting, MinuteItem
from fundapp.messages import queries as threads
from fundapp.messages.models import CaseMessage
from fundapp.nested import nested
from fundapp.permissions import Permission, Person, is_allowed
from fundapp.registry import checking, decided, hanging, panel, rules, words
from fundapp.registry.actions import sender_of
from fundapp.registry.checks import Check
from fundapp.registry.decided import Decided, Paragraph
from fundapp.registry.models import Case, Document
from fundapp.registry.past import Past, past
from fundapp.registry.signatures import Signatures, frozen, signatures
from fundapp.workflow import ApplicationStatus

MOST_VERSIONS = 10_000  # an address may name any number
JUST_NOW = timedelta(minutes=30)  # who changed a case so lately is thought to be at it still


@dataclass(frozen=True)
class Event:
    """A line of the timeline."""

    when: Any
    who: str
    what: str


@dataclass(frozen=True)
class LastChange(Event):
    """What an official did last in the case. `is_just_now`: another one than the reader did it, and is at it still."""

    is_just_now: bool


@dataclass(frozen=True)
class CheckSummary:
    """The formal check in numbers: answered of asked, and what was not right as (item, finding, note)."""

    answered: int
    asked: int
    remarks: list[tuple[str, Finding, str]]


@dataclass(frozen=True)
class CaseFile:
    """The case page. Lists are of named tuples with the columns that `_parts` names; `shown` is the frozen copy that
    was asked for, else the latest; `text_language` is that of what was typed in it, `translations` what the desk has
    put beside, by `assessments.rules.answer_key`; `decision_translations` are those of its decisions; `past` is what
    is known of the applicant besides; `checks` the automatic ones, of the latest copy; `hanging` what other packages
    show, by the names of their lists.
    """

    shown: Any
    text_language: str
    translations: dict[str, Any]
    versions: list[int]
    signatures: Signatures | None
    attachments: list[Any]
    documents: list[Any]
    events: list[Event]
    last_change: LastChange | None
    requests: list[Any]
    check: CheckSummary
    assessment: Any
    links: list[Any]
    messages: list[Any]
    decisions: list[Decided]
    decision_translations: list[Any]
    agendas: list[Paragraph]
    doubles: list[Any]
    past: Past
    checks: list[Check]
    hanging: dict[str, list[Any]]
    steps: list[panel.PanelStep]
    works: list[panel.PanelStep]


def _name_of(account: Any) -> _AbstractLoad:
    """A person's name alone: their roles and organisations are asked of nobody but the reader."""
    rest = (lazyload(Account.role_rows), lazyload(Account.memberships), lazyload(Account.conflicts))
    return joinedload(account).options(load_only(Account.name, Account.email), *rest)


_WITH = (
    joinedload(Application.round).joinedload(Round.fund).joinedload(Fund.board).load_only(Board.name),
    joinedload(Application.case).load_only(Case.diary_number),
    joinedload(Application.organisation).load_only(Organisation.kind, Organisation.org_number),
    _name_of(Application.officer),
    _name_of(Application.created_by),
)
_CASE = select(Application).where(Application.public_id == bindparam("public_id")).options(*_WITH)


def case(public_id: str) -> Application | None:
    """The application behind a case page, where the signed-in official may see it, with what its head tells."""
    return db.session.scalar(_CASE.where(visible_to(signed_in())), {"public_id": public_id})


def case_file(application: Application, person: Person, version: int | None = None) -> CaseFile:
    """All of it, as the person may see it. `version`: the frozen copy to show."""
    organisation = application.organisation
    asked = {
        "application": application.id,
        "case": application.case_id,
        "thread": application.public_id,
        "version": version if version is not None and 0 < version <= MOST_VERSIONS else None,
        "organisation": organisation.id if organisation is not None else None,
        "org_number": organisation.org_number if organisation is not None else None,
        "person": person.id,
    }
    parts = db.session.execute(_parts(), asked).one()
    is_hidden = hanging.hides_assessment(application, person, parts)
    assessment = parts.assessment[0] if parts.assessment and not is_hidden else None
    check = _check_summary(application, parts.checks)
    shown = parts.shown[0] if parts.shown else None
    known = past(application, person)
    return CaseFile(
        shown=shown,
        text_language=shown.content.get("text_language", shown.language) if shown else application.text_language,
        translations={row.question: row for row in parts.translations},
        versions=[row.number for row in parts.versions],
        signatures=signatures(parts.signed),
        attachments=parts.attachments,
        documents=parts.documents,
        events=_events(parts.history),
        last_change=_last_change(parts.history, person),
        requests=parts.requests,
        check=check,
        assessment=assessment,
        links=parts.links,
        messages=parts.messages,
        decisions=[decided.decided(row, parts) for row in parts.decisions],
        decision_translations=parts.decision_translations,
        agendas=[decided.paragraph(row) for row in parts.agendas],
        doubles=parts.doubles,
        past=known,
        checks=checking.checks_of(
            application,
            parts.shown[-1].content if parts.shown else None,
            attached=frozenset(row.kind for row in parts.attachments),
            is_decided=bool(parts.decisions),
            past=known,
        ),
        steps=panel.steps(application, person, _missing(application, check, assessment, parts), hanging.stopped(parts)),
        hanging={name: getattr(parts, name) for name in hanging.lists()},
        works=[*panel.works(application, person), *hanging.works(application, person)],
    )


@cache
def _parts() -> Select[*tuple[Any, ...]]:
    """Everything that hangs on an application, each list as a column; a pending decision too: the reader is an
    official who may see the case.
    """
    lists = {
        "versions": select(Submission.number).where(_mine(Submission)).order_by(Submission.number),
        "shown": _shown(),
        "signed": frozen(_mine(Submission)),
        "translations": _translations(),
        "attachments": select(Attachment.public_id, Attachment.kind, StoredFile.name, StoredFile.size)
        .join(StoredFile, StoredFile.id == Attachment.file_id)
        .where(_mine(Attachment), Attachment.removed_at.is_(None))
        .order_by(Attachment.id),
        "documents": _documents(),
        "history": select(
            HistoryEntry.at,
            HistoryEntry.who,
            HistoryEntry.subject,
            HistoryEntry.event,
            HistoryEntry.facts,
            HistoryEntry.account_id,
            exists().where(RoleGiven.account_id == HistoryEntry.account_id).label("by_official"),
        )
        .where(HistoryEntry.thread == bindparam("thread"))
        .order_by(HistoryEntry.id),
        "requests": select(
            CompletionRequest.requested_at,
            CompletionRequest.due_on,
            CompletionRequest.what,
            CompletionRequest.ended_at,
            CompletionRequest.submission_id,
        )
        .where(_mine(CompletionRequest))
        .order_by(CompletionRequest.id.desc()),
        "messages": threads.thread_query().where(_mine(CaseMessage)),
        "checks": select(FormalCheck.item, FormalCheck.finding, FormalCheck.note).where(_mine(FormalCheck)),
        "assessment": _assessment(),
        "links": select(GoalArea.number.label("area"), GoalArea.name, Objective.code, Objective.text)
        .join(Objective, Objective.area_id == GoalArea.id)
        .join(ObjectiveLink, ObjectiveLink.objective_id == Objective.id)
        .where(_mine(ObjectiveLink))
        .order_by(GoalArea.number, Objective.position),
        **decided.lists(),
        **hanging.lists(),
        "decision_translations": select(
            Decision.public_id, DecisionTranslation.language, DecisionTranslation.asked_at, DecisionTranslation.made_at
        )
        .join(Decision, Decision.id == DecisionTranslation.decision_id)
        .where(_mine(Decision))
        .order_by(DecisionTranslation.id),
        "agendas": decided.on_paragraphs(AgendaCase).order_by(Meeting.held_on.desc(), MinuteItem.id.desc()),
        "doubles": select(Organisation.name, Organisation.city).where(
            Organisation.org_number == bindparam("org_number"),
            Organisation.id != bindparam("organisation"),
            Organisation.merged_into_id.is_(None),
        ),
    }
    return select(*(nested(query).label(name) for name, query in lists.items()))


def _mine(table: Any) -> Any:
    return table.application_id == bindparam("application")


def _shown() -> Select[*tuple[Any, ...]]:
    """The copy that is asked for, where there is one, and the latest, which is last."""
    latest = select(func.max(Submission.number)).where(_mine(Submission)).scalar_subquery()
    return (
        select(Submission.number, Submission.language, Submission.submitted_at, Submission.content)
        .where(_mine(Submission), or_(Submission.number == bindparam("version"), Submission.number == latest))
        .order_by(Submission.number)
    )


def _translations() -> Select[*tuple[Any, ...]]:
    """Every version, the newest last."""
    kept = WorkingTranslation
    return (
        select(kept.question, kept.original, kept.text, kept.made_at, Account.name.label("made_by"))
        .join(Account, Account.id == kept.made_by_id)
        .where(_mine(kept))
        .order_by(kept.id)
    )


def _documents() -> Select[*tuple[Any, ...]]:
    is_here = Document.paper_id.is_not(None) | Document.file_id.is_not(None)
    return (
        select(
            Document.public_id,
            Document.number,
            Document.dated,
            Document.direction,
            Document.counterpart,
            Document.subject,
            is_here.label("is_here"),
        )
        .where(Document.case_id == bindparam("case"))
        .order_by(Document.number)
    )


def _assessment() -> Select[*tuple[Any, ...]]:
    return (
        select(
            Assessment.proposed_outcome,
            Assessment.proposed_amount,
            Assessment.summary,
            Assessment.text,
            Assessment.reasons,
            Assessment.saved_at,
            Account.name.label("saved_by"),
        )
        .join(Account, Account.id == Assessment.saved_by_id)
        .where(_mine(Assessment))
    )


def _events(entries: list[Any]) -> list[Event]:
    """The story from the day it was sent; what the applicant did in the draft is the applicant's own."""
    sent = next((number for number, entry in enumerate(entries) if entry.event in ("submit", "receive")), len(entries))
    told = [
        Event(entry.at, entry.who, text)
        for entry in entries[sent:]
        if (text := words.sentence(entry.subject, entry.event, entry.facts)) is not None
    ]
    return told[::-1]


def _last_change(entries: list[Any], person: Person) -> LastChange | None:
    """What an official did last to the case, as the timeline tells it."""
    for entry in reversed(entries):
        text = words.sentence(entry.subject, entry.event, entry.facts) if entry.by_official else None
        if text is not None:
            is_just_now = entry.account_id != person.id and clock.now() - entry.at < JUST_NOW
            return LastChange(entry.at, entry.who, text, is_just_now)
    return None


def _check_summary(application: Application, checks: list[Any]) -> CheckSummary:
    """How far the formal check has come, and its remarks."""
    kind = application.organisation.kind.value if application.organisation else None
    items = assessment_rules.check_items(application.terms, kind)
    found = {row.item: row for row in checks}
    remarks = [
        (item["text"], found[item["code"]].finding, found[item["code"]].note)
        for item in items
        if item["code"] in found and found[item["code"]].finding in (Finding.NO, Finding.MISSING)
    ]
    answered = sum(item["code"] in found for item in items)
    return CheckSummary(answered, len(items), remarks)


def _missing(application: Application, check: CheckSummary, assessment: Any, parts: Any) -> list[Lazy]:
    """What the officer must do before the report; that no objective is served is asked on the report's own page."""
    own = assessment_rules.missing_for_report(
        unchecked_items=check.asked - check.answered,
        text=assessment.text if assessment else "",
        outcome=assessment.proposed_outcome if assessment else None,
        amount=assessment.proposed_amount if assessment else None,
        needs_objective=application.kind is ApplicationKind.GRANT,
        has_objective=bool(parts.links),
        serves_no_objective=True,
    )
    return [*own, *hanging.missing(application, parts)]


def facts(application: Application, person: Person) -> dict[str, Any]:
    """What the page asks about the application: its policy flags, and where it stands in one sentence."""
    kind = application.organisation.kind if application.organisation else None
    return {
        "has_budget": application.kind is ApplicationKind.GRANT,
        "is_company": kind is OrganisationKind.COMPANY,
        "policy": _policy(application) if kind is OrganisationKind.MUNICIPAL_UNIT else None,
        "where_it_stands": _where_it_stands(application),
        "sender": sender_of(application),
        "today": clock.today(),
        "may_answer": application.case is not None and is_allowed(person, Permission.ANSWER_MESSAGE, application),
        "attachment_words": words.attachment_words,
        "may_record_appeal": is_allowed(person, Permission.RECORD_APPEAL, application),
        "may_translate": is_allowed(person, Permission.TRANSLATE, application),
        "may_examine": is_allowed(person, Permission.EXAMINE_SECRECY, application),
    }


def _policy(application: Application) -> dict[str, str] | None:
    """The plan's priority for municipal projects, with its source and the language it is shown in."""
    priority = application.terms["municipal_priority"]
    if priority is None:
        return None
    code, text = chosen(priority["value"])
    return {"text": text, "lang": code, "source": priority["source"]}


def _where_it_stands(application: Application) -> str:
    """One sentence: the state, and who has the next move."""
    if application.status is ApplicationStatus.UNDER_ASSESSMENT and application.officer is not None:
        return _d("%(name)s is assessing it.", name=application.officer.name)
    return str(rules.desk_words(application.status))
