"""An organisation's particulars, which several people may have open at once: none overwrites another unseen."""

from fundapp import meanwhile
from fundapp.accounts import giros
from fundapp.accounts.models import Account, Organisation
from fundapp.db import reread
from fundapp.languages import Lazy, _l


class ParticularsChanged(Exception):
    """What stands there is not what the person's page showed."""


def why_not_number(organisation: Organisation, number: str | None, *, by: Account) -> Lazy | None:
    """Why its own people may not give it this number (None: a municipal unit's), or None where they may.

    By its number an official who acts for it is kept from the cases of all its doubles. So once it has sent something,
    was taken over by a double, or has another official among its people, nobody changes alone what that one is kept
    from.
    """
    if number == organisation.org_number:
        return None
    others = (row.account for row in organisation.memberships if row.account_id != by.id)
    is_held = organisation.merged_into_id is not None or giros.is_paid_to(organisation)
    if is_held or any(account.role_rows for account in others):
        return _l("The organisation number can no longer be changed here. Ask the municipality to change it.")
    return None


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
