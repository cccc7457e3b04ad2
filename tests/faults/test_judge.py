"""The judge of the history check sees what is wrong: a short story that is right, and each way to doctor it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.faults import judge
from tests.faults.checker import DOUBLED, HALF, LOST, WRONG
from tests.faults.judge import NOWHERE, REORDERED, Moved, Row, Sample, Saved, Story
from tests.faults.told import DONE, NEVER, REFUSED, UNKNOWN, Log, Operation, read, tag_of

AMINA, RUT, TORSTEN, SIV = 1, 2, 3, 4  # applicant, registrar, officer, secretary
CASE, OTHER, SITTING = "casecasecase", "othercasecas", "sittingsitti"
BOTH = ("application", 7)
Doctor = Callable[[Story], Story]


def asked(number: int, kind: str, account: int, thread: str = CASE, answer: str = DONE, **facts: object) -> Operation:
    """Asked for at the second that is its number, answered half a second later."""
    return Operation(number, 0, kind, account, thread, float(number), number + 0.5, answer, dict(facts))


def row(key: int, second: float, account: int, event: str, thread: str = CASE, **statuses: Any) -> Row:
    subject, _dot, name = event.partition(".")
    return Row(key, second + 0.2, account, subject, 8 if thread == OTHER else 7, thread, name, **statuses)


ROWS = [
    row(104, 4, AMINA, "application.submit", old="DRAFT", new="SUBMITTED"),
    row(105, 6, RUT, "application.register", old="SUBMITTED", new="REGISTERED"),
    row(106, 6, RUT, "application.open_case"),
    row(107, 8, TORSTEN, "application.take_up", old="REGISTERED", new="UNDER_ASSESSMENT"),
    row(110, 10, SIV, "meeting.approve_minutes", SITTING),
    row(111, 10, SIV, "decision.make_final"),
    row(112, 11, TORSTEN, "instalment.propose", old="PLANNED", new="PROPOSED"),
    row(113, 12, SIV, "instalment.approve", old="PROPOSED", new="PAID"),
]


def right() -> Story:
    """Two cases, one of them paid; one operation never answered that was done, and one that was not."""
    written: dict[str, Any] = {"is_written": True, "is_asked": False, "version": 2}
    return Story(
        operations=[
            asked(1, "save", AMINA, **written),
            asked(2, "save", AMINA, **written),
            asked(3, "look", AMINA, is_sent=False),
            asked(4, "submit", AMINA),
            asked(5, "look", AMINA, is_sent=True),
            asked(6, "register", RUT),
            asked(7, "register", RUT, answer=REFUSED),
            asked(8, "take_up", TORSTEN, answer=UNKNOWN),
            asked(9, "take_up", TORSTEN, OTHER, answer=UNKNOWN),
            asked(10, "approve_minutes", SIV, SITTING),
            asked(11, "propose", TORSTEN),
            asked(12, "approve_payment", SIV, amount=45_000, instalment="part"),
            asked(13, "approve_payment", SIV, amount=45_000, instalment="part"),
        ],
        rows=ROWS,
        saves=[Saved(5, 2, tag_of(1), "från början"), Saved(5, 3, tag_of(2), f"Skrivet {tag_of(1)}")],
        moves=[
            Moved(1, 9.0, "RESERVE", 45_000, "", SIV),
            Moved(2, 10.2, "GRANT", 45_000, "KS § 1", SIV),
            Moved(3, 12.2, "PAY", 45_000, tag_of(11), SIV),
        ],
        samples=[Sample(11.0, 11.1, 0), Sample(12.1, 12.4, 45_000), Sample(14.0, 14.1, 45_000)],
        statuses={BOTH: "UNDER_ASSESSMENT", ("instalment", 7): "PAID"},
        texts={5: f"Skrivet {tag_of(2)}"},
        finals={SITTING: 1},
        frame=100_000,
    )


def test_a_story_that_is_right_has_no_fault() -> None:
    assert judge.faults(right()) == []


def without(key: int) -> Doctor:
    return lambda story: replace(story, rows=[each for each in story.rows if each.id != key])


def again(key: int, later: float = 0.01) -> Doctor:
    def doctor(story: Story) -> Story:
        (found,) = [each for each in story.rows if each.id == key]
        return replace(story, rows=[*story.rows, replace(found, id=key + 100, at=found.at + later)])

    return doctor


def swapped(one: int, other: int) -> Doctor:
    keys = {one: other, other: one}
    return lambda story: replace(story, rows=[replace(each, id=keys.get(each.id, each.id)) for each in story.rows])


def told(number: int, **changes: Any) -> Doctor:
    def doctor(story: Story) -> Story:
        operations = [replace(each, **changes) if each.number == number else each for each in story.operations]
        return replace(story, operations=operations)

    return doctor


def rows(change: Callable[[Row], Row]) -> Doctor:
    return lambda story: replace(story, rows=[change(each) for each in story.rows])


def paid(**changes: Any) -> Doctor:
    return lambda story: replace(story, moves=[*story.moves[:2], replace(story.moves[2], **changes)])


def strange(story: Story) -> Story:
    return replace(story, rows=[*story.rows, row(120, 6, RUT, "role.give")])


def refused_and_done(story: Story) -> Story:
    return told(7, kind="take_up", account=TORSTEN, asked=8.0, answered=8.4)(story)


def moved(*moves: Moved) -> Doctor:
    return lambda story: replace(story, moves=[*story.moves, *moves])


def sample(*samples: Sample) -> Doctor:
    return lambda story: replace(story, samples=[*story.samples, *samples])


DOCTORED: list[tuple[str, Doctor, str]] = [
    ("an acknowledged sending is lost", without(104), LOST),
    ("an acknowledged payment left no event", without(113), LOST),
    ("half a registration", without(106), HALF),
    ("an outcome that its sitting's approval did not reach", without(111), HALF),
    ("a registration twice", again(105), DOUBLED),
    ("done twice, and never answered", again(107), DOUBLED),
    ("a step that begins where it cannot", again(104, later=0.02), DOUBLED),
    ("something that was refused", refused_and_done, NOWHERE),
    ("at a time when nobody asked", rows(lambda each: replace(each, at=each.at + 40)), NOWHERE),
    ("by an account that asked for nothing", rows(lambda each: replace(each, account=99)), NOWHERE),
    ("an event that the operation does not leave", strange, NOWHERE),
    ("two events in another order than people saw", swapped(105, 113), REORDERED),
    ("a status that the history does not end at", lambda s: replace(s, statuses={BOTH: "SUBMITTED"}), WRONG),
    ("a save that was told as kept", lambda s: replace(s, saves=s.saves[:1], texts={5: f"Skrivet {tag_of(1)}"}), LOST),
    ("a save overwritten unseen", lambda s: replace(s, saves=[s.saves[0], replace(s.saves[1], before="annat")]), LOST),
    ("another text than the last version", lambda s: replace(s, texts={5: "annat"}), LOST),
    ("a save twice", lambda s: replace(s, saves=[*s.saves, replace(s.saves[1], number=4)]), DOUBLED),
    ("a save that nobody made", lambda s: replace(s, saves=[*s.saves, Saved(6, 1, "strange", None)]), NOWHERE),
    ("a save that was told as not kept", told(2, facts={"is_written": False}), NOWHERE),
    ("two saves in another order than people saw",
     lambda s: replace(s, saves=[replace(s.saves[1], number=2), replace(s.saves[0], number=3)]), REORDERED),
    ("a look that does not see what was sent", told(5, facts={"is_sent": False}), LOST),
    ("a look that sees what nobody has sent yet", told(3, facts={"is_sent": True}), NOWHERE),
    ("paid twice", moved(Moved(4, 12.3, "PAY", 45_000, tag_of(11), SIV)), DOUBLED),
    ("paid without a proposal", moved(Moved(4, 12.3, "PAY", 1, "own", SIV)), NOWHERE),
    ("paid when nobody approved it", paid(at=30.0), NOWHERE),
    ("paid by who proposed it", paid(account=TORSTEN), WRONG),
    ("more granted than reserved", moved(Moved(4, 12.3, "GRANT", 10, "", SIV)), WRONG),
    ("more reserved than the frame", moved(Moved(4, 12.3, "RESERVE", 60_000, "", SIV)), WRONG),
    ("books that do not add up in one moment", sample(Sample(13.0, 13.1, 45_000, ("paid: 0",))), WRONG),
    ("a payment that a later look at the books misses", sample(Sample(13.0, 13.1, 0)), LOST),
    ("money that nobody had asked for by then", sample(Sample(11.6, 11.7, 45_000)), NOWHERE),
    ("what the product's own checks tell", lambda s: replace(s, others=["history_entry 104: removed"]), WRONG),
]  # fmt: skip


@pytest.mark.parametrize(("doctor", "kind"), [each[1:] for each in DOCTORED], ids=[each[0] for each in DOCTORED])
def test_a_doctored_story_is_found_out(doctor: Doctor, kind: str) -> None:
    assert kind in {fault.kind for fault in judge.faults(doctor(right()))}


def test_what_was_never_answered_may_be_done_later_or_not_at_all() -> None:
    late = told(8, answered=NEVER)
    story = late(right())
    assert judge.faults(story) == []
    assert judge.faults(replace(without(107)(story), statuses=story.statuses | {BOTH: "REGISTERED"})) == []
    after = replace(story, rows=[replace(each, at=20.0) if each.id == 107 else each for each in story.rows])
    assert judge.faults(after) == []


def test_a_log_is_read_as_it_was_last_told_of(tmp_path: Path) -> None:
    log = Log(tmp_path / "operations.jsonl")
    first, second = log.ask(0, "save", AMINA, CASE), log.ask(1, "submit", AMINA, CASE)
    log.answer(second, DONE, status=302)
    log.answer(first, UNKNOWN, is_over=False)
    third = log.ask(0, "look", AMINA, CASE)
    log.close()
    found = read(log.path)
    assert [(each.number, each.kind, each.answer) for each in found] == [
        (1, "save", UNKNOWN), (2, "submit", DONE), (3, "look", UNKNOWN)
    ]  # fmt: skip
    assert found[0].answered == found[2].answered == NEVER
    assert found[1].asked <= found[1].answered < third.asked + 1
