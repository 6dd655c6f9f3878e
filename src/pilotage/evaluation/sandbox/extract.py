"""Takes the code out of an answer, without parsing it: code that would crash a parser must not meet one out here."""

from __future__ import annotations

import re

MOST_CODE_BYTES = 262_144

_FENCE = re.compile(r" {0,3}(?P<fence>`{3,}|~{3,})(?P<info>[^`]*)$")
_PYTHON = frozenset({"python", "py", "python3"})


def extract_code(answer: str, function: str) -> str:
    """Give the code of an answer.

    It is what stands in fenced blocks marked `python` or `py`; where no block is, in those marked as nothing; where
    there are no such blocks, the whole answer. Of several blocks, those up to the first that defines the function are
    joined: what comes later is how to use it, or another way to write it.

    Args:
        answer: what the target answered.
        function: name of the function that is wanted.
    """
    blocks = _blocks_in(answer)
    marked = [text for language, text in blocks if language in _PYTHON]
    wanted = marked or [text for language, text in blocks if not language]
    if not wanted:
        return answer
    defines = re.compile(
        rf"^(?:async +def|def|class) +{re.escape(function)}\b|^{re.escape(function)} *[:=]", re.MULTILINE
    )
    first = next((number for number, text in enumerate(wanted) if defines.search(text)), len(wanted) - 1)
    return "\n".join(wanted[: first + 1])


def _blocks_in(answer: str) -> list[tuple[str, str]]:
    """Give language and text of each fenced block (CommonMark 0.31.2, 4.5); the end of the text closes an open one."""
    blocks: list[tuple[str, str]] = []
    fence, language, lines = "", "", list[str]()
    for line in answer.split("\n"):
        mark = _FENCE.match(line.rstrip())
        if not fence and mark:
            fence, lines = mark["fence"], []
            language = (mark["info"].split() or [""])[0].strip("{}.").lower()
        elif fence and mark and mark["fence"].startswith(fence) and not mark["info"].strip():
            blocks.append((language, "\n".join(lines)))
            fence = ""
        elif fence:
            lines.append(line)
    return [*blocks, (language, "\n".join(lines))] if fence else blocks
