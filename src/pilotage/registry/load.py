"""Loads a registry: every document of a source becomes one consistent Catalog, or every problem is reported at once."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources

from pilotage.core.canonical import digest_of_bytes
from pilotage.core.errors import DocumentError, Problem
from pilotage.registry import consistency
from pilotage.registry.catalog import Catalog, Position
from pilotage.registry.evaluations import check_evaluations
from pilotage.registry.items import MAX_BYTES as MAX_DATASET_BYTES
from pilotage.registry.items import parse_items
from pilotage.registry.kinds.dataset import Dataset
from pilotage.registry.kinds.organisation import Organisation
from pilotage.registry.parse import MAX_BYTES, decode_document, parse_documents
from pilotage.registry.references import check_references, of_kind
from pilotage.registry.secrets import find_literal_secrets
from pilotage.registry.source import MemorySource, Source, is_document, printable_path
from pilotage.registry.validate import Declared, Placed, declared_by, validate_document

MAX_TOTAL_BYTES = 32 * MAX_BYTES
_MAX_ALL_DATASETS = 512 * 1_048_576

_FIELDS = {
    "Team": "teams",
    "Model": "models",
    "Route": "routes",
    "Dataset": "datasets",
    "Judge": "judges",
    "Evaluation": "evaluations",
    "OutsideEvaluation": "outside_evaluations",
    "UseCase": "use_cases",
    "Scale": "scales",
    "RiskTier": "risk_tiers",
}


@dataclass(frozen=True, slots=True)
class Loaded:
    """A registry that loads.

    Attributes:
        catalog: its documents, consistent with each other.
        datasets: data set name -> the bytes of its file.
    """

    catalog: Catalog
    datasets: dict[str, bytes]


@dataclass(frozen=True, slots=True)
class _Read:
    """What came out of the files of one source, before anything is compared."""

    documents: tuple[Placed, ...]
    declared: tuple[Declared, ...]
    problems: tuple[Problem, ...]


def load_registry(source: Source, defaults: Source | None = None) -> Loaded:
    """Read all documents of a source and the shipped ones under them.

    Args:
        source: where the documents stand.
        defaults: documents that hold unless the source has one of the same kind and name; those that come with
            Pilotage when None.

    Raises:
        DocumentError: with every problem that was found.
    """
    own = _read_documents(source)
    shipped = _read_documents(shipped_defaults() if defaults is None else defaults, shipped=True)
    overridden = {(each.kind, each.name) for each in own.declared}
    documents = own.documents + tuple(
        placed for placed in shipped.documents if (placed.kind, placed.document.name) not in overridden
    )
    declared = own.declared + tuple(each for each in shipped.declared if (each.kind, each.name) not in overridden)
    datasets, dataset_problems = _read_datasets(source, documents)
    problems = {
        *own.problems,
        *shipped.problems,
        *check_references(documents, declared),
        *consistency.check_uniqueness(declared),
        *consistency.check_organisation(documents, declared),
        *consistency.check_scales_and_tiers(documents, declared),
        *consistency.check_people(documents),
        *check_evaluations(documents),
        *consistency.check_data_classes(documents),
        *dataset_problems,
    }
    if problems:
        raise DocumentError(tuple(problems))
    return Loaded(_catalog(source, documents, datasets), {name: file.data for name, file in datasets.items()})


def shipped_defaults() -> MemorySource:
    """Give the scales and risk tiers that come with Pilotage."""
    folder = resources.files("pilotage.registry") / "defaults"
    if not folder.is_dir():
        return MemorySource({})
    return MemorySource(
        {f"(shipped) {file.name}": file.read_bytes() for file in folder.iterdir() if is_document(file.name)}
    )


def _read_documents(source: Source, *, shipped: bool = False) -> _Read:
    listing = source.list_paths()
    problems: list[Problem] = list(listing.problems)
    documents: list[Placed] = []
    declared: list[Declared] = []
    total = 0
    for path in filter(is_document, listing.paths):
        file = printable_path(path)
        try:
            data = source.read_bytes(path, MAX_BYTES)
        except DocumentError as error:
            problems.extend(error.problems)
            continue
        total += len(data)
        if total > MAX_TOTAL_BYTES:
            what = f"the documents together hold more than {MAX_TOTAL_BYTES} bytes"
            problems.append(Problem(file, 0, what, "give the folder of the registry alone"))
            break
        if not data:
            problems.append(Problem(file, 0, "the file is empty", "write a document, or remove the file"))
            continue
        text = decode_document(data, file)
        if isinstance(text, Problem):
            problems.append(text)
            continue
        trees, faults = parse_documents(text, file)
        problems.extend((*faults, *find_literal_secrets(text, trees, file)))
        for tree in trees:
            if (known := declared_by(tree, file)) is not None:
                declared.append(known)
            read = validate_document(tree, file, shipped=shipped)
            if isinstance(read, Placed):
                documents.append(read)
            else:
                problems.extend(read)
    return _Read(tuple(documents), tuple(declared), tuple(problems))


@dataclass(frozen=True, slots=True)
class _DatasetFile:
    data: bytes
    items: int


def _read_datasets(
    source: Source, documents: tuple[Placed, ...]
) -> tuple[dict[str, _DatasetFile], tuple[Problem, ...]]:
    files: dict[str, _DatasetFile] = {}
    problems: list[Problem] = []
    total = 0
    for placed, dataset in of_kind(documents, Dataset):
        path = dataset_path(placed.file, dataset)
        try:
            data = source.read_bytes(path, MAX_DATASET_BYTES)
        except DocumentError as error:
            problems.extend(placed.problem(("path",), f"{path}: {each.what}", each.remedy) for each in error.problems)
            continue
        total += len(data)
        if len(data) > MAX_DATASET_BYTES or total > _MAX_ALL_DATASETS:
            what = f"{path} is too large: a data set holds at most {MAX_DATASET_BYTES} bytes"
            problems.append(placed.problem(("path",), what, "split it, or draw a sample"))
            continue
        problems.extend(_check_digest(placed, dataset, data))
        items, faults = parse_items(data, printable_path(path))
        problems.extend(faults)
        files[dataset.name] = _DatasetFile(data, len(items))
    return files, tuple(problems)


def dataset_path(file: str, dataset: Dataset) -> str:
    """Give the path of a data set's file from the root of the registry."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(file), dataset.path))


