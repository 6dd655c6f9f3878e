"""Runs garak against a Route: from a Python environment of its own, through the gateway, with a key of its own.

garak wants other versions of packages than Pilotage does, so it is never imported: its program is started with a
configuration that names the gateway's OpenAI-compatible endpoint, and its report is read afterwards.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from pilotage.app.evaluating import await_key
from pilotage.app.importing import Imported, import_results, require_outside
from pilotage.app.platform import Platform
from pilotage.app.web import Running
from pilotage.core.errors import EvidenceError, UsageError
from pilotage.evaluation.imports.read import LARGEST_FILE
from pilotage.evaluation.imports.results import Choice, plain_word
from pilotage.evaluation.journal import mint_run_id
from pilotage.registry.catalog import Catalog

RUN_HEADER = "x-pilotage-run"
KEY_VARIABLE = "OPENAICOMPATIBLE_API_KEY"
LOOK_SECONDS = 0.2
END_SECONDS = 10
LAST_WORDS = 2_000
_OUR_PARAMETERS = ("n", "temperature", "top_p", "top_k", "frequency_penalty", "presence_penalty", "seed", "stop")
"""What garak would send by itself: left out, so that the Route's own parameters are what is measured."""


@dataclass(frozen=True, slots=True)
class GarakRun:
    """What garak is to do.

    Attributes:
        python: the Python of the environment that garak is installed in.
        probes: what it tries, as garak names it: `web_injection`, `dan.AutoDANCached`.
        prompts: the most prompts of each probe.
        generations: times that each prompt is sent; they count as one.
    """

    python: Path
    probes: tuple[str, ...]
    prompts: int
    generations: int


def measure_with_garak(
    platform: Platform, route: str, name: str, wanted: GarakRun, *, tell: Callable[[int], None] | None = None
) -> Imported:
    """Attack the newest Release of a Route with garak, and record what it found as evidence.

    Args:
        platform: the installation.
        route: the Route's name.
        name: the OutsideEvaluation that garak's report decides.
        wanted: what garak is to do.
        tell: is given the number of prompts that garak has judged, now and then.

    Raises:
        UsageError: the Route or the OutsideEvaluation cannot be used so, or there is no such Python.
        EvidenceError: garak failed, or its report is no evidence; nothing is recorded.
    """
    loaded = platform.load_registry()
    _verify_usable(loaded.catalog, route, name, wanted)
    use_case = loaded.catalog.outside_evaluations[name].use_case
    platform.steward(alone=True).tick(platform.clock())
    run = mint_run_id(platform.clock())
    with ExitStack() as parts:
        url = parts.enter_context(_gateway(platform))
        key = parts.enter_context(platform.assessment_key(use_case))
        await_key(url, key)
        folder = Path(parts.enter_context(TemporaryDirectory(prefix="pilotage-garak-")))
        config = render_config(url, route, run, wanted)
        report = _run(folder, config, key, wanted, tell or (lambda _: None))
    usage = platform.read_settled_usage(use_case, run)
    return import_results(platform, name, report, Choice(), run=run, usage=usage)


def render_config(gateway_url: str, route: str, run: str, wanted: GarakRun) -> dict[str, object]:
    """Give garak's configuration; the key is not in it, but in the environment of the process."""
    generator = {
        "uri": f"{gateway_url.rstrip('/')}/",
        "max_tokens": None,
        "suppressed_params": list(_OUR_PARAMETERS),
        "extra_params": {"extra_headers": {RUN_HEADER: run}},
    }
    return {
        "system": {"lite": True, "narrow_output": True},
        "run": {"generations": wanted.generations, "soft_probe_prompt_cap": wanted.prompts},
        "plugins": {
            "target_type": "openai.OpenAICompatible",
            "target_name": f"{route}@candidate",
            "generators": {"openai": {"OpenAICompatible": generator}},
        },
        "reporting": {"report_prefix": "pilotage"},
    }


