"""A file of many bills in a real Odoo: each bill has its own interchange, and no other's."""

from __future__ import annotations

import base64
import os
import re

import pytest

from etl.formats.x12 import FORMAT
from tests.faults.conftest import RealNight
from tests.formats.source_files import source_file
from tests.freight_bills import FreightBill, bills_file, expected_file

COUNT = int(os.environ.get("ETL_BILLS_IN_A_FILE", "30"))


@pytest.mark.services
def test_each_bill_of_a_file_has_its_own_transaction_attached(real_night: RealNight) -> None:
    bills = [FreightBill(f"F-{n:05}", f"LD-F{n:05}") for n in range(COUNT)]
    file = bills_file(*bills)
    real_night.drop("tms", "expected_charges_1.csv", expected_file(*bills).encode())
    real_night.drop("acme-freight", "ACLT_210_1.edi", file.encode())
    result = real_night.run()
    assert (result["exit_code"], result["counts"]["pushed"]) == (0, COUNT), result
    made = {bill["id"]: bill["ref"] for bill in real_night.bills()}
    session = real_night.odoo.connect_as_admin(real_night.database)
    attached = session.env["ir.attachment"].search_read(
        [("res_model", "=", "account.move"), ("res_id", "in", list(made))],
        ["res_id", "name", "datas"],
    )
    assert sorted(document["res_id"] for document in attached) == sorted(made)
    reader = FORMAT.reader({"format": "x12", "document": "210"})
    total = 0
    for document in attached:
        content, number = base64.b64decode(document["datas"]), made[document["res_id"]]
        total += len(content)
        assert document["name"] == f"ACLT_210_1-{number}.edi"
        assert set(re.findall(rb"F-\d{5}", content)) == {number.encode()}
        (chunk,) = reader.read([source_file(content)])
        assert chunk.records().column("B3.02").to_pylist() == [number]
        assert list(chunk.defects) == []
    assert total <= 2 * len(file), f"{total} bytes attached of a file of {len(file)}"
    print(f"{COUNT} bills: {total} bytes attached of a file of {len(file)}")
