"""Logs, ids and counts: one line of JSON per request, no personal data anywhere, and numbers that are right."""

import json
import logging
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client import CollectorRegistry
from prometheus_client.openmetrics.exposition import generate_latest
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from sqlalchemy import select, text, update
from werkzeug.test import TestResponse

from fundapp.app import create_app
from fundapp.applications.models import Attachment
from fundapp.config import Settings
from fundapp.db import db
from fundapp.funds.models import Round
from fundapp.jobs import _in_app, has_queue
from fundapp.mail import Message, MessageStatus, write
from fundapp.smtp import as_email
from fundapp.web import watch
from fundapp.web.tally import Tally
from tests.factories import on_day
from tests.factories.applications import PDF, draft
from tests.factories.people import applicant, organisation
from tests.ground.apps import SignIn
from tests.ground.pages import send
from tests.ground.smtp import Postbox
from tests.ground.work import work_once

NAME, EMAIL, ORGANISATION, FREE_TEXT = "Kanariefågel Gul", "kanarie@fagel.example", "Kanarieklubben", "fritextkanarien"
CANARIES = (NAME, "Kanarief", EMAIL, "kanarie@", ORGANISATION, FREE_TEXT, "198.51.100.77")


@pytest.fixture
def lines() -> Iterator[StringIO]:
    """Everything that is logged meanwhile, as production writes it."""
    written, handler = StringIO(), logging.StreamHandler()
    handler.setStream(written)
    handler.setFormatter(watch.OneLine())
    ours, before = logging.getLogger("fundapp"), logging.getLogger("fundapp").level
    logging.root.addHandler(handler)
    ours.setLevel(logging.INFO)
    yield written
    logging.root.removeHandler(handler)
    ours.setLevel(before)


def _read(lines: StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines.getvalue().splitlines()]


def _get(client: FlaskClient, path: str, **options: Any) -> TestResponse:
    """The answer, read to its end, as a browser does."""
    with client.get(path, **options) as answer:
        return answer


def _break(app: Flask) -> None:
    """Plant a page that fails with what somebody typed in the words of the fault."""

    def broken() -> str:
        try:
            int(FREE_TEXT)
        except ValueError as fault:
            raise RuntimeError(f"{NAME} {EMAIL} wrote {FREE_TEXT}") from fault
        return ""

    def is_sqlite() -> bool:
        return db.engine.dialect.name == "sqlite"

    def refused() -> str:
        # PostgreSQL's words for this one hold the value itself.
        statement = "SELECT CAST(:name AS integer), no_such_column" if is_sqlite() else "SELECT CAST(:name AS integer)"
        db.session.execute(text(statement), {"name": NAME})
        return ""

    for view in (broken, refused):
        view.access = "public"  # type: ignore[attr-defined]
        app.add_url_rule(f"/sv/{view.__name__}", view.__name__, view)
    app.config["PROPAGATE_EXCEPTIONS"] = False


def test_a_request_is_one_line_with_route_status_time_and_id(client: FlaskClient, lines: StringIO) -> None:
    answer = _get(client, "/sv/goals?year=2017")
    found = [line for line in _read(lines) if line["logger"] == "fundapp.requests"]
    assert len(found) == 1
    assert found[0]["request_id"] == answer.headers["X-Request-Id"]
    assert (found[0]["route"], found[0]["status"], found[0]["method"]) == ("goals.show", 200, "GET")
    assert found[0]["ms"] > 0
    assert set(found[0]) == {"at", "level", "logger", "message", "request_id", "route", "method", "status", "ms"}


@pytest.mark.parametrize("path", ["/sv/", "/", "/no/such", "/static/base.css", "/healthz", "/livez"])
def test_every_answer_has_an_id_of_its_own(client: FlaskClient, path: str) -> None:
    ids = {_get(client, path).headers["X-Request-Id"] for _time in range(3)}
    assert len(ids) == 3
    assert all(re.fullmatch(r"[0-9a-f]{32}", each) for each in ids)


def test_an_id_is_taken_from_a_proxy_that_is_trusted_and_from_nobody_else(settings: Settings, app: Flask) -> None:
    behind = create_app(replace(settings, proxies=1))
    given = {"X-Request-Id": "0123456789abcdef0123456789abcdef"}
    assert _get(behind.test_client(), "/livez", headers=given).headers["X-Request-Id"] == given["X-Request-Id"]
    assert _get(app.test_client(), "/livez", headers=given).headers["X-Request-Id"] != given["X-Request-Id"]
    for wrong in (EMAIL, "short", "x" * 200, 'a" b'):
        answer = _get(behind.test_client(), "/livez", headers={"X-Request-Id": wrong})
        assert answer.headers["X-Request-Id"] != wrong
    with behind.app_context():
        db.engine.dispose()


