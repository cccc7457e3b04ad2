"""A case's life in any order: many sittings, referrals, disqualifications, appeals, payments.

A Hypothesis state machine takes steps at random, the way people do who press whatever there is to press. A step that
is refused is fine. After each one nothing may be paid before it may, granted above the frame, numbered twice, or told
before its minutes are approved. What is read back follows rules of the tests' own: tests/factories/life.py.
"""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select

from fundapp import clock
from fundapp.applications.actions import withdraw
from fundapp.applications.models import Application
from fundapp.assessments.actions import reconsider
from fundapp.db import db
from fundapp.decisions import announcing, appeals, approving, recording, releasing
from fundapp.decisions.actions import record_outcome
from fundapp.decisions.models import Appeal, AppealEnd, Decision
from fundapp.meetings import (
    actions,
    attendance,
    comings,
    disqualifying,
    drawing_up,
    ending,
    noticing,
    proposing,
    signing,
)
from fundapp.meetings.minutes import Minutes, NoticeOfMeeting
from fundapp.meetings.presences import room_of
from fundapp.meetings.proceedings import Choice, Disqualification
from fundapp.projects import paying
from fundapp.projects.models import Instalment, Project
from fundapp.workflow import ApplicationStatus, InstalmentStatus, MeetingStatus, Outcome, StepNotPossible
from tests.factories import DAY, life, on_day
from tests.factories.assessments import assess, assessed
from tests.factories.living import Ground, Living, of
from tests.factories.meetings import board
from tests.factories.seats import full_house
from tests.ground.apps import SignIn

LAST_DAY = DAY.replace(year=2018, month=11)  # the tests' own red days reach no further
MOST_CASES = 6
_A = ApplicationStatus
pick = st.integers(0, 11)
some = st.integers(0, 3)


def where(*wanted: str) -> Any:
    """The step is tried where there is something of the kind: `Life.there`."""
    return precondition(lambda life_: not life_.there.isdisjoint(wanted))


