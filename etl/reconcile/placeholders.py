"""References that are no references: NONE, TBD, 0000, and what stands on bills of many freights."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from etl.reconcile.frames import Column

_WORDS = (
    "NA NAP NIL NONE NULL NULO TBA TBC TBD TBN UNK UNKNOWN UNBEKANNT PENDING VARIOUS VERBAL "
    "NOTAPPLICABLE NOTAVAILABLE NOTKNOWN NOTPROVIDED NOTREQUIRED NOBOL NOPRO NOREF NOREFERENCE "
    "NOTGIVEN SEEATTACHED SEEBOL SEEBELOW TOFOLLOW KEINE OHNE"
)
_LETTERS_AND_DIGITS = "123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Placeholders:
    """What is no reference, and so matches nothing.

    Attributes:
        words: normalised, as they are written instead of a number.
        repeated: how often one character is repeated at least where it is all of the "number";
            zeros alone are none however few they are.
        percent: a PRO or BOL on bills of more different shipments than this share of the carrier's
            bills is no number of a freight ...
        at_least: ... if the shipments are at least so many.
    """

    words: frozenset[str] = frozenset(_WORDS.split())
    repeated: int = 4
    percent: Decimal = Decimal(5)
    at_least: int = 20

    def among(self, numbers: pa.Array) -> pa.Array:
        """Which of the normalised `numbers` are none; null for null."""
        repeated = "|".join(f"{one}{{{self.repeated},}}" for one in _LETTERS_AND_DIGITS)
        alike = pc.match_substring_regex(numbers, f"^(?:0+|{repeated})$")
        words = pc.is_in(numbers, value_set=pa.array(sorted(self.words), pa.string()))
        return pc.or_(alike, words)

    def left_out_of(self, numbers: Column) -> Column:
        """The normalised numbers, null where they are none."""
        return numbers.mask(self._mask(numbers))

    def found_in(self, numbers: Column) -> Column:
        """Only those of the normalised `numbers` that are none."""
        return numbers.where(self._mask(numbers))

    def _mask(self, numbers: Column) -> Column:
        none = pc.fill_null(self.among(pa.array(numbers, pa.string())), False)
        return pd.Series(none, index=numbers.index, dtype=pd.ArrowDtype(pa.bool_())).astype(bool)


def common_numbers(bills: pd.DataFrame, key: str, placeholders: Placeholders) -> pd.DataFrame:
    """Numbers on bills of so many different shipments that they can't be one freight's.

    A collective invoice with a thousand lines is one bill, and a thousand bills of one shipment are
    one freight: only different shipments count.

    Args:
        bills: carrier_scac, freight (the shipment; null where it is not known) and `key`.

    Returns:
        carrier_scac, `key`, shipments (how many), bills (of the carrier, in all).
    """
    scope = ["carrier_scac", key]
    named = bills.dropna(subset=[*scope, "freight"]).drop_duplicates([*scope, "freight"])
    named = named.groupby(scope).size().rename("shipments").reset_index()
    named = named[named["shipments"] >= placeholders.at_least]
    of_carrier = bills.groupby("carrier_scac").size().rename("bills").reset_index()
    named = named.merge(of_carrier, on="carrier_scac")
    share = placeholders.percent / 100
    counts = zip(named["shipments"], named["bills"], strict=True)
    many = [shipments > share * total for shipments, total in counts]
    found: pd.DataFrame = named[pd.Series(many, index=named.index, dtype=bool)]
    return found