def test_no_personal_data_is_in_logs_addresses_mail_headers_or_error_pages(
    app_on_both: Flask, signed_in: SignIn, lines: StringIO
) -> None:
    app = app_on_both
    _break(app)
    on_day()
    with app.app_context(), app.test_request_context():
        owner = applicant(NAME, EMAIL)
        ours = organisation(owner, name=ORGANISATION)
        path = f"/sv/applications/{draft(by=owner, organisation=ours, title=FREE_TEXT).public_id}"
        other = f"/sv/applications/{draft(by=owner, organisation=ours).public_id}"
        db.session.commit()
    client, errors = signed_in(EMAIL), []
    pages = ["/sv/applications", "/sv/account", "/sv/organisations", path, f"{path}/check", f"/sv/{FREE_TEXT}"]
    for page in [*pages, "/sv/people", f"/sv/goals?q={FREE_TEXT}"]:
        _get(client, page, environ_base={"REMOTE_ADDR": "198.51.100.77"})
    addresses = [send(client, f"{other}/sections/project", {"title": FREE_TEXT, "leave": "1"}).headers["Location"]]
    addresses.append(send(client, f"{path}/submit").headers["Location"])
    addresses.append(send(app.test_client(), "/sv/sign-in", {"email": EMAIL}).headers["Location"])
    _get(client, f"/sv/sign-in/link/{FREE_TEXT}")
    stranger = signed_in("stranger@exempel.example")
    for page in ("/sv/broken", "/sv/refused", path):
        errors.append(_get(stranger, page, headers={"Referer": f"http://x/{FREE_TEXT}"}))
    assert [answer.status_code for answer in errors] in ([500, 500, 404], [500, 503, 404])
    with app.app_context():
        mails = [as_email(message) for message in db.session.scalars(select(Message))]
        heads = [f"{key}: {value}" for mail in mails for key, value in mail.items() if key != "To"]
        db.session.rollback()
    assert len(mails) >= 2
    told = {
        "logs": lines.getvalue(),
        "addresses": "\n".join(addresses),
        "mail headers": "\n".join(heads),
        "error pages": "\n".join(f"{answer.text}\n{answer.headers}" for answer in errors),
    }
    assert len(_read(lines)) > 15
    assert [(where, bird) for where, words in told.items() for bird in CANARIES if bird in words] == []


def test_a_fault_is_logged_by_kind_and_place(app: Flask, lines: StringIO) -> None:
    _break(app)
    answer = _get(app.test_client(), "/sv/broken")
    fault = next(line for line in _read(lines) if line["logger"] == "fundapp.faults")
    assert fault["fault"] == ["RuntimeError", "ValueError"]
    assert any(re.search(r"test_watch\.py:\d+ broken$", frame) for frame in fault["where"])
    assert (fault["request_id"], fault["route"]) == (answer.headers["X-Request-Id"], "broken")
    assert fault["request_id"] in answer.text


def test_another_librarys_words_are_not_filled_in(lines: StringIO) -> None:
    logging.getLogger("somebody.else").warning("sent to %s", EMAIL)
    assert [line["message"] for line in _read(lines)] == ["sent to %s"]


def test_a_job_is_logged_under_the_id_of_its_request(lines: StringIO) -> None:
    with watch.go_on_as("0123456789abcdef", job="send_outbox"):
        logging.getLogger("fundapp.jobs").warning("done")
    logging.getLogger("fundapp.jobs").warning("another")
    first, second = _read(lines)
    assert (first["request_id"], first["job"]) == ("0123456789abcdef", "send_outbox")
    assert "job" not in second
    assert second.get("request_id") != first["request_id"]


