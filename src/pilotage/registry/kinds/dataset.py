"""Dataset: labelled items for an evaluation, either free to look at or sealed until a claim is declared."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from pilotage.registry.kinds.document import Digest, Document, Line


def _stay_below(path: str) -> str:
    # The engine behind `pattern` knows no look-around, so the steps upwards are refused here.
    if ".." in path.split("/"):
        message = "must not lead upwards with `..`"
        raise ValueError(message)
    return path


RelativePath = Annotated[
    str,
    Field(
        pattern=r"^[^/\\\x00][^\\\x00]*$",
        max_length=500,
        json_schema_extra={"x-reads": "a path relative to the document's folder, with forward slashes"},
    ),
    AfterValidator(_stay_below),
]


class Dataset(Document):
    """A JSON Lines file, one item a line: {id, input, expected}, path relative to this document's folder.

    `expected` is what the scorer needs: a string, a list of strings, a number or a JSON object.
    """

    kind: Literal["Dataset"]
    path: RelativePath = Field(description="The JSON Lines file, relative to the folder of this document.")
    digest: Digest | None = Field(default=None, description="SHA-256 of the file; must be given when sealed.")
    sealed: bool = Field(default=False, description="Sealed: for release claims, each look is recorded.")
    population: Line | None = Field(default=None, description="What the items stand for: the claim is about these.")
    sample: bool = Field(default=False, description="SAMPLE data for a demonstration; can never permit production.")
