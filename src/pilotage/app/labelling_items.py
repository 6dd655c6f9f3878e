"""One person writes what the items of a data set should be answered with; and what several people agree on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from pilotage.app.platform import Platform
from pilotage.core.canonical import Json, canonical_json, digest_of_bytes
from pilotage.core.errors import EvidenceError, UsageError
from pilotage.core.statistics.agreement import LabellerAgreement, assess_labellers
from pilotage.evaluation.dataset import read_items
from pilotage.evaluation.labels.expected_file import ItemLabel, LabelFile, merge_labels, plan_items, render_items
from pilotage.evaluation.labels.past_runs import read_item_records
from pilotage.registry.catalog import Catalog
from pilotage.registry.items import Item
from pilotage.registry.load import dataset_path

MOST_CHOICES = 9
"""Values that a single number key can stand for."""
DATA_SET = "the data set"
"""The name of the opinion that the data set's own expected values are."""


@dataclass(frozen=True, slots=True)
class PairAgreement:
    """How far two opinions on the items of a data set agree.

    Attributes:
        first: handle of a labeller, or `the data set`.
        second: likewise.
        agreement: on the items that both labelled.
    """

    first: str
    second: str
    agreement: LabellerAgreement


@dataclass(frozen=True, slots=True)
class Merged:
    """What came of several people's labels.

    Attributes:
        path: the new data set's file.
        digest: its digest.
        items: items in it: those on which all who labelled them agree, two at least.
        contested: items that were labelled differently.
        pairs: how far each two opinions agree.
    """

    path: Path
    digest: str
    items: int
    contested: int
    pairs: tuple[PairAgreement, ...]


class ItemLabelling:
    """A labeller's turn; each value is on disk when it is given, so that a turn can end at any moment."""

    def __init__(self, platform: Platform, dataset: str, *, labeller: str, second: bool) -> None:
        """Find the data set, and the file of what this person wrote already.

        Args:
            platform: the installation.
            dataset: name of the data set.
            labeller: the handle of who labels.
            second: ask also for items that the data set has an expected value for.

        Raises:
            UsageError: there is no such data set.
            EvidenceError: the person's file holds what is no label.
        """
        loaded = platform.load_registry()
        catalog = loaded.catalog
        file = require_file(platform, catalog, dataset)
        self._platform = platform
        self._second = second
        self._items = tuple(read_items(loaded.datasets[dataset]))
        self._file = LabelFile(file.with_name(f"{file.stem}.labels-{labeller}.jsonl"))
        evaluations = [each.name for each in catalog.evaluations.values() if each.dataset == dataset]
        self._records = read_item_records(platform.engine, evaluations)

    @property
    def path(self) -> Path:
        """The person's file."""
        return self._file.path

    @property
    def labelled(self) -> int:
        """Items that this person labelled so far."""
        return len(self._file.labels)

    def plan_queue(self) -> tuple[Item, ...]:
        """Give the items that wait for this person; an expected value that they have is not shown."""
        return plan_items(self._items, self._file.labels, self._records, second=self._second)

    def choices(self) -> tuple[Json, ...]:
        """Give the values seen so far that number keys stand for, in the order of their first appearance.

        A value that the data set expects only once is left out: it could be that of the very item that is shown.
        """
        declared = Counter(_text(item.expected) for item in self._items if item.expected is not None)
        values = [item.expected for item in self._items if declared[_text(item.expected)] > 1]
        values += [label.expected for label in self._file.labels.values()]
        return tuple({_text(value): value for value in values}.values())[:MOST_CHOICES]

    def give(self, item: str, expected: Json) -> None:
        """Keep what this person expects as the answer to an item."""
        self._file.append(ItemLabel(item, expected, self._platform.clock()))

    def take_back(self) -> str:
        """Take the last value back, and give its item."""
        return self._file.drop_last()


def merge_opinions(platform: Platform, dataset: str, *, force: bool) -> Merged:
    """Compare what people wrote for a data set, and write the items on which they agree as a new data set's file.

    The data set's own expected values are one opinion. Nothing is declared: a new Dataset document is for its owner to
    write.

    Args:
        platform: the installation.
        dataset: name of the data set.
        force: write over a file that an earlier merge left.

    Raises:
        UsageError: there is no such data set, or the file is there already.
        EvidenceError: fewer than two opinions, no item on which two agree, or a file that holds what is no label.
    """
    loaded = platform.load_registry()
    file = require_file(platform, loaded.catalog, dataset)
    items = read_items(loaded.datasets[dataset])
    opinions = _read_opinions(file, items)
    pairs = tuple(_compare(opinions, first, second) for first, second in combinations(sorted(opinions), 2))
    pairs = tuple(pair for pair in pairs if pair is not None)
    if not pairs:
        message = f"no two people labelled the same items of {dataset!r}"
        raise EvidenceError(message, f"let a second person run `pilotage label --dataset {dataset} --by HANDLE`")
    agreed = merge_labels(items, tuple(opinions.values()))
    twice = sum(sum(item.id in opinion for opinion in opinions.values()) > 1 for item in items)
    data = render_items(agreed)
    path = file.with_name(f"{file.stem}.agreed.jsonl")
    if path.exists() and not force:
        raise UsageError(f"{path} is there already", "move it away, or add --force to write over it")
    path.write_bytes(data)
    return Merged(path, digest_of_bytes(data), len(agreed), twice - len(agreed), pairs)


def require_file(platform: Platform, catalog: Catalog, dataset: str) -> Path:
    """Give the file of a data set in the working tree.

    Raises:
        UsageError: there is no such data set.
    """
    if dataset not in catalog.datasets:
        known = ", ".join(sorted(catalog.datasets)) or "none"
        raise UsageError(f"there is no data set {dataset!r}", f"the registry declares: {known}")
    place = catalog.positions[f"Dataset/{dataset}"].file
    return platform.config.registry / dataset_path(place, catalog.datasets[dataset])


def _read_opinions(file: Path, items: Sequence[Item]) -> dict[str, dict[str, Json]]:
    opinions: dict[str, dict[str, Json]] = {}
    prefix = f"{file.stem}.labels-"
    for path in sorted(file.parent.glob("*.jsonl")):
        if path.name.startswith(prefix):
            handle = path.stem.removeprefix(prefix)
            opinions[handle] = {label.item: label.expected for label in LabelFile(path).labels.values()}
    own = {item.id: item.expected for item in items if item.expected is not None}
    return opinions | ({DATA_SET: own} if own else {})


def _compare(opinions: dict[str, dict[str, Json]], first: str, second: str) -> PairAgreement | None:
    both = opinions[first].keys() & opinions[second].keys()
    pairs = [(_text(opinions[first][item]), _text(opinions[second][item])) for item in sorted(both)]
    return PairAgreement(first, second, assess_labellers(pairs)) if pairs else None


def _text(value: Json) -> str:
    return canonical_json(value).decode()
