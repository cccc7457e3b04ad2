"""The look for viruses: off unless it is turned on, and once it is on, nothing passes that was not looked through."""

import io
import os
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import select

from fundapp.config import Settings
from fundapp.db import db
from fundapp.files import NotAccepted, StoredFile, accept
from fundapp.languages import speaking
from fundapp.scan import ScannerAway, virus_in
from tests.factories import on_day
from tests.factories.applications import PDF, draft
from tests.factories.people import applicant
from tests.ground.apps import SignIn
from tests.ground.clamd import EVIL, Scanner
from tests.ground.pages import send
from tests.ground.shared import free_port


def _with(app: Flask, address: str) -> Flask:
    """`app`, with the scanner at `address` turned on."""
    ours: Settings = app.extensions["fundapp.settings"]
    app.extensions["fundapp.settings"] = replace(ours, clamd=address)
    return app


def _reason(content: bytes) -> str:
    with pytest.raises(NotAccepted) as refused:
        accept([("stadgar.pdf", content)])
    with speaking("en"):
        return str(refused.value.reason)


def test_without_the_setting_nothing_is_asked(app: Flask) -> None:
    with app.app_context():
        assert virus_in(EVIL) is None
        assert accept([("stadgar.pdf", PDF)]).content == PDF


def test_all_of_a_file_reaches_the_scanner(app: Flask, scanner: Scanner) -> None:
    contents = [b"x", os.urandom(64 * 1024), os.urandom(1_000_001)]
    with _with(app, scanner.address).app_context():
        assert [virus_in(content) for content in contents] == [None, None, None]
    assert scanner.scanned == contents


def test_what_is_found_is_named(app: Flask, scanner: Scanner) -> None:
    scanner.answer = b"stream: Win.Test.EICAR_HDB-1 FOUND\0"
    with _with(app, scanner.address).app_context():
        assert virus_in(PDF) == "Win.Test.EICAR_HDB-1"
        assert _reason(PDF) == "The file holds a virus and was not taken: stadgar."


@pytest.mark.parametrize(
    "answer", [b"INSTREAM size limit exceeded. ERROR\0", b"", b"stream: OK maybe\0", b"UNKNOWN COMMAND\0"]
)
def test_an_answer_that_is_not_clean_or_found_takes_nothing(app: Flask, scanner: Scanner, answer: bytes) -> None:
    scanner.answer = answer
    with _with(app, scanner.address).app_context():
        with pytest.raises(ScannerAway):
            virus_in(PDF)
        assert "Files cannot be looked through for viruses just now" in _reason(PDF)


def test_a_scanner_that_is_away_takes_nothing(app: Flask) -> None:
    for address in (f"127.0.0.1:{free_port()}", "/nowhere/clamd.sock"):
        with _with(app, address).app_context():
            assert "so none is taken. Try again in a while." in _reason(PDF)


def test_each_of_several_photographs_is_looked_through(app: Flask, scanner: Scanner) -> None:
    with _with(app, scanner.address).app_context(), pytest.raises(NotAccepted):
        accept([("a.pdf", PDF), ("b.pdf", b"second")])
    assert scanner.scanned == [PDF, b"second"]


def test_a_refused_upload_is_told_beside_the_field_and_keeps_nothing(
    app: Flask, signed_in: SignIn, scanner: Scanner
) -> None:
    on_day()
    scanner.answer = b"stream: Own.Evil FOUND\0"
    with _with(app, scanner.address).app_context():
        public_id = draft(by=applicant(email="jag@exempel.example"), with_attachments=False).public_id
        db.session.commit()
    sent = {"kind": "other", "file": [(io.BytesIO(PDF), "stadgar.pdf")]}
    answer = send(signed_in("jag@exempel.example"), f"/en/applications/{public_id}/attachments", sent)
    assert answer.status_code == 422
    assert "The file holds a virus and was not taken: stadgar." in answer.text
    with app.app_context():
        assert db.session.scalars(select(StoredFile)).all() == []


@pytest.mark.slow
def test_the_real_clamd_finds_what_it_knows_and_passes_the_rest(app: Flask, clamd: str) -> None:
    with _with(app, clamd).app_context():
        assert virus_in(PDF) is None
        assert virus_in(EVIL) == "Own.Evil.UNOFFICIAL"
        assert virus_in(os.urandom(15 * 1024 * 1024)) is None
