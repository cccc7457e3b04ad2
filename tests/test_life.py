"""A case's life in any order: many sittings, referrals, disqualifications, appeals, payments.

A Hypothesis state machine takes steps at random, the way people do who press whatever there is to press. A step that
is refused is fine. After each one nothing may be paid before it may, granted above the frame, numbered twice, or told
before its minutes are approved. What is read back follows rules of the tests' own: tests/factories/life.py.
"""

import re
import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import func, select

from fundapp import clock
from fundapp.accounts.models import Account
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
from fundapp.meetings.models import AgendaCase, Meeting, MinuteItem
from fundapp.meetings.presences import room_of
from fundapp.meetings.proceedings import Choice, Disqualification
from fundapp.projects import actions as projects
from fundapp.projects.models import Instalment
from fundapp.workflow import ApplicationStatus, InstalmentStatus, MeetingStatus, NotAllowed, Outcome, StepNotPossible
from tests.factories import DAY, life, on_day
from tests.factories.assessments import assess, assessed
from tests.factories.meetings import board
from tests.factories.seats import full_house
from tests.ground.apps import SignIn

LAST_DAY = DAY.replace(year=2018, month=11)  # the tests' own red days reach no further
MOST_CASES = 6
pick = st.integers(0, 11)
some = st.integers(0, 3)


class Ground:
    """One app and one prepared database, which each life begins from anew."""

    def __init__(self, app: Flask, folder: Path, signed_in: SignIn) -> None:
        self.app, self.signed_in, self.kept = app, signed_in, folder / "begun.db"
        self.taken: Counter[str] = Counter()
        with app.app_context():
            on_day()
            self.people = life.settled()
            db.session.commit()
            self.file = Path(str(db.engine.url.database))
        self._close()
        with closing(sqlite3.connect(self.file)) as connection:  # a copy takes the file alone
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copyfile(self.file, self.kept)

    def _close(self) -> None:
        with self.app.app_context():
            db.session.close()
            for engine in db.engines.values():
                engine.dispose()

    def begin_anew(self) -> None:
        self._close()
        for end in ("-wal", "-shm"):
            self.file.with_name(self.file.name + end).unlink(missing_ok=True)
        shutil.copyfile(self.kept, self.file)
        self.app.extensions.pop("fundapp.kept_pages", None)
        on_day()


def of(things: Any, number: int) -> Any:
    """One of what there is. Errors: StepNotPossible where there is nothing."""
    found = list(things)
    if not found:
        raise StepNotPossible("there is none")
    return found[number % len(found)]


