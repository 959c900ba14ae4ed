"""README and docs tell the truth: their commands run, their files are valid, their links lead on.

A fenced block ``console`` holds commands after ``$``, and lines that each must print, in this
order; blanks count as one. ``…`` stands for anything, run and batch ids for the real ones, the
same ones each time. A comment before a block says what is not the rule:

``<!-- exit 1 -->``          its commands end with this code instead of 0
``<!-- file: PATH -->``      the block is put into the project as this file
``<!-- append: PATH -->``    the block is added at the end of this file
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from click.testing import CliRunner

from etl.cli.main import cli
from etl.cli.printing import console
from etl.config import partner as declared
from etl.config.load import schema
from etl.errors import ExitCode
from etl.mapping.declaration import schema_named
from etl.yamlfile import parse_yaml, schema_problems

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.glob("*.md"))]
BLOCK = re.compile(
    r"(?:^<!-- (?P<note>[^\n]*) -->\n+)?^```(?P<language>\w*)\n(?P<body>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)
RUN_ID = re.compile(r"\d{8}T\d{6}-[0-9a-f]{6}")
_NAMES = {page: page.relative_to(ROOT).as_posix() for page in PAGES}


def text_of(page: Path) -> str:
    return page.read_text("utf-8")


def blocks(page: Path, *languages: str) -> list[re.Match[str]]:
    return [each for each in BLOCK.finditer(text_of(page)) if each["language"] in languages]


# the commands


class Reader:
    """Does what a page says, in a project folder, and compares what is printed."""

    def __init__(self, root: Path, demo: str) -> None:
        self.root = root
        self._demo = demo
        self._ids: dict[str, str] = {}

    def follow(self, page: Path) -> None:
        for block in BLOCK.finditer(text_of(page)):
            kind, _, value = (block["note"] or "").partition(" ")
            if kind in ("file:", "append:"):
                self._write(self.root / value, block["body"], append=kind == "append:")
            elif block["language"] == "console":
                code = int(value) if kind == "exit" else ExitCode.OK
                for command, shown in _commands(block["body"]):
                    self._run(command, shown, code)

    def _write(self, path: Path, content: str, *, append: bool) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a" if append else "x", encoding="utf-8") as file:
            file.write(content)

    def _run(self, command: str, shown: list[str], code: int) -> None:
        command = RUN_ID.sub(lambda found: self._ids[found[0]], command)
        output, exit_code = self._output(command)
        assert exit_code == code, f"$ {command}\n{output}"
        lines = iter(output.splitlines())
        for line in shown:
            if line.strip() != "…":
                assert any(self._same(line, actual.rstrip()) for actual in lines), (
                    f"$ {command}\nprints no such line there:\n{line}\nbut\n{output}"
                )

    def _output(self, command: str) -> tuple[str, int]:
        if command == "etl demo" and self._demo:
            demo, self._demo = self._demo, ""  # it ran already, here
            return demo, ExitCode.OK
        if not command.startswith("etl "):
            done = subprocess.run(
                command, shell=True, cwd=self.root, capture_output=True, text=True, check=False
            )
            return done.stdout + done.stderr, done.returncode
        command, _, target = command.partition(" > ")
        result = CliRunner().invoke(cli, shlex.split(command)[1:], prog_name="etl")
        if target:
            (self.root / target).write_text(result.stdout, "utf-8")
        return result.output, result.exit_code

    def _same(self, shown: str, actual: str) -> bool:
        """Whether a line is the one that the page shows; learns the ids in it."""
        pattern, new = "", []
        for part in re.split(f"(…|{RUN_ID.pattern})", re.sub(" +", " ", shown)):
            if part == "…":
                pattern += ".*"
            elif RUN_ID.fullmatch(part) and part not in self._ids:
                pattern += f"({RUN_ID.pattern})"
                new.append(part)
            else:
                pattern += re.escape(self._ids.get(part, part))
        found = re.fullmatch(pattern, re.sub(" +", " ", actual))
        if found:
            self._ids.update(zip(new, found.groups(), strict=True))
        return found is not None


def _commands(body: str) -> Iterator[tuple[str, list[str]]]:
    """Each command of a block with the lines that it prints."""
    for part in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
        command, *shown = part.replace("\\\n", "").splitlines()
        yield command, [line.rstrip() for line in shown if line.strip()]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A project where the demo was run, and what it printed."""
    root = tmp_path_factory.mktemp("docs") / "project"
    shutil.copytree(ROOT / "mappings", root / "mappings")
    shutil.copy(ROOT / "schedules.yaml", root)
    result = CliRunner().invoke(cli, ["--project", str(root), "demo"], prog_name="etl")
    assert result.exit_code == 0, result.output
    return root, result.output


