"""The page of one §: recording at the table, with everything that a form refuses kept as it was typed."""

from collections.abc import Callable
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from fundapp.db import db
from fundapp.decisions.models import Decision
from fundapp.funds.actions import change_frame
from fundapp.meetings import disqualifying, proposing
from fundapp.meetings.actions import add_item
from fundapp.meetings.models import MinuteItem
from fundapp.meetings.proceedings import Ballot, Disqualification, Motion, Remark, Vote
from fundapp.permissions import Role
from fundapp.workflow import Outcome
from tests.factories import DAY, on_day
from tests.factories.assessments import assessed
from tests.factories.decisions import recorded
from tests.factories.meetings import on_agenda, opened, planned
from tests.factories.people import official
from tests.factories.seats import full_house
from tests.ground.apps import SignIn
from tests.ground.pages import counted

Make = Callable[[], Any]


@pytest.fixture(autouse=True)
def day(app: Flask) -> None:
    on_day()
    app.config["WTF_CSRF_ENABLED"] = False


def in_app(app: Flask, make: Make) -> Any:
    with app.app_context():
        made = make()
        db.session.commit()
        return made


@pytest.fixture
def secretary(app: Flask, signed_in: SignIn) -> FlaskClient:
    return signed_in(in_app(app, lambda: official(Role.SECRETARY).email))


def path_of(item: MinuteItem) -> str:
    return f"/en/meetings/{item.meeting.public_id}/items/{item.public_id}"


@pytest.fixture
def path(app: Flask) -> str:
    """One case of 45 000 kr under an opened §, proposed to be granted."""
    return in_app(app, lambda: path_of(on_agenda()))


def several(app: Flask, count: int = 3, **choices: Any) -> tuple[str, list[str]]:
    """The page of a § with so many cases, and their public ids."""

    def make() -> tuple[str, list[str]]:
        cases = [assessed(**choices) for _ in range(count)]
        return path_of(on_agenda(cases)), [case.public_id for case in cases]

    return in_app(app, make)


def soup(answer: Any, status: int = 200) -> BeautifulSoup:
    assert answer.status_code == status, answer.get_data(as_text=True)[:3000]
    return BeautifulSoup(answer.data, "html.parser")


def seats(app: Flask) -> list[str]:
    return in_app(app, lambda: [seat.public_id for seat in full_house()])


def test_one_press_records_a_case_as_proposed_and_another_takes_it_back(
    app: Flask, secretary: FlaskClient, path: str
) -> None:
    page = soup(secretary.get(path))
    case = page.select_one("form[action$='/as-proposed'] input[name=case]")["value"]
    assert page.select_one("[data-key=a]").has_attr("autofocus")
    page = soup(secretary.post(f"{path}/as-proposed", data={"case": case}, follow_redirects=True))
    assert "1 outcome is recorded as proposed" in page.text
    with app.app_context():
        decision = db.session.scalars(select(Decision)).one()
        assert (decision.outcome, decision.amount, decision.final_at) == (Outcome.GRANT, 45_000, None)
        assert decision.application.round.reserved == 45_000
    undo = page.select_one("[data-key=u]").find_parent("form")
    sent = {
        field["name"]: field["value"] for field in undo.select("input[type=hidden]") if field["name"] != "csrf_token"
    }
    assert "taken back" in soup(secretary.post(undo["action"], data=sent, follow_redirects=True)).text
    with app.app_context():
        assert db.session.scalar(select(func.count(Decision.id))) == 0
    assert secretary.post(undo["action"], data=sent).status_code == 409


def test_all_cases_are_recorded_as_proposed_and_what_is_missing_is_left_out_and_told(
    app: Flask, secretary: FlaskClient
) -> None:
    def make() -> str:
        cases = [assessed(), assessed(), assessed()]
        change_frame(cases[0].round, 100_000, reference="KS § 1", decided_on=DAY, by=None)
        return path_of(on_agenda(cases))

    path = in_app(app, make)
    text = soup(secretary.post(f"{path}/as-proposed", follow_redirects=True)).text
    assert "2 outcomes are recorded as proposed" in text
    assert "is left out" in text
    with app.app_context():
        assert db.session.scalars(select(Decision.amount)).all() == [45_000, 45_000]


