"""Reference pages are what the code says, and they say all of it."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from pilotage.config import SETTINGS
from pilotage.gateway.rules import RULES
from pilotage.ledger.records.kinds import BODIES
from pilotage.registry.shapes import KINDS

SAYS_ENOUGH = {"by", "closes", "currency", "kind", "name", "opens", "source", "title", "type"}
"""Fields whose name, with what they take, says all: tags that choose a shape, names, hours, a currency."""


@pytest.fixture(scope="module")
def generator(pytestconfig: pytest.Config) -> ModuleType:
    """Give the script that makes the pages."""
    spec = importlib.util.spec_from_file_location("generate", pytestconfig.rootpath / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses and pydantic look a module up by its name
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def pages(generator: ModuleType) -> dict[str, str]:
    """Give the pages as the code makes them now."""
    return generator.generate_pages()


def test_pages_are_current(generator: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    """The pages in docs/reference are what the code makes; `make docs` writes them."""
    code = generator.main(["--check"])

    assert "" == capsys.readouterr().err
    assert 0 == code


def test_check_names_the_stale_page(
    generator: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--check` says which page differs, ends with 1 and writes nothing; without it the page is written."""
    monkeypatch.setattr(generator, "REFERENCE", tmp_path)
    assert 0 == generator.main([])
    (tmp_path / "settings.md").write_text("old")
    capsys.readouterr()

    assert 1 == generator.main(["--check"])
    assert "docs/reference/settings.md is stale; run: make docs\n" == capsys.readouterr().err
    assert "old" == (tmp_path / "settings.md").read_text()


@pytest.mark.parametrize("setting", [setting.variable for setting in SETTINGS])
def test_settings_are_documented(setting: str, pages: dict[str, str]) -> None:
    """Every setting stands in the page of settings, with its variable."""
    assert f"| `{setting}` |" in pages["settings.md"]


def test_settings_have_help() -> None:
    """Every setting says what it does, in a sentence."""
    assert [] == [setting.name for setting in SETTINGS if not setting.help.endswith(".")]


def test_commands_are_documented(generator: ModuleType, pages: dict[str, str]) -> None:
    """Every command has a heading, an example and a meaning for each option."""
    found = generator.commands()

    assert len(found) >= 15
    for name, command in found:
        section = section_of(pages["cli.md"], name)
        assert "Example: `pilotage" in section or "Example: `PILOTAGE_" in section, name
        assert [] == [param.name for param in command.params if not getattr(param, "help", "")], name


@pytest.mark.parametrize("kind", KINDS)
def test_fields_of_kinds_are_documented(kind: str, generator: ModuleType, pages: dict[str, str]) -> None:
    """Every field of every kind, and of the pieces it holds, stands in the page and says what it means."""
    silent: list[str] = []
    for model in [KINDS[kind], *generator.parts_of(KINDS[kind])]:
        section = section_of(pages["kinds.md"], model.__name__)
        for name, info in model.model_fields.items():
            assert f"| `{info.alias or name}` |" in section
            if not generator.meaning_of(model, name) and name not in SAYS_ENOUGH:
                silent.append(f"{model.__name__}.{name}")

    assert [] == silent


@pytest.mark.parametrize("name", [body.__name__ for body in BODIES])
def test_records_are_documented(name: str, pages: dict[str, str]) -> None:
    """Every record has a heading and its predicate type."""
    assert "predicate type `https://" in section_of(pages["records.md"], name)


@pytest.mark.parametrize("rule", [rule.name for rule in RULES])
def test_refusals_are_documented(rule: str, pages: dict[str, str]) -> None:
    """Every rule by which the gateway refuses stands in the page of errors."""
    assert f"| `{rule}` |" in pages["errors.md"]


def section_of(page: str, heading: str) -> str:
    """Give what stands between a heading and the next one."""
    _, found, rest = page.partition(f"# {heading}\n")
    assert found, f"there is no heading {heading}"
    return rest.partition("\n#")[0]
