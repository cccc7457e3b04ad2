"""What every answer carries: the header table, and how long a browser may keep what it got.

The table is put on outside Flask, so that static files, redirects, errors and 304 have it too. A page that needs
another value of one header sets it itself; the table only fills what is missing.
"""

import hashlib
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from flask import Flask, Response, current_app, request, session
from whitenoise import WhiteNoise

from fundapp.web import weight

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
TABLE = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; font-src 'self'; "
        "connect-src 'self'; form-action 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": (
        "accelerometer=(), autoplay=(), camera=(), display-capture=(), encrypted-media=(), fullscreen=(), "
        "geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), "
        "picture-in-picture=(), publickey-credentials-create=(self), "
        "publickey-credentials-get=(self), screen-wake-lock=(), usb=(), xr-spatial-tracking=()"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
HSTS = ("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
STATIC = Path(__file__).parent.parent / "static"
FOR_EVER = "public, max-age=31536000, immutable"
# Style sheets name the fonts without a version, and a font named in two ways would be fetched twice.
_UNVERSIONED = "vendor/fonts/"
_AN_HOUR = 3600

Start = Callable[..., Any]
Application = Callable[[dict[str, Any], Start], Iterable[bytes]]


def cookie_name(name: str, *, is_production: bool) -> str:
    """In production a name that a browser takes from this very host over https alone, and from no neighbour of it."""
    return f"__Host-{name}" if is_production else name


def set_up(app: Flask, *, is_production: bool) -> None:
    """Serve static files ahead of Flask, and put the table on everything."""
    app.after_request(_say_how_long_to_keep)
    served = WhiteNoise(
        app.wsgi_app, root=str(app.static_folder), prefix="static/", allow_all_origins=False, max_age=_AN_HOUR
    )
    table = [*TABLE.items(), *([HSTS] if is_production else [])]
    light = weight.packed(weight.with_site_sheet(served, max_age=_AN_HOUR))
    app.wsgi_app = _with_table(light, table)  # type: ignore[method-assign]  # Flask documents this way of wrapping

    @app.url_defaults
    def _name_version(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static" and values.get("filename") in versions():
            values["v"] = versions()[values["filename"]]


@cache
def static_address(name: str) -> str:
    """A static file's path and version, without what stands before the app's own addresses."""
    version = versions().get(name)
    return f"/static/{quote(name)}?v={version}" if version else f"/static/{quote(name)}"


@cache
def versions() -> dict[str, str]:
    """Static file → the first letters of its hash, which stand in its address. Not the fonts."""
    files = {path.relative_to(STATIC).as_posix(): path for path in STATIC.rglob("*") if path.is_file()}
    return {weight.SITE: weight.site_version()} | {
        name: hashlib.sha256(path.read_bytes()).hexdigest()[:12]
        for name, path in files.items()
        if not name.startswith(_UNVERSIONED)
    }


def _with_table(inner: Application, table: list[tuple[str, str]]) -> Any:
    lower = [(name.lower(), (name, value)) for name, value in table]

    def answer(environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        def begin(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            there = {name.lower() for name, _value in headers}
            headers = [*headers, *(pair for name, pair in lower if name not in there)]
            if _is_versioned(environ) and status[:3] in ("200", "304"):
                headers = [(n, FOR_EVER if n.lower() == "cache-control" else value) for n, value in headers]
            return start_response(status, headers, exc_info)

        return inner(environ, begin)

    return answer


def _is_versioned(environ: dict[str, Any]) -> bool:
    """Whether a static file is asked for by the version it has now; one of yesterday's must not be kept for ever."""
    path, query = environ.get("PATH_INFO", ""), environ.get("QUERY_STRING", "")
    if not path.startswith("/static/") or not query.startswith("v="):
        return False
    return query[2:] == versions().get(path.removeprefix("/static/"))


def _say_how_long_to_keep(response: Response) -> Response:
    if _is_private():
        response.headers["Cache-Control"] = "no-store"
    else:
        response.headers.setdefault("Cache-Control", "no-cache")
    return response


def _is_private() -> bool:
    """A POST's answer, a page of or to somebody signed in or on the way, and every page of sign-in and account."""
    if request.method not in SAFE or session:
        return True
    if request.endpoint in (None, "static"):
        return False
    view = current_app.view_functions[request.endpoint]
    return getattr(view, "access", None) != "public" or request.blueprint in ("accounts", "demo")
