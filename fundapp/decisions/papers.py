"""The letter to the applicant, as the frozen content of a paper.

{"municipality", "title", "parts": [{"lang", "dir", "title", "governs", "facts": [[label, value]], "opening": [text],
"sections": [{"heading", "lang", "text"}]}]}; Swedish first, which governs, then the applicant's language. `lang` of a
section is the language of its text.
"""

from dataclasses import dataclass
from typing import Any

from fundapp import clock, documents
from fundapp.applications import receivers as applicants
from fundapp.applications.models import ApplicationKind
from fundapp.candidates.following import candidate_of
from fundapp.data_texts import chosen
from fundapp.decisions.legal import legal_on, personal_data_on
from fundapp.decisions.models import Decision, DecisionTranslation
from fundapp.documents import Paper
from fundapp.goals.rules import municipality_named
from fundapp.languages import AUTHORITY_LANGUAGE, Language, _, _d, long_day, money, speaking
from fundapp.workflow import Outcome

# Codes of answers in a nomination.
NOMINATOR_NAME, NOMINEE_EMAIL = "nominator_name", "nominee_email"


@dataclass(frozen=True)
class Receiver:
    """Who gets a letter, at which addresses, and in which language beside Swedish."""

    name: str
    addresses: tuple[str, ...]
    language: str
    is_applicant: bool = True


def receivers(decision: Decision) -> list[Receiver]:
    """The applicant (the person, while they act for the organisation, and the organisation) or the nominator; when a
    nomination's case ends, also the association that was nominated.
    """
    application = decision.application
    sender = application.created_by
    if application.kind is not ApplicationKind.NOMINATION:
        addresses = tuple(applicants.receivers(application, sender))
        return [Receiver(application.applicant_name or sender.name, addresses, application.language)]
    name = sender.name or _answer(decision, NOMINATOR_NAME) or sender.email
    found = [Receiver(name, (sender.email,), application.language)]
    nominee = _nominee(decision) if decision.outcome.ends_case else None
    return [*found, nominee] if nominee is not None and sender.email not in nominee.addresses else found


def _nominee(decision: Decision) -> Receiver | None:
    """The nominated association, which gets one letter: about the case that leads, where several concern it."""
    if decision.follows_id is not None:
        return None
    candidate = candidate_of(decision.application)
    if candidate is not None and candidate.email:
        return Receiver(candidate.name, (candidate.email,), candidate.language, is_applicant=False)
    address = _answer(decision, NOMINEE_EMAIL)
    name = decision.application.applicant_name or ""
    return Receiver(name, (address,), AUTHORITY_LANGUAGE, is_applicant=False) if address else None


def _answer(decision: Decision, code: str) -> str:
    """One answer of the application as it was sent, or the empty string."""
    submission = decision.application.last_submission
    sections = submission.content["sections"] if submission is not None else []
    texts = [answer["answer"] for section in sections for answer in section["answers"] if answer["code"] == code]
    return texts[0].strip() if texts and isinstance(texts[0], str) else ""


def letter(
    decision: Decision, project: Any, receiver: Receiver, translation: DecisionTranslation | None = None
) -> Paper:
    """The letter as a paper; `project` is what the grant started, None where it started none. `translation`: the
    reasons and conditions in the receiver's language, where somebody has translated them.
    """
    parts = []
    for code in dict.fromkeys((AUTHORITY_LANGUAGE, receiver.language)):
        with speaking(code) as language:
            if language.code == code:
                parts.append(_part(decision, project, receiver, language, _words(decision, language, translation)))
    content = {"municipality": municipality_of(decision), "title": parts[0]["title"], "parts": parts}
    number = decision.case.diary_number.replace(" ", "-").replace(":", "-")
    return documents.draw_up(
        "decisions/documents/letter.typ", content, file_name=f"beslut-{number}.pdf", language=AUTHORITY_LANGUAGE
    )


def letter_subject(decision: Decision) -> str:
    """What the diary says of the letter, in Swedish."""
    with speaking(AUTHORITY_LANGUAGE):
        if decision.outcome.ends_case:
            return _d("Letter about the decision %(designation)s", designation=decision.item.designation)
        return _d("Letter about the handling in %(designation)s", designation=decision.item.designation)


def municipality_of(decision: Decision) -> str:
    return municipality_named(decision.application.round.fund.municipality).name


@dataclass(frozen=True)
class _Words:
    """The board's own words, each with the language it is in."""

    reasons: tuple[str, str]
    conditions: tuple[str, str]


def _words(decision: Decision, language: Language, translation: DecisionTranslation | None) -> _Words:
    if translation is not None and translation.language == language.code:
        code = language.html_lang
        return _Words((translation.reasons, code), (translation.conditions, code))
    return _Words((decision.reasons, AUTHORITY_LANGUAGE), conditions_in(decision, language))


