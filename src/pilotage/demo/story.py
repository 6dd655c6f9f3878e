"""A story: the acts of a demonstration as data, in a folder with `story.yaml`, the acts' documents and their data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from pilotage.core.errors import UsageError


def _inside(path: str) -> str:
    parts = path.split("/")
    if not path or path.startswith("/") or ".." in parts or "\x00" in path:
        message = f"{path!r} must be a path inside the story's folder"
        raise ValueError(message)
    return path


RelativePath = Annotated[str, AfterValidator(_inside)]


class Chapter(BaseModel):
    """A piece of a story; unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Service(Chapter):
    """A process that the story needs: a Python module that prints one JSON line of addresses when it answers."""

    name: str
    module: Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_.]*$")]
    addresses: dict[str, str] = Field(description="Key of the JSON line -> environment variable that it sets.")
    key: bool = Field(default=False, description="Gets PILOTAGE_URL and PILOTAGE_KEY, with the use case's key.")


class Letter(Chapter):
    """One answer that the act shows as it is."""

    route: str
    dataset: RelativePath
    item: str


class Statement(Chapter):
    """What a sample person signs; always marked SAMPLE."""

    criterion: str
    by: str
    participants: int = 0


class Act(Chapter):
    """One act: a commit in the registry, then what is measured and signed."""

    title: str
    folder: RelativePath
    message: str
    banner: str
    data: tuple[RelativePath, ...] = ()
    remove: tuple[RelativePath, ...] = ()
    evaluations: tuple[str, ...] = ()
    attestations: tuple[Statement, ...] = ()
    letter: Letter | None = None


class Story(Chapter):
    """A demonstration of one use case."""

    title: str
    use_case: str
    data: RelativePath
    services: tuple[Service, ...]
    acts: Annotated[tuple[Act, ...], Field(min_length=1)]


def read_story(folder: Path) -> Story:
    """Read a story from its folder.

    Raises:
        UsageError: there is no story, or it cannot be read.
    """
    path = folder / "story.yaml"
    try:
        data = path.read_bytes()
    except OSError as error:
        message = f"there is no story at {path}"
        remedy = "run `make demo` from a clone, or give --story a folder that holds story.yaml"
        raise UsageError(message, remedy) from error
    try:
        loaded: object = YAML(typ="safe", pure=True).load(data.decode())  # pyright: ignore[reportUnknownMemberType] - ruamel ships no types
        return Story.model_validate(loaded)
    except (YAMLError, ValidationError, UnicodeDecodeError, RecursionError) as error:
        message = f"{path} is no story: {error}"
        raise UsageError(message, "compare it with examples/claims_inbox/story.yaml") from error
