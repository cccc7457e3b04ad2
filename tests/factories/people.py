"""People and organisations. All of them are invented."""

from itertools import count

from fundapp import clock
from fundapp.accounts.actions import account_by_email, add_organisation, give_role
from fundapp.accounts.models import Account, Organisation, OrganisationKind, Signatory
from fundapp.boards.models import Board
from fundapp.db import db
from fundapp.permissions import Role

_numbers = count(1)
ORG_NUMBER = "8020015577"
BANKGIRO = "50501055"


def applicant(name: str = "Amina Lindqvist", email: str | None = None, language: str = "sv") -> Account:
    """A person without a role; the same address gives the same person."""
    address = email or f"person{next(_numbers)}@exempel.example"
    known = account_by_email(address)
    if known is not None:
        return known
    account = Account(email=address, name=name, phone="+46701234567", language=language, created_at=clock.now())
    db.session.add(account)
    db.session.flush()
    return account


def official(*roles: Role, name: str = "Torsten Ek", email: str | None = None, board: Board | None = None) -> Account:
    """A person with the roles given, for example `official(Role.OFFICER)`."""
    account = applicant(name, email or f"official{next(_numbers)}@kommun.example")
    for role in roles:
        give_role(account, role, by=None, board=board)
    return account


def organisation(
    by: Account,
    *,
    name: str = "Kalix Språkkafé",
    kind: OrganisationKind = OrganisationKind.ASSOCIATION,
    org_number: str = ORG_NUMBER,
    email: str = "styrelsen@sprakkafe.example",
) -> Organisation:
    """An organisation that `by` acts for; a municipal unit has no number, and an internal account instead of giro."""
    is_unit = kind is OrganisationKind.MUNICIPAL_UNIT
    made = Organisation(
        kind=kind,
        name=name,
        org_number=None if is_unit else org_number,
        administration="Socialförvaltningen, Integrationsenheten" if is_unit else "",
        internal_account="1234-567" if is_unit else "",
        address="Strandgatan 10",
        postal_code="95231",
        city="Kalix",
        email=email,
        phone="+4692312345",
        bankgiro="" if is_unit else BANKGIRO,
        signs_jointly=False,
        signatories=[
            Signatory(position=0, name="Amina Lindqvist", contact="0701234567"),
            Signatory(position=1, name="Per Omar Niemi", contact="per@sprakkafe.example"),
        ],
    )
    return add_organisation(made, by=by)
