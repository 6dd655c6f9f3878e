"""The documents that the pages show load as they stand, beside the starter's registry."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pilotage.registry.init import starter_files
from pilotage.registry.load import load_registry
from pilotage.registry.source import MemorySource

PAGES = ("measuring.md", "other-tools.md")
BLOCK = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def documents_of(page: Path) -> list[str]:
    """Give the blocks of a page that hold whole documents."""
    return [block for block in BLOCK.findall(page.read_text(encoding="utf-8")) if block.startswith("kind:")]


@pytest.mark.parametrize("page", PAGES)
def test_documents_on_a_page_load(page: str, pytestconfig: pytest.Config) -> None:
    """Whoever copies every document of a page into the starter's registry gets a registry without a problem."""
    shown = documents_of(pytestconfig.rootpath / "docs" / page)
    files = {path: file.read_bytes() for path, file in starter_files()}
    files["use_cases/page.yaml"] = "---\n".join(shown).encode()

    catalog = load_registry(MemorySource(files)).catalog

    declared = len(catalog.evaluations) + len(catalog.outside_evaluations) + len(catalog.judges)
    starters_own = 1
    kinds = sum(block.count("kind:") for block in shown)
    assert declared == starters_own + kinds > starters_own