class Life(RuleBasedStateMachine):
    def __init__(self, ground: Ground) -> None:
        super().__init__()
        self.ground, self.people, self.words = ground, ground.people, 0
        ground.begin_anew()
        self.clients: dict[int, Any] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """One step, committed; what is refused is undone. Anything else that is raised is a fault."""
        with self.ground.app.app_context():
            try:
                yield
                db.session.commit()
                self.ground.taken[name] += 1
            except (StepNotPossible, NotAllowed):
                db.session.rollback()
                self.ground.taken[f"{name}, refused"] += 1

    # --- who and what there is ------------------------------------------------------------------------------------

    def who(self, name: str) -> Account:
        return db.session.get_one(Account, getattr(self.people, name))

    def case(self, number: int, *statuses: ApplicationStatus) -> Application:
        rows = select(Application).order_by(Application.id)
        return of(db.session.scalars(rows.where(Application.status.in_(statuses)) if statuses else rows), number)

    def meeting(self, number: int, *statuses: MeetingStatus) -> Meeting:
        rows = select(Meeting).order_by(Meeting.id)
        return of(db.session.scalars(rows.where(Meeting.status.in_(statuses)) if statuses else rows), number)

    def place(self, number: int, *statuses: MeetingStatus) -> tuple[MinuteItem, Application]:
        """A case under a §."""
        rows = select(MinuteItem, Application).join(AgendaCase, AgendaCase.minute_item_id == MinuteItem.id)
        rows = rows.join(Application, Application.id == AgendaCase.application_id).join(MinuteItem.meeting)
        rows = rows.where(Meeting.status.in_(statuses)) if statuses else rows
        item, case = of(db.session.execute(rows.order_by(AgendaCase.id)), number)
        return item, case

    # --- before the sitting ---------------------------------------------------------------------------------------

    @initialize(depth=st.integers(0, 6), outcomes=st.tuples(*[st.sampled_from(Outcome)] * 3))
    def begin(self, depth: int, outcomes: tuple[Outcome, ...]) -> None:
        """How far the first sitting has come when the life begins."""
        for step in [
            lambda: self.plan(0, True),
            lambda: [self.put_on_agenda(0, number, False) for number in range(3)],
            lambda: self.open_sitting(0, 0),
            lambda: [self.record(number, outcome, number, True) for number, outcome in enumerate(outcomes)],
            lambda: self.wind_up(0),
            lambda: self.announce(0, 0),
        ][:depth]:
            step()

    @rule(sought=st.sampled_from([20_000, life.SOUGHT]))
    def a_fresh_case(self, sought: int) -> None:
        with self.step("a fresh case"):
            if clock.today() > DAY + timedelta(days=3) or db.session.scalar(_count(Application)) >= MOST_CASES:
                raise StepNotPossible("the round is closed, or there are cases enough")
            assessed(officer=self.who("officer"), by=self.who("applicant"), amount=sought)

    @rule(days=st.integers(0, 20), is_early=st.booleans())
    def plan(self, days: int, is_early: bool) -> None:
        with self.step("plan"):
            day = clock.today() + timedelta(days=0 if is_early else days)
            actions.plan_meeting(board=board(), held_on=day, has_standing_items=days % 2 == 1, by=self.who("secretary"))

    @rule(number=some)
    def publish_notice(self, number: int) -> None:
        with self.step("publish notice"):
            meeting = self.meeting(number, MeetingStatus.PLANNED)
            after = db.session.scalar(_count(NoticeOfMeeting, NoticeOfMeeting.meeting_id == meeting.id))
            noticing.publish(meeting, after=after or 0, by=self.who("secretary"))

    @rule(number=some, absent=st.integers(0, 7))
    def open_sitting(self, number: int, absent: int) -> None:
        with self.step("open"):
            meeting = self.meeting(number, MeetingStatus.PLANNED)
            actions.open_meeting(meeting, by=self.who("secretary"))
            attendance.call_roll(meeting, full_house()[absent:], by=self.who("secretary"))

    @rule(number=some, case=pick, is_together=st.booleans())
    def put_on_agenda(self, number: int, case: int, is_together: bool) -> None:
        with self.step("put on agenda"):
            found = self.meeting(number, MeetingStatus.PLANNED, MeetingStatus.OPENED)
            cases = [self.case(case, ApplicationStatus.ASSESSED)]
            if is_together:
                ready = select(Application).where(Application.status == ApplicationStatus.ASSESSED)
                cases = list(db.session.scalars(ready.order_by(Application.id)))
            actions.put_on_agenda(found, cases, is_together=is_together, by=self.who("secretary"))

    @rule(place=pick)
    def take_off_agenda(self, place: int) -> None:
        with self.step("take off agenda"):
            item, case = self.place(place)
            actions.take_off_agenda(item.meeting, case, by=self.who("secretary"))

    # --- at the table ---------------------------------------------------------------------------------------------

    @rule(place=pick, seat=st.integers(0, 15), is_whole=st.booleans(), is_replaced=st.booleans())
    def disqualify(self, place: int, seat: int, is_whole: bool, is_replaced: bool) -> None:
        with self.step("disqualify"):
            item, case = self.place(place, MeetingStatus.PLANNED, MeetingStatus.OPENED)
            spare = of(room_of(item.meeting).substitutes_under(item), 0) if is_replaced else None
            disqualifying.disqualify(
                item, full_house()[seat], application=None if is_whole else case, replaced_by=spare,
                by=self.who("secretary"),
            )  # fmt: skip

    @rule(place=pick)
    def disqualify_whom_the_system_finds(self, place: int) -> None:
        with self.step("disqualify whom the system finds"):
            by = self.who("secretary")
            meeting = self.meeting(place, MeetingStatus.PLANNED, MeetingStatus.OPENED)
            found = of(disqualifying.proposed_for(meeting, reader=by), place)
            disqualifying.disqualify(found.item, found.seat, application=found.application, ground=found.ground, by=by)

    @rule(number=some)
    def lift(self, number: int) -> None:
        with self.step("lift"):
            row = of(db.session.scalars(select(Disqualification).order_by(Disqualification.id)), number)
            disqualifying.lift(row, by=self.who("secretary"))

    @rule(number=some, seat=st.integers(0, 15), way=some)
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
    def vote(self, place: int, choices: int, is_honest: bool) -> None:
        with self.step("vote"):
            item, case = self.place(place, MeetingStatus.OPENED)
            serving = room_of(item.meeting).serving_under(item, case) if is_honest else full_house()[:13]
            said = {seat: Choice.YES if choices >> n & 1 else Choice.NO for n, seat in enumerate(serving)}
            proposing.hold_vote(
                item, said, yes_means="Bifall", no_means="Avslag", application=case, by=self.who("secretary")
            )

    @rule(place=pick, outcome=st.sampled_from(Outcome), sum_=st.integers(0, 9), is_fit=st.booleans())
    def record(self, place: int, outcome: Outcome, sum_: int, is_fit: bool) -> None:
        """The applicant's and the public's pages are the same after as before."""
        with self.ground.app.app_context():
            case = next(iter(self._numbers(place)), None)
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
    def record_as_proposed(self, place: int) -> None:
        with self.step("record as proposed"):
            item, _case = self.place(place, MeetingStatus.OPENED)
            recording.record_as_proposed(item, by=self.who("secretary"))

    @rule(place=pick)
    def undo(self, place: int) -> None:
        with self.step("undo"):
            recording.take_back(*self.place(place), by=self.who("secretary"))

    # --- the minutes ----------------------------------------------------------------------------------------------

    @rule(number=some, checker=st.integers(0, 12))
    def end(self, number: int, checker: int) -> None:
        with self.step("end"):
            meeting = self.meeting(number, MeetingStatus.OPENED)
            attendance.choose_checker(meeting, full_house()[checker], by=self.who("secretary"))
            ending.end_meeting(meeting, by=self.who("secretary"))

    @rule(number=some)
    def resume(self, number: int) -> None:
        with self.step("resume"):
            ending.resume_meeting(self.meeting(number, MeetingStatus.ENDED), by=self.who("secretary"))

    @rule(number=some, place=pick, is_immediate=st.booleans())
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
    def sign(self, number: int, signer: int) -> None:
        with self.step("sign"):
            minutes = of(db.session.scalars(select(Minutes).order_by(Minutes.id.desc())), number)
            items = [minutes.item] if minutes.item is not None else list(minutes.meeting.items)
            wanted = signing.to_sign(room_of(minutes.meeting), items)
            signing.sign(minutes, by=of(wanted, signer).seat.account)

    @rule(number=some)
    def approve(self, number: int) -> None:
        with self.step("approve"):
            approving.approve_minutes(self.meeting(number), by=self.who("secretary"))

    @rule(place=pick)
    def approve_one(self, place: int) -> None:
        with self.step("approve one §"):
            approving.approve_item(self.place(place)[0], by=self.who("secretary"))

    @rule(number=some)
    def wind_up(self, number: int) -> None:
        """The usual end, as often as chance would not find it."""
        self.end(number, 12)
        self.draw_up(number, 0, False)
        for signer in range(3):
            self.sign(0, signer)
        self.approve(number)

    @rule(place=pick)
    def wind_up_one(self, place: int) -> None:
        self.draw_up(0, place, True)
        for signer in range(2):
            self.sign(0, signer)
        self.approve_one(place)

    @rule()
    def release_letters(self) -> None:
        with self.step("release letters"):
            releasing.release(releasing.waiting(self.meeting(0)), by=self.who("secretary"))

    # --- after it -------------------------------------------------------------------------------------------------

    @rule(number=some, days_ago=st.integers(-2, 6))
    def announce(self, number: int, days_ago: int) -> None:
        with self.step("announce"):
            day = clock.today() - timedelta(days=days_ago)
            announcing.announce(
                self.meeting(number), announced_on=day, kept_at="Kommunledningskontoret", by=self.who("secretary")
            )

    @rule(days=st.integers(1, 25))
    def time_passes(self, days: int) -> None:
        day = clock.today() + timedelta(days=days)
        if day <= LAST_DAY:
            on_day(day)
            self.clients.clear()  # who was signed in is so no more

    @rule(number=some, days_ago=st.integers(0, 20))
    def appeal(self, number: int, days_ago: int) -> None:
        with self.step("appeal"):
            appeals.record_appeal(
                of(db.session.scalars(select(Decision).order_by(Decision.id)), number),
                received_on=clock.today() - timedelta(days=days_ago),
                appellant="Sven Medlem",
                by=self.who("registrar"),
            )

    @rule(number=some, kind=st.sampled_from(AppealEnd), days_ago=st.integers(0, 3))
    def end_appeal(self, number: int, kind: AppealEnd, days_ago: int) -> None:
        with self.step(f"end appeal: {kind.value}"):
            open_ones = db.session.scalars(select(Appeal).where(Appeal.ended_on.is_(None)).order_by(Appeal.id))
            day = clock.today() - timedelta(days=days_ago)
            appeals.end_appeal(of(open_ones, number), kind=kind, ended_on=day, by=self.who("registrar"))

    @rule(number=some, by=st.sampled_from(["secretary", "both"]))
    def allow_early(self, number: int, by: str) -> None:
        with self.step("allow early"):
            found = of(db.session.scalars(select(Decision).order_by(Decision.id)), number)
            appeals.allow_early_payment(found, reason="Kursen börjar på måndag.", by=self.who(by))

    @rule(number=some, days_ago=st.sampled_from([0, 0, 0, 1, 10, 30]), by=st.sampled_from(["officer", "both"]))
    def pay(self, number: int, days_ago: int, by: str) -> None:
        with self.step("pay"):
            waiting = select(Instalment).where(Instalment.status == InstalmentStatus.PLANNED)
            part = of(db.session.scalars(waiting.order_by(Instalment.id)), number)
            day = clock.today() - timedelta(days=days_ago)
            projects.pay(part, paid_on=day, reference=f"LEV-{part.id}", by=self.who(by))
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
            case, officer = self.case(number), self.who("officer")
            if case.status is not ApplicationStatus.UNDER_ASSESSMENT:
                reconsider(case, by=officer)
            assess(case, by=officer)

    # --- what must hold -------------------------------------------------------------------------------------------

    @invariant()
    def all_holds(self) -> None:
        life.whole(self.ground.app)
        with self.ground.app.app_context():
            life.the_insider_finds_nothing(self.people)

    def teardown(self) -> None:
        """What is pending when the life ends is told on no page."""
        with self.ground.app.app_context():
            waiting = [(row.application_id, row.reasons, row.amount) for row in life.pending()]
        for case, reasons, amount in waiting:
            for status, page in self.pages(case).values():
                assert reasons == "" or reasons not in page
                told = f"{amount}kr"
                assert amount in (None, life.SOUGHT, 20_000) or told not in re.sub(r"\s", "", page), status

    def _numbers(self, place: int) -> list[int]:
        try:
            return [self.place(place, MeetingStatus.OPENED)[1].id]
        except StepNotPossible:
            return []

    def pages(self, application_id: int | None) -> dict[str, tuple[int, str]]:
        """The status and the words of the pages on which the case could be told of."""
        if application_id is None:
            return {}
        with self.ground.app.app_context():
            case = db.session.get_one(Application, application_id)
            own, by = f"/sv/applications/{case.public_id}", case.created_by
            items = select(MinuteItem).join(AgendaCase).where(AgendaCase.application_id == case.id)
            public = ["/sv/noticeboard", "/sv/noticeboard.atom", "/sv/meetings"]
            public += [f"/sv/decisions/KS/{item.year}/{item.number}" for item in db.session.scalars(items)]
            db.session.expunge(by)
        if by.id not in self.clients:
            self.clients[by.id] = self.ground.signed_in(by)
        mine = {path: self.clients[by.id].get(path) for path in (own, "/sv/applications")}
        theirs = {path: self.ground.app.test_client().get(path) for path in public}
        return {path: (page.status_code, words(page.text)) for path, page in {**mine, **theirs}.items()}


