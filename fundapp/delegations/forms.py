"""What is asked when a point comes to the register, when it ends, and when something is decided under it."""

from typing import Any

from flask_login import current_user
from wtforms import SelectField
from wtforms.validators import ValidationError

from fundapp import clock
from fundapp.applications.models import Application
from fundapp.delegations import queries
from fundapp.delegations.rules import DELEGATES
from fundapp.languages import _d, _dl
from fundapp.permissions import Permission, Role, is_allowed
from fundapp.seats.queries import sitting_boards
from fundapp.web.fields import AtMost, DayField, Form, LineField, Needed, TextField

URGENT = "urgent"


class PointForm(Form):
    board = SelectField(_dl("Body"))
    number = LineField(_dl("Number of the point"), [Needed(_dl("Write the number of the point.")), AtMost(20)])
    what = LineField(_dl("What is delegated"), [Needed(_dl("Write what is delegated.")), AtMost(500)])
    delegate = LineField(_dl("Delegate"), [Needed(_dl("Write the delegate's title.")), AtMost(200)])
    role = SelectField(_dl("Role that decides here"))
    begins_on = DayField(_dl("First day"), [Needed(_dl("Write the first day."))])
    ends_on = DayField(_dl("Last day"))
    decided_by = LineField(_dl("The body's decision on it"), [AtMost(100)])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = (board for board in sitting_boards() if is_allowed(current_user, Permission.KEEP_DELEGATIONS, board))
        self.boards = {board.code: board for board in own}
        self.board.choices = [(code, board.name) for code, board in self.boards.items()]
        self.role.choices = [(role.name, str(role.label)) for role in DELEGATES]

    def facts(self) -> dict[str, Any]:
        """What `add_point` takes beside the board."""
        return {
            "number": self.number.data,
            "what": self.what.data,
            "delegate": self.delegate.data,
            "role": Role[self.role.data],
            "begins_on": self.begins_on.data,
            "ends_on": self.ends_on.data,
            "decided_by": self.decided_by.data or "",
        }


class EndPointForm(Form):
    ends_on = DayField(_dl("Last day"), [Needed(_dl("Write the last day."))])


class DecisionForm(Form):
    """A decision under a point that lets the reader decide, or an urgent matter of the chair's."""

    point = SelectField(_dl("Point of the register"))
    board = SelectField(_dl("Body"))
    decided_on = DayField(_dl("Day of the decision"), [Needed(_dl("Write the day of the decision."))])
    case = LineField(_dl("Diary number"), [AtMost(60)])
    subject = LineField(_dl("What it is about"), [Needed(_dl("Write what it is about.")), AtMost(300)])
    decision = TextField(_dl("Decision"), [Needed(_dl("Write what is decided.")), AtMost(5000)])
    delegate_name = LineField(_dl("Decided by"), [Needed(_dl("Write who decided.")), AtMost(200)])
    delegate_title = LineField(_dl("Title"), [Needed(_dl("Write the delegate's title.")), AtMost(200)])

    def __init__(self, person: Any, **kwargs: Any) -> None:
        super().__init__(data={"delegate_name": person.name, "decided_on": clock.today()}, **kwargs)
        self.points = {point.public_id: point for point in queries.points_for(clock.today())}
        self.boards = {board.code: board for board in sitting_boards()}
        self.board.choices = [(code, board.name) for code, board in self.boards.items()]
        self.point.choices = [
            (key, f"{point.board.abbreviation} {point.number}: {point.what}") for key, point in self.points.items()
        ]
        if Role.SECRETARY in person.roles:
            self.point.choices.append((URGENT, _d("Urgent matter, decided by the chair")))
        self.application: Application | None = None

    def validate_case(self, field: LineField) -> None:
        if not field.data:
            return
        self.application = queries.case_with(field.data)
        if self.application is None:
            raise ValidationError(_d("There is no case %(number)s that you can open.", number=field.data))

    def facts(self) -> dict[str, Any]:
        """What `decide` takes beside the board."""
        return {
            "point": self.points.get(self.point.data),
            "is_urgent": self.point.data == URGENT,
            "decided_on": self.decided_on.data,
            "application": self.application,
            "subject": self.subject.data,
            "decision": self.decision.data,
            "delegate_name": self.delegate_name.data,
            "delegate_title": self.delegate_title.data,
        }
