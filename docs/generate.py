"""Write the reference pages from the code: `python docs/generate.py`, or `--check` to see whether they are current.

A page that is written by hand drifts from what it describes. These are read off the commands, the settings, the
document kinds, the record bodies and the gateway's rules, so that they cannot.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import inspect
import pkgutil
import sys
import textwrap
import types
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt, MaxLen, MinLen
from pydantic import AwareDatetime, BaseModel
from pydantic.fields import FieldInfo
from typer.main import get_command

import pilotage.core.errors
import pilotage.registry.kinds
from pilotage.cli.main import app
from pilotage.config import SETTINGS
from pilotage.gateway.rules import RULES
from pilotage.ledger.records.kinds import BODIES
from pilotage.registry.shapes import KINDS

REFERENCE = Path(__file__).resolve().parent / "reference"
PROGRAM = "pilotage"
NOTE = "<!-- Made by docs/generate.py; change the code, then run `make docs`. -->"
EXIT_CODES = (
    ("0", "Done. For `assess`: the target stage is reached."),
    ("1", "Something is broken; the message says what was wrong and how to mend it."),
    ("2", "The command, an option or a setting was wrong."),
    ("3", "`assess` worked, and the target stage is not reached yet."),
)
WORDS_OF_TYPES: dict[object, str] = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "`true` or `false`",
    Decimal: "a decimal number, as text",
    Any: "any value",
    Path: "a path",
    AwareDatetime: "a moment, RFC 3339 in UTC",
}


def main(arguments: list[str]) -> int:
    """Write the pages, or with `--check` only name those that differ; returns the exit code."""
    parser = argparse.ArgumentParser(description="Write the reference pages from the code.")
    parser.add_argument("--check", action="store_true", help="change nothing; end with 1 where a page is stale")
    check = bool(parser.parse_args(arguments).check)
    stale = [name for name, text in generate_pages().items() if read_page(name) != text]
    for name in stale:
        if check:
            print(f"docs/reference/{name} is stale; run: make docs", file=sys.stderr)
        else:
            REFERENCE.mkdir(exist_ok=True)
            (REFERENCE / name).write_text(generate_pages()[name], encoding="utf-8")
            print(f"docs/reference/{name} is written")
    return 1 if check and stale else 0


def read_page(name: str) -> str:
    """Give a page as it stands on the disk; empty where it is missing."""
    path = REFERENCE / name
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def generate_pages() -> dict[str, str]:
    """Give every page by its file name."""
    makers: dict[str, Callable[[], Iterator[str]]] = {
        "cli.md": cli_page,
        "settings.md": settings_page,
        "kinds.md": kinds_page,
        "records.md": records_page,
        "errors.md": errors_page,
    }
    return {name: "\n\n".join([NOTE, *make()]) + "\n" for name, make in makers.items()}


def table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """Write a Markdown table."""
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


# Commands


def cli_page() -> Iterator[str]:
    """Describe every command with its arguments, options and example."""
    yield "# Commands"
    yield (
        "`pilotage COMMAND --help` says the same at the terminal. Options win over [settings](settings.md), and a"
        " command that takes `--json` prints one JSON document on standard output, and everything else on standard"
        " error."
    )
    yield table(("exit code", "meaning"), [(f"`{code}`", meaning) for code, meaning in EXIT_CODES])
    for name, command in commands():
        yield from _describe_command(name, command)


def commands() -> list[tuple[str, Any]]:
    """Give every command by its full name, such as `key create`; groups only hold commands and are left out."""
    return list(_leaves("", get_command(app)))


def _leaves(path: str, command: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - Typer's own copy of click has no public types
    inner: dict[str, Any] | None = getattr(command, "commands", None)
    if inner is None:
        yield path, command
        return
    for name, child in inner.items():
        yield from _leaves(f"{path} {name}".strip(), child)


def _describe_command(name: str, command: Any) -> Iterator[str]:  # noqa: ANN401 - as above
    yield f"## {name}"
    params: list[Any] = [param for param in command.params if param.name != "help" and not param.hidden]
    given = [param for param in params if param.param_type_name == "argument"]
    words = [param.name.upper() if param.required else f"[{param.name.upper()}]" for param in given]
    options = ["[OPTIONS]"] if len(given) < len(params) else []
    text = inspect.cleandoc(command.help or "")
    before, _, after = text.partition("Example: ")
    example, _, rest = after.partition("\n")
    yield before.strip()
    yield "```text\n" + " ".join([PROGRAM, name, *options, *words]) + "\n```"
    if example:
        yield f"Example: `{example.strip()}`"
    if rest.strip():
        yield rest.strip()
    if params:
        rows = [(_name_of(param), _taken_by(param), _default_of(param), param.help or "") for param in params]
        yield table(("argument or option", "takes", "default", "meaning"), rows)


def _name_of(param: Any) -> str:  # noqa: ANN401 - as above
    if param.param_type_name == "argument":
        return f"`{param.name.upper()}`"
    return ", ".join(f"`{spelling}`" for spelling in [*param.opts, *param.secondary_opts])


def _taken_by(param: Any) -> str:  # noqa: ANN401 - as above
    if getattr(param, "is_flag", False):
        return ""
    annotation: object = param.type_descriptor.annotation
    several = param.multiple or param.nargs != 1
    words = plain_words(get_args(annotation)[0] if several else annotation)
    bounds = [("at least", param.min), ("at most", param.max)]
    limits = [f"{which} {bound:,}" for which, bound in bounds if bound is not None]
    return ", ".join([words, *limits, *(["may be given several times"] if several else [])])


def _default_of(param: Any) -> str:  # noqa: ANN401 - as above
    if param.required:
        return "required"
    value = param.default
    if getattr(param, "is_flag", False) or value is None or callable(value) or value in ("", (), []):
        return ""
    return f"`{value}`"


# Settings


def settings_page() -> Iterator[str]:
    """List every setting."""
    yield "# Settings"
    yield (
        "Settings are environment variables, read once when a command starts. An empty variable counts as not set, and"
        " an option of the command line wins."
    )
    rows = [(f"`{each.variable}`", f"`{each.default}`" if each.default else "empty", each.help) for each in SETTINGS]
    yield table(("variable", "default", "meaning"), rows)


# Kinds of documents


def kinds_page() -> Iterator[str]:
    """Describe every kind, field by field, and the pieces that it holds."""
    yield "# Kinds of documents"
    yield (
        "What an organisation declares stands in YAML files of one folder, several documents in a file where that reads"
        " better. Unknown keys are refused. Fields that are left out have the default; a field without one is optional"
        " and counts as not declared. `pilotage schema` gives the same to editors, as JSON Schemas."
    )
    yield "\n".join(f"- [{kind}](#{kind.lower()})" for kind in KINDS)
    told: set[type[BaseModel]] = set()
    for kind in KINDS.values():
        yield f"## {kind.__name__}"
        yield inspect.getdoc(kind) or ""
        yield _fields_table(kind)
        for part in parts_of(kind):
            if part not in told:
                told.add(part)
                yield f"### {part.__name__}"
                yield inspect.getdoc(part) or ""
                yield _fields_table(part)


def parts_of(model: type[BaseModel]) -> list[type[BaseModel]]:
    """Give the pieces that a model's fields hold, outermost first, each once."""
    found: dict[type[BaseModel], None] = {}
    waiting = [model]
    while waiting:
        for info in waiting.pop(0).model_fields.values():
            for part in _models_in(info.annotation):
                if part not in found:
                    found[part] = None
                    waiting.append(part)
    return list(found)


