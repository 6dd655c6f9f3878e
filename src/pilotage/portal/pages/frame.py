"""What surrounds each page (organisation, banner, ledger head, moment) and how records are picked out for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal, Protocol, cast

from pilotage.ledger.entry import Entry
from pilotage.ledger.protocol import B
from pilotage.portal.figures import moment_text, short_digest
from pilotage.registry.catalog import Catalog


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What every page shows around itself.

    Attributes:
        organisation: who runs this installation; None while nothing is declared.
        banner: what each page says on top; None for nothing.
        head: the ledger's head; a page asks whether it is still this one.
        as_of: the moment of rendering.
        source: which catalog was read.
        assets: version of style sheet and script, so that browsers keep them for ever.
    """

    organisation: str | None
    banner: str | None
    head: str
    as_of: str
    source: str
    assets: str


class Page(Protocol):
    """What a template is given."""

    template: ClassVar[str]

    @property
    def frame(self) -> Frame:
        """What surrounds the page."""
        ...

    @property
    def title(self) -> str:
        """The page's own title, first in the window's."""
        ...


Tone = Literal["good", "bad", "open", "info", "quiet"]
"""How a pill looks; its words alone carry the meaning."""


@dataclass(frozen=True, slots=True)
class Pill:
    """A word in a coloured frame."""

    text: str
    tone: Tone = "quiet"


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure with its label, and what to know about it."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of a definition list; `href` where the value leads somewhere."""

    label: str
    value: str
    href: str | None = None


def plan_frame(catalog: Catalog | None, *, head: str, banner: str | None, assets: str, now: datetime) -> Frame:
    """Plan what surrounds a page."""
    if catalog is None:
        source = "no catalog yet"
    elif catalog.commit is None:
        source = "catalog from a plain folder"
    else:
        source = f"catalog at commit {short_digest(catalog.commit)}"
    if catalog is not None and catalog.dirty and catalog.commit is not None:
        source += ", with changes that are not committed"
    return Frame(
        organisation=None if catalog is None else catalog.organisation.label,
        banner=banner,
        head=head,
        as_of=moment_text(now),
        source=source,
        assets=assets,
    )


def of_kind(entries: Iterable[Entry], kind: type[B]) -> tuple[Entry[B], ...]:
    """Pick the records of one kind, in order."""
    return tuple(cast("Entry[B]", entry) for entry in entries if isinstance(entry.body, kind))


def state_pill(state: str) -> Pill:
    """Give the pill of a criterion's state or a gate's verdict."""
    tones: dict[str, Tone] = {
        "MET": "good",
        "MEETS": "good",
        "NOT MET": "bad",
        "FAILS": "bad",
        "UNKNOWN": "open",
        "UNDECIDED": "open",
    }
    return Pill(state, tones.get(state, "quiet"))
