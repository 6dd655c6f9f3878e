"""The one tree of errors, classed by who must act.

    PilotageError
    ├── DocumentError        the author of a registry document mends it
    ├── EvidenceError        the operator mends it: ledger, storage, evaluation data
    │   ├── LedgerError      the chain cannot be appended to or read
    │   │   └── BrokenChainError   a record was altered, dropped, reordered or signed by an unknown key
    │   └── StorageError     the database or the artefact store is missing, locked or of another version
    ├── UsageError           who typed the command or changed the setting mends it
    ├── Refusal              the caller of the gateway acts: HTTP 4xx with rule, reason, remedy, owner
    └── UpstreamError        the provider of a model failed; a retry or another model may help

Every message says what was wrong and every error carries a `remedy` that says how to mend it.
"""

from __future__ import annotations

from dataclasses import dataclass


class PilotageError(Exception):
    """Anything that Pilotage says is wrong: `message` tells what, `remedy` how to mend it."""

    def __init__(self, message: str, remedy: str = "") -> None:
        """Keep what was wrong and how to mend it."""
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        """Read as one line: what was wrong; how to mend it."""
        return f"{self.message.removesuffix('.')}; {self.remedy}" if self.remedy else self.message


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong in one registry document, at a line (1-based; 0 when the file as a whole is meant)."""

    file: str
    line: int
    what: str
    remedy: str

    def __str__(self) -> str:
        """Read as compilers print: `file:line: what is wrong; how to mend it`."""
        return f"{self.file}:{self.line}: {self.what}; {self.remedy}"


class DocumentError(PilotageError):
    """The registry does not load: holds every problem that was found, never just the first."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        """Keep all problems, sorted by file and line."""
        self.problems = tuple(sorted(problems))
        count = len(self.problems)
        listing = "\n".join(str(problem) for problem in self.problems)
        super().__init__(f"{count} problem{'' if count == 1 else 's'} in the registry:\n{listing}")


class EvidenceError(PilotageError):
    """Evidence cannot be read, measured or kept; the operator acts."""


class LedgerError(EvidenceError):
    """The chain does not verify, or a record cannot be appended."""


class StorageError(EvidenceError):
    """The database or the artefact store cannot be used as it is."""


class UsageError(PilotageError):
    """A command, option or setting was wrong; whoever typed it acts."""


class Refusal(PilotageError):
    """The gateway lets a call not pass.

    Attributes:
        status: the HTTP status, 4xx.
        rule: the machine-readable name of the rule that refused, such as `audience_not_permitted`.
        owner: who can change it: a team or a person's handle, or None where nobody is known.
        retry_after: seconds after which the same call may pass, where that is known.
    """

    def __init__(
        self,
        status: int,
        rule: str,
        reason: str,
        remedy: str,
        owner: str | None = None,
        retry_after: int | None = None,
    ) -> None:
        """Keep the rule, the reason, the remedy and who can change it."""
        super().__init__(reason, remedy)
        self.status = status
        self.rule = rule
        self.owner = owner
        self.retry_after = retry_after


class UpstreamError(PilotageError):
    """The provider of a model did not answer as it should.

    Attributes:
        status: the HTTP status that the provider gave, or None where none arrived.
        retryable: whether asking again may help.
    """

    def __init__(self, message: str, remedy: str = "", *, status: int | None = None, retryable: bool = False) -> None:
        """Keep what the provider said and whether a retry may help."""
        super().__init__(message, remedy)
        self.status = status
        self.retryable = retryable
