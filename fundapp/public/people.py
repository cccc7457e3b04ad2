"""Whose names the public does not read: the people behind cases, without those who sit, or act, in office."""

from collections.abc import Collection, Iterator
from typing import Any

from sqlalchemy import exists, or_, select, union_all

from fundapp.accounts.models import Account, Membership, RoleGiven, Signatory
from fundapp.applications.models import Application, Submission
from fundapp.db import db
from fundapp.seats.models import Seat

# Answers of an application that name a person.
_NAMES = frozenset({"contact_name", "signatory_name", "nominee_contact", "nominator_name"})


def private_names_of(application_ids: Collection[int]) -> set[str]:
    """Names of the people behind these applications, whoever of them holds no office here."""
    if not application_ids:
        return set()
    began = select(Application.organisation_id, Account.name).join(Account, Account.id == Application.created_by_id)
    rows = db.session.execute(began.where(Application.id.in_(application_ids))).all()
    organisations = {row[0] for row in rows if row[0] is not None}
    members = select(Account.name).join(Membership).where(Membership.organisation_id.in_(organisations))
    signatories = select(Signatory.name).where(Signatory.organisation_id.in_(organisations))
    names = {row[1] for row in rows} | set(db.session.scalars(union_all(members, signatories)))
    sent = select(Submission.content).where(Submission.application_id.in_(application_ids))
    names |= {name for content in db.session.scalars(sent) for name in _answered(content)}
    return {" ".join(name.split()) for name in names if name and name.strip()} - _in_office()


def _answered(content: dict[str, Any]) -> Iterator[str]:
    for section in content["sections"]:
        for answer in section["answers"]:
            if answer["code"] in _NAMES and isinstance(answer["answer"], str):
                yield answer["answer"]


def _in_office() -> set[str]:
    """Names of everybody who has, or had, a role or a seat here."""
    holds = or_(exists().where(RoleGiven.account_id == Account.id), exists().where(Seat.account_id == Account.id))
    return set(db.session.scalars(select(Account.name).where(holds)))
