"""Reading ``mappings/<partner>/partner.yaml``, with what the environment overrides."""

from __future__ import annotations

import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from etl.config.load_edi import load_edi
from etl.config.partner import (
    HIDDEN,
    AfterPickup,
    DocumentRule,
    Endpoint,
    Identity,
    Limits,
    Partner,
    Retries,
    Settle,
    Timeouts,
)
from etl.config.secrets import Secret, resolve
from etl.errors import ConfigurationError, Problem
from etl.yamlfile import YamlFile, did_you_mean, load_yaml, schema_problems


def load_partner(
    root: Path,
    name: str,
    schema: Mapping[str, Any],
    overrides: Mapping[str, Any],
    environ: Mapping[str, str],
) -> Partner:
    """Read and check one partner.

    Args:
        overrides: what the environment puts in place of the declared endpoint's settings.

    Raises:
        ConfigurationError: with every problem found.
    """
    folder = root / "mappings" / name
    file = load_yaml(folder / "partner.yaml", f"mappings/{name}/partner.yaml", schema)
    data = file.data
    problems: list[Problem] = []
    merged = {**data["endpoint"], **overrides}
    endpoint = {key: value for key, value in merged.items() if value is not None}
    problems += schema_problems(
        YamlFile({**data, "endpoint": endpoint}, file.shown_as, file.lines), schema
    )
    if data["partner"] != name:
        problems.append(file.problem(["partner"], data["partner"], f"the folder's name, {name}"))
    timezone = data.get("timezone", "UTC")
    if timezone not in zoneinfo.available_timezones():
        hint = did_you_mean(timezone, zoneinfo.available_timezones())
        problems.append(file.problem(["timezone"], timezone, "an IANA time zone", hint))
    problems += _endpoint_problems(file, endpoint)
    documents = tuple(_documents(file, folder, problems))
    identity = _identity(data.get("identity", {}))
    edi = load_edi(file, identity, endpoint, problems)
    if problems:
        raise ConfigurationError(problems)
    return Partner(
        id=name,
        name=data["name"],
        folder=folder,
        identity=identity,
        timezone=timezone,
        endpoint=_DeclaredEndpoint(file, endpoint, root, environ),
        documents=documents,
        client=data.get("client"),
        edi=edi,
    )


def _identity(declared: Mapping[str, Any]) -> Identity:
    return Identity(**{**declared, "carriers": tuple(declared.get("carriers", ()))})


def _documents(file: YamlFile, folder: Path, problems: list[Problem]) -> list[DocumentRule]:
    rules = []
    known = [path.stem for path in folder.glob("*.yaml") if path.name != "partner.yaml"]
    for index, rule in enumerate(file.data["documents"]):
        path = folder / f"{rule['mapping']}.yaml"
        if rule["mapping"] not in known:
            problems.append(
                file.problem(
                    ["documents", index, "mapping"],
                    rule["mapping"],
                    f"one of the mappings of this folder: {', '.join(sorted(known)) or 'none yet'}",
                    did_you_mean(rule["mapping"], known),
                )
            )
        rules.append(DocumentRule(rule["pattern"], rule["mapping"], path))
    return rules


def _endpoint_problems(file: YamlFile, endpoint: Mapping[str, Any]) -> list[Problem]:
    problems = []
    if endpoint.get("type") == "sftp":
        for key, meaning in (
            ("host", "the server's name"),
            ("user", "the user to log in as"),
            ("host_key", "the server's pinned host key; an unknown server is never trusted"),
        ):
            if not endpoint.get(key):
                problems.append(file.problem(["endpoint", key], "nothing", meaning))
        ways = ("key", "key_data", "password", "agent")
        if not any(endpoint.get(way) for way in ways):
            problems.append(
                file.problem(["endpoint"], "no way to log in", f"one of {', '.join(ways)}")
            )
    target = endpoint.get("after_pickup", {}).get("to", "processed")
    if ".." in PurePosixPath(target).parts:
        problems.append(
            file.problem(
                ["endpoint", "after_pickup", "to"], target, "a folder at or below the picked-up one"
            )
        )
    return problems


@dataclass(frozen=True)
class _DeclaredEndpoint:
    """A checked endpoint of partner.yaml; see :class:`etl.config.partner.EndpointDeclaration`."""

    file: YamlFile
    data: Mapping[str, Any]
    root: Path
    environ: Mapping[str, str] = field(repr=False)

    def resolve(self) -> Endpoint:
        data = self.data
        settle = dict(data.get("settle", {}))
        if "temporary" in settle:
            settle["temporary"] = tuple(settle["temporary"])
        endpoint = Endpoint(
            type=data["type"],
            folder_in=self._text("folders", "in") or "",
            folder_out=self._text("folders", "out"),
            retries=Retries().but(data.get("retries", {})),
            timeouts=Timeouts(**{k: float(v) for k, v in data.get("timeouts", {}).items()}),
            settle=Settle(**settle),
            after_pickup=AfterPickup(**data.get("after_pickup", {})),
            limits=Limits(**data.get("limits", {})),
            ignore=tuple(data.get("ignore", HIDDEN)),
        )
        return self._with_login(endpoint) if endpoint.type == "sftp" else endpoint

    def _with_login(self, endpoint: Endpoint) -> Endpoint:
        return replace(
            endpoint,
            host=self._text("host") or "",
            port=self._port(),
            user=self._text("user") or "",
            host_key=self._host_keys(),
            pipelined=self.data.get("pipelined", True),
            key=self._key(),
            key_data=self._secret("key_data"),
            passphrase=self._secret("passphrase"),
            password=self._secret("password"),
            agent=self.data.get("agent", False),
        )

    def _place(self, *key: str) -> str:
        return self.file.place(["endpoint", *key])

    def _text(self, *key: str) -> str | None:
        value: Any = self.data
        for part in key:
            value = value.get(part) if value is not None else None
        if value is None:
            return None
        return resolve(str(value), self._place(*key), self.environ, self.root)

    def _host_keys(self) -> str:
        pinned = self.data["host_key"]
        return pinned if isinstance(pinned, str) else "\n".join(pinned)

    def _port(self) -> int:
        text = self._text("port") or "22"
        if not (text.isdigit() and 0 < int(text) < 65536):
            raise ConfigurationError(f"{self._place('port')}: found {text!r}, expected a port")
        return int(text)

    def _key(self) -> Path | None:
        text = self._text("key")
        return self.root / Path(text).expanduser() if text else None

    def _secret(self, key: str) -> Secret | None:
        reference = self.data.get(key)
        if reference is None:
            return None
        return Secret(reference, self._place(key), self.environ, self.root)
