"""Where the folders lie that belong to the package: beside it in a checkout, inside it in an installed wheel."""

from pathlib import Path

_PACKAGE = Path(__file__).parent
_IS_CHECKOUT = (_PACKAGE.parent / "pyproject.toml").exists() and (_PACKAGE.parent / "migrations").exists()
_HOME = _PACKAGE.parent if _IS_CHECKOUT else _PACKAGE

MIGRATIONS = _HOME / "migrations"
TRANSLATIONS = _HOME / "translations"
# An installed wheel must not keep data among the interpreter's packages.
INSTANCE = (_PACKAGE.parent if _IS_CHECKOUT else Path.cwd()) / "instance"
