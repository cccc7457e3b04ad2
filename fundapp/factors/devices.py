"""Passkeys: what a device is asked to sign, and whether it did (WebAuthn level 3, through the library webauthn)."""

import json
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import delete, select, update

from fundapp import clock
from fundapp.accounts.models import Account
from fundapp.accounts.rules import hashed
from fundapp.config import settings
from fundapp.db import db
from fundapp.factors import rules
from fundapp.factors.models import Passkey, PasskeyChallenge

_MOST_SENT = 20_000  # characters of an answer


class NotShown(Exception):
    """The device did not show what it was asked for."""


def options_to_show() -> dict[str, Any]:
    """What the browser hands to the device to sign in: any passkey of ours, its owner verified."""
    import webauthn as w  # noqa: PLC0415  dear to import, seldom used

    options = w.generate_authentication_options(
        rp_id=_site(), user_verification=w.helpers.structs.UserVerificationRequirement.REQUIRED
    )
    _keep(options.challenge, None)
    return _as_plain(options)


def options_to_make(account: Account) -> dict[str, Any]:
    """The same to make a passkey: kept in the device under the account, not one that is there already."""
    import webauthn as w  # noqa: PLC0415  dear to import, seldom used

    kinds = w.helpers.structs
    known = db.session.scalars(select(Passkey.credential_id).where(Passkey.account_id == account.id))
    options = w.generate_registration_options(
        rp_id=_site(),
        rp_name="fundapp",
        user_id=account.public_id.encode(),
        user_name=account.email,
        user_display_name=account.name or account.email,
        authenticator_selection=kinds.AuthenticatorSelectionCriteria(
            resident_key=kinds.ResidentKeyRequirement.REQUIRED,
            user_verification=kinds.UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[
            kinds.PublicKeyCredentialDescriptor(id=w.helpers.base64url_to_bytes(each)) for each in known
        ],
    )
    _keep(options.challenge, account)
    return _as_plain(options)


def read_new(answer: str, *, of: Account) -> dict[str, Any]:
    """The id, public key and count of a passkey that was just made, as `add_passkey` takes them. Errors: NotShown."""
    import webauthn as w  # noqa: PLC0415  dear to import, seldom used

    challenge = _spend(answer, of)
    try:
        made = w.verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=_site(),
            expected_origin=_origin(),
            require_user_verification=True,
        )
    except Exception as fault:  # whatever the library trips over in what a stranger sends is a refusal
        raise NotShown from fault
    encode = w.helpers.bytes_to_base64url
    return {
        "credential_id": encode(made.credential_id),
        "public_key": encode(made.credential_public_key),
        "sign_count": made.sign_count,
    }


def read_shown(answer: str) -> Account:
    """The account whose passkey signed what it was asked to. Errors: NotShown."""
    import webauthn as w  # noqa: PLC0415  dear to import, seldom used

    challenge = _spend(answer, None)
    sent = _parsed(answer)
    wanted = select(Passkey).where(Passkey.credential_id == str(sent.get("id", ""))).with_for_update(of=Passkey)
    passkey = db.session.scalar(wanted)
    if passkey is None or not passkey.account.is_active or not _is_owner_named(w, sent, passkey.account):
        raise NotShown
    try:
        seen = w.verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=_site(),
            expected_origin=_origin(),
            credential_public_key=w.helpers.base64url_to_bytes(passkey.public_key),
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        )
    except Exception as fault:  # as above
        raise NotShown from fault
    passkey.sign_count, passkey.last_used_at = seen.new_sign_count, clock.now()
    return passkey.account


def _is_owner_named(w: Any, sent: dict[str, Any], account: Account) -> bool:
    """The device names whose the passkey is; it must be the account that we know it of."""
    try:
        handle = sent["response"]["userHandle"]
        return bool(w.helpers.base64url_to_bytes(handle) == account.public_id.encode())
    except (KeyError, TypeError, ValueError):
        return False


def _origin() -> str:
    parts = urlsplit(settings().base_url)
    return f"{parts.scheme}://{parts.netloc}"


def _site() -> str:
    return urlsplit(settings().base_url).hostname or ""


def _as_plain(options: Any) -> dict[str, Any]:
    import webauthn as w  # noqa: PLC0415  dear to import, seldom used

    plain: dict[str, Any] = json.loads(w.options_to_json(options))
    return plain


def _keep(challenge: bytes, account: Account | None) -> None:
    now = clock.now()
    db.session.execute(delete(PasskeyChallenge).where(PasskeyChallenge.expires_at < now - timedelta(days=1)))
    db.session.add(
        PasskeyChallenge(
            challenge_hash=hashed(challenge.hex()),
            account_id=account.id if account else None,
            expires_at=now + rules.CHALLENGE_LASTS,
        )
    )


def _spend(answer: str, account: Account | None) -> bytes:
    """The challenge that the answer says it signed, which is used up with it. Errors: NotShown."""
    import webauthn as w  # noqa: PLC0415  dear to import, seldom used

    try:
        told = w.helpers.base64url_to_bytes(_parsed(answer)["response"]["clientDataJSON"])
        challenge = w.helpers.base64url_to_bytes(_parsed(told.decode())["challenge"])
    except (KeyError, TypeError, ValueError, AttributeError) as fault:
        raise NotShown from fault
    whose = PasskeyChallenge.account_id == account.id if account else PasskeyChallenge.account_id.is_(None)
    used = db.session.execute(
        update(PasskeyChallenge)
        .where(
            PasskeyChallenge.challenge_hash == hashed(challenge.hex()),
            PasskeyChallenge.used_at.is_(None),
            PasskeyChallenge.expires_at > clock.now(),
            whose,
        )
        .values(used_at=clock.now())
        .execution_options(synchronize_session=False)
    )
    if used.rowcount != 1:  # type: ignore[attr-defined]  # an UPDATE gives a CursorResult
        raise NotShown
    return bytes(challenge)


def _parsed(text: str) -> dict[str, Any]:
    """Errors: NotShown, for what is no object in JSON."""
    try:
        found = json.loads(text) if len(text) <= _MOST_SENT else None
    except (ValueError, RecursionError) as fault:
        raise NotShown from fault
    if not isinstance(found, dict):
        raise NotShown
    return found
