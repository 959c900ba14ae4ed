import pyarrow as pa
import pytest
from jsonschema import Draft202012Validator

from etl.canonical import record_type, record_types
from etl.canonical.record_types import LINEAGE_FIELDS


@pytest.mark.parametrize("name", sorted(record_types()))
def test_every_schema_is_valid_json_schema(name: str) -> None:
    Draft202012Validator.check_schema(dict(record_type(name).schema))


@pytest.mark.parametrize("name", sorted(record_types()))
def test_schema_names_only_fields_that_there_are(name: str) -> None:
    kind = record_type(name)
    used = {*kind.business_key, *kind.required, *([kind.revision] if kind.revision else [])}
    used |= {field.normalised_from for field in kind.fields.values() if field.normalised_from}
    assert used <= set(kind.fields)
    for child in kind.children.values():
        inherited = {field.inherits for field in record_type(child).fields.values()} - {None}
        assert inherited <= set(kind.fields)


def test_money_is_decimal_with_four_places_and_dates_are_days() -> None:
    schema = record_type("freight_invoice").arrow_schema
    assert schema.field("total").type == pa.decimal128(18, 4)
    assert schema.field("invoice_date").type == pa.date32()
    assert record_type("charge_line").arrow_schema.field("weight").type == pa.decimal128(18, 6)


def test_every_table_has_record_id_and_lineage_and_only_documents_have_a_key() -> None:
    for kind in record_types().values():
        names = kind.arrow_schema.names
        assert names[0] == "record_id"
        assert {field.name for field in LINEAGE_FIELDS} <= set(names)
        assert ("business_key" in names) == kind.is_main == ("record_hash" in names)


def test_children_of_a_freight_invoice() -> None:
    kind = record_type("freight_invoice")
    assert set(kind.children) == {"charge_line", "reference", "party"}
    assert kind.business_key == ("invoice_no_norm",)
    assert kind.revision == "revision"


def test_an_unknown_record_type_is_told_with_the_known_ones() -> None:
    with pytest.raises(KeyError, match=r"freight_invoce.*freight_invoice"):
        record_type("freight_invoce")
