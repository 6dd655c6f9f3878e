"""Fixtures: an installation with the starter registry, and its platform."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest
from tests.app.installation import Installation, make_installation

from pilotage.app.platform import Platform


@pytest.fixture
def installation(tmp_path: Path) -> Generator[Installation]:
    """Lay a starter registry beside a fake upstream."""
    with make_installation(tmp_path) as made:
        yield made


@pytest.fixture
def platform(installation: Installation) -> Generator[Platform]:
    """Open the installation."""
    with installation.opened() as opened:
        yield opened
