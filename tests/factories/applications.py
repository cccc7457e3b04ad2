"""Applications as an invented association writes them, by the real actions."""

from typing import Any

from sqlalchemy import select

from fundapp import clock, files
from fundapp.accounts.models import Account, Organisation
from fundapp.applications import actions
from fundapp.applications.models import Application, ApplicationKind
from fundapp.applications.questions import codes_of
from fundapp.db import db
from fundapp.funds.models import Fund, Round
from tests.factories import people

FUND, STIPEND = "kalix-integration-fund", "kalix-integration-stipend"
Answers = dict[str, dict[str, list[str]]]

# The smallest PDF that opens: one empty page.
PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\nxref\n0 4\n0000000000 65535 f \n"
    b"0000000009 00000 n \n0000000053 00000 n \n0000000102 00000 n \n"
    b"trailer<</Size 4/Root 1 0 R>>\nstartxref\n165\n%%EOF\n"
)


def open_round(code: str = FUND) -> Round:
    """The round of the fund that is open today; call `on_day` first."""
    rounds = db.session.scalars(select(Round).join(Fund).where(Fund.code == code)).all()
    found = [round_ for round_ in rounds if round_.is_open]
    assert found, f"no round of {code} is open on {clock.today()}: call tests.factories.on_day()"
    return found[0]


ORGANISATION = {
    "contact_name": ["Amina Lindqvist"],
    "contact_email": ["amina@sprakkafe.example"],
    "contact_phone": ["070-123 45 67"],
    "contact_language": ["svenska"],
    "earlier_grants": ["2015: 10 000 kr till en läxhjälp, redovisat."],
    "particulars_right": ["y"],
}
GRANT: Answers = {
    "organisation": ORGANISATION,
    "project": {
        "title": ["Språkkafé vid älven"],
        "summary": ["Nya och gamla Kalixbor träffas varje vecka, talar svenska och lär känna varandra."],
        "background": ["Många nyanlända i kommunen har få tillfällen att tala svenska utanför skolan."],
        "purpose": ["Att fler ska våga tala svenska och få vänner på orten."],
        "results": ["Fyrtio personer deltar minst fem gånger. Tio går vidare till en förening eller en praktik."],
        "integration": ["Varje bord har både nyanlända och personer som har bott länge i Kalix."],
        "place": ["Folkets hus, Kalix"],
        "starts_on": ["2017-04-03"],
        "ends_on": ["2017-12-15"],
        "partners-0-name": ["Studieförbundet Älvdalen"],
        "partners-0-part": ["Lånar ut lokal och två ledare"],
        "afterwards": ["Föreningen fortsätter med kaféet en gång i månaden med egna ledare."],
        "measuring": ["Vi räknar deltagare varje gång och frågar dem i juni och december."],
        "risks": ["Svårt att få ledare under sommaren; då gör vi uppehåll."],
    },
    "goals": {"fund_goals": ["G1", "G3"], "target_groups": ["T1", "T3"], "areas": ["2", "3"]},
    "participants": {
        "women": ["18"],
        "men": ["14"],
        "girls": ["4"],
        "boys": ["4"],
        "reach": ["Genom SFI, anslag i butiker och våra medlemmar."],
        "access": ["Lokalen har ramp och allt är gratis."],
    },
    "activities": {
        "activities-0-what": ["Språkkafé"],
        "activities-0-when": ["Onsdagar 17–19, april till december"],
        "activities-0-where": ["Folkets hus"],
        "activities-0-who": ["Amina Lindqvist"],
        "activities-1-what": ["Utflykt till skärgården"],
        "activities-1-when": ["En lördag i augusti"],
        "activities-1-where": ["Malören"],
        "activities-1-who": ["Per Omar Niemi"],
    },
    "budget": {
        "costs-0-category": ["premises"],
        "costs-0-what": ["Hyra 30 kvällar"],
        "costs-0-kronor": ["15 000"],
        "costs-1-category": ["food"],
        "costs-1-what": ["Fika"],
        "costs-1-kronor": ["12000"],
        "costs-2-category": ["travel"],
        "costs-2-what": ["Båt och buss"],
        "costs-2-kronor": ["23 000 kr"],
        "incomes-0-kind": ["own"],
        "incomes-0-funder": ["Föreningen"],
        "incomes-0-kronor": ["5000"],
        "amount": ["45 000"],
    },
    "declaration": {
        "is_true": ["y"],
        "knows_public": ["y"],
        "knows_personal_data": ["y"],
        "has_read_rules": ["y"],
        "accepts_conditions": ["y"],
        "signatory_name": ["Amina Lindqvist"],
        "signatory_role": ["Ordförande"],
        "decided_on": ["2017-02-20"],
    },
}
ACHIEVEMENT = {
    "title": ["Fotboll för alla i Töre"],
    "summary": ["Laget har öppnat sina träningar och fått sextio nya spelare."],
    "done": ["Öppen träning två gånger i veckan hela 2016, med mat efteråt."],
    "when_and_where": ["Töre idrottsplats, januari till december 2016"],
    "result_S1": ["Spelare från elva länder har spelat i samma lag."],
    "result_S2": ["De nya har blivit ledare och domare."],
    "result_S3": ["Tre har fått arbete genom klubben och alla talar mer svenska."],
}
VOUCHED = {"is_true": ["y"], "knows_public": ["y"], "knows_personal_data": ["y"]}
AWARD: Answers = {
    "organisation": ORGANISATION,
    "achievement": ACHIEVEMENT,
    "declaration": VOUCHED | {"signatory_name": ["Amina Lindqvist"], "signatory_role": ["Ordförande"]},
}
NOMINATION: Answers = {
    "nominator": {
        "nominator_name": ["Karin Strand"],
        "nominator_phone": ["0923-123 45"],
        "relation": ["Jag är granne till idrottsplatsen"],
    },
    "nominee": {
        "nominee_name": ["Töre Framtid IF"],
        "nominee_org_number": ["802001-5577"],
        "nominee_contact": ["Yusuf Berg"],
        "nominee_email": ["yusuf@framtid.example"],
    },
    "achievement": ACHIEVEMENT,
    "declaration": VOUCHED,
}
ANSWERS = {ApplicationKind.GRANT: GRANT, ApplicationKind.AWARD: AWARD, ApplicationKind.NOMINATION: NOMINATION}


