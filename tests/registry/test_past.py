"""What a case page tells of the applicant besides, and of others' projects that look like this one."""

from datetime import date
from typing import Any

from bs4 import BeautifulSoup
from flask import Flask

from fundapp import clock
from fundapp.accounts.actions import declare_conflict
from fundapp.accounts.models import Account, Organisation
from fundapp.applications.models import Application
from fundapp.db import db
from fundapp.permissions import Role
from fundapp.registry.past import past
from fundapp.reports.actions import receive_repayment
from fundapp.reports.models import Repayment
from fundapp.workflow import Outcome
from tests.factories import on_day
from tests.factories.decisions import decided, granted
from tests.factories.force import annulled
from tests.factories.people import applicant, official, organisation
from tests.factories.projects import paid, running
from tests.factories.registry import registered
from tests.factories.reports import approved
from tests.ground.apps import SignIn

CANARY = "Kanariefågel"


def ours() -> tuple[Account, Organisation]:
    person = applicant(email="amina@forening.example")
    return person, organisation(person) if not person.memberships else person.memberships[0].organisation


def test_earlier_grants_reports_and_money_to_come_back_are_told(app_on_both: Flask) -> None:
    on_day()
    with app_on_both.test_request_context():
        person, group = ours()
        officer = official(Role.OFFICER)
        project = running(by=person, organisation=group, title="Odla i Töre", officer=officer)
        paid(project, parts=2)
        approved(project, officer=officer, used="25 000")
        decided(by=person, organisation=group, title="Avslaget", outcome=Outcome.REJECT)
        annulled(granted(by=person, organisation=group, title="Upphävt"))
        late = running(by=person, organisation=group, title="Sent ute")
        case = registered(by=person, organisation=group, title="Nytt")
        on_day(date(2018, 3, 1))
        known = past(case, officer)
        by_title = {other.title: other for other in known.others}
        assert set(by_title) == {"Odla i Töre", "Avslaget", "Upphävt", "Sent ute"}
        done = by_title["Odla i Töre"]
        assert (done.granted, done.decided_on, done.to_repay, done.repaid) == (45_000, clock.local_day(
            project.started_at), 20_000, 0)  # fmt: skip
        assert by_title["Avslaget"].granted is None
        assert by_title["Upphävt"].granted is None, "what a court annulled was not given"
        assert by_title["Sent ute"].is_report_late
        assert known.granted == 45_000 + late.granted
        assert (known.to_repay, known.repaid) == (20_000, 0)
        owed = db.session.query(Repayment).one()
        receive_repayment(owed, received_on=date(2018, 3, 1), reference="Plusgiro", by=officer)
        db.session.flush()
        again = past(case, officer)
        assert (again.to_repay, again.repaid) == (0, 20_000)


def test_the_same_project_is_found_by_its_name_and_others_by_one_like_it(app_on_both: Flask) -> None:
    on_day()
    with app_on_both.test_request_context():
        person, group = ours()
        officer = official(Role.OFFICER)
        registered(by=person, organisation=group, title="Vid älven: SPRÅKKAFÉ")
        registered(by=person, organisation=group, title="Helt annat")
        case = registered(by=person, organisation=group, title="Språkkafé vid älven")
        known = past(case, officer)
        assert [(other.title, other.is_same_project) for other in known.others] == [
            ("Helt annat", False),
            ("Vid älven: SPRÅKKAFÉ", True),
        ]
        assert all(other.is_same_time for other in known.others)
        assert known.alike == []
        stranger = applicant(email="stranger@annan.example")
        theirs = organisation(stranger, name="Annan förening", org_number="8024001128")
        registered(by=stranger, organisation=theirs, title="Språkcafé vid älven")
        registered(by=stranger, organisation=theirs, title="Fotboll vid älven")
        found = past(case, officer).alike
        assert [(row.title, row.applicant) for row in found] == [("Språkcafé vid älven", "Annan förening")]


def _text(page: Any) -> str:
    return " ".join(BeautifulSoup(page.text, "html.parser").get_text(" ").split()).replace("\xa0", " ")


def test_the_page_tells_it_in_words_and_without_the_cases_the_reader_must_keep_away_from(
    app: Flask, signed_in: SignIn
) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    on_day()
    with app.test_request_context():
        who = official(Role.OFFICER, email="officer@kommun.example")
        person, group = ours()
        stranger = applicant(email="stranger@annan.example")
        theirs = organisation(stranger, name=f"{CANARY} förening", org_number="8024001128")
        likeness = registered(by=stranger, organisation=theirs, title="Språkkafé vid älven")
        running(by=person, organisation=group, title="Odla i Töre")
        key = registered(by=person, organisation=group, title="Språkkafé vid älven").public_id
        db.session.commit()
        hidden, officer_id = likeness.id, who.id
    before = _text(signed_in("officer@kommun.example").get(f"/en/cases/{key}"))
    for words in ("Earlier grants 1, 45 000 kr in all", "Odla i Töre", "report is not due yet", "same time", CANARY):
        assert words in before, words
    assert "Others' projects with a name like this" in before
    with app.test_request_context():
        case = db.session.get_one(Application, hidden)
        declare_conflict(by=db.session.get_one(Account, officer_id), reason="Min syster.", application=case)
        db.session.commit()
    after = _text(signed_in("officer@kommun.example").get(f"/en/cases/{key}"))
    assert CANARY not in after
    assert "Odla i Töre" in after
    assert "Others' projects" not in after
    assert "a name like this one's" not in after


def test_the_page_shows_what_the_checks_found(app: Flask, signed_in: SignIn) -> None:
    on_day()
    with app.test_request_context():
        official(Role.OFFICER, email="officer@kommun.example")
        key = registered(amount="47 000").public_id
        db.session.commit()
    soup = BeautifulSoup(signed_in("officer@kommun.example").get(f"/en/cases/{key}").text, "html.parser")
    card = " ".join(soup.select_one("#checks").get_text(" ").split()).replace("\xa0", " ")
    assert card.startswith("Checked automatically Does not hold The budget adds up Costs 50 000 kr")
    assert "2 000 kr more than it costs" in card
    assert "Antagande: sammanställt" in card, "each check names its source"
