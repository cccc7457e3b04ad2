"""What the operator is told exists: every setting, command, file, unit and metric that docs/ and deploy/ name."""

import re
import tomllib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest
from flask import Flask

from fundapp import config, files
from fundapp.cli import cli
from fundapp.funds.terms import TERMS, read_terms, terms_of
from fundapp.web import headers
from tests.ground.browser import ROOT

DOCS = sorted(ROOT.glob("docs/*.md"))
TOLD = [*DOCS, ROOT / "README.md", *sorted((ROOT / "deploy").iterdir())]
OPERATE = ROOT / "docs" / "operate.md"
NGINX = (ROOT / "deploy" / "nginx.conf").read_text()
UNITS = sorted((ROOT / "deploy").glob("*.service"))
_IN_A_LINE = r"`([^`\n]+)`"
_METRIC_ENDINGS = r"_(total|bucket|count|sum)$"


def _blocks(path: Path) -> list[str]:
    """The parts of a page that are typed or shown as they stand: fenced, indented, and within a line."""
    text = path.read_text()
    if path.suffix != ".md":
        return [text]
    fenced = re.findall(r"^```\w*\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    rest = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    return [*fenced, *re.findall(r"^ {4}(.+)$", rest, re.MULTILINE), *re.findall(_IN_A_LINE, rest)]


def _heredoc(start: str) -> str:
    """What operate.md writes into a file, from the line that begins with `start` to EOF."""
    found = re.search(rf"^{re.escape(start)} <<'?EOF'?\n(.*?)^EOF$", OPERATE.read_text(), re.DOTALL | re.MULTILINE)
    assert found is not None, start
    return found.group(1)


def _commands() -> list[tuple[str, str]]:
    """(page, words after `fundapp`) of every command that is named."""
    found = re.compile(r"(?:^|^Exec\w+=|&& |; |exec )(?:/\S+/)?fundapp ([a-z][^\n#|&;<>]*)", re.MULTILINE)
    return [(path.name, words.strip()) for path in TOLD for block in _blocks(path) for words in found.findall(block)]


def _resolved(words: list[str]) -> tuple[click.Command, list[str]]:
    """The command that the words name, and what is left of them. Errors: AssertionError."""
    command: click.Command = cli
    while isinstance(command, click.Group) and words:
        assert words[0] in command.commands, words
        command, words = command.commands[words[0]], words[1:]
    return command, words


def test_every_setting_that_is_named_exists_and_every_setting_is_told() -> None:
    told = {name for path in TOLD for name in re.findall(r"\bFUNDAPP_[A-Z_]*[A-Z]\b", path.read_text())}
    assert told - set(config.VARIABLES) == set()
    for_operators = {name for path in DOCS for name in re.findall(r"\bFUNDAPP_[A-Z_]*[A-Z]\b", path.read_text())}
    assert set(config.VARIABLES) - for_operators == set()


def test_every_command_that_is_named_exists_with_its_options() -> None:
    named = _commands()
    assert len(named) > 30
    for page, text in named:
        words = text.split()
        command, rest = _resolved([word for word in words if word != "--help"])
        assert not isinstance(command, click.Group) or "--help" in words or not rest, (page, text)
        options = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in rest if word.startswith("--")} <= options, (page, text)


def test_a_command_that_is_not_there_would_be_found() -> None:
    with pytest.raises(AssertionError):
        _resolved(["backup-everything"])


def test_every_file_that_is_named_exists() -> None:
    absent = set()
    for path in TOLD:
        text = path.read_text()
        named = {path.parent / link for link in re.findall(r"\]\(([^)#:]+)\)", text)}
        named |= {
            ROOT / name
            for name in re.findall(
                r"(?:(?<=/opt/fundapp/)|(?<![\w./-]))((?:deploy|docs|fundapp|benchmarks)/[\w./*-]+\w)", text
            )
        }
        absent |= {str(one) for one in named if not list(ROOT.glob(str(one.relative_to(ROOT))))}
    assert absent == set()


def test_every_unit_that_is_named_is_shipped() -> None:
    shipped = {path.name for path in (ROOT / "deploy").iterdir()}
    named = {name for path in DOCS for name in re.findall(r"\bfundapp-(?:web|work|backup)[\w.-]*", path.read_text())}
    assert {name for name in named if name not in shipped and f"{name}.service" not in shipped} == set()


def test_every_metric_that_is_named_is_measured_and_every_one_is_told() -> None:
    source = "".join(path.read_text() for path in (ROOT / "fundapp").rglob("*.py"))
    measured = set(re.findall(r'(?:count|observe|show|Family)\(\s*(?:app,\s*)?"(fundapp_[a-z_]+)"', source))
    told = {re.sub(_METRIC_ENDINGS, "", name) for name in re.findall(r"`(fundapp_[a-z_]+)`", OPERATE.read_text())}
    assert len(measured) > 6
    assert told == measured


def test_metrics_shows_the_names_that_operate_tells(app_on_both: Flask) -> None:
    client = app_on_both.test_client()
    client.get("/livez").close()  # counted when it has been sent
    shown = client.get("/metrics").text
    # shown from the first time it happens
    rare = {
        "fundapp_oidc_down_total",
        "fundapp_refused_total",
        "fundapp_slow_statements_total",
        "fundapp_turned_away_total",
    }
    told = set(re.findall(r"`(fundapp_[a-z_]+)`", OPERATE.read_text()))
    assert {name for name in told - rare if f"\n{name}{{" not in shown and f"\n{name} " not in shown} <= {
        "fundapp_jobs"
    }