def _check_digest(placed: Placed, dataset: Dataset, data: bytes) -> Iterator[Problem]:
    actual = digest_of_bytes(data)
    if dataset.digest is None and dataset.sealed:
        what = "a sealed data set must give the digest of its file"
        yield placed.problem(("sealed",), what, f"add `digest: {actual}` if this is the file that was sealed")
    if dataset.digest is not None and dataset.digest != actual:
        what = f"the digest is not that of {dataset.path}, which has {actual}"
        remedy = "restore the file" if dataset.sealed else "restore the file, or write the new digest"
        yield placed.problem(("digest",), what, remedy)


def _catalog(source: Source, documents: tuple[Placed, ...], datasets: dict[str, _DatasetFile]) -> Catalog:
    by_field: dict[str, dict[str, object]] = {field: {} for field in _FIELDS.values()}
    for placed in sorted(documents, key=lambda each: (each.kind, each.document.name)):
        if placed.kind in _FIELDS:
            by_field[_FIELDS[placed.kind]][placed.document.name] = placed.document
    positions = {
        f"{placed.kind}/{placed.document.name}": Position(file=placed.file, line=placed.tree.line)
        for placed in documents
    }
    return Catalog.model_validate(
        {
            "commit": source.commit,
            "dirty": source.dirty,
            "organisation": next(document for _, document in of_kind(documents, Organisation)),
            "dataset_digests": {name: digest_of_bytes(file.data) for name, file in sorted(datasets.items())},
            "dataset_sizes": {name: file.items for name, file in sorted(datasets.items())},
            "positions": dict(sorted(positions.items())),
            **by_field,
        }
    )
