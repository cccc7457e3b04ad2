"""The terms of the fund and the stipend: what the sources say, and how a faulty file is refused."""

import json
import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from fundapp.funds.terms import APPLICANT_TYPES, TERMS, BadTerms, Terms, Text, as_data, read_terms, terms_of

FUND = TERMS / "kalix-integration-fund.toml"
STIPEND = TERMS / "kalix-integration-stipend.toml"
PLANS = Path(__file__).parent.parent / "data" / "plans"


@pytest.fixture
def fund() -> Terms:
    return read_terms(FUND)


@pytest.fixture
def stipend() -> Terms:
    return read_terms(STIPEND)


def test_kalix_has_a_fund_and_a_stipend_and_another_municipality_none() -> None:
    assert [terms.kind for terms in terms_of("kalix")] == ["fund", "stipend"]
    assert terms_of("pitea") == []


def test_the_fund_is_three_million_for_2016_to_2018_and_open_all_the_time(fund: Terms) -> None:
    (only,) = fund.rounds
    assert (only.label, only.sum.value, only.is_continuous.value) == ("2016–2018", 3_000_000, True)
    assert (only.period_start.value, only.period_end.value) == (date(2016, 1, 1), date(2018, 12, 31))
    assert only.opens.value == datetime(2016, 6, 12, 22, tzinfo=UTC)  # 13 June, summer time
    assert only.closes.value == datetime(2018, 12, 31, 23, tzinfo=UTC)


def test_the_stipend_must_be_received_before_the_first_of_may_in_stockholm(stipend: Terms) -> None:
    assert [one.year for one in stipend.rounds] == [2016, 2017, 2018]
    assert [one.closes.value for one in stipend.rounds] == [
        datetime(year, 4, 30, 22, tzinfo=UTC) for year in (2016, 2017, 2018)
    ]
    assert [one.opens.value for one in stipend.rounds] == [
        datetime(year, 12, 31, 23, tzinfo=UTC) for year in (2015, 2016, 2017)
    ]
    assert not any(one.closes.is_assumption for one in stipend.rounds)
    assert all(one.sum.is_assumption and one.opens.is_assumption for one in stipend.rounds)


def test_ks_decides_both_and_the_stipends_statutes_name_another_body(fund: Terms, stipend: Terms) -> None:
    assert (fund.deciding_body.value, fund.statutes_body.value) == ("KS", "KS")
    assert (stipend.deciding_body.value, stipend.statutes_body.value) == ("KS", "FoK")
    assert "Fritids- och kulturnämnden" in stipend.statutes_body.source


def test_associations_alone_may_have_the_stipend_and_six_kinds_apply_to_the_fund(fund: Terms, stipend: Terms) -> None:
    assert set(fund.applicant_types.value) == set(APPLICANT_TYPES)
    assert stipend.applicant_types.value == ("association",)
    assert (fund.takes_nominations.value, stipend.takes_nominations.value) == (False, True)


def test_the_goals_and_target_groups_are_the_published_ones(fund: Terms, stipend: Terms) -> None:
    assert [goal.text.sv for goal in fund.goals.value] == [
        "leda till förbättrad integration",
        "utveckla integrationsfrämjande verksamheter",
        "verka för att utrikes födda ges samma möjligheter som inrikesfödda",
    ]
    assert fund.target_groups is not None
    assert [group.text.sv for group in fund.target_groups.value] == [
        "Alla nyanlända vuxna, barn och ungdomar",
        "Ensamkommande barn och ungdomar",
        "Kommunens invånare, alla i kommunen berörs och kan medverka i integrationsprocesser",
    ]
    assert [goal.text.sv for goal in stipend.goals.value] == [
        "Insatsen främjar samarbete och bidrar till möte och kontakt mellan människor med olika etnisk bakgrund.",
        "Insatsen tar fasta på resurser och möjligheter och baseras inte enbart på avståndstagande från rasism och "
        "diskriminering.",
        "Insatsen ska ha gett ökad kunskap, positiv effekt och synbara resultat i Kalix kommun.",
    ]


@pytest.mark.parametrize("file", ["kalix-integrationsplan.txt", "kalix-integrationsplan-underlag.txt"])
def test_what_the_plan_says_of_fund_and_stipend_stands_word_for_word_in_it(
    fund: Terms, stipend: Terms, file: str
) -> None:
    plan = re.sub(r"\s+", " ", (PLANS / file).read_text(encoding="utf-8"))
    assert fund.municipal_priority is not None
    assert fund.purpose.value.sv in plan
    assert fund.municipal_priority.value.sv in plan
    assert stipend.purpose.value.sv in plan
    for said in (fund.deciding_body, fund.applicant_types, fund.rounds[0].period_end):
        (quote,) = re.findall(r"”([^”]+)”", said.source)
        assert quote in plan


def test_what_kalix_never_published_is_marked_as_an_assumption(fund: Terms) -> None:
    assumed = {name for name, value in fund.all_values() if value.is_assumption}
    assert assumed == {
        "report_months",
        "instalments",
        "conditions",
        "attachments",
        "formal_checks",
        "criteria",
        "not_supported",
        "eligibility",
        "late_days",
        "draft_reminders",
        "draft_kept_days",
        "rounds.2016.opens",
        "rounds.2016.closes",
    }


def test_every_value_is_listed_with_a_source(fund: Terms, stipend: Terms) -> None:
    assert [name for name, _ in stipend.all_values()][:3] == ["name", "purpose", "handling"]
    assert {"rounds.2016.sum", "rounds.2017.sum", "rounds.2018.closes"} <= {name for name, _ in stipend.all_values()}
    for terms in (fund, stipend):
        assert all(value.source for _, value in terms.all_values())
        assert all("Antagande" in value.source for _, value in terms.all_values() if value.is_assumption)
        assert not any("Antagande" in value.source for _, value in terms.all_values() if not value.is_assumption)


