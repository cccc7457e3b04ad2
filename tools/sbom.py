"""The inventory of libraries, docs/security/sbom.json, made of uv.lock: CycloneDX 1.6, without a time, in one order.

    python -m tools.sbom          writes it
    python -m tools.sbom --check  says what differs, exit code 1

"required" is what the service needs to run, "optional" what only tests and tools need.
"""

import json
import sys
import tomllib
import uuid
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
LOCK = ROOT / "uv.lock"
KEPT = ROOT / "docs" / "security" / "sbom.json"
OURS = "fundapp"
Package = dict[str, Any]


def inventory(lock: dict[str, Any]) -> dict[str, Any]:
    """The inventory of a lock file's packages. Errors: KeyError where one is named and not locked."""
    packages = Locked(lock["package"])
    ours, running = packages.of({"name": OURS}), needed_to_run(packages)
    body: dict[str, Any] = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": _told(ours[0], "application")},
        "components": [
            _told(package, "library") | {"scope": "required" if reference(package) in running else "optional"}
            for package in packages.all
            if package not in ours
        ],
        "dependencies": [
            {"ref": reference(package), "dependsOn": sorted({reference(one) for one in _needs(package, packages)})}
            for package in packages.all
        ],
    }
    # The number follows from what is said, so that the same lock gives the same file.
    number = uuid.uuid5(uuid.NAMESPACE_OID, json.dumps(body, sort_keys=True))
    return {**body, "serialNumber": f"urn:uuid:{number}"}


class Locked:
    """The packages of a lock. One may be there in two versions, for two Pythons: then who asks for it names both."""

    def __init__(self, packages: list[Package]) -> None:
        self.all = sorted(packages, key=reference)
        self._named: dict[str, list[Package]] = {}
        for package in self.all:
            self._named.setdefault(package["name"], []).append(package)

    def of(self, asked: Package) -> list[Package]:
        """What `{"name": …, "version": …}` leads to. Errors: KeyError where there is nothing of the name."""
        return [one for one in self._named[asked["name"]] if asked.get("version", one["version"]) == one["version"]]


def needed_to_run(packages: Locked) -> set[str]:
    """The references that the service's own dependencies lead to, its tests and tools left out."""
    ahead = list(packages.of({"name": OURS})[0]["dependencies"])
    found: set[str] = set()
    seen: set[tuple[str, str, tuple[str, ...]]] = set()
    while ahead:
        asked = ahead.pop()
        here = (asked["name"], asked.get("version", ""), tuple(asked.get("extra", ())))
        if here in seen:
            continue
        seen.add(here)
        for package in packages.of(asked):
            found.add(reference(package))
            ahead += package.get("dependencies", ())
            for extra in here[2]:
                ahead += package.get("optional-dependencies", {}).get(extra, ())
    return found


def reference(package: Package) -> str:
    return f"pkg:pypi/{package['name']}@{package['version']}"


def _told(package: Package, kind: str) -> dict[str, Any]:
    at = reference(package)
    return {"type": kind, "bom-ref": at, "name": package["name"], "version": package["version"], "purl": at}


def _needs(package: Package, packages: Locked) -> list[Package]:
    """All that the package asks for, with any extra and in any group."""
    lists = [package.get("dependencies", ())]
    lists += [*package.get("optional-dependencies", {}).values(), *package.get("dev-dependencies", {}).values()]
    return [one for each in lists for asked in each for one in packages.of(asked)]


def as_text(lock: str) -> str:
    return json.dumps(inventory(tomllib.loads(lock)), indent=1, ensure_ascii=False) + "\n"


def main(words: list[str]) -> int:
    made = as_text(LOCK.read_text())
    if "--check" in words:
        is_same = KEPT.is_file() and KEPT.read_text() == made
        sys.stdout.write(
            "" if is_same else f"{KEPT.relative_to(ROOT)} is not what uv.lock says: python -m tools.sbom\n"
        )
        return 0 if is_same else 1
    KEPT.write_text(made)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
