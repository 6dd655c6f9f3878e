"""Loading gives one consistent catalog, or every problem of every file at once; and never anything else."""

import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pilotage.core.canonical import digest_of_bytes
from pilotage.core.errors import DocumentError, Problem
from pilotage.registry import load as module
from pilotage.registry.catalog import Catalog
from pilotage.registry.configuration import plan_configuration
from pilotage.registry.items import MAX_BYTES as MAX_DATASET_BYTES
from pilotage.registry.load import load_registry, shipped_defaults
from pilotage.registry.source import MemorySource

Find = Callable[..., tuple[Problem, ...]]


def test_a_sound_registry_loads(files: dict[str, str], defaults: MemorySource) -> None:
    """The catalog holds every document by kind and name, with its place, and the data sets' bytes come beside it."""
    loaded = load_registry(MemorySource(files, commit="abc", dirty=True), defaults)
    catalog = loaded.catalog
    assert (catalog.commit, catalog.dirty, catalog.organisation.name) == ("abc", True, "example")
    assert (set(catalog.teams), set(catalog.routes), set(catalog.use_cases)) == (
        {"claims", "platform"},
        {"triage"},
        {"triage"},
    )
    assert catalog.dataset_sizes == {"triage-items": 2}
    assert loaded.datasets["triage-items"] == files["claims/items.jsonl"].encode()
    assert catalog.dataset_digests["triage-items"] == digest_of_bytes(loaded.datasets["triage-items"])
    place = catalog.positions["Route/triage"]
    assert (place.file, place.line) == ("claims/triage.yaml", 10)


def test_scales_and_tiers_are_shipped(files: dict[str, str]) -> None:
    """A registry needs none of its own: one scale an axis and at least one tier come with Pilotage."""
    catalog = load_registry(MemorySource(files)).catalog
    assert set(catalog.scales_by_axis()) == {"TRL", "IRL", "HRL"}
    assert catalog.risk_tiers


def test_a_document_of_the_registry_takes_the_place_of_a_shipped_one(
    files: dict[str, str], defaults: MemorySource
) -> None:
    """Same kind and name: the organisation's own holds."""
    tier = "kind: RiskTier\nversion: 1\nname: low\nrank: 1\nstages: {}\npermit_days: 5\n"
    catalog = load_registry(MemorySource(files | {"tier.yaml": tier}), defaults).catalog
    assert catalog.risk_tiers["low"].permit_days == 5
    assert catalog.positions["RiskTier/low"].file == "tier.yaml"


def test_the_shipped_documents_are_free_of_problems() -> None:
    """Pilotage's own scales and tiers load as anybody's documents do."""
    read = module._read_documents(shipped_defaults(), shipped=True)
    assert read.problems == ()
    assert all(placed.shipped for placed in read.documents)


def test_every_problem_of_every_file_comes_at_once(files: dict[str, str], defaults: MemorySource) -> None:
    """Syntax, shape, references, data and secrets are reported together, each once, by file and line."""
    files["claims/triage.yaml"] = files["claims/triage.yaml"].replace("owner: claims", "owner: claim")
    files["models.yaml"] = files["models.yaml"].replace("name: chat\n", "name: chat\nregoin: eu\n")
    files["claims/items.jsonl"] += '{"id": "a", "input": "again"}\n'
    files["broken.yaml"] = "a: [\n"
    files["secret.yaml"] = "# AKIA" + "ABCDEFGHIJ234567\n"
    with pytest.raises(DocumentError) as caught:
        load_registry(MemorySource(files), defaults)
    places = [(problem.file, problem.line) for problem in caught.value.problems]
    assert places == [
        ("broken.yaml", 1),
        ("claims/items.jsonl", 3),
        ("claims/triage.yaml", 5),
        ("models.yaml", 4),
        ("secret.yaml", 1),
    ]
    assert all(problem.what and problem.remedy for problem in caught.value.problems)


def test_a_faulty_document_does_not_leave_references_dangling(problems: Find) -> None:
    """A model that cannot be read is reported as that, and not as missing too."""
    found = problems("upstream_model: chat-2026-01-01", "upstream_model: [1]")
    assert [(problem.file, problem.line) for problem in found] == [("models.yaml", 5)]


def test_an_empty_file_is_half_written(problems: Find) -> None:
    """A file of no bytes is what a crash leaves behind."""
    assert [problem.what for problem in problems(**{"x.yaml": b""})] == ["the file is empty"]


@pytest.mark.parametrize(
    ("path", "data"),
    [("x.yaml", b"\x89PNG\x00"), ("x.yml", b"\xff\xfe"), ("x.yaml", b"x" * 1_048_577), ("a\nb.yaml", b"- 1\n")],
)
def test_hostile_files_are_problems(problems: Find, path: str, data: bytes) -> None:
    """Binary, oversized and oddly named files are reported on one printable line."""
    found = problems(**{path: data})
    assert len(found) == 1
    assert str(found[0]).isprintable()


def test_files_that_are_no_documents_are_left_alone(problems: Find) -> None:
    """Anything but .yaml and .yml is none of the registry's business."""
    assert problems(**{"README.md": b"\x00\xff", "x.json": b"{", "y.yaml.bak": b"["}) == ()


