"""The automatic checks of one case: what the rules look at, taken from the case page's own reading."""

from typing import Any

from fundapp import clock
from fundapp.applications.models import Application
from fundapp.registry.checks import Check, Facts, checks
from fundapp.registry.past import Other, Past
from fundapp.workflow import ENDED


def checks_of(
    application: Application, content: dict[str, Any] | None, *, attached: frozenset[str], is_decided: bool, past: Past
) -> list[Check]:
    """Every check of the latest frozen copy, `content`; none where there is no copy."""
    if content is None or application.submitted_at is None:
        return []
    round_, organisation = application.round, application.organisation
    decided = is_decided or application.status in ENDED
    return checks(
        Facts(
            kind=application.kind.name,
            content=content,
            terms=application.terms,
            organisation_kind=organisation.kind.value if organisation is not None else None,
            org_number=organisation.org_number if organisation is not None else None,
            title=application.title or "",
            starts_on=application.starts_on,
            ends_on=application.ends_on,
            sought=application.amount_requested,
            sent_on=clock.local_day(application.submitted_at),
            today=clock.today(),
            is_decided=decided,
            period=(round_.period_start, round_.period_end),
            round_label=round_.label,
            left=None if decided else round_.left,
            attached=attached,
            late_reports=tuple(_name(other) for other in past.late_reports),
            same_projects=tuple(_name(other) for other in past.same_projects),
            looks_alike=len(past.alike),
        )
    )


def _name(other: Other) -> str:
    return other.diary_number or other.title
