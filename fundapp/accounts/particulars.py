"""An organisation's particulars, which several people may have open at once: none overwrites another unseen."""

from fundapp import meanwhile
from fundapp.accounts.models import Organisation
from fundapp.db import reread


class ParticularsChanged(Exception):
    """What stands there is not what the person's page showed."""


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
