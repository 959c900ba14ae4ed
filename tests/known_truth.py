"""Nights of freight bills whose truth is known: what each is, is decided when it is made.

Nothing here asks the product: a case says of each of its bills whether it is to be paid, or for
what reason it has to wait.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import count
from random import Random

from tests.freight_bills import FreightBill

PAY = "pay"
"""What is right is paid; any other truth is the reason for which a bill waits."""


@dataclass(frozen=True)
class Sent:
    """A bill as it is sent.

    Attributes:
        night: from 1.
        folder: of which partner.
        truth: :data:`PAY`, or a reason.
    """

    night: int
    bill: FreightBill
    truth: str
    folder: str = "acme-freight"


@dataclass(frozen=True)
class Case:
    """What happened with some freight: its bills, and what we agreed to pay for it."""

    kind: str
    sent: list[Sent]
    agreed: list[FreightBill]


class _Freight:
    """Makes bills of shipments that there is only one of."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._numbers = count(1)

    def one(self) -> FreightBill:
        number = next(self._numbers)
        cents = self._random.randrange(5000, 90000)
        return FreightBill(
            number=f"7{number:06}",
            shipment=f"LD-{number}",
            charges=(("400", cents), ("FUE", cents // 4)),
            pro=f"44{number:06}",
            bol=f"BL-{number}",
        )


def _clean(a: FreightBill, b: FreightBill) -> Case:
    return Case("clean", [Sent(1, a, PAY), Sent(2, b, PAY)], [a, b])


def _again(a: FreightBill, b: FreightBill) -> Case:
    sent = [Sent(1, a, PAY), Sent(2, a, "DUPLICATE_BILL"), Sent(3, a, "DUPLICATE_BILL")]
    return Case("exact duplicate on later nights", sent, [a])


def _twice(a: FreightBill, b: FreightBill) -> Case:
    return Case("exact duplicate in one file", [Sent(2, a, PAY), Sent(2, a, "DUPLICATE_BILL")], [a])


def _other_number(a: FreightBill, b: FreightBill) -> Case:
    again = replace(a, number=b.number)
    return Case("PRO again", [Sent(1, a, PAY), Sent(3, again, "DUPLICATE_BILL")], [a])


def _other_pro(a: FreightBill, b: FreightBill) -> Case:
    again = replace(a, number=b.number, pro=b.pro)
    return Case("BOL again", [Sent(2, a, PAY), Sent(3, again, "DUPLICATE_BILL_FOR_BOL")], [a])


def _reused(a: FreightBill, b: FreightBill) -> Case:
    other = replace(b, number=a.number)
    sent = [Sent(1, a, PAY), Sent(2, other, "INVOICE_NO_REUSED"), Sent(3, a, "DUPLICATE_BILL")]
    return Case("number reused", sent, [a, b])


def _reused_at_once(a: FreightBill, b: FreightBill) -> Case:
    sent = [Sent(2, each, "INVOICE_NO_REUSED") for each in (a, replace(b, number=a.number))]
    return Case("number reused in one file", sent, [a, b])


def _reused_while_waiting(a: FreightBill, b: FreightBill) -> Case:
    dear = replace(a, charges=(("400", 99000), ("FUE", 1000)))
    sent = [Sent(1, dear, "RATE"), Sent(2, replace(b, number=a.number), "INVOICE_NO_REUSED")]
    return Case("number reused while the first waits", sent, [a, b])


def _two_folders(a: FreightBill, b: FreightBill) -> Case:
    sent = [Sent(2, a, PAY), Sent(2, a, "DUPLICATE_BILL", "freight-desk")]
    return Case("two folders in one night", sent, [a])


def _two_folders_later(a: FreightBill, b: FreightBill) -> Case:
    sent = [Sent(1, a, PAY, "freight-desk"), Sent(2, a, "DUPLICATE_BILL")]
    return Case("two folders", sent, [a])


def _no_bol(a: FreightBill, b: FreightBill) -> Case:
    pair = [replace(each, bol="NONE", charges=a.charges) for each in (a, b)]
    return Case("no BOL", [Sent(1, pair[0], PAY), Sent(2, pair[1], PAY)], pair)


def _no_pro(a: FreightBill, b: FreightBill) -> Case:
    pair = [replace(each, pro=word) for each, word in ((a, "TBD"), (b, "tbd"))]
    return Case("no PRO", [Sent(1, pair[0], PAY), Sent(1, pair[1], PAY)], pair)


def _corrected(a: FreightBill, b: FreightBill) -> Case:
    (base, cents), fuel = a.charges
    first = replace(a, charges=((base, cents + 10), fuel))
    return Case("correction", [Sent(1, first, PAY), Sent(2, a, PAY)], [a])


def _split(a: FreightBill, b: FreightBill) -> Case:
    parts = [
        replace(a, charges=a.charges[:1]),
        replace(a, charges=a.charges[1:], number=b.number),
    ]
    return Case("split in one file", [Sent(2, each, PAY) for each in parts], [a])


def _shared_bol(a: FreightBill, b: FreightBill) -> Case:
    other = replace(b, bol=a.bol, charges=a.charges)
    return Case("one BOL, two shipments", [Sent(1, a, PAY), Sent(3, other, PAY)], [a, other])


def _credited(a: FreightBill, b: FreightBill) -> Case:
    credit = replace(a, number=b.number, charges=(("400", -1500),))
    return Case("credit note", [Sent(1, a, PAY), Sent(2, credit, "CREDIT")], [a])


def _all_numbers_other(a: FreightBill, b: FreightBill) -> Case:
    again = replace(a, number=b.number, pro=b.pro, bol=b.bol)
    return Case("all numbers other", [Sent(1, a, PAY), Sent(3, again, "OVER_ACCRUAL")], [a])


def _full_width(a: FreightBill, b: FreightBill) -> Case:
    wide = "".join(chr(ord(one) + 0xFEE0) for one in str(a.pro))
    again = replace(a, number=b.number, pro=wide, bol="ＮＯＮＥ")
    return Case("full-width PRO", [Sent(1, a, PAY), Sent(2, again, "DUPLICATE_BILL")], [a])


def _credited_twice(a: FreightBill, b: FreightBill) -> Case:
    credit = replace(a, charges=(("400", -1500),))
    again = replace(credit, number=b.number, pro=b.pro, bol=b.bol)
    sent = [Sent(1, credit, PAY), Sent(2, again, "OVER_ACCRUAL", "freight-desk")]
    return Case("expected credit twice", sent, [credit])


def _corrected_beside_a_duplicate(a: FreightBill, b: FreightBill) -> Case:
    (base, cents), fuel = a.charges
    first = replace(a, charges=((base, cents + 10), fuel))
    sent = [Sent(1, first, PAY), Sent(2, replace(a, number=b.number), "DUPLICATE_BILL")]
    return Case("correction beside a duplicate", [*sent, Sent(2, a, PAY)], [a])


def _recoded(a: FreightBill, b: FreightBill) -> Case:
    """Retried after the last night, when the code is known."""
    coded = replace(a, charges=(a.charges[0], ("ZRT", a.charges[1][1])))
    sent = [Sent(1, coded, "UNKNOWN_CODE"), Sent(2, replace(a, number=b.number), PAY)]
    return Case("waits for a code, paid under another number", sent, [a])


_KINDS: tuple[Callable[[FreightBill, FreightBill], Case], ...] = (
    _clean,
    _again,
    _twice,
    _other_number,
    _other_pro,
    _reused,
    _reused_at_once,
    _reused_while_waiting,
    _two_folders,
    _two_folders_later,
    _no_bol,
    _no_pro,
    _corrected,
    _split,
    _shared_bol,
    _credited,
    _all_numbers_other,
    _full_width,
    _credited_twice,
    _corrected_beside_a_duplicate,
    _recoded,
)


def cases(each: int, seed: int) -> Iterator[Case]:
    """`each` cases of every kind."""
    freight = _Freight(seed)
    for _ in range(each):
        for kind in _KINDS:
            yield kind(freight.one(), freight.one())
