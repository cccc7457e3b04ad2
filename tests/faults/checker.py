"""What people were told, held against what the database and the store hold: lost, half-written, doubled."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from sqlalchemy import func, select, text
from sqlalchemy.orm import joinedload, selectinload

from fundapp import boards, jobs, store
from fundapp.applications.models import Application, Attachment, Submission
from fundapp.applications.questions import codes_of
from fundapp.boards.models import Series
from fundapp.db import db
from fundapp.documents import Paper
from fundapp.files import StoredFile
from fundapp.funds.queries import ledger_faults
from fundapp.history.models import HistoryEntry
from fundapp.mail import Enclosure, Message, MessageStatus
from fundapp.registry.models import Case, Document
from fundapp.workflow import ApplicationStatus
from tests.faults.people import Sending

LOST, HALF, DOUBLED, WRONG = "lost", "half-written", "doubled", "wrong"


class Fault(NamedTuple):
    kind: str
    where: str
    what: str


class Held:
    """How often each part of each application is there, by public id."""

    def __init__(self, keys: set[str]) -> None:
        found = select(Application).options(
            selectinload(Application.submissions).joinedload(Submission.paper),
            selectinload(Application.attachments),
            joinedload(Application.case).selectinload(Case.documents),
        )
        self.applications = {each.public_id: each for each in db.session.scalars(found) if each.public_id in keys}
        self.messages = list(db.session.scalars(select(Message).options(selectinload(Message.enclosures))))
        self.mail: dict[str, list[Message]] = {}
        for message in self.messages:
            self.mail.setdefault(message.thread, []).append(message)
        self.history = Counter(map(tuple, db.session.execute(select(HistoryEntry.thread, HistoryEntry.event))))

    def of_sending(self, application: Application) -> dict[str, int]:
        """Each part that one Send makes, and how often it is there."""
        mail = self.mail.get(application.thread, [])
        papers = [each.paper_id for each in application.submissions]
        facts = (application.submitted_at, application.title, application.amount_requested, application.starts_on)
        return {
            "status": int(application.status is not ApplicationStatus.DRAFT),
            "facts": int(any(fact is not None for fact in facts)),
            "all facts": int(all(fact is not None for fact in facts)),
            "frozen copy": len(application.submissions),
            "whole frozen copy": sum(_is_whole(each) for each in application.submissions),
            "mail": len(mail),
            "mail to send": sum(each.status is MessageStatus.WAITING and each.to != "" for each in mail),
            "mail with the receipt": sum([e.paper_id for e in each.enclosures] == papers[:1] for each in mail),
            "history": self.history[application.thread, "submit"],
        }

    def of_registration(self, application: Application) -> dict[str, int]:
        """Each part that one registration makes."""
        case = application.case
        documents = case.documents if case is not None else []
        whole = 1 + len(application.attachments)
        return {
            "status": int(application.status is ApplicationStatus.REGISTERED),
            "case": int(case is not None),
            "document of the copy": sum(each.paper_id is not None for each in documents),
            "documents of all files": int(len(documents) == whole),
            "history": self.history[application.thread, "register"],
            "history of the case": self.history[application.thread, "open_case"],
        }


def _is_whole(submission: Submission) -> bool:
    application, content = submission.application, submission.content
    answers = {each["code"]: each["answer"] for part in content["sections"] for each in part["answers"]}
    return (
        [part["code"] for part in content["sections"]] == list(codes_of(application.kind))
        and answers["title"] == application.title
        and sorted(each["sha256"] for each in content["attachments"])
        == sorted(each.file.sha256 for each in application.attachments)
        and application.reference in submission.paper.file_name
    )


def faults(sendings: Iterable[Sending]) -> list[Fault]:
    """Everything that is not as it was told, inside an app context with the servers at rest."""
    sendings = list(sendings)
    held = Held({sending.public_id for sending in sendings})
    return [
        *(fault for sending in sendings for fault in _of_one(sending, held)),
        *_of_references(held),
        *_of_strays(held),
        *_of_diary(),
        *(Fault(WRONG, each.round, f"ledger: {each}") for each in ledger_faults(db.session)),
        *_of_engine(held),
    ]


def _of_one(sending: Sending, held: Held) -> Iterator[Fault]:
    application = held.applications.get(sending.public_id)
    if application is None:
        yield Fault(LOST, sending.public_id, "the draft")
        return
    yield from _weigh(sending.public_id, "sending", held.of_sending(application), sending.is_acknowledged)
    yield from _weigh(sending.public_id, "registration", held.of_registration(application), sending.is_registered)
    own = [each for each in application.attachments if each.file.name == sending.file_name]
    yield from _weigh(sending.public_id, "file", {"file": len(own)}, sending.is_attached)
    for each in own:
        if hashlib.sha256(store.content_of(each.file.key)).hexdigest() != each.file.sha256:
            yield Fault(HALF, sending.public_id, "file: not what was sent")
    if application.title not in (None, sending.title):
        yield Fault(WRONG, sending.public_id, f"title: {application.title}")
    for refusal in sending.refused:
        yield Fault(WRONG, sending.public_id, refusal)


def _weigh(where: str, what: str, parts: dict[str, Any], is_acknowledged: bool) -> Iterator[Fault]:
    """All parts once, or, where nothing was acknowledged, none."""
    counts = set(parts.values())
    if max(counts) > 1:
        yield Fault(DOUBLED, where, f"{what}: {parts}")
    elif counts == {0, 1}:
        yield Fault(HALF, where, f"{what}: {parts}")
    elif counts == {0} and is_acknowledged:
        yield Fault(LOST, where, what)


def _of_references(held: Held) -> Iterator[Fault]:
    """What must be another for each: reference, Message-ID, paper."""
    papers = [each.paper_id for one in held.applications.values() for each in one.submissions]
    for what, values in (
        ("reference", [each.reference for each in held.applications.values()]),
        ("Message-ID", [each.message_id for each in held.messages]),
        ("paper", papers),
    ):
        for value, count in Counter(values).items():
            if count > 1:
                yield Fault(DOUBLED, str(value), what)


def _of_strays(held: Held) -> Iterator[Fault]:
    """Rows that nothing leads to."""
    for table, column in ((Paper, Submission.paper_id), (StoredFile, Attachment.file_id)):
        for key in db.session.scalars(select(table.id).where(table.id.not_in(select(column)))):
            yield Fault(HALF, f"{table.__tablename__} {key}", "belongs to nothing")
    for thread in held.mail.keys() - held.applications.keys():
        yield Fault(HALF, f"mail of {thread}", "belongs to nothing")
    for key in db.session.scalars(select(Enclosure.id).where(Enclosure.paper_id.not_in(select(Submission.paper_id)))):
        yield Fault(HALF, f"enclosure {key}", "belongs to nothing")


def _of_diary() -> Iterator[Fault]:
    """Numbers from one and without a gap, the counter at the last, every case an application's."""
    numbers = sorted(db.session.scalars(select(Case.number)))
    last = db.session.scalar(
        select(func.sum(boards.models.Counter.last)).where(boards.models.Counter.series == Series.DIARY)
    )
    if numbers != list(range(1, len(numbers) + 1)):
        yield Fault(WRONG, "diary", f"numbers: {numbers}")
    if (last or 0) != len(numbers):
        yield Fault(WRONG, "diary", f"the counter stands at {last}, with {len(numbers)} cases")
    owned = select(Application.case_id).where(Application.case_id.is_not(None))
    for number in db.session.scalars(select(Case.diary_number).where(Case.id.not_in(owned))):
        yield Fault(HALF, number, "case of no application")
    if db.session.scalar(select(func.count()).where(Document.case_id.not_in(select(Case.id)))):
        yield Fault(HALF, "diary", "documents of no case")


def _of_engine(held: Held) -> Iterator[Fault]:
    """One job for each mail where there is a queue; SQLite's own check where there is none."""
    if jobs.has_queue():
        queued = text("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'send_outbox'")
        count = db.session.scalar(queued)
        if count != len(held.messages):
            yield Fault(WRONG, "queue", f"{count} jobs for {len(held.messages)} mails")
    else:
        for check in ("PRAGMA integrity_check", "PRAGMA foreign_key_check"):
            told = [tuple(row) for row in db.session.execute(text(check))]
            if told not in ([], [("ok",)]):
                yield Fault(WRONG, "database", f"{check}: {told}")
