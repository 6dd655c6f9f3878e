"""Every setting in one declared list (name, default, help), read once from the environment, then frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pilotage.core.errors import UsageError

PREFIX = "PILOTAGE_"
LARGEST_PORT = 65_535
LONGEST_PAUSE = 3_600
LONGEST_NAME = 64


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: the environment variable `PILOTAGE_<NAME>`, its default as text, and what it does."""

    name: str
    default: str
    help: str

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return PREFIX + self.name.upper()


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "state",
        ".pilotage",
        "Folder with the embedded database and the keys; made at first use, readable by its owner only.",
    ),
    Setting("registry", ".", "Folder of the registry: a git repository with the YAML documents."),
    Setting(
        "database",
        "",
        "Database URL; empty: SQLite in the state folder. PostgreSQL: postgresql+psycopg://user@host/name.",
    ),
    Setting("host", "127.0.0.1", "Address that `up` and `gateway` listen on."),
    Setting("port", "8700", "Port that `up` and `gateway` listen on."),
    Setting("replica", "local", "Name of this gateway process; two that run at once need two names."),
    Setting(
        "gateway_url", "", "Address of the gateway up to and with /v1, for evaluations; empty: the host and port above."
    ),
    Setting("steward_seconds", "2", "Seconds between two looks of the steward at what is due."),
)


@dataclass(frozen=True, slots=True)
class Config:
    """The settings of this process, read once."""

    state: Path
    registry: Path
    database: str
    host: str
    port: int
    replica: str
    gateway_url: str
    steward_seconds: float

    @property
    def own_gateway_url(self) -> str:
        """Where evaluations reach the gateway."""
        return self.gateway_url or f"http://{self.host}:{self.port}/v1"


def read_config(environment: Mapping[str, str]) -> Config:
    """Read all settings from an environment.

    Raises:
        UsageError: a value cannot be read, with the variable's name and what it takes.
    """
    values = {setting.name: environment.get(setting.variable, "") or setting.default for setting in SETTINGS}
    return Config(
        state=Path(values["state"]),
        registry=Path(values["registry"]),
        database=values["database"],
        host=values["host"],
        port=_port(values["port"]),
        replica=_replica(values["replica"]),
        gateway_url=values["gateway_url"].rstrip("/"),
        steward_seconds=_seconds(values["steward_seconds"]),
    )


def _port(text: str) -> int:
    if text.isdecimal() and int(text) <= LARGEST_PORT:
        return int(text)
    message = f"{PREFIX}PORT is {text!r}, which is no port"
    raise UsageError(message, "give a whole number from 0 to 65535; 0 takes a free port")


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if 0 < seconds <= LONGEST_PAUSE:
        return seconds
    message = f"{PREFIX}STEWARD_SECONDS is {text!r}, which is no length of time"
    raise UsageError(message, "give seconds, above 0 and at most 3600")


def _replica(text: str) -> str:
    if len(text) <= LONGEST_NAME and text.replace("-", "").isalnum():
        return text
    message = f"{PREFIX}REPLICA is {text!r}"
    raise UsageError(message, "give a short name of letters, digits and hyphens")
