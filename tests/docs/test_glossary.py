"""One word per idea: whatever kinds, records, commands, addresses and tables are called stands in the glossary."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

import pytest
from starlette.routing import Route
from typer.main import get_command

from pilotage.cli.main import app
from pilotage.gateway import application as gateway
from pilotage.ledger.records.kinds import BODIES
from pilotage.portal import application as portal
from pilotage.portal.pages.glossary import WORDS
from pilotage.registry.shapes import KINDS
from pilotage.storage.tables import METADATA

MECHANICS = {"v1", "static", "glossary", "styleguide"}
"""Parts of addresses that name no idea: a version, files, and two pages about the pages."""
IDEAS = (
    *("Assessment", "Attestation", "Audience", "Candidate", "Catalog", "Claim", "Configuration digest", "Criterion"),
    *("Decision", "Error budget", "Estimate", "Evidence", "Gate", "Measurement", "Mode", "Permit", "Purgatory"),
    *("Release", "Route", "Scale", "Stage", "Steward", "UseCase", "Waiver"),
)
ENTRY = re.compile(r"^## (?P<word>.+)\n\n(?P<meaning>.+)$", re.MULTILINE)


@pytest.fixture(scope="module")
def entries(pytestconfig: pytest.Config) -> dict[str, str]:
    """Give the glossary: word -> meaning, in the order of the page."""
    text = (pytestconfig.rootpath / "docs" / "glossary.md").read_text(encoding="utf-8")
    return {entry["word"]: entry["meaning"] for entry in ENTRY.finditer(text)}


@pytest.fixture(scope="module")
def known(entries: dict[str, str]) -> set[str]:
    """Give every word of the glossary and every other form that it names."""
    others = [re.findall(r"`([^`]+)`", meaning.partition(" Also ")[2]) for meaning in entries.values()]
    return {normalise(word) for word in [*entries, *(form for forms in others for form in forms)]}


def normalise(word: str) -> str:
    """Bring a word of code or prose to one form: lower case, spaces, singular."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])|[_-]", " ", word).lower()
    return " ".join(re.sub(r"(?<=\w{3}[^s])s$", "", part) for part in spaced.split())


def test_forms_of_a_word_are_one() -> None:
    """A class, a table, an address and a heading are the same word."""
    assert {"use case"} == {normalise(word) for word in ("UseCase", "use_case", "use-cases", "Use case")}


@pytest.mark.parametrize("kind", KINDS)
def test_kinds_are_explained(kind: str, known: set[str]) -> None:
    """The kind in a document is the name of its class, and stands in the glossary."""
    assert kind == KINDS[kind].__name__
    assert normalise(kind) in known


@pytest.mark.parametrize("name", [body.record_name for body in BODIES])
def test_records_are_explained(name: str, known: set[str]) -> None:
    """The name of each record stands in the glossary."""
    assert normalise(name) in known


@pytest.mark.parametrize("name", METADATA.tables)
def test_tables_are_explained(name: str, known: set[str]) -> None:
    """The name of each table stands in the glossary."""
    assert normalise(name) in known


def commands() -> Iterator[str]:
    """Give the name of every command and group of commands."""
    waiting = [get_command(app)]
    while waiting:
        for name, command in getattr(waiting.pop(), "commands", {}).items():
            waiting.append(command)
            yield name


@pytest.mark.parametrize("name", sorted(set(commands())))
def test_commands_are_explained(name: str, known: set[str]) -> None:
    """The name of each command stands in the glossary, beside the idea that it acts on."""
    assert normalise(name) in known


def addresses() -> Iterator[str]:
    """Give every address that the gateway and the portal serve."""
    yield from [*gateway.SURFACES, gateway.MODELS, gateway.HEALTH, gateway.READY]
    yield from portal_addresses()


def portal_addresses() -> list[str]:
    """Give the addresses in the portal's list of routes."""
    return re.findall(rf'{Route.__name__}\("([^"]+)"', inspect.getsource(portal))


@pytest.mark.parametrize("address", list(addresses()))
def test_addresses_are_explained(address: str, known: set[str]) -> None:
    """Each noun of an address stands in the glossary."""
    nouns = {normalise(part) for part in address.split("/") if part and "{" not in part and part not in MECHANICS}

    assert set() == nouns - known


def test_portal_has_addresses() -> None:
    """The addresses of the portal are found where they stand."""
    assert "/use-cases/{name}" in portal_addresses()


@pytest.mark.parametrize("word", IDEAS)
def test_ideas_are_explained(word: str, known: set[str]) -> None:
    """Each idea of the design stands in the glossary."""
    assert normalise(word) in known


@pytest.mark.parametrize("word", [entry.word for entry in WORDS])
def test_pages_use_no_other_word(word: str, known: set[str]) -> None:
    """Each word that the portal explains stands in the glossary too."""
    assert normalise(word) in known


def test_glossary_is_in_order(entries: dict[str, str]) -> None:
    """Words stand in alphabetical order, each once."""
    words = [word.lower() for word in entries]

    assert words
    assert sorted(set(words)) == words


def test_meanings_are_one_sentence(entries: dict[str, str]) -> None:
    """Each meaning is one sentence, which ends."""
    meanings = {word: meaning.partition(" Also ")[0] for word, meaning in entries.items()}

    assert {} == {word: text for word, text in meanings.items() if not re.fullmatch(r"[^.]+\.", text)}
