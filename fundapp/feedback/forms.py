"""What we ask of somebody who meets an obstacle."""

from fundapp.languages import _l
from fundapp.web.fields import AtMost, EmailField, Form, LineField, Needed, TextField


class FeedbackForm(Form):
    text = TextField(_l("What does not work?"), [Needed(_l("Write what does not work.")), AtMost(4000)])
    page = LineField(_l("Which page?"), [AtMost(300)])
    email = EmailField(_l("Your e-mail address"))
