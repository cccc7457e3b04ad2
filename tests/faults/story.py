"""A whole run: eight clients, somebody who seals the record and samples the books meanwhile, and what came of it."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import Select, func, select
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session

from fundapp import clock, manifest
from fundapp.app import create_app
from fundapp.applications.models import Application, Section, SectionChange
from fundapp.config import Settings
from fundapp.db import db
from fundapp.decisions.models import Decision
from fundapp.funds.models import LedgerEntry, LedgerKind
from fundapp.funds.queries import ledger_faults
from fundapp.history.models import HistoryEntry
from fundapp.meetings.models import Meeting, MinuteItem
from fundapp.projects.models import Instalment, Project
from fundapp.record import actions as record
from fundapp.record import verifying
from tests.factories import DAY
from tests.faults import checker, judge, told, world
from tests.faults.checker import Fault
from tests.faults.ground import Workers, chance
from tests.faults.judge import Moved, Row, Sample, Saved, Story
from tests.faults.mix import Mix, at_once

SEALS_EVERY = 2.0  # seconds
REST = 4  # times as long as the last look took: a long run's books must not take the machine from the clients
PER_DRAFT = 12  # operations; a case that comes to its end takes more
_STATUS = {each.__tablename__: each for each in (Application, Meeting, Project, Instalment)}


@dataclass
class Run:
    """What came of it, and how it went."""

    story: Story
    faults: list[Fault]
    seconds: float

    @property
    def kinds(self) -> set[str]:
        return {fault.kind for fault in self.faults}

    def tell(self, kills: str, engine: str) -> None:
        """The figures, for `pytest -s` and for the report of a failure."""
        done = [each for each in self.story.operations if each.is_done]
        count = len(self.story.operations)
        sys.stdout.write(
            f"\n{engine}: {count} operations by {world.CLIENTS} clients in {self.seconds:.0f} s "
            f"({count / self.seconds:.1f}/s), {len(done)} acknowledged, {judge.unknown(self.story.operations)} without "
            f"an answer, {kills}; {len(self.story.rows)} events, {len(self.story.moves)} ledger rows, "
            f"{len(self.story.samples)} samples; {len(self.faults)} faults {sorted(self.kinds)} {self.faults[:5]}\n"
            f"{ {kind: _count(done, kind) for kind in sorted({each.kind for each in done})} }\n"
        )


def _count(operations: list[told.Operation], kind: str) -> int:
    return sum(each.kind == kind for each in operations)


@contextmanager
def standing(
    folder: Path, settings: Settings, *, count: int, seed: int, planted: str = "nothing"
) -> Iterator[tuple[Workers, Callable[[Callable[[Mix], None]], Run]]]:
    """gunicorn on the settings' database with drafts enough; the second part takes what does the harm, and runs."""
    # That a session's proof is asked for anew after a while is not what a long run is about.
    settings = replace(settings, smtp_host="127.0.0.1", step_up_minutes=720)
    app = create_app(settings)
    clock.run_from(DAY, folder / "clock")
    before = world.made(app, at_once(count) + count // PER_DRAFT)
    workers = Workers(folder, settings, planted)
    try:
        yield workers, lambda harm: _run(app, before, workers, folder, harm, count, seed)
    finally:
        workers.stop()
        with app.app_context():
            db.engine.dispose()


def _run(
    app: Flask, before: world.World, workers: Workers, folder: Path, harm: Callable[[Mix], None], count: int, seed: int
) -> Run:
    with app.app_context():
        begun = {table: _last(table) for table in (HistoryEntry, SectionChange, LedgerEntry)}
        frame = sum(db.session.scalars(select(LedgerEntry.amount).where(LedgerEntry.kind == LedgerKind.FRAME)))
        db.session.close()
    log, at = told.Log(folder / "operations.jsonl"), time.monotonic()
    watch = Watch(app)
    with watch, Mix(app, before, log, workers.port, count=count, seed=seed) as mix:
        harm(mix)
        mix.wait()
    took = time.monotonic() - at
    log.close()
    workers.stop()
    with app.app_context():
        record.enter_waiting()
        story = read(told.read(log.path), begun, watch.samples, frame)
        found = judge.faults(story)
        db.session.close()
    return Run(story, found, took)


class Watch:
    """Seals the record as the worker of a deployment does, and samples the books, while the others are at work."""

    def __init__(self, app: Flask) -> None:
        self.app, self.samples, self._is_over = app, list[Sample](), threading.Event()
        self._threads = [
            threading.Thread(target=self._again, args=(record.enter_waiting, (SEALS_EVERY, SEALS_EVERY))),
            threading.Thread(target=self._again, args=(self._sample, (0.05, 0.5))),
        ]
        self.fault: Exception | None = None

    def __enter__(self) -> None:
        for each in self._threads:
            each.start()

    def __exit__(self, *_rest: object) -> None:
        self._is_over.set()
        for each in self._threads:
            each.join()
        if self.fault is not None:
            raise self.fault

    def _again(self, act: Callable[[], object], waits: tuple[float, float]) -> None:
        """Again and again, also after the database was gone; what else goes wrong ends the run."""
        took = 0.0
        try:
            while not self._is_over.wait(max(chance.uniform(*waits), REST * took)):
                began = time.monotonic()
                with suppress(OperationalError, InterfaceError), self.app.app_context():
                    act()
                took = time.monotonic() - began
        except Exception as fault:
            self.fault = fault

    def _sample(self) -> None:
        self.samples.append(sampled())


def sampled() -> Sample:
    """The books in one moment of the database."""
    begun = time.time()
    with manifest.one_moment() as connection:
        session = Session(connection)
        wrong = tuple(str(each) for each in ledger_faults(session))
        rows = session.scalar(select(func.sum(LedgerEntry.amount)).where(LedgerEntry.kind == LedgerKind.PAY)) or 0
        parts = session.scalar(select(func.sum(Instalment.amount)).where(Instalment.ledger_entry_id.is_not(None))) or 0
    if rows != parts:
        wrong += (f"{rows} kronor paid in the ledger, {parts} of the instalments",)
    return Sample(begun, time.time(), int(rows), wrong)


# --- what the database holds ------------------------------------------------------------------------------------


def read(
    operations: list[told.Operation], begun: dict[Any, int], samples: list[Sample], frame: int = world.FRAME
) -> Story:
    """Inside an app context with the servers at rest. `begun`: the last key of each table before the first client."""
    shift = clock.now().timestamp() - time.time()
    return Story(
        operations=operations,
        rows=[_row(each, shift) for each in _since(HistoryEntry, begun)],
        saves=[
            Saved(each.section_id, each.version, each.page, _text(each.before)) for each in _since(SectionChange, begun)
        ],
        moves=[
            Moved(each.id, each.at.timestamp() - shift, each.kind.name, each.amount, each.reference, each.by_id)
            for each in _since(LedgerEntry, begun)
        ],
        samples=samples,
        statuses={
            (name, key): status.name
            for name, table in _STATUS.items()
            for key, status in db.session.execute(select(table.id, table.status))
        },
        texts={key: _text(answers) or "" for key, answers in db.session.execute(select(Section.id, Section.answers))},
        finals={row[0]: row[1] for row in db.session.execute(_finals())},
        frame=frame,
        others=list(_others()),
    )


def _last(table: Any) -> int:
    return int(db.session.scalar(select(func.max(table.id))) or 0)


def _since(table: Any, begun: dict[Any, int]) -> Any:
    return db.session.scalars(select(table).where(table.id > begun[table]).order_by(table.id))


def _row(entry: HistoryEntry, shift: float) -> Row:
    facts = entry.facts or {}
    return Row(
        id=entry.id,
        at=entry.at.timestamp() - shift,
        account=entry.account_id,
        subject=entry.subject,
        subject_id=entry.subject_id,
        thread=entry.thread,
        event=entry.event,
        old=facts.get("old"),
        new=facts.get("new"),
    )


def _text(answers: dict[str, list[str]]) -> str | None:
    texts = answers.get(world.CHECKED)
    return texts[0] if texts else None


def _finals() -> Select[str, int]:
    """For each sitting how many of its outcomes are final."""
    return (
        select(Meeting.public_id, func.count(Decision.id))
        .join(MinuteItem, MinuteItem.meeting_id == Meeting.id)
        .join(Decision, Decision.minute_item_id == MinuteItem.id)
        .where(Decision.final_at.is_not(None))
        .group_by(Meeting.public_id)
    )


def _others() -> Iterator[str]:
    """What the product's own checks say: the diary, the books, the sealed record, two persons for each payment."""
    yield from (f"{each.where}: {each.what}" for each in checker._of_diary())
    yield from (str(each) for each in ledger_faults(db.session))
    alone = select(Instalment.id).where(Instalment.approved_by_id == Instalment.proposed_by_id)
    yield from (f"instalment {key}: one person" for key in db.session.scalars(alone))
    db.session.rollback()
    found = verifying.verify()
    yield from found.faults
    yield from (f"not entered: {each}" for each in found.waiting)
