"""Tests of the example upstream as a process: it serves both models, and ends with whoever started it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "examples"
ENDING = "import time\nfrom local_models.ending import end_with_standard_input\nend_with_standard_input()\n"


def test_both_models_answer_the_official_client(chat_wheels: None) -> None:
    """One line tells both addresses; chat and embeddings answer there; it ends when its input closes."""
    from openai import OpenAI  # noqa: PLC0415 - may be missing

    with subprocess.Popen(
        [sys.executable, "-m", "local_models"],
        cwd=EXAMPLES,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdin is not None
            ready = json.loads(process.stdout.readline())
            with OpenAI(base_url=ready["chat"], api_key="none", max_retries=0) as client:
                said = client.chat.completions.create(
                    model="smollm2-135m-instruct",
                    messages=[{"role": "user", "content": "Say hello."}],
                    max_tokens=5,
                    temperature=0,
                )
            with OpenAI(base_url=ready["embeddings"], api_key="none", max_retries=0) as client:
                embedded = client.embeddings.create(model="any", input="hello")
            process.stdin.close()
            ended = process.wait(20)
        finally:
            process.kill()

    assert set(ready) == {"chat", "embeddings"}
    assert said.choices[0].message.content
    assert said.usage is not None
    assert 0 < said.usage.completion_tokens <= 5
    assert len(embedded.data[0].embedding) == 384
    assert ended == 0


def test_a_service_ends_when_its_input_closes() -> None:
    """Whoever holds the other end of the pipe and is gone, killed or not, takes the service along."""
    with subprocess.Popen(
        [sys.executable, "-c", ENDING + "print('up', flush=True)\ntime.sleep(60)"],
        cwd=EXAMPLES,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == b"up\n"
        assert process.poll() is None
        process.stdin.close()

        assert process.wait(20) == 0


def test_a_service_without_input_goes_on() -> None:
    """Started without a standard input at all, as service managers may do, a service does not end by itself."""
    code = "import sys\nsys.stdin = None\n" + ENDING + "time.sleep(0.3)\nprint('still here')"

    done = subprocess.run([sys.executable, "-c", code], cwd=EXAMPLES, capture_output=True, text=True, check=True)

    assert done.stdout == "still here\n"
