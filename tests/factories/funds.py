"""Funds as an administrator changes them. Ada and Bo are there after `administrators()`."""

from typing import Any

from sqlalchemy import select

from fundapp.accounts.models import Account
from fundapp.db import db
from fundapp.funds import editing
from fundapp.funds.models import Fund
from fundapp.permissions import Role
from tests.factories.applications import FUND
from tests.factories.people import official

SAID = {"source": "KS 2017-03-06 § 45", "is_assumption": False}


def fund(code: str = FUND) -> Fund:
    return db.session.scalars(select(Fund).where(Fund.code == code)).one()


def person(email: str = "ada@kommun.example") -> Account:
    return db.session.scalars(select(Account).where(Account.email == email)).one()


def edited(**changes: Any) -> None:
    """One change of the fund by Ada."""
    values = {key: value if value is None else {"value": value} | SAID for key, value in changes.items()}
    editing.edit(fund(), values, part=next(iter(changes)), seen=fund().version, by=person())


OWN: dict[str, Any] = {
    "code": "q1",
    "text": {"sv": "Hur gamla är de?", "en": "How old are they?"},
    "section": "participants",
    "kind": "number",
    "hint": None,
    "options": [],
    "is_needed": True,
}


def administrators() -> None:
    official(Role.ADMINISTRATOR, name="Ada Admin", email="ada@kommun.example")
    official(Role.ADMINISTRATOR, name="Bo Admin", email="bo@kommun.example")
