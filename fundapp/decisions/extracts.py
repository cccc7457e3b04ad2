"""The extract of the minutes (protokollsutdrag), as the frozen content of a paper, in Swedish alone.

{"municipality", "title", "facts": [[label, value]], "heading", "subject", "sections": [{"heading", "text"}],
"signature"}. Its sections are those of the case in the minutes.
"""

from typing import Any

from fundapp import documents
from fundapp.decisions import papers
from fundapp.decisions.legal import appeal_in_swedish
from fundapp.decisions.models import Decision
from fundapp.decisions.wording import Basis, Told, case_sections, item_sections
from fundapp.documents import Paper
from fundapp.languages import AUTHORITY_LANGUAGE, _d, speaking


def extract(decision: Decision, project: Any, basis: Basis, told: Told) -> Paper:
    """The extract of the minutes (protokollsutdrag) of one case under one §, in Swedish; `project` as for `letter`."""
    item = decision.item
    with speaking(AUTHORITY_LANGUAGE):
        content = {
            "municipality": papers.municipality_of(decision),
            "title": _d("Extract of the minutes"),
            "facts": _facts(decision),
            "heading": f"§ {item.number} {item.heading}",
            "subject": decision.case.subject,
            "sections": [
                *item_sections(item, told),
                *case_sections(decision, basis, told, _promise(project)),
                *_trial(decision),
            ],
            "signature": _d("Certified"),
        }
    file_name = f"protokollsutdrag-{item.designation.replace(' § ', '-').replace(' ', '-')}.pdf"
    return documents.draw_up("decisions/documents/extract.typ", content, file_name=file_name)


def _trial(decision: Decision) -> list[dict[str, str]]:
    """How the decision can be tried; what only prepares the case cannot be."""
    if not decision.outcome.ends_case:
        return []
    text = appeal_in_swedish(decision.item.meeting.held_on)
    return [{"heading": _d("How the decision can be tried"), "text": text}]


def subject(decision: Decision) -> str:
    """What the diary says of the extract, in Swedish."""
    with speaking(AUTHORITY_LANGUAGE):
        return _d("Extract of the minutes %(designation)s", designation=decision.item.designation)


def _facts(decision: Decision) -> list[list[str]]:
    meeting, item = decision.item.meeting, decision.item
    approved = item.approved_on.isoformat() if item.approved_on else ""
    rows = [
        (_d("Body"), meeting.board.name),
        (_d("Day of the sitting"), meeting.held_on.isoformat()),
        (_d("Place"), meeting.place),
        (_d("Paragraph"), f"§ {item.number}"),
        (_d("Diary number"), decision.case.diary_number),
        (_d("The paragraph was approved at once") if item.is_immediate else _d("Minutes approved"), approved),
    ]
    return [[label, value] for label, value in rows if value]


def _promise(project: Any) -> str:
    """What the grant started: the project's days, which the conditions refer to."""
    if project is None:
        return ""
    period = {"start": project.starts_on.isoformat(), "end": project.ends_on.isoformat()}
    due = project.report_due_on.isoformat()
    return _d("The project goes on from %(start)s to %(end)s. It is reported on by %(due)s.", due=due, **period)
