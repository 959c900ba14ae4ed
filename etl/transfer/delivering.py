"""Putting a file of ours in place at the endpoint: whole from the moment it has its name.

What the partner has under that name is not removed before ours is safe there.
"""

from __future__ import annotations

import secrets
from pathlib import Path

from etl.errors import TechnicalError, TerminalError
from etl.transfer import names
from etl.transfer.files import Entry, Kind
from etl.transfer.store import Store

PART = b".part"
"""What ends the name of a file until it is whole."""


def deliver(store: Store, local: Path, target: bytes) -> str | None:
    """Write a local file under a temporary name and rename it over the target.

    Returns:
        What could not be tidied up behind it, if anything.

    Raises:
        TransientError: the connection broke.
        TerminalError: the endpoint refuses; what was there under that name is there still, or the
            error says where it is.
    """
    temporary = target + PART
    try:
        store.upload(local, temporary)
        return _put_in_place(store, temporary, target)
    except TechnicalError as error:
        raise type(error)(f"{error}{_let_go(store, temporary)}") from None


def _put_in_place(store: Store, temporary: bytes, target: bytes) -> str | None:
    """Rename to the target: plainly, as every server can; over what is there, where the server can
    do that at once; else by moving that aside first."""
    [refusal] = store.rename([(temporary, target)])
    if refusal is None:
        return None
    if store.replace(temporary, target) is None:
        return None
    [there] = store.entries_at([target])
    if there is None:
        raise TerminalError(str(refusal))
    if isinstance(there, Entry) and there.kind is Kind.FOLDER:
        raise TerminalError(f"{store.shown}: {names.to_text(target)} is a folder there")
    aside = target + b"." + secrets.token_hex(4).encode("ascii") + PART
    [refusal] = store.rename([(target, aside)])
    if refusal is not None:
        raise TerminalError(f"{refusal}; so what is there under that name cannot be replaced")
    [refusal] = store.rename([(temporary, target)])
    if refusal is not None:
        [stays] = store.rename([(aside, target)])
        where = "" if stays is None else f"; what was there is now {names.to_text(aside)}"
        raise TerminalError(f"{refusal}{where}")
    [refusal] = store.remove([aside])
    if refusal is None:
        return None
    return f"{names.to_text(target)} was replaced; the former one stays there: {refusal}"


def _let_go(store: Store, temporary: bytes) -> str:
    """Remove what is left of a delivery that failed; says what stays."""
    name = names.to_text(temporary)
    try:
        [refusal] = store.remove([temporary])
    except TechnicalError:
        return f"; {name} may be left there, the next delivery writes over it"
    return "" if refusal is None else f"; {name} is left there, as it may not be removed"
