"""What is sent twice is done once: a second press, a reload, a browser that tries again after a lost answer.

A form brings a mark that was made with its page. The first that comes with the mark and the same words claims both in
the transaction that does the work; the next waits for it and is shown where it led. Where the first was refused nothing
is claimed, and whoever goes back and writes something else sends something else.
"""

import hashlib
import hmac
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

from flask import Flask, flash, g, redirect, request
from flask_login import current_user
from markupsafe import Markup
from sqlalchemy import String, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column
from werkzeug.wrappers import Response

from fundapp import clock
from fundapp.config import settings
from fundapp.db import Base, db, new_public_id
from fundapp.languages import _
from fundapp.web.headers import SAFE

FIELD = "_once"
KEPT_FOR = timedelta(days=2)  # longer than any session, so than any page from which somebody could press again
_SWEEP_EVERY = 200  # forms
_MOST = 40  # letters of a mark; ours has 12
_SHOWN = 300  # letters of an address that is worth keeping
_INSERTS: dict[str, Any] = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}


class SentForm(Base):
    """A form that was taken. `digest` is a keyed hash of whose it was, its mark and its words: nothing of them can be
    read from it. `place` is where its sender was shown to, None until the work is done.
    """

    __tablename__ = "sent_form"

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    at: Mapped[datetime] = mapped_column(index=True)
    place: Mapped[str | None] = mapped_column(String(_SHOWN))


def once(view: Callable[..., Any]) -> Callable[..., Any]:
    """A page whose form, sent once more with the same mark and words, does nothing and leads where it led at first.

    Stands below `needs`, so that nobody is shown what is not theirs. What answers otherwise than by a redirect is done
    anew each time.
    """

    @wraps(view)
    def taken(*subject: Any, **place: Any) -> Any:
        mark = request.form.get(FIELD, "")[:_MOST] if request.method not in SAFE else ""
        if not mark:
            return view(*subject, **place)
        digest = _digest(mark)
        earlier = _claim(digest)
        if earlier is not None:
            flash(_("This was already sent, so it was not done a second time."), "info")
            return redirect(earlier)
        answer = view(*subject, **place)
        if isinstance(answer, Response) and 300 <= answer.status_code < 400 and len(answer.location or "") <= _SHOWN:
            db.session.execute(update(SentForm).where(SentForm.digest == digest).values(place=answer.location))
        return answer

    taken.is_once = True  # type: ignore[attr-defined]  # read by the test that sends every form twice
    return taken


def _digest(mark: str) -> str:
    """Of the account, the page, the mark and everything that came with it, files by what is in them."""
    kept = hmac.new(settings().secret_key.encode(), digestmod=hashlib.sha256)
    words = [str(current_user.id), request.path, mark]
    names = sorted(set(request.form) - {"csrf_token"})
    words += [text for name in names for text in (name, *request.form.getlist(name))]
    for word in words:
        kept.update(f"{len(word)}:{word}".encode(errors="surrogatepass"))
    for _name, file in sorted(request.files.items(multi=True)):
        kept.update(hashlib.file_digest(file.stream, "sha256").digest())  # type: ignore[arg-type]  # a file of bytes
        file.stream.seek(0)
    return kept.hexdigest()


def _claim(digest: str) -> str | None:
    """Where the same form led before; None where it is the first, or where the first led nowhere. Whoever comes while
    the first is at work waits for it here.
    """
    insert = _INSERTS[db.engine.dialect.name](SentForm)
    row = insert.values(digest=digest, at=clock.now()).on_conflict_do_nothing()
    number = db.session.scalar(row.returning(SentForm.id))
    if number is None:
        return db.session.scalar(select(SentForm.place).where(SentForm.digest == digest))
    if number % _SWEEP_EVERY == 0:
        db.session.execute(delete(SentForm).where(SentForm.at < clock.now() - KEPT_FOR))
    return None


def field() -> Markup:
    """The mark, for a form; the same for all forms of a page, which lead to different addresses."""
    if "once" not in g:
        g.once = new_public_id()
    return Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, g.once)


def set_up(app: Flask) -> None:
    app.jinja_env.globals["once"] = field
