"""A company, its carrier and its TMS, night after night, with all that goes wrong."""

from __future__ import annotations

import random
import shutil
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.freight_bills import EXPECTED_HEADER, FreightBill, bills_file
from tests.night import Night
from tests.nights import proof
from tests.nights.acting import Done, etl_command

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


@dataclass(frozen=True)
class Version:
    """A bill as one file brought it."""

    bill: FreightBill
    file: str

    @property
    def amount(self) -> Decimal:
        return Decimal(self.bill.billed) / 100


@dataclass
class Town:
    """What was sent, and what was done.

    Attributes:
        versions: by number, in the order in which they were sent; repetitions are none.
        copies: numbers under which the freight of another bill was billed again.
        log: what happened, for whoever looks into a failure.
    """

    night: Night
    random: random.Random
    sent: dict[tuple[str, str], bytes] = field(default_factory=dict)
    versions: dict[str, list[Version]] = field(default_factory=dict)
    copies: dict[str, str] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)
    reached: dict[str, int] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    taught: bool = False
    _files: int = 100
    _bills: int = 0

    # what partners do

    def drop(self, partner: str, name: str, content: str | bytes) -> None:
        """A partner drops a file."""
        path = self.night.drop(partner, name, content)
        self.sent[partner, name] = path.read_bytes()
        self.log.append(f"{partner} drops {name}")

    def send_bills(self, *bills: FreightBill) -> None:
        """The carrier sends bills in one file."""
        self._files += 1
        name = f"bills_{self._files}.edi"
        self.drop("acme-freight", name, bills_file(*bills, control_number=self._files))
        for bill in bills:
            known = self.versions.setdefault(bill.number, [])
            if not known or known[-1].bill != bill:
                known.append(Version(bill, name))

    def expect(self, *rows: str) -> None:
        """The TMS sends expected charges."""
        self._files += 1
        content = EXPECTED_HEADER + "\n" + "".join(rows)
        self.drop("tms", f"expected_charges_{self._files}.csv", content)

    def evening(self) -> None:
        """A day's files."""
        chosen = self.random
        right, dear, coded, late = (self._new() for _ in range(4))
        dear = replace(dear, charges=(("400", 9000), ("RES", 5000)))
        coded = replace(coded, charges=(("400", 9000), ("ZRT", 7500)))
        as_liftgate = replace(coded, charges=(("400", 9000), ("LFT", 7500)))
        bills, rows = [right], [right.expected()]
        if chosen.random() < 0.5:
            bills.append(dear)
            rows.append(dear.expected(RESIDENTIAL="10.00"))
        if chosen.random() < 0.4:
            bills.append(coded)
            rows.append(as_liftgate.expected())
        if chosen.random() < 0.4:
            bills.append(late)  # its charges come another night, or never
        if chosen.random() < 0.4:
            bills.append(self._copy_of(right))
        self.expect(*rows)
        self.send_bills(*bills)
        for what, chance in (
            (self._correct, 0.7),
            (self._resend, 0.5),
            (self._repeat, 0.4),
            (self._charges_come_late, 0.5),
            (self._new_charges, 0.3),
            (self._garbage, 0.2),
        ):
            if chosen.random() < chance:
                what()

    def _new(self) -> FreightBill:
        self._bills += 1
        return FreightBill(f"N-{self._bills}", f"LD-N{self._bills}")

    def _copy_of(self, bill: FreightBill) -> FreightBill:
        number = f"C-{bill.number}"
        self.copies[number] = bill.number
        return replace(bill, number=number, pro=f"PRO{bill.number}", bol=f"BOL{bill.number}")

    def _correct(self) -> None:
        """The carrier corrects a bill of an earlier night by some cents."""
        number = self.random.choice(sorted(set(self.versions) - set(self.copies)))
        bill = self.versions[number][-1].bill
        if len(self.versions[number]) > 3 or self._lies_there(self.versions[number][-1].file):
            return
        (code, cents), *others = bill.charges
        self.send_bills(replace(bill, charges=((code, cents + 10), *others)))

    def _repeat(self) -> None:
        """The same bill once more, in another interchange."""
        number = self.random.choice(sorted(self.versions))
        if not self._lies_there(self.versions[number][-1].file):
            self.send_bills(self.versions[number][-1].bill)

    def _resend(self) -> None:
        """The same bytes under another name."""
        partner, name = self.random.choice(sorted(self.sent))
        self._files += 1
        stem, _, end = name.rpartition(".")
        self.drop(partner, f"{stem}_{self._files}.{end}", self.sent[partner, name])

    def _charges_come_late(self) -> None:
        number = self.random.choice(sorted(set(self.versions) - set(self.copies)))
        bill = self.versions[number][0].bill
        if all(code in ("400", "FUE") for code, _ in bill.charges):
            self.expect(bill.expected())

    def _new_charges(self) -> None:
        """What was agreed for a load changes, before it is billed."""
        bill = self._new()
        dearer = replace(bill, charges=(("400", 19000), ("FUE", 1000)))
        self.expect(bill.expected())
        self.expect(dearer.expected())
        self.send_bills(dearer)

    def _garbage(self) -> None:
        self._files += 1
        self.drop("acme-freight", f"bills_{self._files}.edi", self.random.randbytes(300))

    def _lies_there(self, name: str) -> bool:
        return (self.night.drop_folder("acme-freight") / name).exists()

    # what the machine and people do

    def etl(self, *arguments: str, **options: Any) -> Done:
        """A command, by whatever the clock says now."""
        done = etl_command(self.night.root, *arguments, ahead=self._ahead, **options)
        self.log.append(f"etl {' '.join(arguments)} {options or ''} -> {done.exit_code}")
        assert "Traceback" not in done.err, done.err
        assert done.exit_code in (0, 1, -9), (arguments, done)
        return done

    _ahead: timedelta = timedelta()

    def run(self) -> None:
        """The night: told beforehand, perhaps killed, and finished."""
        self._ahead = self.random.choice(CLOCKS)
        self.log.append(f"the clock is {self._ahead} ahead")
        before = proof.seen(self.night.root) if (self.night.root / "ledger.db").exists() else None
        told = self.etl("run", "nightly", "--dry-run", "--json").told["changes"]
        if self.random.random() < 0.6:
            failpoint = self.random.choice(FAILPOINTS)
            done = self.etl("run", "nightly", "--json", failpoint=failpoint)
            self.reached[failpoint] = self.reached.get(failpoint, 0) + (done.exit_code == -9)
            if self.random.random() < 0.5:
                self._ahead = self.random.choice(CLOCKS)
        self.etl("run", "nightly", "--json")
        self._as_told(told, before or proof.Seen())

    def morning(self) -> None:
        """What people do with what the night left."""
        for what, chance in (
            (self._teach, 0.15),
            (self._retry, 0.6),
            (self._close, 0.4),
            (self._rerun, 0.8),
        ):
            if self.random.random() < chance:
                what()

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
        done = self.etl("rerun", batch, "--from", stage, "--json")
        if done.exit_code != -9:
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
        kept.unlink()

    def _unsealed(self, ledger: Path) -> bool:
        query = """SELECT 1 FROM exception
            WHERE changed > (SELECT max(sealed_sequence) FROM batch)"""
        return bool(proof.rows(ledger, query))

    def _fold_wal(self) -> None:
        import sqlite3

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
            arrived = [name for name in files if not self._lies_there(name)]
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

    _places: dict[str, int] = field(default_factory=dict)

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
        try:
            town.evening()
            town.run()
            town.all_is_right()
            town.morning()
            town.all_is_right()
            if number % 3 == 2:
                town.rebuild()
            if number == nights // 2:
                town.move()
        except AssertionError as error:
            told = "\n".join(town.log[-40:])
            raise AssertionError(f"seed {seed}, night {number}: {error}\n{told}") from error
    return town
