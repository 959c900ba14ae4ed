"""Trying again what may pass by itself: transient errors only, a few times, ever slower."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from etl.errors import TransientError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how soon to try again.

    Attributes:
        attempts: in all, the first one included.
        first_delay: seconds before the second attempt; each further delay doubles.
        longest_delay: seconds that no delay exceeds.
    """

    attempts: int = 4
    first_delay: float = 1.0
    longest_delay: float = 60.0

    def delay(self, failed: int) -> float:
        """Return the seconds to wait after the `failed`-th attempt, before jitter."""
        return min(self.longest_delay, self.first_delay * 2.0 ** min(failed - 1, 32))

    def call(
        self,
        action: Callable[[], T],
        *,
        on_retry: Callable[[TransientError, int, float], None] | None = None,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> T:
        """Return the action's result, trying again after a `TransientError`.

        Args:
            action: must be safe to repeat.
            on_retry: told the error, the number of the failed attempt and the seconds to wait.
            sleep, jitter: for tests; `jitter` gives a number in [0, 1).

        Raises:
            TransientError: the last attempt's, when all have failed.
        """
        for attempt in range(1, self.attempts):
            try:
                return action()
            except TransientError as error:
                # Up to half is left to chance, so that many jobs do not come back in step.
                wait = self.delay(attempt) * (1.0 - jitter() / 2.0)
                if on_retry is not None:
                    on_retry(error, attempt, wait)
                sleep(wait)
        return action()
