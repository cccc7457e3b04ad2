"""Somebody at a browser without scripts: keeps the cookie, fills in what a page holds, presses its buttons."""

import http.client
import time
from dataclasses import dataclass
from urllib.parse import urlencode

from bs4 import BeautifulSoup, Tag

PATIENCE = 30.0  # seconds
Fields = list[tuple[str, str]]


@dataclass(frozen=True)
class Answer:
    """What came back. `seconds`: how long it took."""

    status: int
    headers: dict[str, str]
    text: str
    seconds: float

    @property
    def page(self) -> BeautifulSoup:
        return BeautifulSoup(self.text, "html.parser")


class Visitor:
    """`cookie` as `name=value`, from tests.faults.ground.sendings, or empty for nobody."""

    def __init__(self, port: int, cookie: str = "") -> None:
        self.port, self.cookie = port, cookie

    def get(self, path: str) -> Answer:
        return self._ask("GET", path)

    def post(self, path: str, fields: Fields, *, come_from: str = "") -> Answer:
        return self._ask("POST", path, urlencode(fields).encode(), "application/x-www-form-urlencoded", come_from)

    def post_file(self, path: str, fields: Fields, name: str, content: bytes) -> Answer:
        mark = "a-mark-that-is-nowhere-else"
        parts = [f'--{mark}\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in fields]
        parts.append(f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n')
        body = "".join(parts).encode() + content + f"\r\n--{mark}--\r\n".encode()
        return self._ask("POST", path, body, f"multipart/form-data; boundary={mark}")

    def press(self, answer: Answer) -> Answer:
        """Send the one form of an error page, as a browser would: nothing in it but what it holds."""
        (form,) = answer.page.find_all("form")
        return self.post(str(form["action"]), fields_of(form))

    def _ask(self, method: str, path: str, body: bytes = b"", kind: str = "", come_from: str = "") -> Answer:
        words = {"Cookie": self.cookie, "Accept-Language": "sv"} | ({"Content-Type": kind} if kind else {})
        if come_from:
            words["Referer"] = f"http://127.0.0.1:{self.port}{come_from}"
        link, began = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE), time.monotonic()
        try:
            link.request(method, path, body or None, words)
            answer = link.getresponse()
            text = answer.read().decode()
        finally:
            link.close()
        given = answer.headers.get("Set-Cookie", "")
        if given.startswith("fundapp="):
            self.cookie = given.partition(";")[0]
        return Answer(answer.status, dict(answer.headers), text, time.monotonic() - began)


def fields_of(form: Tag) -> Fields:
    """Every field of a form with what stands in it; no button."""
    found = []
    for each in form.find_all(["input", "textarea"]):
        if each.name == "textarea":
            found.append((str(each["name"]), text_of(each)))
        elif each.get("type") not in ("checkbox", "radio", "submit", "file") or each.has_attr("checked"):
            found.append((str(each["name"]), str(each.get("value", "on"))))
    return found


def text_of(area: Tag) -> str:
    """What stands in a textarea; a browser leaves out the first line break."""
    return area.get_text().removeprefix("\r").removeprefix("\n")


def answered_within(answer: Answer, seconds: float) -> bool:
    """Whether it is the page for a database that is gone, in time, with when to come back, and never kept."""
    assert (answer.status, answer.headers.get("Cache-Control")) == (503, "no-store"), answer.text[:2000]
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    return answer.seconds <= seconds