@pytest.fixture
def reader(
    demo: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Reader]:
    root = shutil.copytree(demo[0], tmp_path / "project")
    put_partners_into_local_folders(root)
    monkeypatch.chdir(root)
    for name in ("ETL_PROJECT", "ETL_ENVIRONMENT"):
        monkeypatch.delenv(name, raising=False)
    width, console.width = console.width, 240
    yield Reader(root, demo[1])
    console.width = width


def put_partners_into_local_folders(root: Path) -> None:
    """The environment `local` has the partners' files in drop/, and one of them is new."""
    path = root / "schedules.yaml"
    schedules = yaml.safe_load(path.read_text("utf-8"))
    local = {"target": "outbox", "endpoints": {}}
    for name in sorted(path.parent.name for path in root.glob("mappings/*/partner.yaml")):
        (root / "drop" / name).mkdir(parents=True)
        local["endpoints"][name] = {
            "type": "local",
            "folders": {"in": f"drop/{name}", "out": f"drop/{name}"},
            "settle": {"by": "rename"},
        }
    schedules["environments"]["local"] = local
    path.write_text(yaml.safe_dump(schedules, sort_keys=False), "utf-8")
    new = root / "mappings" / "acme-freight" / "samples" / "x12-210" / "two-bills.edi"
    shutil.copy(new, root / "drop" / "acme-freight" / "ACLT_210_20261120.edi")


@pytest.mark.parametrize(
    "page", [page for page in PAGES if blocks(page, "console")], ids=_NAMES.__getitem__
)
def test_the_commands_of_a_page_print_what_it_shows(page: Path, reader: Reader) -> None:
    reader.follow(page)


# the files and the links


def _whole_files() -> Iterator[Any]:
    """Every yaml block that is a whole file, with its schema."""
    kinds = {
        ("partner", "endpoint"): schema("partner"),
        ("environments", "jobs"): schema("schedules"),
        ("mapping", "record", "source"): schema_named("mapping"),
        ("list", "entries"): schema_named("codes"),
    }
    for page in PAGES:
        for number, block in enumerate(blocks(page, "yaml"), 1):
            if "/broken/" in (block["note"] or ""):
                continue  # it shows what `etl check` says of mistakes
            first = next(iter(yaml.safe_load_all(block["body"])))
            for keys, wanted in kinds.items():
                if isinstance(first, dict) and set(keys) <= set(first):
                    name = f"{_NAMES[page]}-{number}-{keys[0]}"
                    yield pytest.param(block["body"], wanted, id=name)


@pytest.mark.parametrize(("content", "wanted"), list(_whole_files()))
def test_a_file_shown_whole_is_valid(content: str, wanted: dict[str, Any]) -> None:
    assert list(schema_problems(parse_yaml(content, "page"), wanted)) == []


def test_whole_files_of_every_kind_are_shown() -> None:
    names = {each.id.rpartition("-")[2] for each in _whole_files()}
    assert names == {"partner", "environments", "mapping", "list"}


