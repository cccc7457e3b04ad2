"""What the source may not hold: code that is made from text, weak hashes, shells, pages that obey what is typed.

Read from the source itself, so that it holds for a page that no test has opened yet.
"""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ground.browser import ROOT

APP = sorted((ROOT / "fundapp").rglob("*.py"))
SCRIPTS = sorted((ROOT / "fundapp" / "static").glob("*.js"))
PAGES = sorted((ROOT / "fundapp").rglob("*.html"))

RUNS_TEXT = {"eval", "exec", "compile", "__import__", "render_template_string"}
UNWANTED = {"pickle", "marshal", "shelve", "yaml", "xml", "lxml", "random", "telnetlib", "ftplib", "dill"}
WEAK = {"md5", "sha1", "new"}  # of hashlib; `new` would hide the name
SHELLS = {("os", "system"), ("os", "popen"), ("subprocess", "getoutput"), ("subprocess", "getstatusoutput")}
LIVE_TEXT = {"text", "exec_driver_sql", "DDL"}
# How often a statement is put together from names and numbers that stand in the code; no word of a person gets there.
OF_OUR_OWN_NAMES = {"db.py": 3, "record/guards.py": 1, "registry/near.py": 1, "web/limits.py": 1}
MADE_UP = "a statement put together from text"
# Where Markup is put around something that is not written out: escaped on the same line, or drawn by a library.
ESCAPED_THERE = {"web/filters.py", "public/reading.py", "factors/drawing.py"}


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _faults_of_call(call: ast.Call, file: str) -> Iterator[str]:
    name = _name(call.func)
    owner = _name(call.func.value) if isinstance(call.func, ast.Attribute) else ""
    if name in RUNS_TEXT and (isinstance(call.func, ast.Name) or name == "render_template_string"):
        yield f"{name} runs text"
    if owner == "hashlib" and name in WEAK:
        yield f"hashlib.{name}"
    if (owner, name) in SHELLS or any(k.arg == "shell" and not _is_false(k.value) for k in call.keywords):
        yield "a shell"
    if any(k.arg in ("verify", "check_hostname") and _is_false(k.value) for k in call.keywords):
        yield "a certificate that nobody looks at"
    if name in LIVE_TEXT and call.args and _is_made_up(call.args[0]):
        yield MADE_UP
    if name == "Markup" and call.args and not isinstance(call.args[0], ast.Constant) and file not in ESCAPED_THERE:
        yield "Markup around something that may have been typed"
    if (
        owner == "requests"
        and name in ("get", "post", "request")
        and not any(k.arg == "timeout" for k in call.keywords)
    ):
        yield "a call to another machine that may last for ever"


def _is_false(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is False


def _is_made_up(node: ast.expr) -> bool:
    is_filled = isinstance(node, ast.JoinedStr) and any(isinstance(one, ast.FormattedValue) for one in node.values)
    return is_filled or (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod | ast.Add))


def faults_of_python(source: str, file: str = "x.py") -> list[str]:
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            found += _faults_of_call(node, file)
        named = [one.name for one in node.names] if isinstance(node, ast.Import) else []
        named += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
        found += [f"imports {one}" for one in named if one.partition(".")[0] in UNWANTED]
        if isinstance(node, ast.Attribute) and node.attr in ("CERT_NONE", "_create_unverified_context"):
            found.append("a certificate that nobody looks at")
    return found


@pytest.mark.parametrize(
    "planted",
    [
        "eval(typed)",
        "exec(typed)",
        "import pickle",
        "from xml.etree import ElementTree",
        "import random",
        "hashlib.md5(b'')",
        "hashlib.new('md5')",
        "os.system(name)",
        "subprocess.run(name, shell=True)",
        "requests.get(address, timeout=3, verify=False)",
        "requests.get(address)",
        "session.execute(text(f'SELECT {typed}'))",
        "connection.exec_driver_sql('SELECT ' + typed)",
        "Markup(typed)",
        "render_template_string(typed)",
        "context.verify_mode = ssl.CERT_NONE",
    ],
)
def test_each_forbidden_thing_is_found(planted: str) -> None:
    assert faults_of_python(planted) != []
    assert faults_of_python("text('SELECT 1'); Markup('<b>{}</b>').format(typed); hashlib.sha256(b'')") == []


def test_the_code_runs_no_text_opens_no_shell_and_hashes_with_nothing_weak() -> None:
    assert len(APP) > 200
    base = ROOT / "fundapp"
    named = [(path.relative_to(base).as_posix(), path.read_text()) for path in APP]
    found = Counter((file, fault) for file, source in named for fault in faults_of_python(source, file))
    assert found == {(file, MADE_UP): times for file, times in OF_OUR_OWN_NAMES.items()}


# --- scripts and pages --------------------------------------------------------------------------------------------

