"""What eight clients were told, held against the history: nothing lost, doubled, reordered, or from nowhere.

Plain Python over lists, so that a doctored story shows at once whether the judge sees. What is compared is in `Story`;
tests/faults/story.py reads it out of the database.
"""

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from tests.faults.checker import DOUBLED, HALF, LOST, WRONG, Fault
from tests.faults.told import NEVER, REFUSED, UNKNOWN, Operation

REORDERED, NOWHERE = "reordered", "from nowhere"
EXACT = 0.002  # seconds: two readings of one clock


@dataclass(frozen=True)
class Row:
    """An event of the history. `at`: seconds of the machine's clock; `old`, `new`: statuses, where it changed one."""

    id: int
    at: float
    account: int | None
    subject: str
    subject_id: int
    thread: str
    event: str
    old: str | None = None
    new: str | None = None

    @property
    def name(self) -> str:
        found = f"{self.subject}.{self.event}"
        return _AS.get(found, found)


@dataclass(frozen=True)
class Saved:
    """A save of a section: the `number`th version of it, from which page, and what the text was before."""

    section: int
    number: int
    page: str
    before: str | None


@dataclass(frozen=True)
class Moved:
    """A row of the ledger."""

    id: int
    at: float
    kind: str
    amount: int
    reference: str
    account: int | None


@dataclass(frozen=True)
class Sample:
    """The books in one moment between `begun` and `ended`: kronor paid, and what did not add up."""

    begun: float
    ended: float
    paid: int
    faults: tuple[str, ...] = ()


@dataclass(frozen=True)
class Story:
    """Everything that is compared. `statuses`: of each thing with a status, by table and key; `texts`: the saved text
    of each section; `finals`: for each sitting how many of its outcomes are final; `frame`: kronor.
    """

    operations: Sequence[Operation]
    rows: Sequence[Row] = ()
    saves: Sequence[Saved] = ()
    moves: Sequence[Moved] = ()
    samples: Sequence[Sample] = ()
    statuses: dict[tuple[str, int], str] = field(default_factory=dict)
    texts: dict[int, str] = field(default_factory=dict)
    finals: dict[str, int] = field(default_factory=dict)
    frame: int = 0
    others: Sequence[str] = ()  # what the product's own checks told


# The events that one operation of a kind leaves behind, all or none: event → how often. A case that was withdrawn
# meanwhile may leave fewer; what is counted by the sitting is None.
BILLS: dict[str, dict[str, int | None]] = {
    "submit": {"application.submit": 1},
    "withdraw": {"application.withdraw": 1},
    "register": {"application.register": 1, "application.open_case": 1},
    "take_up": {"application.take_up": 1},
    "check": {"application.check": 1},
    "link": {"application.link_objectives": 1},
    "assess": {"application.save_assessment": 1},
    "report": {"application.finish_assessment": 1},
    "reopen": {"application.reopen_assessment": 1},
    "plan": {"meeting.plan_meeting": 1},
    "put_on_agenda": {"application.put_on_agenda": 1},
    "open": {"meeting.open": 1},
    "roll": {"meeting.call_roll": 1},
    "checker": {"meeting.choose_checker": 1},
    "record": {"decision.record_outcome": 1},
    "end": {"meeting.end": 1},
    "draw_up": {"minutes.draw_up_minutes": 1},
    "sign": {"minutes_signature.sign_minutes": 1},
    "approve_minutes": {"meeting.approve_minutes": 1},
    "allow_early": {"decision.allow_early_payment": 1},
    "propose": {"instalment.propose": 1},
    "approve_payment": {"instalment.approve": 1},
    "send_back": {"instalment.send_back": 1},
}
# Asked for once more by the same person after it was done, these say so again and do nothing; a sending by anybody.
SAYS_AGAIN = frozenset({"submit", "propose", "approve_payment", "allow_early"})
# Another name for what is done in the place of the first.
_AS = {"decision.correct_outcome": "decision.record_outcome"}


def faults(story: Story) -> list[Fault]:
    """Everything that does not fit together."""
    owned, found = _owned(story)
    again = _said_again(story)
    for operation in story.operations:
        found += _of_bill(operation, owned.get(operation.number, []), story, operation.number in again)
    found += _of_order(story.operations, owned)
    found += _of_statuses(story)
    found += _of_saves(story)
    found += _of_looks(story)
    found += _of_payments(story)
    found += _of_books(story)
    return found + [Fault(WRONG, "the product's own check", each) for each in story.others]


