"""The ground every test stands on; the fixtures themselves are in tests/ground."""

pytest_plugins = [
    "tests.ground.sockets",
    "tests.ground.shared",
    "tests.ground.postgres",
    "tests.ground.databases",
    "tests.ground.apps",
    "tests.ground.browser",
    "tests.ground.smtp",
    "tests.ground.s3",
    "tests.ground.clamd",
    "tests.ground.oidc",
    "tests.ground.house",
    "tests.ground.foreign",
]
