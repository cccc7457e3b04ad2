"""Working translations: an answer in Swedish beside the applicant's own words, for who works with the case."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from fundapp import clock
from fundapp.applications.models import Application
from fundapp.assessments import rules
from fundapp.assessments.models import WorkingTranslation
from fundapp.db import db, reread
from fundapp.history.actions import record
from fundapp.languages import _dl
from fundapp.permissions import Permission, why_not
from fundapp.workflow import NotAllowed, StepNotPossible


class TranslatedMeanwhile(StepNotPossible):
    """Somebody translated the same answers after this page was opened.

    `texts`: what to go on from, mine where I wrote and theirs elsewhere; `theirs`: the rows that mine would replace.
    """

    def __init__(self, texts: dict[str, str], theirs: dict[str, WorkingTranslation]) -> None:
        super().__init__(_dl("Somebody else translated the same answers while you wrote. Compare, and save again."))
        self.texts, self.theirs = texts, theirs


def all_of(application: Application) -> list[WorkingTranslation]:
    """Every version, the oldest first."""
    found = select(WorkingTranslation).where(WorkingTranslation.application_id == application.id)
    return list(db.session.scalars(found.order_by(WorkingTranslation.id)))


def newest(versions: list[WorkingTranslation]) -> dict[str, WorkingTranslation]:
    """The version that counts, by what it translates."""
    return {row.question: row for row in versions}


def save_translations(application: Application, texts: Mapping[str, str], *, seen: int, by: Any) -> int:
    """Keep what was changed since the version `seen` (an id; 0 for none) as new versions; gives how many.

    What others changed elsewhere meanwhile stays. Errors: NotAllowed, TranslatedMeanwhile.
    """
    reason = why_not(by, Permission.TRANSLATE, application)
    if reason is not None:
        raise NotAllowed(reason)
    reread(application, with_for_update={"of": Application})
    versions = all_of(application)
    latest = newest(versions)
    base = {row.question: row.text for row in versions if row.id <= seen}
    changed = {key: text for key, text in texts.items() if text != base.get(key, "")}
    theirs = {
        key: latest[key]
        for key, text in changed.items()
        if key in latest and latest[key].id > seen and latest[key].text != text
    }
    if theirs:
        raise TranslatedMeanwhile({key: row.text for key, row in latest.items()} | changed, theirs)
    new = {key: text for key, text in changed.items() if key not in latest or latest[key].text != text}
    _add(application, new, by)
    return len(new)


def _add(application: Application, texts: Mapping[str, str], by: Any) -> None:
    submission = application.last_submission
    originals = {answer.key: answer.text for answer in rules.typed_answers(submission.content)} if submission else {}
    rows = [
        WorkingTranslation(
            application_id=application.id,
            question=key,
            original=originals[key],
            text=text,
            made_at=clock.now(),
            made_by_id=by.id,
        )
        for key, text in texts.items()
        if key in originals
    ]
    db.session.add_all(rows)
    if rows:
        record(application, "save_translation", by=by, answers=len(rows))
    db.session.flush()