def draft(
    by: Account | None = None,
    *,
    kind: ApplicationKind = ApplicationKind.GRANT,
    organisation: Organisation | None = None,
    answers: dict[str, dict[str, list[str]]] | None = None,
    with_attachments: bool = True,
    language: str = "sv",
    text_language: str | None = None,
    **changes: Any,
) -> Application:
    """A draft with every section filled in. `changes` replace single answers, for example amount="90 000",
    title="Något annat" or areas=["1", "4"]; `answers` replaces all.
    """
    by = by or people.applicant()
    if organisation is None and kind is not ApplicationKind.NOMINATION:
        mine = [membership.organisation for membership in by.memberships]
        organisation = mine[0] if mine else people.organisation(by)
    round_ = open_round(FUND if kind is ApplicationKind.GRANT else STIPEND)
    application = actions.start(
        round_=round_, kind=kind, organisation=organisation, by=by, language=language, text_language=text_language
    )
    db.session.flush()
    filled = ANSWERS[kind] if answers is None else answers
    for code in codes_of(kind):
        if code in filled:
            actions.save_section(application, code, _changed(filled[code], changes), by=by)
    if with_attachments and kind is ApplicationKind.GRANT:
        _attach_needed(application, by=by)
    return application


def _changed(answers: dict[str, list[str]], changes: dict[str, Any]) -> dict[str, list[str]]:
    new = {name: value if isinstance(value, list) else [str(value)] for name, value in changes.items()}
    return {name: new.get(name, texts) for name, texts in answers.items()}


def _attach_needed(application: Application, *, by: Account) -> None:
    for kind in actions.attachment_kinds(application):
        if kind["is_required"]:
            actions.attach(application, kind["code"], files.check(f"{kind['code']}.pdf", PDF), by=by)


def submitted(by: Account | None = None, **kwargs: Any) -> Application:
    """An application that was sent in; arguments as for `draft`."""
    application = draft(by, **kwargs)
    actions.submit(application, by=application.created_by)
    db.session.flush()
    return application
