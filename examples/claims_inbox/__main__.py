"""Serve the claims inbox: `PILOTAGE_URL=… PILOTAGE_KEY=… python -m claims_inbox --training data/training.jsonl`.

Prints one JSON line with its address when it answers, and ends when its standard input closes.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
from pathlib import Path

import uvicorn
from local_models.ending import end_with_standard_input
from openai import AsyncOpenAI, OpenAI

from claims_inbox.api import build_api
from claims_inbox.inbox import train_classifier


def main() -> None:
    """Fit the classifier, then serve until stopped."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m claims_inbox")
    parser.add_argument("--port", type=int, default=0, help="port to listen on; 0 takes a free one")
    parser.add_argument("--training", type=Path, default=Path(__file__).parent / "data" / "training.jsonl")
    options = parser.parse_args()

    end_with_standard_input()
    url, key = os.environ["PILOTAGE_URL"], os.environ["PILOTAGE_KEY"]
    with OpenAI(base_url=url, api_key=key) as client:
        classifier = train_classifier(client, options.training)
    api = build_api(AsyncOpenAI(base_url=url, api_key=key), classifier)
    listener = socket.create_server(("127.0.0.1", options.port), backlog=128)
    print(json.dumps({"queues": f"http://127.0.0.1:{listener.getsockname()[1]}/queues"}), flush=True)
    uvicorn.Server(uvicorn.Config(api, log_level="warning")).run(sockets=[listener])


if __name__ == "__main__":
    main()
