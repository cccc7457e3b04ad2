"""The demo's people and organisations. All fictitious; the addresses lead nowhere (example is reserved: RFC 2606)."""

from dataclasses import dataclass

from fundapp import clock
from fundapp.accounts.actions import add_organisation, give_role
from fundapp.accounts.memberships import Rights, accept, invite
from fundapp.accounts.models import Account, Organisation, OrganisationKind, Signatory
from fundapp.db import db
from fundapp.permissions import Role


@dataclass(frozen=True)
class Person:
    """Somebody who can sign in to the demo, and what they are there for."""

    email: str
    name: str
    language: str
    role: Role | None
    what: str


PEOPLE = (
    Person("amina@tore.example", "Amina Warsame", "en", None, "applicant: Töre mötesplats, an association"),
    Person("yonas@sprak.example", "Yonas Tesfay", "sv", None, "applicant: Språkvännerna i Kalix, an association"),
    Person("karin@sprak.example", "Karin Lahti", "fi", None, "applicant: Språkvännerna; may write, but not send"),
    Person("leena@kommun.example", "Leena Kangas", "sv", None, "applicant: the municipal adult education unit"),
    Person("registrar@kalix.example", "Rut Lindbäck", "sv", Role.REGISTRAR, "registrar"),
    Person("officer@kalix.example", "Oskar Nyström", "sv", Role.OFFICER, "case officer"),
    Person("officer2@kalix.example", "Olga Henriksson", "sv", Role.OFFICER, "case officer"),
    Person("secretary@kalix.example", "Sara Innala", "sv", Role.SECRETARY, "secretary of the board (KS)"),
    Person("chair@kalix.example", "Carina Wikberg", "sv", Role.MEMBER, "chair of the board (KS)"),
    Person("checker@kalix.example", "Jon Isaksson", "sv", Role.MEMBER, "member of the board (KS), checks its minutes"),
    Person("member@kalix.example", "Martin Englund", "sv", Role.MEMBER, "member of the board (KS)"),
    Person("substitute@kalix.example", "Stina Forsmark", "sv", Role.MEMBER, "substitute in the board (KS)"),
    Person("leisure@kalix.example", "Lennart Fagervall", "sv", Role.MEMBER, "chair of the leisure and culture board"),
    Person("administrator@kalix.example", "Ada Björk", "sv", Role.ADMINISTRATOR, "administrator"),
    Person("auditor@kalix.example", "Rolf Stålnacke", "sv", Role.AUDITOR, "auditor"),
)


def add_people() -> dict[str, Account]:
    """Every demo person's account by address, with role."""
    accounts = {}
    for person in PEOPLE:
        account = Account(
            email=person.email, name=person.name, language=person.language, phone="+46701740605", created_at=clock.now()
        )
        db.session.add(account)
        db.session.flush()
        if person.role is not None and person.role is not Role.MEMBER:
            # A member's role comes with the seat.
            give_role(account, person.role, by=None)
        accounts[person.email] = account
    return accounts


def add_organisations(accounts: dict[str, Account]) -> dict[str, Organisation]:
    """The applicants' organisations, by the address of who acts for them."""
    tore = Organisation(
        kind=OrganisationKind.ASSOCIATION,
        name="Töre mötesplats (fiktiv)",
        org_number="8020015577",
        address="Lantmannavägen 1",
        postal_code="95250",
        city="Töre",
        email="styrelsen@tore.example",
        phone="+46701740606",
        bankgiro="50501055",
        signs_jointly=False,
        signatories=[Signatory(position=0, name="Amina Warsame", contact="+46701740605")],
    )
    friends = Organisation(
        kind=OrganisationKind.ASSOCIATION,
        name="Språkvännerna i Kalix (fiktiv)",
        org_number="8020019991",
        address="Köpmannagatan 2",
        postal_code="95231",
        city="Kalix",
        email="info@sprak.example",
        phone="+46701740607",
        plusgiro="2865434",
        signs_jointly=True,
        signatories=[
            Signatory(position=0, name="Yonas Tesfay", contact="yonas@sprak.example"),
            Signatory(position=1, name="Karin Lahti", contact="karin@sprak.example"),
        ],
    )
    unit = Organisation(
        kind=OrganisationKind.MUNICIPAL_UNIT,
        name="Vuxenutbildningen i Kalix (fiktiv)",
        org_number=None,
        administration="Utbildningsförvaltningen, vuxenutbildningen",
        internal_account="4510-330",
        address="Nygatan 4",
        postal_code="95281",
        city="Kalix",
        email="vux@kommun.example",
        phone="+46701740608",
        signatories=[Signatory(position=0, name="Leena Kangas", contact="leena@kommun.example")],
    )
    for email, organisation in (
        ("amina@tore.example", tore),
        ("yonas@sprak.example", friends),
        ("leena@kommun.example", unit),
    ):
        add_organisation(organisation, by=accounts[email])
    _add_colleague(friends, accounts["yonas@sprak.example"], accounts["karin@sprak.example"])
    return {"amina@tore.example": tore, "yonas@sprak.example": friends, "leena@kommun.example": unit}


def _add_colleague(organisation: Organisation, by: Account, colleague: Account) -> None:
    """One more acts for the organisation: writes, but neither sends nor manages people."""
    rights = Rights(edit=True, submit=False, manage=False)
    accept(invite(organisation, colleague.email, rights, language=colleague.language, by=by), by=colleague)
