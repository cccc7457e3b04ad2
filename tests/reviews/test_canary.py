"""A conflict of interest hides the case everywhere: every page, list, search, export, paper and mail is looked through
for words that only the hidden cases hold.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pypdfium2
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import or_, select
from werkzeug.wrappers import Response

from fundapp import jobs
from fundapp.accounts.actions import begin_session, declare_conflict
from fundapp.accounts.interests import keep
from fundapp.accounts.models import Account, Organisation
from fundapp.applications.models import Application
from fundapp.clock import today
from fundapp.db import db
from fundapp.decisions.models import Decision
from fundapp.mail import Message
from fundapp.permissions import Role
from fundapp.projects.models import Project
from fundapp.registry.models import Case, Document
from fundapp.reviews.models import Review
from fundapp.workflow import ApplicationStatus
from tests.factories.house import House
from tests.factories.people import ORG_NUMBER, official
from tests.factories.seats import seated
from tests.ground.house import Restore, address_of, client_of, methods_of
from tests.test_house import PAGES

HIDDEN = "Kalix Språkkafé"
# What the reader is told of their own conflicts: the name of the organisation, and nothing of a case.
NAMES_THE_ORGANISATION = {"accounts.conflicts", "interests.list", "interests.register", "interests.change"}
# The forms' own example of a number is the factories' too.
SHOWS_THE_EXAMPLE = {"accounts.new_organisation", "interests.list"}
LISTS = ("/sv/cases", "/sv/cases.csv", "/sv/cases.xlsx", "/sv/projects", "/sv/asked-of-me")


def _canaries(app: Flask) -> dict[str, set[str]]:
    """What must not be seen: the applicant's name and number in every writing, and every key of its cases."""
    with app.app_context():
        ours = select(Application.id).where(
            or_(Application.org_number == ORG_NUMBER, Application.applicant_name == HIDDEN),
            Application.status != ApplicationStatus.DRAFT,
        )
        cases = db.session.scalars(select(Application).where(Application.id.in_(ours))).all()
        in_cases = select(Case.id).where(Case.id.in_([case.case_id for case in cases if case.case_id]))
        keys: set[str] = {case.public_id for case in cases} | {case.reference for case in cases}
        for found in (
            select(Document.public_id).where(Document.case_id.in_(in_cases)),
            select(Decision.public_id).where(Decision.application_id.in_(ours)),
            select(Project.public_id).where(Project.application_id.in_(ours)),
            select(Review.public_id).where(Review.application_id.in_(ours)),
        ):
            keys |= set(db.session.scalars(found))
        numbers = {case.case.diary_number for case in cases if case.case is not None}
        assert len(cases) >= 5
        assert len(numbers) >= 5
        return {
            "name": {HIDDEN.casefold(), ORG_NUMBER, f"{ORG_NUMBER[:6]}-{ORG_NUMBER[6:]}"},
            "key": {key.casefold() for key in keys},
            "number": numbers,
        }


