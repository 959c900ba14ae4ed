from __future__ import annotations

import pytest

from etl.errors import TerminalError, TransientError
from etl.transfer import RetryPolicy


class Flaky:
    """Fails as often as told, then answers."""

    def __init__(self, failures: int, error: type[Exception] = TransientError) -> None:
        self.failures = failures
        self.error = error
        self.calls = 0

    def __call__(self) -> str:
        self.calls += 1
        if self.calls <= self.failures:
            raise self.error(f"attempt {self.calls}")
        return "done"


def test_a_transient_error_is_tried_again_ever_slower() -> None:
    waits: list[float] = []
    policy = RetryPolicy(attempts=5, first_delay=1, longest_delay=5)
    action = Flaky(4)
    assert policy.call(action, sleep=waits.append, jitter=lambda: 0.0) == "done"
    assert waits == [1, 2, 4, 5]


def test_the_last_error_is_raised_when_all_attempts_failed() -> None:
    action = Flaky(99)
    with pytest.raises(TransientError, match="attempt 3"):
        RetryPolicy(attempts=3).call(action, sleep=lambda _: None)
    assert action.calls == 3


def test_a_terminal_error_is_not_tried_again() -> None:
    action = Flaky(1, TerminalError)
    with pytest.raises(TerminalError):
        RetryPolicy().call(action, sleep=lambda _: None)
    assert action.calls == 1


def test_one_attempt_means_no_retry() -> None:
    action = Flaky(1)
    with pytest.raises(TransientError):
        RetryPolicy(attempts=1).call(action, sleep=lambda _: None)
    assert action.calls == 1


def test_jitter_shortens_a_delay_by_up_to_half() -> None:
    waits: list[float] = []
    policy = RetryPolicy(attempts=2, first_delay=8)
    policy.call(Flaky(1), sleep=waits.append, jitter=lambda: 1.0)
    assert waits == [4]


def test_each_retry_is_told() -> None:
    told: list[tuple[str, int]] = []
    RetryPolicy(attempts=3).call(
        Flaky(2),
        on_retry=lambda error, attempt, wait: told.append((str(error), attempt)),
        sleep=lambda _: None,
    )
    assert told == [("attempt 1", 1), ("attempt 2", 2)]


def test_a_delay_never_overflows() -> None:
    assert RetryPolicy(longest_delay=60).delay(10_000) == 60
