"""Statement: the text that a person signs; readable before signing, and the same bytes whoever writes it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pilotage.core.canonical import digest_of_bytes
from pilotage.core.clock import format_time, parse_time
from pilotage.core.errors import EvidenceError

HEADING = "Pilotage statement, version 1"
MEDIA_TYPE = "text/plain; charset=utf-8"
LONGEST_LINE = 2_000
_LABELS = ("Use case", "Release", "Criterion", "Question", "Answer", "Taking part", "Sample", "Note", "Made")
_ANSWERS = {True: "yes", False: "no"}
_SAMPLES = {True: "SAMPLE, for a demonstration; never counts for production", False: "no, real evidence"}


@dataclass(frozen=True, slots=True)
class Statement:
    """What a person states about one criterion of one Release.

    Attributes:
        use_case: name of the use case.
        release: root digest of the Release that it is about.
        criterion: id of the criterion, or `promote-<stage>`.
        question: the question as it was asked; the signature holds for these words.
        answer: yes or no.
        participants: people who took part, where the criterion asks for them.
        sample: whether it is SAMPLE evidence.
        made: when.
        note: one line in the signer's own words, or empty.
    """

    use_case: str
    release: str
    criterion: str
    question: str
    answer: bool
    participants: int
    sample: bool
    made: datetime
    note: str = ""

    def __post_init__(self) -> None:
        """Refuse what would not stand on one line, or not be read back as it was."""
        for value in (self.use_case, self.release, self.criterion, self.question, self.note):
            if value != value.strip() or len(value) > LONGEST_LINE or not all(map(str.isprintable, value)):
                message = (
                    f"a statement takes one printable line of at most {LONGEST_LINE} characters, not {value[:40]!r}"
                )
                raise EvidenceError(message, "leave out line breaks, control characters and space around it")
        if self.participants < 0:
            raise EvidenceError(f"{self.participants} people cannot take part", "give 0 or more")


def render_statement(statement: Statement) -> bytes:
    """Give the bytes that are signed: one labelled line each, in a fixed order."""
    values = (
        statement.use_case,
        statement.release,
        statement.criterion,
        statement.question,
        _ANSWERS[statement.answer],
        str(statement.participants),
        _SAMPLES[statement.sample],
        statement.note or "-",
        format_time(statement.made),
    )
    lines = [f"{label}: {value}" for label, value in zip(_LABELS, values, strict=True)]
    return "\n".join([HEADING, *lines, ""]).encode()


def read_statement(data: bytes) -> Statement:
    """Read a statement back.

    Raises:
        EvidenceError: the bytes are not exactly what `render_statement` writes.
    """
    remedy = "print it anew with `pilotage attest --print`, and sign it unchanged"
    try:
        heading, *lines, end = data.decode().split("\n")
        pairs = [line.split(": ", 1) for line in lines]
        if heading != HEADING or end or tuple(pair[0] for pair in pairs) != _LABELS:
            raise ValueError("its lines are not those of a statement")  # noqa: TRY301 - one place names the remedy
        use_case, release, criterion, question, answer, count, sample, note, made = (pair[1] for pair in pairs)
        statement = Statement(
            use_case=use_case,
            release=release,
            criterion=criterion,
            question=question,
            answer=_key(_ANSWERS, answer),
            participants=int(count),
            sample=_key(_SAMPLES, sample),
            made=parse_time(made),
            note="" if note == "-" else note,
        )
    except (ValueError, IndexError) as error:
        raise EvidenceError(f"this is no statement: {error}", remedy) from error
    if render_statement(statement) != data:
        raise EvidenceError("this is no statement: it is written in another way", remedy)
    return statement


def digest_of_statement(statement: Statement) -> str:
    """Give the digest by which the record names the text."""
    return digest_of_bytes(render_statement(statement))


def _key(words: dict[bool, str], word: str) -> bool:
    """Give what a word stands for."""
    for key, value in words.items():
        if value == word:
            return key
    raise ValueError(f"{word[:40]!r} is no answer that is known")