def _models_in(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models_in(inner)


def _fields_table(model: type[BaseModel]) -> str:
    rows = [
        (f"`{info.alias or name}`", reads(info), default_of(info), meaning_of(model, name))
        for name, info in model.model_fields.items()
    ]
    return table(("field", "takes", "default", "meaning"), rows)


def meaning_of(model: type[BaseModel], name: str) -> str:
    """Give what a field means: its own description, or else the text that stands below it in the code."""
    info = model.model_fields[name]
    if info.description and info.description not in type_descriptions():
        return info.description
    for owner in model.__mro__:
        if issubclass(owner, BaseModel) and name in vars(owner).get("__annotations__", {}):
            return attribute_texts(owner).get(name, "")
    return ""


def type_descriptions() -> frozenset[str]:
    """Give the descriptions that belong to shared types, such as `Name`, and therefore say nothing of a field."""
    found: set[str] = set()
    for module in pkgutil.iter_modules(pilotage.registry.kinds.__path__):
        names = vars(importlib.import_module(f"{pilotage.registry.kinds.__name__}.{module.name}")).values()
        for value in names:
            if get_origin(value) is Annotated:
                found |= {
                    part.description for part in get_args(value) if isinstance(part, FieldInfo) and part.description
                }
    return frozenset(found)


def attribute_texts(model: type[BaseModel]) -> dict[str, str]:
    """Give the strings that stand below the fields of a class, by field."""
    body = ast.parse(textwrap.dedent(inspect.getsource(model))).body[0]
    if not isinstance(body, ast.ClassDef):
        return {}
    return {
        line.target.id: inspect.cleandoc(below.value.value)
        for line, below in zip(body.body, body.body[1:], strict=False)
        if isinstance(line, ast.AnnAssign)
        and isinstance(line.target, ast.Name)
        and isinstance(below, ast.Expr)
        and isinstance(below.value, ast.Constant)
        and isinstance(below.value.value, str)
    }


def default_of(info: FieldInfo) -> str:
    """Give a field's default in words; empty where leaving it out means not declared."""
    if info.is_required():
        return "required"
    value = info.default
    if value is None or value == ():
        return ""
    if isinstance(value, BaseModel):
        simple = {name: getattr(value, name) for name in type(value).model_fields}
        ends = [f"{name}: {number:g}" for name, number in simple.items() if isinstance(number, (int, float))]
        return f"`{{{', '.join(ends)}}}`" if len(ends) == len(simple) else "its own defaults"
    if isinstance(value, tuple):
        return f"`[{', '.join(map(str, value))}]`"  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType] - of whatever
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def reads(info: FieldInfo) -> str:
    """Say in plain words what a field takes."""
    extra: object = info.json_schema_extra
    words = cast("dict[str, object]", extra).get("x-reads") if isinstance(extra, dict) else None
    if words:
        return str(words)
    return _bounded(plain_words(info.annotation), info.metadata)


