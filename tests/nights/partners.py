"""The partners of a company: a carrier who bills and a TMS that tells what was agreed."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal

from tests.freight_bills import EXPECTED_HEADER, FreightBill, bills_file
from tests.night import Night


@dataclass(frozen=True)
class Version:
    """A bill as one file brought it."""

    bill: FreightBill
    file: str

    @property
    def amount(self) -> Decimal:
        return Decimal(self.bill.billed) / 100


@dataclass
class Partners:
    """What they sent.

    Attributes:
        versions: by number, in the order in which they were sent; repetitions are none.
        copies: numbers under which the freight of another bill was billed again.
        happened: how often each kind of thing did.
        late: what has not happened so far does so now.
        log: what happened, for whoever looks into a failure.
    """

    night: Night
    random: random.Random
    sent: dict[tuple[str, str], bytes] = field(default_factory=dict)
    versions: dict[str, list[Version]] = field(default_factory=dict)
    copies: dict[str, str] = field(default_factory=dict)
    happened: Counter[str] = field(default_factory=Counter)
    late: bool = False
    log: list[str] = field(default_factory=list)
    _files: int = 100
    _bills: int = 0

    def may(self, what: str, chance: float) -> bool:
        """Whether a kind of thing happens now."""
        drawn = self.random.random() < chance
        return drawn or (self.late and not self.happened[what.strip("_")])

    def do(self, what: Callable[[], None]) -> None:
        """One of the things that may happen, each a method."""
        what()
        self.happened[what.__name__.strip("_")] += 1

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
            if self.may(what.__name__, chance):
                self.do(what)

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
        if len(self.versions[number]) > 3 or self.lies_there(self.versions[number][-1].file):
            return
        (code, cents), *others = bill.charges
        self.send_bills(replace(bill, charges=((code, cents + 10), *others)))

    def _repeat(self) -> None:
        """The same bill once more, in another interchange."""
        number = self.random.choice(sorted(self.versions))
        if not self.lies_there(self.versions[number][-1].file):
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

    def lies_there(self, name: str) -> bool:
        return (self.night.drop_folder("acme-freight") / name).exists()
