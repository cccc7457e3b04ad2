"""How the diary names things, and how the desk says where a case stands."""

import pytest

from fundapp.funds.terms import TERMS, as_data, read_terms
from fundapp.languages import speaking
from fundapp.registry.rules import attachment_subject, case_subject, desk_words, submission_subject, tone, why_closed
from fundapp.workflow import ENDED, ApplicationStatus

TERMS_OF_FUND = as_data(read_terms(TERMS / "kalix-integration-fund.toml"))


def test_a_case_is_named_by_what_who_and_which_project() -> None:
    subject = case_subject("GRANT", "Integrationsfonden", "Kalix Språkkafé", "Språkkafé vid älven")
    assert "Integrationsfonden" in subject
    assert subject.endswith(" – Kalix Språkkafé – Språkkafé vid älven")


def test_a_case_without_a_title_has_no_dangling_dash() -> None:
    assert case_subject("AWARD", "Stipendiet", "Töre Framtid IF", "").endswith(" – Töre Framtid IF")


def test_a_long_title_does_not_outgrow_the_diary() -> None:
    assert len(case_subject("GRANT", "Fonden", "Föreningen", "x" * 900)) == 400


@pytest.mark.parametrize("spoken", ["en", "sv", "ar"])
def test_the_diary_is_in_swedish_whatever_language_is_spoken(spoken: str) -> None:
    with speaking(spoken):
        assert case_subject("GRANT", "Fonden", "A", "B") == "Ansökan om anslag ur Fonden – A – B"
        assert case_subject("AWARD", "Stipendiet", "A", "B") == "Ansökan om Stipendiet – A – B"
        assert case_subject("NOMINATION", "Stipendiet", "A", "B") == "Förslag till Stipendiet – A – B"
        assert submission_subject("GRANT", 1) == "Ansökan"
        assert submission_subject("NOMINATION", 1) == "Förslag på stipendiat"
        assert submission_subject("NOMINATION", 2) == "Kompletterad ansökan, version 2"
        assert attachment_subject("statutes", TERMS_OF_FUND) == "Bilaga: Stadgar"
        assert attachment_subject("no such kind", TERMS_OF_FUND) == "Bilaga"


def test_a_completed_application_is_told_from_the_first_one() -> None:
    assert submission_subject("GRANT", 1) != submission_subject("GRANT", 2)
    assert "3" in submission_subject("GRANT", 3)
    assert submission_subject("GRANT", 1) != submission_subject("NOMINATION", 1)


def test_an_attachment_is_called_what_the_terms_call_it() -> None:
    assert attachment_subject("statutes", TERMS_OF_FUND).endswith("Stadgar")
    assert attachment_subject("no such kind", TERMS_OF_FUND) != attachment_subject("statutes", TERMS_OF_FUND)


@pytest.mark.parametrize("status", list(ApplicationStatus))
def test_every_status_has_words_and_a_tone_at_the_desk(status: ApplicationStatus) -> None:
    assert str(desk_words(status))
    assert tone(status) in {"neutral", "accent", "attention", "good", "bad"}


def test_what_waits_for_the_applicant_is_not_said_to_the_official_as_you() -> None:
    with speaking("en"):
        assert str(desk_words(ApplicationStatus.COMPLETION_REQUESTED)) == "Waiting for completion"


def test_a_step_ahead_says_what_is_needed_first() -> None:
    with speaking("en"):
        assert str(why_closed("take_up", ApplicationStatus.SUBMITTED)) == "Register it first."
        assert str(why_closed("finish_assessment", ApplicationStatus.REGISTERED)) == "Start assessing first."


@pytest.mark.parametrize("status", sorted(ENDED, key=lambda status: status.name))
def test_an_ended_case_explains_no_steps(status: ApplicationStatus) -> None:
    assert why_closed("put_on_agenda", status) is None
