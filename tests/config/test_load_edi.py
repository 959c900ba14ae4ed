from pathlib import Path
from typing import Any

import pytest
import yaml

from etl.config.edi import Acknowledge, Edi, EdiId, EdiIdentity
from etl.config.load import load_project, schema
from etl.errors import ConfigurationError
from etl.formats.edi.reading.declaration import ENVELOPE, STRUCTURE

SCHEDULES = {
    "version": 1,
    "environments": {"dev": {"target": "outbox"}},
    "jobs": {"nightly": {"partners": ["acme"], "steps": ["pull", "map", "acknowledge"]}},
}
PARTNER: dict[str, Any] = {
    "partner": "acme",
    "name": "Acme",
    "identity": {"isa": "02:ACLT", "unb": "4012345000009:14"},
    "endpoint": {"type": "local", "folders": {"in": "in", "out": "out"}},
    "documents": [],
}


def loaded(root: Path, edi: dict[str, Any], **partner: Any) -> Edi:
    folder = root / "mappings" / "acme"
    folder.mkdir(parents=True, exist_ok=True)
    (root / "schedules.yaml").write_text(yaml.safe_dump(SCHEDULES), "utf-8")
    content = {**PARTNER, **partner, "edi": edi}
    (folder / "partner.yaml").write_text(yaml.safe_dump(content, sort_keys=False), "utf-8")
    return load_project(root, None, {}).partners["acme"].edi


def test_nothing_is_sent_or_waited_for_by_itself(tmp_path: Path) -> None:
    edi = loaded(tmp_path, {})
    assert not edi.acknowledge.anything
    assert edi.expect.within_hours is None
    assert edi.control_numbers.gaps == "ignore"
    assert edi.us == EdiIdentity()


def test_ids_have_their_qualifier_first_in_x12_and_last_in_edifact(tmp_path: Path) -> None:
    edi = loaded(
        tmp_path,
        {"us": {"isa": "ZZ:BRIGHTWATER", "unb": "4098765000004"}, "them": {"gs": "ACLTGS"}},
    )
    assert edi.us.isa == EdiId("BRIGHTWATER", "ZZ")
    assert edi.us.unb == EdiId("4098765000004", "")
    assert edi.them == EdiIdentity(EdiId("ACLT", "02"), "ACLTGS", EdiId("4012345000009", "14"))


def test_a_policy_is_read(tmp_path: Path) -> None:
    edi = loaded(
        tmp_path,
        {
            "acknowledge": {"x12": ["TA1", "997"], "when": "errors", "file": "{number}.997"},
            "expect": {"within_hours": 48, "level": "application"},
            "write": {"x12": {"element": "|", "test": True}, "edifact": {"syntax": "UNOA:2"}},
        },
    )
    assert edi.acknowledge == Acknowledge(("TA1", "997"), when="errors", file="{number}.997")
    assert (edi.expect.within_hours, edi.expect.level) == (48, "application")
    assert (edi.write.x12.element, edi.write.x12.test) == ("|", True)
    assert edi.write.edifact.syntax == "UNOA:2"


@pytest.mark.parametrize(
    ("edi", "told"),
    [
        ({"acknowledge": {"x12": ["998"]}}, r"edi\.acknowledge\.x12.*998"),
        ({"acknowledge": {"file": "ack.edi"}}, r"edi\.acknowledge\.file: found ack\.edi"),
        ({"write": {"file": "../{number}"}}, r"edi\.write\.file.*a plain file name"),
        ({"write": {"file": "{number}{x}"}}, r"edi\.write\.file"),
        ({"write": {"x12": {"component": "*"}}}, r"edi\.write\.x12: .*separators that differ"),
        ({"write": {"x12": {"element": "a"}}}, r"edi\.write\.x12\.element"),
        ({"write": {"x12": {"charset": "utf-99"}}}, r"edi\.write\.x12\.charset"),
        ({"write": {"edifact": {"una": False, "element": "|"}}}, r"edi\.write\.edifact\.una"),
        ({"read": {"envelope": {"count": "warn"}}}, r"edi\.read\.envelope"),
        ({"expect": {"level": "syntax"}}, r"within_hours"),
    ],
)
def test_a_mistake_is_told_with_its_key(tmp_path: Path, edi: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        loaded(tmp_path, edi)


def test_acknowledgements_need_a_folder_to_be_delivered_to(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"endpoint\.folders\.out: found nothing"):
        loaded(
            tmp_path,
            {"acknowledge": {"x12": ["997"]}},
            endpoint={"type": "local", "folders": {"in": "in"}},
        )


def test_the_schema_names_the_severities_that_readers_know() -> None:
    read = schema("partner")["properties"]["edi"]["properties"]["read"]["properties"]
    assert set(read["envelope"]["propertyNames"]["enum"]) == {*ENVELOPE, "isa", "unb"}
    assert set(read["structure"]["propertyNames"]["enum"]) == set(STRUCTURE)
