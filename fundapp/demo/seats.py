"""Who sits in the demo's two bodies. All people and parties are fictitious."""

from datetime import date

from fundapp.accounts.models import Account
from fundapp.boards.models import Board
from fundapp.boards.queries import boards_of
from fundapp.config import settings
from fundapp.db import db
from fundapp.seats.actions import give_seat, person
from fundapp.seats.models import Position, Seat

TERM = (date(2015, 1, 1), date(2018, 12, 31))
PARTIES = ("Älvlistan", "Norrlistan", "Bygdelistan")
PRESIDIUM = (Position.CHAIR, Position.FIRST_VICE_CHAIR, Position.SECOND_VICE_CHAIR)

# In the order of the list; who can sign in to the demo stands by address.
MEMBERS = {
    "KS": (
        "chair@kalix.example",
        "Birger Salmivaara",
        "Ingegerd Rutfors",
        "member@kalix.example",
        "checker@kalix.example",
        "Solveig Hedmark",
        "Tage Ylipää",
        "Berit Kallax",
        "Arvid Storsandberg",
        "Helmi Rautio",
        "Roland Törefors",
        "Gunilla Båtskär",
        "Nils-Erik Vallmark",
    ),
    "FoK": (
        "leisure@kalix.example",
        "Yngve Karlsborg",
        "Margit Sangis",
        "Osvald Pålänge",
        "Aino Sören",
        "Sixten Rolfs",
        "Elsy Månsby",
        "Valter Nyborg",
        "Dagny Ryssbält",
    ),
}
SUBSTITUTES = {
    "KS": (
        "substitute@kalix.example",
        "Evert Lappbäck",
        "Siv Granfors",
        "Uno Björkfors",
        "Rauni Kamlunge",
        "Harry Vitvattnet",
        "Anna-Greta Räktfors",
        "Kaj Bondersbyn",
        "Linnea Storön",
        "Olle Karungi",
        "Maj Axelsvik",
        "Bertil Risöby",
        "Kerstin Innanbäck",
    ),
    "FoK": ("Gösta Filipsborg", "Ulla Gammelgård", "Tord Näsbyn", "Irma Grytnäs"),
}


def add_seats(accounts: dict[str, Account]) -> dict[str, list[Seat]]:
    """Every seat by its body's code, members first; given by the secretary."""
    by = accounts["secretary@kalix.example"]
    boards = {board.code: board for board in boards_of(settings().municipality)}
    return {
        code: [
            *_given(boards[code], MEMBERS[code], accounts, by, are_members=True),
            *_given(boards[code], SUBSTITUTES[code], accounts, by, are_members=False),
        ]
        for code in MEMBERS
    }


def _given(
    board: Board, names: tuple[str, ...], accounts: dict[str, Account], by: Account, *, are_members: bool
) -> list[Seat]:
    seats = []
    for number, name in enumerate(names):
        account = accounts.get(name) or person(_address(board, name), name, by=by)
        db.session.flush()
        position = Position.SUBSTITUTE
        if are_members:
            position = PRESIDIUM[number] if number < len(PRESIDIUM) else Position.MEMBER
        seats.append(
            give_seat(
                board,
                account,
                position,
                begins_on=TERM[0],
                ends_on=TERM[1],
                party=PARTIES[number % len(PARTIES)],
                rank=number + 1,
                by=by,
            )
        )
    return seats


def _address(board: Board, name: str) -> str:
    bare = name.lower().translate(str.maketrans("åäö ", "aao.", "é-"))
    return f"{bare}.{board.code.lower()}@kalix.example"