# --- which operation a row belongs to ---------------------------------------------------------------------------


def _owned(story: Story) -> tuple[dict[int, list[Row]], list[Fault]]:
    """Each row by the operation of its account within whose time it was written; and those that belong to none."""
    asked: dict[int | None, list[Operation]] = defaultdict(list)
    for operation in sorted(story.operations, key=lambda each: each.asked):
        asked[operation.account].append(operation)
    owned: dict[int, list[Row]] = defaultdict(list)
    found = []
    for row in story.rows:
        owner = _owner(row, asked.get(row.account, []))
        if owner is None:
            found.append(Fault(NOWHERE, row.thread, f"{row.name} {row.id}: nobody asked for it then"))
        else:
            owned[owner.number].append(row)
    return owned, found


def _owner(row: Row, operations: list[Operation]) -> Operation | None:
    """A person does one thing at a time, so that at most one that was answered fits; else one that never was."""
    behind = bisect_right(operations, row.at + EXACT, key=lambda each: each.asked)
    last = operations[max(0, behind - 2) : behind]
    never = [each for each in operations[:behind] if each.answered == NEVER]
    fit = [each for each in (*last, *never) if row.at <= each.answered + EXACT]
    named = [each for each in fit if each.thread == row.thread and row.name in events_of(each)]
    return min(named or fit, key=lambda each: each.answered, default=None)


def events_of(operation: Operation) -> dict[str, int | None]:
    return BILLS.get(operation.kind, {}) | _CONSEQUENCES.get(operation.kind, {})


def _of_bill(operation: Operation, rows: list[Row], story: Story, is_said_again: bool) -> Iterator[Fault]:
    """Done: all its events once. Refused: none. Unknown: all or none."""
    where = f"{operation.number} {operation.kind} {operation.thread}"
    bill = _bill_of(operation, story, rows)
    told = Counter(row.name for row in rows)
    strange = told.keys() - events_of(operation).keys()
    if strange:
        yield Fault(NOWHERE, where, f"left {sorted(strange)}")
    counts = {event: (told[event], wanted) for event, wanted in bill.items()}
    if any(count > wanted for count, wanted in counts.values()):
        yield Fault(DOUBLED, where, f"events, and how many there should be: {counts}")
    elif rows and operation.answer == REFUSED:
        yield Fault(NOWHERE, where, f"refused, and left {dict(told)}")
    elif rows and any(count < wanted for count, wanted in counts.values()):
        yield Fault(HALF, where, f"events, and how many there should be: {counts}")
    elif not rows and bill and operation.is_done and not is_said_again:
        yield Fault(LOST, where, "acknowledged, and left nothing")


def _bill_of(operation: Operation, story: Story, rows: list[Row]) -> dict[str, int]:
    bill = {event: wanted for event, wanted in BILLS.get(operation.kind, {}).items() if wanted is not None}
    if operation.kind == "approve_minutes" and rows:
        bill |= {"decision.make_final": story.finals.get(operation.thread, 0)}
    return bill


# Events that come with an operation, as often as the matter asks.
_CONSEQUENCES: dict[str, dict[str, int | None]] = {
    kind: dict.fromkeys(events)
    for kind, events in {
        "submit": [],
        "register": ["application.file_document"],
        "withdraw": ["application.file_document"],
        "report": ["application.file_document"],
        "approve_minutes": [
            "decision.make_final", "application.grant", "application.grant_in_part", "application.reject",
            "application.dismiss", "application.file_document", "project.start",
        ],
    }.items()
}  # fmt: skip


def _said_again(story: Story) -> set[int]:
    """The operations that were acknowledged since somebody had done the same before, and that left nothing."""
    first: dict[tuple[str, str, int | None], float] = {}
    for row in story.rows:
        for who in (row.account, None):
            key = (row.thread, row.name, who)
            first[key] = min(row.at, first.get(key, row.at))
    found = set()
    for each in story.operations:
        who = None if each.kind == "submit" else each.account
        if each.kind in SAYS_AGAIN:
            found |= {each.number for e in BILLS[each.kind] if first.get((each.thread, e, who), NEVER) <= each.answered}
    return found


