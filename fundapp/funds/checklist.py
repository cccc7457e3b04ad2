"""What must be there before a fund opens, and what ought to be; each point with the page where it is put right."""

from collections.abc import Sequence
from dataclasses import dataclass

from fundapp import clock
from fundapp.funds import places
from fundapp.funds.models import Fund, FundKind, FundState
from fundapp.funds.queries import label_of
from fundapp.languages import AUTHORITY_LANGUAGE, LANGUAGES, Lazy, _d, _dl, _dn, listed


@dataclass(frozen=True)
class Point:
    """`state`: done, missing (the fund cannot open) or advice; `endpoint` and `place` lead to where it is changed."""

    label: str
    state: str
    told: str
    endpoint: str
    place: str = ""


def checklist(fund: Fund) -> list[Point]:
    """Every point, in the order of the work."""
    return [
        _texts(fund),
        _body(fund),
        _items(fund, "goals", is_must=True),
        _items(fund, "conditions", is_must=fund.kind is FundKind.FUND),
        _items(fund, "attachments"),
        _items(fund, "formal_checks"),
        _items(fund, "criteria"),
        _contact(fund),
        _round(fund),
        _assumptions(fund),
        *_languages(fund),
        _tried(fund),
    ]


def why_not_open(points: Sequence[Point]) -> Lazy | None:
    """Why the fund cannot open, or None where it can."""
    missing = [point.label for point in points if point.state == "missing"]
    return _dl("This is missing before the fund can open: %(what)s.", what=listed(missing)) if missing else None


def _texts(fund: Fund) -> Point:
    return Point(_d("Name, purpose and handling"), "done", fund.terms["purpose"]["value"]["sv"], "part", "purpose")


def _body(fund: Fund) -> Point:
    label, name = _d("Who decides"), fund.board.name
    if fund.board.is_deciding:
        return Point(label, "done", name, "part", "deciding_body")
    told = _d("%(body)s does not decide cases. Choose a body that does.", body=name)
    return Point(label, "missing", told, "part", "deciding_body")


def _items(fund: Fund, key: str, *, is_must: bool = False) -> Point:
    kept = fund.terms.get(key)
    count = len(kept["value"]) if kept else 0
    told = _dn("%(n)s of them", "%(n)s of them", count) if count else _d("None")
    return Point(label_of(key), "done" if count else "missing" if is_must else "advice", told, "part", key)


def _contact(fund: Fund) -> Point:
    kept = fund.terms.get("contact")
    told = kept["value"]["email"] if kept else _d("Nobody is named whom an applicant can ask.")
    return Point(_d("Contact"), "done" if kept else "advice", told, "part", "contact")


def _round(fund: Fund) -> Point:
    coming = [round_ for round_ in fund.rounds if round_.closes_at > clock.now()]
    label = _d("A round to apply in")
    if not coming:
        return Point(label, "missing", _d("There is no round that is open or still to come."), "new_round")
    if not any(round_.frame for round_ in coming):
        return Point(label, "missing", _d("The round has no frame: there is no money to grant."), "show")
    return Point(label, "done", listed(round_.label for round_ in coming), "show")


def _assumptions(fund: Fund) -> Point:
    keys = [key for key, kept in fund.terms.items() if isinstance(kept, dict) and kept["is_assumption"]]
    if not keys:
        told = _d("Every value rests on a decision, or has been confirmed.")
        return Point(_d("Assumptions"), "done", told, "confirm")
    told = _d("Read them and confirm them: %(what)s", what=listed(label_of(key) for key in keys))
    return Point(_d("Assumptions"), "missing", told, "confirm")


def _languages(fund: Fund) -> list[Point]:
    """A point for each language that lacks texts; one that says so where none does."""
    counts = {code: len(places.missing_in(fund.terms, code)) for code in LANGUAGES if code != AUTHORITY_LANGUAGE}
    found = [
        Point(
            LANGUAGES[code].own_name,
            "advice",
            _dn("%(n)s text is shown in Swedish", "%(n)s texts are shown in Swedish", count),
            "texts",
            code,
        )
        for code, count in counts.items()
        if count
    ]
    return found or [Point(_d("Languages"), "done", _d("Every text is there in every language."), "texts", "en")]


def _tried(fund: Fund) -> Point:
    label = _d("Tried out as an applicant")
    if fund.state is FundState.DRAFT:
        return Point(label, "missing", _d("Go through the form once, from the first question to the last."), "try_out")
    return Point(label, "done", _d("Yes"), "try_out")
