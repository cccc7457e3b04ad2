"""The demo's cases, made by the real steps of the journey on the days they would have been made."""

from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import select

from fundapp import clock, documents, files
from fundapp.accounts.models import Account, Organisation
from fundapp.applications import actions as applying
from fundapp.applications import signing
from fundapp.applications.models import Application, ApplicationKind, Signature
from fundapp.assessments import actions as assessing
from fundapp.assessments import translations
from fundapp.assessments.models import Finding
from fundapp.assessments.rules import check_items, standard_conditions
from fundapp.boards.queries import boards_of
from fundapp.candidates import actions as gathering
from fundapp.candidates import asking
from fundapp.config import settings
from fundapp.db import db, new_public_id
from fundapp.decisions import actions as deciding
from fundapp.decisions import announcing, approving, releasing
from fundapp.demo import answers, handed, money, paper, talk
from fundapp.funds.models import Fund, FundKind, Round
from fundapp.goals.models import GoalArea, Objective, Plan
from fundapp.languages import speaking
from fundapp.meetings import actions as meeting
from fundapp.meetings import attendance, drawing_up, ending, noticing
from fundapp.meetings import signing as minutes_signing
from fundapp.meetings.models import Meeting, MinuteItem
from fundapp.meetings.presences import room_of
from fundapp.messages import actions as conversation
from fundapp.messages import queries as threads
from fundapp.projects import changes
from fundapp.projects.models import Project
from fundapp.registry import actions as registering
from fundapp.reports import actions as reporting
from fundapp.reports.forms import facts_of, report_form, result_name
from fundapp.seats.queries import seats_on
from fundapp.workflow import Outcome

REASONS = "Projektet ger möten mellan nyanlända och andra invånare och tränar svenska."
NO_MONEY = {
    Outcome.REJECT: "Fonden stöder inte utrustning till ordinarie verksamhet.",
    Outcome.DISMISS: "Nomineringen kom in efter den 30 april, som är sista dag enligt stadgarna.",
}


def at(day: date, hour: int = 10) -> Any:
    """The clock stands at a whole hour of a local day."""
    return clock.at(datetime.combine(day, time(hour), clock.STOCKHOLM))