# --- order ------------------------------------------------------------------------------------------------------


def _of_order(operations: Iterable[Operation], owned: dict[int, list[Row]]) -> Iterator[Fault]:
    """What was answered before another was asked for stands before it: keys are given in the order of time."""
    placed = [(row.id, each) for each in operations if each.is_done for row in owned.get(each.number, ())]
    placed.sort(key=lambda pair: pair[0])
    yield from _out_of_order(placed, lambda each: f"{each.number} {each.kind} {each.thread}")


def _out_of_order(placed: Sequence[tuple[int, Operation]], name: Callable[[Operation], str]) -> Iterator[Fault]:
    """`placed`: in the order in which they stand. Each must not be asked for after one behind it was answered."""
    soonest: Operation | None = None
    for place, each in reversed(placed):
        if soonest is not None and soonest.answered + EXACT < each.asked:
            yield Fault(REORDERED, name(each), f"stands at {place}, before {name(soonest)}, which was over by then")
        if soonest is None or each.answered < soonest.answered:
            soonest = each


def _of_statuses(story: Story) -> Iterator[Fault]:
    """Each change of a status begins where the one before it ended, and the last is what stands there."""
    now: dict[tuple[str, int], str] = {}
    for row in sorted(story.rows, key=lambda row: row.id):
        if row.new is None:
            continue
        key = (row.subject, row.subject_id)
        if key in now and now[key] != row.old:
            kind = DOUBLED if now[key] == row.new else REORDERED
            what = f"{row.subject} {row.subject_id}: {row.event} from {row.old}, stood at {now[key]}"
            yield Fault(kind, row.thread, what)
        now[key] = row.new
    for key, last in now.items():
        if story.statuses.get(key) != last:
            yield Fault(WRONG, f"{key[0]} {key[1]}", f"stands at {story.statuses.get(key)}, its history ends at {last}")


# --- what is saved, and what is seen ----------------------------------------------------------------------------


def _of_saves(story: Story) -> Iterator[Fault]:
    """Every save that was told of as kept is one version; each version begins with the text of the one before."""
    saves = [each for each in story.operations if each.kind in ("save", "settle")]
    by_page: dict[str, list[Saved]] = defaultdict(list)
    for saved in story.saves:
        by_page[saved.page].append(saved)
    for each in saves:
        count = len(by_page.pop(each.tag, []))
        where = f"{each.number} {each.kind} {each.thread}"
        if count > 1:
            yield Fault(DOUBLED, where, f"{count} versions")
        elif not count and each.is_done and each.facts["is_written"]:
            yield Fault(LOST, where, "told as saved, and no version of it")
        elif count and (each.answer == REFUSED or (each.is_done and each.facts["is_written"] is False)):
            yield Fault(NOWHERE, where, "told as not saved, and there is a version of it")
    for page in by_page:
        yield Fault(NOWHERE, page, "a version that nobody saved")
    yield from _of_versions(story, {each.tag: each for each in saves})


def _of_versions(story: Story, asked: dict[str, Operation]) -> Iterator[Fault]:
    by_section: dict[int, list[Saved]] = defaultdict(list)
    for saved in story.saves:
        by_section[saved.section].append(saved)
    for section, found in by_section.items():
        found.sort(key=lambda each: each.number)
        for before, after in pairwise(found):
            if after.number != before.number + 1 or after.before != f"Skrivet {before.page}":
                yield Fault(LOST, f"section {section}", f"version {after.number} begins with {after.before!r}")
        if story.texts.get(section) != f"Skrivet {found[-1].page}":
            yield Fault(LOST, f"section {section}", f"says {story.texts.get(section)!r} after {found[-1].page}")
        placed = [(each.number, asked[each.page]) for each in found if each.page in asked and asked[each.page].is_done]
        yield from _out_of_order(placed, lambda each: f"{each.number} save {each.thread}")


