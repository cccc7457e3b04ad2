"""Two clerks at one table write the same text: the later one is told, and both texts stand on the page."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from fundapp import meanwhile
from fundapp.accounts.models import Account
from fundapp.db import db
from fundapp.meetings import proposing
from fundapp.meetings.actions import add_item
from fundapp.meetings.models import MinuteItem
from fundapp.meetings.proceedings import Remark
from fundapp.permissions import Role
from tests.factories import on_day
from tests.factories.meetings import on_agenda, opened
from tests.factories.people import official
from tests.factories.seats import full_house
from tests.ground.apps import SignIn

TOLD = "Your text stands below and is not saved."


@pytest.fixture(autouse=True)
def day(app: Flask) -> None:
    on_day()
    app.config["WTF_CSRF_ENABLED"] = False


@pytest.fixture
def secretary(app: Flask, signed_in: SignIn) -> FlaskClient:
    return signed_in(_made(app, lambda: official(Role.SECRETARY).email))


def _made(app: Flask, make: Callable[[], Any]) -> Any:
    with app.app_context():
        made = make()
        db.session.commit()
        return made


def _path(item: MinuteItem) -> str:
    return f"/en/meetings/{item.meeting.public_id}/items/{item.public_id}"


def _bare() -> str:
    return _path(add_item(opened(), "Val av justerare", by=official(Role.SECRETARY)))


def _with_remark() -> str:
    item = on_agenda(secretary=official(Role.SECRETARY))
    seat = full_house()[3]
    proposing.announce_reservation(item, seat, by=official(Role.SECRETARY))
    return _path(item)


CASES = [
    pytest.param(_bare, "resolution", "resolution-text", "resolution-seen", id="decision"),
    pytest.param(_bare, "propositions", "propositions-text", "propositions-seen", id="propositions"),
    pytest.param(_with_remark, "remarks", "text", "seen", id="remark"),
]


@pytest.mark.parametrize(("make", "step", "text", "seen"), CASES)
def test_the_later_text_does_not_replace_one_that_was_never_read(
    app: Flask, secretary: FlaskClient, make: Callable[[], str], step: str, text: str, seen: str
) -> None:
    path = _made(app, make)
    opened_page = _form(secretary.get(path).text, step)
    first = secretary.post(f"{path}/{step}", data=opened_page | {text: "Det som Eva skrev."})
    assert first.status_code == 302
    for old in (opened_page[seen], ""):
        answer = secretary.post(f"{path}/{step}", data=opened_page | {text: "Det som Per skrev.", seen: old})
        assert answer.status_code == 409
        assert TOLD in answer.text
        assert "Det som Eva skrev." in answer.text
    shown = _form(answer.text, step)
    assert shown[text] == "Det som Per skrev."
    assert "Det som Per skrev." not in secretary.get(path).text
    assert secretary.post(f"{path}/{step}", data=shown).status_code == 302
    page = secretary.get(path).text
    assert "Det som Per skrev." in page
    assert "Det som Eva skrev." not in page


def _form(page: str, step: str) -> dict[str, str]:
    """What a browser sends from the form that writes over a text."""
    found = BeautifulSoup(page, "html.parser").select(f'form[action$="/{step}"]')
    form = next(each for each in found if each.select_one("[name$=seen]") is not None)
    boxes = {str(box["name"]): box.get_text().removeprefix("\r\n") for box in form.select("textarea")}
    return boxes | {str(one["name"]): str(one.get("value", "")) for one in form.select("input[type=hidden]")}


def test_the_same_text_sent_twice_is_no_question(app: Flask, secretary: FlaskClient) -> None:
    path = _made(app, _bare)
    data = _form(secretary.get(path).text, "resolution") | {"resolution-text": "Eva Ek utses."}
    for _press in range(2):
        assert secretary.post(f"{path}/resolution", data=data).status_code == 302


def test_of_two_texts_written_at_once_one_is_asked_about(app_on_both: Flask, both_engines: str) -> None:
    app = app_on_both

    def make() -> tuple[int, list[int]]:
        _with_remark()
        return db.session.scalars(select(Remark)).one().id, [official(Role.SECRETARY).id for _ in range(2)]

    key, clerks = _made(app, make)
    barrier = Barrier(2)

    def write(number: int) -> str:
        with app.app_context():
            if both_engines == "postgresql":  # both have read it as it was; SQLite lets only one transaction begin
                db.session.get_one(Remark, key)
            barrier.wait()
            remark, by = db.session.get_one(Remark, key), db.session.get_one(Account, clerks[number])
            try:
                proposing.write_remark(remark, f"Text {number}", seen=meanwhile.sign(), by=by)
                db.session.commit()
            except proposing.WrittenMeanwhile:
                db.session.rollback()
                return "asked"
            return "written"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(write, range(2))) == ["asked", "written"]
