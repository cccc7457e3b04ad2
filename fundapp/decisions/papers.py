"""The letter to the applicant and the extract of the minutes, as frozen content of papers.

A letter's content: {"municipality", "title", "parts": [{"lang", "dir", "title", "governs", "facts": [[label, value]],
"opening": [text], "sections": [{"heading", "lang", "text"}]}]}; Swedish first, which governs, then the applicant's
language. `lang` of a section is the language of its text. An extract is in Swedish alone: {"municipality", "title",
"facts", "heading", "subject", "sections": [{"heading", "text"}], "signature"}.
"""

from dataclasses import dataclass
from typing import Any

from fundapp import clock, documents
from fundapp.applications.models import ApplicationKind
from fundapp.decisions import rules
from fundapp.decisions.models import Decision
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
    """The applicant (the person and the organisation) or the nominator; when a nomination's case ends, also the
    association that was nominated.
    """
    application = decision.application
    sender, payee = application.created_by, application.organisation
    if application.kind is not ApplicationKind.NOMINATION:
        addresses = dict.fromkeys((sender.email, payee.email.lower() if payee is not None else sender.email))
        return [Receiver(application.applicant_name or sender.name, tuple(addresses), application.language)]
    name = sender.name or _answer(decision, NOMINATOR_NAME) or sender.email
    found = [Receiver(name, (sender.email,), application.language)]
    address = _answer(decision, NOMINEE_EMAIL) if decision.outcome.ends_case else ""
    if address and address != sender.email:
        found.append(Receiver(application.applicant_name or "", (address,), AUTHORITY_LANGUAGE, is_applicant=False))
    return found


def _answer(decision: Decision, code: str) -> str:
    """One answer of the application as it was sent, or the empty string."""
    submission = decision.application.last_submission
    sections = submission.content["sections"] if submission is not None else []
    texts = [answer["answer"] for section in sections for answer in section["answers"] if answer["code"] == code]
    return texts[0].strip() if texts and isinstance(texts[0], str) else ""


# --- the letter -------------------------------------------------------------------------------------------------


def letter(decision: Decision, project: Any, receiver: Receiver) -> Paper:
    """The letter as a paper; `project` is what the grant started, None where it started none."""
    parts = []
    for code in dict.fromkeys((AUTHORITY_LANGUAGE, receiver.language)):
        with speaking(code) as language:
            if language.code == code:
                parts.append(_part(decision, project, receiver, language))
    content = {"municipality": _municipality(decision), "title": parts[0]["title"], "parts": parts}
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


def _municipality(decision: Decision) -> str:
    return municipality_named(decision.application.round.fund.municipality).name


def _part(decision: Decision, project: Any, receiver: Receiver, language: Language) -> dict[str, Any]:
    is_swedish = language.code == AUTHORITY_LANGUAGE
    return {
        "lang": language.html_lang,
        "dir": language.direction,
        "title": _title(decision),
        "governs": "" if is_swedish else _("This is a translation. The Swedish text applies."),
        "facts": _facts(decision),
        "opening": _opening(decision, receiver),
        "sections": [section for section in _sections(decision, project, language) if section["text"]],
    }


def _title(decision: Decision) -> str:
    if decision.application.kind is not ApplicationKind.GRANT and decision.outcome is Outcome.GRANT:
        return _("Decision: the stipend is awarded")
    return {
        Outcome.GRANT: _("Decision: your application is granted"),
        Outcome.GRANT_IN_PART: _("Decision: your application is granted in part"),
        Outcome.REJECT: _("Decision: your application is not granted"),
        Outcome.DISMISS: _("Decision: your application is dismissed"),
        Outcome.WRITE_OFF: _("Decision: your case is closed"),
        Outcome.REFER_BACK: _("Your application will be prepared further"),
        Outcome.TABLE: _("Your application will be decided at a later sitting"),
    }[decision.outcome]


def _facts(decision: Decision) -> list[list[str]]:
    application, item = decision.application, decision.item
    kind = application.kind
    rows = [
        (_("Date"), long_day(clock.today())),
        (_("Diary number"), decision.case.diary_number),
        (_("Nominated") if kind is ApplicationKind.NOMINATION else _("Applicant"), application.applicant_name),
        (_("Project") if kind is ApplicationKind.GRANT else _("What it concerns"), application.title),
        (_("Applied for"), money(application.amount_requested) if application.amount_requested else None),
        (_("Decided by"), item.meeting.board.name),
        (_("Day of the sitting"), long_day(item.meeting.held_on)),
        (_("Paragraph"), f"§ {item.number}"),
        (_("Decision"), str(decision.outcome.label)),
        (_("Sum granted"), money(decision.amount) if decision.amount else None),
    ]
    return [[label, value] for label, value in rows if value]


def _opening(decision: Decision, receiver: Receiver) -> list[str]:
    application, outcome = decision.application, decision.outcome
    names = {"board": decision.item.meeting.board.name, "fund": application.round.fund.name}
    if outcome is Outcome.GRANT and application.kind is not ApplicationKind.GRANT:
        text = _("%(board)s has awarded %(fund)s to %(name)s.", name=application.applicant_name, **names)
    else:
        text = {
            Outcome.GRANT: _("%(board)s has decided to grant the sum that you applied for from %(fund)s.", **names),
            Outcome.GRANT_IN_PART: _(
                "%(board)s has decided to grant part of the sum that you applied for from %(fund)s.", **names
            ),
            Outcome.REJECT: _("%(board)s has decided not to grant the application to %(fund)s.", **names),
            Outcome.DISMISS: _("%(board)s has dismissed the application to %(fund)s without examining it.", **names),
            Outcome.WRITE_OFF: _("%(board)s has closed the case without a decision in the matter.", **names),
            Outcome.REFER_BACK: _(
                "%(board)s has sent the application back to the officials. Nothing is decided yet.", **names
            ),
            Outcome.TABLE: _("%(board)s will decide at a later sitting. Nothing is decided yet.", **names),
        }[outcome]
    if receiver.is_applicant:
        return [text]
    return [_("Somebody has nominated you for %(fund)s.", fund=names["fund"]), text]


