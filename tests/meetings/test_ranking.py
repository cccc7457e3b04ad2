"""Laying cases in order for a sitting: sums that run, a line where the money ends, and nothing in the cases changed."""

from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from fundapp.accounts.actions import declare_conflict
from fundapp.accounts.models import Account, OrganisationKind
from fundapp.applications.models import Application
from fundapp.assessments.models import Assessment
from fundapp.db import db
from fundapp.funds.actions import change_frame
from fundapp.languages import speaking
from fundapp.meetings import actions, ranking, ranking_rules
from fundapp.meetings.models import Meeting, MinuteItem
from fundapp.permissions import Role
from fundapp.workflow import NotAllowed, StepNotPossible
from tests.decisions.test_races import at_once
from tests.factories import DAY, on_day
from tests.factories.assessments import assessed
from tests.factories.meetings import planned
from tests.factories.people import applicant, official, organisation
from tests.ground.apps import SignIn
from tests.test_statements import counted

A, B, C, D = "abcd"


@pytest.fixture(autouse=True)
def day(app: Flask) -> None:
    on_day()
    app.config["WTF_CSRF_ENABLED"] = False


# --- the rules, by themselves -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("numbers", "order"),
    [
        ({}, "abcd"),
        ({D: 1}, "dabc"),
        ({A: 4}, "bcda"),
        ({A: 2, B: 1}, "bacd"),
        ({A: 99}, "bcda"),
        ({C: 1, D: 1}, "cdab"),
    ],
)
def test_a_case_takes_the_place_of_the_number_written_at_it(numbers: dict[str, int], order: str) -> None:
    assert "".join(ranking_rules.by_numbers("abcd", numbers)) == order


def test_who_is_moved_at_an_end_stays() -> None:
    assert ranking_rules.moved("abc", A, up=True) == [A, B, C]
    assert ranking_rules.moved("abc", C, up=False) == [A, B, C]
    assert ranking_rules.moved("abc", B, up=True) == [B, A, C]
    assert ranking_rules.moved("abc", "x", up=True) == [A, B, C]


def test_a_kept_order_leaves_out_who_is_gone_and_takes_in_who_came() -> None:
    assert ranking_rules.in_order([A, B, C], [{"case": C}, {"case": "gone"}, {"case": A}]) == [C, A, B]


def test_what_the_author_does_not_see_stays_at_its_place_with_its_sum() -> None:
    kept = [{"case": A, "amount": 1}, {"case": B, "amount": 2}, {"case": C, "amount": None}]
    new = ranking_rules.merged(kept, [C, A], {C: 7}, {B})
    assert new == [{"case": C, "amount": 7}, {"case": B, "amount": 2}, {"case": A, "amount": None}]


def test_each_round_has_its_own_running_sum() -> None:
    assert ranking_rules.left_after([(1, 40), (2, 10), (1, 70), (2, 5)], {1: 100, 2: 10}) == [60, 0, -10, -5]


# --- the page ---------------------------------------------------------------------------------------------------


class Place:
    """Three ready cases of 45 000 kr each against a frame of 100 000, and a planned sitting with an empty agenda."""

    def __init__(self, app: Flask) -> None:
        with app.test_request_context():
            self.secretary, self.officer = official(Role.SECRETARY), official(Role.OFFICER)
            cases = [assessed(title=f"Projekt {n}") for n in (1, 2, 3)]
            change_frame(cases[0].round, 100_000, reference="KS § 1", decided_on=DAY, by=self.secretary)
            meeting = planned(secretary=self.secretary)
            self.cases = [case.public_id for case in cases]
            self.path = f"/en/meetings/{meeting.public_id}/ranking"
            self.meeting = meeting.public_id
            db.session.commit()

    def on_agenda(self, app: Flask) -> None:
        with app.test_request_context():
            cases = db.session.scalars(select(Application).order_by(Application.id)).all()
            actions.put_on_agenda(the_meeting(), cases, by=db.session.merge(self.secretary))
            db.session.commit()


def the_meeting() -> Meeting:
    return db.session.scalars(select(Meeting)).one()


def soup_of(answer: Any) -> BeautifulSoup:
    return BeautifulSoup(answer.data, "html.parser")


def titles(answer: Any) -> list[str]:
    """The cases in order; "END" where the line stands."""
    found = []
    for row in soup_of(answer).select("main form tbody tr"):
        head = row.select_one("th .hint")
        found.append(head.get_text(strip=True) if head else "END")
    return found


def left(answer: Any) -> list[str]:
    cells = [row.select("td.amount") for row in soup_of(answer).select("main form tbody tr") if row.select("th")]
    return [" ".join(row[-1].get_text(" ").split()) for row in cells]