class Cases:
    """Builds the demo's cases; holds who acts, so that each step reads as a sentence."""

    def __init__(self, people: dict[str, Account], organisations: dict[str, Organisation]) -> None:
        self.people, self.organisations = people, organisations
        self.registrar = people["registrar@kalix.example"]
        self.officer = people["officer@kalix.example"]
        self.secretary = people["secretary@kalix.example"]

    def round_of(self, kind: FundKind) -> Round:
        found = db.session.scalars(
            select(Round).join(Fund).where(Fund.kind == kind, Fund.municipality == settings().municipality)
        ).all()
        return next(round_ for round_ in found if round_.is_open)

    def draft(
        self,
        email: str,
        own: dict[str, Any],
        *,
        language: str = "sv",
        text_language: str | None = None,
        is_signed: bool = True,
        later: date | None = None,
    ) -> Application:
        """A draft with all answers; what must be attached is, or is said to come `later`."""
        by = self.people[email]
        application = applying.start(
            round_=self.round_of(FundKind.FUND),
            kind=ApplicationKind.GRANT,
            organisation=self.organisations[email],
            by=by,
            language=language,
            text_language=text_language,
        )
        db.session.flush()
        for code, typed in answers.grant_answers(own, (by.name, by.email), is_signed=is_signed).items():
            applying.save_section(application, code, typed, by=by)
        needed = [kind for kind in applying.attachment_kinds(application) if kind["is_required"]]
        if later is not None:
            days = {f"later_{kind['code']}": [later.isoformat()] for kind in needed}
            applying.save_section(application, "attachments", days, by=by)
            return application
        for kind in needed:
            applying.attach(application, kind["code"], enclosure(kind["text"]["sv"], by), by=by)
        return application

    def nomination(self, email: str) -> Application:
        """A draft of a nomination for the stipend."""
        by = self.people[email]
        application = applying.start(
            round_=self.round_of(FundKind.STIPEND),
            kind=ApplicationKind.NOMINATION,
            organisation=None,
            by=by,
            language=by.language,
        )
        db.session.flush()
        for code, typed in answers.nomination_answers(by.name).items():
            applying.save_section(application, code, typed, by=by)
        return application

    def asked_to_sign(self, application: Application) -> list[Signature]:
        """The signatories' mailed links, where they sign together; else none."""
        if not signing.is_needed(application):
            return []
        addresses = {signer.position: signer.email for signer in signing.signers(application)}
        signing.ask(application, addresses, by=application.created_by)
        asked = select(Signature).where(Signature.application_id == application.id)
        return list(db.session.scalars(asked.order_by(Signature.position)))

    def write(self, application: Application, email: str, text: str) -> None:
        """A message in the case, by who has read all that stands there."""
        by = self.people[email]
        thread = threads.thread(application)
        conversation.write(
            application,
            text,
            by=by,
            as_applicant=not by.roles,
            key=new_public_id(),
            seen=thread[-1].public_id if thread else None,
        )

    def submitted(self, email: str, own: dict[str, Any], **more: Any) -> Application:
        application = self.draft(email, own, **more)
        for signature in self.asked_to_sign(application):
            signing.confirm(signature, signing.content_hash(application))
        with speaking(application.language):
            applying.submit(application, by=self.people[email])
        return application

    def registered(self, email: str, own: dict[str, Any], **more: Any) -> Application:
        application = self.submitted(email, own, **more)
        registering.register(application, by=self.registrar)
        return application

    def assessed(
        self, application: Application, outcome: Outcome, amount: int | None, codes: tuple[str, ...], text: str
    ) -> None:
        """From registered to the finished officer's report."""
        by = self.officer
        assessing.take_up(application, by=by)
        kind = application.organisation.kind.value if application.organisation else None
        items = check_items(application.terms, kind)
        findings = {item["code"]: (Finding.YES, "") for item in items}
        if application.is_late:
            findings["F3"] = (Finding.NO, "Kom in efter sista dagen.")  # "arrived in time" in the stipend's terms
        assessing.check(application, findings, by=by)
        assessing.link_objectives(application, [objective(code) for code in codes], by=by)
        assessing.save_assessment(
            application,
            version=0,
            by=by,
            scores={"K1": 3, "K3": 2, "K8": 2} if outcome.gives_money else {"K1": 1},
            summary=f"{application.applicant_name} söker anslag för projektet {application.title}.",
            text=text,
            proposed_outcome=outcome,
            proposed_amount=amount,
            reasons=NO_MONEY.get(outcome, REASONS),
            conditions=standard_conditions(application.terms) if outcome.gives_money else "",
        )
        assessing.finish_report(application, by=by, serves_no_objective=not codes)

    def sitting(self, held_on: date) -> Meeting:
        board = next(b for b in boards_of(settings().municipality) if b.code == "KS")
        return meeting.plan_meeting(board=board, held_on=held_on, by=self.secretary)

    def opened(self, sitting: Meeting) -> None:
        """The roll is called: one member is absent, and the first substitute serves. Who checks the minutes is chosen,
        and sees them a week later.
        """
        meeting.open_meeting(sitting, by=self.secretary)
        seats = seats_on(sitting.board, sitting.held_on)
        members = [seat for seat in seats if seat.is_member]
        substitutes = [seat for seat in seats if not seat.is_member]
        attendance.call_roll(
            sitting,
            [*members[:-1], *substitutes[:2]],
            others=[(self.officer.name, "handläggare"), (self.secretary.name, "sekreterare")],
            by=self.secretary,
        )
        attendance.choose_checker(
            sitting,
            members[4],
            signing_on=sitting.held_on + timedelta(days=7),
            place="Kommunledningskontoret",
            by=self.secretary,
        )

    def approved(self, sitting: Meeting) -> None:
        """The minutes are drawn up, signed by the chair and the checker, approved and announced; the letters leave."""
        minutes = drawing_up.draw_up_minutes(sitting, by=self.secretary)
        for each in minutes_signing.to_sign(room_of(sitting), sitting.items):
            minutes_signing.sign(minutes, by=each.seat.account)
        approving.approve_minutes(sitting, by=self.secretary)
        kept_at = sitting.board.sittings["kept_at"]
        announcing.announce(sitting, announced_on=clock.today(), kept_at=kept_at, by=self.secretary)
        releasing.release(releasing.waiting(sitting), by=self.secretary)

    def recorded(self, item: MinuteItem, application: Application, outcome: Outcome, amount: int | None) -> None:
        deciding.record_outcome(
            item,
            application,
            outcome=outcome,
            amount=amount,
            reasons=NO_MONEY.get(outcome, REASONS),
            conditions=standard_conditions(application.terms) if outcome.gives_money else "",
            by=self.secretary,
        )


