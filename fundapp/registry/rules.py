"""How a case and its documents are named. Always in Swedish: the diary is read in the authority's language."""

from typing import Any

from fundapp.languages import _d, speaking


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
