"""Settings from the environment: strict unless told otherwise, and every fault named at once."""

import stat
from datetime import date
from pathlib import Path

import pytest

from fundapp.config import BadSettings, Settings, from_environment

SAFE = {
    "FUNDAPP_SECRET_KEY": "s" * 32,
    "FUNDAPP_BASE_URL": "https://bidrag.kommun.example",
    "FUNDAPP_RECORD_KEY": "A" * 43 + "=",
}
DEVELOPMENT = {"FUNDAPP_ENV": "development"}


def _read(folder: Path, **environ: str) -> Settings:
    return from_environment({"FUNDAPP_INSTANCE": str(folder / "instance"), **environ})


def _faults(folder: Path, **environ: str) -> list[str]:
    with pytest.raises(BadSettings) as refused:
        _read(folder, **environ)
    return refused.value.faults


def test_without_any_word_it_is_production_and_says_all_that_is_missing(tmp_path: Path) -> None:
    assert _faults(tmp_path) == [
        "FUNDAPP_SECRET_KEY is missing or shorter than 32 characters",
        "FUNDAPP_BASE_URL must be an https address",
        "FUNDAPP_RECORD_KEY is missing: `fundapp record key` makes one",
    ]


def test_every_fault_is_named_at_once(tmp_path: Path) -> None:
    faults = _faults(
        tmp_path,
        FUNDAPP_DEMO="1",
        FUNDAPP_DEMO_DATE="6 March",
        FUNDAPP_SECRET_KEY="short",
        FUNDAPP_BASE_URL="http://bidrag.kommun.example",
        FUNDAPP_SMTP_PORT="twenty-five",
    )
    assert faults == [
        "FUNDAPP_DEMO_DATE must be a day written as 2017-03-06",
        "FUNDAPP_SMTP_PORT must be a number",
        "FUNDAPP_DEMO=1 does not go with production",
        "FUNDAPP_DEMO_DATE does not go with production: the clock there is the real one",
        "FUNDAPP_SECRET_KEY is missing or shorter than 32 characters",
        "FUNDAPP_BASE_URL must be an https address",
        "FUNDAPP_RECORD_KEY is missing: `fundapp record key` makes one",
    ]


@pytest.mark.parametrize(
    ("planted", "told"),
    [
        ({"FUNDAPP_DEMO": "1"}, "FUNDAPP_DEMO=1 does not go with production"),
        ({"FUNDAPP_DEMO_DATE": "2017-03-06"}, "FUNDAPP_DEMO_DATE does not go with production"),
        ({"FUNDAPP_SECRET_KEY": "s" * 31}, "FUNDAPP_SECRET_KEY is missing or shorter than 32 characters"),
        ({"FUNDAPP_SECRET_KEY": ""}, "FUNDAPP_SECRET_KEY is missing or shorter than 32 characters"),
        ({"FUNDAPP_BASE_URL": "http://bidrag.kommun.example"}, "FUNDAPP_BASE_URL must be an https address"),
        ({"FUNDAPP_BASE_URL": "ftp://bidrag.kommun.example"}, "FUNDAPP_BASE_URL must be an https address"),
        ({"FUNDAPP_RECORD_KEY": ""}, "FUNDAPP_RECORD_KEY is missing"),
        ({"FUNDAPP_RECORD_KEY": "A" * 40 + "="}, "FUNDAPP_RECORD_KEY must be 32 bytes in base64"),
        ({"FUNDAPP_RECORD_KEY": "A" * 44}, "FUNDAPP_RECORD_KEY must be 32 bytes in base64"),
        ({"FUNDAPP_SMTP_PORT": "٢٥"}, "FUNDAPP_SMTP_PORT must be a number"),
        ({"FUNDAPP_SMTP_TLS": "yes"}, "FUNDAPP_SMTP_TLS must be starttls, tls or none"),
        ({"FUNDAPP_SMTP_CA": "/no/such/file"}, "FUNDAPP_SMTP_CA must be a file of certificates"),
        ({"FUNDAPP_SMTP_TLS": "none", "FUNDAPP_SMTP_PASSWORD": "x"}, "FUNDAPP_SMTP_PASSWORD does not go with"),
        ({"FUNDAPP_ENV": "produktion", "FUNDAPP_DEMO": "1"}, "FUNDAPP_DEMO=1 does not go with production"),
    ],
)
def test_production_refuses_what_is_not_safe(tmp_path: Path, planted: dict[str, str], told: str) -> None:
    assert _read(tmp_path, **SAFE).is_production
    assert any(fault.startswith(told) for fault in _faults(tmp_path, **{**SAFE, **planted}))


