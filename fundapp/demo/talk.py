"""What the demo's officials ask others and tell each other about a case."""

from datetime import date

from fundapp.accounts.models import Account
from fundapp.applications.models import Application
from fundapp.boards.queries import boards_of
from fundapp.config import settings
from fundapp.referrals import actions as referring
from fundapp.referrals.rules import Receiver
from fundapp.remarks import actions as remarking
from fundapp.remarks.models import FlagKind


def ask_others(application: Application, *, by: Account) -> None:
    """Two bodies are asked, and one has answered."""
    assert application.case is not None  # noqa: S101  the demo registered it
    boards = {board.code: board.id for board in boards_of(settings().municipality)}
    answered, _waiting = referring.refer(
        application,
        [
            Receiver(
                "Fritids- och kulturnämnden, Fritids- och kulturförvaltningen",
                "fritid@kalix.example",
                board_id=boards["FoK"],
            ),
            Receiver(
                "Utbildningsnämnden, Utbildningsförvaltningen", "utbildning@kalix.example", board_id=boards["UTB"]
            ),
        ],
        question="Kan biblioteket hålla lokal och böcker för läskvällarna i sommar?",
        answer_by=date(2017, 3, 10),
        sent_along=application.case.documents[:1],
        by=by,
    )
    referring.record_answer(
        answered,
        came_on=answered.document.dated,
        answered_by="Fritids- och kulturnämnden, bibliotekschefen",
        text="Ja, filialen i Töre står öppen på onsdagar till och med den 23 augusti.",
        file=None,
        by=by,
    )


def tell_each_other(application: Application, *, by: Account, other: Account) -> None:
    """A flag that stops the case, one that is resolved, and a note that was corrected."""
    remarking.raise_flag(
        application,
        kind=FlagKind.STOP,
        reason="Budgeten går inte ihop. Vänta på föreningens komplettering.",
        by=by,
    )
    seen = remarking.raise_flag(
        application, kind=FlagKind.LOOK, reason="Har de redan fått bidrag till läsning?", by=other
    )
    remarking.resolve_flag(seen, "Ja, hösten 2016. Det är redovisat och klart.", by=by)
    note = remarking.write_note(application, "Ring Yonas på tisdag om kvällarna.", by=by)
    remarking.correct_note(note, "Ring Yonas på onsdag om kvällarna, han arbetar på tisdagar.", by=by)
