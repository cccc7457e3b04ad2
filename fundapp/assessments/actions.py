"""Take up, check, ask for completion, link to objectives, assess, finish the report."""

from collections.abc import Iterable, Mapping, Sequence, Set
from datetime import date
from typing import Any

from sqlalchemy import delete, select

from fundapp import clock, documents
from fundapp.applications.models import Application, ApplicationKind, Submission
from fundapp.assessments import emails, papers, rules, together
from fundapp.assessments.models import (
    Assessment,
    CompletionRequest,
    Finding,
    FormalCheck,
    ObjectiveLink,
    OfficerReport,
)
from fundapp.candidates.following import lead_of
from fundapp.db import db, reread
from fundapp.goals.models import Objective
from fundapp.history.actions import record
from fundapp.languages import Lazy, _dl
from fundapp.permissions import Permission, why_not
from fundapp.registry.actions import demand_case, file_document, file_submission, sender_of
from fundapp.registry.models import Direction
from fundapp.remarks.actions import why_stopped
from fundapp.reviews import falling
from fundapp.workflow import NotAllowed, StepNotPossible, demand_step, take_step


class ChangedMeanwhile(StepNotPossible):
    """Somebody saved the assessment after this page was opened; `assessment` is what is there now (None: nothing)."""

    def __init__(self, assessment: Assessment | None) -> None:
        super().__init__(_dl("Somebody else saved the assessment while you wrote. Compare, and save again."))
        self.assessment = assessment


class CheckedMeanwhile(StepNotPossible):
    """Somebody answered the same items otherwise while the page was open: `theirs`, by the item's code. `now` is every
    item as it stands, `seen` its signs for the page. Nothing is saved.
    """

    def __init__(self, theirs: dict[str, FormalCheck], now: dict[str, FormalCheck]) -> None:
        super().__init__(_dl("Somebody else answered the same items while you wrote. Compare, and save again."))
        self.theirs, self.now = theirs, now


class NotReady(StepNotPossible):
    """The report cannot be finished yet; `missing` says what is to be done, each as a sentence."""

    def __init__(self, missing: list[Lazy]) -> None:
        super().__init__(missing[0])
        self.missing = missing


def _lock(application: Application) -> None:
    """Wait for whoever changes this case; afterwards everything is as it is in the database now."""
    reread(application, with_for_update={"of": Application})


def _open_for_work(application: Application, by: Any) -> None:
    _lock(application)
    demand_open(application, by=by)


def demand_open(application: Application, *, by: Any) -> None:
    """See that the officer's work may change now. Errors: StepNotPossible, NotAllowed."""
    reason = why_not(by, Permission.ASSESS_APPLICATION, application)
    if reason is not None:
        raise NotAllowed(reason)
    if application.status not in rules.OPEN_FOR_WORK:
        raise StepNotPossible(
            _dl(
                "The assessment can be changed only while it goes on. The status is “%(status)s”.",
                status=application.status.label,
            )
        )


def take_up(application: Application, *, by: Any) -> None:
    """Begin the assessment and become the case's officer. Errors: StepNotPossible, NotAllowed."""
    _lock(application)
    take_step(application, "take_up", by=by, officer_id=by.id)
    _reload_officer(application)


def _reload_officer(application: Application) -> None:
    db.session.flush()
    db.session.expire(application, ["officer"])


def check(
    application: Application,
    findings: Mapping[str, tuple[Finding, str]],
    *,
    by: Any,
    seen: Mapping[str, str] | None = None,
) -> None:
    """Keep findings of the formal check by the item's code, each with its note; other items stay as they are. `seen`:
    the signs (`together.marks`) of what stood on the page, so that what somebody else wrote meanwhile stays.

    Errors: CheckedMeanwhile, StepNotPossible, NotAllowed, KeyError for an item that the terms do not have.
    """
    _open_for_work(application, by)
    known = {item["code"] for item in application.terms["formal_checks"]["value"]}
    fresh = select(FormalCheck).filter_by(application_id=application.id).execution_options(populate_existing=True)
    rows = {row.item: row for row in db.session.scalars(fresh)}
    if seen is not None:
        findings = _own_findings(findings, rows, seen)
    for code, (finding, note) in findings.items():
        if code not in known:
            raise KeyError(code)
        row = rows.get(code)
        if row is None:
            row = FormalCheck(application_id=application.id, item=code)
            db.session.add(row)
        elif (row.finding, row.note) == (finding, note):
            continue
        row.finding, row.note, row.checked_by_id, row.checked_at = finding, note, by.id, clock.now()
    record(application, "check", by=by, items=len(findings))
    falling.let_fall(application)
    db.session.flush()


