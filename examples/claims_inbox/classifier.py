"""A small classifier on sentence embeddings: softmax regression with an L2 penalty, fitted by L-BFGS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class QueueClassifier:
    """Weights for each queue; ranks queues for a message's embedding, likeliest first."""

    queues: tuple[str, ...]
    weights: Matrix
    """Shape (embedding length + 1, queues); the last row is the intercept."""

    def rank_queues(self, embedding: list[float]) -> list[str]:
        """Give all queues, likeliest first."""
        scores = np.append(np.asarray(embedding), 1.0) @ self.weights
        return [self.queues[index] for index in np.argsort(-scores, kind="stable")]


def fit_classifier(embeddings: list[list[float]], labels: list[str], penalty: float = 0.001) -> QueueClassifier:
    """Fit on labelled embeddings; the same input gives the same weights."""
    queues = tuple(sorted(set(labels)))
    inputs = np.hstack([np.asarray(embeddings), np.ones((len(embeddings), 1))])
    targets = np.array([[label == queue for queue in queues] for label in labels], dtype=float)

    def loss(flat: Matrix) -> tuple[float, Matrix]:
        weights = flat.reshape(inputs.shape[1], len(queues))
        log_shares: Any = log_softmax(inputs @ weights, axis=1)
        slope = inputs.T @ (np.exp(log_shares) - targets) / len(labels) + penalty * weights
        value = -(targets * log_shares).sum() / len(labels) + penalty * (weights**2).sum() / 2
        return float(value), slope.ravel()

    start = np.zeros(inputs.shape[1] * len(queues))
    fitted: Any = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 500})
    return QueueClassifier(queues, fitted.x.reshape(inputs.shape[1], len(queues)))