def _sections(decision: Decision, project: Any, language: Language) -> list[dict[str, str]]:
    def section(heading: str, text: str, lang: str = language.html_lang) -> dict[str, str]:
        return {"heading": heading, "lang": lang, "text": text}

    is_award = decision.application.kind is not ApplicationKind.GRANT and decision.outcome is Outcome.GRANT
    conditions, condition_language = _conditions_in(decision, language)
    found = [
        section(_("Motivation") if is_award else _("Reasons"), decision.reasons, AUTHORITY_LANGUAGE),
        section(_("Conditions"), conditions, condition_language),
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
    return found


def _conditions_in(decision: Decision, language: Language) -> tuple[str, str]:
    """The conditions and their language: the fund's own ones are translated, what somebody wrote stands as written."""
    known = {
        item["text"]["sv"]: item["text"].get(language.code)
        for item in decision.application.round.fund.terms["conditions"]["value"]
    }
    lines = []
    for line in decision.conditions.splitlines():
        number, dot, text = line.partition(". ")
        translated = known.get(text.strip() if dot else line.strip())
        if line.strip() and translated is None:
            return decision.conditions, AUTHORITY_LANGUAGE
        lines.append(f"{number}. {translated}" if dot else translated or "")
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
    legal = rules.legal_on(decision.item.meeting.held_on)
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


# --- the extract of the minutes ---------------------------------------------------------------------------------


def extract(decision: Decision) -> Paper:
    """The extract of the minutes (protokollsutdrag) of one case under one §, in Swedish."""
    item = decision.item
    with speaking(AUTHORITY_LANGUAGE):
        content = {
            "municipality": _municipality(decision),
            "title": _d("Extract of the minutes"),
            "facts": _extract_facts(decision),
            "heading": f"§ {item.number} {item.heading}",
            "subject": decision.case.subject,
            "sections": [part for part in _extract_sections(decision) if part["text"]],
            "signature": _d("Certified"),
        }
    file_name = f"protokollsutdrag-{item.designation.replace(' § ', '-').replace(' ', '-')}.pdf"
    return documents.draw_up("decisions/documents/extract.typ", content, file_name=file_name)


def extract_subject(decision: Decision) -> str:
    """What the diary says of the extract, in Swedish."""
    with speaking(AUTHORITY_LANGUAGE):
        return _d("Extract of the minutes %(designation)s", designation=decision.item.designation)


def _extract_facts(decision: Decision) -> list[list[str]]:
    meeting = decision.item.meeting
    rows = [
        (_d("Body"), meeting.board.name),
        (_d("Day of the sitting"), meeting.held_on.isoformat()),
        (_d("Place"), meeting.place),
        (_d("Paragraph"), f"§ {decision.item.number}"),
        (_d("Diary number"), decision.case.diary_number),
        (_d("Minutes approved"), meeting.approved_on.isoformat() if meeting.approved_on else ""),
    ]
    return [[label, value] for label, value in rows if value]


def _extract_sections(decision: Decision) -> list[dict[str, str]]:
    absent = ", ".join(absence.name for absence in decision.absences)
    conflict = _d("Took no part in the handling because of a conflict of interest: %(names)s.", names=absent)
    rows = [
        (_d("Decision"), _resolved(decision)),
        (_d("Reasons"), decision.reasons),
        (_d("Conditions"), decision.conditions),
        (_d("Conflict of interest"), conflict if absent else ""),
        (_d("The decision is sent to"), "\n".join(receiver.name for receiver in receivers(decision))),
    ]
    return [{"heading": heading, "text": text} for heading, text in rows]


def _resolved(decision: Decision) -> str:
    """The decision as a sentence that is understood by itself."""
    application = decision.application
    names = {
        "board": decision.item.meeting.board.name,
        "applicant": application.applicant_name or "",
        "fund": application.round.fund.name,
    }
    if decision.amount is not None and application.kind is not ApplicationKind.GRANT:
        return _d("%(board)s awards %(applicant)s %(sum)s from %(fund)s.", sum=money(decision.amount), **names)
    if decision.amount is not None:
        names |= {"sum": money(decision.amount), "sought": money(application.amount_requested or 0)}
    return {
        Outcome.GRANT: lambda: _d("%(board)s grants %(applicant)s %(sum)s from %(fund)s.", **names),
        Outcome.GRANT_IN_PART: lambda: _d(
            "%(board)s grants %(applicant)s %(sum)s of the %(sought)s sought from %(fund)s.", **names
        ),
        Outcome.REJECT: lambda: _d("%(board)s rejects the application from %(applicant)s to %(fund)s.", **names),
        Outcome.REFER_BACK: lambda: _d("%(board)s refers the case back for further preparation.", **names),
        Outcome.TABLE: lambda: _d("%(board)s tables the case to a later sitting.", **names),
        Outcome.DISMISS: lambda: _d("%(board)s dismisses the application without examining it.", **names),
        Outcome.WRITE_OFF: lambda: _d("%(board)s writes the case off without a decision in the matter.", **names),
    }[decision.outcome]()
