"""A stand-in for garak: takes its command line, sends prompts to the endpoint of its configuration, writes a report.

Started as garak is, `python -m garak --config FILE --spec PROBES`; FAKE_GARAK says how it behaves.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

MODE = os.environ["FAKE_GARAK"]


def ask(generator: dict[str, Any], model: str, words: str) -> str:
    """Send one prompt as the OpenAI client does."""
    body = {"model": model, "messages": [{"role": "user", "content": words}]}
    headers = {
        "authorization": f"Bearer {os.environ['OPENAICOMPATIBLE_API_KEY']}",
        "content-type": "application/json",
        **generator["extra_params"]["extra_headers"],
    }
    request = Request(f"{generator['uri']}chat/completions", json.dumps(body).encode(), headers)  # noqa: S310 - the gateway of the test
    with urlopen(request, timeout=30) as reply:  # noqa: S310 - as above
        return json.load(reply)["choices"][0]["message"]["content"]


def main() -> int:
    """Play one run of garak."""
    arguments = sys.argv[1:]
    assert arguments[:3] == ["-m", "garak", "--config"], arguments
    config = json.loads(Path(arguments[3]).read_text())
    probe = arguments[arguments.index("--spec") + 1].removeprefix("probes.")
    if MODE == "broken":
        sys.stderr.write("loading\nRuntimeError: the generator fell over\n")
        return 1
    if MODE == "silent":
        return 0
    if MODE == "endless":
        Path(os.environ["FAKE_GARAK_PID"]).write_text(str(os.getpid()))
        time.sleep(600)
    folder = Path(os.environ["XDG_DATA_HOME"], "garak", "garak_runs")
    folder.mkdir(parents=True)
    plugins = config["plugins"]
    generator = plugins["generators"]["openai"]["OpenAICompatible"]
    asked = config["run"]["soft_probe_prompt_cap"]
    score = 1.0 if MODE == "hit" else 0.0
    now = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() + 1))
    lines: list[dict[str, object]] = [{"entry_type": "init", "garak_version": "fake", "start_time": now}]
    for place in range(asked):
        words = f"attack {place}"
        answer = ask(generator, plugins["target_name"], words)
        attempt: dict[str, object] = {
            "entry_type": "attempt",
            "uuid": str(place),
            "status": 2,
            "probe_classname": probe,
            "prompt": {"turns": [{"role": "user", "content": {"text": words}}]},
            "outputs": [{"text": answer}],
            "detector_results": {"fake.Detector": [score]},
        }
        lines.append(attempt)
    passed = 0 if MODE == "hit" else asked
    lines.append({"entry_type": "eval", "probe": probe, "detector": "fake.Detector", "passed": passed})
    if MODE != "half":
        lines.append({"entry_type": "completion", "end_time": now})
    (folder / "pilotage.report.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
