"""The desk's words: what happened to a case, what kind it is, and an applicant's answers as an official reads them."""

from functools import cache
from typing import Any

from flask import get_template_attribute
from markupsafe import Markup

from fundapp import languages
from fundapp.applications.models import Application, ApplicationKind
from fundapp.assessments.rules import answer_key
from fundapp.data_texts import chosen
from fundapp.languages import Lazy, _dl
from fundapp.registry import rules
from fundapp.registry.models import Direction
from fundapp.workflow import (
    APPLICATION_STEPS,
    INSTALMENT_STEPS,
    MEETING_STEPS,
    PROJECT_STEPS,
    REPORT_STEPS,
    ApplicationStatus,
)

# What the applicant does in a draft or while completing is not part of the case's story.
_APPLICANTS_OWN = frozenset(
    {"start", "save_section", "attach", "detach", "save_report", "name_language", "remind_of_draft", "tell_of_removal"}
)

# Flags and notes are told beside each other in a place of their own, which not every reader of the case has.
_KEPT_APART = frozenset({"raise_flag", "resolve_flag", "write_note", "correct_note"})

_SENTENCES: dict[str, Lazy] = {
    "submit": _dl("Sent in"),
    "register": _dl("Registered"),
    "take_up": _dl("Started the assessment"),
    "check": _dl("Saved the formal check"),
    "request_completion": _dl("Asked the applicant for completion"),
    "complete": _dl("Additions came in"),
    "go_on_without": _dl("Went on without the completion"),
    "save_assessment": _dl("Saved the assessment"),
    "finish_assessment": _dl("Finished the officer's report"),
    "reopen_assessment": _dl("Reopened the assessment"),
    "put_on_agenda": _dl("Put on an agenda"),
    "take_off_agenda": _dl("Taken off the agenda"),
    "grant": _dl("Granted"),
    "grant_in_part": _dl("Granted in part"),
    "reject": _dl("Not granted"),
    "dismiss": _dl("Dismissed"),
    "write_off": _dl("Written off"),
    "refer_back": _dl("Referred back for more preparation"),
    "table": _dl("Tabled to the next sitting"),
    "reconsider": _dl("Taken up again for a new decision"),
    "withdraw": _dl("Withdrawn by the applicant"),
    "attach_later": _dl("An attachment came that was said to come later"),
    "record_outcome": _dl("The board's outcome was recorded; it is pending until the minutes are approved"),
    "correct_outcome": _dl("The pending outcome was corrected"),
    "take_back_outcome": _dl("The pending outcome was taken back"),
    "make_final": _dl("The decision became final"),
    "start_project": _dl("The project started"),
    "declare_conflict": _dl("Declared a conflict of interest"),
    "remind_of_completion": _dl("Reminded the applicant of the additions"),
    "refer": _dl("Referred the case for comment"),
    "answer_referral": _dl("A comment came in on a referral"),
    "withdraw_referral": _dl("Withdrew a referral"),
    "remind_of_referral": _dl("Reminded of a referral"),
    "remind_of_report": _dl("Reminded the applicant of the project's report"),
    "record_appeal": _dl("An appeal came in"),
    "end_appeal": _dl("The appeal ended"),
    "allow_early_payment": _dl("Payment before the decision is in force was allowed"),
    "demand_repayment": _dl("Asked for money back"),
    "receive_repayment": _dl("Money came back"),
    "save_translation": _dl("Saved a working translation"),
    "translate_decision": _dl("Translated the decision"),
    "ask_for_translation": _dl("The applicant asks for the decision in another language"),
    "release_letter": _dl("Released a letter"),
    "send_again": _dl("Sent a letter again that had failed"),
    "dispatch_paper": _dl("Sent a paper, and filed it"),
    "file_paper": _dl("Wrote a paper and filed it"),
    "message_in": _dl("A message came in from the applicant"),
    "message_out": _dl("Sent a message to the applicant"),
    "ask_for_change": _dl("The project asked for a change"),
    "answer_change": _dl("Answered the project's request for a change"),
    "answer_candidate": _dl("The nominated association answered"),
    "ask_candidate": _dl("Asked the nominated association"),
    "confirm_candidate": _dl("Confirmed that the cases concern the same association"),
    "correct_candidate": _dl("Corrected the candidate's particulars"),
    "gather": _dl("Gathered with other cases about the same association"),
    "merge_candidates": _dl("Made two candidates one"),
    "split_candidate": _dl("Taken out of a candidate"),
    "enter": _dl("Began to enter what came on paper or by telephone"),
    "receive": _dl("Received for the sender"),
    "receive_additions": _dl("Additions came in, and were entered for the sender"),
    "merge": _dl("Merged with another case"),
    "take_in": _dl("Another case was merged into this one"),
    "post_letter": _dl("Posted a letter"),
    "propose_correction": _dl("Proposed a change of what is kept about the applicant"),
    "approve_correction": _dl("Approved a change of what is kept about the applicant"),
    "decline_correction": _dl("Declined a change of what is kept about the applicant"),
    "correct_field": _dl("Changed what is kept about the applicant"),
    "mark_secrecy": _dl("Marked a document for secrecy examination"),
    "lift_secrecy": _dl("Lifted a document's mark for secrecy examination"),
    "mask_copy": _dl("Filed a masked copy of a document"),
    "give_out": _dl("Gave out a document"),
    "ask_review": _dl("Asked a colleague for an assessment of their own"),
    "save_review": _dl("Wrote on an assessment of their own"),
    "send_review": _dl("Sent an assessment of their own"),
    "open_review_again": _dl("Opened their own assessment again"),
    "withdraw_review": _dl("No longer waits for a colleague's assessment"),
    "take_over_reviews": _dl("Took the colleagues' texts over into the assessment"),
    "ask_second_look": _dl("Asked a colleague to look at the report"),
    "agree_second_look": _dl("Looked at the report and agrees"),
    "send_back_second_look": _dl("Looked at the report and sent it back"),
    "withdraw_second_look": _dl("Took the question to a colleague back"),
    "second_look_fell": _dl("The colleague's agreement fell, since something was changed"),
}
_BY_TABLE: dict[tuple[str, str], Lazy] = {
    ("report", "submit"): _dl("The project's report came in"),
    ("report", "request_completion"): _dl("Asked for additions to the project's report"),
    ("report", "approve"): _dl("Approved the project's report"),
    ("application", "annul"): _dl("Taken up again, since a court annulled the decision"),
    ("project", "annul"): _dl("The project ended, since a court annulled the decision"),
    ("instalment", "annul"): _dl("An instalment will not be paid, since a court annulled the decision"),
    ("project", "close"): _dl("Closed the project"),
    ("instalment", "pay"): _dl("Paid an instalment"),
    ("instalment", "propose"): _dl("Proposed that an instalment is paid"),
    ("instalment", "approve"): _dl("Approved that an instalment is paid"),
    ("instalment", "send_back"): _dl("Sent a proposed payment back"),
    ("instalment", "take_back"): _dl("Took the proposal of a payment back"),
    ("instalment", "cancel"): _dl("An instalment will not be paid"),
}
_DIRECTIONS = {
    Direction.RECEIVED.name: _dl("Filed a received document"),
    Direction.DRAWN_UP.name: _dl("Filed a document drawn up here"),
    Direction.DISPATCHED.name: _dl("Filed a dispatched document"),
}
_STEPS = APPLICATION_STEPS | REPORT_STEPS | PROJECT_STEPS | INSTALMENT_STEPS | MEETING_STEPS