def _own_findings(
    findings: Mapping[str, tuple[Finding, str]], rows: dict[str, FormalCheck], seen: Mapping[str, str]
) -> dict[str, tuple[Finding, str]]:
    """Those that the person changed. Errors: CheckedMeanwhile."""
    mine = {code: (finding.name, note) for code, (finding, note) in findings.items()}
    now = {code: row.written for code, row in rows.items()}
    changed = together.own_changes(mine, seen)
    clashing = together.clashes(changed, now, seen)
    if clashing:
        raise CheckedMeanwhile({code: rows[code] for code in clashing}, rows)
    return {code: findings[code] for code in changed}


def request_completion(
    application: Application,
    *,
    sections: Sequence[str],
    questions: Sequence[str] = (),
    what: str,
    due_on: date,
    by: Any,
) -> CompletionRequest:
    """Ask the applicant to add something; the mail is written and filed as dispatched. `sections` open as a whole, of
    other sections only the `questions` ("budget.amount") that are named.

    Errors: StepNotPossible, NotAllowed, ValueError for a day that has passed.
    """
    if rules.is_too_early(due_on, clock.today()):
        raise ValueError(f"{due_on} has passed")
    _lock(application)
    officer_id = application.officer_id or by.id
    take_step(application, "request_completion", by=by, officer_id=officer_id)
    _reload_officer(application)
    request = CompletionRequest(
        application=application,
        sections=list(rules.opened(sections, questions)),
        questions=[each for each in questions if each.partition(".")[0] not in sections],
        what=what,
        due_on=due_on,
        requested_at=clock.now(),
        requested_by_id=by.id,
    )
    db.session.add(request)
    db.session.flush()
    message = emails.send_completion_request(request)
    file_document(
        demand_case(application),
        direction=Direction.DISPATCHED,
        subject=papers.completion_subject(due_on),
        counterpart=sender_of(application),
        paper=documents.draw_up(
            "assessments/documents/completion_request.typ",
            papers.completion_content(request, message),
            file_name=papers.completion_file_name(application),
            language=message.language,
        ),
        by=by,
    )
    return request


def open_request(application: Application) -> CompletionRequest | None:
    """The request that the applicant has not answered, or None."""
    return db.session.scalar(
        select(CompletionRequest)
        .where(CompletionRequest.application_id == application.id, CompletionRequest.ended_at.is_(None))
        .order_by(CompletionRequest.id.desc())
        .limit(1)
    )


def end_completion(application: Application, submission: Submission | None, *, by: Any) -> None:
    """The applicant answered with `submission`, which is filed as received (or withdrew: None). Takes no step."""
    request = open_request(application)
    if request is not None:
        request.ended_at = clock.now()
        request.submission_id = submission.id if submission is not None else None
    if submission is not None:
        falling.let_fall(application)
    if submission is not None and application.case is not None:
        file_submission(application, submission, by=by)


def go_on_without(application: Application, *, by: Any) -> None:
    """Assess on what there is, although the completion has not come. Errors: StepNotPossible, NotAllowed."""
    _lock(application)
    take_step(application, "go_on_without", by=by)
    end_completion(application, None, by=by)


def link_objectives(
    application: Application, objectives: Iterable[Objective], *, by: Any, seen: Set[int] | None = None
) -> bool:
    """Make these the objectives of the plan that the application serves; none is an answer too. `seen`: the ids that
    were ticked when the page was opened; what somebody else linked or took away since then stays as they left it.

    Gives whether there was such. Errors: StepNotPossible, NotAllowed.
    """
    _open_for_work(application, by)
    linked = set(
        db.session.scalars(select(ObjectiveLink.objective_id).where(ObjectiveLink.application_id == application.id))
    )
    mine = {objective.id for objective in objectives}
    keys = mine if seen is None else together.merged(mine, seen, linked)
    wanted = {row.id: row for row in db.session.scalars(select(Objective).where(Objective.id.in_(keys)))}
    db.session.execute(
        delete(ObjectiveLink).where(
            ObjectiveLink.application_id == application.id, ObjectiveLink.objective_id.in_(linked - wanted.keys())
        )
    )
    for key in sorted(wanted.keys() - linked):
        db.session.add(ObjectiveLink(application_id=application.id, objective_id=key, linked_by_id=by.id))
    codes = " ".join(sorted(objective.code for objective in wanted.values()))
    record(application, "link_objectives", by=by, objectives=codes[:200])
    falling.let_fall(application)
    db.session.flush()
    return seen is not None and linked != seen