def _slugs(page: Path) -> set[str]:
    """The anchors that GitHub gives to the headings of a page."""
    prose = BLOCK.sub("", text_of(page))
    headings = re.findall(r"^#+ (.*)$", prose, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=_NAMES.__getitem__)
def test_links_lead_somewhere(page: Path) -> None:
    for path, anchor in re.findall(r"\]\(([^)#\s]*)(?:#([^)]*))?\)", BLOCK.sub("", text_of(page))):
        if re.match(r"\w+:", path):
            continue
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), path
        assert not anchor or anchor in _slugs(target), f"{path}#{anchor}"


def test_the_index_names_every_page() -> None:
    index = text_of(DOCS / "README.md")
    missing = [page.name for page in DOCS.glob("*.md") if f"({page.name})" not in index]
    assert missing == ["README.md"]


# the references


def _leaves(group: click.Group, path: str) -> Iterator[Any]:
    for name in group.list_commands(click.Context(group)):
        command = group.get_command(click.Context(group), name)
        if isinstance(command, click.Group):
            yield from _leaves(command, f"{path} {name}")
        else:
            yield pytest.param(f"{path} {name}", command, id=f"{path} {name}")


@pytest.mark.parametrize(("name", "command"), list(_leaves(cli, "etl")))
def test_every_command_is_documented_with_its_options(name: str, command: click.Command) -> None:
    page = text_of(DOCS / "command-line.md")
    section = re.search(rf"^###? {name}\n(.*?)(?=^##|\Z)", page, re.DOTALL | re.MULTILINE)
    assert section, f"docs/command-line.md has no section {name}"
    for option in command.params:
        wanted = option.opts[-1] if isinstance(option, click.Option) else option.name
        if isinstance(option, click.Option):
            assert f"`{max(option.opts, key=len)}" in section[1], wanted
    assert f"{name}" in (command.help or "").partition("Examples:")[2]


def _keys(node: dict[str, Any], whole: dict[str, Any], path: str = "") -> Iterator[str]:
    """Dotted keys of a JSON Schema; what has names of the user's own counts as one key."""
    if "$ref" in node:
        node = whole["$defs"][node["$ref"].rpartition("/")[2]]
    for name, below in node.get("properties", {}).items():
        yield f"{path}{name}"
        yield from _keys(below, whole, f"{path}{name}.")
    for below in (node.get("items"), node.get("additionalProperties")):
        if isinstance(below, dict):
            yield from _keys(below, whole, path)


@pytest.mark.parametrize("name", ["schedules", "partner"])
def test_the_keys_of_a_file_are_documented_and_no_others(name: str) -> None:
    page = text_of(DOCS / "configuration.md")
    part = page.partition(f"\n## {name}.yaml")[2].partition("\n## ")[0]
    documented = set(re.findall(r"^\| `([\w.]+)` \|", part, re.MULTILINE))
    assert documented == set(_keys(schema(name), schema(name)))


@pytest.mark.parametrize("block", ["Timeouts", "Retries", "Limits", "Settle", "AfterPickup"])
def test_the_defaults_of_a_partner_are_documented(block: str) -> None:
    page = text_of(DOCS / "configuration.md").partition("\n## partner.yaml")[2]
    prefix = "endpoint." + re.sub(r"(?<!^)(?=[A-Z])", "_", block).lower()
    for field in fields(getattr(declared, block)):
        row = re.search(rf"^\| `{prefix}.{field.name}` \| (.*?) \|", page, re.MULTILINE)
        assert row, field.name
        default = list(field.default) if isinstance(field.default, tuple) else field.default
        assert yaml.safe_load(row[1].replace("`", "")) == default, field.name


def test_the_exit_codes_are_documented() -> None:
    codes = re.findall(r"^\| `(\d)` \|", text_of(DOCS / "exit-codes.md"), re.MULTILINE)
    known = [code for name, code in vars(ExitCode).items() if name.isupper()]
    assert sorted(map(int, codes)) == sorted(known)
