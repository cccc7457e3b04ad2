"""How a case and its documents are named in the diary (in Swedish), and how the desk says where a case stands."""

from typing import Any

from fundapp.languages import Lazy, _d, _dl, speaking
from fundapp.workflow import ENDED, ApplicationStatus

# What the applicant reads of some statuses is turned to them; the desk says it its own way.
_DESK_WORDS = {
    ApplicationStatus.SUBMITTED: _dl("To register"),
    ApplicationStatus.REGISTERED: _dl("To take up"),
    ApplicationStatus.COMPLETION_REQUESTED: _dl("Waiting for completion"),
    ApplicationStatus.ASSESSED: _dl("Ready for a sitting"),
    ApplicationStatus.ON_AGENDA: _dl("On an agenda"),
    ApplicationStatus.WRITTEN_OFF: _dl("Written off"),
}
_TONES = {
    ApplicationStatus.SUBMITTED: "attention",
    ApplicationStatus.REGISTERED: "accent",
    ApplicationStatus.UNDER_ASSESSMENT: "accent",
    ApplicationStatus.COMPLETION_REQUESTED: "attention",
    ApplicationStatus.ASSESSED: "accent",
    ApplicationStatus.ON_AGENDA: "accent",
    ApplicationStatus.GRANTED: "good",
    ApplicationStatus.GRANTED_IN_PART: "good",
    ApplicationStatus.REJECTED: "bad",
}


def desk_words(status: ApplicationStatus) -> Lazy:
    """Where a case stands, said to an official."""
    return _DESK_WORDS.get(status, status.label)


def tone(status: ApplicationStatus) -> str:
    """The tone of the status word: neutral, accent, attention, good, bad."""
    return _TONES.get(status, "neutral")


_A = ApplicationStatus
_WHY_CLOSED: dict[str, dict[ApplicationStatus, Lazy]] = {
    "take_up": {_A.SUBMITTED: _dl("Register it first.")},
    "request_completion": {
        _A.SUBMITTED: _dl("Register it first."),
        _A.COMPLETION_REQUESTED: _dl("A completion is asked for already."),
        _A.ASSESSED: _dl("The report is finished. Reopen the assessment first."),
        _A.ON_AGENDA: _dl("It is on an agenda."),
    },
    "finish_assessment": {
        _A.SUBMITTED: _dl("Register it first."),
        _A.REGISTERED: _dl("Start assessing first."),
        _A.COMPLETION_REQUESTED: _dl("Wait for the completion, or go on without it."),
    },
    "put_on_agenda": {
        _A.SUBMITTED: _dl("The officer's report is not finished."),
        _A.REGISTERED: _dl("The officer's report is not finished."),
        _A.UNDER_ASSESSMENT: _dl("The officer's report is not finished."),
        _A.COMPLETION_REQUESTED: _dl("The officer's report is not finished."),
    },
}


def why_closed(step: str, status: ApplicationStatus) -> Lazy | None:
    """Why a step that lies ahead cannot be taken yet; None where it is behind the case and need not be shown."""
    if status in ENDED:
        return None
    return _WHY_CLOSED.get(step, {}).get(status)


def case_subject(kind: str, fund_name: str, applicant: str, title: str) -> str:
    """The case's short subject (ärendemening)."""
    with speaking("sv"):
        heading = {
            "GRANT": _d("Application for a grant from %(fund)s", fund=fund_name),
            "AWARD": _d("Application for %(fund)s", fund=fund_name),
            "NOMINATION": _d("Nomination for %(fund)s", fund=fund_name),
        }[kind]
    return " – ".join(part for part in (heading, applicant, title) if part)[:400]


def submission_subject(kind: str, number: int) -> str:
    """What the frozen copy is called in the diary: the first one is the application, later ones complete it."""
    with speaking("sv"):
        if number > 1:
            return _d("Completed application, version %(number)s", number=number)
        return _d("Nomination") if kind == "NOMINATION" else _d("Application")


def attachment_subject(kind: str, terms: dict[str, Any]) -> str:
    """What an attachment is called in the diary; `terms` is the fund's, which names each kind in Swedish."""
    names = {item["code"]: item["text"]["sv"] for item in terms["attachments"]["value"]}
    with speaking("sv"):
        return _d("Attachment: %(name)s", name=names[kind]) if kind in names else _d("Attachment")