def words(page: str) -> str:
    """What is read on a page or in the feed, without what is in the tags (tokens of forms) and the feed's instants."""
    return " ".join(unescape(re.sub(r"<[^>]*>|\b\d{4}-\d\d-\d\dT\S+", " ", page)).split())


def _count(table: Any, *conditions: Any) -> Any:
    return select(func.count()).select_from(table).where(*conditions)


# Reached in the lives below, or they would tell nothing.
REACHED = {
    "open", "disqualify", "disqualify whom the system finds", "vote", "record", "undo", "end", "resume", "draw up",
    "sign", "approve", "approve one §", "announce", "appeal", "allow early", "pay", "withdraw", "come again",
    "release letters", "take off agenda", "publish notice", "record, refused", "pay, refused",
    *(f"end appeal: {kind.value}" for kind in AppealEnd),
}  # fmt: skip


@pytest.fixture
def begun(app: Flask, tmp_path: Path, signed_in: SignIn) -> Ground:
    return Ground(app, tmp_path, signed_in)


def lived(ground: Ground, **choices: Any) -> None:
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
    print({name: ground.taken[name] for name in sorted(ground.taken)})
    assert REACHED - set(ground.taken) == set()


def test_no_order_of_steps_pays_grants_numbers_or_tells_what_it_must_not(begun: Ground) -> None:
    lived(begun, max_examples=int(__import__("os").environ.get("N", "25")), stateful_step_count=20, derandomize=True)


@pytest.mark.slow
def test_no_longer_life_does_either(begun: Ground) -> None:
    lived(begun, max_examples=150, stateful_step_count=50)