@pytest.mark.usefixtures("both_engines")
def test_one_request_id_is_in_the_log_of_the_page_of_the_job_and_of_the_letter(
    settings: Settings, postbox: Postbox, lines: StringIO
) -> None:
    app = create_app(replace(settings, smtp_host=postbox.host, smtp_port=postbox.port))
    with app.app_context():
        write(to=EMAIL, language="sv", subject="En annans", body="x")
        db.session.commit()
    with send(app.test_client(), "/sv/sign-in", {"email": EMAIL}) as answer:
        known = answer.headers["X-Request-Id"]
    watch._request_id.set("")  # a worker is another process
    done = work_once(app)
    assert done.exit_code == 0, done.output
    assert len(postbox.letters) == 2
    mine = [line for line in _read(lines) if line.get("request_id") == known]
    assert [line["route"] for line in mine if line["logger"] == "fundapp.requests"] == ["accounts.sign_in"]
    letters = [line["message"] for line in mine if line["logger"] == "fundapp.outbox" and line["job"] == "send_outbox"]
    with app.app_context():
        message = db.session.scalars(select(Message).where(Message.origin == known)).one()
        assert letters == [f"mail {message.public_id}: taken"]
        if has_queue():
            assert [line["message"] for line in mine if line["logger"] == "fundapp.jobs"] == ["job done"]
        db.session.rollback()
        db.engine.dispose()
    assert [bird for bird in CANARIES if bird in lines.getvalue()] == []


@pytest.mark.usefixtures("both_engines")
def test_a_job_that_fails_is_logged_under_the_id_of_its_request(app: Flask, lines: StringIO) -> None:
    def broken(name: str) -> None:
        raise RuntimeError(f"{name} wrote {FREE_TEXT}")

    with pytest.raises(RuntimeError):
        _in_app(app, "broken", broken)(request_id="0123456789abcdef", name=NAME)
    (line,) = _read(lines)
    assert (line["request_id"], line["job"], line["fault"]) == ("0123456789abcdef", "broken", ["RuntimeError"])
    assert [bird for bird in CANARIES if bird in lines.getvalue()] == []


def test_a_store_that_fails_tells_the_log_no_name_of_a_file(
    app: Flask, settings: Settings, signed_in: SignIn, lines: StringIO
) -> None:
    on_day()
    with app.app_context():
        path = f"/sv/applications/{draft(by=applicant(NAME, EMAIL), with_attachments=False).public_id}"
        db.session.commit()
    client = signed_in(EMAIL)
    file = {"kind": "other", "file": [(BytesIO(PDF), f"{FREE_TEXT}.pdf")]}
    assert send(client, f"{path}/attachments", file).status_code == 302
    with app.app_context():
        attachment = db.session.scalars(select(Attachment)).one()
        (settings.files / attachment.file.key).unlink()
        name = attachment.public_id
    assert _get(client, f"{path}/attachments/{name}").status_code == 503
    shutil.rmtree(settings.files)
    settings.files.write_text("not a folder")
    file = {"kind": "other", "file": [(BytesIO(PDF), f"{FREE_TEXT}.pdf")]}
    assert send(client, f"{path}/attachments", file).status_code == 503
    assert [line["message"][:6] for line in _read(lines) if line["logger"] == "fundapp.app"].count("store:") == 2
    assert [bird for bird in CANARIES if bird in lines.getvalue()] == []


def test_a_slow_statement_is_logged_without_its_parameters(
    app_on_both: Flask, engine_name: str, lines: StringIO
) -> None:
    with app_on_both.app_context():
        if engine_name == "sqlite":
            raw = db.session.connection().connection.driver_connection
            assert raw is not None
            raw.create_function("pause", 1, lambda _name: time.sleep(0.25))
            db.session.execute(text("SELECT pause(:name)"), {"name": NAME})
        else:
            db.session.execute(text("SELECT pg_sleep(0.25), CAST(:name AS text)"), {"name": NAME})
        db.session.execute(text("SELECT 1"))
        db.session.rollback()
    slow = [line for line in _read(lines) if line["logger"] == "fundapp.statements"]
    assert len(slow) == 1
    assert slow[0]["ms"] >= 200
    assert slow[0]["statement"].startswith("SELECT p")
    assert NAME not in lines.getvalue()


def _samples(page: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }


def test_metrics_count_requests_time_mail_and_ledger(app_on_both: Flask) -> None:
    client = app_on_both.test_client()
    with app_on_both.app_context():
        for _time in range(3):
            write(to=EMAIL, language="sv", subject="x", body="x")
        write(to=EMAIL, language="sv", subject="x", body="x").status = MessageStatus.FAILED
        db.session.commit()
    for _time in range(2):
        _get(client, "/sv/")
    _get(client, f"/sv/{FREE_TEXT}")
    answer = _get(client, "/metrics")
    assert answer.content_type.startswith("application/openmetrics-text")
    found = _samples(answer.text)
    start = (("method", "GET"), ("route", "public.start"), ("status", "200"))
    assert found["fundapp_requests_total", start] == 2
    assert found["fundapp_requests_total", (("method", "GET"), ("route", "none"), ("status", "404"))] == 1
    assert found["fundapp_request_seconds_count", (("route", "public.start"),)] == 2
    assert found["fundapp_request_seconds_bucket", (("le", "+Inf"), ("route", "public.start"))] == 2
    assert found["fundapp_outbox_messages", (("status", "waiting"),)] == 3
    assert found["fundapp_outbox_messages", (("status", "failed"),)] == 1
    assert found["fundapp_ledger_faults", ()] == 0
    assert found["fundapp_database_up", ()] == 1
    with app_on_both.app_context():
        db.session.execute(update(Round).values(paid=Round.paid + 1))
        db.session.commit()
    assert _samples(_get(client, "/metrics").text)["fundapp_ledger_faults", ()] > 0
    assert EMAIL not in answer.text
    assert FREE_TEXT not in answer.text


