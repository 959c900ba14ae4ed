"""Things that take minutes to build, built once per machine and kept outside of the checkout."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from tests.services.scratch import locked

_KEPT_SECONDS = 14 * 86400


def cache_folder() -> Path:
    """Return the cache: `ETL_TEST_CACHE`, or ~/.cache/etl-tests."""
    folder = Path(os.environ.get("ETL_TEST_CACHE") or Path.home() / ".cache" / "etl-tests")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def cached(name: str, inputs: Iterable[Path | str], build: Callable[[Path], None]) -> Path:
    """Return the folder `name-<key>` of the cache, made by `build` when it is not there yet.

    The key is a hash over the inputs (a path counts by its content), so a change of any of them
    builds anew.  `build` gets an empty folder; only a whole one takes the final name, so a build
    that was interrupted or failed is never used.  Of several processes one builds, the others wait.
    """
    final = cache_folder() / f"{name}-{_key(inputs)}"
    with locked(cache_folder() / f"{name}.lock"):
        if not final.is_dir():
            unfinished = cache_folder() / f"{name}.unfinished"
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir()
            build(unfinished)
            unfinished.rename(final)
            _forget_unused(name, final)
        os.utime(final)
    return final


def _key(inputs: Iterable[Path | str]) -> str:
    digest = hashlib.sha256()
    for item in inputs:
        content = item.read_bytes() if isinstance(item, Path) else item.encode()
        digest.update(hashlib.sha256(content).digest())
    return digest.hexdigest()[:12]


def _forget_unused(name: str, current: Path) -> None:
    """Remove folders of the same name that nobody used for two weeks."""
    for folder in current.parent.glob(f"{name}-" + "[0-9a-f]" * 12):
        if folder != current and time.time() - folder.stat().st_mtime > _KEPT_SECONDS:
            shutil.rmtree(folder, ignore_errors=True)