def test_documents_together_are_bounded(problems: Find, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder full of YAML that is no registry is refused without parsing it all."""
    monkeypatch.setattr(module, "MAX_TOTAL_BYTES", 100)
    assert any("together hold more than" in problem.what for problem in problems())


class TestDatasets:
    """The file of a Dataset."""

    def test_a_missing_file_is_reported_where_it_is_named(self, problems: Find) -> None:
        """The document is at fault, at its path."""
        (found,) = problems("path: items.jsonl", "path: absent.jsonl")
        assert (found.file, found.line) == ("claims/triage.yaml", 21)
        assert "claims/absent.jsonl: the file does not exist" in found.what

    def test_a_faulty_line_is_reported_in_its_file(self, problems: Find) -> None:
        """A half-written data set is at fault itself, at its line."""
        (found,) = problems('{"id": "b", "input": "My roof."}\n', '{"id": "b", "inp')
        assert (found.file, found.line, "cut off" in found.what) == ("claims/items.jsonl", 2, True)

    def test_sealed_data_need_their_digest(self, problems: Find, files: dict[str, str]) -> None:
        """A sealed data set without a digest is refused; the remedy gives the digest of the file as it is."""
        (found,) = problems("path: items.jsonl", "path: items.jsonl\nsealed: true")
        digest = digest_of_bytes(files["claims/items.jsonl"].encode())
        assert (found.line, digest in found.remedy) == (22, True)
        assert problems("path: items.jsonl", f"path: items.jsonl\nsealed: true\ndigest: {digest}") == ()

    def test_a_digest_must_be_that_of_the_file(self, problems: Find) -> None:
        """Data that were changed after they were sealed are refused."""
        (found,) = problems("path: items.jsonl", f"path: items.jsonl\nsealed: true\ndigest: sha256:{'0' * 64}")
        assert (found.line, found.remedy) == (23, "restore the file")

    def test_an_oversized_file_is_refused(self, problems: Find) -> None:
        """Nothing above the limit is kept in memory."""
        found = problems("path: items.jsonl", "path: big.jsonl", **{"claims/big.jsonl": b"x" * (MAX_DATASET_BYTES + 1)})
        assert [problem.line for problem in found] == [21]


def _shuffled(files: dict[str, str], seed: int) -> dict[str, str]:
    """Spread the documents over other files, in another order."""
    order = random.Random(seed)
    documents = [each for path, text in files.items() if path.endswith(".yaml") for each in text.split("---\n")]
    order.shuffle(documents)
    spread: dict[str, str] = {path: text for path, text in files.items() if not path.endswith(".yaml")}
    for document in documents:
        # The data set's path is relative to its folder, so documents stay in that folder.
        path = f"claims/{order.randrange(4)}.yaml"
        spread[path] = f"{spread[path]}---\n{document}" if path in spread else document
    return spread


@given(seed=st.integers(0, 2**32))
@settings(max_examples=10)
def test_neither_files_nor_order_matter(sound_files: dict[str, str], defaults: MemorySource, seed: int) -> None:
    """Documents may stand in any file in any order: the catalog is the same but for the places."""
    usual = load_registry(MemorySource(sound_files), defaults).catalog
    other = load_registry(MemorySource(_shuffled(sound_files, seed)), defaults).catalog
    assert other.digest == usual.digest
    assert other.model_copy(update={"positions": usual.positions}) == usual


@given(data=st.data())
@settings(max_examples=60)
def test_mutated_registries_load_or_tell_their_problems(
    sound_files: dict[str, str], defaults: MemorySource, data: st.DataObject
) -> None:
    """Whatever single piece is cut, doubled or replaced, the outcome is a catalog or a DocumentError."""
    files: dict[str, bytes] = {path: text.encode() for path, text in sound_files.items()}
    path = data.draw(st.sampled_from(sorted(files)))
    content = files[path]
    start = data.draw(st.integers(0, len(content)))
    end = data.draw(st.integers(start, min(len(content), start + 30)))
    noise = data.draw(
        st.binary(max_size=8) | st.sampled_from([b"---\n", b": ", b"- ", b"*a", b"&a ", b"null", b"1e999", b"[", b"\t"])
    )
    files[path] = content[:start] + noise + content[end:]
    try:
        catalog = load_registry(MemorySource(files), defaults).catalog
    except DocumentError as error:
        problems = error.problems
    else:
        problems = ()
        assert Catalog.model_validate_json(catalog.model_dump_json(by_alias=True)) == catalog
        assert plan_configuration(catalog, next(iter(catalog.use_cases))).root
    assert all(problem.what and problem.remedy and problem.file for problem in problems)


@given(st.dictionaries(st.sampled_from(["a.yaml", "b.yml", "c/d.yaml", "e.jsonl"]), st.binary(max_size=200)))
def test_random_bytes_are_problems(files: dict[str, bytes]) -> None:
    """Files of random bytes never raise anything but DocumentError."""
    with pytest.raises(DocumentError):
        load_registry(MemorySource(files), MemorySource({}))
