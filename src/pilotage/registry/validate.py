"""From a tree to a typed document: the kind and version choose the shape, and each fault gets its own line."""

from __future__ import annotations

import json
from dataclasses import dataclass

from pydantic import ValidationError

from pilotage.core.errors import Problem
from pilotage.registry.kinds.document import Document
from pilotage.registry.nodes import Mapping, Node, Scalar, Step, child, json_of, line_of
from pilotage.registry.parse import quoted
from pilotage.registry.shapes import KINDS, SHAPES, VERSIONS
from pilotage.registry.wording import explain, suggest


@dataclass(frozen=True, slots=True)
class Placed:
    """A document that was read, with the tree that remembers its lines."""

    document: Document
    file: str
    tree: Node
    shipped: bool = False
    """True for a document that comes with Pilotage: one of the registry with the same name takes its place."""

    @property
    def kind(self) -> str:
        """The kind, as the document names it."""
        return type(self.document).__name__

    def problem(self, path: tuple[Step, ...], what: str, remedy: str) -> Problem:
        """Make a problem of this document at the line of a key; where the key is absent, at the nearest above."""
        return Problem(self.file, line_of(self.tree, path), what, remedy)


@dataclass(frozen=True, slots=True)
class Declared:
    """That a document of some kind and name stands somewhere, whether or not it could be read; `""`: no name."""

    kind: str
    name: str
    file: str
    line: int


def declared_by(tree: Node, file: str) -> Declared | None:
    """Give the kind and name that a tree claims, so that a faulty document does not leave references dangling."""
    kind, name = _text(tree, "kind"), _text(tree, "name")
    return Declared(kind, name or "", file, line_of(tree, ("name",))) if kind in KINDS and kind else None


def validate_document(tree: Node, file: str, *, shipped: bool = False) -> Placed | tuple[Problem, ...]:
    """Give the typed document that a tree holds, or every problem that keeps it from being one."""
    if not isinstance(tree, Mapping):
        what = "the document is not a mapping"
        return (Problem(file, tree.line, what, "begin with `kind:`, `version:` and `name:`"),)
    faults = (*_faults_of_kind(tree, file), *_faults_of_version(tree, file))
    if faults:
        return faults
    kind = SHAPES[str(_text(tree, "kind")), _version(tree)]
    try:
        document = kind.model_validate_json(json.dumps(json_of(tree)), strict=True, by_alias=True, by_name=False)
    except ValidationError as error:
        explained = [explain(each, kind, tree) for each in error.errors(include_url=False)]
        return tuple(dict.fromkeys(Problem(file, line_of(tree, path), *words) for path, *words in explained))
    return Placed(document, file, tree, shipped)


def _faults_of_kind(tree: Mapping, file: str) -> tuple[Problem, ...]:
    kind = _text(tree, "kind")
    if kind in KINDS:
        return ()
    if kind is None:
        what = "the document has no `kind`" if "kind" not in tree.entries else "`kind` must be the name of a kind"
        return (Problem(file, line_of(tree, ("kind",)), what, f"add `kind:` with one of {', '.join(KINDS)}"),)
    remedy = suggest(kind, KINDS, "use one of")
    return (Problem(file, line_of(tree, ("kind",)), f"there is no kind {quoted(kind)}", remedy),)


def _faults_of_version(tree: Mapping, file: str) -> tuple[Problem, ...]:
    if "version" not in tree.entries:
        return (Problem(file, tree.line, "the document has no `version`", f"add `version: {VERSIONS[-1]}`"),)
    version = _version(tree)
    if version in VERSIONS:
        return ()
    line = line_of(tree, ("version",))
    if version > VERSIONS[-1]:
        what = f"the document has version {version}, and this Pilotage reads up to {VERSIONS[-1]}"
        return (Problem(file, line, what, "upgrade Pilotage, or write the document in the older version"),)
    what = "`version` must be the whole number of the document's shape"
    return (Problem(file, line, what, f"write `version: {VERSIONS[-1]}`"),)


def _version(tree: Mapping) -> int:
    found = child(tree, "version")
    value = found[1].value if found is not None and isinstance(found[1], Scalar) else None
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _text(tree: Node, key: str) -> str | None:
    found = child(tree, key)
    if found is None or not isinstance(found[1], Scalar) or not isinstance(found[1].value, str):
        return None
    return found[1].value
