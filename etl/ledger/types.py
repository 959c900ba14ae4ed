"""Column types that mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import DateTime, Dialect, Numeric, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

_KEY_LENGTH = 500
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def storable(text: str) -> str:
    r"""Return `text` with NUL and lone surrogates written out (``\x00``, ``\udcff``).

    PostgreSQL takes neither in text; both come with hostile file names and binary garbage.
    """
    if text.isascii() and "\x00" not in text:  # nearly always, and known without a search
        return text
    return _UNSTORABLE.sub(lambda found: ascii(found[0])[1:-1], text)


def as_key(value: str) -> str:
    """A text as :class:`Key` stores it; what is stored stays as it is."""
    text = storable(value)
    if len(text) <= _KEY_LENGTH:
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()
    return f"{text[: _KEY_LENGTH - 33]}~{digest[:32]}"


def all_storable(values: Sequence[str | None]) -> bool:
    """Whether :class:`SafeText` and :class:`Key` store each of the values as it is.

    Seen of all of them at once, since nearly always it is so; False where it is not sure.
    """
    present = [value for value in values if value is not None]
    together = "".join(present)
    return (
        together.isascii()
        and "\x00" not in together
        and max(map(len, present), default=0) <= _KEY_LENGTH
    )


class SafeText(TypeDecorator[str]):
    """Text of any length that may come from a partner; see :func:`storable`."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Write out what the database cannot store."""
        return None if value is None else storable(value)


class Key(TypeDecorator[str]):
    """Text that is looked up: beyond 500 characters a hash stands for the rest.

    A PostgreSQL index entry holds at most about 2,700 bytes. The cut is done when writing and when
    comparing, so that a lookup by the full text finds the row.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Write out what the database cannot store, and cut what its index cannot hold."""
        return None if value is None else as_key(value)


class Money(TypeDecorator[Decimal]):
    """An exact amount with up to four decimals: NUMERIC(18, 4), or text on SQLite.

    SQLite would keep a NUMERIC as a binary float.
    """

    impl = Numeric
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the column type of the database."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(Text())
        return dialect.type_descriptor(Numeric(18, 4))

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:
        """Refuse what is not exact; raises TypeError for a float."""
        if value is None:
            return None
        if not isinstance(value, Decimal):
            raise TypeError(f"money must be a Decimal, not {type(value).__name__}")
        exact = value.quantize(Decimal("0.0001"))
        if exact != value:
            raise ValueError(f"{value} has more than four decimals")
        return f"{exact:f}" if dialect.name == "sqlite" else exact

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        """Give back a Decimal with four decimals."""
        return None if value is None else Decimal(value)


class UtcDateTime(TypeDecorator[datetime]):
    """A point in time, always aware and in UTC; SQLite has no zones and keeps the UTC time."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[datetime]:
        """Choose the column type of the database."""
        return dialect.type_descriptor(DateTime(timezone=dialect.name != "sqlite"))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn into UTC; raises ValueError for a time without a zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value.isoformat()} has no time zone; times are UTC-aware here")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give back an aware time in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
