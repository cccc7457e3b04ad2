"""How often one may ask for a sign-in mail, try a code, send an application or a file.

Attempts are rows, so that a limit holds with several workers; they are written in a transaction of their own, before
the page touches the database. A limit slows and never locks out: what was refused is not counted, whoever waits as
long as the page says is let in, the link of a mail always works, a right code works the first time it is tried, and
the browser in which somebody signed in before is not counted together with strangers. Nor is anybody counted whom the
door refuses because nobody is signed in, or a count of all kept where strangers could fill it while a round closes.
"""

import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

from flask import Flask, Response, current_app, g, make_response, render_template, request, session
from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import Connection, Index, ScalarSelect, String, delete, insert, select
from sqlalchemy.orm import Mapped, mapped_column
from werkzeug.exceptions import TooManyRequests
from werkzeug.wrappers import Response as AnyResponse

from fundapp import clock
from fundapp.accounts.models import LoginSession
from fundapp.accounts.rules import hashed
from fundapp.config import settings
from fundapp.db import Base, own_transaction
from fundapp.languages import _n
from fundapp.web.fields import address_in
from fundapp.web.headers import SAFE, cookie_name
from fundapp.web.typed import repeatable

KEPT_FOR = timedelta(days=1)
_SWEEP_EVERY = 200  # rows
_SITE = 3  # times what one network may: for all networks of a line together
_KNOWN = "fundapp-known"
_A_YEAR = 365 * 24 * 3600


