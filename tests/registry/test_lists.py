"""The list of cases: sorted right on both engines, narrowed, kept as views, tolerant of spelling; many at once."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text
from werkzeug.datastructures import MultiDict

from fundapp.accounts.actions import declare_conflict, give_role, take_role
from fundapp.accounts.models import Account
from fundapp.applications.models import SORT_KEYS, Application, ApplicationKind
from fundapp.applications.searched import WrittenText
from fundapp.db import db
from fundapp.history.models import HistoryEntry
from fundapp.permissions import Role
from fundapp.registry import choices, queries
from fundapp.registry.filters import Filters, read
from fundapp.registry.listed import SavedView
from fundapp.remarks.actions import raise_flag
from fundapp.remarks.models import FlagKind
from fundapp.search import distance, near_among, sort_key
from tests.factories import on_day
from tests.factories.applications import draft, submitted
from tests.factories.assessments import assessed, under_assessment
from tests.factories.meetings import planned
from tests.factories.people import applicant, official, organisation
from tests.factories.registry import registered
from tests.ground.apps import SignIn

NOMINATION = ApplicationKind.NOMINATION


@contextmanager
def made(app: Flask) -> Iterator[None]:
    """What is made within is there for the pages. The tokens against forgery are tested for every page elsewhere."""
    app.config["WTF_CSRF_ENABLED"] = False
    on_day()
    with app.test_request_context():
        yield
        db.session.commit()


def soup_of(client: FlaskClient, query: str = "") -> BeautifulSoup:
    answer = client.get(f"/en/cases{query}")
    assert answer.status_code == 200
    return BeautifulSoup(answer.text, "html.parser")


def titles(client: FlaskClient, query: str = "") -> list[str]:
    return [head.get_text(strip=True) for head in soup_of(client, query).select("tbody th")]


def words_of(page: Any) -> str:
    return " ".join(page.get_text(" ").replace("\xa0", " ").split())


def cases_named(*names: str) -> list[str]:
    rows = db.session.execute(select(Application.title, Application.public_id).where(Application.title.in_(names)))
    found = {row.title: row.public_id for row in rows}
    return [found[name] for name in names]


# --- the order --------------------------------------------------------------------------------------------------


def test_swedish_letters_come_last_and_quotes_and_capitals_count_nothing() -> None:
    names = ["Zoo", "Öppet", "“Ankan”", "Ängen", "åtta", "Über", "anka 2", "Øst", "مرحبا"]
    assert sorted(names, key=sort_key) == ["anka 2", "“Ankan”", "Über", "Zoo", "åtta", "Ängen", "Öppet", "Øst", "مرحبا"]


def test_the_list_goes_by_title_on_both_engines_and_back_again(
    app_on_both: Flask, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "PAGE", 2)
    names = ["Anka", "Zoo", "åtta", "Ängen", "Öppet"]
    with made(app_on_both):
        who = official(Role.OFFICER)
        for name in ("Ängen", "Zoo", "Öppet", "Anka", "åtta"):
            submitted(kind=NOMINATION, title=name)
    client, query, seen = signed_in(who), "?sort=title", []
    while query:
        page = soup_of(client, query)
        seen += [head.get_text(strip=True) for head in page.select("tbody th")]
        onwards = page.select_one(".pager a[rel=next]")
        query = onwards["href"].partition("/en/cases")[2] if onwards else ""
    assert seen == names
    back = page.select_one(".pager a[rel=prev]")["href"].partition("/en/cases")[2]
    assert titles(client, back) == ["åtta", "Ängen"]
    assert titles(client, "?sort=-title") == ["Öppet", "Ängen"]
    assert (
        soup_of(client, "?sort=-title").select_one("th[aria-sort=descending]").get_text(" ", strip=True) == "Subject ▾"
    )


def test_each_column_sorts_by_what_it_shows(app_on_both: Flask, signed_in: SignIn) -> None:
    with made(app_on_both):
        who = official(Role.OFFICER, name="Östen Ek")
        other = official(Role.OFFICER, name="Anna Ek")
        first = applicant()
        small = organisation(first, name="Åsens vänner")
        under_assessment(officer=who, by=first, organisation=small, title="Litet", amount="10 000")
        under_assessment(officer=other, title="Stort", amount="45 000")
        submitted(title="Nytt", amount="20 000")
    on_day(date(2017, 3, 7))
    client = signed_in(who)
    for sort, wanted in (
        ("sought", ["Litet", "Nytt", "Stort"]),
        ("-sought", ["Stort", "Nytt", "Litet"]),
        ("applicant", ["Stort", "Nytt", "Litet"]),
        ("officer", ["Nytt", "Stort", "Litet"]),
        ("state", ["Nytt", "Litet", "Stort"]),
        ("number", ["Nytt", "Litet", "Stort"]),
        ("sent", ["Litet", "Stort", "Nytt"]),
        ("-sent", ["Nytt", "Stort", "Litet"]),
    ):
        assert titles(client, f"?sort={sort}") == wanted, sort


def test_a_new_name_or_officer_moves_the_case(app_on_both: Flask) -> None:
    on_day()
    with app_on_both.test_request_context():
        who = official(Role.OFFICER, name="Östen Ek")
        application = under_assessment(officer=who)
        db.session.commit()
        key = select(Application.officer_key).where(Application.id == application.id)
        assert db.session.scalar(key) == sort_key("Östen Ek")
        who.name = "Anna Ek"
        db.session.commit()
        assert db.session.scalar(key) == sort_key("Anna Ek")


def test_the_tenth_case_of_a_year_comes_after_the_ninth(app: Flask, signed_in: SignIn) -> None:
    with made(app):
        who = official(Role.OFFICER)
        for number in range(1, 11):
            registered(kind=NOMINATION, title=f"Nr {number}")
    assert titles(signed_in(who), "?sort=number") == [f"Nr {number}" for number in range(1, 11)]


# --- filters ----------------------------------------------------------------------------------------------------


def test_filters_by_sum_area_body_year_and_language(app_on_both: Flask, signed_in: SignIn) -> None:
    with made(app_on_both):
        who = official(Role.OFFICER)
        submitted(title="Litet", amount="10 000", areas=["1"])
        submitted(title="Stort", amount="45 000", areas=["2", "3"], text_language="ar")
        submitted(kind=NOMINATION, title="Utan summa")
    client = signed_in(who)
    for query, wanted in (
        ("least=20+000", ["Stort"]),
        ("most=20000+kr", ["Litet"]),
        ("least=10000&most=45000", ["Stort", "Litet"]),
        ("area=2", ["Stort"]),
        ("board=KS", ["Utan summa", "Stort", "Litet"]),
        ("year=2017", ["Utan summa", "Stort", "Litet"]),
        ("year=2016", []),
        ("language=ar", ["Stort"]),
        ("officer=nobody", ["Utan summa", "Stort", "Litet"]),
    ):
        assert titles(client, f"?{query}") == wanted, query


def test_flagged_cases_are_found_by_those_who_may_read_flags(app: Flask, signed_in: SignIn) -> None:
    with made(app):
        who, reader = official(Role.OFFICER), official(Role.AUDITOR)
        flagged = registered(title="Flaggad")
        raise_flag(flagged, kind=FlagKind.STOP, reason="Firmatecknaren saknas.", by=who)
        registered(title="Utan")
    client = signed_in(who)
    assert titles(client, "?flag=stop") == ["Flaggad"]
    assert titles(client, "?flag=any") == ["Flaggad"]
    assert titles(client, "?flag=look") == []
    told = soup_of(signed_in(reader), "?flag=stop")
    assert "The list has no filter “flag=stop”." in words_of(told)
    assert "Firmatecknaren" not in words_of(told)


def test_a_former_officers_cases_are_found_and_named(app_on_both: Flask, signed_in: SignIn) -> None:
    with made(app_on_both):
        who = official(Role.OFFICER, name="Karin Sandberg")
        gone = official(Role.OFFICER, name="Sven Slutat")
        under_assessment(officer=who, title="Karins")
        under_assessment(officer=gone, title="Svens")
        give_role(gone, Role.REGISTRAR, by=None)
        take_role(next(row for row in gone.role_rows if row.role is Role.OFFICER), by=None)
        left = gone.public_id
    client = signed_in(who)
    assert titles(client, "?officer=former") == ["Svens"]
    assert titles(client, f"?officer={left}") == ["Svens"]
    assert "Sven Slutat (not an officer now)" in words_of(soup_of(client, f"?officer={left}"))
    assert "no filter" in words_of(soup_of(client, "?officer=nobodyatall"))


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("colour=blue", "The list has no filter “colour=blue”. It was left out."),
        ("fund=nothing", "The list has no filter “fund=nothing”. It was left out."),
        ("state=draft", "The list has no filter “state=draft”. It was left out."),
        ("sort=luck", "The list has no filter “sort=luck”. It was left out."),
        ("col=shoe&col=number", "The list has no filter “col=shoe number”. It was left out."),
        ("year=1066", "The list has no filter “year=1066”. It was left out."),
        ("least=mycket", "Write the sum in whole kronor, for example 45 000. “mycket” was left out."),
    ],
)
def test_a_filter_nobody_offers_is_told_and_left_out(app: Flask, signed_in: SignIn, query: str, told: str) -> None:
    with made(app):
        who = official(Role.OFFICER)
        submitted(title="Odling")
    page = soup_of(signed_in(who), f"?{query}")
    assert told in words_of(page)
    assert [head.get_text(strip=True) for head in page.select("tbody th")] == ["Odling"]
    if query.startswith("least"):
        assert page.select_one("#filter-least")["value"] == "mycket"


def test_the_reader_chooses_columns_and_they_stand_in_the_address(app: Flask, signed_in: SignIn) -> None:
    with made(app):
        who = official(Role.OFFICER)
        submitted(title="Odling")
    page = soup_of(signed_in(who), "?col=fund&col=org&col=sent")
    heads = [head.get_text(strip=True) for head in page.select("thead th")]
    assert heads == ["Chosen", "Subject", "Org.nr", "Fund", "Sent in on"]
    assert "Odling 802001-5577 Integrationsfonden 2017-03-06" in words_of(page.select_one("tbody")) or "2017-03-06" in (
        words_of(page.select_one("tbody"))
    )
    assert page.find("a", string="Download as CSV")["href"].count("col=") == 3


# --- a search that finds nothing ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "word", "count"),
    [
        ("fotbol", "fotboll", 0),
        ("kalx", "kalix", 1),
        ("frmatid", "framtid", 1),
        ("integrasjon", "integrationsfond", 2),
        ("sprakafe", "sprakkafe", 1),
        ("kalix", "kalix", 0),
        ("kalix", "luleå", None),
        ("tore", "tjorn", None),
    ],
)
def test_how_far_a_word_is_from_another(typed: str, word: str, count: int | None) -> None:
    assert distance(typed, word) == count


def test_the_quick_look_for_near_words_misses_none_that_counting_finds() -> None:
    chance = random.Random(7)  # noqa: S311  repeatable
    typed = ["kalix", "tore", "framtid", "integration", "sprakkafe", "finnsinte", "aaaa", "abababab"]
    near, words = 0, set()
    for word in typed * 400:
        letters = list(word)
        for _change in range(chance.randrange(4)):
            at = chance.randrange(len(letters))
            kind = chance.choice(("swap", "change", "drop", "add"))
            if kind == "swap":
                letters[at - 1 : at + 1] = letters[at - 1 : at + 1][::-1]
            else:
                letters[at : at + (kind != "add")] = (
                    [] if kind == "drop" and len(letters) > 2 else chance.choice("abkt")
                )
        words.add("".join(letters) + chance.choice(("", "", "fond")))
    for word in typed:
        counted = {other: count for other in words if (count := distance(word, other)) is not None}
        assert near_among(word, words) == counted
        near += len(counted)
    assert near > 500


@pytest.mark.parametrize("typed", ["framtd", "frmatid fotbol", "töre framtdi"])
def test_a_word_that_is_spelled_almost_so_finds_the_case_and_says_so(
    app_on_both: Flask, signed_in: SignIn, typed: str
) -> None:
    with made(app_on_both):
        who, partial = official(Role.OFFICER), official(Role.OFFICER)
        hers = submitted(kind=NOMINATION)
        submitted(title="Odling")
        declare_conflict(by=partial, reason="Min bror spelar.", application=hers)
    page = soup_of(signed_in(who), f"?q={typed}")
    assert [head.get_text(strip=True) for head in page.select("tbody th")] == ["Fotboll för alla i Töre"]
    assert f"Nothing is spelled “{typed}”. These come near." in words_of(page)
    assert titles(signed_in(partial), f"?q={typed}") == []
    assert titles(signed_in(who), f"?q={typed}+2017:9") == []


def test_what_was_written_is_found_where_no_name_holds_it(app_on_both: Flask, signed_in: SignIn) -> None:
    with made(app_on_both):
        who, partial = official(Role.OFFICER), official(Role.OFFICER)
        hers = submitted(title="Odling", background=["Bikupor på taket"])
        submitted(title="Teater")
        declare_conflict(by=partial, reason="Min bror odlar.", application=hers)
    page = soup_of(signed_in(who), "?q=bikupor")
    assert [head.get_text(strip=True) for head in page.select("tbody th")] == ["Odling"]
    assert "No name or number holds “bikupor”. These applications hold it in their text." in words_of(page)
    assert titles(signed_in(who), "?q=bikupor&text=1&sort=title") == ["Odling"]
    assert titles(signed_in(partial), "?q=bikupor") == []
    assert titles(signed_in(partial), "?q=bikupor&text=1") == []


def test_the_words_of_the_latest_copy_are_kept_and_what_was_chosen_is_not(app_on_both: Flask) -> None:
    on_day()
    with app_on_both.test_request_context():
        application = submitted(title="Odling")
        kept = db.session.scalar(select(WrittenText.words).where(WrittenText.application_id == application.id))
        assert " malören" in kept
        assert " malaren" not in kept
        assert " maloren" in kept


# --- views ------------------------------------------------------------------------------------------------------


def test_a_view_is_kept_renamed_shared_and_removed(app_on_both: Flask, signed_in: SignIn) -> None:
    with made(app_on_both):
        who, colleague, member = official(Role.OFFICER), official(Role.REGISTRAR), official(Role.MEMBER)
        submitted(title="Odling")
    client, other = signed_in(who), signed_in(colleague)
    kept = client.post("/en/cases/views", data={"list": "state=submitted&sort=title&colour=x", "name": "  Att  göra "})
    assert kept.location == "/en/cases?state=submitted&sort=title"
    link = soup_of(client).find("a", string="Att göra")
    assert link["href"] == "/en/cases?state=submitted&sort=title"
    assert soup_of(client, "?state=submitted&sort=title").select_one("a[aria-current=true]").get_text() == "Att göra"
    assert soup_of(other).find("a", string="Att göra") is None
    place = BeautifulSoup(client.get("/en/cases/views").text, "html.parser").select_one("li form")["action"]
    assert client.post(place, data={"name": "Nytt namn", "shared": "1"}).status_code == 302
    assert "Nytt namn" in words_of(soup_of(other))
    assert "Nytt namn" not in words_of(soup_of(signed_in(member)))
    assert other.post(place, data={"name": "Mitt"}).status_code == 404
    assert client.post(f"{place}/remove").status_code == 302
    assert "Nytt namn" not in words_of(soup_of(client))


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("", "Write a name for the view."),
        ("x" * 61, "Write a name of at most 60 letters."),
        ("MINA", "You have a view of that name already. Choose another name."),
    ],
)
def test_a_view_that_cannot_be_kept_says_why_and_keeps_what_was_typed(
    app: Flask, signed_in: SignIn, name: str, told: str
) -> None:
    with made(app):
        who = official(Role.OFFICER)
    client = signed_in(who)
    client.post("/en/cases/views", data={"list": "mine=1", "name": "Mina"})
    client.post("/en/cases/views", data={"list": "late=1", "name": "Sena"})
    answer = client.post("/en/cases/views", data={"list": "q=odling", "name": name, "shared": "1"})
    page = BeautifulSoup(answer.text, "html.parser")
    assert answer.status_code == 422
    assert told in words_of(page)
    assert (page.select_one("#view-name").get("value", ""), page.select_one("[name=list]")["value"]) == (
        name,
        "q=odling",
    )
    assert page.select_one("#view-shared").has_attr("checked")
    own = BeautifulSoup(client.get("/en/cases/views").text, "html.parser").select("li form")
    assert client.post(own[1]["action"], data={"name": name}).status_code == 422
    with app.app_context():
        assert sorted(db.session.scalars(select(SavedView.name))) == ["Mina", "Sena"]


# --- many at once -----------------------------------------------------------------------------------------------


def test_cases_are_given_to_an_officer_and_each_that_cannot_be_is_named(app_on_both: Flask, signed_in: SignIn) -> None:
    with made(app_on_both):
        who, officer = official(Role.REGISTRAR), official(Role.OFFICER, name="Karin Sandberg")
        owner = applicant()
        theirs = organisation(owner, name="Brorsans IF", org_number="8024001128")
        registered(title="Ett")
        registered(title="Två")
        submitted(by=owner, organisation=theirs, title="Jävig")
        under_assessment(officer=officer, title="Hennes")
        declare_conflict(by=officer, reason="Min bror är kassör.", organisation=theirs)
        rows = cases_named("Ett", "Två", "Jävig", "Hennes")
        karin = officer.public_id
    client = signed_in(who)
    answer = client.post(
        "/en/cases/assign", data={"case": [*rows, "nosuchcase22"], "officer": karin, "which": "chosen"}
    )
    page = words_of(BeautifulSoup(answer.text, "html.parser").select_one("main"))
    assert "Karin Sandberg is now the officer of 2 cases." in page
    assert "Jävig Karin Sandberg cannot work on this case." in page
    assert "Hennes Karin Sandberg has the case already." in page
    assert "1 case that you chose is not in your list any more." in page
    assert titles(client, f"?officer={karin}&sort=title") == ["Ett", "Hennes", "Två"]
    with app_on_both.app_context():
        told = select(HistoryEntry.facts).where(HistoryEntry.event == "assign_officer")
        assert [facts["officer"] for facts in db.session.scalars(told)] == ["Karin Sandberg"] * 2
    story = BeautifulSoup(client.get(f"/en/cases/{rows[0]}").text, "html.parser")
    assert "Karin Sandberg became the case's officer" in words_of(story)


def test_a_case_with_a_conflict_is_neither_given_out_nor_named(app_on_both: Flask, signed_in: SignIn) -> None:
    with made(app_on_both):
        partial, officer = official(Role.REGISTRAR), official(Role.OFFICER)
        hers = registered(title="Kanariefågel")
        declare_conflict(by=partial, reason="Min bror är kassör.", application=hers)
        row, karin = hers.public_id, officer.public_id
    client = signed_in(partial)
    for which in ("chosen", "page", "all"):
        data = {"case": row, "page": row, "which": which, "officer": karin, "list": "q=kanariefågel"}
        answer = client.post("/en/cases/assign", data=data, follow_redirects=True)
        assert answer.status_code == 200
        assert "Kanariefågel" not in answer.text.replace("“kanariefågel”", "")
    with app_on_both.app_context():
        assert db.session.scalars(select(Application.officer_id)).one() is None


def test_all_on_the_page_and_all_of_the_list_are_two_things(
    app: Flask, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "PAGE", 2)
    with made(app):
        who = official(Role.REGISTRAR)
        officers = [official(Role.OFFICER, name=name).public_id for name in ("Anna", "Bo")]
        for number in range(3):
            registered(kind=NOMINATION, title=f"Nr {number}")
        submitted(title="Utanför")
    client = signed_in(who)
    page = soup_of(client, "?state=registered").select_one("#bulk [name=page]")["value"]
    data = {"list": "state=registered", "page": page}
    assert client.post("/en/cases/assign", data={**data, "which": "page", "officer": officers[0]}).status_code == 302
    assert len(titles(client, f"?officer={officers[0]}")) == 2
    client.post("/en/cases/assign", data={**data, "which": "all", "officer": officers[1]})
    monkeypatch.setattr(queries, "PAGE", 25)
    assert sorted(titles(client, f"?officer={officers[1]}")) == ["Nr 0", "Nr 1", "Nr 2"]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({}, "Choose an officer."),
        ({"officer": "nobody"}, "Choose an officer."),
        ({"officer": "karin"}, "Choose at least one case in the list."),
        ({"officer": "karin", "case": [f"case{n:08}" for n in range(501)]}, "At most 500 cases at once."),
    ],
)
def test_what_is_missing_is_told_on_the_list_itself(
    app: Flask, signed_in: SignIn, data: dict[str, Any], told: str
) -> None:
    with made(app):
        who, officer = official(Role.REGISTRAR), official(Role.OFFICER)
        submitted(title="Odling")
        karin = officer.public_id
    asked = {**data, "list": "state=submitted"} | ({"officer": karin} if data.get("officer") == "karin" else {})
    client = signed_in(who)
    answer = client.post("/en/cases/assign", data=asked)
    assert answer.location == "/en/cases?state=submitted"
    assert told in words_of(soup_of(client, "?state=submitted"))


def test_ready_cases_come_to_the_agenda_together_and_the_others_say_why(app_on_both: Flask, signed_in: SignIn) -> None:
    with made(app_on_both):
        who = official(Role.SECRETARY)
        sitting = planned(secretary=who).public_id
        assessed(title="Färdig")
        assessed(title="Också färdig")
        registered(title="Inte än")
        rows = cases_named("Färdig", "Också färdig", "Inte än")
    client = signed_in(who)
    answer = client.post("/en/cases/agenda", data={"case": rows, "meeting": sitting})
    page = words_of(BeautifulSoup(answer.text, "html.parser").select_one("main"))
    assert "2 cases are on the agenda." in page
    assert "1 case was left as it was." in page
    assert "Inte än" in page
    assert sorted(titles(client, "?state=on_agenda")) == ["Färdig", "Också färdig"]
    on_it = BeautifulSoup(client.get(f"/en/meetings/{sitting}").text, "html.parser").select_one("main")
    assert "Inte än" not in words_of(on_it)
    again = client.post("/en/cases/agenda", data={"case": rows[:2], "meeting": sitting})
    assert again.status_code == 302


def test_an_officer_puts_nothing_on_an_agenda_and_an_auditor_gives_nothing_out(app: Flask, signed_in: SignIn) -> None:
    with made(app):
        officer, auditor = official(Role.OFFICER), official(Role.AUDITOR)
        submitted(title="Odling")
    assert signed_in(officer).post("/en/cases/agenda").status_code == 403
    assert signed_in(auditor).post("/en/cases/assign").status_code == 403
    page = soup_of(signed_in(auditor))
    assert page.select_one("#bulk-officer") is None
    assert page.select_one("#bulk-meeting") is None


# --- how it is asked --------------------------------------------------------------------------------------------


def test_postgresql_walks_the_list_by_an_index_for_every_order(app_on_both: Flask, engine_name: str) -> None:
    if engine_name == "sqlite":
        return
    on_day()
    with app_on_both.test_request_context():
        who: Account = official(Role.OFFICER)
        submitted(title="Odling")
        db.session.flush()
        db.session.execute(text("SET enable_seqscan = off"))
        db.session.execute(text("SET enable_sort = off"))
        offered = choices.find(who)
        for sort, index in (
            ("title", "title_key"),
            ("-applicant", "applicant_key"),
            ("officer", "officer_key"),
            ("number", "number_key"),
            ("-sought", "sought_key"),
            ("state", "state_key"),
            ("sent", "submitted_at"),
        ):
            narrowed = read(MultiDict({"sort": sort, "before": "anybody"}), offered)
            query = queries._asked_for(who, narrowed, offered)
            sql = query.compile(db.engine, compile_kwargs={"literal_binds": True})
            plan = "\n".join(db.session.connection().exec_driver_sql(f"EXPLAIN {sql}".replace("%", "%%")).scalars())
            assert f"Index Scan using ix_application_{index}_id" in plan or f"ix_application_{index}_id" in plan, plan
            assert "Index Cond: (ROW(" in plan, plan


def test_filters_that_are_left_out_are_not_in_the_words() -> None:
    assert Filters(sort="title", q="x").words() == {"q": "x", "sort": "title"}
    assert Filters(sort="title", q="x").narrowing() == {"q": "x"}


# --- what there was already -------------------------------------------------------------------------------------


def test_the_migration_sorts_and_writes_as_the_app_does(app_on_both: Flask) -> None:
    def kept() -> list[Any]:
        columns = (Application.id, *(getattr(Application, name) for name in SORT_KEYS), WrittenText.words)
        found = select(*columns).outerjoin(WrittenText, WrittenText.application_id == Application.id)
        return list(db.session.execute(found.order_by(Application.id)))

    on_day()
    with app_on_both.test_request_context():
        under_assessment(title="Älvens “café”", officer=official(Role.OFFICER, name="Östen Ek"))
        submitted(kind=NOMINATION)
        draft()
        db.session.commit()
        before = [tuple(row) for row in kept()]
        db.session.rollback()
    with app_on_both.app_context():
        app_on_both.extensions["alembic"].downgrade("0019")
        db.session.commit()
    with app_on_both.app_context():
        app_on_both.extensions["alembic"].upgrade()
        assert len(before) == 3
        assert [tuple(row) for row in kept()] == before
