"""Finds credentials that were written into a document, so that none is ever committed, loaded or shown.

A problem names the line and the sort of credential and never quotes it.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator

from pilotage.core.errors import Problem
from pilotage.registry.nodes import Node, Scalar, Sequence

REMEDY = (
    "take it out, make a new one since this one has been seen, and say where it stands: "
    "`credential: {from: env, name: NAME_OF_THE_VARIABLE}`"
)

# A hyphen or underscore may stand before none of these, so that words such as risk-… do not match.
_FORMS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("a private key", re.compile(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY( BLOCK)?-----")),
    ("an API key (sk-…)", re.compile(r"(?<![\w-])sk-(?!ssh-)(?=[\w-]*[0-9A-Z])[A-Za-z0-9_-]{16,}")),
    ("a payment or gateway key", re.compile(r"(?<![\w-])[prs]k_[A-Za-z0-9]{4,}_[A-Za-z0-9_-]{12,}")),
    ("an AWS access key", re.compile(r"(?<![\w-])(AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{16}(?!\w)")),
    ("a GitHub token", re.compile(r"(?<![\w-])(gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,})")),
    ("a GitLab token", re.compile(r"(?<![\w-])glpat-[\w-]{16,}")),
    ("a Slack token", re.compile(r"(?<![\w-])xox[abeoprs]-[A-Za-z0-9-]{10,}")),
    ("a Hugging Face token", re.compile(r"(?<![\w-])hf_[A-Za-z0-9]{20,}")),
    ("a Google API key", re.compile(r"(?<![\w-])AIza[\w-]{35}")),
    ("a JSON Web Token", re.compile(r"(?<![\w-])eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}")),
    ("a password in an address", re.compile(r"[a-z][a-z0-9+.-]*://[^\s/:@]+:[^\s/@]+@")),
    (
        "a credential in an address",
        re.compile(r"(?i)[?&]((api[_-]?)?key|(access[_-]?)?token|sig(nature)?)=[^&\s]{6,}"),
    ),
    ("a bearer token", re.compile(r"(?i)\bbearer\s+(?=[\w.~+/-]*[0-9])[\w.~+/-]{20,}")),
)
_CREDENTIAL_KEY = re.compile(
    r"(?i)(api|access|private|secret|signing|auth|account)[_-]?key|secret|passw(or)?d|passphrase|credential|bearer"
    r"|(^|[_-])(token|pwd|auth|authorization|apikey)$"
)
_VARIABLE = re.compile(r"[A-Z0-9]+(_[A-Z0-9]+)+")  # OPENAI_API_KEY_2 names a credential and is none
_RANDOM_BITS = 3.0  # a letter; words of a language spelled without spaces lie below, keys and hashes above
_SHORTEST_RANDOM = 16
_SHOWN_FIRST = 20


def find_literal_secrets(text: str, trees: tuple[Node, ...], file: str) -> tuple[Problem, ...]:
    """Report every line of a file that holds what looks like a credential, comments included.

    Args:
        text: what the file holds.
        trees: its documents, for strings that only their key gives away.
        file: its path, for the problems.
    """
    found: dict[int, str] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        for sort, pattern in _FORMS:
            if pattern.search(line):
                found.setdefault(number, sort)
    for tree in trees:
        for key, scalar in _strings(tree, ""):
            if _CREDENTIAL_KEY.search(key) and looks_random(str(scalar.value)):
                found.setdefault(scalar.line, f"what looks like a credential, under `{key[:60]}`")
    return tuple(
        Problem(file, line, f"the line holds {sort}", REMEDY) for line, sort in sorted(found.items())[:_SHOWN_FIRST]
    )


def looks_random(text: str) -> bool:
    """Tell whether a text looks drawn at random: long, unbroken, mixed, and rich in information."""
    if len(text) < _SHORTEST_RANDOM or any(letter.isspace() for letter in text):
        return False
    if text.startswith("/") or _VARIABLE.fullmatch(text):
        return False
    if not any(letter.isdigit() for letter in text) or not any(letter.isalpha() for letter in text):
        return False
    counts = Counter(text).values()
    return -sum(n / len(text) * math.log2(n / len(text)) for n in counts) >= _RANDOM_BITS


def looks_secret(text: str) -> bool:
    """Tell whether a value had better not be shown, whatever it stands under."""
    return any(pattern.search(text) for _, pattern in _FORMS) or looks_random(text)


def is_credential_key(key: str) -> bool:
    """Tell whether a key's name says that its value is a credential."""
    return _CREDENTIAL_KEY.search(key) is not None


def _strings(node: Node, key: str) -> Iterator[tuple[str, Scalar]]:
    """Walk the text values, each with the key above it; a list's and a credential's own keys count as the key."""
    if isinstance(node, Scalar):
        if isinstance(node.value, str):
            yield key, node
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from _strings(item, key)
    else:
        for name, entry in node.entries.items():
            inherited = key if name in {"name", "value"} and is_credential_key(key) else name
            yield from _strings(entry.node, inherited)
