"""What no path of a mapping reads is listed, with counts and first places."""

from __future__ import annotations

from etl.formats import format_named
from etl.mapping import CodeLists, compile_mapping
from etl.mapping.declaration import Mapping
from tests.formats.source_files import source_file
from tests.mapping.documents import CONTEXT, mapping
from tests.mapping.test_lossy import EDIFACT, INVOIC, interchange, shipment, statuses


def unread(declared: Mapping, content: str) -> list[tuple[str, int, str | None]]:
    """Name, count and first value of what was not read."""
    reader = format_named(declared.source["format"]).reader(declared.source)
    plan = compile_mapping(declared, reader, CodeLists())
    [chunk] = reader.read([source_file(content)])
    plan.apply(chunk, CONTEXT)
    return [(each.name, each.count, each.value) for each in chunk.unread()]


def test_in_x12_segments_and_elements_are_counted_without_those_that_were_taken() -> None:
    found = unread(shipment("LX/AT7.01"), interchange(statuses("X3", "AF", "D1")))
    assert found == [
        ("B10.01", 1, "1"),
        ("B10.03", 1, "ACLT"),
        ("LX", 3, None),
        ("LX/AT7.01", 2, "AF"),
        ("LX/AT7.02", 3, "NS"),
        ("LX/AT7.05", 3, "20261120"),
        ("LX/AT7.06", 3, "0930"),
        ("LX/AT7.07", 3, "ET"),
    ]


def test_a_condition_reads_the_elements_of_the_segments_that_it_finds() -> None:
    found = unread(shipment("'LX/AT7[01=D1].05'"), interchange(statuses("X3", "D1")))
    assert ("LX/AT7.01", 1, "X3") in found
    assert ("LX/AT7.05", 1, "20261120") in found


def test_what_the_rows_of_a_child_read_is_read() -> None:
    row = "row: LX/AT7, fields: {type: {const: PO}, value_raw: AT7.01}"
    declared = shipment("B10.03", f"children: {{reference: {{{row}}}}}")
    names = [name for name, *_ in unread(declared, interchange(statuses("X3", "D1")))]
    assert "LX/AT7.01" not in names
    assert "LX/AT7.02" in names


def test_in_edifact_components_are_told_apart() -> None:
    fields = """\
    fields:
      invoice_no: BGM.02
      invoice_date: {from: "DTM[01=137].01.2", date: "%Y%m%d"}
      currency: {const: EUR}
      total: {from: "UNS/MOA[01=77].01.2", decimal: {}}
    """
    content = INVOIC.format(references="RFF+CU:SHP1'RFF+CN:2'", amount="10,5")
    assert unread(mapping(fields, source=EDIFACT), content) == [
        ("BGM.01", 1, "380"),
        ("DTM.01.3", 1, "102"),
        ("RFF", 2, None),
    ]


FIELDS = (
    "fields: {invoice_no: no, invoice_date: {const: 2026-01-01}, currency: {const: EUR}, total: "
)


def test_in_csv_columns_with_values_are_counted() -> None:
    source = "{format: csv, group_by: [no], where: {class: [FRT]}, ignore: {class: INF}}"
    content = "no,class,total,Note,Note,empty\nA,FRT,1,x,,\nA,FRT,1,,y,\nA,INF,,z,,\n"
    assert unread(mapping(f"{FIELDS} total}}", source=source), content) == [
        ("#4", 1, "x"),
        ("#5", 1, "y"),
    ]


def test_in_xml_elements_and_attributes_are_counted_the_others_of_several_too() -> None:
    content = (
        "<bills sent='now'><bill><no>A</no><line id='1'><amount>1</amount></line>"
        "<line id='2'><amount>2</amount></line></bill></bills>"
    )
    declared = mapping(f"{FIELDS} line/amount}}", source="{format: xml, row: bill}")
    assert unread(declared, content) == [
        ("/bills/@sent", 1, "now"),
        ("/bills/bill/line/@id", 2, "1"),
        ("/bills/bill/line/amount", 1, "2"),
    ]
    total = mapping(f"{FIELDS} sum(line/amount)}}", source="{format: xml, row: bill}")
    assert "/bills/bill/line/amount" not in [name for name, *_ in unread(total, content)]
