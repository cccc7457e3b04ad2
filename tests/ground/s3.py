"""A real S3-compatible server on 127.0.0.1, in this process. It does not look at signatures."""

import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from uuid import uuid4

import pytest
from moto.server import ThreadedMotoServer

from fundapp.config import Settings


@pytest.fixture(scope="session")
def s3_address() -> Iterator[str]:
    """Where the server listens."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(s3_address: str) -> str:
    """The name of a new, empty bucket."""
    name = f"files-{uuid4().hex}"
    wanted = urllib.request.Request(f"{s3_address}/{name}", method="PUT")  # noqa: S310 - our own server
    with urllib.request.urlopen(wanted, timeout=10) as answer:  # noqa: S310
        assert answer.status == 200
    return name


def on_s3(settings: Settings, address: str, bucket: str) -> Settings:
    """The same settings with stored files under a prefix of `bucket`."""
    return replace(
        settings,
        store=f"s3://{bucket}/kalix/files",
        store_endpoint=address,
        store_key_id="the tests' key",
        store_secret="the tests' secret",
    )