def _verify_usable(catalog: Catalog, route: str, name: str, wanted: GarakRun) -> None:
    evaluation = require_outside(catalog, name)
    if evaluation.tool != "garak":
        raise UsageError(f"{name} declares results of {evaluation.tool}", "name an OutsideEvaluation of `tool: garak`")
    names = [item.name for item in catalog.routes_of(evaluation.use_case)]
    if route not in names:
        known = ", ".join(names) or "none"
        raise UsageError(f"{evaluation.use_case} has no route {route!r}", f"it has: {known}")
    if catalog.models[catalog.routes[route].model].task == "embedding":
        raise UsageError(
            f"the route {route!r} gives embeddings, which cannot be attacked so", "name a route that chats"
        )
    if not (wanted.python.is_file() and os.access(wanted.python, os.X_OK)):
        remedy = "name the Python of the environment that garak is installed in, such as .peers/garak/bin/python"
        raise UsageError(f"{wanted.python} is no program", remedy)


@contextmanager
def _gateway(platform: Platform) -> Generator[str]:
    """Give the address of a gateway: the one that the settings name, else one of our own for as long as this lasts."""
    if platform.config.gateway_url:
        yield platform.config.gateway_url
        return
    own = replace(platform, config=replace(platform.config, replica=f"{platform.config.replica}-garak"))
    with Running(own, host="127.0.0.1", port=0, with_portal=False) as running:
        yield running.gateway_url


def _run(folder: Path, config: dict[str, object], key: str, wanted: GarakRun, tell: Callable[[int], None]) -> bytes:
    """Run garak to its end and give its report.

    Raises:
        EvidenceError: it failed, was stopped, or wrote no report; says its last words.
    """
    path = folder / "config.json"
    path.write_text(json.dumps(config), encoding="utf-8")
    log = folder / "garak.log"
    spec = ",".join(f"probes.{name.removeprefix('probes.')}" for name in wanted.probes)
    words = [str(wanted.python.absolute()), "-m", "garak", "--config", str(path), "--spec", spec]
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - the program that the caller named
            words,
            cwd=folder,
            env=_environment(folder, key),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            _wait(process, folder, tell)
        except KeyboardInterrupt as error:
            raise EvidenceError("garak was stopped", "run it again; nothing was recorded") from error
        finally:
            _end(process)
    reports = sorted(folder.rglob("*.report.jsonl"))
    if process.returncode != 0 or not reports:
        what = f"garak ended with code {process.returncode}" if process.returncode else "garak wrote no report"
        raise EvidenceError(f"{what}: {_last_words(log)}", "mend what it says, and run it again; nothing was recorded")
    with reports[0].open("rb") as file:
        return file.read(LARGEST_FILE + 1)


def _environment(folder: Path, key: str) -> dict[str, str]:
    """Give garak what it needs of our environment, its key, and folders of its own; no other secret."""
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SSL_CERT_FILE", "NLTK_DATA")
    homes = {f"XDG_{name}_HOME": str(folder / name.lower()) for name in ("DATA", "CONFIG", "CACHE")}
    ours = {name: os.environ[name] for name in kept if name in os.environ}
    return ours | homes | {KEY_VARIABLE: key, "HF_HUB_OFFLINE": "1", "PYTHONUNBUFFERED": "1"}


def _wait(process: subprocess.Popen[bytes], folder: Path, tell: Callable[[int], None]) -> None:
    """Wait for the end, and tell how far it is by the growth of its report."""
    judged, position = 0, 0
    while process.poll() is None:
        time.sleep(LOOK_SECONDS)
        for report in folder.rglob("*.report.jsonl"):
            with report.open("rb") as file:
                file.seek(position)
                grown = file.read()
            judged += grown.count(b'"status": 2')
            position += len(grown)
        tell(judged)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End garak and all that it started, if it still runs."""
    if process.poll() is not None:
        return
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _last_words(log: Path) -> str:
    """Give the last line that garak printed."""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - LAST_WORDS))
        lines = file.read().decode(errors="replace").replace("\r", "\n").splitlines()
    return next((plain_word(line) for line in reversed(lines) if line.strip()), "it said nothing")
