"""Drawn papers, kept in the store so that the next reader does not wait: under a hash of all that they are drawn from.

Nothing is lost with them. A paper that is not here is drawn again, to the same bytes; a template or a typst that
changed gives other hashes. They are in no backup, and `sweeps` takes away those that are old.
"""

import hashlib
import json
import logging
import time
from collections.abc import Callable
from datetime import datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from flask import has_app_context

from fundapp import store
from fundapp.store import StoreFailed

TEMPLATES = Path(__file__).parent / "templates"
FONTS = Path(__file__).parent / "static" / "vendor" / "fonts-pdf"
PAUSE = 60.0  # seconds in which a store that did not answer is not asked again: drawing takes less than a tenth of one

log = logging.getLogger(__name__)
_asks_again_at = 0.0


def key_of(template: str, content: dict[str, Any], at: datetime) -> str:
    """The place of a drawn paper in the store."""
    told = json.dumps([_version(), template, content, at.timestamp()], ensure_ascii=False, sort_keys=True)
    return store.DRAWN + hashlib.sha256(told.encode()).hexdigest()


@cache
def _version() -> str:
    """A hash of what every paper is drawn with."""
    hashed = hashlib.sha256(version("typst").encode())
    for path in sorted([*TEMPLATES.rglob("*.typ"), *FONTS.iterdir()]):
        hashed.update(path.name.encode() + b"\0" + path.read_bytes())
    return hashed.hexdigest()


def kept(key: str) -> bytes | None:
    """What was drawn before, if it is here and the store answers; a reader is never refused for want of it."""
    global _asks_again_at
    if not has_app_context() or time.monotonic() < _asks_again_at:
        return None
    try:
        return store.content_of(key) if store.has(key) else None
    except StoreFailed:
        _asks_again_at = time.monotonic() + PAUSE
        log.error("store: no answer for a drawn paper")
        return None


def keep(key: str, draw: Callable[[], bytes]) -> bool:
    """Draw and keep what is not here yet; gives whether it was. Several may do it together. Errors: StoreFailed."""
    if store.has(key):
        return False
    content = draw()
    try:
        store.put(key, content)
    except StoreFailed:
        if not store.has(key):  # else another was quicker, with the same bytes
            raise
        return False
    return True
