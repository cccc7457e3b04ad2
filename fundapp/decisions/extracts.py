"""The extract of the minutes (protokollsutdrag), as the frozen content of a paper, in Swedish alone.

{"municipality", "title", "facts": [[label, value]], "heading", "subject", "sections": [{"heading", "text"}],
"signature"}.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from fundapp import clock, documents
from fundapp.applications.models import Application, ApplicationKind
from fundapp.assessments.models import Assessment, OfficerReport
from fundapp.db import db
from fundapp.decisions import papers
from fundapp.decisions.models import Decision
from fundapp.documents import Paper
from fundapp.languages import AUTHORITY_LANGUAGE, _d, money, speaking
from fundapp.workflow import Outcome


@dataclass(frozen=True)
class Basis:
    """What the board had before it: the summary in the officer's report, which becomes the minutes' description of the
    case, and when the last report was finished.
    """

    summary: str = ""
    finished_at: datetime | None = None


def bases(application_ids: Sequence[int]) -> dict[int, Basis]:
    """What there was to decide on in each case, by the application's id."""
    finished = select(OfficerReport.application_id.label("id"), func.max(OfficerReport.finished_at).label("at"))
    mine = OfficerReport.application_id.in_(application_ids)
    reports = finished.where(mine).group_by(OfficerReport.application_id).subquery()
    rows = db.session.execute(
        select(Application.id, Assessment.summary, reports.c.at)
        .outerjoin(Assessment, Assessment.application_id == Application.id)
        .outerjoin(reports, reports.c.id == Application.id)
        .where(Application.id.in_(application_ids))
    )
    return {application_id: Basis(summary or "", finished_at) for application_id, summary, finished_at in rows}


def extract(decision: Decision, project: Any, basis: Basis) -> Paper:
    """The extract of the minutes (protokollsutdrag) of one case under one §, in Swedish; `project` as for `letter`."""
    item = decision.item
    with speaking(AUTHORITY_LANGUAGE):
        content = {
            "municipality": papers.municipality_of(decision),
            "title": _d("Extract of the minutes"),
            "facts": _extract_facts(decision),
            "heading": f"§ {item.number} {item.heading}",
            "subject": decision.case.subject,
            "sections": [part for part in _extract_sections(decision, project, basis) if part["text"]],
            "signature": _d("Certified"),
        }
    file_name = f"protokollsutdrag-{item.designation.replace(' § ', '-').replace(' ', '-')}.pdf"
    return documents.draw_up("decisions/documents/extract.typ", content, file_name=file_name)


def subject(decision: Decision) -> str:
    """What the diary says of the extract, in Swedish."""
    with speaking(AUTHORITY_LANGUAGE):
        return _d("Extract of the minutes %(designation)s", designation=decision.item.designation)


def _extract_facts(decision: Decision) -> list[list[str]]:
    meeting = decision.item.meeting
    rows = [
        (_d("Body"), meeting.board.name),
        (_d("Day of the sitting"), meeting.held_on.isoformat()),
        (_d("Place"), meeting.place),
        (_d("Paragraph"), f"§ {decision.item.number}"),
        (_d("Diary number"), decision.case.diary_number),
        (_d("Minutes approved"), meeting.approved_on.isoformat() if meeting.approved_on else ""),
    ]
    return [[label, value] for label, value in rows if value]


def _extract_sections(decision: Decision, project: Any, basis: Basis) -> list[dict[str, str]]:
    absent = ", ".join(absence.name for absence in decision.absences)
    conflict = _d("Took no part in the handling because of a conflict of interest: %(names)s.", names=absent)
    resolved = _resolved(decision)
    if project is not None:
        period = {"start": project.starts_on.isoformat(), "end": project.ends_on.isoformat()}
        due = project.report_due_on.isoformat()
        text = _d("The project goes on from %(start)s to %(end)s. It is reported on by %(due)s.", due=due, **period)
        resolved = f"{resolved}\n\n{text}"
    rows = [
        (_d("Decision"), resolved),
        (_d("Reasons"), decision.reasons),
        (_d("Conditions"), decision.conditions),
        (_d("Summary"), basis.summary),
        (_d("Basis for the decision"), _basis(basis)),
        (_d("Conflict of interest"), conflict if absent else ""),
        (_d("The decision is sent to"), "\n".join(_sent_to(decision))),
    ]
    return [{"heading": heading, "text": text} for heading, text in rows]


def _basis(basis: Basis) -> str:
    """The report that the board had before it: the last one that was finished."""
    if basis.finished_at is None:
        return ""
    return _d("Officer's report, %(day)s", day=clock.local_day(basis.finished_at).isoformat())


def _sent_to(decision: Decision) -> list[str]:
    found = [receiver.name for receiver in papers.receivers(decision)]
    found.append(_d("The case officer"))
    return [*found, _d("The finance unit")] if decision.outcome.gives_money else found


def _resolved(decision: Decision) -> str:
    """The decision as a sentence that is understood by itself."""
    application = decision.application
    names = {
        "board": decision.item.meeting.board.name,
        "applicant": application.applicant_name or "",
        "fund": application.round.fund.name,
    }
    if decision.amount is not None and application.kind is not ApplicationKind.GRANT:
        return _d("%(board)s awards %(applicant)s %(sum)s from %(fund)s.", sum=money(decision.amount), **names)
    if application.kind is ApplicationKind.NOMINATION and decision.outcome is Outcome.REJECT:
        return _d("%(board)s does not award %(fund)s to %(applicant)s.", **names)
    if application.kind is ApplicationKind.NOMINATION and decision.outcome is Outcome.DISMISS:
        return _d("%(board)s dismisses the nomination of %(applicant)s without examining it.", **names)
    if decision.amount is not None:
        names |= {"sum": money(decision.amount), "title": application.title or ""}
        names["sought"] = money(application.amount_requested or 0)
    return {
        Outcome.GRANT: lambda: _d(
            "%(board)s grants %(applicant)s %(sum)s from %(fund)s for the project “%(title)s”.", **names
        ),
        Outcome.GRANT_IN_PART: lambda: _d(
            "%(board)s grants %(applicant)s %(sum)s of the %(sought)s sought from %(fund)s for the project "
            "“%(title)s”.",
            **names,
        ),
        Outcome.REJECT: lambda: _d("%(board)s rejects the application from %(applicant)s to %(fund)s.", **names),
        Outcome.REFER_BACK: lambda: _d("%(board)s refers the case back for further preparation.", **names),
        Outcome.TABLE: lambda: _d("%(board)s tables the case to a later sitting.", **names),
        Outcome.DISMISS: lambda: _d("%(board)s dismisses the application without examining it.", **names),
        Outcome.WRITE_OFF: lambda: _d("%(board)s writes the case off without a decision in the matter.", **names),
    }[decision.outcome]()
