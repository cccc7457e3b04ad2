"""What the auditor may ask the record for."""

from fundapp.languages import _dl
from fundapp.web.fields import Form, LineField


class LookUpForm(Form):
    """Read from the address."""

    case = LineField(_dl("Diary number"))
