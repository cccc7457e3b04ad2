"""The ground every test stands on; the fixtures themselves are in tests/ground."""

pytest_plugins = [
    "tests.ground.shared",
    "tests.ground.postgres",
    "tests.ground.databases",
    "tests.ground.apps",
    "tests.ground.browser",
    "tests.ground.smtp",
]
