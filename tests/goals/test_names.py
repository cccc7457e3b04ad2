"""The plan's names and sentences: the reader's language first, and the Swedish beside it."""

import re

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient

from fundapp.data_texts import translation
from fundapp.db import db
from fundapp.projects.models import Project
from tests.factories import on_day
from tests.factories.assessments import objective
from tests.factories.projects import running

CODE = "2.3"


@pytest.fixture
def texts(app: Flask) -> dict[str, str]:
    """What a funded project has to do with, in Swedish, and the addresses of its pages."""
    on_day()
    with app.test_request_context("/sv/"):
        project: Project = running()
        served = objective(CODE)
        item = project.decision.item
        found = {
            "area": served.area.name,
            "objective": served.text,
            "board": item.meeting.board.name,
            "fund": project.application.round.fund.name,
            "project": f"funded-projects/{project.public_id}",
            "paragraph": f"decisions/{item.meeting.board.abbreviation}/{item.year}/{item.number}",
        }
        assert CODE in [one.code for one in project.objectives]
        db.session.commit()
    return found


PAGES = [
    ("goals", ("area", "objective", "board")),
    (f"goals/{CODE}", ("area", "objective", "board")),
    ("goals/plans/kalix", ("area", "objective")),
    ("funded-projects", ("area",)),
    ("project", ("area", "objective")),
    ("paragraph", ("board", "fund")),
    ("grants/kalix-integration-fund", ("fund", "board")),
    ("", ("area", "fund", "board")),
]


@pytest.mark.parametrize(("path", "named"), PAGES)
def test_every_public_page_gives_names_of_the_plan_in_the_readers_language_and_in_swedish(
    client: FlaskClient, texts: dict[str, str], path: str, named: tuple[str, ...]
) -> None:
    main = BeautifulSoup(client.get(f"/ar/{texts.get(path, path)}").text, "html.parser").main
    assert main is not None
    words = " ".join(main.get_text(" ").split())
    for name in named:
        swedish = texts[name]
        arabic = translation(swedish, "ar")
        assert arabic is not None
        assert arabic in words
        marked = [tag for tag in main.find_all(lang="sv") if tag.get_text() == swedish]
        assert marked, f"{swedish} is not marked as Swedish"
        assert all(tag["dir"] == "ltr" for tag in marked)
        assert re.search(rf"{re.escape(arabic)} \(? ?{re.escape(swedish)}", words), "the one does not follow the other"


def test_a_plan_that_nobody_has_translated_is_marked_as_swedish(client: FlaskClient) -> None:
    main = BeautifulSoup(client.get("/ar/goals/plans/gallivare").text, "html.parser").main
    assert main is not None
    heading = main.select_one("h2 [lang=sv]")
    assert heading is not None
    assert heading["dir"] == "ltr"
