"""Whether an invoice comes from somebody who may bill in its carrier's name."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from etl.reconcile.bills import Bills
from etl.reconcile.reasons import Reason, Weight, findings


def other_carriers(bills: Bills, bills_for: Mapping[str, frozenset[str]]) -> pd.DataFrame:
    """CARRIER_OF_OTHERS where a partner bills in the name of a carrier that is not declared for it.

    Whoever may write any carrier into an invoice is paid for the freight of another, and comes
    before that one's own bill. So such an invoice also counts for nothing against others.

    Args:
        bills_for: by partner, the carriers in whose name it may bill; any, where it is left out.
    """
    headers = bills.headers.dropna(subset=["partner", "carrier_scac"])
    names = headers[["partner", "carrier_scac"]].drop_duplicates()
    allowed = [
        partner not in bills_for or carrier in bills_for[partner]
        for partner, carrier in names.itertuples(index=False)
    ]
    named = names[~pd.Series(allowed, index=names.index, dtype=bool)]
    hit = headers[["record_id", "partner", "carrier_scac"]].merge(named)
    details = [
        f"{partner} bills in the name of {carrier}, which is not its carrier "
        f"({', '.join(sorted(bills_for[partner]))}): where it may, declare it in identity.carriers "
        "of its partner.yaml"
        for partner, carrier in zip(hit["partner"], hit["carrier_scac"], strict=True)
    ]
    return findings(hit["record_id"], Weight.BLOCKING, Reason.CARRIER_OF_OTHERS, details)
