"""The list of cases as CSV: what the list has and no more, whole, harmless to a spreadsheet, and sent as a stream."""

import csv
import io
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert, select, text

from fundapp import clock
from fundapp.accounts.actions import declare_conflict
from fundapp.applications.models import Application
from fundapp.config import Settings
from fundapp.db import db, own_transaction
from fundapp.permissions import Role
from fundapp.registry import choices, exports
from fundapp.registry.filters import Filters
from tests.factories import on_day
from tests.factories.applications import draft, submitted
from tests.factories.meetings import on_agenda
from tests.factories.people import applicant, official, organisation
from tests.factories.registry import registered
from tests.factories.seats import seated
from tests.ground.apps import SignIn
from tests.ground.shared import free_port

ROOT = Path(__file__).parent.parent.parent
HEADS = ["Number", "Subject", "Applicant", "Kind", "Fund", "Sought, kr", "State", "Sent in on", "Officer", "Language"]
MEGABYTE = 1024  # kilobytes


@contextmanager
def made(app: Flask) -> Iterator[None]:
    """What is made within is there for the pages."""
    on_day()
    with app.test_request_context():
        yield
        db.session.commit()


def rows_of(client: FlaskClient, address: str = "/en/cases.csv") -> list[list[str]]:
    """The file's rows, as a spreadsheet reads them, without the heads."""
    with client.get(address) as answer:
        assert answer.status_code == 200
        content = answer.data.decode("utf-8-sig")
    found = list(csv.reader(io.StringIO(content, newline=""), delimiter=";"))
    assert all(len(row) == len(HEADS) for row in found)
    return found[1:]


def subjects(client: FlaskClient, query: str = "") -> list[str]:
    return [row[1] for row in rows_of(client, f"/en/cases.csv{query}")]


def listed(client: FlaskClient, query: str = "") -> list[str]:
    """The subjects of the page of the list with the same words in its address."""
    soup = BeautifulSoup(client.get(f"/en/cases{query}").text, "html.parser")
    return [head.get_text(strip=True) for head in soup.select("tbody th[scope=row]")]


def test_the_file_is_what_swedish_excel_opens(app_on_both: Flask, signed_in: SignIn) -> None:
    with made(app_on_both):
        who = official(Role.AUDITOR)
        registered(title="Läxhjälp; två kvällar, åäö")
    with signed_in(who).get("/sv/cases.csv") as answer:
        body, headers = answer.data, answer.headers
    assert body.startswith("\ufeff".encode())
    assert headers["Content-Type"] == "text/csv; charset=utf-8"
    assert headers["Content-Disposition"].startswith("attachment; filename=")
    assert (headers["X-Content-Type-Options"], headers["Cache-Control"]) == ("nosniff", "no-store")
    heads, row = list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""), delimiter=";"))
    assert len(heads) == len(HEADS)
    assert row[1] == "Läxhjälp; två kvällar, åäö"
    assert row[0].startswith("KS ")
    assert row[5].isdigit()
    assert row[7] == clock.today().isoformat()


def test_the_heads_are_in_the_desks_language(app: Flask, signed_in: SignIn) -> None:
    with made(app):
        who = official(Role.OFFICER)
    with signed_in(who).get("/en/cases.csv") as answer:
        assert answer.data.decode("utf-8-sig").strip() == ";".join(HEADS)


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r"])
def test_no_text_begins_as_a_formula_does(begin: str) -> None:
    assert exports.cell(f"{begin}HYPERLINK(1)") == f"'{begin}HYPERLINK(1)"
    assert exports.cell(f"text {begin}") == f"text {begin}"


def test_a_number_stays_a_number_and_what_is_missing_is_empty() -> None:
    assert [exports.cell(value) for value in (45_000, -1, 0, None)] == [45_000, -1, 0, ""]


def test_what_somebody_typed_is_no_formula_in_the_file(app_on_both: Flask, signed_in: SignIn) -> None:
    typed = '=HYPERLINK("http://ond.example";"Klicka")'
    with made(app_on_both):
        who = official(Role.OFFICER)
        owner = applicant()
        submitted(by=owner, organisation=organisation(owner, name="@SUM(A1)"), title=typed)
    (row,) = rows_of(signed_in(who))
    assert (row[1], row[2]) == (f"'{typed}", "'@SUM(A1)")


def test_conflicts_and_drafts_are_in_no_file(app_on_both: Flask, signed_in: SignIn) -> None:
    with made(app_on_both):
        partial, other, member = official(Role.OFFICER), official(Role.OFFICER), seated().account
        owner = applicant()
        mine = organisation(owner, name="Annan förening", org_number="8024001128")
        draft(title="Ett utkast")
        submitted(by=owner, organisation=mine, title="Min brors")
        submitted(title="En annans")
        on_agenda(title="På dagordningen")
        declare_conflict(by=partial, reason="Min bror är kassör.", organisation=mine)
    assert sorted(subjects(signed_in(partial))) == ["En annans", "På dagordningen"]
    assert sorted(subjects(signed_in(other))) == ["En annans", "Min brors", "På dagordningen"]
    assert subjects(signed_in(member)) == ["På dagordningen"]


@pytest.mark.parametrize(
    "query", ["", "?state=submitted", "?mine=1", "?q=odling", "?fund=kalix-integration-fund", "?late=1", "?q=xyz"]
)
def test_the_file_is_narrowed_as_the_list_is(app_on_both: Flask, signed_in: SignIn, query: str) -> None:
    with made(app_on_both):
        who = official(Role.OFFICER)
        submitted(title="Odling i Töre")
        submitted(title="Teater")
        registered(title="Odling i Sangis")
    client = signed_in(who)
    assert subjects(client, query) == listed(client, query)
    on_list = BeautifulSoup(client.get(f"/en/cases{query}").text, "html.parser").find("a", string="Download as CSV")
    assert (on_list is None) == (listed(client, query) == [])
    assert on_list is None or on_list["href"] == f"/en/cases.csv{query}"


