"""Bodies and their numbers: the race runs on both engines, because SQLite alone would hide a lost update."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, create_engine, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from fundapp.boards.actions import UnknownMunicipality, load_boards, next_number
from fundapp.boards.models import Board, Counter, Series
from fundapp.db import Base, guard


@pytest.fixture
def engine(empty_database_url: str) -> Iterator[Engine]:
    engine = create_engine(empty_database_url)
    guard(engine)
    Base.metadata.create_all(engine, tables=[Board.__table__, Counter.__table__])
    yield engine
    engine.dispose()


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with Session(engine) as session:
        yield session


@pytest.mark.parametrize(
    ("municipality", "codes"),
    [
        ("kalix", ["FoK", "KS", "SBF", "SOC", "UTB"]),
        ("gallivare", ["KS", "SOC", "BUOK", "SOT", "MOB", "ÖFN"]),
        ("pitea", ["KS"]),
        ("dals-ed", ["KS"]),
    ],
)
def test_boards_are_loaded_in_the_order_of_the_plan(session: Session, municipality: str, codes: list[str]) -> None:
    assert [board.code for board in load_boards(session, municipality)] == codes
    assert all(board.name and board.name_source for board in session.scalars(select(Board)))


def test_loading_boards_again_doubles_nothing_and_corrects_a_name(session: Session) -> None:
    first = load_boards(session, "kalix")
    first[0].name = "Kulturnämnden"
    session.commit()
    load_boards(session, "kalix")
    load_boards(session, "gallivare")
    session.commit()
    assert session.scalar(select(func.count(Board.id))) == 5 + 6
    assert session.scalar(select(Board.name).where(Board.code == "FoK")) == "Fritids- och kulturnämnden"


def test_every_municipality_has_a_body_that_decides(session: Session) -> None:
    for municipality in ("kalix", "gallivare", "pitea", "dals-ed"):
        deciding = [board.code for board in load_boards(session, municipality) if board.is_deciding]
        assert "KS" in deciding


@pytest.mark.parametrize("municipality", ["atlantis", "../data/kalix", ""])
def test_an_unknown_municipality_is_refused_in_one_line(session: Session, municipality: str) -> None:
    with pytest.raises(UnknownMunicipality) as refusal:
        load_boards(session, municipality)
    assert "\n" not in str(refusal.value)


def test_a_diary_number_bears_the_bodys_abbreviation(session: Session) -> None:
    leisure, executive, *_ = load_boards(session, "kalix")
    assert executive.diary_number(2017, 12) == "KS 2017:12"
    assert leisure.diary_number(2017, 1) == "FoKN 2017:1"


@pytest.mark.usefixtures("both_engines")
def test_numbers_run_per_body_series_and_year(session: Session) -> None:
    leisure, executive, *_ = load_boards(session, "kalix")

    def number(board: Board, series: Series, year: int) -> int:
        return next_number(session, board=board, series=series, year=year)

    assert [number(executive, Series.DIARY, 2017) for _ in range(3)] == [1, 2, 3]
    assert number(executive, Series.PARAGRAPH, 2017) == 1
    assert number(executive, Series.DIARY, 2018) == 1
    assert number(leisure, Series.DIARY, 2017) == 1
    assert number(executive, Series.DIARY, 2017) == 4


@pytest.mark.usefixtures("both_engines")
def test_a_roll_back_gives_the_number_back_and_undoes_the_rest(session: Session) -> None:
    board = load_boards(session, "kalix")[1]
    next_number(session, board=board, series=Series.DIARY, year=2017)
    session.commit()
    board.name = "Krisledningsnämnden"
    assert next_number(session, board=board, series=Series.DIARY, year=2017) == 2
    session.rollback()
    assert board.name == "Kommunstyrelsen"
    assert next_number(session, board=board, series=Series.DIARY, year=2017) == 2


@pytest.mark.usefixtures("both_engines")
def test_fifty_registrations_at_once_get_fifty_numbers_without_a_gap(engine: Engine) -> None:
    with Session(engine) as session:
        load_boards(session, "kalix")
        session.commit()

    def register(n: int) -> int | None:
        with Session(engine) as session:
            board = session.scalars(select(Board).where(Board.code == "KS")).one()
            number = next_number(session, board=board, series=Series.DIARY, year=2017)
            if n % 5 == 0:  # every fifth fails afterwards, and must leave no hole
                session.rollback()
                return None
            session.commit()
            return number

    with ThreadPoolExecutor(max_workers=12) as workers:
        numbers = list(workers.map(register, range(62)))
    given = sorted(number for number in numbers if number is not None)
    assert given == list(range(1, len(given) + 1))
    assert len(given) == 49


@pytest.mark.usefixtures("both_engines")
def test_the_database_refuses_a_second_counter_and_a_negative_one(session: Session) -> None:
    board = load_boards(session, "kalix")[1]
    session.commit()
    session.add(Counter(board=board, series=Series.DIARY, year=2017, last=-1))
    with pytest.raises(IntegrityError):
        session.flush()
    session.rollback()
    session.add_all(Counter(board=board, series=Series.DIARY, year=2017) for _ in range(2))
    with pytest.raises(IntegrityError):
        session.flush()
