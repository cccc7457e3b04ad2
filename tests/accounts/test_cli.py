"""`fundapp people`: how a new installation gets its first administrator."""

from click.testing import Result
from flask import Flask
from flask.cli import ScriptInfo

from fundapp.cli import cli


def _run(app: Flask, *words: str) -> Result:
    return app.test_cli_runner().invoke(cli, words, obj=ScriptInfo(create_app=lambda: app))


def test_the_first_administrator_is_made_from_the_command_line(app: Flask) -> None:
    given = _run(app, "people", "give", "Ada@Kommun.example", "administrator", "--name", "Ada")
    assert given.exit_code == 0, given.output
    assert _run(app, "people", "list").output == "ada@kommun.example\tAda\tadministrator\n"


def test_the_same_role_twice_changes_nothing(app: Flask) -> None:
    for _ in range(2):
        assert _run(app, "people", "give", "sara@kommun.example", "secretary", "--board", "KS").exit_code == 0
    assert _run(app, "people", "list").output == "sara@kommun.example\t\tsecretary\n"


def test_a_bad_address_role_or_body_is_told_in_words(app: Flask) -> None:
    for words in (
        ("no address", "auditor"),
        ("a@kommun.example", "king"),
        ("a@kommun.example", "member", "--board", "X"),
    ):
        refused = _run(app, "people", "give", *words)
        assert refused.exit_code == 2
        assert "Error" in refused.output
    assert _run(app, "people", "list").output == ""
