"""Passwords, an app's codes, recovery codes: how they are made, kept and compared. Plain Python."""

import base64
import hmac
import re
import secrets
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path

import pyotp
from argon2 import PasswordHasher, Type
from argon2.exceptions import Argon2Error, InvalidHashError
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

SHORTEST, LONGEST = 12, 128
STEP = 30  # seconds that a code lasts (RFC 6238); the one before and the one after are taken too
DRIFT = 1
RECOVERY_CODES = 10
CHALLENGE_LASTS = timedelta(minutes=5)
SET_UP_LASTS = timedelta(hours=1)
# OWASP's least for argon2id: 19 MiB, two passes, one lane.
HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1, hash_len=32, salt_len=16, type=Type.ID)
# Of a password that nobody knows, made with the same parameters: whoever has none is compared with it, which takes as
# long. A test fails where the parameters have been changed and this has not.
DUMMY = "$argon2id$v=19$m=19456,t=2,p=1$Wjux5z8/lfBj3Jo0aWg21w$nTTr6pUs4E6HrHqHKQRYzL30r1F9uvckKo7JKEn5vFA"
_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
_COMMON = Path(__file__).parent / "data" / "common.txt"
OFTEN, SIGN = _COMMON.with_name("often.bin"), 5  # SIGN bytes for each password; tools/often.py makes it
_LEFT_AT_LEAST = 5  # different characters that must remain when the well-known words are taken away
_LOOKS_LIKE = str.maketrans("013457@$!", "oleastasi")


def is_password(password: str, kept: str | None) -> bool:
    """Whether the password is the one that was kept; takes as long where there is none, and no longer where what was
    typed is longer than any may be, in whatever form a keyboard writes it.
    """
    is_too_long = len(password) > 4 * LONGEST
    try:
        is_right = HASHER.verify(kept or DUMMY, composed("" if is_too_long else password))
    except (Argon2Error, InvalidHashError, UnicodeError):
        return False
    return is_right and kept is not None and not is_too_long


def composed(password: str) -> str:
    """The password as it is hashed: what two keyboards write in two ways is the same."""
    return unicodedata.normalize("NFC", password)


@cache
def common_words() -> tuple[str, ...]:
    """Words and runs of keys that passwords are mostly made of, the longest first."""
    return tuple(sorted(set(_COMMON.read_text(encoding="utf-8").split()), key=len, reverse=True))


def is_easily_guessed(password: str, about: Iterable[str] = ()) -> bool:
    """Whether it is among those most often met in breaches, or little is left without well-known words, the words
    `about` the person and the place, runs and repeats.

    Source of the idea: NIST SP 800-63B-4, 3.1.1.2: no rules of composition, but no password that others try first.
    """
    if is_often_used(password):
        return True
    lower = _folded(password)
    own = {word for text in about for word in re.findall(r"\w{3,}", text.lower())}
    return any(_is_thin(form, own) for form in (lower, lower.translate(_LOOKS_LIKE)))


def is_often_used(password: str) -> bool:
    """Whether it is one of the 44 000 of data/often.bin, in whatever case."""
    signs, sign = _often(), sign_of(password)
    place = bisect_left(range(len(signs) // SIGN), sign, key=lambda n: signs[n * SIGN : (n + 1) * SIGN])
    return signs[place * SIGN : (place + 1) * SIGN] == sign


@cache
def _often() -> bytes:
    return OFTEN.read_bytes()


def sign_of(password: str) -> bytes:
    """What stands in data/often.bin for a password."""
    return sha256(_folded(password).encode(errors="surrogatepass")).digest()[:SIGN]


def _folded(password: str) -> str:
    return unicodedata.normalize("NFKC", password).lower()


def _is_thin(text: str, own: set[str]) -> bool:
    for word in sorted({*own, *common_words()}, key=len, reverse=True):
        text = text.replace(word, " ")
    text = re.sub(r"(19|20)\d\d|[\W_]", "", text)  # years, and signs put in between
    return len(set(_without_runs(text))) < _LEFT_AT_LEAST


def _without_runs(text: str) -> str:
    """The text without a character that repeats, or follows upon, the one before: aaaa, 1234, dcba."""
    return "".join(c for n, c in enumerate(text) if n == 0 or abs(ord(c) - ord(text[n - 1])) > 1)


def _key(secret: str, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(secret.encode())


def _box(secret: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(_key(secret, b"fundapp totp key")))


def new_totp_key() -> str:
    """Base32, as apps read it; 160 bits."""
    return pyotp.random_base32(32)


def seal(key: str, *, secret: str, now: datetime, of: str = "") -> str:
    """The key encrypted; `of` is whose it is, where it goes out to a page and comes back."""
    return _box(secret).encrypt_at_time(f"{of}:{key}".encode(), int(now.timestamp())).decode()


def unseal(sealed: str, *, secret: str, of: str = "", now: datetime | None = None) -> str | None:
    """The key again; None where it was changed, is somebody else's, too old (`now` is given), or the secret is new."""
    try:
        box = _box(secret)
        if now is None:
            plain = box.decrypt(sealed.encode())
        else:
            plain = box.decrypt_at_time(
                sealed.encode(), ttl=int(SET_UP_LASTS.total_seconds()), current_time=int(now.timestamp())
            )
    except (InvalidToken, UnicodeError):
        return None
    owner, _colon, key = plain.decode().partition(":")
    return key if owner == of else None


def step_of(code: str, key: str, *, now: datetime) -> int | None:
    """The number of the half minute that the code is for, within one of now; None for a wrong one."""
    totp, present = pyotp.TOTP(key), int(now.timestamp()) // STEP
    found = None
    for step in range(present - DRIFT, present + DRIFT + 1):
        if hmac.compare_digest(totp.generate_otp(step).encode(), code.encode()):
            found = step
    return found


def totp_address(key: str, *, email: str, issuer: str) -> str:
    """What the picture holds that an app reads."""
    return pyotp.TOTP(key).provisioning_uri(name=email, issuer_name=issuer)


def new_recovery_code() -> str:
    """Twelve letters and digits (59 bits) in three groups."""
    letters = "".join(secrets.choice(_LETTERS) for _ in range(12))
    return "-".join(letters[n : n + 4] for n in range(0, 12, 4))


def recovery_hash(code: str, *, secret: str) -> str:
    """A keyed hash in hex: with the database alone nobody tries codes out."""
    bare = re.sub(r"[\s-]", "", code).lower()
    return hmac.new(_key(secret, b"fundapp recovery codes"), bare.encode(), sha256).hexdigest()