def sentence(table: str, event: str, facts: dict[str, Any]) -> str | None:
    """What happened, in words; None for what is the applicant's own."""
    if event in _APPLICANTS_OWN | _KEPT_APART:
        return None
    if event == "open_case":
        return str(_dl("Opened the case %(number)s", number=facts.get("diary_number", "")))
    if event == "assign_officer":
        return str(_dl("%(name)s became the case's officer", name=facts.get("officer", "")))
    if event == "link_objectives":
        codes = facts.get("objectives")
        return str(
            _dl("Linked to the plan's objectives %(codes)s", codes=codes) if codes else _dl("Linked to no objective")
        )
    if event == "file_document":
        return str(_DIRECTIONS.get(facts.get("direction", ""), _dl("Filed a document")))
    found = _BY_TABLE.get((table, event)) or _SENTENCES.get(event)
    if found is None and event in _STEPS:
        found = _STEPS[event].label
    return str(found) if found is not None else event.replace("_", " ").capitalize()


_KINDS = {
    ApplicationKind.GRANT: _dl("Project grant"),  # “Grant” alone is the step, a verb
    ApplicationKind.AWARD: _dl("Stipend"),
    ApplicationKind.NOMINATION: _dl("Nomination"),
}


def kind_words(kind: ApplicationKind) -> Lazy:
    """The kind of an application in a word."""
    return _KINDS[kind]


def kinds() -> dict[ApplicationKind, str]:
    """Each kind of an application in a word."""
    return {kind: str(words) for kind, words in _KINDS.items()}


def state_tags() -> dict[ApplicationStatus, Markup]:
    """Each state as the word and sign that lists show."""
    return _state_tags(languages.current().code)


@cache
def _state_tags(_language: str) -> dict[ApplicationStatus, Markup]:
    tag = get_template_attribute("components/status.html", "tag")
    return {state: tag(str(rules.desk_words(state)), rules.tone(state)) for state in ApplicationStatus}


def _reads_as_asked(asked_in: str) -> bool:
    return languages.current().code == asked_in != languages.AUTHORITY_LANGUAGE


def question_of(answer: dict[str, Any], asked_in: str) -> str:
    """The question in the desk's language where the copy has it, else in Swedish."""
    return str(answer["question"] if _reads_as_asked(asked_in) else answer["question_sv"])


def question_lang(asked_in: str) -> Markup:
    """The lang attribute of a question or heading that is in another language than the page."""
    if _reads_as_asked(asked_in) or languages.current().code == languages.AUTHORITY_LANGUAGE:
        return Markup("")
    return Markup(' lang="sv"')


def title_of(section: dict[str, Any], asked_in: str) -> str:
    """A section's title, as `question_of`."""
    return str(section["title"] if _reads_as_asked(asked_in) else section["title_sv"])


def answer_of(answer: dict[str, Any], asked_in: str) -> Any:
    """The answer: what was typed as it was typed, what was chosen in the language of its question."""
    if answer.get("is_typed") or _reads_as_asked(asked_in):
        return answer["answer"]
    return answer.get("answer_sv", answer["answer"])


def attachment_words(application: Application, kind: str) -> str:
    """What an attachment is, as the fund's terms call it in the desk's language."""
    for item in application.terms["attachments"]["value"]:
        if item["code"] == kind:
            return chosen(item["text"])[1]
    return str(_dl("Page signed by all signatories")) if kind == "signed_page" else kind


def for_templates() -> dict[str, Any]:
    """These words by the names the desk's templates use."""
    return {
        "desk_words": rules.desk_words,
        "desk_tone": rules.tone,
        "kind_words": kind_words,
        "question_of": question_of,
        "question_lang": question_lang,
        "title_of": title_of,
        "answer_of": answer_of,
        "answer_key": answer_key,
    }
