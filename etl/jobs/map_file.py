"""Map one file by itself, for the engineer who is writing its mapping."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import file_digest
from pathlib import Path

from etl.config.partner import Partner
from etl.errors import ConfigurationError
from etl.jobs.workspace import Workspace
from etl.mapping import Assembly, Context, Mapped
from etl.raw import Chunk, SourceFile, Unread
from etl.yamlfile import did_you_mean


@dataclass(frozen=True, slots=True)
class ChosenMapping:
    """A partner's mapping, named ``<partner>/<mapping>``."""

    partner: Partner
    path: Path


def mapping_named(workspace: Workspace, name: str) -> ChosenMapping:
    """The mapping ``<partner>/<mapping>``; raises ConfigurationError where there is none."""
    known = {
        f"{partner.id}/{path.stem}": ChosenMapping(partner, path)
        for partner in workspace.project.partners.values()
        for path in sorted(partner.folder.glob("*.yaml"))
        if path.name != "partner.yaml"
    }
    if name not in known:
        raise ConfigurationError(
            f"there is no mapping {name!r}; there are {', '.join(known)}. "
            f"{did_you_mean(name, known)}"
        )
    return known[name]


class UnreadOf:
    """What no path of a mapping read of a file, put together from its chunks."""

    def __init__(self) -> None:
        self._found: dict[str, Unread] = {}

    def take(self, chunk: Chunk) -> None:
        """Count what a chunk holds, once it was mapped."""
        for each in chunk.unread():
            before = self._found.get(each.name, replace(each, count=0))
            self._found[each.name] = replace(before, count=before.count + each.count)

    def listed(self) -> list[Unread]:
        """All of it, in the order of its first places."""
        return list(self._found.values())


def map_one_file(
    workspace: Workspace, file: Path, chosen: ChosenMapping, unread: UnreadOf | None = None
) -> Iterator[Mapped]:
    """Map a file, chunk by chunk; nothing is noted anywhere.

    Args:
        unread: is told what the mapping did not read, where that is wanted.

    Raises:
        ConfigurationError: the mapping is wrong, or the file cannot be read.
    """
    compiled = workspace.compiled(chosen.path)
    try:
        with file.open("rb") as stream:
            sha256 = file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise ConfigurationError(f"{file}: {error.strerror}") from None
    source = SourceFile(file.name, sha256, file.stat().st_size, lambda: file.open("rb"))
    partner = chosen.partner
    context = Context(partner.id, partner.identity.scac, partner.client, None)
    assembly = Assembly(compiled.plan, context)
    for chunk in compiled.reader.read([source]):
        mapped = assembly.take(chunk)
        if unread is not None:
            unread.take(chunk)
        yield mapped