def _part(decision: Decision, project: Any, receiver: Receiver, language: Language, words: _Words) -> dict[str, Any]:
    is_swedish = language.code == AUTHORITY_LANGUAGE
    return {
        "lang": language.html_lang,
        "dir": language.direction,
        "title": _title(decision),
        "governs": "" if is_swedish else _("This is a translation. The Swedish text applies."),
        "facts": _facts(decision),
        "opening": _opening(decision, receiver),
        "sections": [section for section in _sections(decision, project, language, words) if section["text"]],
    }


def _title(decision: Decision) -> str:
    kind, outcome = decision.application.kind, decision.outcome
    if kind is not ApplicationKind.GRANT and outcome is Outcome.GRANT:
        return _("Decision: the stipend is awarded")
    if kind is ApplicationKind.NOMINATION:
        return {
            Outcome.REJECT: _(
                "Decision: %(name)s is not awarded the stipend", name=decision.application.applicant_name or ""
            ),
            Outcome.DISMISS: _("Decision: the nomination is dismissed"),
            Outcome.WRITE_OFF: _("Decision: the case is closed"),
            Outcome.REFER_BACK: _("The nomination will be prepared further"),
            Outcome.TABLE: _("The nomination will be decided at a later sitting"),
        }[outcome]
    return {
        Outcome.GRANT: _("Decision: your application is granted"),
        Outcome.GRANT_IN_PART: _("Decision: your application is granted in part"),
        Outcome.REJECT: _("Decision: your application is not granted"),
        Outcome.DISMISS: _("Decision: your application is dismissed"),
        Outcome.WRITE_OFF: _("Decision: your case is closed"),
        Outcome.REFER_BACK: _("Your application will be prepared further"),
        Outcome.TABLE: _("Your application will be decided at a later sitting"),
    }[outcome]


def _facts(decision: Decision) -> list[list[str]]:
    application, item = decision.application, decision.item
    kind = application.kind
    is_stipend = kind is not ApplicationKind.GRANT
    rows = [
        (_("Date"), long_day(clock.today())),
        (_("Diary number"), decision.case.diary_number),
        (_("Nominated") if kind is ApplicationKind.NOMINATION else _("Applicant"), application.applicant_name),
        (_("What it concerns") if is_stipend else _("Project"), application.title),
        (_("Period"), _period(decision)),
        (_("Applied for"), money(application.amount_requested) if application.amount_requested else None),
        (_("Decided by"), item.meeting.board.name),
        (_("Day of the sitting"), long_day(item.meeting.held_on)),
        (_("Paragraph"), f"§ {item.number}"),
        (_("Decision"), _outcome_word(decision)),
        (_("Stipend") if is_stipend else _("Sum granted"), money(decision.amount) if decision.amount else None),
    ]
    return [[label, value] for label, value in rows if value]


def _period(decision: Decision) -> str:
    """The project's first and last day; the conditions refer to them."""
    application = decision.application
    if application.starts_on is None or application.ends_on is None:
        return ""
    return f"{long_day(application.starts_on)} – {long_day(application.ends_on)}"


def _outcome_word(decision: Decision) -> str:
    """The outcome in a word; a stipend is awarded, not granted."""
    kind, outcome = decision.application.kind, decision.outcome
    if kind is not ApplicationKind.GRANT and outcome is Outcome.GRANT:
        return _("The stipend is awarded")
    if kind is ApplicationKind.NOMINATION and outcome is Outcome.REJECT:
        return _("The stipend is not awarded")
    return str(outcome.label)


def _opening(decision: Decision, receiver: Receiver) -> list[str]:
    fund = decision.application.round.fund.name
    text = _decided_on_stipend(decision) or _decided(decision)
    if receiver.is_applicant:
        return [text]
    return [_("Somebody has nominated you for %(fund)s.", fund=fund), text]


def _decided_on_stipend(decision: Decision) -> str:
    """What the board decided on the stipend or on a nomination, where that is said in its own way."""
    application, outcome = decision.application, decision.outcome
    names = {"board": decision.item.meeting.board.name, "fund": application.round.fund.name}
    name = application.applicant_name or ""
    if application.kind is not ApplicationKind.GRANT and outcome is Outcome.GRANT:
        return _("%(board)s has awarded %(fund)s to %(name)s.", name=name, **names)
    if application.kind is ApplicationKind.NOMINATION and outcome is Outcome.REJECT:
        return _("%(board)s has decided not to award %(fund)s to %(name)s.", name=name, **names)
    if application.kind is ApplicationKind.NOMINATION and outcome is Outcome.DISMISS:
        return _("%(board)s has dismissed the nomination for %(fund)s without examining it.", **names)
    return ""


