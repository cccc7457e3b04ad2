"""Change a fund from its pages: each change is a version of the terms, checked by the rules of the files."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select

from fundapp import clock
from fundapp.accounts.models import Account
from fundapp.boards.models import Board
from fundapp.composed import composed
from fundapp.db import db, reread
from fundapp.funds import places
from fundapp.funds.defaults import beginning
from fundapp.funds.loading import keep_version
from fundapp.funds.models import Fund, FundKind, FundState, FundVersion, terms_at
from fundapp.funds.terms import checked
from fundapp.history.actions import record
from fundapp.languages import Lazy, _dl, day_and_time
from fundapp.permissions import Permission, why_not
from fundapp.workflow import NotAllowed, StepNotPossible

Terms = dict[str, Any]
# What the form looks like depends on these: whoever has tried it out tries once more.
_FORM = frozenset(
    {"applicant_types", "takes_nominations", "goals", "target_groups", "attachments", "asked_otherwise"}
    | {"own_questions"}
)


class ChangedMeanwhile(StepNotPossible):
    """Somebody else has changed the same part since the page was opened; who and when are in the sentence."""

    def __init__(self, who: str, at: datetime) -> None:
        super().__init__(
            _dl(
                "%(who)s changed this at %(when)s, after you opened the page. What you wrote is still here. Open the"
                " page in a new window to see what is there now, and save once more if yours is to stand.",
                who=who,
                when=day_and_time(at),
            )
        )


def demand(by: Any) -> None:
    """That the person keeps funds. Errors: NotAllowed."""
    reason = why_not(by, Permission.KEEP_FUNDS)
    if reason is not None:
        raise NotAllowed(reason)


def new_fund(
    *,
    name: str,
    purpose: Mapping[str, str],
    kind: FundKind,
    board: Board,
    source: str,
    copy_of: Fund | None = None,
    by: Account,
) -> Fund:
    """A draft of a fund that nobody else sees: with the terms of another one but for its rounds, or with defaults.
    `source` says which decision the fund rests on. Errors: NotAllowed.
    """
    demand(by)
    begun = dict(copy_of.terms) if copy_of is not None else beginning(kind.value, _another(kind, board.municipality))
    said = {"source": source, "is_assumption": False}
    terms = checked(
        begun
        | {
            "code": _code(name),
            "municipality": board.municipality,
            "kind": kind.value,
            "name": {"value": name} | said,
            "purpose": {"value": dict(purpose)} | said,
            "deciding_body": {"value": board.code} | said,
            "statutes_body": {"value": board.code} | said,
            "rounds": [],
        }
    )
    fund = Fund(code=terms["code"], municipality=board.municipality, kind=kind, state=FundState.DRAFT, version=0)
    fund.name, fund.terms, fund.board, fund.statutes_board = name, terms, board, board
    db.session.add(fund)
    _keep(fund, terms, part="new", by=by)
    record(fund, "new_fund", by=by, name=name[:60], copy_of=copy_of.code if copy_of is not None else None)
    return fund


def _another(kind: FundKind, municipality: str) -> Fund | None:
    found = select(Fund).where(Fund.municipality == municipality, Fund.kind == kind, Fund.state == FundState.OPEN)
    return db.session.scalar(found.order_by(Fund.id).limit(1))


def _code(name: str) -> str:
    """`Kalix ungdomsfond 2022` as `kalix-ungdomsfond-2022`; with a number after it where that is taken."""
    plain = composed(name.lower(), "NFKD").encode("ascii", "ignore").decode()
    begun = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:50] or "fund"
    taken = set(db.session.scalars(select(Fund.code).where(Fund.code.startswith(begun))))
    codes = (begun if n == 1 and begun != "new" else f"{begun}-{n}" for n in range(1, len(taken) + 3))
    return next(code for code in codes if code not in taken)


def edit(fund: Fund, changes: Terms, *, part: str, seen: int, by: Any) -> bool:
    """Put other values (as data, each with its source; None takes one away) into the fund's terms. `part`: what the
    page was about; `seen`: the version it showed. False where nothing was changed.

    Errors: NotAllowed, ChangedMeanwhile, BadTerms.
    """
    demand(by)
    reread(fund, with_for_update={"of": Fund, "key_share": True})
    _demand_seen(fund, changes, seen)
    before = fund.terms
    if fund.state is FundState.OPEN and "deciding_body" in changes and _is_other(before, changes, "deciding_body"):
        raise StepNotPossible(_dl("An open fund keeps its body. Copy the fund to let another body decide."))
    terms = checked({**before, **changes})
    if all(terms.get(key) == before.get(key) for key in terms.keys() | before.keys()):
        return False
    _keep(fund, terms, part=part, by=by)
    if fund.state is FundState.TRIED and _FORM & {key for key in terms if terms[key] != before.get(key)}:
        fund.state = FundState.DRAFT
    told = {"old": _short(before.get(part)), "new": _short(terms.get(part))}
    record(fund, "edit_fund", by=by, part=part, version=fund.version, **told)
    return True


def _is_other(before: Terms, changes: Terms, key: str) -> bool:
    return bool(before[key]["value"] != changes[key]["value"])


def _demand_seen(fund: Fund, changes: Terms, seen: int) -> None:
    if seen == fund.version:
        return
    was = terms_at(fund, seen) if 0 < seen < fund.version else {}
    if all(was.get(key) == fund.terms.get(key) for key in changes):
        return
    last = db.session.execute(
        select(Account.name, Account.email, FundVersion.made_at)
        .select_from(FundVersion)
        .outerjoin(Account, Account.id == FundVersion.made_by_id)
        .where(FundVersion.fund_id == fund.id, FundVersion.number == fund.version)
    ).one()
    raise ChangedMeanwhile(last.name or last.email or "fundapp", last.made_at)


def _keep(fund: Fund, terms: Terms, *, part: str, by: Any) -> None:
    boards = {b.code: b for b in db.session.scalars(select(Board).where(Board.municipality == fund.municipality))}
    fund.terms, fund.name = terms, terms["name"]["value"]
    fund.board = boards[terms["deciding_body"]["value"]]
    fund.statutes_board = boards[terms["statutes_body"]["value"]]
    fund.version += 1
    fund.edited_at = clock.now()
    db.session.flush()
    keep_version(db.session, fund, part=part, by_id=by.id)
    db.session.flush()


def _short(kept: Any) -> Any:
    """A value for the history; of a list how many there are. The whole of it is in the versions."""
    value = kept["value"] if isinstance(kept, dict) else kept
    if isinstance(value, dict):
        value = value.get("sv") or value.get("email", "")
    if isinstance(value, list):
        whole = not any(isinstance(one, dict) for one in value)
        return ", ".join(str(one) for one in value)[:80] if whole else len(value)
    return value[:80] if isinstance(value, str) else value


def translate(fund: Fund, language: str, texts: Mapping[str, str], *, seen: int, by: Any) -> bool:
    """Keep texts in one language beside the Swedish ones, by their place (`places.all_texts`); an empty one takes the
    text away. Errors: as `edit`.
    """
    changes: Terms = {}
    for place, text in texts.items():
        key = place.partition(".")[0]
        changes.setdefault(key, fund.terms[key])
        changes[key] = places.with_text(changes[key], place, language, text)
    return edit(fund, changes, part=f"texts.{language}", seen=seen, by=by)


def confirm(fund: Fund, *, seen: int, by: Any) -> bool:
    """Say of every value that is an assumption that it is right. Errors: as `edit`."""
    day = clock.today().isoformat()
    changes = {
        key: kept | {"is_assumption": False, "source": f"Bekräftat av administratören {day}. {kept['source']}"[:300]}
        for key, kept in fund.terms.items()
        if isinstance(kept, dict) and kept["is_assumption"]
    }
    return edit(fund, changes, part="assumptions", seen=seen, by=by)


def mark_tried(fund: Fund, *, by: Any) -> None:
    """Note that the applicant's way through a fund that is not open was gone to its end. Errors: NotAllowed."""
    demand(by)
    reread(fund, with_for_update={"of": Fund, "key_share": True})
    if fund.state is FundState.DRAFT:
        fund.state = FundState.TRIED
        record(fund, "try_fund", by=by, version=fund.version)


def open_fund(fund: Fund, *, why_not_open: Lazy | None, seen: int, by: Any) -> None:
    """Let everybody see the fund and apply to it in its rounds. `why_not_open`: what the checklist says of it.

    Errors: NotAllowed, StepNotPossible.
    """
    demand(by)
    reread(fund, with_for_update={"of": Fund, "key_share": True})
    if fund.state is FundState.OPEN:
        raise StepNotPossible(_dl("The fund is open already."))
    if why_not_open is not None:
        raise StepNotPossible(why_not_open)
    if seen != fund.version:
        raise StepNotPossible(_dl("The fund was changed meanwhile. Look at it once more, then open it."))
    fund.state = FundState.OPEN
    record(fund, "open_fund", by=by, version=fund.version)
