"""When a decision is in force: the rule, the same rule as a condition of a query, and payment that waits for it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from fundapp import clock
from fundapp.db import db
from fundapp.decisions import appeals, force
from fundapp.decisions.force import Standing, standing
from fundapp.decisions.models import AppealEnd, Decision
from fundapp.languages import speaking
from fundapp.permissions import Role
from fundapp.workflow import NotAllowed, Outcome, StepNotPossible
from tests.factories import on_day
from tests.factories.decisions import decided
from tests.factories.force import announced, appealed, ended
from tests.factories.people import official
from tests.factories.projects import pay, running

LAST = date(2017, 3, 27)
BEFORE, AFTER = date(2017, 3, 27), date(2017, 3, 28)


@dataclass
class Notice:
    last_appeal_day: date = LAST


@dataclass
class Tried:
    end_kind: AppealEnd | None = None
    ended_on: date | None = None


DISMISSED = Tried(AppealEnd.DISMISSED, date(2017, 9, 4))
WITHDRAWN = Tried(AppealEnd.WITHDRAWN, date(2017, 3, 20))
LATE = Tried(AppealEnd.LATE, date(2017, 9, 4))
ANNULLED = Tried(AppealEnd.ANNULLED, date(2017, 9, 4))


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Refusals are compared in the language of the source."""
    with speaking("en"):
        yield


@pytest.mark.parametrize(
    ("notice", "tried", "today", "where", "day"),
    [
        (None, [], AFTER, Standing.NOT_ANNOUNCED, None),
        (Notice(), [], BEFORE, Standing.MAY_BE_APPEALED, AFTER),
        (Notice(), [], AFTER, Standing.IN_FORCE, AFTER),
        (None, [Tried()], AFTER, Standing.APPEALED, None),
        (Notice(), [Tried()], AFTER, Standing.APPEALED, None),
        (Notice(), [DISMISSED, Tried()], date(2017, 9, 5), Standing.APPEALED, None),
        (Notice(), [DISMISSED], date(2017, 9, 4), Standing.IN_FORCE, date(2017, 9, 4)),
        (Notice(), [WITHDRAWN], BEFORE, Standing.MAY_BE_APPEALED, AFTER),
        (Notice(), [WITHDRAWN], AFTER, Standing.IN_FORCE, AFTER),
        (Notice(), [LATE], date(2017, 9, 5), Standing.IN_FORCE, AFTER),
        (Notice(), [ANNULLED], date(2017, 9, 5), Standing.ANNULLED, date(2017, 9, 4)),
        (Notice(), [DISMISSED, ANNULLED, Tried()], date(2017, 9, 5), Standing.ANNULLED, date(2017, 9, 4)),
        (None, [WITHDRAWN], AFTER, Standing.NOT_ANNOUNCED, None),
    ],
)
def test_where_a_decision_stands(
    notice: Notice | None, tried: list[Tried], today: date, where: Standing, day: date | None
) -> None:
    found = standing(notice, tried, today)
    assert (found.standing, found.day) == (where, day)
    assert found.is_in_force is (where is Standing.IN_FORCE)


def test_it_is_said_in_plain_words_with_the_day() -> None:
    with speaking("en"):
        assert "28 March 2017 if nobody appeals" in str(standing(Notice(), [], BEFORE).sentence)
        assert "in force since 28 March 2017" in str(standing(Notice(), [], AFTER).sentence)


@pytest.mark.usefixtures("both_engines")
def test_the_query_says_what_the_rule_says(app: Flask) -> None:
    on_day()
    with app.app_context():
        made = [decided(), decided(), decided(), decided(outcome=Outcome.REJECT), decided(outcome=Outcome.TABLE)]
        made += [decided(), decided()]
        for decision in (made[1], made[2], made[3], made[5], made[6]):
            announced(decision)
        appealed(made[2])
        ended(appealed(made[5]), AppealEnd.WITHDRAWN)
        ended(appealed(made[6]), AppealEnd.ANNULLED)
        for today in (clock.today(), BEFORE, AFTER):
            rule = {key for key, found in force.forces(made, today).items() if found.is_in_force}
            query = set(db.session.scalars(select(Decision.id).where(force.is_in_force(today))))
            assert query == rule
        assert rule == {made[1].id, made[3].id, made[5].id}


def test_what_only_prepares_a_case_never_comes_into_force(app: Flask) -> None:
    on_day()
    with app.app_context():
        assert force.forces([decided(outcome=Outcome.TABLE), decided(outcome=Outcome.REFER_BACK)]) == {}


def _pay(project: object, *, on: date, by: object) -> None:
    part = project.instalments[0]  # type: ignore[attr-defined]  # a Project
    pay(part, paid_on=on, by=by)  # type: ignore[arg-type]  # an Account