def lay(client: FlaskClient, place: Place, do: str = "try", **typed: str) -> Any:
    """Send the form; `typed` as place_0, sum_1: by the case's number."""
    sent = {
        name.replace("_", "-").partition("-")[0] + "-" + place.cases[int(name[-1])]: value
        for name, value in typed.items()
    }
    return client.post(place.path, data=sent | {"do": do, "name": "", "kept": ""})


def test_the_line_stands_where_the_money_ends(app_on_both: Flask, signed_in: SignIn) -> None:
    place = Place(app_on_both)
    page = signed_in(place.officer).get(place.path)
    assert titles(page) == ["Projekt 1", "Projekt 2", "END", "Projekt 3"]
    assert [text.split("k")[0].replace("\xa0", " ").strip(" \u2066\u2069") for text in left(page)[:2]] == [
        "55 000",
        "10 000",
    ]
    assert "more than is left" in left(page)[2]


def test_a_sum_that_is_tried_moves_the_line_and_changes_nothing(app: Flask, signed_in: SignIn) -> None:
    place = Place(app)
    client = signed_in(place.officer)
    answer = lay(client, place, sum_0="10 000", place_2="1")
    assert answer.status_code == 200
    assert titles(answer) == ["Projekt 3", "Projekt 1", "Projekt 2"]
    assert "END" in titles(lay(client, place, sum_0="90000"))
    with app.app_context():
        assert {row.proposed_amount for row in db.session.scalars(select(Assessment))} == {45_000}
        assert db.session.scalars(select(ranking.Ranking)).all() == []
    assert titles(client.get(place.path))[:2] == ["Projekt 1", "Projekt 2"]


def test_a_case_goes_up_and_down_by_its_buttons(app: Flask, signed_in: SignIn) -> None:
    place = Place(app)
    client = signed_in(place.officer)
    assert titles(lay(client, place, f"up-{place.cases[2]}"))[:2] == ["Projekt 1", "Projekt 3"]
    assert titles(lay(client, place, f"down-{place.cases[0]}"))[:2] == ["Projekt 2", "Projekt 1"]


@pytest.mark.parametrize(
    ("box", "typed"), [("place_0", "först"), ("sum_1", "-5"), ("sum_1", "4,5"), ("place_0", "99999")]
)
def test_what_is_no_number_is_told_and_stays_as_typed(app: Flask, signed_in: SignIn, box: str, typed: str) -> None:
    place = Place(app)
    answer = lay(signed_in(place.officer), place, "save", **{box: typed})
    assert answer.status_code == 422
    assert soup_of(answer).select_one("[aria-invalid=true]")["value"] == typed
    with app.app_context():
        assert db.session.scalars(select(ranking.Ranking)).all() == []


def test_an_order_is_kept_by_name_and_version(app_on_both: Flask, signed_in: SignIn) -> None:
    place = Place(app_on_both)
    client = signed_in(place.officer)
    assert lay(client, place, "save").status_code == 422  # without a name
    sent = {f"place-{place.cases[2]}": "1", f"sum-{place.cases[0]}": "5000", "name": "Måndag", "do": "save", "kept": ""}
    for version in (1, 2):
        answer = client.post(place.path, data=sent)
        assert answer.status_code == 302
        page = client.get(answer.headers["Location"])
        assert titles(page)[:2] == ["Projekt 3", "Projekt 1"]
        assert f"version {version}" in page.text
    assert "is kept beside" in page.text  # the second was laid without having seen the first
    with app_on_both.app_context():
        assert [row.version for row in ranking.rankings(the_meeting())] == [2, 1]


def test_the_points_are_beside_and_make_no_order(app: Flask, signed_in: SignIn) -> None:
    place = Place(app)
    with app.app_context():
        scores = db.session.scalars(select(Assessment).order_by(Assessment.id.desc())).first()
        scores.scores = {"K1": 3, "K2": 3, "K10": 3}
        db.session.commit()
    page = signed_in(place.officer).get(place.path)
    assert titles(page)[0] == "Projekt 1"
    text = " ".join(soup_of(page).get_text(" ").split())
    assert "K1: 3 , K2: 3 , K10: 3" in text
    assert "9" not in [word for row in soup_of(page).select("tbody td:last-child") for word in row.get_text().split()]
    assert "The fund's three goals" in text or "Fondens tre mål" in text


def test_a_municipal_project_is_shown_as_what_it_is_and_stays_where_it_stands(app: Flask, signed_in: SignIn) -> None:
    with app.test_request_context():
        officer = official(Role.OFFICER)
        assessed(title="Föreningens")
        owner = applicant()
        unit = organisation(owner, name="Integrationsenheten", kind=OrganisationKind.MUNICIPAL_UNIT)
        assessed(title="Kommunens", by=owner, organisation=unit)
        path = f"/sv/meetings/{planned().public_id}/ranking"
        db.session.commit()
    page = signed_in(officer).get(path)
    assert "Kommunala projekt inom området kommer att prioriteras." in page.text
    assert titles(page) == ["Föreningens", "Kommunens"]


