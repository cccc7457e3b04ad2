"""Applicants who send what they wrote, and try again when it goes wrong; and what they were told."""

import http.client
import re
import secrets
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from urllib.parse import urlencode

from tests.factories.applications import PDF

AT_ONCE = 8
ANSWER_WITHIN = 30.0  # seconds; longer than any answer takes
GIVES_UP = 300.0  # seconds: then the service is as good as gone
_FORM = "application/x-www-form-urlencoded"
chance = secrets.SystemRandom()


@dataclass
class Sending:
    """One application, a person's habits, and what they saw.

    `file` is a PDF of its own, attached before Send is pressed; `clicks`: Send pressed so many times at once;
    `is_patient`: False for who turns away at the first fault; `is_registered`: a registrar takes it up afterwards.
    """

    public_id: str
    title: str
    cookie: str
    token: str
    registrar: str
    file: bytes | None
    clicks: int
    is_patient: bool
    is_wanted_registered: bool

    is_attached: bool = False
    is_acknowledged: bool = False
    is_registered: bool = False
    refused: list[str] = field(default_factory=list)
    failed: list[tuple[float, float]] = field(default_factory=list)  # time.time() of each try to send that failed

    @property
    def file_name(self) -> str:
        return f"bilaga {self.public_id}.pdf"


class NoAnswer(Exception):
    """The line broke, nobody listened, or the answer was that there is a fault here."""


class Crowd:
    """Eight at a time send theirs, each to one of the servers; `done` grows as they finish."""

    def __init__(self, ports: int | Sequence[int], sendings: list[Sending]) -> None:
        self.ports = [ports] if isinstance(ports, int) else list(ports)
        self.done, self.total = 0, len(sendings)
        self.retries = 0
        self._pool = ThreadPoolExecutor(AT_ONCE)
        self._running: list[Future[None]] = [self._pool.submit(self._one, sending) for sending in sendings]

    @property
    def port(self) -> int:
        """As a proxy that does not ask who is well."""
        return chance.choice(self.ports)

    @property
    def is_busy(self) -> bool:
        return not all(each.done() for each in self._running)

    def finish(self) -> None:
        """Wait for all. Errors: whatever one of them met that is not theirs to bear."""
        wait(self._running)
        self._pool.shutdown()
        for each in self._running:
            each.result()

    def leave(self) -> None:
        """Nobody begins any more."""
        self._pool.shutdown(cancel_futures=True)

    def _one(self, sending: Sending) -> None:
        end = time.monotonic() + GIVES_UP
        try:
            if sending.file is not None and not self._attach(sending, end):
                return
            if self._send(sending, end) and sending.is_wanted_registered:
                self._register(sending, end)
        finally:
            self.done += 1

    def _attach(self, sending: Sending, end: float) -> bool:
        """Attach; after a fault look first whether it is there, as a person would."""
        path = f"/sv/applications/{sending.public_id}"
        while time.monotonic() < end:
            try:
                status, place, page = self._ask(path + "/attachments", sending.cookie, *_with_file(sending))
                sending.is_attached = status == 302
            except NoAnswer:
                if not sending.is_patient:
                    return False
                self._pause()
                sending.is_attached = self._is_there(path + "/sections/attachments", sending, end)
            else:
                if not sending.is_attached:
                    sending.refused.append(f"attach: {status} {place} {_told(page)}")
                    return False
            if sending.is_attached:
                return True
        return False

    def _is_there(self, path: str, sending: Sending, end: float) -> bool:
        while time.monotonic() < end:
            try:
                return sending.file_name in self._ask(path, sending.cookie)[2]
            except NoAnswer:
                self._pause()
        return False

    def _send(self, sending: Sending, end: float) -> bool:
        """Press Send until it is said to be received."""
        path = f"/sv/applications/{sending.public_id}"
        while time.monotonic() < end:
            began = time.time()
            told = self._press(path + "/submit", sending)
            for status, place, page in told:
                if status == 302 and place.endswith(path + "/receipt"):
                    sending.is_acknowledged = True
                else:
                    sending.refused.append(f"submit: {status} {place} {_told(page)}")
            if len(told) < sending.clicks:
                sending.failed.append((began, time.time()))
            if told or not sending.is_patient:
                break
            self._pause()
        return sending.is_acknowledged

    def _press(self, path: str, sending: Sending) -> list[tuple[int, str, str]]:
        """The answers to one press, or to two at once; what was not answered is left out."""
        links = [
            http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_WITHIN) for _ in range(sending.clicks)
        ]
        body, answers = urlencode({"csrf_token": sending.token}).encode(), []
        for link in links:
            try:
                link.request("POST", path, body, {"Cookie": sending.cookie, "Content-Type": _FORM})
            except OSError:
                link.close()
        for link in links:
            try:
                answers.append(_answer(link))
            except NoAnswer:
                pass
            finally:
                link.close()
        return answers

    def _register(self, sending: Sending, end: float) -> None:
        """The registrar's button; who is told after a fault that it is not possible now sees that it was done."""
        body, has_failed = urlencode({"csrf_token": sending.token}).encode(), False
        while time.monotonic() < end:
            try:
                status, place, page = self._ask(
                    f"/sv/applications/{sending.public_id}/register", sending.registrar, body, _FORM
                )
            except NoAnswer:
                has_failed = True
                self._pause()
                continue
            sending.is_registered = status == 302 or (status == 409 and has_failed)
            if not sending.is_registered:
                sending.refused.append(f"register: {status} {place} {_told(page)}")
            return

    def _ask(self, path: str, cookie: str, body: bytes | None = None, kind: str = "") -> tuple[int, str, str]:
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_WITHIN)
        try:
            words = {"Cookie": cookie} | ({"Content-Type": kind} if kind else {})
            link.request("GET" if body is None else "POST", path, body, words)
            return _answer(link)
        except OSError as fault:
            raise NoAnswer from fault
        finally:
            link.close()

    def _pause(self) -> None:
        self.retries += 1
        time.sleep(chance.uniform(0.05, 0.3))


def _answer(link: http.client.HTTPConnection) -> tuple[int, str, str]:
    try:
        answer = link.getresponse()
        page = answer.read().decode()
    except (OSError, http.client.HTTPException) as fault:
        raise NoAnswer from fault
    if answer.status >= 500:
        raise NoAnswer(answer.status)
    return answer.status, answer.headers.get("Location", ""), page


def _with_file(sending: Sending) -> tuple[bytes, str]:
    """The form with the file, and its kind."""
    assert sending.file is not None
    mark = secrets.token_hex(8)
    parts = [
        f'--{mark}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in (("csrf_token", sending.token), ("kind", "other"))
    ]
    parts.append(
        f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{sending.file_name}"\r\n'
        "Content-Type: application/pdf\r\n\r\n"
    )
    body = "".join(parts).encode() + sending.file + f"\r\n--{mark}--\r\n".encode()
    return body, f"multipart/form-data; boundary={mark}"


def own_pdf(number: int) -> bytes:
    """A PDF that no other is the same as."""
    return PDF + f"% {number}\n".encode()


def _told(page: str) -> str:
    """The page's heading, for a message of a test."""
    found = re.search(r"<h1[^>]*>(.*?)</h1>", page, re.DOTALL)
    return found.group(1).strip() if found else ""
