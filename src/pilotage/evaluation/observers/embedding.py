"""Embeds answers and expected texts over a route of the gateway, and tells how near they lie."""

from __future__ import annotations

import math
from array import array
from collections import OrderedDict
from types import TracebackType
from typing import Protocol, Self

from pilotage.core.canonical import Json
from pilotage.evaluation.json_shape import is_list
from pilotage.evaluation.scorers.observation import Nearness
from pilotage.evaluation.targets.http_target import RUN_HEADER, Caller
from pilotage.evaluation.targets.target import Answer, CallError, Trouble
from pilotage.registry.items import Item

MOST_DIMENSIONS = 20_000
MOST_KEPT = 1_000
"""Expected texts whose embedding is kept: those of repeats and baselines come soon, and labels are few."""


class Embedder(Protocol):
    """What gives embeddings."""

    async def fetch_embedding(self, text: str, *, run: str) -> array[float]:
        """Embed one text; the run's id lets its cost be known.

        Raises:
            CallError: no embedding came.
        """
        ...


class EmbeddingRoute:
    """Asks a route of the gateway for embeddings, one text a call.

    Texts that share a call can change each other's embeddings where the model is quantised, and then an outcome
    would depend on the answers beside it.
    """

    def __init__(self, base_url: str, *, route: str, key: str) -> None:
        """Name the route.

        Args:
            base_url: the gateway's address up to and with `/v1`.
            route: the route's name; its newest Release is asked, as the scorer's digest has it.
            key: the text of a key with audience assessment.
        """
        self._model = f"{route}@candidate"
        self._key = key
        self._caller = Caller(base_url.rstrip("/") + "/embeddings")

    async def fetch_embedding(self, text: str, *, run: str) -> array[float]:
        """Embed one text; see `Embedder`."""
        body: Json = {"model": self._model, "input": text, "encoding_format": "float"}
        headers = {"authorization": f"Bearer {self._key}", RUN_HEADER: run}
        reply = await self._caller.fetch_reply(body, headers)
        try:
            return read_vector(reply.value["data"][0]["embedding"])
        except (LookupError, TypeError):
            raise CallError(Trouble.UNUSABLE, "no data[0].embedding") from None

    async def __aenter__(self) -> Self:
        """Use as a context."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        await self._caller.close()


class EmbeddingObserver:
    """Observes how near an answer lies to its item's expected text."""

    def __init__(self, embedder: Embedder) -> None:
        """Take what embeds."""
        self._embedder = embedder
        self._kept: OrderedDict[str, array[float]] = OrderedDict()

    async def observe(self, item: Item, answer: Answer, *, run: str, repeat: int) -> Nearness:
        """Embed both texts; an answer that is no text or holds nothing is as far away as can be. See `Observer`."""
        del repeat
        if not isinstance(answer.value, str) or not answer.value.strip():
            return Nearness(0.0)
        expected = await self._embed_expected(str(item.expected), run)
        return Nearness(cosine(expected, await self._embedder.fetch_embedding(answer.value, run=run)))

    async def _embed_expected(self, text: str, run: str) -> array[float]:
        if text not in self._kept:
            vector = await self._embedder.fetch_embedding(text, run=run)
            self._kept[text] = vector
            if len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
            return vector
        self._kept.move_to_end(text)
        return self._kept[text]


def read_vector(value: Json) -> array[float]:
    """Read an embedding from a reply.

    Raises:
        CallError: it is no list of numbers.
    """
    if not is_list(value) or not 0 < len(value) <= MOST_DIMENSIONS:
        raise CallError(Trouble.UNUSABLE, "the embedding is no list of numbers")
    try:
        vector = array("d", value)
    except (TypeError, OverflowError):
        raise CallError(Trouble.UNUSABLE, "the embedding is no list of numbers") from None
    if not all(map(math.isfinite, vector)):
        raise CallError(Trouble.UNUSABLE, "the embedding holds what is no number")
    return vector


def cosine(one: array[float], other: array[float]) -> float:
    """Give the cosine of the angle between two embeddings, from -1 to 1.

    Raises:
        CallError: they have different numbers of dimensions, so two models gave them; or one has no direction.
    """
    if len(one) != len(other):
        raise CallError(Trouble.UNUSABLE, "two embeddings have different numbers of dimensions")
    length = math.hypot(*one) * math.hypot(*other)
    if length == 0:
        raise CallError(Trouble.UNUSABLE, "an embedding has no direction")
    product = math.fsum(a * b for a, b in zip(one, other, strict=True))
    return max(-1.0, min(1.0, product / length))
