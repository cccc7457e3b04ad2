"""What somebody with bad intent, or with bad luck, tries against the whole house."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.exc import SQLAlchemyError

from fundapp import documents
from fundapp.accounts.actions import declare_conflict
from fundapp.app import create_app
from fundapp.applications.models import Submission
from fundapp.config import Settings
from fundapp.db import WrittenOnce, db
from fundapp.decisions.models import Decision
from fundapp.documents import Paper
from fundapp.funds.models import LedgerEntry
from fundapp.history.models import HistoryEntry
from fundapp.mail import Message
from fundapp.meetings.disqualifying import disqualify
from fundapp.meetings.models import MinuteItem
from fundapp.permissions import Role
from fundapp.projects.models import Project
from fundapp.workflow import Outcome
from tests.factories import on_day
from tests.factories.applications import draft
from tests.factories.assessments import assessed
from tests.factories.decisions import decided, granted, recorded
from tests.factories.meetings import on_agenda
from tests.factories.people import applicant, official, organisation
from tests.factories.reports import approved
from tests.ground.apps import SignIn

MARKUP = "<script>alert('x')</script>\"'><img src=x onerror=y> #import \"x\" *fet* {{ 7*7 }}"
TURNING = "\N{RIGHT-TO-LEFT OVERRIDE}"
NASTY = f"{MARKUP} {TURNING}كاليكس"


@pytest.fixture(autouse=True)
def day(app: Flask) -> None:
    on_day()
    app.config["WTF_CSRF_ENABLED"] = False


def in_app(app: Flask, make: Callable[[], Any]) -> Any:
    """What `make` gives, made and committed in a context of its own."""
    with app.test_request_context():
        made = make()
        db.session.commit()
        return made


# --- what is typed is shown, never obeyed -------------------------------------------------------------------------


def _nasty_cases() -> dict[str, Any]:
    person = applicant(MARKUP)  # the factories fill in no form, which would take the turning character out
    organisation(person, name=MARKUP)
    words = {"title": NASTY, "summary": NASTY, "place": NASTY, "by": person}
    waiting = on_agenda(assessed(**words), secretary=(secretary := official(Role.SECRETARY)))
    disqualify(waiting, None, name=MARKUP, application=waiting.cases[0].application, by=secretary)
    pending = recorded(waiting, waiting.cases[0].application, reasons=MARKUP, secretary=secretary)
    final = decided(assessed(**words), outcome=Outcome.GRANT)
    report = approved(_project_of(final), by=person, what_was_done=NASTY)
    return {
        "applicant": person.email,
        "draft": draft(**words).public_id,
        "pending": pending.application.public_id,
        "meeting": waiting.meeting.public_id,
        "item": waiting.public_id,
        "final": final.application.public_id,
        "project": report.project.public_id,
        "paragraph": f"KS/2017/{final.item.number}",
        **{role.value: official(role).email for role in (Role.OFFICER, Role.SECRETARY, Role.AUDITOR)},
    }


def _project_of(decision: Decision) -> Project:
    return db.session.scalars(select(Project).where(Project.decision_id == decision.id)).one()


PAGES = (
    ("applicant", "applications"),
    ("applicant", "applications/{draft}"),
    ("applicant", "applications/{draft}/sections/project"),
    ("applicant", "applications/{draft}/check"),
    ("applicant", "applications/{final}"),
    ("applicant", "applications/{final}/receipt"),
    ("applicant", "projects/{project}"),
    ("applicant", "organisations"),
    ("applicant", "account"),
    ("officer", "cases"),
    ("officer", "cases?q=script"),
    ("officer", "cases/{final}"),
    ("officer", "cases/{pending}"),
    ("officer", "projects"),
    ("officer", "projects/{project}"),
    ("officer", "projects/{project}/report/review"),
    ("officer", "conflicts"),
    ("secretary", "meetings/{meeting}"),
    ("secretary", "meetings/items/{item}/cases/{pending}"),
    ("auditor", "history"),
    (None, ""),
    (None, "funded-projects"),
    (None, "funded-projects/{project}"),
    (None, "decisions/{paragraph}"),
)


def test_what_is_typed_is_shown_and_never_obeyed_on_any_page_or_paper(app: Flask, signed_in: SignIn) -> None:
    keys = in_app(app, _nasty_cases)
    clients = {who: signed_in(keys[who]) if who else app.test_client() for who, _path in PAGES}
    seen = set()
    for who, path in PAGES:
        answer = clients[who].get(f"/en/{path.format(**keys)}")
        assert answer.status_code == 200, (path, answer.status)
        soup = BeautifulSoup(answer.text, "html.parser")
        assert not [tag for tag in soup("script") if not tag.get("src")], path
        assert not soup("img", src="x"), path
        # What the draft holds is shown in its box as it was typed, and isolated there.
        assert TURNING not in re.sub(r"(?s)<(textarea|input).*?>", "", answer.text) or "{draft}" in path, path
        if MARKUP in soup.get_text():
            seen.add(path)
    assert len(seen) >= 12, seen
    with app.app_context():
        for paper in db.session.scalars(select(Paper)):
            assert documents.pdf(paper).startswith(b"%PDF"), paper.template


def test_a_mail_leads_to_our_own_address_whatever_host_the_browser_names(app: Flask, client: FlaskClient) -> None:
    headers = {"Host": "evil.example", "X-Forwarded-Host": "evil.example"}
    client.post("/sv/sign-in", data={"email": "amina@forening.example"}, headers=headers)
    with app.app_context():
        body = db.session.scalars(select(Message.body)).one()
    assert "http://localhost/sv/sign-in/link/" in body
    assert "evil.example" not in body


# --- what must not leak -------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("both_engines")
@pytest.mark.parametrize("outcome", [Outcome.GRANT, Outcome.REJECT, Outcome.REFER_BACK])
def test_a_pending_outcome_changes_no_page_mail_or_paper_of_the_applicant(
    app: Flask, signed_in: SignIn, outcome: Outcome
) -> None:
    def on_the_table() -> tuple[str, str, str]:
        person = applicant()
        item = on_agenda(by=person)
        return person.email, item.cases[0].application.public_id, item.public_id

    email, key, place = in_app(app, on_the_table)
    client = signed_in(email)
    own = ("applications", f"applications/{key}", f"applications/{key}/receipt", f"applications/{key}/receipt.pdf")
    public = ("", "funded-projects", "goals", "goals/2.3", "decisions/KS/2017/1")

    def seen() -> list[tuple[int, bytes]]:
        answers = [client.get(f"/sv/{path}") for path in own + public]
        return [(answer.status_code, re.sub(rb'name="csrf_token"[^>]*>', b"", answer.data)) for answer in answers]

    def letters() -> int:
        with app.app_context():
            return len(db.session.scalars(select(Message.id)).all())

    before, mails = seen(), letters()

    def record() -> str:
        item = db.session.scalars(select(MinuteItem).where(MinuteItem.public_id == place)).one()
        return recorded(item, outcome=outcome).public_id

    decision = in_app(app, record)
    assert seen() == before
    assert letters() == mails
    assert client.get(f"/sv/decisions/{decision}/letter.pdf").status_code == 404


def test_an_auditor_with_a_conflict_reads_nothing_of_the_case_in_the_history(app: Flask, signed_in: SignIn) -> None:
    def make() -> tuple[str, str, str, str]:
        ours = applicant()
        mine, other = granted(by=ours), granted(by=applicant(), title="Ett annat projekt")
        organisation(other.application.created_by, org_number="8024001128")
        who, impartial = official(Role.AUDITOR), official(Role.AUDITOR)
        declare_conflict(by=who, reason="Min bror är kassör.", application=mine.application)
        return who.email, impartial.email, mine.case.diary_number, mine.application.public_id

    email, impartial, number, key = in_app(app, make)
    for asked in ("", f"?thread={number}", f"?thread={key}"):
        page = signed_in(email).get(f"/sv/history{asked}").text.replace(asked.rpartition("=")[2] or "-", "", 1)
        rows = " ".join(row.get_text(" ") for row in BeautifulSoup(page, "html.parser").select("tbody tr"))
        assert number not in rows
        assert key not in rows
    assert number in signed_in(impartial).get("/sv/history").text


def test_a_fault_of_the_database_does_not_tell_what_was_typed(app_on_both: Flask) -> None:
    with app_on_both.app_context(), pytest.raises(SQLAlchemyError) as fault:
        db.session.execute(text("SELECT * FROM nothing_here WHERE a = :a"), {"a": "Kanariefågel"})
    assert "nothing_here" in str(fault.value)
    assert "Kanariefågel" not in str(fault.value)


def test_a_file_of_somebody_elses_application_is_not_reached_through_ones_own(app: Flask, signed_in: SignIn) -> None:
    def make() -> tuple[str, str, str]:
        thief, theirs = applicant(), draft(by=applicant())
        return thief.email, draft(by=thief).public_id, theirs.attachments[0].public_id

    email, own, attachment = in_app(app, make)
    address = f"/sv/applications/{own}/attachments/{attachment}"
    assert signed_in(email).get(address).status_code == 404
    assert signed_in(email).post(f"{address}/remove").status_code == 404


# --- the browser ------------------------------------------------------------------------------------------------


def test_in_production_the_cookie_goes_over_https_alone_and_no_script_reads_it(settings: Settings) -> None:
    app = create_app(replace(settings, is_production=True, base_url="https://bidrag.kommun.example"))
    cookie = app.test_client().get("/sv/sign-in", base_url="https://bidrag.kommun.example").headers["Set-Cookie"]
    assert {"Secure", "HttpOnly", "SameSite=Lax"} <= {part.strip() for part in cookie.split(";")}


def test_nothing_private_is_kept_by_a_browser(app: Flask, signed_in: SignIn) -> None:
    def make() -> tuple[str, str, str]:
        decision = granted()
        application = decision.application
        return application.created_by.email, application.public_id, application.attachments[0].public_id

    email, key, attachment = in_app(app, make)
    client = signed_in(email)
    app.config["WTF_CSRF_ENABLED"] = True
    paths = ("applications", f"applications/{key}", f"applications/{key}/receipt.pdf", "no-such-page")
    for path in (*paths, f"applications/{key}/attachments/{attachment}"):
        with client.get(f"/sv/{path}") as answer:
            assert answer.headers["Cache-Control"] == "no-store", path
            assert answer.headers["X-Content-Type-Options"] == "nosniff", path
    assert app.test_client().get("/sv/sign-in").headers["Cache-Control"] == "no-store"


def test_a_refusal_is_told_in_the_language_of_the_address(app: Flask, client: FlaskClient) -> None:
    """Also the one that comes before any page is looked for, and whoever was served before."""
    app.config["WTF_CSRF_ENABLED"] = True
    for before, language in (("sv", "en"), ("en", "sv")):
        client.get(f"/{before}/")
        for answer in (
            client.post(f"/{language}/sign-in", data={"email": "a@b.example"}),
            client.post(f"/{language}/sign-in", data={"x": "y" * 17_000_000}),
        ):
            assert answer.status_code in (400, 413)
            assert f'<html lang="{language}"' in answer.text


@pytest.mark.usefixtures("both_engines")
@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("decisions/KS/2017/99999999999999999999", 404),
        ("decisions/KS/99999999999999999999/1", 404),
        ("goals?year=" + "9" * 5000, 200),
        ("goals?year=²&board=%00", 404),
        ("history?before=-99999999999999999999999", 200),
        ("history?after=-99999999999999999999999", 200),
        ("history?after=99999999999999999999999", 200),
        ("funds/rounds/99999999999999999999/frame", 404),
    ],
)
def test_a_number_that_no_database_holds_is_no_fault_of_ours(
    app: Flask, signed_in: SignIn, path: str, status: int
) -> None:
    email = in_app(app, lambda: official(Role.AUDITOR).email)
    assert signed_in(email).get(f"/sv/{path}").status_code == status


# --- what is written once -----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("both_engines")
@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        (HistoryEntry, "who", "Någon annan"),
        (LedgerEntry, "amount", 1),
        (Submission, "content", {}),
        (Paper, "content", {}),
        (Decision, "amount", 1),
        (Decision, "reasons", "Andra skäl."),
        (Decision, "outcome", Outcome.GRANT_IN_PART),
        (Decision, "final_at", None),
    ],
)
def test_what_is_written_once_can_be_neither_changed_nor_removed(
    app: Flask, table: Any, column: str, value: Any
) -> None:
    in_app(app, granted)
    with app.app_context():
        row = db.session.scalars(select(table)).first()
        setattr(row, column, value)
        with pytest.raises(WrittenOnce):
            db.session.flush()
        db.session.rollback()
        db.session.delete(db.session.scalars(select(table)).first())
        with pytest.raises(WrittenOnce):
            db.session.flush()
        db.session.rollback()


def test_a_pending_decision_can_still_be_changed(app: Flask) -> None:
    key = in_app(app, lambda: recorded().id)
    in_app(app, lambda: setattr(db.session.get(Decision, key), "reasons", "Andra skäl."))
    with app.app_context():
        assert db.session.get_one(Decision, key).reasons == "Andra skäl."
