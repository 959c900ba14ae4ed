"""What somebody would write in plain Python: segments split one by one, fields to Arrow tables.

The columns are those of the benchmarks beside it. There are no checks, and nothing tells where a
value stood.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pyarrow as pa

Row = dict[str, str | None]

_RELEASED = re.compile(r"\?(.)", re.DOTALL)


def x12_tables(text: str) -> tuple[pa.Table, pa.Table]:  # noqa: PLR0912 - a case a segment
    """Headers and charges of X12 210, with the separators that the ISA declares."""
    element, terminator = text[3], text[105]
    headers: list[Row] = []
    charges: list[Row] = []
    header: Row = {}
    line: Row = {}
    party = ""
    for segment in text.split(terminator):
        values = segment.strip().split(element)
        match values[0]:
            case "ST":
                header, line, party = {"number": values[2]}, {}, ""
            case "B3":
                padded = [*values, *[""] * 12]
                for at in (2, 3, 4, 6, 7, 9, 11):
                    header[f"B3.{at:02}"] = padded[at] or None
            case "C3":
                header["currency"] = values[1]
            case "N9" if line:
                if values[1] == "CN":
                    line["tracking"] = values[2]
            case "N9" if values[1] == "BM":
                header["bol"] = values[2]
            case "N1":
                party = values[1]
                if not line and party in ("BT", "CN"):
                    header[f"name {party}"] = values[2]
            case "N4" if party == "CN" and not line:
                header["city"] = values[1]
            case "LX":
                line = {"line": values[1]}
            case "L0":
                line["weight"] = values[4]
            case "L1":
                padded = [*values, *[""] * 13]
                charge = {f"L1.{at:02}": padded[at] or None for at in (2, 3, 4, 8, 12)}
                charges.append({**line, **charge, "record": str(len(headers))})
            case "L3":
                header["weight"] = values[1]
            case "SE":
                header["segments"] = values[1]
                headers.append(header)
    return pa.Table.from_pylist(headers), pa.Table.from_pylist(charges)


def edifact_tables(text: str) -> tuple[pa.Table, pa.Table]:  # noqa: PLR0912 - as above
    """Headers and charges of EDIFACT INVOIC, with the usual separators."""
    headers: list[Row] = []
    charges: list[Row] = []
    header: Row = {}
    line: Row = {}
    inside = ""
    for segment in edifact_segments(text):
        values = segment
        match values[0][0]:
            case "UNH":
                header, line, inside = {"number": values[1][0]}, {}, ""
            case "BGM":
                header["type"], header["invoice"] = values[1][0], values[2][0]
            case "DTM" if not line:
                header[f"DTM {values[1][0]}"] = values[1][1]
            case "RFF" if not line:
                header[f"RFF {values[1][0]}"] = values[1][1]
            case "NAD":
                header[f"NAD {values[1][0]}"] = values[2][0]
                header[f"name {values[1][0]}"] = values[4][0]
                header[f"city {values[1][0]}"] = values[6][0]
            case "CUX":
                header["currency"] = values[1][1]
            case "LIN":
                line = {"line": values[1][0], "item": values[3][0], "record": str(len(headers))}
                charges.append(line)
                inside = "LIN"
            case "IMD":
                line["text"] = values[3][3]
            case "QTY":
                line["quantity"] = values[1][1]
            case "PRI":
                line["price"] = values[1][1]
            case "TAX":
                inside = f"{inside}/TAX"
                if line:
                    line["rate"] = values[5][3]
            case "ALC":
                inside = f"{inside}/ALC"
                line["surcharge"] = values[5][0]
            case "UNS":
                line, inside = {}, "UNS"
            case "MOA" if line:
                line[f"MOA {values[1][0]}"] = values[1][1]
            case "MOA":
                header[f"MOA {values[1][0]}"] = values[1][1]
            case "UNT":
                header["segments"] = values[1][0]
                headers.append(header)
    return pa.Table.from_pylist(headers), pa.Table.from_pylist(charges)


def edifact_segments(text: str) -> Iterator[list[list[str]]]:
    """Segments as lists of elements, these as lists of components, without release characters."""
    for segment in _split(text, "'"):
        body = segment.lstrip("\r\n")
        if "?" not in body:
            yield [element.split(":") for element in body.split("+")]
        else:
            yield [
                [_RELEASED.sub(r"\1", part) for part in _split(element, ":")]
                for element in _split(body, "+")
            ]


def _split(text: str, separator: str) -> Iterator[str]:
    """Split where no odd run of release characters stands before the separator."""
    parts = iter(text.split(separator))
    for part in parts:
        whole = part
        while whole.endswith("?") and (len(whole) - len(whole.rstrip("?"))) % 2:
            whole += separator + next(parts, "")
        yield whole
