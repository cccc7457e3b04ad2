"""Searching the list of cases: what is searched, how it is folded, and that every way to a case finds it once."""

from datetime import date

import pytest
from flask import Flask
from sqlalchemy import inspect, select, text

from fundapp.accounts.models import Account
from fundapp.applications import actions as applying
from fundapp.applications.models import Application, ApplicationKind
from fundapp.assessments import actions as assessing
from fundapp.db import db
from fundapp.permissions import Role
from fundapp.registry import actions, choices, queries
from fundapp.registry.filters import Filters
from fundapp.search import holds
from tests.factories import on_day
from tests.factories.applications import GRANT, draft, submitted
from tests.factories.assessments import under_assessment
from tests.factories.people import applicant, official, organisation
from tests.factories.registry import registered


def found(who: Account, words: str) -> list[str]:
    """Titles of the first page that searching names and numbers for `words` gives."""
    page = queries.cases(who, Filters(q=words), choices.find(who))
    return [] if page.is_in_text or page.is_near else [row.title for row in page.rows]


# --- what is searched: a test for each source -------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    ["töre", "idrott", "Töre Framtid", "framtid if", "8020015577", "802001-5577", "802001 5577", "FOTBOLL  för  alla"],
)
def test_what_was_sent_is_found_at_once(app_on_both: Flask, words: str) -> None:
    on_day()
    with app_on_both.test_request_context():
        who = official(Role.OFFICER)
        submitted(kind=ApplicationKind.NOMINATION, title="Fotboll för alla i Töre idrottshall")
        other = applicant("Yusuf Berg", "yusuf@annan.example")
        submitted(by=other, organisation=organisation(other, name="Annan", org_number="8020015585"), title="Odling")
        assert found(who, words) == ["Fotboll för alla i Töre idrottshall"]


@pytest.mark.parametrize("words", ["KS 2017:1", "ks", "2017:1", "anslag", "integrationsfond"])
def test_number_and_subject_are_found_once_it_is_registered(app_on_both: Flask, words: str) -> None:
    on_day()
    with app_on_both.test_request_context():
        who = official(Role.REGISTRAR)
        application = submitted(title="Odling")
        assert found(who, words) == []
        actions.register(application, by=who)
        db.session.flush()
        assert found(who, words) == ["Odling"]


def test_a_title_that_a_completion_changed_is_found(app_on_both: Flask) -> None:
    on_day()
    with app_on_both.test_request_context():
        who = official(Role.OFFICER)
        application = under_assessment(officer=who, title="Före")
        assessing.request_completion(application, sections=["project"], what="Byt", due_on=date(2017, 3, 20), by=who)
        person = db.session.get_one(Account, application.created_by_id)
        db.session.commit()  # what follows reads the application and its case anew
        applying.save_section(application, "project", GRANT["project"] | {"title": ["Efteråt"]}, by=person)
        applying.submit(application, by=person)
        assert found(who, "efteråt ks 2017:1") == ["Efteråt"]


def test_a_draft_has_nothing_to_be_searched(app: Flask) -> None:
    on_day()
    with app.test_request_context():
        assert draft(title="Hemlig").search_text is None


# --- how it is folded -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "is_found"),
    [
        ("älvens", True),
        ("ÄLVENS", True),
        ("alvens", True),  # a keyboard without ä
        ("ålvens", False),  # å is not ä
        ("cafe", True),
        ("CAFÉ", True),
        ("hus öppna", True),  # in any order
        ("öppna stängda", False),
        ("pp", False),  # two letters begin a word
        ("öp", True),
        ("100%", False),
        ("%", False),
        ("_", False),
        ("O'Brien", True),
        ("مرحبا", True),
    ],
)
def test_letters_are_compared_as_a_reader_compares_them(app_on_both: Flask, words: str, is_found: bool) -> None:
    on_day()
    with app_on_both.test_request_context():
        who = official(Role.OFFICER)
        submitted(title="Älvens ÖPPNA hus: café, O’Brien, O'Brien & مَرحبا")
        assert bool(found(who, words)) is is_found


# --- both ways to a case ----------------------------------------------------------------------------------------


def test_cases_near_and_far_are_each_found_once_in_both_directions(
    app_on_both: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "PAGE", 2)
    monkeypatch.setattr(queries, "NEAR", 3)
    on_day()
    with app_on_both.test_request_context():
        who = official(Role.OFFICER)
        names = ["Odling 0", "Odling 1", "Teater 2", "Odling 3", "Teater 4", "Teater 5", "Odling 6"]
        for name in names:
            submitted(kind=ApplicationKind.NOMINATION, title=name)
        offered = choices.find(who)

        def page(words: str, **edge: str | None) -> queries.CasePage:
            places = {name: value or "" for name, value in edge.items()}
            return queries.cases(who, Filters(q=words, **places), offered)

        first = page("odling")
        assert [row.title for row in first.rows] == ["Odling 6", "Odling 3"]
        second = page("odling", before=first.older)
        assert [row.title for row in second.rows] == ["Odling 1", "Odling 0"]
        assert second.older is None
        back = page("odling", after=second.newer)
        assert [row.title for row in back.rows] == ["Odling 6", "Odling 3"]
        assert [row.title for row in page("odling 0").rows] == ["Odling 0"]
        oldest = page("odling 0").rows[0].public_id
        assert [row.title for row in page("odling", after=oldest).rows] == ["Odling 3", "Odling 1"]
        assert [row.title for row in page("odling 6", after=oldest).rows] == ["Odling 6"]


def test_postgresql_has_an_index_for_short_words_too(app_on_both: Flask, engine_name: str) -> None:
    with app_on_both.test_request_context():
        if engine_name == "sqlite":
            assert "ix_application_search_text" not in {
                i["name"] for i in inspect(db.engine).get_indexes("application")
            }
            return
        db.session.execute(text("SET enable_seqscan = off"))
        for words in ("odling", "ks", "x", "2017:4"):
            query = select(Application.id).where(holds(Application.search_text, words))
            sql = query.compile(db.engine, compile_kwargs={"literal_binds": True})
            plan = "\n".join(db.session.connection().exec_driver_sql(f"EXPLAIN {sql}").scalars())
            assert "ix_application_search_text" in plan, words


# --- what there was already -------------------------------------------------------------------------------------


def test_the_migration_writes_what_the_app_writes(app_on_both: Flask) -> None:
    on_day()
    with app_on_both.test_request_context():
        submitted(title="Älvens café")
        registered(kind=ApplicationKind.NOMINATION)
        db.session.commit()
        before = dict(db.session.execute(select(Application.id, Application.search_text)).all())
        db.session.rollback()
    with app_on_both.app_context():
        app_on_both.extensions["alembic"].downgrade("0002")
        db.session.commit()
    with app_on_both.app_context():
        app_on_both.extensions["alembic"].upgrade()
        assert len(before) == 2
        assert dict(db.session.execute(select(Application.id, Application.search_text)).all()) == before