def test_payment_waits_until_the_decision_is_in_force(app: Flask) -> None:
    on_day()
    with app.app_context(), speaking("en"):
        project, officer = running(), official(Role.OFFICER)
        with pytest.raises(StepNotPossible, match="not announced"):
            _pay(project, on=clock.today(), by=officer)
        announced(project.decision)
        on_day(BEFORE)
        with pytest.raises(StepNotPossible, match="in force from 28 March 2017"):
            _pay(project, on=BEFORE, by=officer)
        on_day(AFTER)
        with pytest.raises(StepNotPossible):
            _pay(project, on=BEFORE, by=officer)
        _pay(project, on=AFTER, by=officer)
        assert project.paid > 0


def test_payment_waits_while_an_appeal_is_open(app: Flask) -> None:
    on_day()
    with app.app_context(), speaking("en"):
        project, officer = running(), official(Role.OFFICER)
        announced(project.decision)
        appeal = appealed(project.decision)
        on_day(date(2017, 9, 4))
        with pytest.raises(StepNotPossible, match="appealed"):
            _pay(project, on=clock.today(), by=officer)
        ended(appeal, AppealEnd.DISMISSED)
        _pay(project, on=clock.today(), by=officer)


def test_the_paragraph_is_named_from_2018_and_not_before(app: Flask) -> None:
    for day, says in ((date(2017, 3, 6), "in force."), (date(2018, 3, 6), "(KL 2017:725 13:14).")):
        on_day(day)
        with app.app_context(), speaking("en"):
            with pytest.raises(StepNotPossible) as refused:
                _pay(running(starts_on="2018-04-01", ends_on="2018-11-30"), on=day, by=official(Role.OFFICER))
            assert str(refused.value.reason).endswith(says)
            db.session.rollback()


def test_somebody_may_allow_payment_before_with_a_reason_and_another_pays(app: Flask) -> None:
    on_day()
    with app.app_context():
        project = running()
        both = official(Role.SECRETARY, Role.OFFICER)
        with pytest.raises(StepNotPossible, match="Write why"):
            appeals.allow_early_payment(project.decision, reason=" ", by=both)
        early = appeals.allow_early_payment(project.decision, reason="Kursen börjar på måndag.", by=both)
        assert appeals.allow_early_payment(project.decision, reason="Kursen börjar på måndag.", by=both) is early
        with pytest.raises(StepNotPossible, match="already"):
            appeals.allow_early_payment(project.decision, reason="Ett annat skäl.", by=both)
        with pytest.raises(StepNotPossible, match="Another person"):
            _pay(project, on=clock.today(), by=both)
        _pay(project, on=clock.today(), by=official(Role.OFFICER))
        assert project.paid > 0


@pytest.mark.parametrize("role", [Role.OFFICER, Role.REGISTRAR, Role.MEMBER, Role.ADMINISTRATOR])
def test_only_a_secretary_allows_it(app: Flask, role: Role) -> None:
    on_day()
    with app.app_context():
        project = running()
        with pytest.raises(NotAllowed):
            appeals.allow_early_payment(project.decision, reason="Bråttom.", by=official(role))


def test_leave_to_pay_does_not_outlive_an_appeal_that_comes_after_it(app: Flask) -> None:
    on_day()
    with app.app_context():
        project, officer = running(), official(Role.OFFICER)
        announced(project.decision)
        appeals.allow_early_payment(project.decision, reason="Bråttom.", by=official(Role.SECRETARY))
        payable = select(Decision.id).where(force.may_be_paid(clock.today()))
        assert list(db.session.scalars(payable)) == [project.decision_id]
        appeal = appealed(project.decision)
        assert list(db.session.scalars(payable)) == []
        with pytest.raises(StepNotPossible, match="appeal came after"):
            _pay(project, on=clock.today(), by=officer)
        ended(appeal, AppealEnd.WITHDRAWN)
        assert list(db.session.scalars(payable)) == [project.decision_id]
        _pay(project, on=clock.today(), by=officer)


def test_nothing_is_allowed_where_it_has_no_meaning(app: Flask) -> None:
    on_day()
    with app.app_context():
        secretary = official(Role.SECRETARY)
        with pytest.raises(StepNotPossible, match="nothing to pay"):
            appeals.allow_early_payment(decided(outcome=Outcome.REJECT), reason="Bråttom.", by=secretary)
        decision = running().decision
        announced(decision)
        on_day(AFTER + timedelta(days=1))
        with pytest.raises(StepNotPossible, match="without leave"):
            appeals.allow_early_payment(decision, reason="Bråttom.", by=secretary)