def plain_words(annotation: object) -> str:  # noqa: PLR0911 - one return for each form of type
    """Say in plain words what a type holds."""
    if annotation in WORDS_OF_TYPES:
        return WORDS_OF_TYPES[annotation]
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return reads(FieldInfo.from_annotation(annotation))  # pyright: ignore[reportArgumentType] - any annotation will do
    if origin is Literal:
        return " or ".join(f"`{value}`" for value in inner)
    if origin in {Union, types.UnionType}:
        return ", or ".join(plain_words(part) for part in inner if part is not type(None))
    if origin is tuple:
        return f"a list: {plain_words(inner[0])}"
    if origin is dict:
        return f"a mapping from {plain_words(inner[0])} to {plain_words(inner[1])}"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return f"[{annotation.__name__}](#{annotation.__name__.lower()})"
    raise TypeError(f"there are no words for the type {annotation!r}; add them to WORDS_OF_TYPES")


def _bounded(words: str, metadata: list[Any]) -> str:
    limits: list[str] = []
    for bound in metadata:
        match bound:
            case Ge(ge=least):
                limits.append(f"at least {least:,}")
            case Gt(gt=least):
                limits.append(f"above {least:,}")
            case Le(le=most):
                limits.append(f"at most {most:,}")
            case Lt(lt=most):
                limits.append(f"below {most:,}")
            case MaxLen(max_length=most):
                limits.append(f"at most {most:,} characters")
            case MinLen(min_length=least) if least > 1:
                limits.append(f"at least {least:,} characters")
            case _:
                pattern = getattr(bound, "pattern", None)
                limits += ["`sha256:` and 64 hexadecimal digits"] if pattern == r"^sha256:[0-9a-f]{64}$" else []
    return ", ".join([words, *limits])


# Records of the ledger


def records_page() -> Iterator[str]:
    """Describe the body of every record."""
    yield "# Records"
    yield (
        "The ledger holds these records, each signed and chained to the one before it. A record holds digests, numbers"
        " and pseudonyms, never content or names. A shape that was stored once stays readable for ever: a change makes"
        " a new version of the predicate type, beside the old one."
    )
    yield "\n".join(f"- [{body.__name__}](#{body.__name__.lower()})" for body in BODIES)
    told: set[type[BaseModel]] = set()
    for body in BODIES:
        yield f"## {body.__name__}"
        yield inspect.getdoc(body) or ""
        yield f"Record name `{body.record_name}`, predicate type `{body.predicate_type()}`."
        yield _record_table(body)
        for part in parts_of(body):
            if part not in told:
                told.add(part)
                yield f"### {part.__name__}"
                yield inspect.getdoc(part) or ""
                yield _record_table(part)


def _record_table(model: type[BaseModel]) -> str:
    rows = [
        (
            f"`{name}`",
            reads(info) + (", or null" if type(None) in get_args(info.annotation) else ""),
            meaning_of(model, name),
        )
        for name, info in model.model_fields.items()
    ]
    return table(("field", "holds", "meaning"), rows)


# Errors


def errors_page() -> Iterator[str]:
    """Describe the tree of errors and every rule by which the gateway refuses."""
    yield "# Errors"
    yield (
        inspect.cleandoc(pilotage.core.errors.__doc__ or "")
        .replace("\n    ", "\n")
        .replace("\nPilotageError", "\n```text\nPilotageError")
        .replace("\n\nEvery message", "\n```\n\nEvery message")
    )
    yield "## Refusals of the gateway"
    yield (
        "A refused call gets an HTTP status and a body in the error shape of the OpenAI protocol, so that its clients"
        " show it as they show any other. `code` and `rule` name the rule; beside them stand the reason, the remedy and"
        " the owner. Rules of a Permit bend to the Permit's mode: in `observe` and `warn` the call passes, and"
        " what would have been refused is recorded. All other rules always refuse."
    )
    rows = [
        (f"`{rule.name}`", str(rule.status), rule.meaning, rule.remedy, "yes" if rule.of_permit else "")
        for rule in RULES
    ]
    yield table(("rule", "status", "meaning", "remedy", "of the Permit"), rows)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
