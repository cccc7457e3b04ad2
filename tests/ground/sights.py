"""Every page that can be looked at, who opens it, and in which languages; and the letters that the fonts have."""

import re
from dataclasses import dataclass
from functools import cache

from flask import Flask

from fundapp.languages import LANGUAGES
from fundapp.stations import DESK
from fundapp.web.weight import STATIC
from tests.factories.house import House
from tests.ground.house import address_of, client_of, methods_of
from tests.test_house import ANYBODY, PAGES

ALL = tuple(LANGUAGES)
OF_DESK = tuple(code for code, language in LANGUAGES.items() if language.is_for_desk)


@dataclass(frozen=True)
class Sight:
    """A page of the house: its endpoint, who opens it, and its Swedish address."""

    endpoint: str
    who: str
    address: str
    is_for_desk: bool

    def in_language(self, code: str) -> str:
        return self.address.replace("/sv/", f"/{code}/", 1)

    def is_in(self, code: str) -> bool:
        return code in (OF_DESK if self.is_for_desk else ALL)


def sights(app: Flask, house: House) -> list[Sight]:
    """Every address that answers GET with a page of its own (not a paper, a file, or the way to another page)."""
    found = []
    app.config.update(TESTING=False, PROPAGATE_EXCEPTIONS=False)
    for endpoint, let_in in PAGES.items():
        if "GET" not in methods_of(app, endpoint):
            continue
        who = next(name for name in ("nobody", "owner", *sorted(ANYBODY)) if name in let_in)
        is_for_desk = who not in ("nobody", "owner") or endpoint.partition(".")[0] in DESK
        sight = Sight(endpoint, who, address_of(app, house, endpoint), is_for_desk)
        with client_of(app, house, who).get(sight.address) as answer:
            if answer.status_code in (200, 500) and answer.mimetype == "text/html":  # 500: for the test to complain of
                found.append(sight)
    assert {sight.endpoint for sight in found} >= {"public.start", "applications.section", "applications.receipt"}
    return found


def in_ranges(declaration: str) -> set[int]:
    """The code points of a `unicode-range`."""
    letters: set[int] = set()
    for first, last in re.findall(r"U\+([0-9A-F]+)(?:-([0-9A-F]+))?", declaration):
        letters |= set(range(int(first, 16), int(last or first, 16) + 1))
    return letters


@cache
def font_parts() -> dict[str, set[int]]:
    """File → the letters it is fetched for; tools/fonts.py writes them from what the files really hold."""
    sheet = (STATIC / "fonts.css").read_text(encoding="utf-8")
    return {
        name: in_ranges(ranges)
        for name, ranges in re.findall(r'url\("vendor/fonts/([^"]+)"\).*?unicode-range:([^;]+);', sheet, re.DOTALL)
    }
