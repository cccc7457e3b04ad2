"""Drawn papers: a job draws them for their first reader; what is kept is what would be drawn, and may be lost."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from fundapp import clock, documents, drawn, jobs, store
from fundapp.config import Settings
from fundapp.db import db
from fundapp.documents import Paper
from tests.factories import on_day
from tests.factories.applications import submitted
from tests.ground.databases import settings_for
from tests.ground.s3 import on_s3
from tests.ground.shared import free_port


@pytest.fixture(params=["folder"])
def settings(request: pytest.FixtureRequest, tmp_path: Path, database_url: str) -> Settings:
    ours = settings_for(tmp_path, database_url)
    if request.param == "s3":
        return on_s3(ours, request.getfixturevalue("s3_address"), request.getfixturevalue("bucket"))
    if request.param == "a server that is gone":
        return on_s3(ours, f"http://127.0.0.1:{free_port()}", "files")
    return ours


@pytest.fixture(autouse=True)
def ask_again() -> Iterator[None]:
    """The pause after a store that did not answer belongs to the test that met it."""
    yield
    drawn._asks_again_at = 0.0


on_both_stores = pytest.mark.parametrize("settings", ["folder", "s3"], indirect=True)


def _paper() -> Paper:
    """The receipt of an application that was just sent."""
    on_day()
    sent = submitted().last_submission
    assert sent is not None
    db.session.commit()
    return sent.paper


def _key(paper: Paper) -> str:
    return drawn.key_of(paper.template, paper.content, paper.drawn_up_at)


def _waiting() -> list[tuple[str, dict[str, object]]]:
    found = db.session.execute(text("SELECT task_name, args FROM procrastinate_jobs WHERE status = 'todo' ORDER BY id"))
    jobs_found = [(name, args) for name, args in found]
    db.session.rollback()
    return jobs_found


@on_both_stores
def test_a_paper_is_kept_as_it_would_be_drawn_and_read_from_the_store(app: Flask) -> None:
    with app.test_request_context():
        paper = _paper()
        as_drawn = documents.pdf(paper)
        assert not store.has(_key(paper))  # a reader keeps nothing
        assert drawn._asks_again_at == 0.0  # and a store with nothing in it is no store that is away
        jobs.draw_papers([paper.id])
        assert store.content_of(_key(paper)) == as_drawn
        store.delete(_key(paper))
        store.put(_key(paper), b"%PDF from the store")
        assert documents.pdf(paper) == b"%PDF from the store"
        store.delete(_key(paper))
        assert documents.pdf(paper) == as_drawn


@on_both_stores
def test_drawn_twice_is_kept_once(app: Flask) -> None:
    with app.test_request_context():
        paper = _paper()
        assert documents.keep_pdf(paper) is True
        assert documents.keep_pdf(paper) is False
        at_once = drawn.key_of("another", {}, clock.now())
        # Another worker keeps the same while this one draws.
        assert drawn.keep(at_once, lambda: store.put(at_once, b"%PDF") or b"%PDF") is False
        assert store.content_of(at_once) == b"%PDF"


@pytest.mark.parametrize("settings", ["a server that is gone"], indirect=True)
def test_without_a_store_a_paper_is_drawn_and_the_store_not_asked_again_for_a_minute(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    with app.test_request_context():
        paper = documents.draw_up("no/matter.typ", {}, file_name="x.pdf")
        db.session.flush()
        key = _key(paper)
        assert (drawn.kept(key), drawn.kept(key)) == (None, None)
    assert caplog.text.count("no answer for a drawn paper") == 1


def test_another_template_another_content_or_another_day_is_another_drawing() -> None:
    now = clock.now()
    keys = {
        drawn.key_of(template, content, at)
        for template, content, at in (
            ("a.typ", {"x": 1}, now),
            ("b.typ", {"x": 1}, now),
            ("a.typ", {"x": 2}, now),
            ("a.typ", {"x": 1}, clock.start_of(clock.today())),
        )
    }
    assert len(keys) == 4
    assert drawn.key_of("a.typ", {"x": 1, "y": 2}, now) == drawn.key_of("a.typ", {"y": 2, "x": 1}, now)


@pytest.mark.parametrize("both_engines", ["postgresql"], indirect=True)
def test_a_transaction_that_draws_up_papers_brings_one_job_with_their_keys(both_engines: str, app: Flask) -> None:
    with app.test_request_context():
        papers = [documents.draw_up("x.typ", {}, file_name="x.pdf") for _number in range(3)]
        db.session.flush()
        db.session.rollback()
        db.session.commit()
        assert _waiting() == []
        papers = [documents.draw_up("x.typ", {}, file_name="x.pdf") for _number in range(3)]
        db.session.commit()
        keys = [paper.id for paper in papers]
        ((name, args),) = _waiting()
        assert name == jobs.DRAW
        assert sorted(args["papers"])[-3:] == sorted(keys)  # type: ignore[call-overload]


def test_one_paper_that_cannot_be_drawn_is_told_of_and_does_not_stop_the_others(
    app_on_both: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    on_day()
    with app_on_both.test_request_context():
        ill = documents.draw_up("no/such/template.typ", {}, file_name="x.pdf")
        paper = _paper()
        jobs.draw_papers([ill.id, 987_654, paper.id])
        assert store.has(_key(db.session.get_one(Paper, paper.id)))
        ill = db.session.get_one(Paper, ill.id)
        assert f"paper {ill.public_id} cannot be drawn" in caplog.text


def test_papers_that_no_job_drew_are_drawn_by_the_clock(app_on_both: Flask) -> None:
    with app_on_both.test_request_context():
        keys = [_key(_paper()) for _number in range(2)]
    for _run in range(2):
        with app_on_both.app_context():
            jobs.draw_newest()
            assert [store.has(key) for key in keys] == [True, True]
