"""What a backup says of itself: which tables and keys it holds, of which schema, with the digest of each part."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pilotage.core.errors import StorageError

FORMAT = "pilotage-backup"
VERSION = 1
MANIFEST = "manifest.json"
LARGEST_MANIFEST = 1024 * 1024
NEW_REMEDY = "make a new backup, or take another one"

Name = Annotated[str, Field(pattern=r"^[a-z][a-z_]{0,62}$")]
KeyName = Literal["master.key", "signing.key", "signing.key.next"]
Count = Annotated[int, Field(ge=0)]


class Part(BaseModel):
    """One member of the file."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    size: Count


class TablePart(Part):
    """The rows of one table, one JSON list per line."""

    columns: Annotated[list[Name], Field(min_length=1)]
    binary: list[Name]
    """Columns whose bytes are written in base64."""
    rows: Count


class Manifest(BaseModel):
    """The whole backup."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    format: Literal["pilotage-backup"] = FORMAT
    version: Literal[1] = VERSION
    made_at: str
    schema_revision: str
    tables: dict[Name, TablePart]
    keys: dict[KeyName, Part]

    def parts(self) -> dict[str, Part]:
        """Give every member but this one by its name in the file."""
        tables: dict[str, Part] = {table_member(name): part for name, part in self.tables.items()}
        return tables | {key_member(name): part for name, part in self.keys.items()}


class _Outline(BaseModel):
    """The two fields that every version has."""

    format: Literal["pilotage-backup"]
    version: int


def table_member(name: str) -> str:
    """Name the member with a table's rows."""
    return f"tables/{name}.jsonl"


def key_member(name: str) -> str:
    """Name the member with a key."""
    return f"keys/{name}"


def read_manifest(text: bytes) -> Manifest:
    """Read the manifest of a backup.

    Raises:
        StorageError: it is no manifest, or one of a newer version.
    """
    try:
        outline = _Outline.model_validate_json(text)
        if outline.version > VERSION:
            message = f"the backup is of format {outline.version}"
            raise StorageError(message, "use the newer version of Pilotage that wrote it")
        return Manifest.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the whole"
        message = f"the manifest of the backup cannot be read ({place}: {first['msg']})"
        raise StorageError(message, NEW_REMEDY) from error
