"""Sandboxes for the tests: skipped where bubblewrap is missing or not permitted, opened once a worker."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.evaluation.sandbox.presence import REMEDY, bubblewrap_works

from pilotage.evaluation.sandbox.cell import Cell
from pilotage.evaluation.sandbox.opening import open_sandbox


@pytest.fixture(scope="session")
def require_bubblewrap(require_part: Callable[..., None]) -> None:
    """Skip unless bubblewrap can make its namespaces here."""
    require_part("bubblewrap", present=bubblewrap_works(), remedy=REMEDY)


@pytest.fixture(scope="session")
def cell(require_bubblewrap: None) -> Cell:
    """Give a sandbox without Hypothesis."""
    return open_sandbox(properties=False)


@pytest.fixture(scope="session")
def property_cell(require_bubblewrap: None) -> Cell:
    """Give a sandbox in which properties can be checked."""
    return open_sandbox(properties=True)
