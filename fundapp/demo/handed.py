"""What the demo's registrar marks and hands out, and the order that its officer lays before a sitting."""

from datetime import date

from sqlalchemy import select

from fundapp.accounts.models import Account
from fundapp.applications.models import Application
from fundapp.db import db
from fundapp.meetings import ranking
from fundapp.meetings.models import Meeting
from fundapp.registry import secrecy
from fundapp.registry.actions import file_document
from fundapp.registry.models import Direction
from fundapp.registry.queries import FiledDocument


def hand_out(application: Application, *, by: Account, officer: Account) -> None:
    """A newspaper got the application; a letter that came beside it is marked for examination; the officer tries what
    the sitting of 6 March could give a little less.
    """
    assert application.case is not None  # noqa: S101  the demo registered it
    whole = FiledDocument(application.case.documents[0], application)
    secrecy.give_out(whole, recipient="En tidning", given_on=date(2017, 3, 2), by=by)
    letter = file_document(
        application.case,
        direction=Direction.RECEIVED,
        subject="Brev från en deltagares anhörig",
        counterpart="Privatperson",
        dated=date(2017, 3, 2),
        by=by,
    )
    secrecy.mark(
        FiledDocument(letter, application),
        paragraph="OSL 26:1",
        reason="Brevet berättar om en deltagares hälsa.",
        hides_case=False,
        by=by,
    )
    sitting = db.session.scalars(select(Meeting).where(Meeting.held_on == date(2017, 3, 6))).one()
    key = application.public_id
    ranking.save(sitting, "Förslag inför beredningen", [key], {key: 30_000}, by=officer)
