"""Documents that tests send: X12 210 freight bills and the expected charges behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

EXPECTED_HEADER = (
    "source,rate_id,carrier_scac,shipment_ref,pro_no,bol_no,charge_code,amount,currency,basis,"
    "effective_from,effective_to"
)
_EXPECTED_CODE = {"400": "BASE", "FUE": "FUEL", "LFT": "LIFTGATE", "RES": "RESIDENTIAL"}


@dataclass(frozen=True)
class FreightBill:
    """A freight bill of acme-freight.

    Attributes:
        charges: X12 charge code and amount in cents.
        total: in cents; None: the sum of the charges.
    """

    number: str
    shipment: str
    charges: Sequence[tuple[str, int]] = (("400", 9000), ("FUE", 1000))
    total: int | None = None
    pro: str | None = None
    bol: str | None = None

    @property
    def billed(self) -> int:
        """The total that the header declares, in cents."""
        return self.total if self.total is not None else sum(cents for _, cents in self.charges)

    def segments(self, control_number: str, declared_count: int | None = None) -> str:
        """The transaction set, ST to SE."""
        lines = [
            f"ST*210*{control_number}",
            f"B3**{self.number}*{self.shipment}*PP**20261120*{self.billed}****ACLT*20261118",
            "C3*USD",
            f"N9*CN*{self.pro or 'PRO' + self.number}",
            f"N9*BM*{self.bol or 'BOL' + self.number}",
            "N1*BT*BRIGHTWATER",
        ]
        for number, (code, cents) in enumerate(self.charges, start=1):
            lines += [f"LX*{number}", f"L1*{number}***{cents}****{code}"]
        lines.append(f"L3*****{self.billed}")
        count = declared_count if declared_count is not None else len(lines) + 1
        lines.append(f"SE*{count}*{control_number}")
        return "~\n".join(lines) + "~\n"

    def expected(self, **different: str) -> str:
        """Rows of the expected charges that this bill would agree with.

        Args:
            different: amounts by canonical charge code that are expected instead.
        """
        rows = []
        for code, cents in self.charges:
            name = _EXPECTED_CODE[code]
            amount = different.get(name, f"{cents / 100:.2f}")
            rows.append(
                f"rate,R1,ACLT,{self.shipment},{self.pro or 'PRO' + self.number},"
                f"{self.bol or 'BOL' + self.number},{name},{amount},USD,,2026-01-01,2026-12-31\n"
            )
        return "".join(rows)


def interchange(*transactions: str, control_number: int = 101) -> str:
    """ISA to IEA around transaction sets."""
    return (
        "ISA*00*          *00*          *02*ACLT           *ZZ*BRIGHTWATER    *261121*2315*U*00401*"
        f"{control_number:09}*0*P*>~\n"
        f"GS*IM*ACLT*BRIGHTWATER*20261121*2315*{control_number}*X*004010~\n"
        + "".join(transactions)
        + f"GE*{len(transactions)}*{control_number}~\nIEA*1*{control_number:09}~\n"
    )


def bills_file(*bills: FreightBill, control_number: int = 101) -> str:
    """An interchange with one transaction set for each bill."""
    sets = [bill.segments(f"{number:04}") for number, bill in enumerate(bills, start=1)]
    return interchange(*sets, control_number=control_number)


def expected_file(*bills: FreightBill) -> str:
    """The TMS's expected charges for bills that are all as agreed."""
    return EXPECTED_HEADER + "\n" + "".join(bill.expected() for bill in bills)
