"""Which cases concern the same association, and what holds for them. Plain Python."""

from collections.abc import Mapping, Sequence
from typing import Any

from fundapp.candidates.models import is_withdrawn
from fundapp.composed import composed
from fundapp.languages import Lazy, _dl, money
from fundapp.workflow import ApplicationStatus

_A = ApplicationStatus
# Before a sitting has the case on its agenda an official may still say which cases belong together.
BEFORE_THE_BOARD = frozenset({_A.REGISTERED, _A.UNDER_ASSESSMENT, _A.COMPLETION_REQUESTED, _A.ASSESSED})

# The proposal may change until the officer's report is finished.
BEFORE_THE_REPORT = BEFORE_THE_BOARD - {_A.ASSESSED}


def folded(name: str) -> str:
    """A name for comparing: without case, blanks, signs and accents (`Töre Framtid I.F.` is `toreframtidif`)."""
    plain = composed(name.casefold(), "NFKD")
    return "".join(letter for letter in plain if letter.isalnum())


def is_same(name: str, org_number: str | None, other_name: str, other_number: str | None) -> bool:
    """Whether two cases seem to concern one association: by the organisation number where both have it, else by name.

    A suggestion, which an official confirms.
    """
    if org_number and other_number:
        return org_number == other_number
    return folded(name) == folded(other_name)


def is_before_the_board(applications: Sequence[Any]) -> bool:
    """Whether none of the cases has come to an agenda; what is withdrawn does not count."""
    return all(each.status in BEFORE_THE_BOARD for each in applications if not is_withdrawn(each))


def answer_in(content: Mapping[str, Any], code: str) -> str:
    """One answer of a frozen copy, or the empty string."""
    texts = [
        answer["answer"] for section in content["sections"] for answer in section["answers"] if answer["code"] == code
    ]
    return texts[0].strip() if texts and isinstance(texts[0], str) else ""


def why_not_divided(sums: Sequence[int], *, left: int) -> Lazy | None:
    """Why sums of a division (kronor) cannot stand together: there is not enough left of the year's."""
    whole = sum(sums)
    if whole <= left:
        return None
    return _dl(
        "The sums are together %(sum)s, and %(left)s is left. Lower them by %(over)s.",
        sum=money(whole),
        left=money(left),
        over=money(whole - left),
    )


def speaks_for_itself(application: Any) -> bool:
    """Whether the association itself has applied."""
    return application.organisation is not None


def particulars_in(application: Any) -> dict[str, str]:
    """What an application or a nomination tells of the association: contact, email, org_number."""
    content = application.last_submission.content if application.last_submission is not None else {"sections": []}
    if speaks_for_itself(application):
        return {
            "contact": answer_in(content, "contact_name"),
            "email": application.organisation.email.lower(),
            "org_number": application.org_number or "",
        }
    return {
        "contact": answer_in(content, "nominee_contact"),
        "email": answer_in(content, "nominee_email").lower(),
        "org_number": application.org_number or "",
    }
