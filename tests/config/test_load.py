from collections.abc import Callable
from pathlib import Path

import pytest

from etl.config.load import find_project, load_project
from etl.config.secrets import Secret
from etl.errors import ConfigurationError
from etl.jobs.targets import largest_attachment

SCHEDULES = """\
version: 1
default_environment: dev
environments:
  dev:
    target: outbox
  prod:
    target: odoo
    ledger: "${env:LEDGER}"
    odoo:
      url: https://odoo.example.com
      database: prod
      login: etl
      password: ${env:ODOO_KEY}
      taxes: {"19": "19% VAT"}
    endpoints:
      acme: {host: sftp.prod.example}
jobs:
  nightly:
    partners: [acme]
    trigger: {daily: 02:30, zone: Europe/Berlin}
    steps: [pull, map, reconcile]
"""
PARTNER = """\
partner: acme
name: Acme LTL Freight
timezone: America/Chicago
identity: {scac: ACLT, isa: "02:ACLT"}
endpoint:
  type: sftp
  host: sftp.acme.example
  user: ${env:ACME_USER}
  password: ${env:ACME_PASSWORD}
  host_key: SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
  folders: {in: outbound}
  settle: {by: done_file, suffix: .ok}
documents:
  - {pattern: "*.edi", mapping: x12-210}
"""
Project = Callable[..., Path]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    def write(schedules: str = SCHEDULES, partner: str = PARTNER) -> Path:
        folder = tmp_path / "mappings" / "acme"
        folder.mkdir(parents=True, exist_ok=True)
        (tmp_path / "schedules.yaml").write_text(schedules, "utf-8")
        (folder / "partner.yaml").write_text(partner, "utf-8")
        (folder / "x12-210.yaml").write_text("mapping: acme/x12-210\n", "utf-8")
        return tmp_path

    return write


def problems(root: Path, environment: str | None = None) -> list[str]:
    with pytest.raises(ConfigurationError) as raised:
        load_project(root, environment, {})
    return str(raised.value).splitlines()


def test_a_whole_project_is_read_with_its_defaults(project: Project) -> None:
    loaded = load_project(project(), None, {})
    assert loaded.environment == "dev"
    assert loaded.ledger.resolve() == f"sqlite:///{loaded.root}/ledger.db"
    assert loaded.folders.archive == loaded.root / "archive"
    assert loaded.jobs["nightly"].steps == ("pull", "map", "reconcile")
    trigger = loaded.jobs["nightly"].trigger
    assert trigger is not None
    assert (trigger.daily, trigger.zone, trigger.catch_up) == ("02:30", "Europe/Berlin", "run")
    assert loaded.partners["acme"].identity.scac == "ACLT"


def test_secrets_and_references_are_needed_only_when_used(project: Project) -> None:
    partner = load_project(project(), None, {}).partners["acme"]
    with pytest.raises(ConfigurationError, match=r"ACME_USER.*is not there"):
        partner.endpoint.resolve()
    environ = {"ACME_USER": "we", "ACME_PASSWORD": "sesame"}
    endpoint = load_project(project(), None, environ).partners["acme"].endpoint.resolve()
    assert endpoint.user == "we"
    assert endpoint.settle.suffix == ".ok"
    assert endpoint.password is not None
    assert endpoint.password.reveal() == "sesame"
    assert "sesame" not in repr(endpoint)


def test_what_stands_in_the_environment_is_never_shown(project: Project) -> None:
    environ = {"LEDGER": "sqlite:///x.db", "ODOO_KEY": "sesame", "ACME_USER": "we"}
    assert "sesame" not in repr(load_project(project(), "prod", environ))


def test_an_environment_chooses_ledger_target_and_overrides_endpoints(project: Project) -> None:
    environ = {"LEDGER": "postgresql+psycopg://db/etl", "ODOO_KEY": "k", "ACME_USER": "we"}
    loaded = load_project(project(), "prod", environ)
    assert loaded.ledger.resolve() == "postgresql+psycopg://db/etl"
    assert loaded.odoo is not None
    odoo = loaded.odoo.resolve()
    assert odoo.password.reveal() == "k"
    assert odoo.taxes == {"19": "19% VAT"}
    assert loaded.partners["acme"].endpoint.resolve().host == "sftp.prod.example"


def test_an_attachment_has_one_limit_whatever_the_target(project: Project) -> None:
    environ = {"LEDGER": "sqlite:///x.db", "ODOO_KEY": "k", "ACME_USER": "we"}
    assert largest_attachment(load_project(project(), "dev", environ)) == 20 << 20
    assert largest_attachment(load_project(project(), "prod", environ)) == 20 << 20
    declared = SCHEDULES.replace("database: prod", "database: prod\n      largest_attachment_mb: 3")
    for target in ("odoo", "outbox"):
        root = project(declared.replace("target: odoo", f"target: {target}"))
        assert largest_attachment(load_project(root, "prod", environ)) == 3 << 20