def test_a_demo_date_without_the_demo_is_a_fault_in_development_too(tmp_path: Path) -> None:
    assert _faults(tmp_path, **DEVELOPMENT, FUNDAPP_DEMO_DATE="2017-03-06") == [
        "FUNDAPP_DEMO_DATE needs FUNDAPP_DEMO=1"
    ]


def test_the_demo_has_a_day_and_it_can_be_another(tmp_path: Path) -> None:
    assert _read(tmp_path, **DEVELOPMENT).demo_date is None
    assert _read(tmp_path, **DEVELOPMENT, FUNDAPP_DEMO="1").demo_date == date(2017, 3, 6)
    other = _read(tmp_path, **DEVELOPMENT, FUNDAPP_DEMO="1", FUNDAPP_DEMO_DATE="2018-01-15")
    assert (other.is_demo, other.demo_date) == (True, date(2018, 1, 15))


def test_production_reads_everything(tmp_path: Path) -> None:
    found = _read(
        tmp_path,
        **SAFE,
        FUNDAPP_DATABASE_URL="postgres://fundapp:x@db.example/fundapp",
        FUNDAPP_MUNICIPALITY="gallivare",
        FUNDAPP_FILES=str(tmp_path / "files"),
        FUNDAPP_SMTP_HOST="smtp.kommun.example",
        FUNDAPP_SMTP_PORT="587",
        FUNDAPP_SMTP_USER="bidrag",
        FUNDAPP_SMTP_PASSWORD="secret",
        FUNDAPP_SMTP_TLS="tls",
        FUNDAPP_SMTP_CA=__file__,
        FUNDAPP_MAIL_FROM="bidrag@kommun.example",
    )
    assert found.database_url == "postgresql+psycopg://fundapp:x@db.example/fundapp"
    assert (found.municipality, found.files) == ("gallivare", tmp_path / "files")
    assert (found.smtp_host, found.smtp_port, found.smtp_tls) == ("smtp.kommun.example", 587, "tls")
    assert found.smtp_ca == Path(__file__)
    assert (found.smtp_user, found.smtp_password) == ("bidrag", "secret")
    assert (found.mail_from, found.is_demo, found.demo_date) == ("bidrag@kommun.example", False, None)


def test_what_is_not_said_is_the_careful_choice(tmp_path: Path) -> None:
    found = _read(tmp_path, **SAFE)
    assert (found.smtp_tls, found.smtp_port) == ("starttls", 587)
    assert (found.smtp_host, found.smtp_ca) == (None, None)
    assert found.municipality == "kalix"
    assert found.database_url == f"sqlite:///{tmp_path / 'instance' / 'fundapp.db'}"
    assert found.files == tmp_path / "instance" / "files"
    assert found.record_folder == tmp_path / "instance" / "record"


@pytest.mark.parametrize(("tls", "port"), [("starttls", 587), ("tls", 465), ("none", 25)])
def test_each_way_to_the_mail_server_has_its_usual_port(tmp_path: Path, tls: str, port: int) -> None:
    assert _read(tmp_path, **SAFE, FUNDAPP_SMTP_TLS=tls).smtp_port == port
    assert _read(tmp_path, **SAFE, FUNDAPP_SMTP_TLS=tls, FUNDAPP_SMTP_PORT="2525").smtp_port == 2525