def test_a_table_of_outcomes_is_saved_together(app: Flask, secretary: FlaskClient) -> None:
    path, (one, other, third) = several(app)
    page = soup(secretary.get(path))
    assert page.find(id=f"{one}-outcome").select_one("option[selected]")["value"] == "grant"
    data = {
        f"{one}-outcome": "grant_in_part", f"{one}-amount": "20 000", f"{one}-reasons": "Halva.", f"{one}-version": "0",
        f"{other}-outcome": "reject", f"{other}-amount": "45 000", f"{other}-reasons": "Utanför.",
        f"{other}-version": "0", f"{third}-outcome": "", f"{third}-version": "0",
    }  # fmt: skip
    assert "2 outcomes are recorded" in soup(secretary.post(f"{path}/outcomes", data=data, follow_redirects=True)).text
    with app.app_context():
        found = {
            row.application.public_id: (row.outcome.value, row.amount, row.reasons)
            for row in db.session.scalars(select(Decision))
        }
        assert found == {one: ("grant_in_part", 20_000, "Halva."), other: ("reject", None, "Utanför.")}


def test_a_table_is_refused_row_by_row_and_nothing_of_it_is_recorded(app: Flask, secretary: FlaskClient) -> None:
    path, (one, other) = several(app, 2)
    data = {
        f"{one}-outcome": "grant", f"{one}-amount": "45000", f"{one}-version": "0",
        f"{other}-outcome": "grant_in_part", f"{other}-amount": "90000", f"{other}-reasons": "Så här.",
        f"{other}-version": "0",
    }  # fmt: skip
    page = soup(secretary.post(f"{path}/outcomes", data=data), 422)
    assert page.find(id=f"{other}-amount")["value"] == "90000"
    assert page.find(id=f"{other}-reasons").text.strip() == "Så här."
    assert page.select_one(".error-summary a")["href"] == f"#{other}-amount"
    with app.app_context():
        assert db.session.scalar(select(func.count(Decision.id))) == 0


def test_a_row_above_the_frame_is_refused_with_the_others_and_marked(app: Flask, secretary: FlaskClient) -> None:
    path, (one, other) = several(app, 2)
    with app.app_context():
        round_ = db.session.scalars(select(MinuteItem)).first().cases[0].application.round
        change_frame(round_, 50_000, reference="KS § 1", decided_on=DAY, by=None)
        db.session.commit()
    data = {f"{case}-{name}": value for case in (one, other) for name, value in GRANT.items()}
    page = soup(secretary.post(f"{path}/outcomes", data=data), 409)
    assert page.select(f"[id='{one}-outcome-refused'], [id='{other}-outcome-refused']")
    assert page.find(id=f"{one}-amount")["value"] == "45000"
    with app.app_context():
        assert db.session.scalar(select(func.count(Decision.id))) == 0


GRANT = {"outcome": "grant", "amount": "45000", "reasons": "Ja.", "conditions": "", "version": "0"}


def test_what_is_lowered_in_a_table_makes_room_for_what_is_raised(app: Flask, secretary: FlaskClient) -> None:
    def make() -> tuple[str, str, str]:
        cases = [assessed(), assessed()]
        item = on_agenda(cases)
        recorded(item, cases[0], outcome=Outcome.GRANT_IN_PART, amount=10_000)
        recorded(item, cases[1], outcome=Outcome.GRANT_IN_PART, amount=30_000)
        change_frame(cases[0].round, 40_000, reference="KS § 1", decided_on=DAY, by=None)
        return path_of(item), cases[0].public_id, cases[1].public_id

    path, one, other = in_app(app, make)
    part = {"outcome": "grant_in_part", "reasons": "Ja.", "version": "1"}
    data = {f"{one}-{name}": value for name, value in (part | {"amount": "25000"}).items()}
    data |= {f"{other}-{name}": value for name, value in (part | {"amount": "15000"}).items()}
    assert secretary.post(f"{path}/outcomes", data=data).status_code == 302
    with app.app_context():
        assert sorted(db.session.scalars(select(Decision.amount))) == [15_000, 25_000]


