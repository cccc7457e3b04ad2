"""The task list: each section with its status as a word, what is missing in words, and when it was saved."""

from dataclasses import dataclass

from flask import url_for

from fundapp.applications import actions
from fundapp.applications import answers as reading
from fundapp.applications.models import Application
from fundapp.applications.questions import section_form
from fundapp.applications.questions.shared import AttachmentsForm
from fundapp.applications.rules import SectionState
from fundapp.languages import _, _n, day_and_time, listed

MOST_NAMED = 4


@dataclass(frozen=True)
class Task:
    """What the macro `task_list` draws."""

    label: str
    url: str | None
    status: str
    status_label: str
    note: str | None
    saved: str | None


def tasks(application: Application, *, may_write: bool = True) -> list[Task]:
    """Every section; those that are not open (a completion asks for some only) are locked, and all to a reader."""
    opened = actions.opened(application) if may_write else {}
    return [
        _task(application, state, state.code in opened, opened.get(state.code)) for state in reading.states(application)
    ]


def _task(application: Application, state: SectionState, is_open: bool, only: frozenset[str] | None) -> Task:
    words = {"done": _("Done"), "started": _("Begun"), "empty": _("Not begun"), "locked": _("Cannot be changed")}
    status = state.status if is_open else "locked"
    saved_at = state.saved_at if status in ("done", "started") else None
    return Task(
        label=state.title,
        url=url_for("applications.section", public_id=application.public_id, code=state.code) if is_open else None,
        status=status,
        status_label=words[status],
        note=(_asked_for(application, state, only) if only else _note(application, state)) if is_open else None,
        saved=_("Saved %(when)s", when=day_and_time(saved_at)) if saved_at else None,
    )


def _asked_for(application: Application, state: SectionState, only: frozenset[str]) -> str:
    """The questions that a request for completion opens."""
    named = [text for code, text in section_form(application, state.code).questions() if code in only]
    return _("To do: %(named)s", named=listed(named))


def _note(application: Application, state: SectionState) -> str | None:
    if state.status == "started" or (state.missing and state.code == "attachments"):
        named = listed(state.missing[:MOST_NAMED])
        rest = len(state.missing) - MOST_NAMED
        if rest > 0:
            return _n("To do: %(named)s and %(n)s more", "To do: %(named)s and %(n)s more", rest, named=named)
        return _("To do: %(named)s", named=named)
    form = section_form(application, state.code)
    if isinstance(form, AttachmentsForm) and form.optional_ones_missing():
        return _("Not attached, send if you have: %(named)s", named=listed(form.optional_ones_missing()))
    return None