def test_an_address_is_kept_without_its_last_slash(tmp_path: Path) -> None:
    assert _read(tmp_path, **{**SAFE, "FUNDAPP_BASE_URL": "https://a.example/"}).base_url == "https://a.example"


def test_a_secret_of_development_is_made_once_and_kept_to_its_owner(tmp_path: Path) -> None:
    first = _read(tmp_path, **DEVELOPMENT).secret_key
    assert len(first) >= 32
    assert _read(tmp_path, **DEVELOPMENT).secret_key == first
    assert stat.S_IMODE((tmp_path / "instance" / "secret").stat().st_mode) == 0o600
    assert _read(tmp_path / "elsewhere", **DEVELOPMENT).secret_key != first


S3 = {
    "FUNDAPP_STORE": "s3://bidrag-files/kalix",
    "FUNDAPP_STORE_ENDPOINT": "https://s3.kommun.example",
    "FUNDAPP_STORE_KEY_ID": "key",
    "FUNDAPP_STORE_SECRET": "the store's secret",
}


def test_stored_files_lie_in_a_folder_or_on_s3(tmp_path: Path) -> None:
    folder = _read(tmp_path, **SAFE, FUNDAPP_STORE=str(tmp_path / "kept"), FUNDAPP_FILES=str(tmp_path / "other"))
    assert (folder.files, folder.store) == (tmp_path / "kept", None)
    on_s3 = _read(tmp_path, **SAFE, **S3)
    assert (on_s3.store, on_s3.store_endpoint) == ("s3://bidrag-files/kalix", "https://s3.kommun.example")
    assert (on_s3.store_region, on_s3.store_key_id, on_s3.store_secret) == ("eu-north-1", "key", "the store's secret")


def test_scanning_and_backups_are_off_until_they_are_named(tmp_path: Path) -> None:
    found = _read(tmp_path, **SAFE)
    assert (found.store, found.clamd, found.backup_recipients, found.backup_identity) == (None, None, None, None)
    recipients = f"age1{'q' * 58} age1{'z' * 58}"
    named = _read(
        tmp_path,
        **SAFE,
        FUNDAPP_CLAMD="/run/clamav/clamd.ctl",
        FUNDAPP_BACKUP_RECIPIENTS=recipients,
        FUNDAPP_BACKUP_IDENTITY=str(tmp_path / "key"),
    )
    assert (named.clamd, named.backup_identity) == ("/run/clamav/clamd.ctl", tmp_path / "key")
    assert named.backup_recipients == recipients


@pytest.mark.parametrize(
    ("planted", "told"),
    [
        ({"FUNDAPP_STORE": "gs://bucket"}, "FUNDAPP_STORE must be a folder or s3://bucket/prefix"),
        ({"FUNDAPP_STORE": "s3://"}, "FUNDAPP_STORE must be a folder or s3://bucket/prefix"),
        ({"FUNDAPP_STORE_SECRET": ""}, "FUNDAPP_STORE on S3 needs FUNDAPP_STORE_KEY_ID and FUNDAPP_STORE_SECRET"),
        ({"FUNDAPP_STORE_ENDPOINT": "http://s3.example"}, "FUNDAPP_STORE_ENDPOINT must be an https address"),
        ({"FUNDAPP_CLAMD": "localhost"}, "FUNDAPP_CLAMD must be host:port or the path of a socket"),
        ({"FUNDAPP_BACKUP_RECIPIENTS": "AGE-SECRET-KEY-1X"}, "FUNDAPP_BACKUP_RECIPIENTS must be public keys of age"),
    ],
)
def test_a_store_a_scanner_or_a_key_that_cannot_work_is_told(
    tmp_path: Path, planted: dict[str, str], told: str
) -> None:
    (fault,) = _faults(tmp_path, **{**SAFE, **S3, **planted})
    assert fault.startswith(told)