class Life(Living):
    # --- before the sitting ---------------------------------------------------------------------------------------

    @initialize(
        depth=st.sampled_from([10, 7, 3, 9, 10, 5, 8, 4, 2, 7, 0]), outcomes=st.tuples(*[st.sampled_from(Outcome)] * 3)
    )
    def begin(self, depth: int, outcomes: tuple[Outcome, ...]) -> None:
        """How far the first sitting has come when the life begins."""
        for step in [
            lambda: self.plan(0, True),
            lambda: [self.put_on_agenda(0, number, False) for number in range(3)],
            lambda: self.open_sitting(0, 0),
            lambda: [self.record(number, outcome, number, True) for number, outcome in enumerate(outcomes)],
            lambda: self.wind_up(0),
            lambda: self.pay(0, 0, "officer"),
            lambda: self.announce(0, 0),
            lambda: self.pay(0, 0, "officer"),
            lambda: self.time_passes(25),
            lambda: self.pay(0, 0, "officer"),
        ][:depth]:
            step()

    @precondition(lambda _: clock.today() <= DAY + timedelta(days=3))
    @rule(sought=st.sampled_from([20_000, life.SOUGHT]))
    def a_fresh_case(self, sought: int) -> None:
        with self.step("a fresh case"):
            if db.session.scalar(_count(Application)) >= MOST_CASES:
                raise StepNotPossible("there are cases enough")
            assessed(officer=self.who("officer"), by=self.who("applicant"), amount=sought, reasons=life.own_reasons())

    @rule(days=st.integers(0, 20), is_early=st.booleans())
    def plan(self, days: int, is_early: bool) -> None:
        with self.step("plan"):
            day = clock.today() + timedelta(days=0 if is_early else days)
            actions.plan_meeting(board=board(), held_on=day, has_standing_items=days % 2 == 1, by=self.who("secretary"))

    @rule(number=some)
    @where("planned")
    def publish_notice(self, number: int) -> None:
        with self.step("publish notice"):
            meeting = self.meeting(number, MeetingStatus.PLANNED)
            after = db.session.scalar(_count(NoticeOfMeeting, NoticeOfMeeting.meeting_id == meeting.id))
            noticing.publish(meeting, after=after or 0, by=self.who("secretary"))

    @rule(number=some, absent=st.integers(0, 7))
    @where("planned")
    def open_sitting(self, number: int, absent: int) -> None:
        if absent % 2:
            self.publish_notice(number)
        with self.step("open"):
            meeting = self.meeting(number, MeetingStatus.PLANNED)
            actions.open_meeting(meeting, by=self.who("secretary"))
            attendance.call_roll(meeting, full_house()[absent:], by=self.who("secretary"))

    @rule(number=some, case=pick, is_together=st.booleans())
    @where("assessed")
    def put_on_agenda(self, number: int, case: int, is_together: bool) -> None:
        with self.step("put on agenda"):
            found = self.meeting(number, MeetingStatus.PLANNED, MeetingStatus.OPENED)
            cases = [self.case(case, ApplicationStatus.ASSESSED)]
            if is_together:
                ready = select(Application).where(Application.status == ApplicationStatus.ASSESSED)
                cases = list(db.session.scalars(ready.order_by(Application.id)))
            actions.put_on_agenda(found, cases, is_together=is_together, by=self.who("secretary"))

    @rule(place=pick)
    @where("placed")
    def take_off_agenda(self, place: int) -> None:
        with self.step("take off agenda"):
            item, case = self.place(place, MeetingStatus.PLANNED, MeetingStatus.OPENED)
            actions.take_off_agenda(item.meeting, case, by=self.who("secretary"))

    # --- at the table ---------------------------------------------------------------------------------------------

    @rule(place=pick, seat=st.integers(0, 15), is_whole=st.booleans(), is_replaced=st.booleans())
    @where("placed")
    def disqualify(self, place: int, seat: int, is_whole: bool, is_replaced: bool) -> None:
        with self.step("disqualify"):
            item, case = self.place(place, MeetingStatus.PLANNED, MeetingStatus.OPENED)
            spare = of(room_of(item.meeting).substitutes_under(item), 0) if is_replaced else None
            disqualifying.disqualify(
                item, full_house()[seat], application=None if is_whole else case, replaced_by=spare,
                by=self.who("secretary"),
            )  # fmt: skip

    @rule(place=pick)
    @where("placed")
    def disqualify_whom_the_system_finds(self, place: int) -> None:
        with self.step("disqualify whom the system finds"):
            by = self.who("secretary")
            meeting = self.meeting(place, MeetingStatus.PLANNED, MeetingStatus.OPENED)
            found = of(disqualifying.proposed_for(meeting, reader=by), place)
            disqualifying.disqualify(found.item, found.seat, application=found.application, ground=found.ground, by=by)

    @rule(number=some)
    @where("disqualified")
    def lift(self, number: int) -> None:
        with self.step("lift"):
            row = of(db.session.scalars(select(Disqualification).order_by(Disqualification.id)), number)
            disqualifying.lift(row, by=self.who("secretary"))

    @rule(number=some, seat=st.integers(0, 15), way=some)
    @where("opened")
    def come_or_go(self, number: int, seat: int, way: int) -> None:
        with self.step("come or go"):
            meeting, by = self.meeting(number, MeetingStatus.OPENED), self.who("secretary")
            at = of([item.number for item in meeting.items], way)
            who = full_house()[seat]
            if way == 0:
                comings.leaves(meeting, who, at, by=by)
            elif way == 1:
                comings.arrives(meeting, who, at, by=by)
            else:
                comings.change_chair(meeting, who, at, by=by)

    @rule(place=pick, choices=st.integers(0, 2**16), is_honest=st.booleans())
    @where("at the table")
    def vote(self, place: int, choices: int, is_honest: bool) -> None:
        with self.step("vote"):
            item, case = self.place(place, MeetingStatus.OPENED)
            serving = room_of(item.meeting).serving_under(item, case) if is_honest else full_house()[:13]
            said = {seat: Choice.YES if choices >> n & 1 else Choice.NO for n, seat in enumerate(serving)}
            proposing.hold_vote(
                item, said, yes_means="Bifall", no_means="Avslag", application=case, by=self.who("secretary")
            )

    @rule(place=pick, outcome=st.sampled_from(Outcome), sum_=st.integers(0, 9), is_fit=st.booleans())
    @where("at the table")
    def record(self, place: int, outcome: Outcome, sum_: int, is_fit: bool) -> None:
        """The applicant's and the public's pages are the same after as before."""
        with self.ground.app.app_context():
            case = self.application_at(place)
        before = self.pages(case)
        with self.step("record"):
            item, found = self.place(place, MeetingStatus.OPENED)
            amount: int | None = [1, 12_347, 30_011, life.SOUGHT, 20_000, 50_000, 0, -7, 7_013, None][sum_]
            if is_fit:
                full = found.amount_requested
                amount = {Outcome.GRANT: full, Outcome.GRANT_IN_PART: [12_347, 7_013, 9_001][sum_ % 3]}.get(outcome)
            self.words += 1
            record_outcome(
                item, found, outcome=outcome, amount=amount, reasons=f"Kanariefågel {self.words:03}",
                conditions="", by=self.who("secretary"),
            )  # fmt: skip
        assert self.pages(case) == before

    @rule(place=pick)
    @where("at the table")
    def record_as_proposed(self, place: int) -> None:
        with self.step("record as proposed"):
            item, _case = self.place(place, MeetingStatus.OPENED)
            recording.record_as_proposed(item, by=self.who("secretary"))

    @rule(place=pick)
    @where("pending")
    def undo(self, place: int) -> None:
        with self.step("undo"):
            found = of(life.pending(), place)
            recording.take_back(found.item, found.application, by=self.who("secretary"))

    # --- the minutes ----------------------------------------------------------------------------------------------

    @rule(number=some, checker=st.integers(0, 12))
    @where("opened")
    def end(self, number: int, checker: int) -> None:
        with self.step("end"):
            meeting = self.meeting(number, MeetingStatus.OPENED)
            attendance.choose_checker(meeting, full_house()[checker], by=self.who("secretary"))
            ending.end_meeting(meeting, by=self.who("secretary"))

    @rule(number=some)
    @where("ended")
    def resume(self, number: int) -> None:
        with self.step("resume"):
            ending.resume_meeting(self.meeting(number, MeetingStatus.ENDED), by=self.who("secretary"))

    @rule(number=some, place=pick, is_immediate=st.booleans())
    @where("opened", "ended")
    def draw_up(self, number: int, place: int, is_immediate: bool) -> None:
        with self.step("draw up one §" if is_immediate else "draw up"):
            by = self.who("secretary")
            if is_immediate:
                item, _case = self.place(place, MeetingStatus.OPENED, MeetingStatus.ENDED)
                if item.meeting.checker is None:
                    attendance.choose_checker(item.meeting, full_house()[12], by=by)
                drawing_up.draw_up_minutes(item.meeting, item=item, by=by)
            else:
                drawing_up.draw_up_minutes(self.meeting(number), by=by)

    @rule(number=some, signer=some)
    @where("minutes")
    def sign(self, number: int, signer: int) -> None:
        with self.step("sign"):
            minutes = of(db.session.scalars(select(Minutes).order_by(Minutes.id.desc())), number)
            items = [minutes.item] if minutes.item is not None else list(minutes.meeting.items)
            wanted = signing.to_sign(room_of(minutes.meeting), items)
            signing.sign(minutes, by=of(wanted, signer).seat.account)

    @rule(number=some)
    @where("ended")
    def approve(self, number: int) -> None:
        with self.step("approve"):
            approving.approve_minutes(self.meeting(number), by=self.who("secretary"))

    @rule(place=pick)
    @where("minutes")
    def approve_one(self, place: int) -> None:
        with self.step("approve one §"):
            approving.approve_item(self.place(place)[0], by=self.who("secretary"))

    @rule(place=pick)
    @where("opened", "ended")
    def approve_at_once(self, place: int) -> None:
        """One § drawn up, signed by all and approved, which chance would seldom find."""
        with self.step("approve one §"):
            by, (item, _case) = self.who("secretary"), self.place(place, MeetingStatus.OPENED, MeetingStatus.ENDED)
            if item.meeting.checker is None:
                attendance.choose_checker(item.meeting, full_house()[12], by=by)
            minutes = drawing_up.draw_up_minutes(item.meeting, item=item, by=by)
            for each in signing.missing(minutes, signing.to_sign(room_of(item.meeting), [item])):
                signing.sign(minutes, by=each.seat.account)
            approving.approve_item(item, by=by)

    @rule(number=some, is_resumed=st.booleans())
    @where("opened")
    def wind_up(self, number: int, is_resumed: bool = False) -> None:
        """The usual end, which chance would seldom find; what has no outcome is tabled."""
        with self.step("table the rest"):
            meeting = self.meeting(number, MeetingStatus.OPENED)
            decided = select(Decision.application_id).where(Decision.final_at.is_(None))
            for item in meeting.items:
                for row in item.cases:
                    if row.application_id not in set(db.session.scalars(decided)):
                        record_outcome(item, row.application, outcome=Outcome.TABLE, by=self.who("secretary"))
        self.end(number, 12)
        if is_resumed:
            self.resume(number)
            self.end(number, 12)
        self.draw_up(number, 0, False)
        for signer in range(3):
            self.sign(0, signer)
        self.approve(number)

    @rule(place=pick)
    @where("pending")
    def wind_up_one(self, place: int) -> None:
        self.draw_up(0, place, True)
        for signer in range(2):
            self.sign(0, signer)
        self.approve_one(place)

    @rule()
    @where("letters")
    def release_letters(self) -> None:
        with self.step("release letters"):
            releasing.release(releasing.waiting(self.meeting(0)), by=self.who("secretary"))

    # --- after it -------------------------------------------------------------------------------------------------

    @rule(number=some, days_ago=st.integers(-2, 6))
    @where("approved")
    def announce(self, number: int, days_ago: int) -> None:
        with self.step("announce"):
            day = clock.today() - timedelta(days=days_ago)
            announcing.announce(
                self.meeting(number), announced_on=day, kept_at="Kommunledningskontoret", by=self.who("secretary")
            )

    @rule(days=st.sampled_from([1, 25, 4, 12]))
    def time_passes(self, days: int) -> None:
        day = clock.today() + timedelta(days=days)
        if day <= LAST_DAY:
            on_day(day)
            self.is_changed = True
            self.clients.clear()  # who was signed in is so no more

    @rule(number=some, days_ago=st.integers(0, 20))
    @where("final")
    def appeal(self, number: int, days_ago: int) -> None:
        with self.step("appeal"):
            appeals.record_appeal(
                of(db.session.scalars(select(Decision).order_by(Decision.id)), number),
                received_on=clock.today() - timedelta(days=days_ago),
                appellant="Sven Medlem",
                by=self.who("registrar"),
            )

    @rule(number=some, kind=st.sampled_from(AppealEnd), days_ago=st.integers(0, 3))
    @where("final")
    def end_appeal(self, number: int, kind: AppealEnd, days_ago: int) -> None:
        if "appealed" not in self.there:
            self.appeal(number, 0)
        with self.step(f"end appeal: {kind.value}"):
            open_ones = db.session.scalars(select(Appeal).where(Appeal.ended_on.is_(None)).order_by(Appeal.id))
            day = clock.today() - timedelta(days=days_ago)
            appeals.end_appeal(of(open_ones, number), kind=kind, ended_on=day, by=self.who("registrar"))

    def allow_early(self, number: int, by: str) -> None:
        with self.step("allow early"):
            grants = select(Decision).join(Project, Project.decision_id == Decision.id).order_by(Decision.id)
            found = of(db.session.scalars(grants), number)
            appeals.allow_early_payment(found, reason="Kursen börjar på måndag.", by=self.who(by))

    @rule(
        number=some,
        days_ago=st.sampled_from([0, 0, 0, 1, 10, 30]),
        by=st.sampled_from(["officer", "both"]),
        other=st.sampled_from(["", "both", "secretary", "officer"]),
        leave=st.sampled_from(["", "secretary", "both"]),
    )
    @where("unpaid")
    def pay(self, number: int, days_ago: int, by: str, other: str = "both", leave: str = "") -> None:
        """Proposed by one; approved by another at once, or later."""
        if leave:
            self.allow_early(number, leave)
        with self.step("propose payment"):
            waiting = select(Instalment).where(Instalment.status == InstalmentStatus.PLANNED)
            part = of(db.session.scalars(waiting.order_by(Instalment.id)), number)
            day = clock.today() - timedelta(days=days_ago)
            paying.propose_payment(part, paid_on=day, reference=f"LEV-{part.id}", by=self.who(by))
        if other:
            self.approve_payment(number, other)

    @rule(number=some, by=st.sampled_from(["officer", "both", "secretary"]), is_right=st.booleans())
    @where("proposed")
    def answer_payment(self, number: int, by: str, is_right: bool) -> None:
        if is_right:
            self.approve_payment(number, by)
            return
        with self.step("send payment back"):
            paying.send_back_payment(of(_proposed(), number), reason="Fel referens.", by=self.who(by))

    def approve_payment(self, number: int, by: str) -> None:
        with self.step("pay"):
            part = of(_proposed(), number)
            paying.approve_payment(part, by=self.who(by))
            life.demand_payable(part, by=self.who(by))

    @rule(number=pick)
    def withdraw(self, number: int) -> None:
        with self.step("withdraw"):
            case = self.case(number)
            withdraw(case, by=case.created_by)

    @rule(number=pick)
    def come_again(self, number: int) -> None:
        """A case that was referred back or annulled is assessed anew; an ended one is taken up first."""
        with self.step("come again"):
            again = (_A.UNDER_ASSESSMENT, _A.REJECTED, _A.DISMISSED, _A.WRITTEN_OFF)
            case, officer = self.case(number, *again), self.who("officer")
            if case.status is not ApplicationStatus.UNDER_ASSESSMENT:
                reconsider(case, by=officer)
            assess(case, by=officer, reasons=life.own_reasons())

    # --- what must hold -------------------------------------------------------------------------------------------

    @invariant()
    def all_holds(self) -> None:
        if not self.is_changed:
            return
        self.is_changed = False
        life.whole(self.ground.app)
        with self.ground.app.app_context():
            life.the_insider_finds_nothing(self.people)
            self.there = life.there()

    def teardown(self) -> None:
        """What is pending when the life ends is told on no page."""
        with self.ground.app.app_context():
            waiting = [(row.application_id, row.reasons, row.amount) for row in life.pending()]
        for case, reasons, amount in waiting:
            for status, page in self.pages(case, is_last=True).values():
                assert reasons == "" or reasons not in page
                told = f"{amount}kr"
                assert amount in (None, life.SOUGHT, 20_000) or told not in re.sub(r"\s", "", page), status