def _decided(decision: Decision) -> str:
    application = decision.application
    names = {"board": decision.item.meeting.board.name, "fund": application.round.fund.name}
    sums = {"sum": money(decision.amount or 0), "sought": money(application.amount_requested or 0)}
    return {
        Outcome.GRANT: lambda: _(
            "%(board)s has decided to grant you %(sum)s from %(fund)s. That is the whole sum that you applied for.",
            sum=sums["sum"],
            **names,
        ),
        Outcome.GRANT_IN_PART: lambda: _(
            "%(board)s has decided to grant you %(sum)s from %(fund)s. You applied for %(sought)s.", **sums, **names
        ),
        Outcome.REJECT: lambda: _("%(board)s has decided not to grant your application to %(fund)s.", **names),
        Outcome.DISMISS: lambda: _(
            "%(board)s has dismissed your application to %(fund)s without examining it.", **names
        ),
        Outcome.WRITE_OFF: lambda: _(
            "%(board)s has closed the case without a decision in the matter.", board=names["board"]
        ),
        Outcome.REFER_BACK: lambda: _(
            "%(board)s has sent the case back to the officials, who prepare it further. It is not decided yet.",
            board=names["board"],
        ),
        Outcome.TABLE: lambda: _(
            "%(board)s has put the case off and decides it at a later sitting.", board=names["board"]
        ),
    }[decision.outcome]()


def _sections(decision: Decision, project: Any, language: Language, words: _Words) -> list[dict[str, str]]:
    def section(heading: str, text: str, lang: str = language.html_lang) -> dict[str, str]:
        return {"heading": heading, "lang": lang, "text": text}

    is_award = decision.application.kind is not ApplicationKind.GRANT and decision.outcome is Outcome.GRANT
    found = [
        section(_("Motivation") if is_award else _("Reasons"), *words.reasons),
        section(_("Conditions"), *words.conditions),
    ]
    if project is not None:
        found.append(section(_("Payment"), _payment(decision, project)))
        found.append(section(_("Report"), _report(project)))
    elif is_award:
        text = _("The municipality tells you when and where the stipend is handed out.")
        found.append(section(_("What happens next"), text))
    if decision.outcome.ends_case:
        found.append(section(_("How the decision can be tried"), _trial(decision)))
    else:
        found.append(section(_("What happens next"), _next(decision)))
    found.append(section(_("Questions"), _questions(decision)))
    if language.code == AUTHORITY_LANGUAGE:
        meeting = decision.item.meeting
        found.append(section(_d("Personal data"), personal_data_on(meeting.held_on, meeting.board.name)))
    return found


def conditions_in(decision: Decision, language: Language) -> tuple[str, str]:
    """The conditions and their language: the fund's own ones are translated, what somebody wrote stands as written."""
    known = {
        item["text"]["sv"]: chosen(item["text"], language.code)
        for item in decision.application.terms["conditions"]["value"]
    }
    lines = []
    for line in decision.conditions.splitlines():
        number, dot, text = line.partition(". ")
        code, translated = known.get(text.strip() if dot else line.strip(), (AUTHORITY_LANGUAGE, ""))
        if line.strip() and code != language.code:
            return decision.conditions, AUTHORITY_LANGUAGE
        lines.append(f"{number}. {translated}" if dot else translated)
    return "\n".join(lines), language.html_lang


def _payment(decision: Decision, project: Any) -> str:
    lines = [
        _("%(sum)s around %(day)s", sum=money(part.amount), day=long_day(part.planned_on))
        for part in project.instalments
    ]
    return "\n".join([_("The money is paid %(how)s:", how=_account(decision)), *lines])


def _account(decision: Decision) -> str:
    payee = decision.application.organisation
    if payee is not None and payee.bankgiro:
        return _("to bankgiro %(number)s", number=f"{payee.bankgiro[:-4]}-{payee.bankgiro[-4:]}")
    if payee is not None and payee.plusgiro:
        return _("to plusgiro %(number)s", number=f"{payee.plusgiro[:-1]}-{payee.plusgiro[-1:]}")
    if payee is not None and payee.internal_account:
        return _("by internal booking to %(account)s", account=payee.internal_account)
    return _("to the account that you have given")


def _report(project: Any) -> str:
    return _("Report on the project no later than %(day)s.", day=long_day(project.report_due_on))


def _trial(decision: Decision) -> str:
    """How a member of the municipality can have the decision tried; the days run from the noticeboard, from nothing
    else. Source: the law in force on the day of the decision, in legal.toml.
    """
    legal = legal_on(decision.item.meeting.held_on)
    return "\n\n".join(
        (
            _("A member of the municipality can ask a court to test whether the decision is lawful."),
            _(
                "Write to %(court)s, which must have the letter within %(weeks)s weeks from the day when the "
                "municipality's noticeboard announced that the minutes were approved. Say which decision it concerns "
                "and why you think that it is not lawful.",
                court=legal.court,
                weeks=legal.weeks,
            ),
            _("The rules are in %(law)s.", law=legal.law),
        )
    )


def _next(decision: Decision) -> str:
    if decision.outcome is Outcome.REFER_BACK:
        return _("An official prepares the case further. You need do nothing, unless we ask you for something.")
    return _("You need do nothing. We write to you again when the decision is made.")


def _questions(decision: Decision) -> str:
    officer = decision.application.officer
    if officer is None:
        return ""
    return _(
        "Write to %(name)s, case officer: %(email)s. Give the diary number %(number)s.",
        name=officer.name,
        email=officer.email,
        number=decision.case.diary_number.replace(" ", "\u00a0"),  # it stays on one line
    )