def test_a_reference_that_is_not_there_names_itself_and_the_remedy(project: Project) -> None:
    loaded = load_project(project(), "prod", {})
    with pytest.raises(ConfigurationError) as raised:
        loaded.ledger.resolve()
    assert "schedules.yaml:8 environments.prod.ledger: ${env:LEDGER} is not there" in str(
        raised.value
    )
    assert "set the environment variable" in str(raised.value)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("password: ${env:ACME_PASSWORD}", "password: sesame", "a secret never stands in YAML"),
        ("  host_key: SHA256:" + "A" * 43 + "\n", "", "an unknown server is never trusted"),
        ("host_key: SHA256:" + "A" * 43, "host_key: trust me", "pinned host key"),
        ("mapping: x12-210", "mapping: x12-21", "Did you mean 'x12-210'?"),
        ("partner: acme", "partner: acne", "the folder's name, acme"),
        ("scac: ACLT", "scac: aclt", "SCAC of 2 to 4 capital letters"),
        ("America/Chicago", "America/Chikago", "Did you mean 'America/Chicago'?"),
        ("{in: outbound}", "{inn: outbound}", "Did you mean 'in'?"),
        ("by: done_file", "by: magic", "one of age, done_file, rename"),
    ],
)
def test_a_wrong_partner_names_file_line_key_and_what_is_expected(
    project: Project, old: str, new: str, expected: str
) -> None:
    assert old in PARTNER
    found = problems(project(partner=PARTNER.replace(old, new)))
    assert any(line.startswith("mappings/acme/partner.yaml:") for line in found)
    assert any(expected in line for line in found), found
    assert not any("sesame" in line for line in found)


def test_a_literal_secret_is_not_repeated_in_the_error(project: Project) -> None:
    text = PARTNER.replace("password: ${env:ACME_PASSWORD}", "password: sesame")
    assert "sesame" not in "\n".join(problems(project(partner=text)))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("partners: [acme]", "partners: [acne]", "Did you mean 'acme'?"),
        ("daily: 02:30", "daily: 2.30", "a time of day, HH:MM"),
        ("daily: 02:30", 'cron: "99 2 * * *"', "a cron expression"),
        ("daily: 02:30", 'cron: "0 2 * * 5-1"', "ends before it begins"),
        ("zone: Europe/Berlin", "zone: Europe/Berlyn", "Did you mean 'Europe/Berlin'?"),
        ("[pull, map, reconcile]", "[map, pull]", "in the order pull, map, reconcile, push"),
        ("[pull, map, reconcile]", "[pull, map, push]", "the mapping that the step push needs"),
        ("default_environment: dev", "default_environment: dve", "one of dev, prod"),
        ("      acme: {", "      acne: {", "a partner's id"),
    ],
)
def test_a_wrong_schedule_names_line_and_what_is_expected(
    project: Project, old: str, new: str, expected: str
) -> None:
    assert old in SCHEDULES
    environment = "prod" if "acne: {" in new else None
    root = project(schedules=SCHEDULES.replace(old, new).replace("${env:LEDGER}", "sqlite:///x"))
    found = problems(root, environment)
    assert any(expected in line and line.startswith("schedules.yaml:") for line in found), found


def test_problems_of_all_files_are_reported_at_once(project: Project) -> None:
    found = problems(
        project(SCHEDULES.replace("Berlin", "Berlyn"), PARTNER.replace("Chicago", "Chikago"))
    )
    assert len(found) == 2


def test_the_project_is_found_from_below(project: Project) -> None:
    root = project()
    assert find_project(root / "mappings" / "acme") == root
    with pytest.raises(ConfigurationError, match=r"no schedules\.yaml"):
        find_project(Path("/"))


def test_secrets_come_from_files_and_keep_quiet(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("s3cret\n", "utf-8")
    secret = Secret("${file:key}", "here", {}, tmp_path)
    assert secret.reveal() == "s3cret"
    assert "s3cret" not in f"{secret!r} {secret}"
    with pytest.raises(ConfigurationError, match=r"\$\{file:none\} is not there"):
        Secret("${file:none}", "here", {}, tmp_path).reveal()
    with pytest.raises(ConfigurationError, match=r"keyring set"):
        Secret("${keyring:etl-test/nobody}", "here", {}, tmp_path).reveal()
