"""The catalogues are complete, and the check that says so can see each kind of fault."""

from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from fundapp.languages import LANGUAGES
from tools import catalogues
from tools.catalogues import Place

CODE = """
from dataclasses import dataclass
from fundapp.languages import _, _d, _dl, _dn, _l, _n

@dataclass
class Step:
    label: object = _l("Send in")
    name: object = _dl("Register")

def say(count, who):
    _("You applied for %(sum)s.", sum=1)
    _n("%(n)s file", "%(n)s files", count)
    _d("Case %(number)s was " "given to %(who)s.", number=1, who=who)
    _dn("%(n)s case waits.", "%(n)s cases wait.", count)
"""


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A small code base with texts of every kind."""
    templates = tmp_path / "fundapp" / "templates" / "applications"
    templates.mkdir(parents=True)
    (tmp_path / "fundapp" / "steps.py").write_text(CODE)
    (templates / "show.html").write_text('<h1>{{ _("Your application") }}</h1>{% if x %}{{ _d("Waiting") }}{% endif %}')
    (templates / "receipt.txt").write_text('{{ _("We have received it.") }}')
    (tmp_path / "elsewhere.py").write_text('_("Not ours")')
    return tmp_path


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(LANGUAGES["sv"], "messages", tmp_path / "translations" / "sv" / "LC_MESSAGES" / "messages.po")


@pytest.fixture
def template(house: Path) -> Catalog:
    return catalogues.extract("messages", house)


@pytest.fixture
def swedish(place: Place, template: Catalog) -> Catalog:
    """A catalogue without fault, read back from its file."""
    catalogue = catalogues.updated(place, template)
    unknown = catalogues.fill_in(
        catalogue,
        {
            "Send in": "Skicka in",
            "You applied for %(sum)s.": "Du sökte %(sum)s.",
            "%(n)s file": ["en fil", "%(n)s filer"],
            "Your application": "Din ansökan",
            "We have received it.": "Vi har fått den.",
        },
    )
    assert unknown == []
    catalogues.write(place, catalogue)
    return catalogues.read(place)


def test_texts_of_code_dataclasses_pages_and_mails_come_out_in_their_domain(house: Path) -> None:
    messages = {message.id for message in catalogues.extract("messages", house) if message.id}
    desk = {message.id for message in catalogues.extract("desk", house) if message.id}
    assert messages == {
        "Send in",
        "You applied for %(sum)s.",
        ("%(n)s file", "%(n)s files"),
        "Your application",
        "We have received it.",
    }
    assert desk == {
        "Register",
        "Case %(number)s was given to %(who)s.",
        ("%(n)s case waits.", "%(n)s cases wait."),
        "Waiting",
    }


def test_a_full_catalogue_has_no_fault(template: Catalog, swedish: Catalog) -> None:
    assert catalogues.faults(template, swedish) == []


def test_a_new_text_is_empty_until_it_is_translated(template: Catalog, place: Place, swedish: Catalog) -> None:
    template.add("Your application was sent")
    assert catalogues.faults(template, swedish) == [
        "not in the catalogue (run `make catalogues`): 'Your application was sent'"
    ]
    assert catalogues.faults(template, catalogues.updated(place, template)) == [
        "without translation: 'Your application was sent'"
    ]


def test_a_text_that_left_the_code_is_seen_and_update_drops_it(
    template: Catalog, place: Place, swedish: Catalog
) -> None:
    swedish.add("Gone", "Borta")
    assert catalogues.faults(template, swedish) == ["no longer in the code (run `make catalogues`): 'Gone'"]
    catalogues.write(place, swedish)
    catalogues.write(place, catalogues.updated(place, template))
    assert "Gone" not in place.path.read_text()


def test_a_missing_plural_form_is_seen(template: Catalog, swedish: Catalog) -> None:
    swedish["%(n)s file"].string = ("en fil", "")
    assert catalogues.faults(template, swedish) == ["has not all 2 plural forms: '%(n)s file'"]


@pytest.mark.parametrize("planted", ["Du sökte %(summa)s.", "Du sökte pengar.", "Du sökte %(sum)s, %(sum)d, 5 %."])
def test_a_placeholder_gone_astray_is_seen(template: Catalog, swedish: Catalog, planted: str) -> None:
    swedish["You applied for %(sum)s."].string = planted
    found = catalogues.faults(template, swedish)
    assert found
    assert all("You applied for" in fault for fault in found)


def test_a_fuzzy_translation_is_seen(template: Catalog, swedish: Catalog) -> None:
    swedish["Send in"].flags.add("fuzzy")
    assert catalogues.faults(template, swedish) == ["marked fuzzy: 'Send in'"]


def test_a_second_update_changes_nothing(template: Catalog, place: Place, swedish: Catalog) -> None:
    assert not catalogues.write(place, catalogues.updated(place, template))


def test_a_file_knows_neither_lines_nor_people(place: Place, swedish: Catalog) -> None:
    text = place.path.read_text()
    assert "steps.py" not in text
    assert "EMAIL@ADDRESS" not in text
    assert "fuzzy" not in text


def test_every_catalogue_of_the_house_is_complete() -> None:
    assert catalogues.all_faults() == []


def test_a_missing_file_is_a_fault_where_there_are_texts(house: Path, tmp_path: Path) -> None:
    found = catalogues.all_faults(house, tmp_path / "none")
    assert "sv/desk: not in the catalogue (run `make catalogues`): 'Waiting'" in found
    assert "sv/messages: not in the catalogue (run `make catalogues`): 'Send in'" in found


def test_a_text_within_an_f_string_is_a_fault(house: Path) -> None:
    (house / "fundapp" / "more.py").write_text("""from fundapp.languages import _\nsaid = f"{_('Lost')} {1}"\n""")
    assert [fault.partition(":")[0] for fault in catalogues.unseen(house)] == ["fundapp/more.py"]
    assert catalogues.unseen() == []
