"""What becomes of interchanges whose control number came before: told, or kept out as a whole."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from etl.defects import Severity
from etl.jobs.edi.control_numbers import Repeated, repeated_numbers
from etl.jobs.stages.map import MappedBatch, Trouble
from etl.jobs.workspace import Workspace
from etl.mapping import Finding

_INTERCHANGE = ("partner", "file_sha256", "interchange_no")


def tell_repeated(workspace: Workspace, mapped: MappedBatch) -> None:
    """Add a trouble for each repeated control number; where the partner's policy is to reject
    them, take the documents of the interchange out of what was accepted."""
    repeated = repeated_numbers(workspace, mapped.receptions)
    for one in repeated:
        mapped.troubles.append(
            Trouble(one.reception.file, None, None, (one.defect,), rejected=False)
        )
        if one.defect.severity is Severity.REJECT:
            one.reception.refused.add(one.place)
            one.reception.interchanges[one.place].defects.append(one.defect)
    refused = [one for one in repeated if one.defect.severity is Severity.REJECT]
    if refused:
        _refuse(mapped, refused)


def _refuse(mapped: MappedBatch, refused: Sequence[Repeated]) -> None:
    """Move the documents of interchanges from what was accepted to what was refused."""
    because: dict[str, Repeated] = {
        " ".join(
            (
                one.reception.file.partner,
                one.reception.file.sha256,
                one.reception.interchanges[one.place].number,
            )
        ): one
        for one in refused
    }
    for kind, records in mapped.accepted.items():
        main = records.main
        keys = pc.binary_join_element_wise(*(main[name] for name in _INTERCHANGE), " ")
        wanted = pc.is_in(keys, value_set=pa.array(list(because), pa.string())).combine_chunks()
        out = main.filter(wanted)
        if not out.num_rows:
            continue
        before = mapped.refused.get(kind)
        mapped.refused[kind] = out if before is None else pa.concat_tables([before, out])
        mapped.accepted[kind] = records.select(pc.invert(wanted))
        mapped.findings[kind] = _findings_left(mapped, kind, out)
        for record, key in zip(
            out["record_id"].to_pylist(), keys.filter(wanted).to_pylist(), strict=True
        ):
            one = because[key]
            mapped.troubles.append(
                Trouble(one.reception.file, kind, record, (one.defect,), rejected=True, shared=True)
            )


def _findings_left(mapped: MappedBatch, kind: str, out: pa.Table) -> list[Finding]:
    gone = set(out["record_id"].to_pylist())
    return [finding for finding in mapped.findings.get(kind, []) if finding.record not in gone]
