"""No path through the state graph lets one person do both: every state that the real actions reach is searched.

The people and what may happen around them are few, so that the graph is finite; a state is what the database holds of
them, and who did the first half, which the search itself keeps. Every action of every person is tried in every state,
the refused ones too. A safeguard taken away is found.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from fundapp import clock
from fundapp.accounts import giros as asking
from fundapp.accounts.actions import declare_conflict, end_conflict, give_role, take_role
from fundapp.accounts.giro_tables import GiroChange
from fundapp.accounts.models import Account, Conflict, Membership, Organisation, RoleGiven
from fundapp.applications.models import Application
from fundapp.db import db
from fundapp.intake import correcting
from fundapp.intake.models import Correction
from fundapp.permissions import Role
from fundapp.projects import actions, giros, paying
from fundapp.projects.models import Instalment
from fundapp.projects.paying import unpropose
from fundapp.projects.rules import Part
from fundapp.workflow import InstalmentStatus, NotAllowed, StepNotPossible
from tests.factories import on_day
from tests.factories.people import applicant, official, organisation
from tests.factories.projects import payable, running

URL = "http://localhost/sv/"
OLD, NEW = {"bankgiro": "50501055"}, {"bankgiro": "58056201"}
SAID = "Ringde kassören."
Ghost = tuple[str, ...]
Move = Callable[["World"], None]


class OnePersonDidBoth(AssertionError):
    """The path of moves that lets one person do both."""


@dataclass
class World:
    """Keys of the rows that the moves touch; `half` is who did the first half of each thing that is under way."""

    people: dict[str, int]
    part: int
    application: int
    organisation: int
    double: int
    half: dict[str, str] = field(default_factory=dict)

    def who(self, name: str) -> Account:
        return db.session.get_one(Account, self.people[name])

    def instalment(self) -> Instalment:
        return db.session.get_one(Instalment, self.part)

    def case(self) -> Application:
        return db.session.get_one(Application, self.application)

    def theirs(self) -> Organisation:
        return db.session.get_one(Organisation, self.organisation)

    def begins(self, what: str, name: str) -> None:
        self.half[what] = name

    def ends(self, what: str, name: str) -> None:
        if self.half.pop(what) == name:
            raise OnePersonDidBoth(f"{name}: {what}")


def _world() -> World:
    """`both` has every role that pays; `officer` one; `insider` is an officer who comes to and leaves the association;
    `member` acts for it alone.
    """
    project = payable(running())
    application = project.application
    assert application.organisation is not None
    member = application.created_by
    people = {
        "both": official(Role.OFFICER, Role.SECRETARY),
        "officer": official(Role.OFFICER),
        "insider": official(Role.OFFICER, Role.REGISTRAR),
        "member": member,
    }
    double = organisation(applicant(), name="Språkkafé Kalix", org_number=application.organisation.org_number or "")
    db.session.flush()
    keys = {name: each.id for name, each in people.items()}
    return World(keys, project.instalments[0].id, application.id, application.organisation.id, double.id)


# --- what can happen --------------------------------------------------------------------------------------------------


def _propose(name: str) -> Move:
    def move(world: World) -> None:
        was = world.instalment().status
        paying.propose_payment(world.instalment(), paid_on=clock.today(), reference=name, by=world.who(name))
        if was is InstalmentStatus.PLANNED:
            world.begins("pay", name)

    return move


def _approve(name: str) -> Move:
    def move(world: World) -> None:
        was = world.instalment().status
        paying.approve_payment(world.instalment(), by=world.who(name))
        if was is InstalmentStatus.PROPOSED:
            world.ends("pay", name)

    return move


def _send_back(name: str) -> Move:
    def move(world: World) -> None:
        paying.send_back_payment(world.instalment(), reason="Nej.", by=world.who(name))
        world.half.pop("pay")

    return move


def _take_back(name: str) -> Move:
    def move(world: World) -> None:
        paying.take_back_payment(world.instalment(), by=world.who(name))
        world.half.pop("pay")

    return move


def _replan(name: str) -> Move:
    """Splits and puts together what is planned: a new row must not inherit anything."""

    def move(world: World) -> None:
        project = world.instalment().project
        actions.change_plan(project, [Part(project.to_plan, clock.today())], by=world.who(name))

    return move


def _toggle_role(name: str, role: Role) -> Move:
    def move(world: World) -> None:
        person = world.who(name)
        row = db.session.scalar(select(RoleGiven).where(RoleGiven.account_id == person.id, RoleGiven.role == role))
        if row is None:
            give_role(person, role, by=None)
        else:
            take_role(row, by=None)

    return move


def _toggle_membership(name: str) -> Move:
    def move(world: World) -> None:
        key, theirs = world.people[name], world.organisation
        mine = select(Membership).where(Membership.account_id == key, Membership.organisation_id == theirs)
        row = db.session.scalar(mine)
        if row is None:
            db.session.add(Membership(account_id=key, organisation_id=theirs, since=clock.now()))
        else:
            db.session.delete(row)
        db.session.flush()

    return move


def _toggle_conflict(name: str) -> Move:
    def move(world: World) -> None:
        person = world.who(name)
        open_ = select(Conflict).where(Conflict.account_id == person.id, Conflict.ended_at.is_(None))
        row = db.session.scalar(open_)
        if row is None:
            declare_conflict(by=person, reason="Min syster.", organisation=world.theirs())
        else:
            end_conflict(row, by=person)

    return move


def _annul(world: World) -> None:
    """A court annuls the decision; here only what it does to the instalment."""
    registrar = world.who("insider")
    actions.hold(world.instalment().project)
    unpropose(world.instalment(), "annul", by=registrar)
    world.half.pop("pay", None)


def _ask(name: str) -> Move:
    def move(world: World) -> None:
        theirs = world.theirs()
        before = asking.waiting(theirs)
        wanted = OLD if theirs.accounts == NEW else NEW
        change = asking.set_accounts(theirs, wanted, old_email=theirs.email, by=world.who(name))
        if change is not None and change is not before:
            world.begins("account", name)

    return move


def _take_account_back(name: str) -> Move:
    def move(world: World) -> None:
        asking.take_back(_waiting(world), by=world.who(name))
        world.half.pop("account")

    return move


def _approve_account(name: str) -> Move:
    def move(world: World) -> None:
        giros.approve_account(_waiting(world), verified=SAID, by=world.who(name))
        world.half.pop("pay", None)  # what was proposed is proposed anew
        world.ends("account", name)

    return move


def _refuse_account(name: str) -> Move:
    def move(world: World) -> None:
        giros.refuse_account(_waiting(world), remark="Nej.", by=world.who(name))
        world.half.pop("account")

    return move


def _waiting(world: World) -> GiroChange:
    found = db.session.scalar(select(GiroChange).where(GiroChange.decided_at.is_(None)))
    if found is None:
        raise StepNotPossible("nothing waits")
    return found


def _propose_correction(name: str) -> Move:
    def move(world: World) -> None:
        wanted = OLD if world.theirs().accounts == NEW else NEW
        correcting.propose_particulars(world.case(), wanted, reason=SAID, by=world.who(name))
        world.begins("correction", name)

    return move


def _propose_doubles(name: str) -> Move:
    def move(world: World) -> None:
        double = db.session.get_one(Organisation, world.double)
        correcting.propose_doubles(world.case(), double, reason=SAID, by=world.who(name))
        world.begins("doubles", name)

    return move


def _answer_correction(name: str, *, is_approved: bool) -> Move:
    def move(world: World) -> None:
        for row in db.session.scalars(select(Correction).where(Correction.decided_at.is_(None))).all():
            what = "doubles" if row.kind.name == "DOUBLES" else "correction"
            if is_approved:
                before = asking.waiting(world.theirs())
                correcting.approve(row, by=world.who(name))
                proposer = world.half[what]
                world.ends(what, name)
                if before is None and asking.waiting(world.theirs()) is not None:
                    world.begins("account", proposer)
            else:
                correcting.decline(row, remark="Nej.", by=world.who(name))
                world.half.pop(what)
            return
        raise StepNotPossible("nothing waits")

    return move


_STAFF = ("both", "officer", "insider")


def _paying_moves(staff: tuple[str, ...] = _STAFF) -> dict[str, Move]:
    found: dict[str, Move] = {}
    for name in staff:
        found |= {f"{name} proposes": _propose(name), f"{name} approves": _approve(name)}
        found |= {f"{name} sends back": _send_back(name), f"{name} takes back": _take_back(name)}
    return found | {
        "both is officer or not": _toggle_role("both", Role.OFFICER),
        "insider comes or goes": _toggle_membership("insider"),
    }


def _account_moves() -> dict[str, Move]:
    found: dict[str, Move] = {"insider comes or goes": _toggle_membership("insider")}
    for name in ("member", "insider"):
        found |= {f"{name} asks": _ask(name), f"{name} takes the account back": _take_account_back(name)}
    for name in ("both", "insider"):
        found[f"{name} approves the account"] = _approve_account(name)
        found[f"{name} refuses the account"] = _refuse_account(name)
    return found


def _correcting_moves(what: str) -> dict[str, Move]:
    begins = {"correction": _propose_correction, "doubles": _propose_doubles}[what]
    found = {"insider comes or goes": _toggle_membership("insider")}
    for name in ("both", "insider"):
        found[f"{name} proposes a {what}"] = begins(name)
        found[f"{name} approves the {what}"] = _answer_correction(name, is_approved=True)
    return found | {"both declines": _answer_correction("both", is_approved=False)}


def _bare_paying_moves() -> dict[str, Move]:
    """Propose and approve alone, by two who may."""
    return {
        f"{name} {word}": move(name)
        for name in ("both", "insider")
        for word, move in (("proposes", _propose), ("approves", _approve))
    }


# What can happen at the same time, by the things that meet in it.
TOGETHER: dict[str, Callable[[], dict[str, Move]]] = {
    "payments and accounts": lambda: _bare_paying_moves() | _account_moves(),
    "accounts and corrections": lambda: _account_moves() | _correcting_moves("correction"),
    "payments and corrections": lambda: _bare_paying_moves() | _correcting_moves("correction"),
    "payments and doubles": lambda: _bare_paying_moves() | _correcting_moves("doubles"),
    "payments, conflicts, plans and a court": lambda: (
        _bare_paying_moves()
        | {
            "officer proposes": _propose("officer"),
            "officer approves": _approve("officer"),
            "officer's conflict": _toggle_conflict("officer"),
            "officer plans anew": _replan("officer"),
            "a court annuls": _annul,
        }
    ),
}


# --- the search -------------------------------------------------------------------------------------------------------


def _key(world: World) -> tuple[Any, ...]:
    """The state: what decides what anybody may do next, and who did the first halves."""
    part, theirs = world.instalment(), world.theirs()
    roles = select(RoleGiven.account_id, RoleGiven.role).where(RoleGiven.account_id.in_(world.people.values()))
    members = select(Membership.account_id).where(Membership.organisation_id == world.organisation)
    conflicts = select(Conflict.account_id).where(Conflict.ended_at.is_(None))
    waiting = select(GiroChange.asked_by_id, GiroChange.before, GiroChange.after).where(GiroChange.decided_at.is_(None))
    corrections = select(Correction.kind, Correction.proposed_by_id, Correction.after).where(
        Correction.decided_at.is_(None)
    )
    return (
        part.status, part.proposed_by_id, part.approved_by_id, str(part.payee), str(theirs.accounts),
        frozenset((key, role) for key, role in db.session.execute(roles)),
        frozenset(db.session.scalars(members)), frozenset(db.session.scalars(conflicts)),
        str(db.session.execute(waiting).all()), str(db.session.execute(corrections).all()),
        db.session.get_one(Organisation, world.double).merged_into_id,
        tuple(sorted(world.half.items())),
    )  # fmt: skip


def _try(world: World, move: Move) -> bool:
    """Whether the move was made. What the action or the database refuses leaves everything as it was."""
    db.session.expire_all()
    half = dict(world.half)
    nested = db.session.begin_nested()
    try:
        move(world)
        db.session.flush()
    except (StepNotPossible, NotAllowed, IntegrityError):
        nested.rollback()
        world.half = half
        return False
    nested.commit()
    return True


def _search(world: World, moves: dict[str, Move], most: int = 100_000) -> tuple[int, set[str]]:
    """Every state within reach, breadth first; gives how many, and which moves were made at all. The path to a state is
    walked again from the beginning, within a savepoint, so that every state is one that the actions made.

    Errors: OnePersonDidBoth with the path.
    """
    seen, made = {_key(world)}, set()
    queue: deque[tuple[str, ...]] = deque([()])
    while queue and len(seen) < most:
        path = queue.popleft()
        start = db.session.begin_nested()
        world.half = {}
        assert all(_try(world, moves[step]) for step in path)
        here = dict(world.half)
        for name, move in moves.items():
            attempt = db.session.begin_nested()
            try:
                if _try(world, move):
                    made.add(name)
                    key = _key(world)
                    if key not in seen:
                        seen.add(key)
                        queue.append((*path, name))
            except OnePersonDidBoth as fault:
                raise OnePersonDidBoth(f"{fault} by {' → '.join((*path, name))}") from None
            attempt.rollback()
            world.half = dict(here)
        start.rollback()
        db.session.expire_all()
    return len(seen), made


@pytest.fixture
def world(app: Flask) -> Any:
    on_day()
    with app.test_request_context(URL):
        yield _world()
        db.session.rollback()


def test_no_path_lets_one_person_propose_and_approve_a_payment(world: World) -> None:
    """Two who may pay, one of whom comes to and leaves the association and the other the role."""
    moves = _paying_moves(("both", "insider"))
    states, made = _search(world, moves)
    assert made == set(moves)
    assert states == (1 + 2 + 2) * 2 * 2  # planned, proposed by either, paid by either; membership, role


@pytest.mark.slow
def test_no_path_of_three_lets_one_of_them_do_both(world: World) -> None:
    moves = _paying_moves()
    states, made = _search(world, moves)
    assert made == set(moves)
    assert states == (1 + 3 + 6) * 2 * 2


def test_no_path_lets_one_person_ask_for_an_account_and_approve_it(world: World) -> None:
    moves = _account_moves()
    states, made = _search(world, moves)
    assert made == set(moves)
    assert states == (1 + 2) * 2 * 2  # nothing waits, or what either asked for; the number in use, membership


@pytest.mark.slow
@pytest.mark.parametrize("things", TOGETHER)
def test_no_path_through_things_that_meet_does_either(world: World, things: str) -> None:
    moves = TOGETHER[things]()
    _states, made = _search(world, moves)
    assert made == set(moves)


@pytest.mark.parametrize("fault", ["payment", "account"])
def test_a_safeguard_taken_away_is_found(world: World, monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    """Planted faults: the action forgets that it must be another, and so does the database."""
    if fault == "payment":
        monkeypatch.setattr(paying, "why_not_approved", lambda *_rest, **_more: None)
    else:
        monkeypatch.setattr(giros, "why_not_approved", lambda *_rest, **_more: None)
    db.session.connection().exec_driver_sql("PRAGMA ignore_check_constraints=ON")
    moves = _paying_moves(("both", "insider")) if fault == "payment" else _account_moves()
    with pytest.raises(OnePersonDidBoth, match=r"pay by|account by"):
        _search(world, moves)


def test_the_database_alone_holds_where_the_action_forgets(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paying, "why_not_approved", lambda *_rest, **_more: None)
    states, _made = _search(world, _paying_moves(("both", "insider")))
    assert states == (1 + 2 + 2) * 2 * 2
