"""Mapping chunk after chunk, where a large record goes over several of them."""

from __future__ import annotations

from etl.errors import ConfigurationError
from etl.mapping.fencing import KeptOut, mapped_apart
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

    def take_fenced(self, chunk: Chunk) -> tuple[Mapped, list[KeptOut]]:
        """As :meth:`take`, but a document that the plan raises for is kept out, alone.

        Raises:
            ConfigurationError: a `function:` of the mapping failed.
            Exception: the chunk holds a part of one record only, or can't be taken apart.
        """
        is_part = self._begun is not None or chunk.breaks_off
        try:
            return self.take(chunk), []
        except ConfigurationError:
            raise
        except Exception:
            if is_part:
                raise
            return mapped_apart(self._plan, chunk, self._context)