def test_a_table_read_before_somebody_else_recorded_is_refused(app: Flask, secretary: FlaskClient) -> None:
    path, (one,) = several(app, 1)
    in_app(app, lambda: recorded(db.session.scalars(select(MinuteItem)).one(), outcome=Outcome.REJECT))
    data = {f"{one}-{name}": value for name, value in GRANT.items()}
    soup(secretary.post(f"{path}/outcomes", data=data), 409)


def test_a_motion_a_vote_and_a_reservation_are_recorded_and_read_again(
    app: Flask, secretary: FlaskClient, path: str
) -> None:
    chair, first, second, *rest = seats(app)[:13]
    said = {"motion-seat": second, "motion-text": "Avslag på ansökan"}
    assert "Avslag på ansökan" in soup(secretary.post(f"{path}/motions", data=said, follow_redirects=True)).text
    votes = {f"choice-{seat}": "yes" for seat in (chair, first, *rest[:5])} | {
        f"choice-{seat}": "no" for seat in (second, *rest[5:])
    }
    means = {"vote-yes_means": "bifall till förslaget", "vote-no_means": "bifall till Avslag"}
    text = soup(secretary.post(f"{path}/votes", data=votes | means, follow_redirects=True)).text
    assert "7 yes, 6 no, 0 abstained" in text
    said = {"remark-kind": "reservation", "remark-seat": second, "remark-text": ""}
    page = soup(secretary.post(f"{path}/remarks", data=said, follow_redirects=True))
    key = page.select_one("input[name=remark]")["value"]
    text = soup(
        secretary.post(f"{path}/remarks", data={"remark": key, "text": "Vi ville avslå."}, follow_redirects=True)
    )
    assert "Vi ville avslå." in text.text
    with app.app_context():
        assert db.session.scalar(select(func.count(Ballot.id))) == 13
    secretary.post(f"{path}/remarks", data={"remark": key, "what": "remove"})
    motion = in_app(app, lambda: db.session.scalars(select(Motion)).one().public_id)
    secretary.post(f"{path}/motions", data={"motion": motion})
    vote = in_app(app, lambda: db.session.scalars(select(Vote)).one().public_id)
    secretary.post(f"{path}/votes", data={"vote": vote})
    page = soup(secretary.get(path))
    assert "Avslag på ansökan" not in page.text
    with app.app_context():
        assert db.session.scalar(select(func.count(Remark.id))) == 0
        assert db.session.scalar(select(func.count(Ballot.id))) == 0


def test_a_vote_that_does_not_add_up_is_refused_and_stays_as_it_was_typed(
    app: Flask, secretary: FlaskClient, path: str
) -> None:
    ours = seats(app)[:13]
    data = {f"choice-{seat}": "yes" for seat in ours[:12]} | {"vote-yes_means": "Bifall", "vote-no_means": "Avslag"}
    page = soup(secretary.post(f"{path}/votes", data=data), 409)
    assert "does not add up" in page.select_one(".error-summary").text
    assert len(page.select("input[type=radio][value=yes][name^=choice-][checked]")) == 12
    assert page.find(id="vote-yes_means")["value"] == "Bifall"
    with app.app_context():
        assert db.session.scalar(select(func.count(Vote.id))) == 0


@pytest.mark.parametrize(
    ("step", "data", "field"),
    [
        ("motions", {"motion-text": "Avslag"}, "motion-seat"),
        ("remarks", {"remark-kind": "note", "remark-text": "Hej"}, "remark-seat"),
        ("disqualify", {"disqualify-ground": "declared"}, "disqualify-name"),
        ("disqualify", {"disqualify-seat": "zzzz", "disqualify-ground": "x"}, "disqualify-name"),
    ],
)
def test_a_form_that_lacks_something_says_what(
    secretary: FlaskClient, path: str, step: str, data: dict[str, str], field: str
) -> None:
    page = soup(secretary.post(f"{path}/{step}", data=data), 422)
    assert f"#{field}" in {link["href"] for link in page.select(".error-summary a")}


