"""An organisation's particulars, which several people may have open at once: none overwrites another unseen."""

from collections.abc import Iterator

from fundapp import meanwhile
from fundapp.accounts.models import Organisation
from fundapp.db import reread
from fundapp.languages import Lazy, _l


class ParticularsChanged(Exception):
    """What stands there is not what the person's page showed."""


def lines(organisation: Organisation) -> list[tuple[Lazy, str]]:
    """What stands there, as (label, text), in the order of the form; what is empty is left out."""
    return [(label, text) for label, text in _told(organisation) if text]


def _told(organisation: Organisation) -> Iterator[tuple[Lazy, str]]:
    yield _l("What kind of organisation"), str(organisation.kind.label)
    yield _l("Name"), organisation.name
    yield _l("Website"), organisation.website
    yield _l("Postal address"), organisation.address
    yield _l("Postal code"), organisation.postal_code
    yield _l("Town"), organisation.city
    yield _l("E-mail of the organisation"), organisation.email
    yield _l("Phone of the organisation"), organisation.phone
    yield _l("Organisation number"), organisation.org_number or ""
    yield _l("Bankgiro"), organisation.bankgiro
    yield _l("Plusgiro"), organisation.plusgiro
    yield _l("Signatories"), ", ".join(" ".join(filter(None, _of(row))) for row in organisation.signatories)
    yield _l("They sign together, not each alone"), str(_l("Yes")) if organisation.signs_jointly else ""
    yield _l("Administration and unit"), organisation.administration
    yield _l("Internal account"), organisation.internal_account


def seen_of(organisation: Organisation) -> str:
    """A sign of all of it, the same in every language."""
    return meanwhile.sign(
        organisation.kind.name,
        *(organisation.name, organisation.website, organisation.address, organisation.postal_code, organisation.city),
        *(organisation.email, organisation.phone, organisation.org_number or "", organisation.administration),
        *(organisation.bankgiro, organisation.plusgiro, organisation.internal_account, str(organisation.signs_jointly)),
        *(text for row in organisation.signatories for text in _of(row)),
    )


def _of(row: object) -> tuple[str, str]:
    return getattr(row, "name", ""), getattr(row, "contact", "")


def hold(organisation: Organisation, *, seen: str) -> None:
    """Hold the row until the transaction ends. Errors: ParticularsChanged where it is not as the page showed it."""
    reread(organisation, with_for_update={"of": Organisation})
    if seen != seen_of(organisation):
        raise ParticularsChanged
