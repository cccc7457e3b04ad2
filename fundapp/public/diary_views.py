"""The public list of cases: everybody may read and search it."""

from flask import Blueprint, render_template, request

from fundapp.public import diary
from fundapp.web.access import public
from fundapp.web.kept import kept

blueprint = Blueprint("public_diary", __name__)


@blueprint.get("/diary")
@public
def list() -> str:
    return kept(_page, seconds=60)


def _page() -> str:
    boards, years = diary.boards(), diary.years()
    asked, unknown = diary.asked_of(request.args, boards, years)
    return render_template(
        "public/diary.html",
        asked=asked,
        unknown=unknown,
        boards=boards,
        years=years,
        entries=diary.page(asked),
    )
