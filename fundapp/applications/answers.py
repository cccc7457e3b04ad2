"""A draft's sections read together: where each stands, the facts for the columns, and the frozen copy."""

from collections.abc import Sequence
from typing import Any

from fundapp.accounts.models import Account, Organisation
from fundapp.applications.models import Application
from fundapp.applications.questions import FORM_VERSION, SECTIONS, Answer, SectionForm, section_form
from fundapp.applications.rules import SectionState
from fundapp.languages import AUTHORITY_LANGUAGE, speaking


def all_sections(application: Application) -> list[SectionForm]:
    """Every section with the answers that are kept."""
    return [section_form(application, form.section_code) for form in SECTIONS[application.kind]]


def state_of(form: SectionForm) -> SectionState:
    """Where one section stands."""
    application, code = form.application, form.section_code
    saved = next((section for section in application.sections if section.code == code), None)
    missing = tuple(form.faults())
    status = "done" if not missing else "started" if _is_touched(form) else "empty"
    return SectionState(code, str(form.section_title), status, missing, saved.saved_at if saved else None)


def _is_touched(form: SectionForm) -> bool:
    """Whether anything is written or sent along in the section."""
    has_files = form.section_code == "attachments" and bool(form.application.attachments)
    return has_files or any(text.strip() for texts in form.typed.values() for text in texts)


def states(application: Application) -> list[SectionState]:
    """Where every section stands, in the order of the form."""
    return states_of(all_sections(application))


def states_of(sections: Sequence[SectionForm]) -> list[SectionState]:
    """Where each of the sections stands; they are validated by this."""
    return [state_of(form) for form in sections]


def facts_of(sections: Sequence[SectionForm]) -> dict[str, Any]:
    """The application's columns by name, from all its sections, validated and without faults."""
    found: dict[str, Any] = {}
    for form in sections:
        found |= form.facts()
    return found


def frozen(application: Application, sections: Sequence[SectionForm], *, by: Account) -> dict[str, Any]:
    """The content of a Submission: the questions as asked and the answers, in the applicant's language and Swedish."""
    with speaking(AUTHORITY_LANGUAGE):
        in_swedish = [_section(form) for form in sections]
    with speaking(application.language) as language:
        as_asked = in_swedish if language.code == AUTHORITY_LANGUAGE else [_section(form) for form in sections]
    return {
        "form": application.kind.value,
        "form_version": FORM_VERSION,
        "language": application.language,
        "text_language": application.text_language,
        "sections": [_with_swedish(asked, swedish) for asked, swedish in zip(as_asked, in_swedish, strict=True)],
        "organisation": particulars(application.organisation) if application.organisation else None,
        "account": {"name": by.name, "email": by.email, "phone": by.phone},
        "attachments": [
            {
                "kind": attachment.kind,
                "name": attachment.file.name,
                "size": attachment.file.size,
                "sha256": attachment.file.sha256,
            }
            for attachment in application.attachments
        ],
    }


def _section(form: SectionForm) -> dict[str, Any]:
    answers = [_answer(answer) for answer in form.answers()]
    return {"code": form.section_code, "title": str(form.section_title), "answers": answers}


def _answer(answer: Answer) -> dict[str, Any]:
    value = answer.value
    if answer.is_rows:
        value = [[_answer(part) for part in row] for row in value]
    return {"code": answer.code, "question": answer.question, "answer": value, "is_typed": answer.is_typed}


def _with_swedish(asked: dict[str, Any], swedish: dict[str, Any]) -> dict[str, Any]:
    pairs = zip(asked["answers"], swedish["answers"], strict=True)
    answers = [_answer_with_swedish(one, other) for one, other in pairs]
    return {"code": asked["code"], "title": asked["title"], "title_sv": swedish["title"], "answers": answers}


def _answer_with_swedish(asked: dict[str, Any], swedish: dict[str, Any]) -> dict[str, Any]:
    both = asked | {"question_sv": swedish["question"], "answer_sv": swedish["answer"]}
    value = asked["answer"]
    if isinstance(value, list) and value and isinstance(value[0], list):
        both["answer"] = [
            [_answer_with_swedish(one, other) for one, other in zip(row, row_sv, strict=True)]
            for row, row_sv in zip(value, swedish["answer"], strict=True)
        ]
        del both["answer_sv"]
    return both


def particulars(organisation: Organisation) -> dict[str, Any]:
    """The organisation as it is now, for a frozen copy."""
    names = (
        "name", "org_number", "administration", "internal_account", "address", "postal_code", "city", "email",
        "phone", "website", "bankgiro", "plusgiro", "signs_jointly",
    )  # fmt: skip
    return {name: getattr(organisation, name) for name in names} | {
        "kind": organisation.kind.value,
        "signatories": [{"name": s.name, "contact": s.contact} for s in organisation.signatories],
    }