def _of_looks(story: Story) -> Iterator[Fault]:
    """Who looks sees what was acknowledged before, and nothing that nobody can have asked for yet."""
    sent: dict[str, list[Operation]] = defaultdict(list)
    looks: dict[str, list[Operation]] = defaultdict(list)
    for each in story.operations:
        if each.kind == "submit" and each.answer != REFUSED:
            sent[each.thread].append(each)
        elif each.kind == "look" and each.is_done:
            looks[each.thread].append(each)
    for thread, found in looks.items():
        known = min((each.answered for each in sent[thread] if each.is_done), default=float("inf"))
        known = min([known, *(each.answered for each in found if each.facts["is_sent"])])
        begun = min((each.asked for each in sent[thread]), default=float("inf"))
        for look in found:
            where = f"{look.number} look {thread}"
            if not look.facts["is_sent"] and known + EXACT < look.asked:
                yield Fault(LOST, where, "is not seen, though it was sent, or seen, before")
            if look.facts["is_sent"] and look.answered + EXACT < begun:
                yield Fault(NOWHERE, where, "is seen before anybody sent it")


# --- money ------------------------------------------------------------------------------------------------------


def _of_payments(story: Story) -> Iterator[Fault]:
    """Every payment that was approved is in the ledger once, under the reference of who proposed it."""
    proposed = {each.tag: each for each in story.operations if each.kind == "propose"}
    approved = [each for each in story.operations if each.kind == "approve_payment" and each.answer != REFUSED]
    paid = [each for each in story.moves if each.kind == "PAY"]
    for reference, count in Counter(each.reference for each in paid).items():
        if count > 1:
            yield Fault(DOUBLED, reference, f"paid {count} times")
        if reference not in proposed:
            yield Fault(NOWHERE, reference, "paid, and nobody proposed it")
    by_account: dict[int | None, list[Operation]] = defaultdict(list)
    for each in approved:
        by_account[each.account].append(each)
    for move in paid:
        proposal = proposed.get(move.reference)
        if proposal is not None and proposal.account == move.account:
            yield Fault(WRONG, move.reference, "proposed and approved by one person")
        if not any(each.asked - EXACT <= move.at <= each.answered + EXACT for each in by_account[move.account]):
            yield Fault(NOWHERE, move.reference, "paid, and nobody approved it then")
    events = sum(row.name == "instalment.approve" for row in story.rows)
    if events != len(paid):
        yield Fault(WRONG, "ledger", f"{len(paid)} payments, and {events} approvals in the history")


def _of_books(story: Story) -> Iterator[Fault]:
    """The ledger row by row, and at every sampled moment what was paid: no less than was acknowledged by then, no more
    than can have been asked for.
    """
    left, held = story.frame, 0
    for move in sorted(story.moves, key=lambda each: each.id):
        held += {"RESERVE": move.amount, "UNRESERVE": -move.amount, "GRANT": -move.amount}.get(move.kind, 0)
        left -= {"RESERVE": move.amount, "UNRESERVE": -move.amount, "RELEASE": -move.amount}.get(move.kind, 0)
        if held < 0 or left < 0:
            yield Fault(WRONG, f"ledger {move.id}", f"{held} kronor held and {left} left")
    yield from _of_samples(story)


def _of_samples(story: Story) -> Iterator[Fault]:
    approved = [each for each in story.operations if each.kind == "approve_payment" and each.answer != REFUSED]
    acknowledged = _running([each for each in approved if each.is_done], "answered")
    asked_for = _running(approved, "asked")
    for sample in story.samples:
        yield from (Fault(WRONG, "ledger", each) for each in sample.faults)
        least, most = _by(acknowledged, sample.begun), _by(asked_for, sample.ended)
        if not least <= sample.paid <= most:
            told = f"{sample.paid} kronor paid; acknowledged {least}, asked for {most}"
            yield Fault(LOST if sample.paid < least else NOWHERE, "ledger", told)


def _running(operations: Iterable[Operation], when: str) -> list[tuple[float, int]]:
    """Instants, and the kronor of all instalments by then, each counted at its first."""
    first: dict[str, tuple[float, int]] = {}
    for each in operations:
        at = (getattr(each, when), int(each.facts["amount"]))
        first[each.facts["instalment"]] = min(at, first.get(each.facts["instalment"], at))
    found, total = [(0.0, 0)], 0
    for instant, amount in sorted(first.values()):
        total += amount
        found.append((instant, total))
    return found


def _by(running: list[tuple[float, int]], instant: float) -> int:
    return running[bisect_left(running, (instant, 0)) - 1][1]


def unknown(operations: Iterable[Operation]) -> int:
    """How many were never answered: without any, no kill met anybody."""
    return sum(each.answer == UNKNOWN for each in operations)
