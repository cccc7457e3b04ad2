"""A case that is referred for comment and flagged, with a note: what the house needs of both."""

from datetime import timedelta

from fundapp import clock
from fundapp.accounts.models import Account
from fundapp.applications.models import Application
from fundapp.referrals import actions as referring
from fundapp.referrals.models import Referral
from fundapp.referrals.rules import Receiver
from fundapp.remarks import actions as remarking
from fundapp.remarks.models import FlagKind

QUESTION = "Har föreningen en lokal hos er för projektet?"


def referred(application: Application, to: str, *, by: Account) -> Referral:
    """Asked of the board for social affairs at that address, within two weeks; the application goes along."""
    assert application.case is not None
    return referring.refer(
        application,
        [Receiver("Socialnämnden, Socialförvaltningen", to)],
        question=QUESTION,
        answer_by=clock.today() + timedelta(days=14),
        sent_along=application.case.documents[:1],
        by=by,
    )[0]


def places(application: Application, *, officer: Account, asked: Account) -> dict[str, dict[str, object]]:
    """Where the pages of flags, notes and referrals are: of a case that the officer assesses."""
    case: dict[str, object] = {"public_id": application.public_id}
    referral = referred(application, asked.email, by=officer)
    flag = remarking.raise_flag(application, kind=FlagKind.LOOK, reason="Ny firmatecknare.", by=officer)
    note = remarking.write_note(application, "Ring kassören på torsdag.", by=officer)
    here: dict[str, object] = {"public_id": referral.public_id}
    return {
        "remarks.raise_flag": case,
        "remarks.write_note": case,
        "remarks.resolve_flag": {"public_id": flag.public_id},
        "remarks.correct_note": {"public_id": note.public_id},
        "referrals.refer": case,
        **{f"referrals.{name}": here for name in ("answer", "withdraw", "reply")},
        "referrals.document": here | {"document_id": referral.document.public_id},
    }
