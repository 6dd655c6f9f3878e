"""The tree that YAML text becomes: mappings, sequences and scalars that remember the line they stand on."""

from __future__ import annotations

from dataclasses import dataclass

from pilotage.core.canonical import Json

Plain = str | int | float | bool | None
Step = str | int


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value; `text` is how it was written, so that `1.10` can be quoted back as it stood."""

    value: Plain
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list of nodes."""

    items: tuple[Node, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One key of a mapping with its node; `line` is the key's."""

    line: int
    node: Node


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys, each once, in the order written."""

    entries: dict[str, Entry]
    line: int


Node = Scalar | Sequence | Mapping


def json_of(node: Node) -> Json:
    """Give the JSON value that a tree stands for; its depth is bounded by whoever made the tree."""
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Sequence):
        return [json_of(item) for item in node.items]
    return {key: json_of(entry.node) for key, entry in node.entries.items()}


def child(node: Node, step: Step) -> tuple[int, Node] | None:
    """Give the line and the node one step down; None where the tree has no such step."""
    if isinstance(node, Mapping) and isinstance(step, str) and (entry := node.entries.get(step)):
        return entry.line, entry.node
    if isinstance(node, Sequence) and isinstance(step, int) and 0 <= step < len(node.items):
        item = node.items[step]
        return item.line, item
    return None


def line_of(node: Node, path: tuple[Step, ...]) -> int:
    """Give the line of the deepest key on a path that the tree holds; steps that it lacks are passed over."""
    line = node.line
    for step in path:
        if (found := child(node, step)) is not None:
            line, node = found
    return line


def node_at(node: Node, path: tuple[Step, ...]) -> Node | None:
    """Give the node that a path leads to, or None where the tree does not go so far."""
    for step in path:
        if (found := child(node, step)) is None:
            return None
        _, node = found
    return node
