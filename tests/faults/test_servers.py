"""SFTP servers that are not who they were, that freeze, and disks that are full."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.freight_bills import FreightBill, bills_file, expected_file
from tests.night import Night
from tests.services.small_disk import SIZE, small_disk
from tests.services.sshd import SshServer, fingerprint
from tests.services.tcp_proxy import TcpProxy

BILL = FreightBill("S-1", "LD-S1")


def sftp(server: SshServer, partner: str, **different: Any) -> dict[str, Any]:
    """An endpoint of a partner on `server`."""
    (server.root / partner).mkdir(exist_ok=True)
    return {
        "type": "sftp",
        "host": server.host,
        "port": server.port,
        "user": server.username,
        "key": str(server.client_key),
        "host_key": server.host_key,
        "passphrase": None,
        "folders": {"in": partner},
        "settle": {"by": "rename"},
        "retries": {"attempts": 1},
        **different,
    }


def drop_bill(night: Night, server: SshServer) -> Path:
    """Drop the expected charges locally, and the bill on the server."""
    night.drop("tms", "expected_charges_1.csv", expected_file(BILL))
    path = server.root / "acme-freight" / "bill.edi"
    path.write_text(bills_file(BILL), "utf-8")
    return path


@pytest.mark.parametrize("pinned_as", ["key", "fingerprint"])
def test_a_changed_host_key_is_refused_and_the_other_partners_are_visited(
    night: Night, ssh_server: SshServer, pinned_as: str
) -> None:
    pinned = ssh_server.host_key
    shown = pinned if pinned_as == "key" else fingerprint(pinned)
    night.write_schedules(
        endpoints={"acme-freight": sftp(ssh_server, "acme-freight", host_key=shown)}
    )
    bill = drop_bill(night, ssh_server)
    ssh_server.change_host_key()

    refused = night.etl("run", "nightly")

    assert refused.returncode == 3
    assert ssh_server.host_key_fingerprint in refused.stderr
    assert fingerprint(pinned) in refused.stderr
    assert "Traceback" not in refused.stderr
    assert bill.exists()
    assert not (night.drop_folder("tms") / "expected_charges_1.csv").exists()
    with night.open().ledger.read() as ledger:
        [item] = ledger.exceptions.find()
    assert (item.kind, item.code) == ("technical", "PULL_FAILED")

    night.write_schedules(endpoints={"acme-freight": sftp(ssh_server, "acme-freight")})
    accepted = night.run()
    assert (accepted.exit_code, accepted.counts.pushed) == (0, 1)
    with night.open().ledger.read() as ledger:
        assert ledger.exceptions.find() == []


def test_a_server_without_a_pinned_key_is_a_wrong_declaration(
    night: Night, ssh_server: SshServer
) -> None:
    partner = night.root / "mappings" / "acme-freight" / "partner.yaml"
    lines = [each for each in partner.read_text("utf-8").splitlines() if "host_key" not in each]
    partner.write_text("\n".join(lines), "utf-8")
    declared = sftp(ssh_server, "acme-freight")
    del declared["host_key"]
    night.write_schedules(endpoints={"acme-freight": declared})
    bill = drop_bill(night, ssh_server)

    refused = night.etl("run", "nightly")

    assert refused.returncode == 2
    assert "host_key: found nothing, expected the server's pinned host key" in refused.stderr
    assert bill.exists()
    assert "Accepted" not in ssh_server.log.read_text("utf-8")


def test_a_transfer_that_freezes_is_given_up_and_done_by_the_next_run(
    night: Night, ssh_server: SshServer, ssh_proxy: TcpProxy
) -> None:
    timeouts = {"connect": 3, "auth": 3, "channel": 1, "overall": 20}
    declared = sftp(ssh_server, "acme-freight", port=ssh_proxy.port, timeouts=timeouts)
    night.write_schedules(endpoints={"acme-freight": declared})
    bill = drop_bill(night, ssh_server)
    bill.write_text(bills_file(BILL) + " " * 3 * SIZE, "utf-8")
    ssh_proxy.freeze_after(SIZE)

    frozen = night.etl("run", "nightly")

    assert frozen.returncode == 3, frozen.stdout
    assert "acme-freight" in frozen.stderr
    assert "Traceback" not in frozen.stderr
    assert bill.exists()
    assert not (night.drop_folder("tms") / "expected_charges_1.csv").exists()
    assert [path for path in (night.root / "inbox").rglob("*") if path.is_file()] == []

    ssh_proxy.drop_connections()
    ssh_proxy.thaw()
    done = night.run()
    assert (done.exit_code, done.counts.pushed) == (0, 1)
    assert not bill.exists()


@pytest.mark.parametrize(
    ("folder", "size"),
    [("inbox", SIZE), ("archive", SIZE), ("ledger", SIZE // 10)],
)
def test_a_full_disk_leaves_the_files_at_the_partner_and_the_next_run_finishes(
    night: Night, ssh_server: SshServer, folder: str, size: int
) -> None:
    night.write_schedules(
        endpoints={"acme-freight": sftp(ssh_server, "acme-freight")},
        ledger="sqlite:///ledger/ledger.db",
    )
    (night.root / "ledger").mkdir()
    bill = drop_bill(night, ssh_server)
    big = ssh_server.root / "acme-freight" / "big.edi"
    big.write_bytes(b"\0" + os.urandom(3 * SIZE).replace(b"I", b"J"))

    with small_disk(night.root / folder, size) as grow:
        full = night.etl("run", "nightly")

        assert full.returncode == 3, full.stdout
        assert "Traceback" not in full.stderr
        assert "fault of etl itself" not in full.stderr
        # where nothing can be mounted it is the inbox that meets the limit first
        assert any(str(night.root / place) in full.stderr for place in (folder, "inbox"))
        assert big.exists()

        grow()
        done = night.run()
        assert done.exit_code == 1, done.errors
        assert (done.counts.pushed, done.counts.rejected) == (1, 1)
        assert not big.exists()
        assert not bill.exists()
        workspace = night.open()
        assert workspace.archive.verify() == []
        with workspace.ledger.read() as ledger:
            assert [item.code for item in ledger.exceptions.find()] == ["NOT_X12"]
