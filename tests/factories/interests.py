"""Interests in the register, and names that are found."""

from fundapp import clock
from fundapp.accounts.found import NamedPerson
from fundapp.accounts.interests import keep
from fundapp.accounts.models import Account
from fundapp.db import db
from tests.factories.people import applicant, organisation


def question_to(person: Account, *, name: str = "Byns hus", org_number: str = "8020019991") -> NamedPerson:
    """Somebody of the person's name is known as an applicant's, as from something that it has sent."""
    elsewhere = organisation(applicant("Erik", "erik@by.example"), name=name, org_number=org_number)
    named = NamedPerson(text=person.name_key, organisation_id=elsewhere.id)
    db.session.add(named)
    db.session.flush()
    return named


def places(person: Account) -> dict[str, dict[str, object]]:
    """One in the register, and a question that is open."""
    interest = keep(name="Byalaget", role="Kassör", begins_on=clock.today(), by=person)
    named = question_to(person)
    return {
        **{f"interests.{name}": {"public_id": interest.public_id} for name in ("change", "take_back")},
        **{f"interests.{name}": {"public_id": named.public_id} for name in ("is_me", "is_not_me")},
    }