def test_the_settings_that_operate_writes_are_accepted(tmp_path: Path) -> None:
    lines = re.sub(r"\$\(.*\)", "x" * 48, _heredoc("cat > /etc/fundapp/fundapp.env")).splitlines()
    environ = dict(line.split("=", 1) for line in lines)
    environ |= {"FUNDAPP_SMTP_PASSWORD": "hemligt", "FUNDAPP_BACKUP_RECIPIENTS": f"age1{'q' * 58}"}
    environ["FUNDAPP_RECORD_KEY"] = "A" * 43 + "="
    found, faults = config.read(environ)
    assert faults == []
    assert (found.is_production, found.proxies, found.funds) == (True, 1, Path("/etc/fundapp/funds"))
    for unit in UNITS:
        text = unit.read_text()
        assert "EnvironmentFile=/etc/fundapp/fundapp.env" in text
        assert str(found.instance) in text.split("ReadWritePaths=")[1].splitlines()[0]


def test_an_example_is_no_key() -> None:
    for example in ("age1...", "age1…", "age1abc"):
        assert any("BACKUP_RECIPIENTS" in fault for fault in config.read({"FUNDAPP_BACKUP_RECIPIENTS": example})[1])


def test_the_round_that_operate_adds_is_loaded_instead_of_what_is_shipped(tmp_path: Path) -> None:
    shipped = TERMS / "kalix-integration-fund.toml"
    added = _heredoc("cat >> /etc/fundapp/funds/kalix-integration-fund.toml")
    (tmp_path / shipped.name).write_text(shipped.read_text() + added)
    (label,) = (one["label"] for one in tomllib.loads(added)["rounds"])
    mended = {terms.code: terms for terms in terms_of("kalix", tmp_path)}
    assert [one.label for one in mended["kalix-integration-fund"].rounds] == ["2016–2018", label]
    assert mended.keys() == {terms.code for terms in terms_of("kalix")}
    newest = mended["kalix-integration-fund"].rounds[-1]
    assert newest.opens.value < datetime(2026, 11, 22, tzinfo=UTC) < newest.closes.value
    assert read_terms(shipped).rounds[-1].label == "2016–2018"


def test_the_proxy_lets_through_what_the_app_refuses_in_words() -> None:
    (size,) = re.findall(r"client_max_body_size (\d+)m;", NGINX)
    assert int(size) * 1024 * 1024 > files.LARGEST_SENT + 1024 * 1024


def test_the_proxy_says_one_hop_and_hides_metrics_and_logs_no_address() -> None:
    assert re.findall(r"X-Forwarded-For (\S+);", NGINX) == ["$remote_addr"]
    assert "location = /metrics { return 404; }" in NGINX
    public = [part for part in NGINX.split("\nserver {")[1:] if "server_name" in part]
    assert all("access_log off;" in part for part in public)


def test_the_proxys_own_answers_carry_what_the_app_would_say() -> None:
    text = (ROOT / "deploy" / "nginx-headers.conf").read_text()
    ours = dict(re.findall(r'^add_header ([\w-]+) (?:"([^"]*)"|\S+) always;', text, re.MULTILINE))
    table = dict([*headers.TABLE.items(), headers.HSTS])
    assert ours["Strict-Transport-Security"] == table["Strict-Transport-Security"]
    for name in ("X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy", "Cross-Origin-Resource-Policy"):
        assert f"add_header {name} {table[name]} always;" in text
    assert NGINX.count("include /etc/nginx/fundapp-headers.conf;") == NGINX.count("internal;")


def test_the_units_start_what_is_installed() -> None:
    programs = {program for unit in UNITS for program in re.findall(r"/opt/fundapp/\.venv/bin/(\w+)", unit.read_text())}
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    assert programs == {*scripts, "gunicorn"}


def test_going_back_to_a_revision_goes_back_to_that_one(app_on_both: Flask) -> None:
    """As part 9 tells it. The library's own command took 0002 for two steps."""
    gone = app_on_both.test_cli_runner().invoke(cli, ["db", "downgrade", "0002"])
    assert gone.exit_code == 0, gone.output
    with app_on_both.app_context():
        assert [one.revision for one in app_on_both.extensions["alembic"].current()] == ["0002"]


def test_terms_with_a_fault_are_told_in_one_line_and_load_nothing(app: Flask, tmp_path: Path) -> None:
    faulty = (TERMS / "kalix-integration-fund.toml").read_text().replace('value = "KS"', 'value = "XX"')
    (tmp_path / "own.toml").write_text(faulty)
    ours = app.extensions["fundapp.settings"]
    app.extensions["fundapp.settings"] = replace(ours, funds=tmp_path)
    told = app.test_cli_runner().invoke(cli, ["load"])
    assert (told.exit_code, told.output) == (1, "Error: kalix-integration-fund: there is no body 'XX' here\n")
    app.extensions["fundapp.settings"] = ours
    told = app.test_cli_runner().invoke(cli, ["load"])
    assert (told.exit_code, "nothing can be applied for today" in told.output) == (0, True)
