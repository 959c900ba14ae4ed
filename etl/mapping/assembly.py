"""Mapping chunk after chunk, where a large record goes over several of them."""

from __future__ import annotations

from etl.mapping.plan import Begun, Mapped, Plan
from etl.mapping.scope import Context
from etl.raw import Chunk


class Assembly:
    """Applies a plan to the chunks of a reader, in their order."""

    def __init__(self, plan: Plan, context: Context) -> None:
        self._plan, self._context = plan, context
        self._begun: Begun | None = None

    def take(self, chunk: Chunk) -> Mapped:
        """What became of a chunk; of one whose record is not whole yet, nothing so far.

        Raises:
            ConfigurationError: a `function:` of the mapping failed.
        """
        begun, self._begun = self._begun, None
        if not chunk.breaks_off:
            return self._plan.apply(chunk, self._context, begun)
        self._begun = self._plan.begin(chunk, self._context, begun)
        return self._plan.nothing()
