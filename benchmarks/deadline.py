"""The deadline hour: many forms open and saved while they are written, and a part of them sent in the last minutes.

`python -m benchmarks.deadline` starts PostgreSQL and the app under gunicorn as it is installed (deploy/), lets the
people of benchmarks/applicants.py write and send, and holds what they were told against what is in the database. It
ends with 1 where anything acknowledged is not there, or anybody met a fault; how long an answer took is only told.
"""

import argparse
import json
import logging
import math
import os
import random
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import quantiles
from typing import Any

import psycopg
from flask import Flask
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from benchmarks import ground
from benchmarks.asking import say
from benchmarks.serve_app import DAY
from fundapp import clock, store
from fundapp.accounts.actions import begin_session
from fundapp.app import create_app
from fundapp.applications.models import Application
from fundapp.config import from_environment
from fundapp.db import db
from fundapp.workflow import ApplicationStatus
from tests.factories import applications as factory
from tests.factories import people
from tests.ground import databases

WORDS = "Vi läser högt tillsammans, och nu skriver vi stycke nummer"
THREADS = 56  # as deploy/fundapp-web.service
GOAL = 1.0  # seconds that 95 of 100 sendings take at most
FILE = 200_000  # bytes of an attachment: a scanned page


@dataclass(frozen=True)
class Load:
    """So many forms, of which so many are sent, in so many seconds after the ramp in which they are opened.

    `pause`: seconds between two saves of one form, in the mean; `workers`: of gunicorn.
    """

    forms: int = 800
    sends: int = 200
    seconds: float = 600.0
    ramp: float = 60.0
    pause: float = 20.0
    seed: int = 7
    workers: int = ground.WORKERS

    def times(self, factor: float) -> "Load":
        return replace(self, forms=int(self.forms * factor), sends=int(self.sends * factor))


@dataclass
class Told:
    """What people saw: each answer, and what each knows to be kept."""

    answers: list[dict[str, Any]] = field(default_factory=list)
    people: list[dict[str, Any]] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    busy: float = 0.0  # the machine's load at the end

    def of(self, what: str) -> list[dict[str, Any]]:
        return [each for each in self.answers if each["what"] == what]

    @property
    def faults(self) -> list[str]:
        """Every answer that is neither right nor a page that says when to come back and holds what was typed."""
        bad = [each for each in self.answers if each["status"] not in (200, 302) and not each["is_told"]]
        return sorted({f"{each['what']}: {each['status']}" for each in bad})

    @property
    def turned_away(self) -> int:
        return sum(each["status"] == 503 for each in self.answers)

    @property
    def sent(self) -> int:
        return sum(each["is_sent"] for each in self.people)

    def percentile(self, what: str, number: int) -> float:
        """Seconds that so many of a hundred answers of this kind took at most; those that did what was asked."""
        times = [each["seconds"] for each in self.of(what) if each["status"] in (200, 302)]
        return quantiles(times, n=100)[number - 1] if len(times) > 1 else math.nan


def run(folder: Path, url: str, load: Load) -> Told:
    """The whole of it, on an empty database at `url`."""
    environ = ground.environment(folder, url)
    logging.getLogger("alembic").setLevel(logging.ERROR)
    databases._migrate(folder, url)
    app = create_app(from_environment(environ))
    clock.run_from(DAY, folder / "clock")
    people_there = _forms(app, load)
    server = ground.Server(folder, url, "app", workers=load.workers, threads=THREADS)
    try:
        told = _meet(folder, server.port, load, people_there)
    finally:
        server.stop()
    told.lost = lost(app, told)
    with app.app_context():
        db.engine.dispose()
    return told


def _forms(app: Flask, load: Load) -> list[dict[str, Any]]:
    """People with a complete draft each, and when those who will send it do so: more and more towards the end."""
    chance = random.Random(load.seed)  # noqa: S311  a load, no secret
    moments = sorted(load.ramp + load.seconds * math.sqrt(chance.random()) * 0.98 for _send in range(load.sends))
    found = []
    with app.test_request_context("/"):
        interface: Any = app.session_interface
        signed = interface.get_signing_serializer(app)
        token = URLSafeTimedSerializer(app.secret_key or "", salt="wtf-csrf-token").dumps("deadline")
        for number in range(load.forms):
            by = people.applicant(f"Amina Lindqvist {number}", f"amina{number}@forening.example")
            name, key = f"Förening {number}", str(8020000000 + number)
            organisation = people.organisation(by, name=name, org_number=key, email=by.email)
            draft = factory.draft(by=by, organisation=organisation, title=f"Språkkafé {number}")
            kept = {"_user_id": begin_session(by), "_fresh": True, "csrf_token": "deadline"}
            sends_at = moments[number] if number < load.sends else None
            cookie = f"fundapp={signed.dumps(kept)}"
            found.append({"public_id": draft.public_id, "cookie": cookie, "token": token, "sends_at": sends_at})
            if number % 50 == 0:
                db.session.commit()
                db.session.expunge_all()
        db.session.commit()
        db.session.close()
    chance.shuffle(found)
    return found