def test_the_agenda_takes_the_order_and_standing_paragraphs_stay(app_on_both: Flask, signed_in: SignIn) -> None:
    place = Place(app_on_both)
    with app_on_both.test_request_context():
        actions.add_item(the_meeting(), "Upprop", by=db.session.merge(place.secretary))
        db.session.commit()
    place.on_agenda(app_on_both)
    with app_on_both.test_request_context():
        actions.add_item(the_meeting(), "Övrigt", by=db.session.merge(place.secretary))
        db.session.commit()
    typed = {f"place-{place.cases[2]}": "1", "do": "use", "name": "", "kept": ""}
    assert signed_in(place.officer).post(place.path, data=typed).status_code == 403
    assert signed_in(place.secretary).post(place.path, data=typed).status_code == 302
    with app_on_both.app_context():
        items = db.session.scalars(select(MinuteItem).order_by(MinuteItem.position)).all()
        stand = [item.cases[0].application.title if item.cases else item.heading for item in items]
    assert stand == ["Upprop", "Projekt 3", "Projekt 1", "Projekt 2", "Övrigt"]


def test_who_has_a_conflict_sees_neither_case_nor_sum_and_keeps_it_in_its_place(app: Flask, signed_in: SignIn) -> None:
    with app.test_request_context():
        partial, other = official(Role.OFFICER), official(Role.OFFICER)
        owner = applicant()
        ours = organisation(owner, name="Kanarieföreningen", org_number="8024001128")
        keys = [
            assessed(title="Ett").public_id,
            assessed(title="Kanariefågel", by=owner, organisation=ours).public_id,
            assessed(title="Tre").public_id,
        ]
        declare_conflict(by=partial, reason="Min bror är kassör.", organisation=ours)
        meeting = planned()
        ranking.save(meeting, "Gemensam", keys, {keys[1]: 12_345}, by=other)
        path = f"/sv/meetings/{meeting.public_id}/ranking"
        db.session.commit()
    client = signed_in(partial)
    with app.app_context():
        order = ranking.newest(the_meeting(), "Gemensam").public_id
    for page in (client.get(path), client.get(f"{path}?order={order}"), client.post(path, data={"do": "try"})):
        assert "Kanarie" not in page.text
        assert "12345" not in page.text
        assert titles(page) == ["Ett", "Tre"]
    sent = {f"place-{keys[2]}": "1", "name": "Gemensam", "do": "save", "kept": order}
    assert client.post(path, data=sent).status_code == 302
    with app.app_context():
        places = ranking.newest(the_meeting(), "Gemensam").places
    assert [place["case"] for place in places] == [keys[2], keys[1], keys[0]]
    assert places[1]["amount"] == 12_345


def test_no_order_is_laid_when_the_sitting_is_opened(app: Flask) -> None:
    place = Place(app)
    place.on_agenda(app)
    with app.test_request_context(), speaking("en"):
        officer = db.session.merge(place.officer)
        actions.open_meeting(the_meeting(), by=db.session.merge(place.secretary))
        with pytest.raises(StepNotPossible, match="opened"):
            ranking.save(the_meeting(), "Sent", place.cases, {}, by=officer)


def test_the_number_of_statements_does_not_follow_the_number_of_cases(app: Flask, signed_in: SignIn) -> None:
    place = Place(app)
    client = signed_in(place.officer)
    client.get(place.path)
    found = []
    for more in (0, 3):
        with app.test_request_context():
            for _case in range(more):
                assessed()
            db.session.commit()
        with counted(app) as sent:
            assert client.get(place.path).status_code == 200
        found.append(len(sent))
    assert found[0] == found[1] <= 10


def test_only_officer_and_secretary_lay_cases_in_order(app: Flask, signed_in: SignIn) -> None:
    place = Place(app)
    with app.test_request_context():
        others = [official(role) for role in (Role.REGISTRAR, Role.MEMBER, Role.AUDITOR)]
        for person in others:
            with pytest.raises(NotAllowed):
                ranking.save(the_meeting(), "Egen", place.cases, {}, by=person)
        db.session.commit()
    for person in others:
        assert signed_in(person).get(place.path).status_code in (403, 404)


def test_two_who_keep_the_same_name_at_once_both_stand(app_on_both: Flask) -> None:
    place = Place(app_on_both)
    with app_on_both.app_context():
        who = [db.session.merge(place.officer).id, db.session.merge(place.secretary).id]

    def keep(person: int) -> str:
        by = db.session.get_one(Account, person)
        return f"{ranking.save(the_meeting(), 'Gemensam', place.cases, {}, by=by).version}"

    assert at_once(app_on_both, keep, who) == ["1", "2"]
