"""Copy an application that was sent to a new draft: what was written, and the files that may still hold."""

from collections.abc import Iterable
from dataclasses import dataclass

from werkzeug.datastructures import MultiDict

from fundapp import clock
from fundapp.accounts.models import Account
from fundapp.applications import actions, rules
from fundapp.applications.models import Application, ApplicationKind, Attachment
from fundapp.applications.questions import codes_of, section_form
from fundapp.applications.questions.shared import SIGNED_PAGE, attachment_kinds
from fundapp.db import db
from fundapp.funds.models import FundKind, Round
from fundapp.history.actions import record
from fundapp.languages import _l
from fundapp.permissions import Permission, why_not
from fundapp.web.fields import DayField
from fundapp.workflow import ApplicationStatus, NotAllowed, StepNotPossible

_NEVER_COPIED = frozenset({"declaration", "attachments"})
_CONFIRMED_ANEW = frozenset({"particulars_right"})
# Made for one application, or for one only; the others (statutes, minutes, accounts) may still be the latest.
_OF_ONE_APPLICATION = frozenset({"decision_to_apply", "other", SIGNED_PAGE})


@dataclass(frozen=True)
class Copied:
    """The new draft; `cleared` are the labels of the days that do not fit the new round."""

    application: Application
    parts: int
    files: int
    cleared: tuple[str, ...]


def is_copyable(application: Application) -> bool:
    return application.status is not ApplicationStatus.DRAFT


def fits(round_: Round, kind: ApplicationKind) -> bool:
    """Whether the round takes the form."""
    if kind is ApplicationKind.NOMINATION:
        return bool(round_.fund.terms["takes_nominations"]["value"])
    return (kind is ApplicationKind.GRANT) == (round_.fund.kind is FundKind.FUND)


def reusable(application: Application) -> list[Attachment]:
    """Files of the earlier application that may be sent along once more."""
    asked = {kind["code"] for kind in attachment_kinds(application)} - _OF_ONE_APPLICATION
    return [each for each in application.attachments if each.kind in asked]


def copy(application: Application, round_: Round, *, files: Iterable[Attachment], by: Account, language: str) -> Copied:
    """A new draft with the answers of `application`, and those of `files` that the new round asks for. The declaration
    is made anew, and a day that has been or lies outside the round's period is left out.

    Errors: NotAllowed, StepNotPossible (also where that is more files than there can be).
    """
    reason = why_not(by, Permission.EDIT_APPLICATION, application)
    if reason is not None:
        raise NotAllowed(reason)
    if not is_copyable(application):
        raise StepNotPossible(_l("This has not been sent yet. Go on writing in it."))
    draft = actions.start(
        round_=round_,
        kind=application.kind,
        organisation=application.organisation,
        by=by,
        language=language,
        text_language=application.text_language,
    )
    db.session.flush()
    kept = {section.code: section.answers for section in application.sections}
    codes = [code for code in codes_of(draft.kind) if code in kept and code not in _NEVER_COPIED]
    cleared = [label for code in codes for label in _copy_section(draft, code, kept[code], by=by)]
    count = _copy_files(draft, files, by=by)
    record(draft, "copy", by=by, of=application)
    return Copied(draft, len(codes), count, tuple(cleared))


def _copy_section(draft: Application, code: str, answers: dict[str, list[str]], *, by: Account) -> list[str]:
    """Save the answers that the form still asks for; gives the labels of the days that were left out."""
    typed = MultiDict([(name, text) for name, texts in answers.items() for text in texts])
    texts = section_form(draft, code, {}).own_texts(typed)
    cleared = []
    for field in section_form(draft, code, texts):
        if isinstance(field, DayField) and field.short_name in texts and not _is_ahead(field, draft.round):
            cleared += [str(field.label.text)] if any(texts[field.short_name]) else []
            del texts[field.short_name]
    actions.save_section(draft, code, {n: t for n, t in texts.items() if n not in _CONFIRMED_ANEW}, by=by)
    return cleared


def _is_ahead(field: DayField, round_: Round) -> bool:
    day = field.data
    return bool(day and day >= clock.today() and round_.period_start <= day <= round_.period_end)


def _copy_files(draft: Application, files: Iterable[Attachment], *, by: Account) -> int:
    """The same stored files once more, each as a row of the draft's own. Errors: StepNotPossible (too many)."""
    asked = {kind["code"] for kind in attachment_kinds(draft)} - _OF_ONE_APPLICATION
    chosen = [each for each in dict.fromkeys(files) if each.kind in asked]
    if not rules.are_few_files(len(chosen)):
        raise StepNotPossible(_l("There are as many files as there can be. Remove one first."))
    for each in chosen:
        copied = Attachment(kind=each.kind, file=each.file, added_at=clock.now(), added_by_id=by.id)
        draft.attachments.append(copied)
    db.session.flush()
    return len(chosen)
