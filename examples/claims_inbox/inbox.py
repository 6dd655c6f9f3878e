"""What the application does: it embeds a message through the gateway and ranks the queues for it."""

from __future__ import annotations

import json
from pathlib import Path

from openai import AsyncOpenAI, OpenAI

from claims_inbox.classifier import QueueClassifier, fit_classifier

EMBEDDING_ROUTE = "claims-embedding"
BATCH = 64
RUN_HEADER = "x-pilotage-run"
"""Tells the gateway which evaluation a call belongs to, so that its cost is counted there."""


def read_training(path: Path) -> tuple[list[str], list[str]]:
    """Read labelled messages: texts and queues."""
    items = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    return [item["input"] for item in items], [item["expected"] for item in items]


def train_classifier(client: OpenAI, training: Path) -> QueueClassifier:
    """Embed the training messages through the gateway and fit the classifier."""
    texts, labels = read_training(training)
    embeddings: list[list[float]] = []
    for start in range(0, len(texts), BATCH):
        reply = client.embeddings.create(model=EMBEDDING_ROUTE, input=texts[start : start + BATCH])
        embeddings.extend(entry.embedding for entry in reply.data)
    return fit_classifier(embeddings, labels)


async def rank_message(client: AsyncOpenAI, classifier: QueueClassifier, message: str, run: str | None) -> list[str]:
    """Rank the queues for one message, likeliest first."""
    headers = {RUN_HEADER: run} if run else {}
    reply = await client.embeddings.create(model=EMBEDDING_ROUTE, input=message, extra_headers=headers)
    return classifier.rank_queues(reply.data[0].embedding)
