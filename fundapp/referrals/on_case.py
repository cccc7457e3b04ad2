"""What stands on the case page: rows read with the page's one statement, and the pages that lead on from it."""

from typing import Any

from flask import url_for
from flask_login import current_user
from sqlalchemy import Select, bindparam, func, select

from fundapp.accounts.models import Account
from fundapp.applications.models import Application
from fundapp.languages import Lazy, _dl
from fundapp.permissions import Permission, Person, is_allowed
from fundapp.referrals import rules
from fundapp.referrals.models import Referral, ReferralAnswer
from fundapp.registry.models import Document


def lists() -> dict[str, Select[*tuple[Any, ...]]]:
    """Queries by name, with bindparam("application"), ("case") or ("person"); columns need own names."""
    answered = Document.__table__.alias("answered")
    return {
        "referrals": select(
            Referral.public_id,
            Referral.body,
            Referral.email,
            Referral.question,
            Referral.answer_by,
            Referral.asked_at,
            func.coalesce(func.nullif(Account.name, ""), Account.email).label("asked_by"),
            Referral.ended_at,
            Referral.withdrawn_by_id,
            Referral.withdrawal,
            Document.public_id.label("document"),
            ReferralAnswer.came_on,
            ReferralAnswer.answered_by,
            ReferralAnswer.text,
            answered.c.public_id.label("answer_document"),
            answered.c.number.label("answer_number"),
        )
        .join(Account, Account.id == Referral.asked_by_id)
        .join(Document, Document.id == Referral.document_id)
        .outerjoin(ReferralAnswer, ReferralAnswer.referral_id == Referral.id)
        .outerjoin(answered, answered.c.id == ReferralAnswer.document_id)
        .where(Referral.application_id == bindparam("application"))
        .order_by(Referral.id)
    }


def works(application: Application, person: Person) -> list[tuple[Lazy, str]]:
    """What this person may do here, as (label, address)."""
    may_ask = is_allowed(person, Permission.ASSESS_APPLICATION, application)
    if not may_ask or application.case_id is None or rules.why_not_open(application.status) is not None:
        return []
    return [(_dl("Refer for comment"), url_for("referrals.refer", public_id=application.public_id))]


def may_do(application: Application) -> dict[str, bool]:
    """What the signed-in person may do with a referral of the case that waits."""
    return {
        "answer": is_allowed(current_user, Permission.FILE_DOCUMENT, application),
        "withdraw": is_allowed(current_user, Permission.ASSESS_APPLICATION, application),
    }
