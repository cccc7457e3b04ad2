"""The statement that every page begins with gives a row for each thing a person has, not for each pair of them."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, inspect

from fundapp import clock
from fundapp.accounts.actions import begin_session, declare_conflict, give_role
from fundapp.accounts.found import FoundAnswer, NamedPerson
from fundapp.accounts.interests import keep
from fundapp.accounts.models import Account, Membership, Organisation
from fundapp.accounts.queries import open_session
from fundapp.accounts.rules import hashed
from fundapp.db import db
from fundapp.languages import speaking
from fundapp.permissions import Role
from tests.factories import on_day
from tests.factories.people import applicant, official, organisation

OSKAR = "Oskar Nyström"
MANY = 12


def _elsewhere(count: int) -> list[Organisation]:
    erik = applicant("Erik", "erik@by.example")
    return [organisation(erik, name=f"Förening {number}") for number in range(count)]


def _acts_for(person: Account, organisations: list[Organisation]) -> None:
    for each in organisations:
        db.session.add(Membership(account_id=person.id, organisation_id=each.id, since=clock.now()))


def _named(person: Account, organisations: list[Organisation]) -> list[NamedPerson]:
    rows = [
        NamedPerson(text=text, organisation_id=each.id)
        for each in organisations
        for text in (person.name_key, person.email)
    ]
    db.session.add_all(rows)
    db.session.flush()
    return rows


def _opened(person: Account) -> tuple[Account, int, int]:
    """The account as a page gets it, how many statements that took, and how many rows they gave."""
    token = hashed(begin_session(person))
    db.session.commit()
    db.session.expunge_all()
    sent: list[tuple[str, Any]] = []

    def one(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if statement.startswith("SELECT"):
            sent.append((statement, parameters))

    event.listen(db.engine, "before_cursor_execute", one)
    kept = open_session(token)
    event.remove(db.engine, "before_cursor_execute", one)
    assert kept is not None
    counted = (f"SELECT count(*) FROM ({statement}) AS asked" for statement, _given in sent)  # noqa: S608  our own
    again = zip(counted, (given for _statement, given in sent), strict=True)
    rows = sum(db.session.connection().exec_driver_sql(*each).scalar_one() for each in again)
    return kept.account, len(sent), rows


def _size(account: Account) -> int:
    """How many things the person has of all that a page asks about."""
    names = ("role_rows", "memberships", "conflicts", "interests", "found_answers", "named")
    return sum(len(getattr(account, name)) for name in names)


@pytest.fixture
def place(app_on_both: Flask) -> Iterator[None]:
    on_day()
    with app_on_both.app_context(), speaking("en"):
        yield


def test_an_officials_rows_are_as_many_as_what_they_have(place: None) -> None:
    oskar = official(Role.OFFICER, Role.SECRETARY, Role.AUDITOR, name=OSKAR, email="oskar@kommun.example")
    found = _elsewhere(MANY)
    _acts_for(oskar, found[:3])
    for each in found[:3]:
        declare_conflict(by=oskar, reason="Släkt", organisation=each)
        keep(name=each.name, org_number="8020019991", role="kassör", begins_on=clock.today(), by=oskar)
    rows = _named(oskar, found)
    db.session.add_all(
        FoundAnswer(account_id=oskar.id, named_person_id=each.id, is_me=False, answered_at=clock.now())
        for each in rows[:-1]
    )
    names, unanswered = {each.name for each in found[:3]}, rows[-1].id
    account, statements, count = _opened(oskar)
    assert statements == 1
    assert count <= _size(account) + 6
    assert _size(account) == 3 + 3 + 3 + 3 + (2 * MANY - 1) + 2 * MANY
    assert [each.id for each in account.open_questions] == [unanswered]
    assert account.roles == {Role.OFFICER, Role.SECRETARY, Role.AUDITOR}
    assert {each.organisation.name for each in account.memberships} == names


def test_ones_own_name_in_ones_own_organisations_makes_an_applicants_pages_no_slower(place: None) -> None:
    eve = applicant("Eve Ond", "eve@ond.example")
    found = [organisation(eve, name=f"Förening {number}") for number in range(MANY)]
    _named(eve, found)
    account, statements, count = _opened(eve)
    assert (statements, len(account.memberships)) == (1, MANY)
    assert count <= MANY + 6
    assert account.open_questions == []


def test_what_a_page_did_not_ask_of_an_applicant_is_read_when_it_is_asked(place: None) -> None:
    """Whoever is given a role is asked at once whether it is they who are named."""
    eve = applicant("Eve Ond", "eve@ond.example")
    _named(eve, _elsewhere(1))
    account, _statements, _count = _opened(eve)
    assert {"named", "found_answers"} <= inspect(account).unloaded
    give_role(account, Role.OFFICER, by=None)
    assert len(account.open_questions) == 2


def test_what_a_page_begins_with_holds_what_is_declared_and_ends_with_it(place: None) -> None:
    oskar = official(Role.OFFICER, name=OSKAR, email="oskar@kommun.example")
    first, second = _elsewhere(2)
    declare_conflict(by=oskar, reason="Släkt", organisation=first)
    ended = declare_conflict(by=oskar, reason="Släkt", organisation=second)
    ended.ended_at = clock.now()
    taken_back = keep(name="Kassan", org_number="8020019991", role="kassör", begins_on=clock.today(), by=oskar)
    taken_back.taken_back_at = clock.now()
    key = first.id
    account, _statements, _count = _opened(oskar)
    assert account.conflicting_organisation_ids == {key}
    assert account.interests == []
    assert inspect(account).unloaded.isdisjoint({"conflicts", "interests", "memberships", "role_rows", "named"})
