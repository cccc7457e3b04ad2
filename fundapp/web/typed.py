"""What somebody had typed, for a page that could not be answered: shown again and, where that is safe, sent again."""

import re
import secrets
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import current_app, g, request, session
from itsdangerous import BadData, URLSafeTimedSerializer
from werkzeug.exceptions import HTTPException

from fundapp.web.headers import SAFE
from fundapp.web.onward import inside

# Names of fields that no page shows or sends again.
_SECRETS = frozenset({"code", "password", "password_again", "token", "mailed", "credential", "sealed"})
# What a radio button or a hidden field holds, rather than a person's words, a day or a sum.
_CHOSEN = re.compile(r"[a-z0-9_.:-]*")
_DAY_OR_SUM = re.compile(r"\d{4}-\d\d-\d\d|\d{3,}")
_MOST_SHOWN = 50_000  # characters


@dataclass(frozen=True)
class Typed:
    """`words` are to be read, `fields` to be sent again to `again`, which is None where that must not be done."""

    words: tuple[str, ...] = ()
    fields: tuple[tuple[str, str], ...] = ()
    is_cut: bool = False
    is_file_lost: bool = False
    again: str | None = None
    page: str | None = None  # where the form came from


def typed() -> Typed:
    """What this request brought along; of a GET, its own address.

    Nothing is shown of what another site sent, so that nobody can put words on our page, nor of what stood on a page
    that was made for another account than the one this browser is signed in to now. Only what came with our own token,
    or with an earlier one of the same account, may be sent again by one press, so that nobody can have it pressed for
    them. How much there can be is bounded by MAX_FORM_MEMORY_SIZE.
    """
    here = inside("/" + request.full_path.rstrip("?").lstrip("/")) or "/"  # `/\\evil` leads a browser elsewhere
    if request.method in SAFE:
        return Typed(again=here)
    is_valid = bool(g.get("csrf_valid", False))
    if not (is_valid or _is_from_here()):
        return Typed()
    try:
        writer = _written_for()
        if not is_valid and writer and writer != owner_in(session.get("csrf_token")):
            return Typed(page=_page())
        fields, is_whole = repeatable()
        is_file_lost = any(file.filename for file in request.files.values())
    except HTTPException:  # too much of it
        return Typed(page=_page())
    may_repeat = (is_valid or writer) and request.endpoint and is_whole and not is_file_lost
    words, is_cut = readable(fields)
    if not may_repeat:
        return Typed(words, (), is_cut, is_file_lost, None, _page())
    return Typed(words, fields, is_cut, is_file_lost, here, _page())


def repeatable() -> tuple[tuple[tuple[str, str], ...], bool]:
    """What was sent, but for our own token and for codes and passwords; and whether that is all of it."""
    sent = [(name, value) for name, value in request.form.items(multi=True) if name != "csrf_token"]
    fields = tuple((name, value) for name, value in sent if name not in _SECRETS)
    return fields, len(fields) == len(sent)


def new_token(owner: str) -> str:
    """What a session's forms prove themselves with, and whose they are: the account's public id."""
    return f"{owner}:{secrets.token_hex(20)}"


def owner_in(token: object) -> str:
    """The owner that `new_token` wrote in; empty for a token of somebody who had not signed in."""
    owner, colon, _rest = token.partition(":") if isinstance(token, str) else ("", "", "")
    return owner if colon else ""


def _written_for() -> str:
    """Whom the page was made for that the form stood on, by the token that we signed for it, however old."""
    signed = URLSafeTimedSerializer(current_app.secret_key or "", salt="wtf-csrf-token")  # as Flask-WTF signs it
    try:
        return owner_in(signed.loads(request.form.get("csrf_token", "")))
    except BadData:
        return ""


def _is_chosen(value: str) -> bool:
    return bool(_CHOSEN.fullmatch(value)) and not _DAY_OR_SUM.fullmatch(value)


def readable(fields: tuple[tuple[str, str], ...]) -> tuple[tuple[str, ...], bool]:
    """The words among the fields, so long as they fit, and whether some did not."""
    found, left = [], _MOST_SHOWN
    for name, value in fields:
        if value.strip() and not name.startswith("_") and not _is_chosen(value):
            found.append(value[:left])
            left -= len(value)
        if left <= 0:
            break
    return tuple(found), left < 0


def _page() -> str | None:
    """The page of ours that the form stood on."""
    parts = urlsplit(request.referrer or "")
    if parts.netloc != request.host or not parts.path.startswith("/"):
        return None
    return "/" + parts.path.lstrip("/") + (f"?{parts.query}" if parts.query else "")


def _is_from_here() -> bool:
    site = request.headers.get("Sec-Fetch-Site")
    if site:
        return site == "same-origin"
    return urlsplit(request.headers.get("Origin") or request.referrer or "").netloc == request.host
