"""Passwords, codes and their keys, without the web."""

from datetime import UTC, datetime, timedelta

import pyotp
import pytest

from fundapp.factors import rules
from tools import often

NOW = datetime(2017, 3, 6, 8, 0, 15, tzinfo=UTC)
SECRET = "one installation's secret"


def test_argon2id_with_the_parameters_of_the_issue() -> None:
    assert rules.HASHER.hash("fjällripa under granen").startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_what_nobody_has_is_compared_with_a_hash_of_the_same_cost() -> None:
    assert not rules.HASHER.check_needs_rehash(rules.DUMMY)
    assert not rules.is_password("fjällripa under granen", None)


def test_a_password_is_the_same_from_a_keyboard_that_composes_otherwise() -> None:
    kept = rules.HASHER.hash(rules.composed("fja\u0308llripa under granen"))
    assert rules.is_password("fj\u00e4llripa under granen", kept)
    assert not rules.is_password("fjallripa under granen", kept)


@pytest.mark.parametrize("spoilt", ["", "no hash", "$argon2id$v=19$m=19456,t=2,p=1$x$y"])
def test_a_spoilt_hash_is_no_password_and_no_fault(spoilt: str) -> None:
    assert not rules.is_password("fjällripa under granen", spoilt)


@pytest.mark.parametrize(
    "password",
    [
        "123456789012", "aaaaaaaaaaaa", "abcdefghijkl", "qwertyuiop123", "1q2w3e4r5t6y", "passwordpassword",
        "P@ssw0rd1234", "Sommar2024!!!", "Sommaren-2026", "lösenord1234", "Välkommen2026", "Kalix2026Kalix",
        "fundapp-fundapp", "amina@forening", "Amina.Lindqvist1", "iloveyou1234", "hejhejhejhej", "!!!!!!!!!!!!",
        "correct horse battery staple", "letmeinletmein", "admin1234admin", "2026-11-23-2026",
    ],
)  # fmt: skip
def test_what_others_try_first_is_easily_guessed(password: str) -> None:
    about = ["Kalix kommun", "fundapp", "amina@forening.example", "Amina Lindqvist"]
    assert rules.is_easily_guessed(password, about)


@pytest.mark.parametrize(
    "password", ["Unbelievable", "PolniyPizdec0211", "q1w2e3r4t5y6", "COUNTERSTRIKE", "qazxswedcvfr"]
)
def test_what_was_often_met_in_breaches_is_easily_guessed(password: str) -> None:
    assert rules.is_often_used(password)
    assert rules.is_easily_guessed(password)


def test_the_list_of_often_used_passwords_is_whole_and_in_order() -> None:
    signs = rules.OFTEN.read_bytes()
    kept = [signs[n : n + rules.SIGN] for n in range(0, len(signs), rules.SIGN)]
    assert len(signs) % rules.SIGN == 0
    assert len(kept) > 40_000  # ASVS 5.0 V6.2.4 asks for three thousand of the length that is asked here
    assert kept == sorted(set(kept))


def test_the_list_is_made_of_what_is_long_enough_once_each_in_whatever_case() -> None:
    found = often.made(["short\n", "Twelve-signs\r\n", "twelve-SIGNS\n", "another-of-them\n"])
    assert found == b"".join(sorted(map(rules.sign_of, ["twelve-signs", "another-of-them"])))


@pytest.mark.parametrize(
    "password", ["fjällripa under granen", "tre gröna isbjörnar dansar", "x9!kfQzR2mLp", "እንቁላል ድንች ጽጌረዳ ኣብ ደገ"]
)
def test_words_of_ones_own_and_random_signs_are_not(password: str) -> None:
    assert not rules.is_easily_guessed(password, ["Kalix kommun", "amina@forening.example"])


def test_an_apps_key_is_sealed_for_its_owner_its_hour_and_its_installation() -> None:
    sealed = rules.seal("KEY", secret=SECRET, now=NOW, of="amina")
    assert "KEY" not in sealed
    assert rules.unseal(sealed, secret=SECRET, of="amina") == "KEY"
    assert rules.unseal(sealed, secret=SECRET, of="leena") is None
    assert rules.unseal(sealed, secret=SECRET + ".", of="amina") is None
    assert rules.unseal(sealed[:-2] + "AA", secret=SECRET, of="amina") is None
    assert rules.unseal("ä", secret=SECRET, of="amina") is None
    later = NOW + rules.SET_UP_LASTS
    assert rules.unseal(sealed, secret=SECRET, of="amina", now=later) == "KEY"
    assert rules.unseal(sealed, secret=SECRET, of="amina", now=later + timedelta(seconds=1)) is None


@pytest.mark.parametrize(("steps", "is_taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_code_counts_in_its_half_minute_and_in_those_beside_it(steps: int, is_taken: bool) -> None:
    key = rules.new_totp_key()
    code = pyotp.TOTP(key).at(NOW + steps * timedelta(seconds=rules.STEP))
    found = rules.step_of(code, key, now=NOW)
    assert found == (int(NOW.timestamp()) // rules.STEP + steps if is_taken else None)


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "०१२३४५", "ä" * 6])
def test_what_is_no_code_is_no_fault(code: str) -> None:
    assert rules.step_of(code, rules.new_totp_key(), now=NOW) is None


def test_a_recovery_code_is_kept_so_that_the_database_alone_tells_nothing() -> None:
    code = rules.new_recovery_code()
    kept = rules.recovery_hash(code, secret=SECRET)
    assert kept == rules.recovery_hash(code.replace("-", " ").upper(), secret=SECRET)
    assert kept != rules.recovery_hash(code, secret=SECRET + ".")
    assert len({rules.new_recovery_code() for _number in range(1000)}) == 1000
