"""What every template has: the texts, the formats, and nothing that reads the database by itself."""

import re
from datetime import date, datetime
from functools import cache
from typing import Any

from flask import Flask, request, url_for
from markupsafe import Markup, escape

from fundapp import clock, data_texts, languages
from fundapp.web.headers import static_address


def ltr(value: Any) -> Markup:
    """Isolate a number, an address or a reference, so that it keeps its order inside right-to-left text."""
    return Markup(f'<bdi dir="ltr">{escape(value)}</bdi>')  # noqa: S704  escaped  # nosec B704


def kr(kronor: int | None) -> Markup:
    """Whole kronor as `45 000 kr`; an en dash where there is no sum."""
    return Markup("–") if kronor is None else ltr(languages.money(kronor))


def day(value: date | datetime | None) -> str:
    """A local day in words; an instant is shown as its local day."""
    if value is None:
        return "–"
    return languages.long_day(clock.local_day(value) if isinstance(value, datetime) else value)


def instant(value: datetime | None) -> str:
    """A local day and time in words."""
    return "–" if value is None else languages.day_and_time(value)


def org_number(value: str | None) -> Markup:
    """Ten digits as `802001-1234`."""
    return Markup("–") if not value else ltr(f"{value[:6]}-{value[6:]}")


def giro(value: str | None) -> Markup:
    """A bankgiro as `5050-1055` or `123-4567`."""
    return Markup("–") if not value else ltr(f"{value[:-4]}-{value[-4:]}")


def paragraphs(value: str | None) -> Markup:
    """Typed text with its own line breaks."""
    blocks = re.split(r"\n\s*\n", (value or "").replace("\r\n", "\n").strip())
    return Markup("").join(
        Markup("<p>") + Markup("<br>").join(escape(line) for line in block.split("\n")) + Markup("</p>")
        for block in blocks
        if block
    )


def same_page_in(code: str) -> str:
    """This page's address in another language."""
    parts = request.full_path.rstrip("?").lstrip("/").split("/", 1)
    if parts[0].partition("?")[0] in languages.LANGUAGES:
        return "/" + "/".join([code, *parts[1:]])
    return f"/{code}/"


def address(endpoint: str, **values: Any) -> str:
    """`url_for` as templates have it. What hangs on the language alone is made once: Flask takes 30 µs."""
    if endpoint == "static" and len(values) == 1:
        return f"{request.root_path}{static_address(values['filename'])}"
    if values or endpoint.startswith("."):
        return url_for(endpoint, **values)
    return _lasting_address(endpoint, languages.current().code, request.root_path)


@cache
def _lasting_address(endpoint: str, _language: str, _root: str) -> str:
    return url_for(endpoint)


def set_up(app: Flask) -> None:
    """Hand texts, formats and languages to Jinja."""
    app.jinja_env.filters.update(
        kr=kr,
        ltr=ltr,
        day=day,
        instant=instant,
        number=languages.number,
        org_number=org_number,
        giro=giro,
        paragraphs=paragraphs,
        plain_lines=languages.plain_lines,
        as_read=data_texts.as_read,
        with_swedish=data_texts.with_swedish,
        shortened=data_texts.shortened,
    )
    app.jinja_env.globals.update(
        _=languages._, _n=languages._n, _d=languages._d, _dn=languages._dn, url_in=same_page_in, url_for=address
    )
    app.jinja_env.globals.update(language_name=languages.language_name, direction_of=languages.direction_of)
    app.jinja_env.globals.update(titled=data_texts.titled)
    app.context_processor(lambda: {"language": languages.current(), "languages": list(languages.LANGUAGES.values())})
