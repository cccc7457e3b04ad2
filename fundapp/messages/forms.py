"""The form of a message, for both sides."""

from typing import Any

from flask import request

from fundapp.db import new_public_id
from fundapp.languages import _l
from fundapp.messages.rules import MOST_LETTERS
from fundapp.web.fields import AtMost, Form, Needed, TextField


class MessageForm(Form):
    """`key` makes a message that is sent twice one; `seen` is the newest message that stood on the page. Both stand in
    hidden fields whose names begin with “_”: nobody typed them.
    """

    text = TextField(_l("Your message"), [Needed(_l("Write your message.")), AtMost(MOST_LETTERS)])

    def __init__(self, **rest: Any) -> None:
        super().__init__(**rest)
        posted = request.form.get("_key", "")
        self.key = posted if len(posted) == 12 and posted.isascii() and posted.isalnum() else new_public_id()

    @property
    def seen(self) -> str:
        return request.form.get("_seen", "")[:12]
