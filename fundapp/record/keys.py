"""The key that roots are signed with: Ed25519, 32 bytes, in base64 in FUNDAPP_RECORD_KEY."""

import base64
import binascii
import json
import os
import threading
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fundapp.config import settings


class NoKey(Exception):
    """There is no key to sign with, or what is there is none."""


@dataclass(frozen=True)
class SignedRoot:
    """The root (hex) of the first `size` entries, and who says so: public key and signature in base64."""

    size: int
    root: str
    signed_at: datetime
    public_key: str
    signature: str

    @property
    def is_genuine(self) -> bool:
        """Whether the signature is that of the key that is named."""
        from cryptography.exceptions import InvalidSignature  # noqa: PLC0415  dear to import, and few pages need it
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415  as above

        try:
            key = Ed25519PublicKey.from_public_bytes(_decoded(self.public_key))
            key.verify(_decoded(self.signature), _signed(self.size, self.root, self.signed_at))
        except (InvalidSignature, ValueError, binascii.Error):
            return False
        return True

    def as_json(self) -> str:
        """The file that is exported."""
        return json.dumps(
            {
                "format": "fundapp record root 1",
                "size": self.size,
                "root": self.root,
                "signed_at": _written(self.signed_at),
                "public_key": self.public_key,
                "signature": self.signature,
            },
            indent=1,
        )


def read_root(text: str) -> SignedRoot:
    """An exported root. Errors: ValueError."""
    found: Any = json.loads(text)
    try:
        at = datetime.fromisoformat(found["signed_at"])
        read = SignedRoot(int(found["size"]), found["root"], at, found["public_key"], found["signature"])
    except (KeyError, TypeError, AttributeError) as fault:
        raise ValueError("this is not an exported root") from fault
    if not (all(isinstance(part, str) for part in (read.root, read.public_key, read.signature)) and at.tzinfo):
        raise ValueError("this is not an exported root")
    return read


def sign(size: int, root: str, at: datetime) -> SignedRoot:
    """Sign a root with this deployment's key. Errors: NoKey."""
    key = _private_key()
    public = base64.b64encode(key.public_key().public_bytes_raw()).decode()
    return SignedRoot(size, root, at, public, base64.b64encode(key.sign(_signed(size, root, at))).decode())


def public_key() -> str:
    """This deployment's, in base64. Errors: NoKey."""
    return base64.b64encode(_private_key().public_key().public_bytes_raw()).decode()


def new_key() -> str:
    """A new private key, for FUNDAPP_RECORD_KEY."""
    return base64.b64encode(os.urandom(32)).decode()


def _decoded(text: str) -> bytes:
    """Errors: ValueError, also where the same bytes are written another way."""
    read = base64.b64decode(text, validate=True)
    if base64.b64encode(read).decode() != text:
        raise ValueError("this is not base64 as it is written here")
    return read


def _signed(size: int, root: str, at: datetime) -> bytes:
    """What the signature is of."""
    return f"fundapp record root 1\n{size}\n{root}\n{_written(at)}\n".encode()


def _written(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _private_key() -> Any:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415  as above

    text = settings().record_key or _kept_key()
    try:
        return Ed25519PrivateKey.from_private_bytes(base64.b64decode(text, validate=True))
    except ValueError as fault:
        raise NoKey("FUNDAPP_RECORD_KEY is not a key: `fundapp record key` makes one") from fault


def _kept_key() -> str:
    """Development's own key, made once."""
    if settings().is_production:
        raise NoKey("FUNDAPP_RECORD_KEY is missing: `fundapp record key` makes one")
    path = settings().instance / "record-key"
    if not path.exists():
        made = path.with_name(f"record-key.{os.getpid()}.{threading.get_ident()}")
        made.touch(mode=0o600)
        made.write_text(new_key())
        with suppress(FileExistsError):  # somebody else was first, and theirs it is
            os.link(made, path)
        made.unlink()
    return path.read_text()