def save_assessment(application: Application, *, version: int, by: Any, **fields: Any) -> Assessment:
    """Keep the officer's assessment as it stands; `version` is the one that was read (0 where there was none).

    `fields`: scores, summary, text, proposed_outcome, proposed_amount (kronor), reasons, conditions.
    Errors: ChangedMeanwhile, StepNotPossible, NotAllowed.
    """
    _open_for_work(application, by)
    assessment = _assessment_of(application)
    if version != (assessment.version if assessment is not None else 0):
        raise ChangedMeanwhile(assessment)
    faults = rules.proposal_faults(
        fields.get("proposed_outcome"), fields.get("proposed_amount"), sought=application.amount_requested
    )
    for fault in faults.values():
        raise StepNotPossible(fault)
    if assessment is None:
        assessment = Assessment(application_id=application.id, scores={})
        db.session.add(assessment)
    for name, value in fields.items():
        setattr(assessment, name, value)
    assessment.saved_at, assessment.saved_by_id = clock.now(), by.id
    record(application, "save_assessment", by=by)
    falling.let_fall(application)
    db.session.flush()
    return assessment


def _assessment_of(application: Application) -> Assessment | None:
    return db.session.scalar(
        select(Assessment).where(Assessment.application_id == application.id).execution_options(populate_existing=True)
    )


def missing_for_report(application: Application, *, serves_no_objective: bool = False) -> list[Lazy]:
    """What must be done before the report can be finished; a flag that stops the case comes first."""
    stopped = why_stopped(application)
    assessment = _assessment_of(application)
    kind = application.organisation.kind.value if application.organisation is not None else None
    items = rules.check_items(application.terms, kind)
    done = db.session.scalars(select(FormalCheck.item).where(FormalCheck.application_id == application.id))
    linked = db.session.scalar(select(ObjectiveLink.id).where(ObjectiveLink.application_id == application.id).limit(1))
    missing = rules.missing_for_report(
        unchecked_items=len(rules.unchecked(items, done)),
        text=assessment.text if assessment else "",
        outcome=assessment.proposed_outcome if assessment else None,
        amount=assessment.proposed_amount if assessment else None,
        needs_objective=application.kind is ApplicationKind.GRANT,
        has_objective=linked is not None,
        serves_no_objective=serves_no_objective,
        needs_amount=lead_of(application) is None,
    )
    missing += falling.missing_for_report(application)
    return missing if stopped is None else [stopped, *missing]


def finish_report(application: Application, *, by: Any, serves_no_objective: bool = False) -> OfficerReport:
    """Freeze the officer's report, file it as drawn up, and hand the case over to the sitting.

    Errors: NotReady, StepNotPossible, NotAllowed.
    """
    _lock(application)
    demand_step(application, "finish_assessment", by=by)
    missing = missing_for_report(application, serves_no_objective=serves_no_objective)
    if missing:
        raise NotReady(missing)
    assessment = db.session.scalars(select(Assessment).filter_by(application_id=application.id)).one()
    paper = documents.draw_up(
        "assessments/documents/officer_report.typ",
        papers.report_content(application, by=by, serves_no_objective=serves_no_objective),
        file_name=papers.report_file_name(application),
    )
    db.session.flush()
    report = OfficerReport(
        application_id=application.id,
        paper=paper,
        proposed_outcome=assessment.proposed_outcome,
        proposed_amount=assessment.proposed_amount,
        finished_at=clock.now(),
        finished_by_id=by.id,
    )
    db.session.add(report)
    case = demand_case(application)
    file_document(case, direction=Direction.DRAWN_UP, subject=papers.report_subject(), paper=paper, by=by)
    take_step(application, "finish_assessment", by=by)
    return report


def reopen(application: Application, *, by: Any) -> None:
    """Go back to assessing before the case is on an agenda; the finished report stays filed."""
    _lock(application)
    take_step(application, "reopen_assessment", by=by)


def reconsider(application: Application, *, by: Any) -> None:
    """Take an ended case up for a new decision; the old decision stays as it is."""
    _lock(application)
    take_step(application, "reconsider", by=by, officer_id=application.officer_id or by.id)
    falling.let_fall(application)
    _reload_officer(application)
