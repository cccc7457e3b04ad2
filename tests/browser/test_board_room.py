"""The board room in a real browser, in Swedish: assessed cases go through a sitting, its minutes, the noticeboard and
the letters; the outcomes are recorded with the keyboard alone.
"""

from collections import Counter
from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect
from sqlalchemy import select

from fundapp.db import db
from fundapp.meetings.minutes import Minutes
from fundapp.meetings.proceedings import Choice, Disqualification, Motion, Remark, Vote
from fundapp.workflow import ApplicationStatus, Outcome
from tests.browser.board_room import (
    NEEDED,
    PROPOSALS,
    REASONS,
    SECRETARY,
    BoardRoom,
    announce,
    end_and_approve,
    hold_sitting,
    kept,
    make_agenda,
    open_sitting,
    prepare,
    release,
)
from tests.browser.test_journey import form_to, press
from tests.ground.browser import LiveServer

SECRET = "the tests' own secret, which opens nothing else"
ALONE = [*(["plain"] * 9), "disqualified", "other", "tabled", "referred", "vote"]


@pytest.fixture
def served_with() -> dict[str, str]:
    """The demo's clock, on the tests' own day, and the tests' own secret, so that both know the same cookies."""
    return {"FUNDAPP_DEMO": "1", "FUNDAPP_DEMO_DATE": "2017-03-06", "FUNDAPP_SECRET_KEY": SECRET}


@pytest.fixture
def room(app: Flask, live_server: LiveServer, browser: Browser) -> Iterator[BoardRoom]:
    room = BoardRoom(app, browser, live_server.url)
    yield room
    room.close()


def test_a_secretary_takes_four_cases_from_the_agenda_to_the_letters(app: Flask, room: BoardRoom) -> None:
    agenda = make_agenda(app, 2, ["plain", "other"])
    presses = hold_sitting(room, agenda)
    assert presses["plain"] == [2]
    with app.app_context():
        found = kept(app, agenda)
        assert [found[each].outcome for each in agenda.ids] == [
            Outcome.GRANT,
            Outcome.GRANT_IN_PART,
            Outcome.REJECT,
            Outcome.REJECT,
        ]
        assert found[agenda.ids[-1]].reasons == REASONS


@pytest.mark.slow
def test_a_secretary_takes_thirty_cases_of_mixed_outcome_through_a_sitting(app: Flask, room: BoardRoom) -> None:
    agenda = make_agenda(app, 16, ALONE)
    presses = hold_sitting(room, agenda)
    # One press records what was proposed, one goes on; of sixteen cases under one § as well.
    assert presses["plain"] == [2] * 9
    assert presses["together"] == [2]
    assert sum(room.took.values()) < 300, room.took
    with app.app_context():
        found = kept(app, agenda)
        case = {kind: found[public_id] for public_id, kind in agenda.alone if kind != "plain"}
        plain = [decision for decision in found.values() if decision not in case.values()]
        proposed = Counter(PROPOSALS[place % len(PROPOSALS)][1] for place in range(len(plain)))
        assert Counter(decision.amount for decision in plain) == proposed
        assert (case["other"].outcome, case["other"].reasons) == (Outcome.REJECT, REASONS)
        assert case["other"].application.status is ApplicationStatus.REJECTED
        assert case["tabled"].application.status is ApplicationStatus.ASSESSED
        assert (case["referred"].outcome, case["referred"].reasons) == (Outcome.REFER_BACK, NEEDED)
        assert case["referred"].application.status is ApplicationStatus.UNDER_ASSESSMENT
        away = db.session.scalars(select(Disqualification)).one()
        assert (away.name, away.application_id) == ("Ledamot 5 KS", case["disqualified"].application_id)
        assert_talked(case["vote"].minute_item_id)


def assert_talked(item_id: int) -> None:
    """The vote was a tie that the chair decided, and what else was said under the § is kept."""
    vote = db.session.scalars(select(Vote)).one()
    assert Counter(ballot.choice for ballot in vote.ballots) == {Choice.YES: 6, Choice.NO: 6, Choice.ABSTAIN: 1}
    assert (vote.is_carried, vote.casting_seat.name if vote.casting_seat else "") == (True, "Ledamot 0 KS")
    motion, remark = db.session.scalars(select(Motion)).one(), db.session.scalars(select(Remark)).one()
    assert (motion.text, remark.text) == ("Avslag på ansökan.", "Pengarna borde ha gått till fler.")
    assert motion.seat is remark.seat
    written = str(db.session.scalars(select(Minutes)).one().paper.content)
    assert "Därmed beslutat: bifall till förslaget" in written
    assert "Ledamot 5 KS deltar inte" in written
    assert {vote.minute_item_id, motion.minute_item_id, remark.minute_item_id} == {item_id}


@pytest.mark.slow
def test_without_scripts_the_sitting_is_held_by_its_buttons(app: Flask, room: BoardRoom) -> None:
    room.has_scripts = False
    agenda = make_agenda(app, 0, ["plain", "other"])
    prepare(room, agenda)
    open_sitting(room)
    page = room.go(".")
    page.locator("main section.minute-item h2 a", has_text="§ 4").click()
    press(form_to(page, "/as-proposed"))
    page.locator("main a[data-key=j]").click()
    page.locator("summary[data-key=o]").click()
    page.check("input[name=outcome][value=reject]")
    page.fill("textarea[name=reasons]", REASONS)
    press(page.locator("details[open] form").first)
    expect(page.locator("main")).to_contain_text(REASONS)
    end_and_approve(room)
    announce(room)
    release(room, agenda)
    with app.app_context():
        found = kept(app, agenda)
        assert [found[each].outcome for each in agenda.ids] == [Outcome.GRANT, Outcome.REJECT]
        assert SECRETARY in {found[each].recorded_by.email for each in agenda.ids}
