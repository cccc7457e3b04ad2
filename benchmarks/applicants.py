"""Who writes and sends in the last hour before a round closes: a locust file, run by benchmarks/deadline.py.

Each has a form open, and a browser that saves it as the page's own script does (fundapp/static/save.js): a second after
a pause in the writing, and where that fails again after one second, two, four, up to a minute, with what is written by
then. Some attach three files and send; where they are told to come back, they do what the page says.

DEADLINE_PLAN names a file with what there is to do, DEADLINE_TOLD one that gets a line for each answer, and at the end
one for each person: what they know to be kept.
"""

import json
import os
import random
import re
import time
from collections import deque
from pathlib import Path
from typing import Any

from locust import FastHttpUser, LoadTestShape, events, task
from locust.exception import StopUser

PLAN: dict[str, Any] = json.loads(Path(os.environ["DEADLINE_PLAN"]).read_text())
PEOPLE: deque[dict[str, Any]] = deque(PLAN["people"])
TOLD: list[dict[str, Any]] = []
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0  # seconds, as the page's script
FORM = "application/x-www-form-urlencoded"
chance = random.Random(PLAN["seed"])  # noqa: S311  a load, no secret
began = time.monotonic()
left = [len(PEOPLE)]


class Deadline(LoadTestShape):
    """Forms are opened one after the other while the ramp lasts; it is over when everybody is through."""

    def tick(self) -> tuple[int, float] | None:
        if not left[0] or now() > PLAN["ends"] + PLAN["grace"]:
            return None
        share = min(1.0, (now() + 1) / PLAN["ramp"])
        return max(1, int(len(PLAN["people"]) * share)), len(PLAN["people"]) / PLAN["ramp"] + 1


def now() -> float:
    return time.monotonic() - began


class Applicant(FastHttpUser):
    """One of them. `kept` is the number of the last text that was said to be saved, `written` of the last sent."""

    host = PLAN["host"]
    network_timeout = connection_timeout = 60.0
    max_retries = 0

    def on_start(self) -> None:
        if not PEOPLE:
            raise StopUser
        self.plan = PEOPLE.popleft()
        self.path = f"/sv/applications/{self.plan['public_id']}"
        self.kept = self.written = 0
        self.attached: list[str] = []
        self.is_sent = False
        self.page: dict[str, str] = {}

    @task
    def live(self) -> None:
        try:
            self._write()
            if self.plan["sends_at"] is not None:
                self._send()
        finally:
            left[0] -= 1
            known = {"id": self.plan["public_id"], "kept": self.kept, "written": self.written}
            _tell(person=known | {"attached": self.attached, "is_sent": self.is_sent})
        raise StopUser

    # --- writing --------------------------------------------------------------------------------------------------

    def _write(self) -> None:
        """Open the form, and save it until it is time to send, or to stop."""
        until = self.plan["sends_at"] or PLAN["ends"]
        while not self.page and now() < PLAN["ends"]:
            status, text = self._ask("open", "GET", self.path + "/sections/project")
            if status == 200:
                self.page = dict(re.findall(r'name="(version|page|step)" value="([^"]*)"', text))
            else:
                time.sleep(FIRST_WAIT + chance.random() * 10)
        wait = FIRST_WAIT
        while now() < until:
            if self.kept == self.written or wait == FIRST_WAIT:
                time.sleep(max(0.0, min(chance.uniform(0.25, 1.75) * PLAN["pause"], until - now())))
            wait = FIRST_WAIT if self._save() else min(wait * 2, LONGEST_WAIT)
            if wait > FIRST_WAIT:
                time.sleep(wait / 2)

    def _save(self) -> bool:
        self.written += 1
        words = f"{PLAN['words']} {self.written}."
        self.page["step"] = str(int(self.page.get("step", "0")) + 1)
        fields = {**PLAN["section"], "background": words, "csrf_token": self.plan["token"], **self.page}
        status, text = self._ask("save", "POST", self.path + "/sections/project/keep", words=words, data=fields)
        if status == 200:
            self.page["version"] = str(json.loads(text)["version"])
            self.kept = self.written
        return status == 200

    # --- sending --------------------------------------------------------------------------------------------------

    def _send(self) -> None:
        """Save once more, attach the files, press Send; again as often as it takes."""
        last = PLAN["ends"] + PLAN["grace"] - 5
        while not self._save() and now() < last:
            self._come_back()
        for number in range(PLAN["files"]):
            name = f"bilaga {number} {self.plan['public_id']}.pdf"
            while now() < last and not self._attach(name, number):
                self._come_back()
        while now() < last and not self.is_sent:
            status, _text = self._ask(
                "send", "POST", self.path + "/submit", data={"csrf_token": self.plan["token"]}, ends="/receipt"
            )
            self.is_sent = status == 302
            if not self.is_sent:
                self._come_back()
        if self.is_sent:
            self._ask("receipt", "GET", self.path + "/receipt")

    def _attach(self, name: str, number: int) -> bool:
        mark = f"mark{chance.getrandbits(60)}"
        parts = [
            f'--{mark}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'
            for field, value in (("csrf_token", self.plan["token"]), ("kind", "other"))
        ]
        parts.append(f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n')
        parts.append("Content-Type: application/pdf\r\n\r\n")
        filling = f"% {number} {self.plan['public_id']} ".encode().ljust(PLAN["file_size"], b"x")
        body = "".join(parts).encode() + PLAN["pdf"].encode("latin-1") + filling + f"\r\n--{mark}--\r\n".encode()
        kind = f"multipart/form-data; boundary={mark}"
        status, _text = self._ask(
            "attach", "POST", self.path + "/attachments", data=body, kind=kind, ends="attachments"
        )
        if status == 302:
            self.attached.append(name)
        return status == 302

    def _come_back(self) -> None:
        time.sleep(PLAN["comes_back"] * chance.uniform(0.5, 1.5))

    # --- one request ----------------------------------------------------------------------------------------------

    def _ask(
        self, what: str, method: str, path: str, *, words: str = "", data: Any = None, kind: str = FORM, ends: str = ""
    ) -> tuple[int, str]:
        """Status and text; 0 where nobody answered. `words`: what a 503 must hold; `ends`: where a 302 must lead."""
        headers = {"Cookie": self.plan["cookie"], "Connection": "close", "Accept-Language": "sv"}
        headers |= {"Content-Type": kind} if data is not None else {}
        at, started = now(), time.perf_counter()
        with self.client.request(
            method, path, data=data, headers=headers, name=what, allow_redirects=False, catch_response=True
        ) as answer:
            status, text = answer.status_code or 0, answer.text or ""
            took = time.perf_counter() - started
            if status == 302 and not str(answer.headers.get("Location", "")).endswith(ends):
                status = 1
            is_told = status == 503 and int(answer.headers.get("Retry-After", "0")) > 0 and words in text
            if status in (200, 302) or is_told:
                answer.success()
            else:
                answer.failure(f"{status}")
        _tell(answer={"what": what, "status": status, "is_told": is_told, "seconds": took, "at": at})
        return status, text


def _tell(**line: Any) -> None:
    TOLD.append(line)


@events.quitting.add_listener
def _write_down(**_words: Any) -> None:
    Path(os.environ["DEADLINE_TOLD"]).write_text("".join(json.dumps(line) + "\n" for line in TOLD))
