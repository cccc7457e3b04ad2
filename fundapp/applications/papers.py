"""What the applicant's own papers hold."""

from datetime import datetime
from typing import Any

from fundapp.applications.models import Application
from fundapp.applications.rules import late_note
from fundapp.goals.rules import municipality_named
from fundapp.languages import AUTHORITY_LANGUAGE, LANGUAGES, _, day_and_time, speaking


def receipt(application: Application, content: dict[str, Any], *, at: datetime) -> dict[str, Any]:
    """The content of applications/documents/receipt.typ: everything as sent, Swedish first, the applicant's language
    after. `words` are the paper's own, by language.
    """
    fund = application.round.fund
    codes = [AUTHORITY_LANGUAGE]
    if application.language != AUTHORITY_LANGUAGE:
        codes.append(application.language)
    return {
        "municipality": municipality_named(fund.municipality).name,
        "fund": fund.name,
        "round": application.round.label,
        "reference": application.reference,
        "languages": codes,
        "is_rtl": LANGUAGES[codes[-1]].direction == "rtl",
        "text_language": application.text_language,
        "words": {code: _words(application, content, code, at) for code in codes},
        "sections": content["sections"],
    }


def _words(application: Application, content: dict[str, Any], code: str, at: datetime) -> dict[str, Any]:
    organisation = content["organisation"]
    with speaking(code):
        meta = [
            (_("Reference"), application.reference),
            (_("Received"), day_and_time(at)),
            (_("What"), f"{application.kind.label}: {application.round.fund.name}, {application.round.label}"),
            (_("Applicant"), _name_and_number(application)),
        ]
        if organisation is not None:
            meta += [
                (
                    _("Address"),
                    f"{organisation['address']}, {_spaced(organisation['postal_code'])} {organisation['city']}",
                ),
                (_("Account"), _account(organisation)),
            ]
        if application.is_late:
            meta.append((_("Late"), str(late_note(application.round))))
        meta.append((_("Sent by"), f"{content['account']['name']} {content['account']['email']}".strip()))
        meta += _signatures(content.get("signing", {}))
        return {
            "heading": _("Receipt: %(title)s", title=application.title),
            "meta": [pair for pair in meta if pair[1]],
            "as_sent": _("What you sent"),
            "not_answered": _("Not answered"),
            "row": _("Row"),
        }


def _signatures(signing: dict[str, Any]) -> list[tuple[str, str]]:
    """Who confirmed where the signatories sign together, and the page they signed."""
    found = [
        (_("Confirmed by"), f"{each['name']}, {day_and_time(datetime.fromisoformat(each['confirmed_at']))}")
        for each in signing.get("confirmations", [])
    ]
    return [*found, (_("A page that all signatories have signed"), signing.get("signed_page") or "")]


def _name_and_number(application: Application) -> str:
    number = application.org_number
    return f"{application.applicant_name} ({number[:6]}-{number[6:]})" if number else application.applicant_name or ""


def _account(organisation: dict[str, Any]) -> str:
    bankgiro, plusgiro = organisation["bankgiro"], organisation["plusgiro"]
    if bankgiro:
        return _("Bankgiro %(number)s", number=f"{bankgiro[:-4]}-{bankgiro[-4:]}")
    if plusgiro:
        return _("Plusgiro %(number)s", number=f"{plusgiro[:-1]}-{plusgiro[-1:]}")
    return str(organisation["internal_account"])


def _spaced(postal_code: str) -> str:
    return f"{postal_code[:3]} {postal_code[3:]}"
