"""Arrow tables as pandas frames with Arrow dtypes, and the few steps on them that rules share."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, TypeAlias

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from etl.reference_numbers import normalise

Column: TypeAlias = "pd.Series[Any]"
ZERO: Any = Decimal(0)
MONEY = pa.decimal128(18, 4)
SUM = pa.decimal128(28, 4)
"""Room for the sums of millions of amounts; Arrow adds a digit with every addition, up to 38."""


def frame(table: pa.Table | None, schema: pa.Schema) -> pd.DataFrame:
    """The columns of `schema` out of `table`, cast to it; a missing column is all null."""
    rows = 0 if table is None else table.num_rows
    columns = [
        table.column(field.name).cast(field.type)
        if table is not None and field.name in table.column_names
        else pa.nulls(rows, field.type)
        for field in schema
    ]
    return pandas(pa.table(columns, schema=schema))


def pandas(table: pa.Table) -> pd.DataFrame:
    """`table` as a frame of Arrow dtypes."""
    data: pd.DataFrame = table.to_pandas(types_mapper=pd.ArrowDtype)
    return data


def arrow(data: pd.DataFrame, schema: pa.Schema) -> pa.Table:
    """The columns of `schema` out of `data`, cast to it: money that does not fit is an error."""
    table = pa.Table.from_pandas(data[schema.names], preserve_index=False)
    return table.cast(schema).replace_schema_metadata(None)


def normalised(reference: Column) -> Column:
    """Reference numbers as they compare; none left: null."""
    text = pa.array(reference, pa.string())
    text = normalise(text.combine_chunks() if isinstance(text, pa.ChunkedArray) else text)
    return pd.Series(text, index=reference.index, dtype=pd.ArrowDtype(pa.string()))


def wide(amount: Column) -> Column:
    """Money with room for sums; exact."""
    return amount.astype(pd.ArrowDtype(SUM))


def rounded(numbers: Column, places: int) -> Column:
    """Decimals rounded, half away from zero, in the type they have."""
    result = pc.round(pa.array(numbers), ndigits=places, round_mode="half_towards_infinity")
    return pd.Series(result, index=numbers.index, dtype=pd.ArrowDtype(result.type))


def as_text(amount: Column) -> Column:
    """Money for a sentence: two decimals, more only where they say something."""
    text = pc.cast(pa.array(amount), pa.string())
    text = pc.replace_substring_regex(text, r"00$", "")
    return pd.Series(text, index=amount.index, dtype=pd.ArrowDtype(pa.string()))