def _meet(folder: Path, port: int, load: Load, people_there: list[dict[str, Any]]) -> Told:
    """Let them all come, by locust; gives what they saw."""
    plan = {
        "people": people_there,
        "host": f"http://127.0.0.1:{port}",
        "seed": load.seed,
        "ramp": load.ramp,
        "ends": load.ramp + load.seconds,
        "grace": 60.0,
        "pause": load.pause,
        "comes_back": 10.0,
        "words": WORDS,
        "section": {name: texts[0] for name, texts in factory.GRANT["project"].items()},
        "files": 3,
        "file_size": FILE,
        "pdf": factory.PDF.decode("latin-1"),
    }
    wanted, seen = folder / "plan.json", folder / "told.jsonl"
    wanted.write_text(json.dumps(plan))
    seen.unlink(missing_ok=True)
    words = [sys.executable, "-m", "locust", "-f", str(Path(__file__).with_name("applicants.py"))]
    environ = os.environ | {"DEADLINE_PLAN": str(wanted), "DEADLINE_TOLD": str(seen)}
    with (folder / "locust.log").open("w") as log:
        done = subprocess.run(  # noqa: S603  our own words
            [*words, "--headless", "--only-summary", "--exit-code-on-error", "0"],
            env=environ,
            stdout=log,
            stderr=log,
            check=False,
        )
    if done.returncode:
        sys.exit(f"locust failed: {(folder / 'locust.log').read_text()[-3000:]}")
    told = Told(busy=os.getloadavg()[0])
    for line in map(json.loads, seen.read_text().splitlines()):
        told.answers += [line["answer"]] if "answer" in line else []
        told.people += [line["person"]] if "person" in line else []
    missing = len(people_there) - len(told.people)
    if missing:
        sys.exit(f"{missing} people did not come home: {(folder / 'locust.log').read_text()[-3000:]}")
    return told


def lost(app: Flask, told: Told) -> list[str]:
    """What somebody was told is kept and is not there, or is there twice."""
    with app.app_context():
        rows = select(Application).options(
            selectinload(Application.sections),
            selectinload(Application.attachments),
            selectinload(Application.submissions),
        )
        there = {each.public_id: each for each in db.session.scalars(rows)}
        found = [fault for each in told.people for fault in _lost_of(each, there.get(each["id"]))]
        db.session.close()
    return found


def _lost_of(known: dict[str, Any], application: Application | None) -> list[str]:
    if application is None:
        return [f"{known['id']}: the draft"]
    faults = []
    section = next(each for each in application.sections if each.code == "project")
    number = _number_in("".join(section.answers["background"]))
    if not known["kept"] <= number <= known["written"]:
        faults.append(f"{known['id']}: text {number}, told that {known['kept']} is kept")
    names = [each.file.name for each in application.attachments]
    faults += [f"{known['id']}: {name} is missing" for name in known["attached"] if name not in names]
    gone = [each.file.name for each in application.attachments if not store.has(each.file.key)]
    faults += [f"{known['id']}: {name} cannot be read" for name in gone]
    if known["is_sent"] and application.status is ApplicationStatus.DRAFT:
        faults.append(f"{known['id']}: was sent, and is a draft")
    if len(application.submissions) > 1 or (known["is_sent"] and not application.submissions):
        faults.append(f"{known['id']}: {len(application.submissions)} frozen copies")
    return faults


def _number_in(text: str) -> int:
    return int(text.removeprefix(WORDS).strip(" .")) if text.startswith(WORDS) else 0


def tell(told: Told, load: Load) -> None:
    """The table, and what is to be said about it."""
    say(f"\n{load.forms} forms, {load.sends} sendings in {load.seconds:.0f} s, a save every {load.pause:g} s each;")
    say(f"load of the machine at the end: {told.busy:.1f} on {os.cpu_count()} processors\n")
    say("| | asked | done | told to come back | p50 s | p95 s | p99 s | longest s |\n|---|--:|--:|--:|--:|--:|--:|--:|")
    for what in ("open", "save", "attach", "send", "receipt"):
        all_of, good = told.of(what), [each for each in told.of(what) if each["status"] in (200, 302)]
        away = sum(each["status"] == 503 for each in all_of)
        times = " | ".join(f"{told.percentile(what, number):.2f}" for number in (50, 95, 99))
        longest = max((each["seconds"] for each in good), default=math.nan)
        say(f"| {what} | {len(all_of)} | {len(good)} | {away} | {times} | {longest:.2f} |")
    say(f"\nSent: {told.sent} of {load.sends}. Faults: {told.faults or 'none'}. Lost: {told.lost or 'nothing'}.")
    p95 = told.percentile("send", 95)
    say(f"95 of 100 sendings within {p95:.2f} s (goal < {GOAL:g} s: {'met' if p95 < GOAL else 'missed'}).")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.deadline", description=__doc__)
    parser.add_argument("--forms", type=int, default=Load.forms)
    parser.add_argument("--sends", type=int, default=Load.sends)
    parser.add_argument("--seconds", type=float, default=Load.seconds)
    parser.add_argument("--ramp", type=float, default=Load.ramp)
    parser.add_argument("--pause", type=float, default=Load.pause, help="seconds between two saves of one form")
    parser.add_argument("--times", type=float, default=1.0, help="this many times as many forms and sendings")
    options = parser.parse_args()
    load = Load(options.forms, options.sends, options.seconds, options.ramp, options.pause).times(options.times)
    folder = Path(tempfile.mkdtemp(prefix="fundapp-deadline-"))
    folder.chmod(0o711)  # PostgreSQL runs as another user and must be able to walk through
    try:
        with ground.postgresql(folder) as address:
            with psycopg.connect(f"postgresql://postgres@{address}/postgres", autocommit=True) as connection:
                connection.execute("CREATE DATABASE run")
            told = run(folder, f"postgresql+psycopg://postgres@{address}/run", load)
        tell(told, load)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(1 if told.lost or told.faults else 0)


if __name__ == "__main__":
    main()
