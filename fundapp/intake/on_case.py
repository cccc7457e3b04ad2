"""What stands on the case page: rows read with the page's one statement, and the pages that lead on from here."""

from typing import Any

from flask import url_for
from sqlalchemy import Select, bindparam, select

from fundapp.accounts.models import Account
from fundapp.applications.models import Application
from fundapp.intake.models import Correction, Intake, MergedCase
from fundapp.languages import Lazy, _dl
from fundapp.permissions import Permission, Person, is_allowed
from fundapp.registry.models import Case
from fundapp.workflow import ApplicationStatus, steps_for


def lists() -> dict[str, Select[*tuple[Any, ...]]]:
    """Queries by name, with bindparam("application"), ("case") or ("person"); columns need own names."""
    here: Any = bindparam("application")
    return {
        "intake": select(Intake.way, Intake.received_on, Intake.sender, Account.name.label("entered_by"))
        .join(Account, Account.id == Intake.entered_by_id)
        .where(Intake.application_id == here),
        "merged_into": _merged(MergedCase.into_id).where(MergedCase.application_id == here),
        "merged_from": _merged(MergedCase.application_id).where(MergedCase.into_id == here).order_by(MergedCase.id),
        "corrections": select(
            Correction.public_id.label("key"),
            Correction.kind,
            Correction.proposed_at,
            Correction.is_approved,
            Account.name.label("proposed_by"),
        )
        .join(Account, Account.id == Correction.proposed_by_id)
        .where(Correction.application_id == here)
        .order_by(Correction.id.desc()),
    }


def _merged(other: Any) -> Select[*tuple[Any, ...]]:
    """The other case, with its inner key: whoever has a conflict of interest in that one is not shown it."""
    return (
        select(
            Application.id.label("other_id"),
            Application.public_id.label("key"),
            Application.title.label("title"),
            Case.diary_number.label("number"),
            MergedCase.reason,
            MergedCase.merged_at,
        )
        .select_from(MergedCase)
        .join(Application, Application.id == other)
        .outerjoin(Case, Case.id == Application.case_id)
    )


def works(application: Application, person: Person) -> list[tuple[Lazy, str]]:
    """What this person may do here, as (label, address)."""
    key = application.public_id
    found: list[tuple[Lazy, str]] = []
    is_asked = application.status is ApplicationStatus.COMPLETION_REQUESTED
    if application.is_entered and is_asked and is_allowed(person, Permission.RECEIVE_ON_PAPER):
        found.append((_dl("Enter additions that came on paper"), url_for("intake.show", public_id=key)))
    if any(possible.step.name == "merge" and possible.reason is None for possible in steps_for(person, application)):
        found.append((_dl("Merge with another case"), url_for("intake.merge", public_id=key)))
    if is_allowed(person, Permission.PROPOSE_CORRECTION, application):
        found.append((_dl("Correct what is kept about the applicant"), url_for("correcting.propose", public_id=key)))
    return found
