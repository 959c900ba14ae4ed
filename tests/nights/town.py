"""A company, its carrier and its TMS, night after night, with all that goes wrong."""

from __future__ import annotations

import random
import shutil
import sqlite3
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.night import Night
from tests.nights import proof
from tests.nights.acting import Done, etl_command
from tests.nights.partners import Partners

FAILPOINTS = (
    "pull.received",
    "archive.original_written",
    "archive.ledger_written",
    "pull.picked_up",
    "map.records_written",
    "reconcile.written",
    "push.ledger_written",
    "seal.manifest_written",
    "seal.ledger_written",
)
CLOCKS = (
    timedelta(),
    timedelta(),
    timedelta(hours=1),
    timedelta(minutes=-50),
    timedelta(days=365),
    timedelta(days=-1),
)
"""How far the machine's clock is ahead of the true one."""


@dataclass
class Town(Partners):
    """What else was done.

    Attributes:
        closed: ids of exceptions that a person closed.
        reached: how often a command was killed at each of its failpoints.
        taught: whether a charge code that was unknown is known now.
    """

    closed: set[str] = field(default_factory=set)
    reached: dict[str, int] = field(default_factory=dict)
    taught: bool = False
    _ahead: timedelta = timedelta()
    _places: dict[str, int] = field(default_factory=dict)

    # what the machine and people do

    def etl(self, *arguments: str, **options: Any) -> Done:
        """A command, by whatever the clock says now."""
        done = etl_command(self.night.root, *arguments, ahead=self._ahead, **options)
        self.log.append(f"etl {' '.join(arguments)} {options or ''} -> {done.exit_code}")
        assert "Traceback" not in done.err, done.err
        assert done.exit_code in (0, 1, -9), (arguments, done)
        return done

    def run(self) -> None:
        """The night: told beforehand, perhaps killed, and finished."""
        self._set_clock()
        before = proof.seen(self.night.root) if (self.night.root / "ledger.db").exists() else None
        told = self.etl("run", "nightly", "--dry-run", "--json").told["changes"]
        if self.may("kill", 0.6):
            failpoint = self.random.choice(FAILPOINTS)
            done = self.etl("run", "nightly", "--json", failpoint=failpoint)
            self.reached[failpoint] = self.reached.get(failpoint, 0) + (done.exit_code == -9)
            self.happened["kill"] += done.exit_code == -9
            if self.random.random() < 0.5:
                self._set_clock()
        self.etl("run", "nightly", "--json")
        self._as_told(told, before or proof.Seen())

    def _set_clock(self) -> None:
        before, self._ahead = self._ahead, self.random.choice(CLOCKS)
        self.happened["clock forward"] += self._ahead > before
        self.happened["clock back"] += self._ahead < before
        self.log.append(f"the clock is {self._ahead} ahead")

    def morning(self) -> None:
        """What people do with what the night left."""
        for what, chance in (
            (self._teach, 0.15),
            (self._retry, 0.6),
            (self._close, 0.4),
            (self._rerun, 0.8),
        ):
            if self.may(what.__name__, chance):
                self.do(what)

    def _teach(self) -> None:
        if not self.taught:
            path = self.night.root / "mappings" / "codes" / "charge_codes.yaml"
            text = path.read_text("utf-8")
            path.write_text(
                text.replace("entries:\n", "entries:\n  - {code: ZRT, value: LIFTGATE}\n")
            )
            self.taught = True
            self.log.append("the code ZRT is taught")

    def _retry(self) -> None:
        queue = self.random.choice(["integration", "freight-audit", "disputes", "duplicates"])
        batches = len(self._batches())
        size = self._archive_size()
        self.etl("exceptions", "retry", "--queue", queue)
        made = self._batches()[batches:]
        assert len(made) <= 1, "one retry, one batch"
        again = len(self._batches())
        self.etl("exceptions", "retry", "--queue", queue)
        assert len(self._batches()) == again, "nothing changed, and something was sealed"
        assert made or self._archive_size() == size

    def _close(self) -> None:
        query = "SELECT id, fingerprint FROM exception WHERE state <> 'closed' ORDER BY id"
        waiting = proof.rows(self.night.root / "ledger.db", query)
        if waiting:
            item = self.random.choice(waiting)
            self.etl("exceptions", "close", item["id"], "--reason", "settled by telephone")
            self.closed.add(item["id"])

    def _rerun(self) -> None:
        batch = self.random.choice(self._batches())
        stage = self.random.choice(["map", "reconcile", "push"])
        before = proof.seen(self.night.root)
        told = self.etl("rerun", batch, "--from", stage, "--dry-run", "--json").told
        failpoint = "map.records_written" if self.may("rerun killed", 0.2) else None
        done = self.etl("rerun", batch, "--from", stage, "--json", failpoint=failpoint)
        if done.exit_code != -9:
            self._as_told(told, before)
            return
        self.happened["rerun killed"] += 1
        before = proof.seen(self.night.root)
        told = self.etl("run", "nightly", "--dry-run", "--json").told["changes"]
        self.etl("run", "nightly", "--json")
        self._as_told(told, before)

    def move(self) -> None:
        """The project moves to another folder."""
        root = self.night.root
        there = root.with_name(f"{root.name.rstrip('x')}{'' if root.name.endswith('x') else 'x'}")
        shutil.move(root, there)
        self.night.root = there
        self.log.append(f"moved to {there}")

    def rebuild(self) -> None:
        """A ledger made anew beside the old one says the same; perhaps it is gone on with."""
        root = self.night.root
        kept = root / "kept.db"
        self._fold_wal()
        shutil.copy(root / "ledger.db", kept)
        for path in root.glob("ledger.db*"):
            path.unlink()
        self.etl("ledger", "rebuild")
        self._fold_wal()
        proof.same_ledger(kept, root / "ledger.db")
        if self.random.random() < 0.7 or self._unsealed(kept):
            for path in root.glob("ledger.db*"):
                path.unlink()
            shutil.copy(kept, root / "ledger.db")
        else:
            self.log.append("the rebuilt ledger is gone on with")
        for path in root.glob("kept.db*"):
            path.unlink()

    def _unsealed(self, ledger: Path) -> bool:
        query = """SELECT 1 FROM exception
            WHERE changed > (SELECT max(sealed_sequence) FROM batch)"""
        return bool(proof.rows(ledger, query))

    def _fold_wal(self) -> None:
        with sqlite3.connect(self.night.root / "ledger.db") as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()

    # what must hold

    def all_is_right(self) -> None:
        """After every night."""
        root = self.night.root
        found = proof.seen(root)
        proof.files_are_safe(root, self.sent)
        proof.money_is_right(root, found)
        proof.counts_add_up(root)
        self._states_are_right(found)
        verified = self.etl("archive", "verify")
        assert verified.exit_code == 0, verified.out

    def _states_are_right(self, found: proof.Seen) -> None:
        """Every invoice is in exactly one state, and no bill is there twice or turned back."""
        root = self.night.root
        query = """
            SELECT exception.business_key, exception.code, file.original_name, exception.state
            FROM exception LEFT JOIN file ON file.id = exception.file_id
            WHERE exception.business_key IS NOT NULL
        """
        items = proof.rows(root / "ledger.db", query)
        nameless = proof.rows(
            root / "ledger.db",
            """SELECT file.original_name FROM exception JOIN file ON file.id = exception.file_id
            WHERE exception.business_key IS NULL""",
        )
        refused = {row["original_name"] for row in nameless}
        for number, versions in self.versions.items():
            there = found.target.get(number)
            amounts = [version.amount for version in versions]
            assert there is None or there in amounts, (number, there, amounts)
            place = amounts.index(there) if there is not None else -1
            key = proof.key_of(number)
            assert place >= self._places.get(number, -1), f"{number} was turned back"
            self._places[number] = place
            files = [version.file for version in versions]
            for item in items:
                if item["business_key"] != key or item["state"] == "closed":
                    continue
                if item["code"].startswith("DUPLICATE") or item["original_name"] not in files:
                    continue
                about = files.index(item["original_name"])
                assert about > place, f"{number} is in the target, and waits: {item}"
            known = [item for item in items if item["business_key"] == key]
            arrived = [name for name in files if not self.lies_there(name)]
            assert not arrived or there is not None or known or refused & set(files), (
                f"{number} is nowhere"
            )
        for copy, original in self.copies.items():
            assert not {copy, original} <= set(found.target), f"{original} was paid twice"

    def _as_told(self, told: list[dict[str, Any]], before: proof.Seen) -> None:
        """A dry run said what the run then did."""
        after = proof.seen(self.night.root)
        pushed = {
            change["business_key"] for change in told if change["push"] in ("created", "updated")
        }
        done = {key for key, batch in after.pushed.items() if before.pushed.get(key) != batch}
        assert done == pushed, f"told {sorted(pushed)}, done {sorted(done)}"
        waits = {change["business_key"] for change in told if change["waits_after"]}
        settled = {change["business_key"] for change in told if change["waits_before"]} - waits
        assert after.waiting - before.waiting <= waits, (after.waiting - before.waiting, waits)
        assert before.waiting - after.waiting == settled & before.waiting, (
            before.waiting - after.waiting,
            settled,
        )

    def _batches(self) -> list[str]:
        query = "SELECT id FROM batch WHERE state = 'sealed' ORDER BY sequence"
        return [row["id"] for row in proof.rows(self.night.root / "ledger.db", query)]

    def _archive_size(self) -> int:
        found = (self.night.root / "archive").rglob("*")
        return sum(path.stat().st_size for path in found if path.is_file() and path.name[0] != ".")


def live(night: Night, seed: int, nights: int) -> Town:
    """Live through nights, and look after each whether all is right.

    Raises:
        AssertionError: with the seed and all that happened until then.
    """
    town = Town(night, random.Random(seed))
    for number in range(nights):
        town.log.append(f"--- night {number}")
        town.late = number >= nights // 2
        try:
            town.evening()
            town.run()
            town.all_is_right()
            town.morning()
            town.all_is_right()
            if number % 3 == 2:
                town.do(town.rebuild)
            if number == nights // 2:
                town.do(town.move)
        except AssertionError as error:
            told = "\n".join(town.log[-40:])
            raise AssertionError(f"seed {seed}, night {number}: {error}\n{told}") from error
    return town
