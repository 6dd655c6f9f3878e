"""YAML text becomes trees with lines, or problems with lines; nothing in a file can exhaust or surprise the reader."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilotage.core.errors import Problem
from pilotage.registry.nodes import Mapping, Scalar, json_of, line_of
from pilotage.registry.parse import (
    MAX_BYTES,
    MAX_DOCUMENTS,
    MAX_LINE,
    MAX_PROBLEMS,
    decode_document,
    parse_documents,
    quoted,
)


def only_problem(text: str) -> Problem:
    """Give the single problem of a text."""
    _, problems = parse_documents(text, "f.yaml")
    assert len(problems) == 1, problems
    return problems[0]


def test_lines_are_those_of_the_file() -> None:
    """Each key knows its line, over several documents, comments and Windows line ends."""
    trees, problems = parse_documents("# note\r\na: 1\r\n---\r\n\r\nb:\r\n  - x\r\n  - c: 2\r\n", "f.yaml")
    assert problems == ()
    assert [json_of(tree) for tree in trees] == [{"a": 1}, {"b": ["x", {"c": 2}]}]
    assert [line_of(trees[0], ("a",)), line_of(trees[1], ("b", 1, "c"))] == [2, 7]
    assert line_of(trees[1], ("b", "absent", "deeper")) == 5


def test_a_broken_document_does_not_hide_the_next() -> None:
    """A syntax error ends its own document; those after it are read and their problems reported too."""
    trees, problems = parse_documents("a: [\n---\nb: 1\n---\nc: 1\nc: 2\n", "f.yaml")
    assert [json_of(tree) for tree in trees] == [{"b": 1}, {"c": 1}]
    assert [problem.line for problem in problems] == [1, 6]


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ("a:\n\tb: 1\n", 2, "tab"),
        ("a: 1\nb: 2\na: 3\n", 3, "stands twice, first in line 1"),
        ("a: *b\n", 1, "stands for nothing"),
        ("a: &x\n  - *x\n", 2, "contains itself"),
        ("a: !!python/object/apply:os.system [ls]\n", 1, "!!python/object/apply:os.system"),
        ("a: !custom 1\n", 1, "!custom"),
        ("a: !!binary aGk=\n", 1, "!!binary"),
        ("a: .nan\n", 1, ".nan"),
        ("a: 1e400\n", 1, "too large"),
        (f"a: {'9' * 300}\n", 1, "too large"),
        ("1: a\n", 1, 'put quotes around it: "1"'),
        ("on: a\ntrue: b\n", 2, 'put quotes around it: "true"'),
        ("? [a, b]\n: c\n", 1, "not text"),
        ("<<: {a: 1}\n", 1, "merge key"),
        ("a: 1\nb: \x07\n", 2, "U+0007"),
        ('a: "\\0"\n', 1, "NUL"),
        ('a: "\\ud800"\n', 1, "surrogate"),
        ("a: {b: 1\n", 1, "not valid YAML"),
        ("%YAML 1.1\n", 1, "directives"),
        ("[" * 100, 1, "nested more than"),
        ("\n".join(" " * depth + "a:" for depth in range(100)), 33, "nested more than"),
        ("a: " + "x" * MAX_LINE, 1, "longer than"),
        ("---\n" * (MAX_DOCUMENTS + 2), 0, "documents"),
    ],
)
def test_faults_are_reported_with_their_line(text: str, line: int, word: str) -> None:
    """Whatever is wrong with the YAML is one problem with file, line, what and remedy."""
    problem = only_problem(text)
    assert (problem.file, problem.line) == ("f.yaml", line)
    assert word in str(problem)
    assert problem.remedy


def test_exploding_aliases_are_refused() -> None:
    """Aliases are counted at the size that they expand to, before anything is expanded."""
    text = "a: &a [x, x, x, x, x, x, x, x, x]\n"
    for this, last in zip("bcdefghij", "abcdefghi", strict=True):
        text += f"{this}: &{this} [{', '.join([f'*{last}'] * 9)}]\n"
    assert "once its aliases are followed" in only_problem(text).what


def test_modest_aliases_work() -> None:
    """An alias within the budget stands for what its anchor holds."""
    trees, problems = parse_documents("a: &x {b: [1, 2]}\nc: *x\n", "f.yaml")
    assert problems == ()
    assert json_of(trees[0]) == {"a": {"b": [1, 2]}, "c": {"b": [1, 2]}}


def test_comments_and_empty_documents_are_no_documents() -> None:
    """A file of comments and a marker at the end declare nothing and are no fault."""
    assert parse_documents("# all of it is out for now\n", "f.yaml") == ((), ())
    trees, problems = parse_documents("---\na: 1\n---\n# end\n", "f.yaml")
    assert (len(trees), problems) == (1, ())


def test_very_many_problems_are_cut_short() -> None:
    """One hostile file does not drown the others: its first problems are listed, and that there are more."""
    _, problems = parse_documents("a: 1\n" * 1_000, "f.yaml")
    assert len(problems) == MAX_PROBLEMS + 1
    assert "more problems" in problems[-1].what


@pytest.mark.parametrize(
    ("data", "line", "word"),
    [
        (b"a: 1\nb: \x00\n", 2, "binary"),
        (b"a: 1\nb: \xff\n", 2, "0xff is not UTF-8"),
        ("a: 1".encode("utf-16"), 1, "UTF-16"),
        (b"a" * (MAX_BYTES + 1), 0, "bytes"),
    ],
)
def test_what_is_not_text_is_a_problem(data: bytes, line: int, word: str) -> None:
    """Binary, wrongly encoded and oversized files are refused before they are parsed."""
    problem = decode_document(data, "f.yaml")
    assert isinstance(problem, Problem)
    assert (problem.line, word in problem.what) == (line, True)


def test_a_byte_order_mark_is_passed_over() -> None:
    """Editors that write a UTF-8 byte order mark do no harm."""
    assert decode_document(b"\xef\xbb\xbfa: 1", "f.yaml") == "a: 1"


def test_what_a_message_quotes_is_short_and_harmless() -> None:
    """A message never carries control characters, nor a document at length."""
    assert quoted("a\x1b[31m\n") == "`a\N{REPLACEMENT CHARACTER}[31m\N{REPLACEMENT CHARACTER}`"
    assert len(quoted("x" * 1_000)) < 70


@given(st.text())
def test_any_text_gives_trees_or_problems(text: str) -> None:
    """No text makes the reader raise, and every problem lies within the file."""
    trees, problems = parse_documents(text, "f.yaml")
    assert all(0 <= problem.line <= len(text) + 1 for problem in problems)
    assert all(isinstance(json_of(tree), dict | list | str | int | float | bool | None) for tree in trees)


@given(st.lists(st.sampled_from([*"ab:-[]{}&*!|>'\"%@`#?,\n \t~0.<=", "---\n", "a: ", "- ", "&a ", "*a"])))
def test_yaml_like_noise_gives_trees_or_problems(pieces: list[str]) -> None:
    """Text made of YAML's own signs never makes the reader raise."""
    parse_documents("".join(pieces), "f.yaml")


_names = st.text(st.characters(codec="ascii", categories=["Ll"]), min_size=1, max_size=8)
_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text(st.characters(codec="utf-8"), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_names, inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(_names, _values, max_size=4))
def test_json_is_yaml(value: dict[str, object]) -> None:
    """Any JSON object that is written with escapes reads as itself."""
    trees, problems = parse_documents(json.dumps(value), "f.yaml")
    if problems:
        assert all("NUL" in problem.what for problem in problems)
    else:
        assert [json_of(tree) for tree in trees] == [value]
        assert isinstance(trees[0], Mapping)


def test_scalars_keep_how_they_were_written() -> None:
    """A number in a message is quoted as it stood in the file."""
    trees, _ = parse_documents("1.10", "f.yaml")
    assert trees == (Scalar(1.1, "1.10", 1),)
