"""How a case and its documents are named."""

from fundapp.languages import _d, speaking


def case_subject(kind: str, fund_name: str, applicant: str, title: str) -> str:
    """The case's short subject (ärendemening), always in Swedish: it is read in the authority's language."""
    with speaking("sv"):
        heading = {
            "GRANT": _d("Application for a grant from %(fund)s", fund=fund_name),
            "AWARD": _d("Application for %(fund)s", fund=fund_name),
            "NOMINATION": _d("Nomination for %(fund)s", fund=fund_name),
        }[kind]
    return " – ".join(part for part in (heading, applicant, title) if part)[:400]