def test_a_disqualification_is_recorded_shown_and_lifted(app: Flask, secretary: FlaskClient, path: str) -> None:
    seat = seats(app)[4]
    said = {"disqualify-seat": seat, "disqualify-ground": "declared"}
    page = soup(secretary.post(f"{path}/disqualify", data=said, follow_redirects=True))
    assert "Ledamot 4 KS" in page.find(id="conflicts").text
    assert "12 serve" in page.find(id="room").text
    row = page.select_one("#conflicts input[name=row]")["value"]
    assert "lifted" in soup(secretary.post(f"{path}/lift", data={"row": row}, follow_redirects=True)).text
    with app.app_context():
        assert db.session.scalar(select(func.count(Disqualification.id))) == 0


def test_who_is_disqualified_reads_nothing_of_the_case_nor_of_what_was_said_of_all(
    app: Flask, signed_in: SignIn
) -> None:
    def make() -> tuple[str, str, str, str]:
        by = official(Role.SECRETARY)
        cases = [assessed(applicant_name="Hemliga föreningen"), assessed(applicant_name="Öppna föreningen")]
        item = on_agenda(cases, secretary=by)
        house = full_house()
        proposing.move(item, house[3], "Hela listan bifalls", by=by)
        proposing.move(item, house[3], "Ge dem mer", application=cases[0], by=by)
        disqualifying.disqualify(item, house[4], application=cases[0], by=by)
        return path_of(item), house[4].account.email, house[5].account.email, cases[0].public_id

    path, disqualified, other, case = in_app(app, make)
    for who, sees_it in ((disqualified, False), (other, True)):
        client = signed_in(who)
        page = soup(client.get(path))
        for secret in ("Hela listan bifalls", "Ge dem mer"):
            assert (secret in page.text) is sees_it, secret
        assert ("Ledamot 4 KS" in page.find(id="conflicts").text) is sees_it
        assert client.get(f"{path}?case={case}").status_code == (200 if sees_it else 404)


def test_a_paragraph_without_cases_is_resolved_on_its_page(app: Flask, secretary: FlaskClient) -> None:
    path = in_app(app, lambda: path_of(add_item(opened(), "Val av justerare", by=official(Role.SECRETARY))))
    data = {"resolution-text": "Eva Ek utses att justera."}
    assert (
        "Eva Ek utses att justera." in soup(secretary.post(f"{path}/resolution", data=data, follow_redirects=True)).text
    )


def test_a_member_reads_the_page_and_finds_nothing_to_press(app: Flask, signed_in: SignIn, path: str) -> None:
    member = in_app(app, lambda: full_house()[3].account.email)
    page = soup(signed_in(member).get(path))
    assert page.select("main form") == []
    assert not page.select("[data-key=a], [data-key=u]")


def test_before_the_sitting_only_conflicts_of_interest_are_recorded(app: Flask, secretary: FlaskClient) -> None:
    path = in_app(app, lambda: path_of(on_agenda(meeting=planned())))
    page = soup(secretary.get(path))
    assert page.select("form[action$='/disqualify']")
    assert not page.select("form[action$='/votes'], form[action$='/as-proposed'], form[action$='/motions']")
    assert secretary.post(f"{path}/as-proposed", data={}, follow_redirects=True).status_code == 200
    with app.app_context():
        assert db.session.scalar(select(func.count(Decision.id))) == 0


def test_unknown_paragraphs_cases_and_rows_are_not_found(secretary: FlaskClient, path: str) -> None:
    assert secretary.get(f"{path}x").status_code == 404
    assert secretary.get(f"{path}?case=zzzzzzzzzzzz").status_code == 404
    for step in ("take-back", "lift"):
        assert secretary.post(f"{path}/{step}", data={"case": "zzzzzzzzzzzz", "row": "zzzz"}).status_code == 404


def test_a_paragraphs_page_asks_the_database_the_same_few_questions_however_many_cases(
    app: Flask, secretary: FlaskClient
) -> None:
    def statements(path: str) -> int:
        with counted(app) as sent:
            soup(secretary.get(path))
        return len(sent)

    few, many = several(app, 2)[0], several(app, 5)[0]
    assert statements(few) == statements(many) <= 30
