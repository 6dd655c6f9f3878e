"""Which catalog holds: activates a changed one, pins the Release of each use case, and reads back what was pinned."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from pydantic import ValidationError

from pilotage.core.errors import EvidenceError
from pilotage.ledger.protocol import LedgerStore
from pilotage.ledger.records.release import CatalogActivated, Release
from pilotage.registry.catalog import Catalog
from pilotage.registry.configuration import Configuration, plan_configuration

CATALOG_SUBJECT = "catalog"
"""The artefact subject of catalogs: they hold no personal content, so nobody asks for their erasure alone."""


class Artefacts(Protocol):
    """Where content stands under its digest."""

    def append_artefact(self, data: bytes, *, subject: str, media_type: str) -> str:
        """Keep content and give its digest."""
        ...

    def read_artefact(self, digest: str, *, subject: str | None = None) -> bytes:
        """Give content back."""
        ...


class _Declared(NamedTuple):
    """What was computed from one catalog."""

    catalog: Catalog
    digest: str
    configurations: dict[str, Configuration]


class Catalogs:
    """The catalogs of an installation, as the ledger tells them."""

    def __init__(self, ledger: LedgerStore, artefacts: Artefacts) -> None:
        """Use a ledger and the store that holds the catalogs themselves."""
        self._ledger = ledger
        self._artefacts = artefacts
        self._read: dict[str, Catalog] = {}
        self._declared: _Declared | None = None

    def digest_of(self, catalog: Catalog) -> str:
        """Give the digest of a catalog's documents; remembered, because most ticks see the same catalog again."""
        return self._remember(catalog).digest

    def configuration_of(self, catalog: Catalog, use_case: str) -> Configuration:
        """Give the configuration of a use case; remembered like the digest."""
        known = self._remember(catalog).configurations
        if use_case not in known:
            known[use_case] = plan_configuration(catalog, use_case)
        return known[use_case]

    def _remember(self, catalog: Catalog) -> _Declared:
        """Give what is known about this very catalog."""
        if self._declared is None or self._declared.catalog is not catalog:
            self._declared = _Declared(catalog, catalog.digest, {})
        return self._declared

    def append_activation(self, catalog: Catalog) -> tuple[str, ...]:
        """Record that a catalog holds from now on, unless the same documents do already.

        The same documents are recorded anew once they are committed, because then they are pinned.

        Returns:
            The names of the records appended: one or none.

        Raises:
            EvidenceError: the ledger or the artefact store cannot be used.
        """
        active = self._ledger.latest(CatalogActivated)
        if active is not None and self._is_active(active.body, catalog):
            return ()
        data = catalog.model_dump_json(by_alias=True).encode()
        artefact = self._artefacts.append_artefact(data, subject=CATALOG_SUBJECT, media_type="application/json")
        body = CatalogActivated(
            commit=catalog.commit,
            dirty=catalog.dirty,
            catalog=self.digest_of(catalog),
            artefact=artefact,
            documents=len(catalog.positions),
        )

        def plan() -> CatalogActivated | None:
            """Look once more, now that nobody else appends."""
            latest = self._ledger.latest(CatalogActivated)
            return None if latest is not None and self._is_active(latest.body, catalog) else body

        return () if self._ledger.append_if(plan) is None else (CatalogActivated.record_name,)

    def append_release(self, catalog: Catalog, use_case: str) -> tuple[str, ...]:
        """Record the Release of a use case, unless the same configuration is its latest already.

        Returns:
            The names of the records appended: one or none.

        Raises:
            EvidenceError: the ledger cannot be used, or no catalog was activated.
        """
        configuration = self.configuration_of(catalog, use_case)

        def plan() -> Release | None:
            """Look whether the latest Release is another."""
            latest = self._ledger.latest(Release, use_case=use_case)
            same = latest is not None and latest.body.release == configuration.root
            if latest is not None and same and (catalog.dirty or not latest.body.dirty):
                return None
            active = self._ledger.latest(CatalogActivated)
            if active is None:
                raise EvidenceError("no catalog was activated", "activate one before its releases")
            return Release(
                use_case=use_case,
                release=configuration.root,
                parts=dict(configuration.parts),
                commit=catalog.commit,
                dirty=catalog.dirty,
                catalog_artefact=active.body.artefact,
            )

        appended = plan() is not None and self._ledger.append_if(plan) is not None
        return (Release.record_name,) if appended else ()

    def read_active(self) -> Catalog | None:
        """Give the catalog that holds; None where none was ever activated.

        Raises:
            EvidenceError: its artefact is missing, erased or damaged.
        """
        active = self._ledger.latest(CatalogActivated)
        return None if active is None else self._read_catalog(active.body.artefact)

    def read_pinned(self, use_case: str, release: str, current: Catalog) -> tuple[Catalog, Configuration] | None:
        """Give an earlier Release with the catalog to assess it by; None where it is not recorded.

        What is measured stands as it was pinned; people, process and the criteria are those declared now.

        Raises:
            EvidenceError: the artefact of its catalog is missing, erased or damaged.
        """
        entry = self._ledger.latest(Release, use_case=use_case, release=release)
        if entry is None:
            return None
        pinned = self._read_catalog(entry.body.catalog_artefact)
        catalog = pinned.model_copy(
            update={
                "organisation": current.organisation,
                "teams": current.teams,
                "scales": current.scales,
                "risk_tiers": current.risk_tiers,
                "use_cases": pinned.use_cases | {use_case: current.use_cases[use_case]},
            }
        )
        return catalog, Configuration(use_case, dict(entry.body.parts), release)

    def _is_active(self, active: CatalogActivated, catalog: Catalog) -> bool:
        """Tell whether the active catalog has the same documents, and is pinned at least as well."""
        return active.catalog == self.digest_of(catalog) and (catalog.dirty or not active.dirty)

    def _read_catalog(self, artefact: str) -> Catalog:
        """Read a catalog, once."""
        if artefact not in self._read:
            data = self._artefacts.read_artefact(artefact, subject=CATALOG_SUBJECT)
            try:
                self._read[artefact] = Catalog.model_validate_json(data)
            except ValidationError as error:
                message = f"the catalog in artefact {artefact} cannot be read by this version"
                raise EvidenceError(message, "upgrade Pilotage, or activate a catalog anew") from error
        return self._read[artefact]