def test_the_fund_has_its_checks_criteria_and_conditions(fund: Terms) -> None:
    assert [item.code for item in fund.criteria.value] == [f"K{n}" for n in range(1, 15)]
    assert [item.code for item in fund.formal_checks.value] == [f"F{n}" for n in range(1, 15)]
    assert [item.code for item in fund.conditions.value] == [str(n) for n in range(1, 9)]
    assert any("Kalix kommun som samarbetspartner" in item.text.sv for item in fund.conditions.value)
    assert fund.report_months is not None
    assert fund.report_months.value == 2
    assert fund.instalments is not None
    assert fund.instalments.value == (50, 50)


def test_a_company_is_asked_for_exceptional_reasons_and_a_municipal_unit_for_no_statutes(fund: Terms) -> None:
    company = [item for item in fund.formal_checks.value if item.applicant_types == ("company",)]
    assert ["synnerliga skäl" in item.text.sv for item in company] == [True]
    required = {
        kind: [item.code for item in fund.attachments.value if item.is_required and kind in item.applicant_types]
        for kind in APPLICANT_TYPES
    }
    assert required["municipal_unit"] == []
    assert required["association"] == ["statutes", "annual_meeting_minutes", "signatory_minutes"]


def test_a_stipend_has_no_instalments_and_no_report(stipend: Terms) -> None:
    assert (stipend.instalments, stipend.report_months, stipend.municipal_priority) == (None, None, None)
    assert stipend.conditions.value == ()


def test_a_text_is_shown_in_english_to_an_english_reader_and_else_in_swedish() -> None:
    text = Text("Bara i denna stad", "In this town alone")
    assert text.shown_in("en") == ("en", "In this town alone")
    assert text.shown_in("sv") == text.shown_in("fi") == ("sv", "Bara i denna stad")


def test_every_value_fits_in_json(fund: Terms, stipend: Terms) -> None:
    kept = json.loads(json.dumps({name: as_data(value) for name, value in fund.all_values() + stipend.all_values()}))
    assert kept["rounds.2016.sum"]["value"] == 20_000
    assert kept["rounds.2017.closes"]["value"] == "2017-04-30T22:00:00+00:00"
    assert kept["criteria"]["value"][0] == {
        "code": "S1",
        "text": {"sv": "Främjar samarbete och möten", "en": "Promotes co-operation and meetings"},
    }


# A faulty file


def spoilt(tmp_path: Path, original: Path, old: str, new: str) -> Path:
    text = original.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "broken.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('kind = "fund"', "", "kind is missing"),
        ('kind = "fund"', 'kind = "loan"', "kind must be one of fund, stipend"),
        ('kind = "fund"', 'kind = "fund"\ncolour = "blue"', "colour is not a key"),
        ('kind = "fund"', 'kind = "stipend"', "target_groups is not a key"),
        ("[purpose]", "[aim]", "purpose is missing"),
        ('code = "kalix-integration-fund"', "code = 7", "code must be of the kind str, not int"),
        ('name]\nvalue = "Kalix kommuns integrationsfond"', 'name]\nvalue = ""', "name.value must not be empty"),
        ('integrationsfond"\nsource = ', 'integrationsfond"\nsauce = ', "name.source is missing"),
        ('"KS"\nsource = ', '"KS"\nseen = 1\nsource = ', "deciding_body.seen is not a key"),
        ('sv = "Stadgar", ', "", "attachments.items[1].sv is missing"),
        ('code = "G2"', 'code = "G1"', "goals.items must not use a code twice"),
        ('"company"]\nsource', '"person"]\nsource', "applicant_types.value must be some of"),
        ('"company"]\nsource', '"company", "company"]\nsource', "applicant_types.value must be some of"),
        ("[50, 50]", "[50, 40]", "instalments.value must be whole per cents"),
        ("[50, 50]", "[110, -10]", "instalments.value must be whole per cents"),
        ("value = 2\n", "value = 0\n", "report_months.value must be at least 1"),
        ("value = 2\n", "value = true\n", "report_months.value must be of the kind int, not bool"),
        ("3_000_000", "-1", "rounds[1].sum.value must be at least 0"),
        ("3_000_000", "3e6", "rounds[1].sum.value must be of the kind int, not float"),
        ("2019-01-01T00:00:00", "2016-06-13T00:00:00", "rounds[1].closes must be later than opens"),
        ("2019-01-01T00:00:00", "2019-01-01T00:00:00Z", "rounds[1].closes.value must be a local time"),
        ("2019-01-01T00:00:00", "2019-01-01", "rounds[1].closes.value must be of the kind datetime, not date"),
        ("2018-12-31,", "2015-12-31,", "rounds[1].period_end must not be before period_start"),
        ("year = 2016", "year = 2016\nmonth = 6", "rounds[1].month is not a key"),
        ("[[rounds]]", "[rounds]", "rounds must be of the kind list, not dict"),
        ("[name]", "[name", "not readable as TOML"),
    ],
)
def test_a_fault_is_told_in_one_line_with_file_and_key(tmp_path: Path, old: str, new: str, named: str) -> None:
    with pytest.raises(BadTerms) as refusal:
        read_terms(spoilt(tmp_path, FUND, old, new))
    assert str(refusal.value).startswith("broken.toml: ")
    assert named in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_year_stands_once_among_the_rounds(tmp_path: Path) -> None:
    with pytest.raises(BadTerms, match="each year once"):
        read_terms(spoilt(tmp_path, STIPEND, "year = 2017", "year = 2016"))
