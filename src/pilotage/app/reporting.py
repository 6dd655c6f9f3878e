"""Opens an installation's runs for whoever reports on them: the command line and the portal."""

from __future__ import annotations

from pathlib import Path

from pilotage.app.platform import Platform
from pilotage.core.errors import DocumentError, UsageError
from pilotage.evaluation.reports.item_finder import ItemFinder
from pilotage.evaluation.reports.reading import RunReader
from pilotage.registry.catalog import Catalog
from pilotage.registry.git import open_source
from pilotage.registry.items import MAX_BYTES
from pilotage.registry.load import dataset_path


def open_runs(platform: Platform, catalog: Catalog | None) -> RunReader:
    """Give the reader of an installation's runs.

    Args:
        platform: the installation.
        catalog: what is declared now, where the files of data sets are found; None: items are shown without texts.
    """

    def read_file(dataset: str) -> bytes | None:
        return None if catalog is None else read_dataset_file(platform.config.registry, catalog, dataset)

    finder = ItemFinder(read_file)
    return RunReader(platform.engine, platform.ledger, platform.artefacts.read_artefact, finder.find_items)


def read_dataset_file(registry: Path, catalog: Catalog, name: str) -> bytes | None:
    """Read the file of a data set as it stands now; None where it is declared no more or cannot be read."""
    dataset, position = catalog.datasets.get(name), catalog.positions.get(f"Dataset/{name}")
    if dataset is None or position is None:
        return None
    try:
        return open_source(registry).read_bytes(dataset_path(position.file, dataset), MAX_BYTES)
    except (DocumentError, UsageError):
        return None


def load_catalog_if_sound(platform: Platform) -> Catalog | None:
    """Load the declared catalog; None where it does not load, which must not hide what was found before."""
    try:
        return platform.load_catalog()
    except (DocumentError, UsageError):
        return None
