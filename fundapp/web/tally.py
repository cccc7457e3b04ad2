"""Counts that are right with several workers: each writes its own file, and whoever is asked adds them all up.

The files are those of prometheus_client's multi-process mode, `instance/metrics/<server>/<kind>_<worker>.db`, where the
server is the parent process (gunicorn's master). A dead worker's file stays and counts until the server ends, so that
no count ever falls; the files of servers that are gone are cleared away by the next one.
"""

import os
import shutil
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock

from prometheus_client import CollectorRegistry
from prometheus_client.mmap_dict import MmapedDict, mmap_key
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.utils import floatToGoString

BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, float("inf"))  # seconds


def _close(files: dict[str, MmapedDict]) -> None:
    for file in files.values():
        file.close()
    files.clear()


class Tally:
    """The counts of this server's workers, kept under `folder`, which is made by the first count."""

    def __init__(self, folder: Path) -> None:
        self.all, self.folder = folder, folder / str(os.getppid())
        self._lock = Lock()
        self._files: dict[str, MmapedDict] = {}
        self._worker = 0
        self._keys: dict[tuple[str, ...], str] = {}
        weakref.finalize(self, _close, self._files)

    def count(self, name: str, about: str, labels: Mapping[str, str]) -> None:
        """One more of `name` (without `_total`)."""
        kept = ("counter", name, *labels.values())
        if kept not in self._keys:
            self._keys[kept] = mmap_key(name, f"{name}_total", list(labels), list(labels.values()), about)
        with self._lock:
            self._add("counter", self._keys[kept], 1)

    def observe(self, name: str, about: str, labels: Mapping[str, str], seconds: float) -> None:
        """One more measurement in the histogram `name`."""
        names, values = list(labels), list(labels.values())
        kept = ("histogram", name, *values)
        with self._lock:
            if kept not in self._keys or self._worker != os.getpid():
                self._keys[kept] = mmap_key(name, f"{name}_sum", names, values, about)
                for bucket in BUCKETS:  # every bucket must be there, also the empty ones
                    self._add("histogram", self._bucket(name, about, names, values, bucket), 0)
            reached = next(bucket for bucket in BUCKETS if seconds <= bucket)
            self._add("histogram", self._bucket(name, about, names, values, reached), 1)
            self._add("histogram", self._keys[kept], seconds)

    def _bucket(self, name: str, about: str, names: Sequence[str], values: Sequence[str], bucket: float) -> str:
        kept = ("bucket", name, *values, str(bucket))
        if kept not in self._keys:
            labels = [*names, "le"]
            self._keys[kept] = mmap_key(name, f"{name}_bucket", labels, [*values, floatToGoString(bucket)], about)
        return self._keys[kept]

    def _add(self, kind: str, key: str, amount: float) -> None:
        if self._worker != os.getpid():  # the first count, or a worker that was forked with its parent's files open
            self._clear_away_the_dead()
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            _close(self._files)
            self._worker = os.getpid()
        file = self._files.get(kind)
        if file is None:
            file = self._files[kind] = MmapedDict(str(self.folder / f"{kind}_{os.getpid()}.db"))
        value, _at = file.read_value(key)
        file.write_value(key, value + amount, 0.0)

    def _clear_away_the_dead(self) -> None:
        for folder in self.all.glob("[0-9]*"):
            if folder != self.folder and not Path(f"/proc/{folder.name}").exists():
                shutil.rmtree(folder, ignore_errors=True)

    def collect_into(self, registry: CollectorRegistry) -> None:
        """What all workers of this server counted."""
        if self.folder.is_dir():
            MultiProcessCollector(registry, path=str(self.folder))
