"""Every form that the house's pages show, filled in as a person would."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bs4 import BeautifulSoup
from bs4.element import Tag
from flask import Flask, url_for
from werkzeug.exceptions import HTTPException

from tests.factories.house import House
from tests.ground.house import address_of, client_of, methods_of

# Who is asked for a page, one after the other, until somebody may read it.
READERS = ("owner", "officer", "secretary", "registrar", "administrator", "member", "conflicted", "stranger", "nobody")
WORDS = "Några ord om saken"


@dataclass(frozen=True)
class Filled:
    """A form that posts: where it is sent, to which endpoint, whose it is, and its fields."""

    endpoint: str
    address: str
    who: str
    fields: tuple[tuple[str, str], ...]
    takes_files: bool
    others: frozenset[str] = frozenset()  # names of its buttons, and of what belongs to it and stands outside it

    @property
    def names(self) -> frozenset[str]:
        return frozenset(name for name, _value in self.fields) | self.others


@dataclass(frozen=True)
class Forms:
    """`filled`: one form per endpoint, the fullest. `asked`: names that pages put behind a question mark."""

    filled: tuple[Filled, ...]
    asked: frozenset[str]


# Pages on which the forms depend on how far a thing has come: they are opened for each that there is.
SHOWN = ("registry.show", "meetings.show", "projects.show", "applications.show", "minutes.list", "reports.check")


def forms_of(app: Flask, house: House, ids: Sequence[str]) -> Forms:
    """Opens every page once, by somebody who may; and those that show different forms, with each of `ids`."""
    found: dict[str, Filled] = {}
    asked: set[str] = set()
    endpoints = sorted({rule.endpoint for rule in app.url_map.iter_rules()} - {"static"})
    pages: list[tuple[str, tuple[str, ...]]]
    pages = [(address_of(app, house, one), READERS) for one in endpoints if "GET" in methods_of(app, one)]
    with app.test_request_context("/sv/"):
        for endpoint, whose in itertools.product(SHOWN, ids):
            asking = ("owner",) if endpoint in ("applications.show", "reports.check") else ("officer", "secretary")
            pages += [(url_for(endpoint, public_id=whose), (who,)) for who in asking]
    for address, readers in pages:
        for who in readers:
            page = _opened(app, house, address, who)
            if page is None:
                continue
            for form in page("form"):
                if str(form.get("method", "get")).lower() != "post":
                    asked |= {str(each["name"]) for each in form.select("[name]")}
                    continue
                filled = _filled(app, form, address, who)
                if filled and len(filled.fields) >= len(found.get(filled.endpoint, filled).fields):
                    found[filled.endpoint] = filled
            break
    return Forms(tuple(found.values()), frozenset(asked))


def _opened(app: Flask, house: House, address: str, who: str) -> BeautifulSoup | None:
    with client_of(app, house, who).get(address) as answer:
        is_page = answer.status_code == 200 and answer.mimetype == "text/html"
        return BeautifulSoup(answer.get_data(as_text=True), "html.parser") if is_page else None


def _filled(app: Flask, form: Tag, page: str, who: str) -> Filled | None:
    address = str(form.get("action") or page)
    with app.test_request_context("/sv/"):
        try:
            endpoint, _place = app.url_map.bind("localhost").match(address.partition("?")[0], method="POST")
        except HTTPException:
            return None
    fields: list[tuple[str, str]] = []
    for each in form.select("[name]"):
        value = _value(each, {name for name, _value in fields})
        if value is not None and each["name"] != "csrf_token":
            fields.append((str(each["name"]), value))
    outside = form.find_parents()[-1].select(f'[form="{form["id"]}"][name]') if form.has_attr("id") else []
    others = frozenset(str(each["name"]) for each in (*form.select("button[name]"), *outside))
    return Filled(str(endpoint), address, who, tuple(fields), bool(form.select("[type=file]")), others)


def _value(each: Tag, had: set[str]) -> str | None:
    """What a person would put there; None for what is not sent."""
    kind, value = each.get("type", "text"), str(each.get("value", ""))
    if each.name == "textarea":
        return each.get_text().strip() or WORDS
    if each.name == "select":
        options = [str(option.get("value", option.get_text())) for option in each("option")]
        chosen = [str(option.get("value")) for option in each("option") if option.has_attr("selected")]
        return next((one for one in (*chosen, *options) if one), "")
    if each.name == "button":
        return None
    if kind == "radio":
        return None if each["name"] in had else value
    if kind == "checkbox":
        return value or "y"
    if kind in ("submit", "button", "image", "file"):
        return None
    return value or _guess(each, kind)


def _guess(each: Tag, kind: Any) -> str:
    if kind == "date":
        return "2017-04-03"
    if kind == "email":
        return "karin.strand@exempel.example"
    if each.get("inputmode") in ("numeric", "decimal") or kind == "number":
        return "1000"
    return "" if kind == "hidden" else WORDS
