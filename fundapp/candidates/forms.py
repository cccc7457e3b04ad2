"""What is asked about candidates: particulars, the association's answer, the division of the sum, the ceremony."""

from collections.abc import Sequence
from typing import Any

from flask_wtf.file import MultipleFileField
from wtforms import HiddenField, RadioField
from wtforms.validators import StopValidation

from fundapp import files
from fundapp.applications.questions.base import ChoiceField, choices
from fundapp.assessments.rules import PROPOSALS
from fundapp.candidates import actions, dividing, rules
from fundapp.candidates.dividing import Share
from fundapp.candidates.models import Candidate, Ceremony, NomineeAnswer
from fundapp.candidates.queries import CandidateRow, Recipient
from fundapp.funds.models import Round
from fundapp.languages import LANGUAGES, _dl, _l
from fundapp.web.fields import (
    AtMost,
    DayField,
    EmailField,
    Form,
    KronorField,
    LineField,
    Needed,
    OrgNumberField,
    TextField,
)
from fundapp.workflow import Outcome


class ParticularsForm(Form):
    """The association as it is called, and where it is reached."""

    name = LineField(_dl("Name of the association"), [Needed(_dl("Write the association's name.")), AtMost(200)])
    org_number = OrgNumberField(_dl("Organisation number"))
    contact = LineField(_dl("Contact person"), [AtMost(200)])
    email = EmailField(_dl("E-mail"))
    language = ChoiceField(_dl("Language beside Swedish in our letter"))
    seen = HiddenField()

    def __init__(self, candidate: Candidate, **rest: Any) -> None:
        super().__init__(obj=candidate, seen=actions.seen_of(candidate), **rest)
        self.language.choices = choices((code, language.own_name) for code, language in LANGUAGES.items())

    def facts(self) -> dict[str, Any]:
        """What `actions.correct` takes."""
        return {
            "name": self.name.data,
            "org_number": self.org_number.data,
            "contact": self.contact.data or "",
            "email": self.email.data or "",
            "language": self.language.data,
            "seen": self.seen.data or "",
        }


class _Statutes(Form):
    """A form with the statutes as a file; `checked` once it is accepted."""

    checked: files.Checked | None = None

    def validate_statutes(self, field: MultipleFileField) -> None:
        sent = [(each.filename or "", each.read(files.LARGEST + 1)) for each in field.data or []]
        if not sent:
            return
        try:
            self.checked = files.accept(sent)
        except files.NotAccepted as fault:
            raise StopValidation(str(fault.reason)) from fault


class AnswerForm(_Statutes):
    """The association's own answer, in its own language."""

    answer = RadioField(
        _l("Do you want to be considered?"),
        [Needed(_l("Choose yes or no."))],
        choices=choices([(NomineeAnswer.ACCEPTS.value, _l("Yes")), (NomineeAnswer.DECLINES.value, _l("No"))]),
    )
    org_number = OrgNumberField(_l("Organisation number"))
    statutes = MultipleFileField(_l("Statutes"))
    remarks = TextField(_l("Anything that you want to add"), [AtMost(4000)])

    def facts(self) -> dict[str, Any]:
        """What `asking` takes beside the candidate."""
        return {
            "answer": {each.value: each for each in NomineeAnswer}[self.answer.data],
            "org_number": self.org_number.data,
            "remarks": self.remarks.data or "",
            "statutes": self.checked,
        }


class NotedAnswerForm(AnswerForm):
    """The same, as an official notes it."""

    answer = RadioField(
        _dl("What the association says"),
        [Needed(_dl("Choose what the association says."))],
        choices=choices((each.value, each.label) for each in NomineeAnswer),
    )
    org_number = OrgNumberField(_dl("Organisation number"))
    statutes = MultipleFileField(_dl("Statutes"))
    remarks = TextField(_dl("Remarks, and how the answer came"), [AtMost(4000)])


