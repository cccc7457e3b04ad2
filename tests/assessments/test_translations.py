"""A Swedish working translation stands beside what the applicant wrote, never instead of it; no version is lost."""

import re
import threading

import pytest
from flask import Flask
from sqlalchemy import select

from fundapp.accounts.models import Account
from fundapp.applications.models import Application
from fundapp.assessments import rules, translations
from fundapp.assessments.models import WorkingTranslation
from fundapp.assessments.translations import TranslatedMeanwhile, save_translations
from fundapp.db import WrittenOnce, db
from fundapp.permissions import Role
from fundapp.workflow import NotAllowed
from tests.factories import on_day
from tests.factories.people import official
from tests.factories.registry import registered
from tests.ground.apps import SignIn

ARABIC, SWEDISH = "مقهى اللغة على ضفة النهر", "Språkkafé vid älven"


@pytest.fixture(autouse=True)
def day(app: Flask) -> None:
    """The tokens against forgery are tested for every page elsewhere."""
    app.config["WTF_CSRF_ENABLED"] = False
    on_day()


def _case() -> Application:
    return registered(title=ARABIC, text_language="ar")


def _kept(app: Flask) -> list[tuple[str, str]]:
    with app.app_context():
        rows = db.session.scalars(select(WorkingTranslation).order_by(WorkingTranslation.id))
        return [(row.question, row.text) for row in rows]


def test_what_was_typed_can_be_translated_and_what_was_chosen_is_swedish_already(app: Flask) -> None:
    with app.app_context():
        application = _case()
        assert application.last_submission is not None
        keys = {answer.key: answer.text for answer in rules.typed_answers(application.last_submission.content)}
    assert keys["project.title"] == ARABIC
    assert keys["activities.activities-1-what"] == "Utflykt till skärgården"
    assert keys["project.partners-0-name"] == "Studieförbundet Älvdalen"
    assert not {"goals.fund_goals", "budget.amount", "project.starts_on", "organisation.contact_email"} & set(keys)


def test_the_translation_stands_beside_the_original_with_name_and_time(app: Flask, signed_in: SignIn) -> None:
    with app.test_request_context():
        key, who = _case().public_id, official(Role.REGISTRAR, name="Rut Registrator")
        db.session.commit()
    client = signed_in(who)
    saved = client.post(f"/sv/cases/{key}/translation", data={"seen": "0", "project.title": SWEDISH})
    assert saved.status_code == 302
    page = client.get(f"/sv/cases/{key}").text
    original = f'<div lang="ar" dir="auto"><p>{ARABIC}</p></div>'
    beside = rf'{original}\s*<div>\s*<div lang="sv" dir="ltr"><p>{SWEDISH}</p></div>'
    assert re.search(beside, page)
    assert "Rut Registrator, 6 mars 2017" in page
    with app.app_context():
        content = db.session.scalars(select(Application)).one().last_submission.content
        assert ARABIC in str(content)
        assert SWEDISH not in str(content)


def test_every_version_is_kept_and_none_can_be_changed(app: Flask) -> None:
    with app.app_context():
        application, by = _case(), official(Role.OFFICER)
        for seen, text in enumerate(("Kafé", "Språkkafé", "")):
            assert save_translations(application, {"project.title": text}, seen=seen, by=by) == 1
        assert save_translations(application, {"project.title": ""}, seen=3, by=by) == 0
        assert [row.text for row in translations.all_of(application)] == ["Kafé", "Språkkafé", ""]
        first = translations.all_of(application)[0]
        assert (first.original, first.made_by_id) == (ARABIC, by.id)
        first.text = "Annat"
        with pytest.raises(WrittenOnce):
            db.session.flush()


def test_two_who_translate_different_answers_both_keep_theirs(app: Flask) -> None:
    with app.app_context():
        application, by = _case(), official(Role.OFFICER)
        save_translations(application, {"project.title": "Ett", "project.summary": ""}, seen=0, by=by)
        save_translations(application, {"project.title": "", "project.summary": "Två"}, seen=0, by=by)
        newest = translations.newest(translations.all_of(application))
        assert {key: row.text for key, row in newest.items()} == {"project.title": "Ett", "project.summary": "Två"}


def test_two_who_translate_the_same_answer_see_each_others_words(app: Flask, signed_in: SignIn) -> None:
    with app.test_request_context():
        key, people = _case().public_id, [official(Role.OFFICER, name=name) for name in ("Ett", "Två")]
        db.session.commit()
    first, second = (signed_in(person) for person in people)
    place = f"/sv/cases/{key}/translation"
    first.post(place, data={"seen": "0", "project.title": "Den första", "project.summary": "Den förstas andra"})
    answer = second.post(place, data={"seen": "0", "project.title": "Den andra"})
    assert answer.status_code == 409
    for words in ("Den första", "Den andra", "Den förstas andra", "Ett"):
        assert words in answer.text
    seen = re.search(r'name="seen" type="hidden" value="(\d+)"', answer.text)
    assert seen is not None
    assert [text for _key, text in _kept(app)] == ["Den första", "Den förstas andra"]
    texts = {"seen": seen[1], "project.title": "Den andra", "project.summary": "Den förstas andra"}
    assert second.post(place, data=texts).status_code == 302
    assert _kept(app)[-1] == ("project.title", "Den andra")


def test_two_at_once_make_one_version_and_one_question(app_on_both: Flask) -> None:
    with app_on_both.app_context():
        key, by = _case().id, official(Role.OFFICER).id
        db.session.commit()
    told: list[str] = []
    together = threading.Barrier(2)

    def write(text: str) -> None:
        with app_on_both.app_context():
            application, person = db.session.get_one(Application, key), db.session.get_one(Account, by)
            db.session.rollback()
            together.wait()
            try:
                save_translations(application, {"project.title": text}, seen=0, by=person)
                db.session.commit()
                told.append("kept")
            except TranslatedMeanwhile:
                db.session.rollback()
                told.append("asked")

    threads = [threading.Thread(target=write, args=(text,)) for text in ("Ett", "Två")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == ["asked", "kept"]
    assert len(_kept(app_on_both)) == 1


def test_a_translation_of_an_earlier_text_says_so(app: Flask, signed_in: SignIn) -> None:
    with app.test_request_context():
        application, who = _case(), official(Role.OFFICER)
        save_translations(application, {"project.title": SWEDISH}, seen=0, by=who)
        row = translations.all_of(application)[0]
        db.session.execute(
            WorkingTranslation.__table__.update().where(WorkingTranslation.id == row.id).values(original="قديم")
        )
        key = application.public_id
        db.session.commit()
    assert "The original has changed since." in signed_in(who).get(f"/en/cases/{key}").text


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.MEMBER, Role.SECRETARY])
def test_who_only_reads_the_case_translates_nothing(app: Flask, role: Role) -> None:
    with app.app_context(), pytest.raises(NotAllowed):
        save_translations(_case(), {"project.title": "Nej"}, seen=0, by=official(role))


def test_what_is_no_answer_of_the_application_is_not_kept(app: Flask, signed_in: SignIn) -> None:
    with app.test_request_context():
        key, who = _case().public_id, official(Role.OFFICER)
        db.session.commit()
    fields = {"seen": "-5x", "project.nothing": "Nej", "goals.fund_goals": "Nej"}
    assert signed_in(who).post(f"/sv/cases/{key}/translation", data=fields).status_code == 302
    too_long = signed_in(who).post(f"/sv/cases/{key}/translation", data={"project.title": "ö" * 20_001})
    assert too_long.status_code == 422
    assert "ö" * 20_001 in too_long.text
    assert _kept(app) == []