def enclosure(title: str, by: Account) -> files.Checked:
    """A small PDF that stands for a document of the association's."""
    text = "Den här handlingen är påhittad och hör till demonstrationen."
    content = {"title": title, "sender": by.memberships[0].organisation.name, "text": text}
    return files.check(f"{title}.pdf", documents.compile_pdf("demo/documents/enclosure.typ", content, clock.now()))


def objective(code: str) -> Objective:
    return db.session.scalars(
        select(Objective).join(GoalArea).join(Plan).where(Plan.code == settings().municipality, Objective.code == code)
    ).one()


def project_of(application: Application) -> Project:
    return db.session.scalars(select(Project).where(Project.application_id == application.id)).one()


def add_cases(people: dict[str, Account], organisations: dict[str, Organisation]) -> None:
    """A case at each station, so that every page of the demo has something to show."""
    cases = Cases(people, organisations)
    _closed_project(cases, _late_nomination(cases))
    _running_project(cases)
    _under_way(cases)
    _waiting(cases)


def _late_nomination(cases: Cases) -> Application:
    """Begun in time and sent two days after the stipend's last day: kept, and marked as late."""
    with at(date(2016, 4, 28)):
        late = cases.nomination("leena@kommun.example")
    with at(date(2016, 5, 2)):
        applying.submit(late, by=late.created_by)
    with at(date(2016, 5, 3)):
        registering.register(late, by=cases.registrar)
    return late


def _closed_project(cases: Cases, late: Application) -> None:
    with at(date(2016, 8, 22)):
        library = cases.registered("yonas@sprak.example", answers.LIBRARY)
    with at(date(2016, 9, 12)):
        cases.assessed(library, Outcome.GRANT, 26000, ("2.2", "3.3"), "Väl planerat, och når den som sällan nås.")
        cases.assessed(late, Outcome.DISMISS, None, (), "Nomineringen kom in den 2 maj, två dagar för sent.")
        sitting = cases.sitting(date(2016, 9, 26))
        item, of_late = meeting.put_on_agenda(sitting, [library, late], by=cases.secretary)
    with at(date(2016, 9, 26), 13):
        cases.opened(sitting)
        cases.recorded(item, library, Outcome.GRANT, 26000)
        cases.recorded(of_late, late, Outcome.DISMISS, None)
    with at(sitting.held_on, 15):
        ending.end_meeting(sitting, by=cases.secretary)
    with at(date(2016, 10, 3)):
        cases.approved(sitting)
    project = project_of(library)
    for number, day in enumerate((date(2016, 11, 1), date(2016, 12, 19)), 1):
        with at(day):
            money.paid(project.instalments[number - 1], f"LEV-2016-{number}", cases)
    with at(date(2017, 1, 23)):
        _report(cases, project)
    with at(date(2017, 2, 6)):
        reporting.approve_report(reporting.report_of(project), by=cases.officer)  # type: ignore[arg-type]  # just sent


def _report(cases: Cases, project: Project) -> None:
    typed = {
        "carried_out": ["yes"],
        "what_was_done": ["Tio kvällar med läsgrupp, och en fest i december."],
        "women": ["17"],
        "men": ["9"],
        "girls": ["6"],
        "boys": ["3"],
        "used": ["26000"],
        "lives_on": ["Biblioteket fortsätter med en kväll i månaden."],
    } | {result_name(one): ["Deltagarna läser och lånar nu på egen hand."] for one in project.objectives}
    reporting.save_report(project, typed, by=cases.people["yonas@sprak.example"])
    form = report_form(project.objectives, typed)
    if not form.validate():
        raise ValueError(f"the demo's report is not accepted: {form.errors}")
    facts = facts_of(form, project.objectives)
    reporting.submit_report(project, facts, by=cases.people["yonas@sprak.example"])


