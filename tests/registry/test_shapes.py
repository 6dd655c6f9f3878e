"""Golden files: a document that could be read once can be read for ever, and reads as the same values."""

import json
from pathlib import Path

import pytest

from pilotage.registry.parse import parse_documents
from pilotage.registry.shapes import KINDS, SHAPES, VERSIONS
from pilotage.registry.validate import Placed, validate_document

GOLDEN = Path(__file__).parent / "golden"


def read_golden(kind: str, version: int) -> list[Placed]:
    """Read the documents of one golden file."""
    file = GOLDEN / f"{kind}.v{version}.yaml"
    trees, problems = parse_documents(file.read_text(encoding="utf-8"), file.name)
    assert problems == ()
    read = [validate_document(tree, file.name) for tree in trees]
    assert all(isinstance(each, Placed) for each in read), read
    return [each for each in read if isinstance(each, Placed)]


@pytest.mark.parametrize(("kind", "version"), sorted(SHAPES))
def test_golden_documents_read_as_they_always_did(kind: str, version: int) -> None:
    """Each stored shape loads to exactly the values that stand beside it as JSON."""
    documents = [placed.document.model_dump(mode="json", by_alias=True) for placed in read_golden(kind, version)]
    expected = json.loads((GOLDEN / f"{kind}.v{version}.json").read_text(encoding="utf-8"))
    assert documents == expected


@pytest.mark.parametrize(("kind", "version"), sorted(SHAPES))
def test_stored_json_reads_back(kind: str, version: int) -> None:
    """A catalog that was stored as JSON loads with this version."""
    stored = json.loads((GOLDEN / f"{kind}.v{version}.json").read_text(encoding="utf-8"))
    read = [SHAPES[kind, version].model_validate(each) for each in stored]
    assert read == [placed.document for placed in read_golden(kind, version)]


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_golden_files_give_every_field(kind: str) -> None:
    """No field of a kind is left out of its golden file, so that none can change unnoticed."""
    given = {
        field
        for placed in read_golden(kind, VERSIONS[-1])
        for field in placed.document.model_dump(by_alias=True, exclude_unset=True)
    }
    assert given == set(KINDS[kind].model_fields)