class DivisionForm(Form):
    """An outcome, a sum and a motivation for each candidate whose proposal is open: `outcome_<id>` …"""

    rows: Sequence[CandidateRow] = ()

    def shares_fields(self) -> list[tuple[CandidateRow, Any, Any, Any, Any]]:
        """Each candidate with its fields: outcome, amount, motivation, version."""
        names = ("outcome", "amount", "motivation", "version")
        return [(row, *(self[f"{name}_{row.candidate.public_id}"] for name in names)) for row in self.rows]

    def shares(self) -> dict[str, Share]:
        """What is proposed, by the candidate's public id; who is left undecided is not there."""
        found = {}
        for row, outcome, amount, motivation, version in self.shares_fields():
            if outcome.data:
                known = version.data if (version.data or "").isdecimal() and len(version.data) < 9 else "0"
                share = Share(Outcome[outcome.data], amount.data, motivation.data or "", int(known))
                found[row.candidate.public_id] = share
        return found

    @property
    def together(self) -> int:
        """The sums that are typed or kept, in kronor."""
        return sum(amount.data or 0 for _row, _outcome, amount, *_rest in self.shares_fields())

    def check(self, round_: Round, all_rows: Sequence[CandidateRow]) -> bool:
        """Whether everything can be proposed; else each fault stands beside its field."""
        if not self.validate():
            return False
        shares = self.shares()
        for row in self.rows:
            share = shares.get(row.candidate.public_id)
            fault = dividing.fault_in(row.candidate, share) if share is not None else self._undecided(row)
            if fault is not None:
                self[f"{fault[0]}_{row.candidate.public_id}"].errors = [fault[1]]
        sums = [*(share.amount or 0 for share in shares.values()), *dividing.other_sums(all_rows, shares)]
        reason = rules.why_not_divided(sums, left=round_.left)
        if reason is not None:
            self.form_errors.append(str(reason))
        return not self.errors

    def _undecided(self, row: CandidateRow) -> tuple[str, Any] | None:
        if self[f"amount_{row.candidate.public_id}"].data is None:
            return None
        return "outcome", _dl("Choose “gets the stipend”, or leave the sum empty.")


_WORDS = {Outcome.GRANT: _dl("Gets the stipend"), Outcome.REJECT: _dl("Does not get the stipend")}


def division_form(rows: Sequence[CandidateRow]) -> DivisionForm:
    """The form for the candidates whose proposals are open, filled with what is proposed."""
    outcomes = choices(
        [("", _dl("Not decided yet")), *((each.name, _WORDS.get(each, each.label)) for each in PROPOSALS["AWARD"])]
    )
    fields: dict[str, Any] = {"rows": [row for row in rows if row.is_open]}
    kept: dict[str, Any] = {}
    for row in fields["rows"]:
        key, name, known = row.candidate.public_id, row.candidate.name, row.assessment
        fields[f"outcome_{key}"] = ChoiceField(_dl("Proposal for %(name)s", name=name), choices=outcomes)
        fields[f"amount_{key}"] = KronorField(_dl("Sum for %(name)s", name=name))
        fields[f"motivation_{key}"] = TextField(_dl("Motivation for %(name)s", name=name), [AtMost(2000)])
        fields[f"version_{key}"] = HiddenField()
        kept[f"version_{key}"] = str(known.version) if known is not None else "0"
        if known is not None:
            kept[f"outcome_{key}"] = known.proposed_outcome.name if known.proposed_outcome is not None else ""
            kept[f"amount_{key}"], kept[f"motivation_{key}"] = known.proposed_amount, known.reasons
    made: type[DivisionForm] = type("DivisionForm", (DivisionForm,), fields)
    return made(data=kept)


class CeremonyForm(Form):
    """When and where, and who comes for each recipient: `guests_<decision>`."""

    recipients: Sequence[Recipient] = ()

    held_on = DayField(_dl("Day"), [Needed(_dl("Write the day of the ceremony."))])
    occasion = LineField(_dl("Occasion"), [AtMost(200)])
    place = LineField(_dl("Place"), [AtMost(200)])
    seen = HiddenField()

    def rows(self) -> list[tuple[Recipient, Any]]:
        return [(each, self[f"guests_{each.decision.public_id}"]) for each in self.recipients]

    def facts(self) -> dict[str, Any]:
        """What `actions.plan_ceremony` takes."""
        return {
            "held_on": self.held_on.data,
            "occasion": self.occasion.data or "",
            "place": self.place.data or "",
            "guests": {each.decision.application: field.data or "" for each, field in self.rows()},
            "seen": self.seen.data or "",
        }


def ceremony_seen(recipients: Sequence[Recipient], known: Ceremony | None) -> str:
    """What the page shows, as `actions.plan_ceremony` takes it."""
    guests = {each.decision.application: each.candidate.guests if each.candidate else "" for each in recipients}
    return actions.ceremony_seen(known, guests)


def ceremony_form(recipients: Sequence[Recipient], known: Ceremony | None) -> CeremonyForm:
    fields: dict[str, Any] = {"recipients": list(recipients)}
    kept: dict[str, Any] = {}
    for each in recipients:
        key = f"guests_{each.decision.public_id}"
        fields[key] = LineField(_dl("Who comes from %(name)s", name=each.name), [AtMost(500)])
        kept[key] = each.candidate.guests if each.candidate is not None else ""
    if known is not None:
        kept |= {"held_on": known.held_on, "occasion": known.occasion, "place": known.place}
    kept["seen"] = ceremony_seen(recipients, known)
    made: type[CeremonyForm] = type("CeremonyForm", (CeremonyForm,), fields)
    return made(data=kept)
