"""What the demo shows of paper: a letter that is being typed in, one that is registered and answered by post, a request
to change a telephone number.
"""

from datetime import date
from typing import Any

from fundapp import clock, documents
from fundapp.accounts.models import Account, Organisation, OrganisationKind
from fundapp.applications.models import Application, ApplicationKind
from fundapp.files import Checked, check
from fundapp.funds.models import Round
from fundapp.intake import correcting, entering
from fundapp.intake.models import Intake, Way

SENDER = entering.Sender("Sven Lantto", "", "+46701740609", "Byavägen 12", "95293", "Siknäs")
NUMBER = "8020002013"


def _letter(round_: Round, organisation: Organisation, title: str, amount: int, *, by: Account, **more: Any) -> Intake:
    return entering.enter(
        round_=round_,
        kind=ApplicationKind.GRANT,
        organisation=organisation,
        sender=SENDER,
        answers={
            "organisation": {"contact_name": [SENDER.name]},
            "project": {"title": [title]},
            "budget": {"amount": [str(amount)]},
        },
        language="sv",
        text_language="sv",
        by=by,
        **more,
    )


def _scan() -> Checked:
    text = "Vi vill ha pimpelfiske på isen varje lördag i mars för alla i byn, nya och gamla. Vi söker 12 000 kronor."
    content = {"title": "Ansökan", "sender": "Siknäs byaförening", "text": text}
    return check("ansokan.pdf", documents.compile_pdf("demo/documents/enclosure.typ", content, clock.now()))


def enter_letters(round_: Round, known: Organisation, *, by: Account) -> None:
    """One by a village association that is new and has no e-mail, received; one of a known association, only begun."""
    village = Organisation(
        kind=OrganisationKind.ASSOCIATION,
        name="Siknäs byaförening",
        org_number=NUMBER,
        address=SENDER.address,
        postal_code=SENDER.postal_code,
        city=SENDER.city,
        email="",
        phone=SENDER.phone,
    )
    came = {"way": Way.LETTER, "received_on": date(2017, 3, 2), "scan": _scan()}
    entering.receive(_letter(round_, village, "Pimpelfiske för nya och gamla bybor", 12_000, by=by, **came), by=by)
    called = {"way": Way.PHONE, "received_on": date(2017, 3, 3), "scan": None}
    _letter(round_, known, "Cykelskola för vuxna", 20_000, by=by, **called)


def ask_for_correction(application: Application, *, by: Account) -> None:
    reason = "Kassören ringde från föreningens kända nummer den 2 mars. Hon läste upp organisationsnumret."
    correcting.propose_particulars(application, {"phone": "+46701740610"}, reason=reason, by=by)
