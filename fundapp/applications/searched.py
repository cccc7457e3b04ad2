"""What lists of applications are sorted by, and the words of what was sent, each kept with what it is made of."""

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import Connection, ForeignKey, Index, event, insert, inspect, select, update
from sqlalchemy.orm import Mapped, mapped_column, object_session
from sqlalchemy.orm.util import identity_key

from fundapp.accounts.models import Account
from fundapp.applications.models import Application, Submission
from fundapp.db import Base
from fundapp.search import searchable, sort_key
from fundapp.workflow import ApplicationStatus

_STATES = {status: place for place, status in enumerate(ApplicationStatus)}


@event.listens_for(Application, "before_insert")
@event.listens_for(Application, "before_update")
def _keep_sorted(_mapper: Any, connection: Connection, application: Application) -> None:
    """Write what lists are sorted by in the statement that writes its source, as `_keep_searchable` does."""
    attributes = inspect(application).attrs

    def is_new(*names: str) -> bool:
        return any(attributes[name].history.has_changes() for name in names)

    if is_new("title"):
        application.title_key = sort_key(application.title)
    if is_new("applicant_name"):
        application.applicant_key = sort_key(application.applicant_name)
    if is_new("amount_requested"):
        application.sought_key = application.amount_requested or 0
    if is_new("status"):
        application.state_key = _STATES[application.status]
    if is_new("case", "case_id"):
        case = application.case
        application.number_key = f"{case.year}{case.number:08} {case.board_id}" if case is not None else ""
    if is_new("officer", "officer_id"):
        application.officer_key = sort_key(_name_of_officer(application, connection))


def _name_of_officer(application: Application, connection: Connection) -> str:
    """The name of the officer that is being written, whom the session mostly knows already."""
    key = application.officer_id
    if key is None:
        return ""
    session = object_session(application)
    known = session.identity_map.get(identity_key(Account, key)) if session is not None else None
    if known is not None and "name" in inspect(known).dict:
        return str(known.name)
    return connection.scalar(select(Account.name).where(Account.id == key)) or ""


@event.listens_for(Account, "after_update")
def _sort_by_new_name(_mapper: Any, connection: Connection, account: Account) -> None:
    if inspect(account).attrs["name"].history.has_changes():
        mine = Application.officer_id == account.id
        connection.execute(update(Application).where(mine).values(officer_key=sort_key(account.name)))


class WrittenText(Base):
    """The words of the latest frozen copy, to be searched, beside the list's own texts that most searches end in."""

    __tablename__ = "written_text"
    __table_args__ = (
        Index(
            "ix_written_text_words",
            "words",
            postgresql_using="gin",
            postgresql_ops={"words": "gin_trgm_ops"},
            postgresql_with={"gin_pending_list_limit": 1024},
            info={"engine": "postgresql"},
        ).ddl_if(dialect="postgresql"),
    )

    application_id: Mapped[int] = mapped_column(ForeignKey("application.id"), primary_key=True)
    words: Mapped[str]


@event.listens_for(Submission, "after_insert")
def _keep_words(_mapper: Any, connection: Connection, submission: Submission) -> None:
    """Whoever freezes a copy makes its words be found, and those of the copy before no more."""
    key, words = submission.application_id, words_of(submission.content)
    again = update(WrittenText).where(WrittenText.application_id == key).values(words=words)
    if submission.number == 1 or not connection.execute(again).rowcount:
        connection.execute(insert(WrittenText).values(application_id=key, words=words))


def words_of(content: dict[str, Any]) -> str:
    """What was typed in a frozen copy, as `search.searchable` keeps it."""
    return searchable(*_typed(part for section in content["sections"] for part in section["answers"]))


def _typed(answers: Iterable[Any]) -> Iterator[str]:
    """The texts that were typed, those in rows too; not what was chosen among answers of ours."""
    for answer in answers:
        if isinstance(answer, list):
            yield from _typed(answer)
        elif isinstance(answer["answer"], list):
            yield from _typed(part for part in answer["answer"] if isinstance(part, list))
        elif answer.get("is_typed") and answer["answer"]:
            yield str(answer["answer"])
