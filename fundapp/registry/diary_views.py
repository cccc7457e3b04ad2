"""The diary as a register: documents by day and body, on the page and as files."""

from datetime import timedelta

from flask import Blueprint, Response, render_template, request
from wtforms.validators import StopValidation

from fundapp import clock
from fundapp.languages import _d, _dl
from fundapp.paging import beyond_of
from fundapp.permissions import Permission
from fundapp.registry import diary, diary_files
from fundapp.registry.diary import Asked
from fundapp.web.access import needs
from fundapp.web.fields import DayField, Form

blueprint = Blueprint("diary", __name__)
USUAL = timedelta(days=30)
Page = str | tuple[str, int] | Response


class ExtractForm(Form):
    """The days, as the address holds them."""

    begins = DayField(_dl("First day"), name="from")
    ends = DayField(_dl("Last day"), name="to")

    def validate_ends(self, field: DayField) -> None:
        if field.data and self.begins.data and field.data < self.begins.data:
            raise StopValidation(_d("Write a day that is not before the first one."))


@blueprint.get("/cases/diary")
@needs(Permission.READ_DIARY)
def show() -> Page:
    """The extract that the address asks for; the last month's where it asks for nothing."""
    return _page(*_asked())


@blueprint.get("/cases/diary.csv")
@needs(Permission.READ_DIARY)
def as_csv() -> Page:
    return _file("csv")


@blueprint.get("/cases/diary.xlsx")
@needs(Permission.READ_DIARY)
def as_xlsx() -> Page:
    return _file("xlsx")


@blueprint.get("/cases/diary.pdf")
@needs(Permission.READ_DIARY)
def as_pdf() -> Page:
    return _file("pdf")


def _asked() -> tuple[ExtractForm, Asked | None]:
    """The form as typed, and what it asks for where it can be read."""
    today = clock.today()
    form = ExtractForm(formdata=request.args)
    if not form.validate():
        return form, None
    ends = form.ends.data or today
    begins = form.begins.data or min(today, ends) - USUAL
    form.begins.data, form.ends.data = begins, ends
    wanted = request.args.get("board", "")
    known = wanted if wanted in {board.code for board in diary.boards()} else ""
    return form, Asked(begins, ends, known, request.args.get("masked") == "1")


def _file(ending: str) -> Page:
    form, asked = _asked()
    if asked is None:
        return _page(form, None)
    most = diary_files.MOST_ON_PAPER if ending == "pdf" else diary_files.MOST
    entries = diary.whole(asked, most)
    if entries is None:
        return _page(form, asked, refusal=most)
    if ending == "pdf":
        name = next((board.name for board in diary.boards() if board.code == asked.board), "")
        return diary_files.sent(diary_files.as_pdf(asked, entries, name), "application/pdf", asked, ending)
    if ending == "csv":
        return diary_files.sent(diary_files.as_csv(asked, entries), "text/csv", asked, ending)
    return diary_files.sent(diary_files.as_xlsx(asked, entries), diary_files.XLSX, asked, ending)


def _page(form: ExtractForm, asked: Asked | None, refusal: int | None = None) -> Page:
    boards = diary.boards()
    wanted = request.args.get("board", "")[:60]
    page = render_template(
        "registry/diary.html",
        form=form,
        asked=asked,
        boards=boards,
        entries=diary.page(asked, beyond_of(request.args)) if asked is not None else None,
        unknown=wanted if wanted and wanted not in {board.code for board in boards} else "",
        refusal=refusal,
    )
    return (page, 422) if refusal is not None or (asked is None and not request.path.endswith("diary")) else page