class Attempt(Base):
    """Something that is limited was done once. `key` is a keyed hash: no address and no person can be read from it."""

    __tablename__ = "attempt"
    __table_args__ = (Index("ix_attempt_key_at", "key", "at"), Index("ix_attempt_at", "at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    key: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]


@dataclass(frozen=True)
class Limit:
    """At most so many within `window`: for one person, from one network address, and in all. None is no limit. Where
    everybody is counted together a few who mean it stop all others, so none is for what has a closing time.
    """

    kind: str
    window: timedelta
    person: int | None
    address: int
    everybody: int | None
    is_soft: bool = False  # the page itself says what is refused; see `reached`
    known: int | None = None  # for the browser in which the person signed in before, which is then counted alone


QUARTER, HOUR = timedelta(minutes=15), timedelta(hours=1)
# A window of mails is shorter than a link lasts: who is refused another mail has one whose link works.
MAIL = Limit("mail", QUARTER, 5, 30, 300, known=5)
CODE = Limit("code", QUARTER, None, 30, 300, is_soft=True)
INVITATION = Limit("invitation", HOUR, 20, 60, 1000)  # mails to addresses that somebody else has written
FEEDBACK = Limit("feedback", HOUR, None, 10, 200)
# What an applicant must be able to do before a closing time is not counted for all together: an account costs nothing,
# and some thirty of them would use up a thousand and keep everybody else from sending until the hour is over.
START = Limit("start", HOUR, 60, 120, None)  # a draft, empty or copied
PARTICULARS = Limit("particulars", HOUR, 30, 60, None)  # the contact that stood there before is written to
ORGANISATION = Limit("organisation", HOUR, 20, 60, None)  # each may name people who have never heard of it
SUBMISSION = Limit("submission", HOUR, 30, 60, None)
UPLOAD = Limit("upload", HOUR, 100, 200, None)
MESSAGE = Limit("message", HOUR, 20, 60, None)
# Guesses at a password and its code: whoever guesses at somebody's from elsewhere does not keep the owner out.
PASSWORD = Limit("password", QUARTER, 10, 30, 300, known=20)
PASSKEY = Limit("passkey", QUARTER, None, 60, 1000, known=60)
RETURN = Limit("return", QUARTER, None, 300, 10_000)  # from the officials' own sign-in, which then is asked
PROOF = Limit("proof", QUARTER, 20, 60, 1000, is_soft=True)


class TooOften(TooManyRequests):
    """The limit for `kind` is reached; `seconds` is how long to wait."""

    def __init__(self, kind: str, seconds: int) -> None:
        super().__init__()
        self.kind, self.seconds = kind, seconds


View = Callable[..., Any]


def limited(
    limit: Limit, times: Callable[[], int] = lambda: 1, *, where: Callable[..., bool] | None = None
) -> Callable[[View], View]:
    """Count every POST to this page; `times`: as how many, asked before the database is. Goes below `needs`.

    Who is not signed in is counted on a public page alone: any other refuses them, and whoever is refused uses up
    nothing. `where`, for a public page: counted only where it holds, of the limits' own connection and what stands in
    the address.
    """

    def keep(view: View) -> View:
        view.limit, view.times, view.where = limit, times, where  # type: ignore[attr-defined]  # read by _count
        return view

    return keep


def set_up(app: Flask) -> None:
    """Count after the door has looked at the request, and before anything reads the database."""
    app.before_request(_count)
    app.register_error_handler(TooOften, _say_when)


def _say_when(refusal: TooOften) -> Response:
    """The page for 429, which keeps what was typed, but no code: that is written anew."""
    minutes = -(-refusal.seconds // 60)
    fields, is_whole = repeatable()
    page = render_template(
        "errors/too_often.html",
        wait=_n("%(n)s minute", "%(n)s minutes", minutes),
        typed=fields if is_whole else (),
        is_mail=refusal.kind == MAIL.kind,
        is_file_lost=any(file.filename for file in request.files.values()),
        is_whole=is_whole,
        again=request.full_path.rstrip("?"),
    )
    answer = make_response(page, 429)
    answer.headers["Retry-After"] = str(refusal.seconds)
    return answer


def reached() -> TooOften | None:
    """For a page with a soft limit: what to raise where the answer is not right."""
    refusal: TooOften | None = g.get("too_often")
    return refusal


def _count() -> None:
    if request.method in SAFE or request.endpoint is None:
        return
    view: Any = current_app.view_functions[request.endpoint]
    limit: Limit | None = getattr(view, "limit", None)
    if limit is None:
        return
    token = session.get("_user_id")
    if view.access != "public" and not token:
        return
    with own_transaction() as connection:
        account = _account(connection, token) if token else ""
        if not _is_counted(view, connection, account):
            return
        wait = take(connection, limit, _keys(limit, account), max(view.times(), 1))
    if wait is None:
        return
    refusal = TooOften(limit.kind, wait)
    current_app.extensions["fundapp.tally"].count("fundapp_refused", "Refused by a limit.", {"kind": limit.kind})
    if not limit.is_soft:
        raise refusal
    g.too_often = refusal


def _account(connection: Connection, token: str) -> str:
    """The account whose session this is; empty where there is none, or it has ended."""
    found = connection.scalar(
        select(LoginSession.account_id).where(LoginSession.token_hash == hashed(token), LoginSession.ended_at.is_(None))
    )
    return str(found or "")


def _is_counted(view: Any, connection: Connection, account: str) -> bool:
    if view.limit is MAIL and address_in(request.form.get("email", "")) is None:
        return False  # to nobody no mail is sent
    if view.access != "public":
        return bool(account)
    return view.where is None or view.where(connection, **(request.view_args or {}))


def _keys(limit: Limit, account: str) -> list[tuple[str, int]]:
    """Whom this request counts for, and how much they may."""
    factor, person = settings().limit_factor, _person(limit, account)
    known = limit.known and _who_is_known(limit, person)
    if limit.known and known:
        return [(_key(limit, "known", known), limit.known * factor)]
    address = request.remote_addr or ""
    keys = [(_key(limit, "address", _network(address)), limit.address * factor)]
    if site := _site(address):
        keys.append((_key(limit, "site", site), _SITE * limit.address * factor))
    if limit.everybody:
        keys.append((_key(limit, "everybody", ""), limit.everybody * factor))
    if limit.person and person:
        keys.append((_key(limit, "person", person), limit.person * factor))
    return sorted(keys)


def _person(limit: Limit, account: str) -> str:
    """The e-mail address that is asked for, or the account that is signed in."""
    if limit in (MAIL, PASSWORD):
        typed = request.form.get("email", "")
        # As the field reads it: signs that nobody sees make no new person.
        return address_in(typed) or typed.strip().lower()[:254]
    return "" if limit.person is None else account


def _network(address: str) -> str:
    """An IPv4 address, or the /64 network that one household or office has of IPv6."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    return str(ip_network((found, 64), strict=False)) if isinstance(found, IPv6Address) else address


def _site(address: str) -> str:
    """The /48 of an IPv6 address, empty for IPv4: a line has hundreds of the networks within it, and with all of them
    one stranger could use up what everybody has.
    """
    try:
        found = ip_address(address)
    except ValueError:
        return ""
    return str(ip_network((found, 48), strict=False)) if isinstance(found, IPv6Address) else ""


def _key(limit: Limit, *parts: str) -> str:
    words = "\0".join((limit.kind, *parts)).encode()
    return hmac.new(settings().secret_key.encode(), words, hashlib.sha256).hexdigest()


def take(connection: Connection, limit: Limit, keys: Sequence[tuple[str, int]], times: int = 1) -> int | None:
    """Count so many attempts for each key, or none where one of them would pass its limit: then the seconds to wait.
    More at once than a limit has is never let in, and nothing is asked of the database or written for it.

    On PostgreSQL a lock per key, taken in order, keeps two from counting at once, and the commit is not waited for:
    a crash may forget an attempt. On SQLite one writes at a time anyway.
    """
    if any(times > most for _key, most in keys):
        return int(limit.window.total_seconds())
    if connection.dialect.name == "postgresql":
        locks = ", ".join("pg_advisory_xact_lock(%s)" for _key in keys)  # taken from left to right
        numbers = tuple(int(key[:15], 16) for key, _most in keys)
        connection.exec_driver_sql(f"SELECT set_config('synchronous_commit', 'off', true), {locks}", numbers)
    now = clock.now()
    found = connection.execute(
        select(*(_oldest(key, most - times + 1, now - limit.window, now + limit.window) for key, most in keys))
    ).one()
    waits = [int((oldest + limit.window - now).total_seconds()) + 1 for oldest in found if oldest is not None]
    if waits:
        return max(waits)
    rows = [{"kind": limit.kind, "key": key, "at": now} for key, _most in keys] * times
    newest = max(connection.scalars(insert(Attempt).returning(Attempt.id), rows))
    if newest % _SWEEP_EVERY < len(rows):
        sweep(connection)
    return None


def _oldest(key: str, most: int, since: datetime, until: datetime) -> ScalarSelect[datetime]:
    """The attempt that must lie outside the window before fewer than `most` are in it; NULL where there are fewer."""
    # Not what lies far ahead: a clock that was set back would else keep people out until it is there again.
    counted = select(Attempt.at).where(Attempt.key == key, Attempt.at > since, Attempt.at < until)
    return counted.order_by(Attempt.at.desc()).offset(most - 1).limit(1).scalar_subquery()


def sweep(connection: Connection) -> int:
    """Forget attempts older than a day; gives how many. Counting does it now and then; a job may."""
    return connection.execute(delete(Attempt).where(Attempt.at < clock.now() - KEPT_FOR)).rowcount


def remember_here(response: AnyResponse, email: str) -> AnyResponse:
    """Mark this browser as one in which the owner of the address signed in (a keyed hash of it, for a year)."""
    response.set_cookie(
        _known(),
        _signed().dumps(_mark(email)),
        max_age=_A_YEAR,
        secure=settings().is_production,
        httponly=True,
        samesite="Lax",
    )
    return response


def is_known_here(email: str) -> bool:
    return bool(email) and _known_here() == _mark(email)


def _mark(email: str) -> str:
    """Who finds the cookie must not be able to try addresses out on it."""
    return hmac.new(settings().secret_key.encode(), f"known\0{email.lower()}".encode(), hashlib.sha256).hexdigest()


def _known_here() -> str:
    """The hash of the address that signed in here last; empty where nobody did."""
    try:
        return str(_signed().loads(request.cookies.get(_known(), "")))
    except BadSignature:
        return ""


def _who_is_known(limit: Limit, person: str) -> str:
    """Whose own browser this is; a passkey is shown without an address."""
    if limit is PASSKEY:
        return _known_here()
    return person if is_known_here(person) else ""


def _known() -> str:
    return cookie_name(_KNOWN, is_production=settings().is_production)


def _signed() -> URLSafeSerializer:
    return URLSafeSerializer(settings().secret_key, salt="fundapp known browser")