def _text(answer: Response) -> str:
    """What can be read in an answer of any kind: a page, a table, a workbook, a paper."""
    content = answer.get_data()
    if answer.mimetype == "application/pdf":
        pages = [page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(content)]
        return "\n".join(pages)
    if content[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            return "\n".join(book.read(name).decode("utf-8", "replace") for name in book.namelist())
    return content.decode("utf-8", "replace")


def _sung(text: str, canaries: dict[str, set[str]]) -> Iterator[tuple[str, str]]:
    folded = " ".join(text.replace("\N{NO-BREAK SPACE}", " ").casefold().split())
    for kind in ("name", "key"):
        yield from ((kind, each) for each in canaries[kind] if each in folded)
    for number in canaries["number"]:
        if re.search(rf"\b{re.escape(number.casefold())}\b(?!:)", folded):
            yield "number", number


def _kept_from(app: Flask, role: Role, how: str) -> str:
    """A session of an official of that role who is kept from all of the organisation's cases."""
    with app.test_request_context():
        person = official(role, name="Kerstin Kanarie", email="kerstin@kommun.example")
        if role is Role.MEMBER:
            seated(person)
        ours = db.session.scalars(select(Organisation).where(Organisation.name == HIDDEN)).first()
        assert ours is not None
        if how == "interest":
            keep(name="Styrelsen", org_number=ORG_NUMBER, role="kassör", begins_on=today(), by=person)
        else:
            declare_conflict(by=person, reason="Min bror är kassör.", organisation=ours)
        token = begin_session(person)
        db.session.commit()
        return token


def _addresses(app: Flask, house: House, canaries: dict[str, set[str]]) -> Iterator[tuple[str, str]]:
    """Every address that answers GET and is not everybody's, and the searches for what is hidden."""
    for endpoint, let_in in PAGES.items():
        if "GET" in methods_of(app, endpoint) and "nobody" not in let_in:
            yield endpoint, address_of(app, house, endpoint)
    asked = ["sprakkafe", "spr%C3%A5kkaf%C3%A9", ORG_NUMBER, "802001-5577", *sorted(canaries["number"])[:2]]
    for words in asked:
        yield "search", f"/sv/cases?q={words.replace(' ', '+')}"
        for kind in ("csv", "xlsx"):
            yield "search", f"/sv/cases.{kind}?q={words.replace(' ', '+')}"
    for name in ("state=granted", "state=under_assessment", "state=submitted", "fund=kalix-integration-fund"):
        yield "filter", f"/sv/cases?{name}"
        yield "filter", f"/sv/cases.csv?{name}"


def _leaks(client: FlaskClient, app: Flask, house: House, canaries: dict[str, set[str]]) -> list[str]:
    found = []
    for endpoint, address in _addresses(app, house, canaries):
        with client.get(address) as answer:
            asked = {part.casefold() for part in re.split(r"[/?=&+.]", address)}
            for kind, canary in _sung(_text(answer), canaries):
                is_own_question = endpoint in ("search", "filter") and kind in ("name", "number")
                is_in_address = canary in asked or (is_own_question and _only_in_the_field(answer, canary))
                may_be_named = kind == "name" and endpoint in NAMES_THE_ORGANISATION | SHOWS_THE_EXAMPLE
                if not is_in_address and not may_be_named:
                    found.append(f"{endpoint} {answer.status_code} {address}: {kind} {canary}")
            if answer.status_code >= 500:
                found.append(f"{endpoint} {answer.status_code} {address}")
    return found


def _only_in_the_field(answer: Response, canary: str) -> bool:
    """Whether what was searched for stands there as the search alone, and in no row."""
    if answer.mimetype != "text/html":
        return False
    body = re.search(r"<tbody.*?</tbody>", answer.get_data(as_text=True), re.DOTALL)
    return body is None or not list(_sung(body[0], {"name": {canary}, "key": set(), "number": {canary}}))


@pytest.mark.parametrize(
    ("role", "how"),
    [
        (Role.OFFICER, "declared"),
        pytest.param(Role.OFFICER, "interest", marks=pytest.mark.slow),
        pytest.param(Role.REGISTRAR, "declared", marks=pytest.mark.slow),
        pytest.param(Role.SECRETARY, "declared", marks=pytest.mark.slow),
        pytest.param(Role.AUDITOR, "declared", marks=pytest.mark.slow),
        pytest.param(Role.MEMBER, "declared", marks=pytest.mark.slow),
    ],
)
def test_no_page_sings_of_a_hidden_case(house: House, copied: tuple[Flask, Restore], role: Role, how: str) -> None:
    app, _restore = copied
    app.config.update(TESTING=False, PROPAGATE_EXCEPTIONS=False)
    canaries = _canaries(app)
    house.sessions["canary"] = _kept_from(app, role, how)
    client = client_of(app, house, "canary")
    assert _leaks(client, app, house, canaries) == []


def test_the_canaries_sing_for_who_may_hear_them(house: House, copied: tuple[Flask, Restore]) -> None:
    """The net is not empty: an officer without a conflict meets them in every kind of answer."""
    app, _restore = copied
    canaries = _canaries(app)
    client = client_of(app, house, "officer")
    for place in (*LISTS, address_of(app, house, "registry.show"), address_of(app, house, "registry.document")):
        with client.get(place) as answer:
            assert answer.status_code == 200, place
            assert list(_sung(_text(answer), canaries)), place


def test_what_is_counted_on_the_desk_is_what_may_be_seen(house: House, copied: tuple[Flask, Restore]) -> None:
    """Who is kept from every case there is has a desk where nothing waits, and lists that are empty."""
    app, _restore = copied
    with app.test_request_context():
        person = official(Role.OFFICER, Role.REGISTRAR, name="Kerstin Kanarie", email="kerstin@kommun.example")
        for case in db.session.scalars(select(Application).where(Application.status != ApplicationStatus.DRAFT)):
            if case.organisation_id not in person.conflicting_organisation_ids:
                declare_conflict(by=person, reason="Jäv.", application=case)
        house.sessions["canary"] = begin_session(person)
        db.session.commit()
    client = client_of(app, house, "canary")
    for place in ("/sv/desk", "/sv/projects"):
        page = client.get(place).text
        counts = re.findall(r'class="[^"]*count[^"]*"[^>]*>\s*(\d+)', page)
        assert set(counts) <= {"0"}, (place, counts)
    assert "<tbody" not in client.get("/sv/cases").text


def test_no_mail_to_one_with_a_conflict_sings(house: House, copied: tuple[Flask, Restore], tmp_path: Path) -> None:
    app, _restore = copied
    canaries = _canaries(app)
    _kept_from(app, Role.MEMBER, "declared")
    with app.test_request_context():
        jobs.remind()
        db.session.commit()
        address = db.session.scalars(select(Account.email).where(Account.name == "Kerstin Kanarie")).one()
        for mail in db.session.scalars(select(Message).where(Message.to == address)):
            assert list(_sung(f"{mail.subject}\n{mail.body}", canaries)) == []