@pytest.mark.parametrize("both_engines", ["postgresql"], indirect=True)
def test_metrics_count_the_jobs_that_wait(both_engines: str, app: Flask) -> None:
    found = _samples(_get(app.test_client(), "/metrics").text)
    assert ("fundapp_jobs", (("status", "todo"),)) in found
    assert ("fundapp_jobs", (("status", "failed"),)) in found


def test_metrics_are_not_public(settings: Settings) -> None:
    token = {"Authorization": "Bearer a token of the watcher"}
    watched = create_app(replace(settings, proxies=1, metrics_token="a token of the watcher"))
    strict = create_app(replace(settings, is_production=True))
    client = watched.test_client()

    def status(client: FlaskClient, address: str, **headers: str) -> int:
        return _get(client, "/metrics", environ_base={"REMOTE_ADDR": address}, headers=headers).status_code

    assert status(client, "127.0.0.1") == 200
    assert status(client, "::1") == 200
    assert status(client, "192.0.2.1") == 404
    assert status(client, "192.0.2.1", **token) == 200
    assert status(client, "192.0.2.1", Authorization="Bearer another token") == 404
    assert status(client, "192.0.2.1", Authorization="") == 404
    assert status(client, "127.0.0.1", **{"X-Forwarded-For": "192.0.2.1"}) == 404
    assert status(client, "127.0.0.1", **{"X-Forwarded-For": "127.0.0.1"}) == 404
    assert status(client, "") == 404
    # A production without a known proxy cannot tell the machine itself from a proxy on it.
    assert status(strict.test_client(), "127.0.0.1") == 404
    for app in (watched, strict):
        with app.app_context():
            db.engine.dispose()


def test_metrics_say_so_when_the_database_is_gone_and_the_process_lives(settings: Settings, tmp_path: Path) -> None:
    nowhere = f"sqlite:///{tmp_path / 'no' / 'such' / 'folder' / 'fundapp.db'}"
    client = create_app(replace(settings, database_url=nowhere)).test_client()
    assert (_get(client, "/livez").status_code, _get(client, "/healthz").status_code) == (200, 503)
    found = _samples(_get(client, "/metrics").text)
    assert found["fundapp_database_up", ()] == 0
    assert found["fundapp_requests_total", (("method", "GET"), ("route", "livez"), ("status", "200"))] == 1


COUNTING = """
import sys
from pathlib import Path
from fundapp.web.tally import Tally
tally = Tally(Path(sys.argv[1]))
for number in range(500):
    tally.count("x", "About.", {"route": "a"})
    tally.observe("y", "About.", {"route": "a"}, number / 100)
"""


def test_counts_of_several_workers_add_up_also_when_one_of_them_is_gone(tmp_path: Path) -> None:
    workers = [subprocess.Popen([sys.executable, "-c", COUNTING, str(tmp_path)]) for _number in range(3)]
    assert [worker.wait(timeout=60) for worker in workers] == [0, 0, 0]
    found = _collected(Tally(tmp_path), server=os.getpid())
    assert found["x_total", (("route", "a"),)] == 1500
    assert found["y_count", (("route", "a"),)] == 1500
    assert found["y_bucket", (("le", "1.0"), ("route", "a"))] == 303


def _collected(tally: Tally, server: int) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:

    tally.folder, registry = tally.all / str(server), CollectorRegistry()
    tally.collect_into(registry)
    return _samples(generate_latest(registry).decode())


def test_counts_of_a_server_that_is_gone_are_cleared_away(tmp_path: Path) -> None:
    gone, here = tmp_path / "999999999", tmp_path / str(os.getpid())
    for folder in (gone, here):
        folder.mkdir()
    Tally(tmp_path).count("x", "About.", {})
    assert (gone.exists(), here.exists()) == (False, True)
