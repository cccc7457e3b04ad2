"""A request to change a project, and its answer, as they lie in the case: frame in Swedish, words as written."""

from typing import Any

from fundapp.goals.rules import municipality_named
from fundapp.languages import LANGUAGES, _, _d, day_and_time, language_name, long_day, speaking
from fundapp.projects.models import ChangeRequest

Content = dict[str, Any]


def request_content(request: ChangeRequest) -> Content:
    """What projects/documents/change.typ shows of a request."""
    project, asker = request.project, request.asked_by
    with speaking("sv"):
        meta = [
            (_("Sent by"), asker.name or asker.email),
            (_("Sent"), day_and_time(request.asked_at)),
            (_("Written in"), language_name(request.language)),
            (_("Project period"), f"{long_day(project.starts_on)} – {long_day(project.ends_on)}"),
            (_("New last day"), long_day(request.new_ends_on) if request.new_ends_on else ""),
        ]
        parts = [(_("What do you want to change?"), request.what), (_("Why?"), request.why)]
        return _content(request, _d("Request to change the project"), meta, parts)


def answer_content(request: ChangeRequest, writer: str) -> Content:
    """The same of the answer."""
    assert request.decided_at is not None  # noqa: S101  the action has set it
    with speaking("sv"):
        meta = [
            (_("Sent by"), writer),
            (_("Sent"), day_and_time(request.decided_at)),
            (_("Answer"), _("Yes") if request.is_approved else _("No")),
            (_("New last day"), long_day(request.project.ends_on) if _moves_end(request) else ""),
        ]
        title = _d("Answer to the request to change the project")
        return _content(request, title, meta, [(_("Reasons"), request.answer)], lang="sv")


def _moves_end(request: ChangeRequest) -> bool:
    return bool(request.is_approved and request.new_ends_on)


def _content(
    request: ChangeRequest,
    title: str,
    meta: list[tuple[str, str]],
    parts: list[tuple[str, str]],
    lang: str | None = None,
) -> Content:
    application = request.project.application
    known = LANGUAGES.get(request.language)
    number = application.case.diary_number if application.case else ""
    return {
        "municipality": municipality_named(application.round.fund.municipality).name,
        "title": title,
        "meta": [[label, value] for label, value in [(_("Diary number"), number), *meta] if value],
        "parts": [{"heading": heading, "text": text} for heading, text in parts if text],
        "lang": lang or (known.html_lang if known else None),
    }
