"""The main menu: which pages a person is offered. Names endpoints as text and imports no station."""

from dataclasses import dataclass

from flask import Flask, request
from flask_login import current_user

from fundapp.languages import Lazy, _dl, _l
from fundapp.permissions import Permission, is_allowed
from fundapp.web.filters import address


@dataclass(frozen=True)
class Entry:
    endpoint: str
    label: Lazy
    permission: Permission | None = None


@dataclass(frozen=True)
class MenuItem:
    """What the layout draws."""

    label: str
    url: str
    is_current: bool
    count: int | None = None


PUBLIC = (
    Entry("public.start", _l("Start")),
    Entry("public.projects", _l("Funded projects")),
    Entry("goals.show", _l("The plan's goals")),
)
OWN = (Entry("applications.list", _l("My applications"), Permission.START_APPLICATION),)
DESK = (
    Entry("registry.start", _dl("Desk"), Permission.LIST_CASES),
    Entry("registry.list", _dl("Cases"), Permission.LIST_CASES),
    Entry("diary.show", _dl("Diary"), Permission.READ_DIARY),
    Entry("candidates.list", _dl("Stipend"), Permission.KEEP_CANDIDATES),
    Entry("meetings.list", _dl("Sittings"), Permission.READ_MEETING),
    Entry("projects.list", _dl("Projects"), Permission.LIST_PROJECTS),
    Entry("funds.list", _dl("Funds"), Permission.READ_LEDGER),
    Entry("paper_templates.list", _dl("Templates of papers"), Permission.KEEP_TEMPLATES),
    Entry("accounts.people", _dl("People and roles"), Permission.GIVE_ROLES),
    Entry("holidays.list", _dl("Holidays"), Permission.KEEP_SETTINGS),
    Entry("feedback.list", _dl("Feedback"), Permission.READ_FEEDBACK),
    Entry("history.list", _dl("History"), Permission.READ_HISTORY),
    Entry("record.show", _dl("The sealed record"), Permission.VERIFY_RECORD),
)


def entries() -> list[MenuItem]:
    """The signed-in person's menu: the public pages and one's own, and for officials the desk."""
    offered: tuple[Entry, ...]
    if not current_user.is_authenticated:
        offered = PUBLIC
    elif current_user.roles:
        offered = tuple(e for e in DESK if e.permission and is_allowed(current_user, e.permission)) + PUBLIC[2:]
    else:
        offered = PUBLIC[:1] + OWN + PUBLIC[1:]
    return [
        MenuItem(str(entry.label), address(entry.endpoint), request.endpoint == entry.endpoint) for entry in offered
    ]


def set_up(app: Flask) -> None:
    """Hand the menu to the layout; an official's pages are denser."""
    app.jinja_env.globals["menu_entries"] = entries
    app.jinja_env.globals["person_is_official"] = lambda: bool(current_user.is_authenticated and current_user.roles)
