"""The worker as cron calls it."""

from concurrent.futures import ThreadPoolExecutor

from click.testing import Result
from flask import Flask

from fundapp import jobs_cli


def work_once(app: Flask) -> Result:
    """`fundapp work --once`, in a thread of its own: a browser test leaves an event loop running in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(app.test_cli_runner().invoke, jobs_cli.work, ["--once"]).result()
