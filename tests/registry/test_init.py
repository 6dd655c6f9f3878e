"""The starter registry is laid only where there is nothing, loads clean, and shows every kind that teams write."""

from pathlib import Path

import pytest

from pilotage.core.errors import UsageError
from pilotage.registry.git import open_source
from pilotage.registry.init import starter_files, write_starter
from pilotage.registry.load import load_registry
from pilotage.registry.source import MemorySource
from pilotage.registry.tier import infer_tier


def test_the_starter_loads_without_a_problem(tmp_path: Path) -> None:
    """Whoever begins meets no fault that is not their own."""
    written = write_starter(tmp_path / "new" / "registry")
    loaded = load_registry(open_source(tmp_path / "new" / "registry"))
    catalog = loaded.catalog
    for documents in (catalog.teams, catalog.models, catalog.routes, catalog.datasets, catalog.evaluations):
        assert documents
    assert "organisation.yaml" in written
    assert catalog.dataset_sizes["claims-triage-development"] >= 10
    assert infer_tier(catalog, "claims-triage").tier.name == "medium"


def test_every_starter_document_is_commented() -> None:
    """The starter teaches: each file of documents says what it is for."""
    for path, file in starter_files():
        if path.endswith(".yaml"):
            assert file.read_text(encoding="utf-8").count("#") >= 2, path


def test_the_shortest_use_case_has_few_lines() -> None:
    """Twelve lines at most, five in fact, and the starter's own README shows them."""
    readme = dict(starter_files())["README.md"].read_text(encoding="utf-8")
    shortest = readme.split("```yaml\n")[1].split("```")[0]
    assert len(shortest.splitlines()) <= 12
    files = {path: file.read_bytes() for path, file in starter_files()}
    catalog = load_registry(MemorySource({**files, "meeting.yaml": shortest})).catalog
    assert catalog.use_cases["meeting-notes"].target_stage == "limited"


def test_nothing_is_ever_overwritten(tmp_path: Path) -> None:
    """A folder that holds something is left as it is."""
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match="not empty"):
        write_starter(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_new_repository_counts_as_empty(tmp_path: Path) -> None:
    """`git init` first is fine."""
    (tmp_path / ".git").mkdir()
    assert write_starter(tmp_path)


def test_a_file_in_the_way_is_a_usage_error(tmp_path: Path) -> None:
    """Neither a file at the path nor one above it gives a traceback."""
    (tmp_path / "file").touch()
    for path in (tmp_path / "file", tmp_path / "file" / "inner"):
        with pytest.raises(UsageError, match="is not a folder"):
            write_starter(path)


def test_a_folder_that_cannot_be_written_is_a_usage_error() -> None:
    """The system's reason is given."""
    with pytest.raises(UsageError):
        write_starter("/proc/none/registry")
