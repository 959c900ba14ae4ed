"""Whatever a batch holds: every invoice gets one outcome, and an approval has its reasons."""

from decimal import Decimal
from typing import Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.reconcile.freight import audit, before, expect, invoice

few = st.sampled_from
number = few(["1", "2", "3"])
ref = few([None, "S1", "S2", "P1", "B1", "--"])
code = few(["BASE", "FUEL", "DISCOUNT", "LIFTGATE"])
amount = few(["-50", "0", "0.01", "50", "50.20", "500"])
charge = st.tuples(code, amount, ref)
header = st.fixed_dictionaries(
    {},
    optional={
        "shipment_ref": ref,
        "pro_no": few([None, "P1", "P2"]),
        "bol_no": few([None, "B1", "B2"]),
        "currency": few([None, "USD", "EUR"]),
        "carrier_scac": few([None, "ACLT", "PXPR"]),
        "invoice_type": few(["380", "381", "383", "384"]),
        "billing_kind": few(["original", "balance_due", "rebill"]),
        "total": amount,
        "record_hash": few(["a", "b"]),
        "references": few([[], [{"type": "BOL", "value_norm": "B2"}]]),
    },
)


@st.composite
def bills(draw: st.DrawFn) -> dict[str, Any]:
    return invoice(draw(number), *draw(st.lists(charge, max_size=4)), **draw(header))


expected = st.builds(
    lambda shipment, code, amount, more: expect(shipment, code, amount, **more),
    few(["S1", "S2", "S3"]),
    code,
    amount,
    st.fixed_dictionaries({"pro_no": few([None, "P1"]), "bol_no": few([None, "B1", "B2"])}),
)
earlier = st.builds(
    lambda number, more: before(number, **more),
    number,
    st.fixed_dictionaries(
        {
            "record_hash": few(["a", "b"]),
            "pro_norm": few([None, "P1"]),
            "bol_norm": few([None, "B1"]),
            "amount": few([Decimal(-50), Decimal(50), Decimal(500)]),
            "disposition": few(["pushed", "held", "rejected"]),
        }
    ),
)


@settings(max_examples=12, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(st.lists(bills(), max_size=5), st.lists(expected, max_size=5), st.lists(earlier, max_size=3))
def test_every_invoice_gets_one_outcome_and_reasons_where_it_is_not_approved(
    batch: list[dict[str, Any]], charges: list[dict[str, Any]], history: list[dict[str, Any]]
) -> None:
    result = audit(batch, charges, history=history)
    rows = result.invoices.to_pylist()
    assert [row["record_id"] for row in rows] == list(range(len(batch)))
    billed = [Decimal(0)] * len(batch)
    for line in result.lines.to_pylist():
        billed[line["record_id"]] += line["billed"]
    for row, given_, total in zip(rows, batch, billed, strict=True):
        assert row["billed"] == total
        assert abs(total) == abs(sum((line["amount"] for line in given_["lines"]), Decimal(0)))
        approved = row["outcome"] in ("AUTO_APPROVE", "APPROVE_WITH_VARIANCE")
        assert approved == (not row["reasons"])
        assert row["explanation"].startswith("Billed ")
        if approved:
            assert row["variance"] == total - row["expected"]
        if row["outcome"] == "AUTO_APPROVE":
            assert row["variance"] == 0
