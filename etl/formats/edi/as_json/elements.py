"""An element in JSON: text, a list of components, or a list of repetitions of components."""

from __future__ import annotations

from typing import Any

from etl.formats.edi.outgoing import Repetitions
from etl.formats.refusal import shortened
from etl.raw import DeclarationError


def element_form(value: Repetitions) -> Any:
    """``A``, ``["A", "B"]``, ``[["A", "B"], ["C"]]``: no more lists than there must be."""
    if not value:
        return ""
    if len(value) > 1:
        return [list(components) for components in value]
    return list(value[0]) if len(value[0]) > 1 else "".join(value[0])


def element_value(form: Any, key: str) -> Repetitions:
    """The element of a form; raises :class:`DeclarationError` for anything else, at `key`."""
    match form:
        case str():
            return ((form,),)
        case [*components] if components and all(isinstance(each, str) for each in components):
            return (tuple(components),)
        case [*repetitions] if repetitions and all(isinstance(each, list) for each in repetitions):
            return tuple(_components(each, key) for each in repetitions)
    raise DeclarationError(key, in_short(form), "text, or a list of texts or of such lists")


def in_short(form: Any) -> str:
    """What was found, for an error."""
    return "nothing" if form is None else str(shortened(repr(form)))


def _components(components: list[Any], key: str) -> tuple[str, ...]:
    if all(isinstance(each, str) for each in components):
        return tuple(components)
    raise DeclarationError(key, in_short(components), "a list of texts")