def test_the_file_holds_more_than_a_page_of_the_list_and_all_once(app_on_both: Flask, signed_in: SignIn) -> None:
    with made(app_on_both):
        who = official(Role.OFFICER)
        _copies(submitted(title="Odling"), 1200)
    found = subjects(signed_in(who))
    assert len(found) == 1201
    assert len(set(found)) == 1201


def test_a_file_that_is_being_sent_is_of_one_moment_and_holds_up_nobody_who_writes(
    app_on_both: Flask, signed_in: SignIn
) -> None:
    with made(app_on_both):
        who = official(Role.OFFICER)
        first = submitted(title="Odling")
        _copies(first, 1200)
    client = signed_in(who)
    with client.get("/en/cases.csv", buffered=False) as answer:
        pieces = iter(answer.response)
        got = next(pieces)
        with app_on_both.app_context(), own_transaction() as connection:
            connection.execute(text("UPDATE application SET title = 'Ändrad'"))
        got += b"".join(pieces)
    assert "Ändrad" not in got.decode()
    assert "Ändrad" in subjects(client)


def test_a_reader_who_goes_away_leaves_no_connection_behind(app_on_both: Flask, signed_in: SignIn) -> None:
    with made(app_on_both):
        who = official(Role.OFFICER)
        _copies(submitted(title="Odling"), 1200)
    client = signed_in(who)
    for method in ("get", "get", "head"):
        with getattr(client, method)("/en/cases.csv", buffered=False) as answer:
            assert answer.status_code == 200
            next(iter(answer.response), None)
    with app_on_both.app_context():
        assert db.engine.pool.checkedout() == 0


def test_an_export_is_refused_where_it_would_hold_the_turn_to_write(app: Flask) -> None:
    with app.test_request_context(), pytest.raises(RuntimeError, match="turn to write"):
        exports.cases(who := official(Role.OFFICER), Filters(), choices.find(who))


def _copies(one: Application, count: int) -> None:
    """Rows like `one`, each with a title of its own, in bulk."""
    db.session.flush()
    kept = db.session.execute(select(Application.__table__).where(Application.id == one.id)).mappings().one()
    last = one.id
    for first in range(0, count, 5000):
        db.session.execute(
            insert(Application.__table__),
            [
                dict(kept)
                | {"id": last + n + 1, "public_id": f"copy{n:08}", "title": f"{kept['title']} {n}", "case_id": None}
                for n in range(first, min(first + 5000, count))
            ],
        )


# --- a real server ----------------------------------------------------------------------------------------------


@contextmanager
def serving(settings: Settings) -> Iterator[tuple[str, int]]:
    """gunicorn with one worker on the test's database; gives its address and the worker's process id."""
    port = free_port()
    environ = {name: value for name, value in os.environ.items() if not name.startswith("FUNDAPP_")} | {
        "FUNDAPP_ENV": "development",
        "FUNDAPP_DATABASE_URL": settings.database_url,
        "FUNDAPP_INSTANCE": str(settings.instance),
        "FUNDAPP_SECRET_KEY": settings.secret_key,
    }
    words = [sys.executable, "-m", "gunicorn", "--no-control-socket", "-k", "gthread", "--threads", "4"]
    words += ["--log-level", "warning", "-b", f"127.0.0.1:{port}", "fundapp.app:create_app()"]
    server = subprocess.Popen(words, cwd=ROOT, env=environ)
    try:
        for _look in range(300):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/livez", timeout=10).close()
                break
            except OSError:
                time.sleep(0.1)
        children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
        yield f"http://127.0.0.1:{port}", int(children[0])
    finally:
        server.terminate()
        server.wait(timeout=30)


def _memory(worker: int, line: str) -> int:
    """Kilobytes: VmRSS now, VmHWM the most there was since it was reset."""
    told = Path(f"/proc/{worker}/status").read_text().splitlines()
    return int(next(row for row in told if row.startswith(line)).split()[1])


def _lines(address: str, cookie: str) -> int:
    """Fetch a file and throw it away; gives how many lines it had."""
    wanted = urllib.request.Request(address, headers={"Cookie": f"fundapp={cookie}"})  # noqa: S310  our own server
    with urllib.request.urlopen(wanted, timeout=300) as answer:  # noqa: S310
        return sum(piece.count(b"\n") for piece in iter(lambda: answer.read(65_536), b""))


@pytest.mark.slow
def test_a_hundred_thousand_rows_cost_a_worker_at_most_fifty_megabytes(
    app_on_both: Flask, settings: Settings, signed_in: SignIn
) -> None:
    with made(app_on_both):
        who = official(Role.OFFICER)
        _copies(submitted(title="Odling"), 99_999)
    clock.run_true()
    cookie = signed_in(who).get_cookie("fundapp")
    assert cookie is not None
    with serving(settings) as (address, worker):
        assert _lines(f"{address}/en/cases.csv?q=nothing", cookie.value) == 1
        before = _memory(worker, "VmRSS")
        Path(f"/proc/{worker}/clear_refs").write_text("5")  # the kernel's word for: begin VmHWM anew
        assert _lines(f"{address}/en/cases.csv", cookie.value) == 100_001
        assert _memory(worker, "VmHWM") - before <= 50 * MEGABYTE
