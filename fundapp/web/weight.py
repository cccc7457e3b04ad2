"""What goes over the wire is small: one style sheet for all pages, and text packed with gzip.

A packed page tells by its length how alike two texts in it are, and a page holds both the token against forgery and
what the address asked for (the attack called BREACH). The token's cookie is SameSite=Lax, so that no other site can
have such pages fetched unseen; and every packed page gets a name of random length in its gzip head, so that a length
tells little to who sees one all the same.
"""

import hashlib
import secrets
import zlib
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

STATIC = Path(__file__).parent.parent / "static"
SITE = "site.css"
# In the order that the cascade is to have them; print stands in the same file, for a sheet of its own is fetched too.
SHEETS = ("fonts", "base", "layout", "components", "forms", "rows", "steps", "tables", "desk")
PACKED = ("text/html", "text/css", "text/javascript", "application/javascript", "image/svg+xml")
LEAST = 600  # octets; less is not worth the work
LONGEST_NAME = 64

Start = Callable[..., Any]
Application = Callable[[dict[str, Any], Start], Iterable[bytes]]


@cache
def site_sheet() -> bytes:
    """The screen's sheets and print's as one."""
    parts = [(STATIC / f"{name}.css").read_text(encoding="utf-8") for name in SHEETS]
    paper = (STATIC / "print.css").read_text(encoding="utf-8")
    return "\n".join([*parts, f"@media print {{\n{paper}\n}}\n"]).encode()


@cache
def site_version() -> str:
    return hashlib.sha256(site_sheet()).hexdigest()[:12]


def with_site_sheet(inner: Application, *, max_age: int) -> Application:
    """Answer for the one sheet, which lies in no file."""

    def answer(environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        if environ.get("PATH_INFO") != f"/static/{SITE}" or environ.get("REQUEST_METHOD") not in ("GET", "HEAD"):
            return inner(environ, start_response)
        tag = f'"{site_version()}"'
        headers = [("Cache-Control", f"max-age={max_age}, public"), ("ETag", tag), ("Vary", "Accept-Encoding")]
        if environ.get("HTTP_IF_NONE_MATCH") == tag:
            start_response("304 Not Modified", headers)
            return []
        body = site_sheet()
        start_response(
            "200 OK", [("Content-Type", "text/css; charset=utf-8"), ("Content-Length", str(len(body))), *headers]
        )
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    return answer


def packed(inner: Application) -> Application:
    """Pack text for who can unpack it. What is already packed, partial or empty goes as it is."""

    def answer(environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        if "gzip" not in environ.get("HTTP_ACCEPT_ENCODING", "") or environ["REQUEST_METHOD"] == "HEAD":
            return inner(environ, start_response)
        said: list[Any] = []

        def begin(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            said[:] = [status, headers, exc_info]
            if not _is_packable(status, headers):
                return start_response(status, headers, exc_info)
            return lambda _piece: None

        pieces = inner(environ, begin)
        if not said or not _is_packable(said[0], said[1]):
            return pieces
        try:
            body = b"".join(pieces)
        finally:
            getattr(pieces, "close", lambda: None)()
        return _give(body, said, start_response, is_static=environ.get("PATH_INFO", "").startswith("/static/"))

    return answer


def _is_packable(status: str, headers: list[tuple[str, str]]) -> bool:
    there = {name.lower(): value for name, value in headers}
    is_text = there.get("content-type", "").partition(";")[0] in PACKED
    return is_text and status[:3] not in ("204", "206", "304") and "content-encoding" not in there


def _give(body: bytes, said: list[Any], start_response: Start, *, is_static: bool) -> list[bytes]:
    status, headers, exc_info = said
    left = [(name, value) for name, value in headers if name.lower() not in ("content-length", "vary")]
    vary = [value for name, value in headers if name.lower() == "vary" and value.lower() != "accept-encoding"]
    left.append(("Vary", ", ".join([*vary, "Accept-Encoding"])))
    if len(body) >= LEAST:
        body = _packed_once(body) if is_static else _with_name(zlib.compress(body, 6, wbits=31))
        left.append(("Content-Encoding", "gzip"))
    start_response(status, [*left, ("Content-Length", str(len(body)))], exc_info)
    return [body]


@cache
def _packed_once(body: bytes) -> bytes:
    """A static file, packed as well as can be; there are some tens of them."""
    return zlib.compress(body, 9, wbits=31)


def _with_name(gzipped: bytes) -> bytes:
    """A gzip file with a name of random length in its head (RFC 1952, 2.3: flag 8, and the name after ten octets)."""
    name = b"x" * secrets.randbelow(LONGEST_NAME + 1)
    return gzipped[:3] + b"\x08" + gzipped[4:10] + name + b"\0" + gzipped[10:]
