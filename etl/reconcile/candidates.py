"""The one earlier bill that a bill is held against, found without putting all of them side by side.

Of thousands of bills under one number only the first or the last is looked at, so that what is
found grows with the bills and not with their pairs.
"""

from __future__ import annotations

import pandas as pd


def latest(current: pd.DataFrame, past: pd.DataFrame, key: str) -> pd.DataFrame:
    """Each of `current` with the last of `past` that counts before it under the same `key`.

    Returns:
        The columns of `current`; `other` (the id of the one found) and its columns as `…_before`.
    """
    codes, _ = pd.factorize(pd.concat([current[key], past[key]], ignore_index=True))
    left = current.assign(code=codes[: len(current)]).sort_values("rank", kind="stable")
    right = _renamed(past).assign(code=codes[len(current) :]).sort_values("rank_before")
    right = right[right["code"] >= 0]
    pairs = pd.merge_asof(
        left[left["code"] >= 0],
        right,
        left_on="rank",
        right_on="rank_before",
        by="code",
        direction="backward",
    )
    pairs = pairs.dropna(subset=["other"]).drop(columns="code")
    return pairs.assign(other=pairs["other"].astype("int64")).reset_index(drop=True)


def first_other(
    current: pd.DataFrame, before: pd.DataFrame, on: list[str], differing: str
) -> pd.DataFrame:
    """Each of `current` with the first of `before` that is equal in the columns `on`, where that
    one counts before it and differs in the column `differing`.

    The first one is the bill of the group. What is equal to it there too is another version of that
    bill, and no repetition of those that came in between.

    Returns:
        As :func:`latest`.
    """
    first = before.dropna(subset=on).sort_values("rank", kind="stable").drop_duplicates(on)
    pairs = current.dropna(subset=on).merge(_renamed(first, on), on=on)
    other = (pairs[differing] != pairs[f"{differing}_before"]).fillna(True)
    pairs = pairs[other & (pairs["rank_before"] < pairs["rank"])]
    pairs = pairs.sort_values("rank_before", kind="stable").drop_duplicates("bill")
    return pairs.sort_values("bill").reset_index(drop=True)


def _renamed(bills: pd.DataFrame, on: list[str] | None = None) -> pd.DataFrame:
    names = {name: f"{name}_before" for name in bills.columns if name not in (on or [])}
    return bills.rename(columns={**names, "bill": "other"})
