"""What tests stand on: real databases, a real browser, a real mail server. Fixtures only; no test, no mock."""
