"""`/metrics` for who watches the app, and `/livez`. Counts come from all workers (web/tally.py), gauges from the
database at the moment of asking.
"""

import hmac
from collections.abc import Callable, Iterator
from ipaddress import ip_address

from flask import Flask, Response, abort, current_app, jsonify, request
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.openmetrics.exposition import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import func, inspect, select, text
from sqlalchemy.exc import SQLAlchemyError

from fundapp.config import Settings, settings
from fundapp.db import db
from fundapp.mail import Message, MessageStatus
from fundapp.web.access import public
from fundapp.web.tally import Tally

Reading = Callable[[], dict[str, float]]
_FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_VIA", "HTTP_X_REAL_IP")


def set_up(app: Flask, ours: Settings) -> None:
    """Make the tally and the two pages. `show` adds what a station has to tell."""
    app.extensions["fundapp.tally"] = Tally(ours.instance / "metrics")
    app.extensions["fundapp.gauges"] = []
    app.add_url_rule("/livez", "livez", public(livez))
    app.add_url_rule("/metrics", "metrics", public(metrics))
    show(app, "fundapp_outbox_messages", "Mails in the outbox that have not left.", "status", messages)
    show(app, "fundapp_jobs", "Background jobs that are not done.", "status", jobs)


def show(app: Flask, name: str, about: str, label: str, read: Reading) -> None:
    """Let `/metrics` show what `read` gives: a number per value of `label`, asked of the database each time. Without a
    label, one number under the empty text.
    """
    app.extensions["fundapp.gauges"].append((name, about, label, read))


def livez() -> Response:
    """The process answers; whether the database does is /healthz."""
    return jsonify(status="ok")


def metrics() -> Response:
    """OpenMetrics, for who has the token, and for this machine itself; there is no such page for others."""
    if not (_has_token() or _is_this_machine()):
        abort(404)
    registry = CollectorRegistry()
    tally: Tally = current_app.extensions["fundapp.tally"]
    tally.collect_into(registry)
    registry.register(_Gauges())
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _has_token() -> bool:
    wanted, given = settings().metrics_token, request.headers.get("Authorization", "")
    return wanted is not None and hmac.compare_digest(given.encode(), f"Bearer {wanted}".encode())


def _is_this_machine() -> bool:
    """Asked by this machine itself and not by a proxy on it. A production that knows of no proxy trusts no address:
    a proxy that adds no header would look like the machine.
    """
    ours = settings()
    if (ours.is_production and not ours.proxies) or any(request.environ.get(name) for name in _FORWARDED):
        return False
    try:
        return ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False


class _Gauges:
    """What the database says now; where it does not answer, that alone."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        up, found = 1, []
        for name, about, label, read in current_app.extensions["fundapp.gauges"]:
            gauge = GaugeMetricFamily(name, about, labels=[label] if label else [])
            try:
                for value, number in read().items():
                    gauge.add_metric([value] if label else [], number)
            except SQLAlchemyError:
                db.session.rollback()
                up = 0
            else:
                found.append(gauge)
        yield GaugeMetricFamily("fundapp_database_up", "1 where the database answers.", value=up)
        yield from found


def messages() -> dict[str, float]:
    """Mails per status, of those that have not left."""
    statuses = [status for status in MessageStatus if status is not MessageStatus.SENT]
    rows = db.session.execute(
        select(Message.status, func.count()).where(Message.status.in_(statuses)).group_by(Message.status)
    )
    counted = {status.name.lower(): float(number) for status, number in rows}
    return {status.name.lower(): counted.get(status.name.lower(), 0.0) for status in statuses}


def jobs() -> dict[str, float]:
    """Jobs that wait, run or failed, where procrastinate keeps them; nothing where it does not."""
    if not inspect(db.session.connection()).has_table("procrastinate_jobs"):
        return {}
    counted = dict.fromkeys(("todo", "doing", "failed"), 0.0)
    rows = db.session.execute(text("SELECT status::text, count(*) FROM procrastinate_jobs GROUP BY 1"))
    return counted | {status: float(number) for status, number in rows if status in counted}