UNSAFE_SCRIPT = re.compile(
    r"\.innerHTML|\.outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|\bsetTimeout\(\s*['\"`]"
    r"|postMessage|\.srcdoc|javascript:|__proto__|document\.domain|document\.cookie|https?://(?!127|www\.w3\.org)"
)
UNSAFE_PAGE = re.compile(
    r"\son[a-z]{4,}\s*=\s*[\"']|<script(?![^>]*\ssrc=)|javascript:|\sstyle\s*=|<iframe|<object|<embed|<base\b"
    r"|<(?:script|link|img)[^>]*(?:src|href)=.?https?://",
    re.IGNORECASE,
)
SAFE_WORDS = re.compile(r"\|\s*safe\b")
# A name in quotes that Jinja marks as safe: `when`, an empty element of ours.
WRITTEN_OUT = {"accounts/session_end.html": "'<bdi dir=\"ltr\" data-when></bdi>' | safe"}


def faults_of_page(text: str) -> list[str]:
    shown = re.sub(r"\{#.*?#\}", "", text, flags=re.DOTALL)
    return [one.group().strip() for pattern in (UNSAFE_PAGE, SAFE_WORDS) for one in pattern.finditer(shown)]


@pytest.mark.parametrize(
    "planted",
    [
        '<p onclick="x()">',
        "<script>x()</script>",
        '<a href="javascript:x()">',
        '<p style="color: red">',
        '<script src="https://elsewhere.example/x.js"></script>',
        "{{ typed | safe }}",
        "<iframe src='/x'>",
    ],
)
def test_each_unsafe_thing_in_a_page_is_found(planted: str) -> None:
    assert faults_of_page(planted) != []
    assert faults_of_page('<script src="/static/x.js" defer></script><p class="x">{{ typed }}</p>') == []


def test_no_page_holds_a_script_a_style_or_a_word_that_is_taken_as_it_is() -> None:
    assert len(PAGES) > 100
    found = {}
    for path in PAGES:
        name = path.as_posix().split("/templates/")[1]
        text = path.read_text()
        if name in WRITTEN_OUT:
            assert text.count(WRITTEN_OUT[name]) == 1
            text = text.replace(WRITTEN_OUT[name], "''")
        if faults := faults_of_page(text):
            found[name] = faults
    assert found == {}


@pytest.mark.parametrize(
    "planted", ["box.innerHTML = typed", "eval(typed)", "window.postMessage(x)", "a.__proto__ = b"]
)
def test_each_unsafe_thing_in_a_script_is_found(planted: str) -> None:
    assert UNSAFE_SCRIPT.search(planted)
    assert not UNSAFE_SCRIPT.search("box.textContent = typed; history.replaceState(null, '', address)")


def test_no_script_writes_pages_from_text_or_talks_to_another_window() -> None:
    assert len(SCRIPTS) > 5
    found = {path.name: UNSAFE_SCRIPT.findall(path.read_text()) for path in SCRIPTS}
    assert {name: faults for name, faults in found.items() if faults} == {}


def test_every_script_declares_its_names_inside_itself() -> None:
    """Strict, and in a block or a function of its own: nothing on a page can stand in for one of its names."""
    loose = []
    for path in SCRIPTS:
        bare = re.sub(r"/\*.*?\*/|^\s*//.*$", "", path.read_text(), flags=re.DOTALL | re.MULTILINE)
        if re.search(r"^(?:var|let|const|function|class)\b|^\w+\s*=[^=>]", bare, re.MULTILINE):
            loose.append(path.name)
    assert loose == []


# --- secrets ------------------------------------------------------------------------------------------------------

SECRET = re.compile(
    r"AGE-SECRET-KEY-1[A-Z0-9]{50,}|-----BEGIN (?:RSA |EC |OPENSSH )?PRIVATE KEY-----\n[A-Za-z0-9+/]{40}"
    r"|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{36}\b"
)


def _committed() -> Iterator[Path]:
    for folder in ("fundapp", "migrations", "deploy", "tools", "docs", "benchmarks"):
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and path.suffix in {".py", ".toml", ".md", ".conf", ".service", ".json", ".html", ".js"}:
                yield path


def test_no_secret_lies_in_the_source() -> None:
    assert SECRET.search("AGE-SECRET-KEY-1" + "Q" * 58)
    assert [path.name for path in _committed() if SECRET.search(path.read_text())] == []


def test_version_control_and_data_are_not_in_what_is_served() -> None:
    """Only fundapp/static is served as files, and it holds files for a browser alone."""
    kinds = {path.suffix for path in (ROOT / "fundapp" / "static").rglob("*") if path.is_file()}
    assert kinds <= {".css", ".js", ".svg", ".woff2", ".ttf", ".md", ".txt", ".otf", ""}
    names = {path.name for path in (ROOT / "fundapp" / "static").rglob("*")}
    assert not {name for name in names if name.startswith(".")}
