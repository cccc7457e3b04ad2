"""Load funds and rounds from their terms. Idempotent: sums already in the ledger and a changed frame are left alone."""

from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from fundapp import clock
from fundapp.boards.models import Board
from fundapp.funds.models import Fund, FundKind, FundVersion, LedgerEntry, LedgerKind, Round
from fundapp.funds.terms import BadTerms, RoundTerms, Terms, as_data, terms_of


def load_funds(session: Session, municipality: str, own: Path | None = None) -> list[Fund]:
    """Make the tables agree with the municipality's terms, add rounds that are missing, remove nothing. A fund that has
    been edited here stays as it is.

    `own`: a folder of the town's own terms. Errors: BadTerms.
    """
    return [_load_fund(session, terms) for terms in terms_of(municipality, own)]


def _load_fund(session: Session, terms: Terms) -> Fund:
    boards = {b.code: b for b in session.scalars(select(Board).where(Board.municipality == terms.municipality))}
    for code in (terms.deciding_body.value, terms.statutes_body.value):
        if code not in boards:
            raise BadTerms(f"{terms.code}: there is no body {code!r} here")
    fund = session.scalar(select(Fund).where(Fund.code == terms.code))
    if fund is not None and fund.edited_at is not None:
        return fund
    is_new = fund is None
    if fund is None:
        fund = Fund(code=terms.code, municipality=terms.municipality, version=0)
        session.add(fund)
    before = fund.terms
    fund.kind = FundKind[terms.kind.upper()]
    fund.name = terms.name.value
    fund.board = boards[terms.deciding_body.value]
    fund.statutes_board = boards[terms.statutes_body.value]
    fund.terms = as_data(terms)
    if is_new or before != fund.terms:
        fund.version += 1
        session.flush()
        keep_version(session, fund, part="file", by_id=None)
    session.flush()
    known = {round_.label for round_ in fund.rounds}
    for round_terms in terms.rounds:
        if round_terms.label not in known:
            _add_round(session, fund, round_terms)
    return fund


def keep_version(session: Session, fund: Fund, *, part: str, by_id: int | None) -> FundVersion:
    """Keep the fund's terms as its version; `part` says what was changed."""
    kept = FundVersion(fund_id=fund.id, number=fund.version, part=part, terms=fund.terms, made_at=clock.now())
    kept.made_by_id = by_id
    session.add(kept)
    return kept


def _add_round(session: Session, fund: Fund, terms: RoundTerms) -> None:
    round_ = Round(
        fund=fund,
        label=terms.label,
        opens_at=terms.opens.value,
        closes_at=terms.closes.value,
        is_continuous=terms.is_continuous.value,
        period_start=terms.period_start.value,
        period_end=terms.period_end.value,
        frame=terms.sum.value,
    )
    session.add(round_)
    session.flush()
    session.add(
        LedgerEntry(
            round_id=round_.id,
            kind=LedgerKind.FRAME,
            amount=terms.sum.value,
            at=clock.now(),
            reference=terms.sum.source[:200],
        )
    )