def _running_project(cases: Cases) -> None:
    with at(date(2016, 11, 14)):
        driving = cases.registered("leena@kommun.example", answers.DRIVING)
        gym = cases.registered("amina@tore.example", answers.GYM, language="en")
    with at(date(2016, 11, 28)):
        cases.assessed(driving, Outcome.GRANT_IN_PART, 100000, ("1.5", "3.2"), "Nära arbetsmarknaden. Dyrt per person.")
        cases.assessed(gym, Outcome.REJECT, None, (), "Maskiner till gymmet ger inga nya möten.")
        sitting = cases.sitting(date(2016, 12, 12))
        (item,) = meeting.put_on_agenda(sitting, [driving, gym], is_together=True, by=cases.secretary)
    with at(date(2016, 12, 12), 13):
        cases.opened(sitting)
        cases.recorded(item, driving, Outcome.GRANT_IN_PART, 100000)
        cases.recorded(item, gym, Outcome.REJECT, None)
    with at(sitting.held_on, 15):
        ending.end_meeting(sitting, by=cases.secretary)
    with at(date(2016, 12, 19)):
        cases.approved(sitting)
    with at(date(2017, 1, 16)):
        money.paid(project_of(driving).instalments[0], "INT-2017-4", cases)
    with at(date(2017, 2, 24)):
        changes.ask_for_change(
            project_of(driving),
            what="Vi vill hålla kursen till den 15 december i stället för till den 30 november.",
            why="Tre kvällar föll bort när läraren var sjuk.",
            new_ends_on=date(2017, 12, 15),
            by=cases.people["leena@kommun.example"],
        )


def _under_way(cases: Cases) -> None:
    with at(date(2017, 2, 6)):
        ski = cases.registered("yonas@sprak.example", answers.SKI)
    with at(date(2017, 2, 20)):
        cases.assessed(ski, Outcome.GRANT, 33000, ("2.2", "5.1"), "Når hela familjer och en plats där många möts.")
    with at(date(2017, 2, 27)):
        noticing.publish(cases.sitting(date(2017, 3, 6)), after=0, by=cases.secretary)
    with at(date(2017, 2, 28)):
        library = answers.LIBRARY | {"title": "Sommarläsning", "starts_on": "2017-06-12", "ends_on": "2017-08-31"}
        summer = cases.registered("yonas@sprak.example", library | {"amount": 18000})
        assessing.take_up(summer, by=cases.people["officer2@kalix.example"])
        assessing.request_completion(
            summer,
            sections=["budget", "activities"],
            what="Skriv vilka kvällar ni läser i sommar, och rätta budgeten så att den stämmer med summan ni söker.",
            due_on=date(2017, 3, 20),
            by=cases.people["officer2@kalix.example"],
        )
    with at(date(2017, 3, 1)):
        cases.write(summer, "yonas@sprak.example", "Räcker det att vi skriver veckodagarna, eller vill ni ha datum?")
        cases.write(ski, "yonas@sprak.example", "Kan vi få veta samma kväll vad nämnden säger?")
        talk.ask_others(summer, by=cases.people["officer2@kalix.example"])
    with at(date(2017, 3, 2)):
        talk.tell_each_other(summer, by=cases.people["officer2@kalix.example"], other=cases.registrar)
        handed.hand_out(ski, by=cases.registrar, officer=cases.people["officer2@kalix.example"])
        cases.write(summer, "officer2@kalix.example", "Veckodagarna räcker. Skriv också vilka veckor ni har uppehåll.")


def _waiting(cases: Cases) -> None:
    with at(date(2017, 3, 3)):
        sewing = cases.submitted("amina@tore.example", answers.SEWING, language="en", text_language="ar")
        nomination = cases.nomination("amina@tore.example")
        applying.submit(nomination, by=nomination.created_by)
        cases.draft("amina@tore.example", answers.CAFE, language="en", is_signed=False)
        _half_signed(cases)
    with at(date(2017, 3, 3), 14):
        translations.save_translations(sewing, answers.SEWING_IN_SWEDISH, seen=0, by=cases.registrar)
    with at(date(2017, 3, 3), 15):
        _nominated(cases)
    with at(date(2017, 3, 3), 16):
        known = cases.organisations["yonas@sprak.example"]
        paper.enter_letters(cases.round_of(FundKind.FUND), known, by=cases.registrar)
        paper.ask_for_correction(sewing, by=cases.registrar)


def _nominated(cases: Cases) -> None:
    """Two neighbours thought of the same association: one candidate, which has been asked."""
    nominations = [cases.nomination(email) for email in ("yonas@sprak.example", "leena@kommun.example")]
    for each in nominations:
        applying.submit(each, by=each.created_by)
        registering.register(each, by=cases.registrar)
    for candidate in gathering.gather(nominations[0].round, nominations, by=cases.officer):
        asking.ask(candidate, by=cases.officer)


def _half_signed(cases: Cases) -> None:
    """A draft that one of two signatories has confirmed, and whose minutes come after the annual meeting."""
    circus = cases.draft("yonas@sprak.example", answers.CIRCUS, later=date(2017, 4, 10))
    *_others, last = cases.asked_to_sign(circus)
    signing.confirm(last, signing.content_hash(circus))
