"""What a fund has changed since a draft was begun. A draft follows the fund; who writes it is told."""

from dataclasses import dataclass
from typing import Any

from fundapp.applications.models import Application
from fundapp.applications.questions import SECTIONS
from fundapp.applications.questions.asked import asked_in
from fundapp.applications.questions.base import fund_text
from fundapp.funds.models import terms_at
from fundapp.workflow import ApplicationStatus


@dataclass(frozen=True)
class Changed:
    """Questions and files in the language spoken now; `has_other_conditions`: what follows with a grant is not the
    same.
    """

    new: tuple[str, ...]
    gone: tuple[str, ...]
    needed: tuple[str, ...]
    has_other_conditions: bool


def since_begun(application: Application) -> Changed | None:
    """None where nothing that concerns the applicant was changed, and for what has been sent."""
    fund, began = application.round.fund, application.terms_version
    if application.status is not ApplicationStatus.DRAFT or began in (None, fund.version):
        return None
    terms = terms_at(fund, began)
    sections = SECTIONS[application.kind]
    old, now = ({(q.section, q.code): q for q in asked_in(application, t, sections)} for t in (terms, fund.terms))
    files_then, files_now = (_needed_files(application, kept) for kept in (terms, fund.terms))
    found = Changed(
        new=(
            *(question.words for place, question in now.items() if place not in old),
            *(words for code, words in files_now.items() if code not in files_then),
        ),
        gone=tuple(question.words for place, question in old.items() if place not in now),
        needed=tuple(q.words for place, q in now.items() if place in old and q.is_needed and not old[place].is_needed),
        has_other_conditions=terms["conditions"]["value"] != fund.terms["conditions"]["value"],
    )
    return found if any((found.new, found.gone, found.needed, found.has_other_conditions)) else None


def _needed_files(application: Application, terms: dict[str, Any]) -> dict[str, str]:
    organisation = application.organisation
    return {
        item["code"]: fund_text(item)
        for item in terms["attachments"]["value"]
        if organisation is not None and item["is_required"] and organisation.kind.value in item["applicant_types"]
    }
