"""Finds out by its content which tool wrote a file, never by its name, and reads it."""

from __future__ import annotations

import json

from pilotage.core.canonical import digest_of_bytes
from pilotage.core.errors import EvidenceError
from pilotage.evaluation.imports.garak import read_garak
from pilotage.evaluation.imports.inspect_log import read_eval, read_log
from pilotage.evaluation.imports.json_text import as_object, read_value
from pilotage.evaluation.imports.junit import read_junit
from pilotage.evaluation.imports.promptfoo import read_promptfoo
from pilotage.evaluation.imports.results import Choice, ImportedResults, malformed

LARGEST_FILE = 256_000_000
"""Bytes of a file that is read; a run of 1,000 samples takes 2 to 15 million."""

_KNOWN = "logs of Inspect AI (.eval, .json), promptfoo's JSON, garak's *.report.jsonl and JUnit XML are read"
_ARCHIVE = (b"PK\x03\x04", b"PK\x05\x06")
_XML = (b"<", b"\xef\xbb\xbf<", b"\xff\xfe<", b"\xfe\xff\x00<")
_NO_CHOICE = Choice()


def read_results(data: bytes, choice: Choice = _NO_CHOICE) -> ImportedResults:
    """Read the results of another tool.

    Args:
        data: the whole file.
        choice: what is picked where it holds several results.

    Raises:
        EvidenceError: it is of no known tool, damaged, cut off or too large; or no independent evidence at a fixed
            number of samples. Says which, and how to mend it.
    """
    if len(data) > LARGEST_FILE:
        raise malformed(f"it is larger than {LARGEST_FILE:,} bytes", "import a smaller run")
    start = data[:1_000].lstrip()
    if not start:
        raise malformed("it is empty")
    digest = digest_of_bytes(data)
    try:
        if start.startswith(_ARCHIVE):
            return _verified(read_eval(data, choice))
        if start.startswith(_XML):
            return _verified(read_junit(data, digest, choice))
        if _is_lines(data):
            return _verified(read_garak(data, digest, choice))
        return _verified(_read_document(data, digest, choice))
    except MemoryError as error:
        raise malformed("it needs more memory than there is", "import a smaller run") from error


def _read_document(data: bytes, digest: str, choice: Choice) -> ImportedResults:
    if not data[:1_000].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        raise _unknown()
    document = as_object(read_value(data), "it")
    if "eval" in document and "version" in document:
        return read_log(document, digest, choice)
    if isinstance(document.get("results"), dict) and {"evalId", "config"} & document.keys():
        return read_promptfoo(document, digest, choice)
    if "entry_type" in document:
        return read_garak(data, digest, choice)
    raise _unknown()


def _is_lines(data: bytes) -> bool:
    """Tell whether the first line is a whole JSON object, with more behind it."""
    end = data.find(b"\n")
    if end < 0 or not data[end:].strip():
        return False
    try:
        return isinstance(json.loads(data[:end].decode("utf-8-sig")), dict)
    except (ValueError, RecursionError):
        return False


def _unknown() -> EvidenceError:
    return malformed("it is of no tool that is known here", _KNOWN)


def _verified(results: ImportedResults) -> ImportedResults:
    """Refuse results of nothing."""
    if results.n == 0:
        raise malformed("it holds no samples")
    return results
