"""What the public will read of a sitting, and the words that the secretary leaves out of it."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from fundapp.languages import _d, _dl
from fundapp.meetings import copies, masked, queries
from fundapp.meetings.models import Meeting
from fundapp.permissions import Permission
from fundapp.public import record
from fundapp.web.access import needs
from fundapp.web.fields import AtMost, Form, TextField

blueprint = Blueprint("masking", __name__)


class WordsForm(Form):
    words = TextField(_dl("Words that the public does not read"), [AtMost(5000)])


@blueprint.route("/meetings/<public_id>/public", methods=["GET", "POST"])
@needs(Permission.APPROVE_MINUTES, of=queries.meeting)
def show(meeting: Meeting) -> str | tuple[str, int] | Response:
    """The public version of the minutes as they stand, and the words that are masked beside the rule's."""
    form = WordsForm(data={"words": "\n".join(masked.words_of(meeting))})
    if form.validate_on_submit():
        masked.mask_words(meeting, (form.words.data or "").splitlines(), by=current_user)
        flash(_d("The words are left out of what the public reads."), "good")
        return redirect(url_for("masking.show", public_id=meeting.public_id))
    hidden = copies.hidden_from(current_user, meeting)
    shown = record.masked_of(meeting, record.newest_versions(meeting), hidden)
    page = render_template("meetings/masking.html", meeting=meeting, form=form, shown=shown)
    return page, form.status
