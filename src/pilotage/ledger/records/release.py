"""CatalogActivated and Release: which declared state holds, and each use case's configuration pinned in it."""

from __future__ import annotations

from typing import ClassVar

from pilotage.ledger.records.record import Body, Digest


class CatalogActivated(Body):
    """From here on replicas work with this catalog."""

    record_name: ClassVar[str] = "catalog-activated"

    commit: str | None
    dirty: bool
    catalog: Digest
    """Digest of the documents (`Catalog.digest`)."""
    artefact: Digest
    """Digest of the artefact that holds the catalog as JSON."""
    documents: int

    def subject_digests(self) -> dict[str, str]:
        """The catalog."""
        return {"catalog": self.catalog}


class Release(Body):
    """A use case's configuration, pinned: part -> digest, and their root."""

    record_name: ClassVar[str] = "release"

    use_case: str
    release: Digest
    """Root digest over the parts: this names the Release everywhere."""
    parts: dict[str, Digest]
    commit: str | None
    dirty: bool
    catalog_artefact: Digest
    """The artefact with the catalog as it was, from which the gateway serves this Release."""

    def subject_digests(self) -> dict[str, str]:
        """The Release and its parts."""
        return {f"{self.use_case}": self.release} | {f"{self.use_case}/{part}": at for part, at in self.parts.items()}
