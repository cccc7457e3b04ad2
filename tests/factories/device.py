"""A device that keeps passkeys, as a browser's script speaks with it; it does what it is told, right or wrong."""

import base64
import json
import struct
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

_PRESENT, _VERIFIED, _WITH_KEY = 0x01, 0x04, 0x40


def b64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Device:
    """One passkey on the curve P-256. `origin` is what the browser says where it is."""

    origin: str = "http://localhost"
    site: str = "localhost"
    is_verifying: bool = True
    count: int = 0
    credential_id: bytes = b"a passkey of the tests"
    handle: bytes = b""
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def make(self, options: dict[str, Any]) -> str:
        """The answer to creation options."""
        self.handle = unb64(options["user"]["id"])
        numbers = self.key.public_key().public_numbers()
        public = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)})
        attested = bytes(16) + struct.pack(">H", len(self.credential_id)) + self.credential_id + public
        attestation = {"fmt": "none", "attStmt": {}, "authData": self._about(_WITH_KEY) + attested}
        return self._answer(
            "webauthn.create", options, attestationObject=b64(cbor2.dumps(attestation)), transports=["internal"]
        )

    def show(self, options: dict[str, Any]) -> str:
        """The answer to request options."""
        told = self._told("webauthn.get", options)
        about = self._about(0)
        signature = self.key.sign(about + sha256(told).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer(
            "webauthn.get",
            options,
            authenticatorData=b64(about),
            signature=b64(signature),
            userHandle=b64(self.handle),
        )

    def _about(self, more: int) -> bytes:
        flags = _PRESENT | (_VERIFIED if self.is_verifying else 0) | more
        return sha256(self.site.encode()).digest() + struct.pack(">BI", flags, self.count)

    def _told(self, kind: str, options: dict[str, Any]) -> bytes:
        return json.dumps({"type": kind, "challenge": options["challenge"], "origin": self.origin}).encode()

    def _answer(self, kind: str, options: dict[str, Any], **response: Any) -> str:
        told = b64(self._told(kind, options))
        return json.dumps(
            {
                "id": b64(self.credential_id),
                "rawId": b64(self.credential_id),
                "type": "public-key",
                "clientExtensionResults": {},
                "response": {"clientDataJSON": told, **response},
            }
        )