def _proposed() -> Any:
    return db.session.scalars(
        select(Instalment).where(Instalment.status == InstalmentStatus.PROPOSED).order_by(Instalment.id)
    )


def _count(table: Any, *conditions: Any) -> Any:
    return select(func.count()).select_from(table).where(*conditions)


# Reached in the lives below, or they would tell nothing.
OFTEN = {"record", "sign", "approve", "announce", "pay", "appeal", "come again", "release letters", "record, refused"}
REACHED = OFTEN | {
    "disqualify", "disqualify whom the system finds", "vote", "undo", "resume", "approve one §", "allow early",
    "withdraw", "take off agenda", "publish notice", "pay, refused",
    *(f"end appeal: {kind.value}" for kind in set(AppealEnd) - {AppealEnd.LATE}),
}  # fmt: skip


@pytest.fixture
def begun(app: Flask, tmp_path: Path, signed_in: SignIn) -> Ground:
    return Ground(app, tmp_path, signed_in)


def lived(ground: Ground, reached: set[str], **choices: Any) -> None:
    run_state_machine_as_test(
        lambda: Life(ground),
        settings=settings(
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],
            **choices,
        ),
    )
    assert reached - set(ground.taken) == set(), ground.taken


def test_no_order_of_steps_pays_grants_numbers_or_tells_what_it_must_not(begun: Ground) -> None:
    lived(begun, OFTEN, max_examples=15, stateful_step_count=20, derandomize=True)


@pytest.mark.slow
def test_no_longer_life_does_either(begun: Ground) -> None:
    lived(begun, REACHED, max_examples=150, stateful_step_count=50)
