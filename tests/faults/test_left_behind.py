"""Files that stay at the partner: those that may not be moved, and those that are not taken."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

from etl.ledger import ExceptionItem
from tests.faults.test_servers import sftp
from tests.freight_bills import FreightBill, bills_file, expected_file
from tests.night import Night
from tests.services.sshd import SshServer
from tests.transfer.odd_server import Oddities, OddServer

ONE, TWO = FreightBill("L-1", "LD-L1"), FreightBill("L-2", "LD-L2")
PARTNER = "acme-freight"
MOVE = {"action": "move", "to": "processed"}
DELETE = {"action": "delete"}


def drop(server: SshServer, name: str, content: str = "") -> Path:
    path = server.root / PARTNER / name
    path.write_text(content, "utf-8")
    return path


def drop_bill(server: SshServer, bill: FreightBill, number: int) -> Path:
    return drop(server, f"{bill.number}.edi", bills_file(bill, control_number=number))


def waiting(night: Night) -> list[ExceptionItem]:
    with night.open().ledger.read() as ledger:
        return ledger.exceptions.find()


def codes(night: Night) -> list[str]:
    return sorted(item.code for item in waiting(night))


@pytest.fixture
def visited(night: Night, ssh_server: SshServer) -> Night:
    """A partner on a real sshd, and the charges expected of it."""
    night.write_schedules(endpoints={PARTNER: sftp(ssh_server, PARTNER, after_pickup=MOVE)})
    night.drop("tms", "expected_charges_1.csv", expected_file(ONE, TWO))
    return night


def declare(night: Night, server: SshServer, **endpoint: Any) -> None:
    night.write_schedules(endpoints={PARTNER: sftp(server, PARTNER, **endpoint)})


class TestPickupRefused:
    """What is refused is ours, is told, is not fetched again, and holds up nobody."""

    @pytest.mark.parametrize("after", [MOVE, DELETE], ids=["move", "delete"])
    def test_a_read_only_server(
        self, visited: Night, ssh_server: SshServer, after: dict[str, str]
    ) -> None:
        declare(visited, ssh_server, after_pickup=after)
        ssh_server.read_only = True
        ssh_server.restart()
        drop_bill(ssh_server, ONE, 1)

        first = visited.etl("run", "nightly")
        assert (first.returncode, "1 pushed" in first.stdout) == (1, True), first.stderr
        [item] = waiting(visited)
        assert (item.code, item.kind, item.queue) == ("PICKUP_REFUSED", "technical", "integration")
        assert "L-1.edi" in item.message
        assert "permission denied" in item.message
        assert "set endpoint.after_pickup to keep" in item.message

        drop_bill(ssh_server, TWO, 2)
        second = visited.run()
        assert (second.exit_code, second.counts.files, second.counts.duplicate_files) == (1, 1, 0)
        assert second.counts.pushed == 1
        assert codes(visited) == ["PICKUP_REFUSED"] * 2

        ssh_server.read_only = False
        ssh_server.restart()
        third = visited.run()
        assert (third.exit_code, third.counts.files) == (0, 0)
        assert waiting(visited) == []
        assert list((ssh_server.root / PARTNER).glob("*.edi")) == []

    def test_one_file_among_others(self, night: Night, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("ODD_PASSWORD", "letmein")
        night.drop("tms", "expected_charges_1.csv", expected_file(ONE, TWO))
        odd = Oddities({"1.edi": bills_file(ONE, control_number=1).encode()}, stuck=("1.edi",))
        with OddServer(odd) as server:
            declared = {
                "type": "sftp", "host": server.host, "port": server.port, "user": "odd",
                "host_key": server.host_key, "password": "${env:ODD_PASSWORD}", "key": None,
                "passphrase": None, "folders": {"in": "outbound"}, "settle": {"by": "rename"},
                "after_pickup": MOVE, "retries": {"attempts": 1},
            }  # fmt: skip
            night.write_schedules(endpoints={PARTNER: declared})
            assert (night.run().exit_code, codes(night)) == (1, ["PICKUP_REFUSED"])
            odd.files["2.edi"] = bills_file(TWO, control_number=2).encode()
            second = night.run()
            assert (second.exit_code, second.counts.files, second.counts.pushed) == (1, 1, 1)
            assert (list(odd.files), codes(night)) == (["1.edi"], ["PICKUP_REFUSED"])
            odd.stuck = ()
            third = night.run()
        assert (third.exit_code, third.counts.files, odd.files) == (0, 0, {})
        assert waiting(night) == []

    def test_many_are_a_few_items(self, visited: Night, ssh_server: SshServer) -> None:
        ssh_server.read_only = True
        ssh_server.restart()
        for number in range(25):
            drop(ssh_server, f"{number:02}.edi", f"no bill {number}")
        assert visited.run().exit_code == 1
        refused = [item for item in waiting(visited) if item.code == "PICKUP_REFUSED"]
        assert len(refused) == 21
        assert sorted(item.details["files"] for item in refused)[-1] == 5
        assert any("5 files (20.edi" in item.message for item in refused)

    def test_a_name_that_is_taken_in_the_target_is_no_refusal(
        self, visited: Night, ssh_server: SshServer
    ) -> None:
        (ssh_server.root / PARTNER / "processed").mkdir()
        drop(ssh_server, "processed/L-1.edi", "another file of that name")
        drop_bill(ssh_server, ONE, 1)
        assert visited.run().exit_code == 0
        assert len(list((ssh_server.root / PARTNER / "processed").iterdir())) == 2


class TestLeft:
    """What is not taken is told once for each kind of reason, until it is gone."""

    def test_each_kind_is_an_exception_until_it_is_gone(
        self, visited: Night, ssh_server: SshServer
    ) -> None:
        declare(visited, ssh_server, after_pickup=MOVE, limits={"max_file_mb": 1})
        drop_bill(ssh_server, ONE, 1)
        left = [drop(ssh_server, name) for name in ("INVOICES.EDI", "MORE.EDI")]
        left.append(drop(ssh_server, "large.edi", "x" * 1_000_001))
        link = ssh_server.root / PARTNER / "link.edi"
        link.symlink_to("nowhere")
        given_up = drop(ssh_server, "half.edi.part")
        two_days_ago = time.time() - 2 * 86400
        os.utime(given_up, (two_days_ago, two_days_ago))
        left += [given_up, link]

        first = visited.etl("run", "nightly")
        assert (first.returncode, "1 pushed" in first.stdout) == (1, True), first.stderr
        assert "4 exceptions to work" in first.stdout
        items = {item.code: item for item in waiting(visited)}
        assert sorted(items) == [
            "LEFT_NOT_REGULAR", "LEFT_NO_PATTERN", "LEFT_TOO_LARGE", "LEFT_UNSETTLED",
        ]  # fmt: skip
        assert {item.partner for item in items.values()} == {PARTNER}
        assert "2 files (INVOICES.EDI, MORE.EDI) left there" in items["LEFT_NO_PATTERN"].message
        assert "add a pattern" in items["LEFT_NO_PATTERN"].message
        assert items["LEFT_NO_PATTERN"].details["files"] == 2

        assert visited.run().exit_code == 1
        assert {item.attempts for item in waiting(visited)} == {2}

        for path in left[:2]:
            path.unlink()
        assert visited.run().exit_code == 1
        assert "LEFT_NO_PATTERN" not in codes(visited)
        for path in left[2:]:
            path.unlink()
        assert visited.run().exit_code == 0
        assert waiting(visited) == []

    def test_files_that_are_still_coming_and_files_that_may_stay_are_not_told(
        self, visited: Night, ssh_server: SshServer
    ) -> None:
        declare(visited, ssh_server, after_pickup=MOVE, ignore=["README*", ".*"])
        for name in ("half.edi.part", "half.edi.filepart", "README.txt", ".nfs0001"):
            drop(ssh_server, name)
        result = visited.run()
        assert (result.exit_code, waiting(visited)) == (0, [])
        [pulled] = [each for each in result.pulled if each.partner == PARTNER]
        assert len(pulled.left) == 4

    def test_a_visit_that_failed_closes_nothing(
        self, visited: Night, ssh_server: SshServer
    ) -> None:
        drop(ssh_server, "INVOICES.EDI")
        assert visited.run().exit_code == 1
        ssh_server.stop()
        assert visited.run().exit_code == 3
        assert codes(visited) == ["LEFT_NO_PATTERN", "PULL_FAILED"]
