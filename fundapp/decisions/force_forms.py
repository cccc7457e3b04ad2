"""What is asked about a notice on the noticeboard, an appeal, and payment before a decision is in force."""

from typing import Any

from wtforms import RadioField
from wtforms.fields.choices import SelectChoice

from fundapp import clock
from fundapp.decisions import announcing, appeals
from fundapp.decisions.models import Appeal, AppealEnd, Decision
from fundapp.languages import _dl
from fundapp.meetings.models import Meeting
from fundapp.web.fields import AtMost, DayField, Form, LineField, Needed, TextField


class AnnounceForm(Form):
    """The notice that minutes are approved (bevis om anslag)."""

    announced_on = DayField(_dl("Put up on"), [Needed(_dl("Write the day the notice was put up."))])
    taken_down_on = DayField(_dl("Taken down on"))
    kept_at = LineField(
        _dl("Where the minutes are kept"), [Needed(_dl("Write where the minutes can be read.")), AtMost(200)]
    )

    def __init__(self, meeting: Meeting, **rest: Any) -> None:
        usual = {"announced_on": clock.today(), "kept_at": meeting.board.sittings.get("kept_at", "")}
        super().__init__(data=usual, **rest)
        self.meeting = meeting

    def validate(self, extra_validators: Any = None) -> bool:
        if not super().validate(extra_validators) or self.announced_on.data is None:
            return False
        faults = announcing.faults_in(
            announcing.waiting(self.meeting),
            announced_on=self.announced_on.data,
            kept_at=self.kept_at.data or "",
            taken_down_on=self.taken_down_on.data,
            today=clock.today(),
        )
        for fault in faults:
            self[fault.field].errors = [fault.text]
        return not faults

    def facts(self) -> dict[str, Any]:
        """What `announce` takes."""
        return {
            "announced_on": self.announced_on.data,
            "kept_at": self.kept_at.data or "",
            "taken_down_on": self.taken_down_on.data,
        }


class AppealForm(Form):
    received_on = DayField(_dl("Day it came in"), [Needed(_dl("Write the day it came in."))])
    appellant = LineField(_dl("Who appeals"), [Needed(_dl("Write who appeals.")), AtMost(200)])
    court_number = LineField(_dl("The court's number"), [AtMost(60)])

    def __init__(self, decision: Decision, **rest: Any) -> None:
        super().__init__(data={"received_on": clock.today()}, **rest)
        self.decision = decision

    def validate(self, extra_validators: Any = None) -> bool:
        if not super().validate(extra_validators) or self.received_on.data is None:
            return False
        faults = appeals.faults_in_appeal(
            self.decision, received_on=self.received_on.data, appellant=self.appellant.data or ""
        )
        for fault in faults:
            self[fault.field].errors = [fault.text]
        return not faults


class EndForm(Form):
    """How an appeal ended."""

    kind = RadioField(
        _dl("How it ended"),
        [Needed(_dl("Choose how it ended."))],
        choices=[SelectChoice(end.value, end.label) for end in AppealEnd],
    )
    ended_on = DayField(_dl("From which day this stands"), [Needed(_dl("Write the day."))])
    court_number = LineField(_dl("The court's number"), [AtMost(60)])

    def __init__(self, appeal: Appeal, **rest: Any) -> None:
        super().__init__(data={"court_number": appeal.court_number}, **rest)
        self.appeal = appeal

    @property
    def chosen(self) -> AppealEnd | None:
        return {end.value: end for end in AppealEnd}.get(self.kind.data)

    def validate(self, extra_validators: Any = None) -> bool:
        if not super().validate(extra_validators) or self.chosen is None or self.ended_on.data is None:
            return False
        fault = appeals.fault_in_end(self.appeal, kind=self.chosen, ended_on=self.ended_on.data)
        if fault is not None:
            self[fault.field].errors = [fault.text]
        return fault is None


class EarlyForm(Form):
    reason = TextField(
        _dl("Reason"),
        [Needed(_dl("Write why it is paid before the decision is in force.")), AtMost(2000)],
    )
