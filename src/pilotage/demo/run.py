"""Plays a story: each act is committed, measured, signed and assessed; what was done before is not done again.

The next act is committed only when the one before is complete, so the number of commits tells where to go on.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from pilotage.app.assessing import assess_use_case
from pilotage.app.attesting import append_attestation
from pilotage.app.platform import Platform, open_platform
from pilotage.app.web import Running
from pilotage.config import Config
from pilotage.core.errors import EvidenceError, LedgerError
from pilotage.demo.acts import commit_act
from pilotage.demo.letters import fetch_letter
from pilotage.demo.people import private_key_of
from pilotage.demo.processes import RunningServices
from pilotage.demo.result import Result, read_gates
from pilotage.demo.story import Act, Service, Story, read_story
from pilotage.evaluation.runner import Watch
from pilotage.gateway.keys import mint_key
from pilotage.ledger.audit import verify_ledger
from pilotage.ledger.records.attestation import Attestation
from pilotage.registry.kinds.evaluation import Evaluation
from pilotage.registry.propose import read_history

KEY_LIFE = timedelta(days=1)
REHEARSED = 0
"""Seed of the order in which the demonstration asks sealed items: it plays the same each time."""


class Audience(Protocol):
    """Who watches the story."""

    def open_act(self, number: int, act: Act) -> None:
        """An act begins, or is taken up again."""
        ...

    def watch(self, evaluation: Evaluation) -> Watch:
        """Give a watcher for an evaluation."""
        ...

    def show_letter(self, question: str, answer: str) -> None:
        """One answer, as it is."""
        ...

    def close_act(self, number: int, result: Result) -> None:
        """An act is complete."""
        ...

    def tell(self, line: str) -> None:
        """Something long is under way."""
        ...


@dataclass(slots=True)
class Stage:
    """Everything that the story plays on.

    Attributes:
        folder: the story's folder.
        place: the demonstration's own folder; all of its state lies there.
        banner: what the portal says on top of every page.
    """

    story: Story
    folder: Path
    place: Path
    platform: Platform
    running: Running
    services: RunningServices
    audience: Audience
    environment: dict[str, str]
    banner: str = ""

    @property
    def key_folder(self) -> Path:
        """Where the keys of the sample people lie."""
        return self.place / "people"

    def play(self) -> Result:
        """Play what is left of the story; gives what it came to."""
        self._start(needing_key=False)
        begin = max(0, len(read_history(self.platform.config.registry)) - 1)
        for index in range(begin, len(self.story.acts)):
            act = self.story.acts[index]
            self.banner = f"SAMPLE. Act {index + 1}, {act.title}: {act.banner}"
            self.audience.open_act(index + 1, act)
            self._commit(index)
            if index == begin:
                self._start(needing_key=True)  # such a service calls the gateway, which needs a catalog first
            asyncio.run(self._measure(act))
            self._attest(act)
            self.audience.close_act(index + 1, self.result())
        return self.result()

    def result(self) -> Result:
        """Read what the story came to so far."""
        entry = self.platform.read_assessment(self.story.use_case)
        if entry is None:
            raise EvidenceError("the use case was not assessed", "look into the log above for the reason")
        return Result(read_gates(self.platform.ledger, self.story), entry.body, self._is_ledger_sound())

    def _is_ledger_sound(self) -> bool:
        try:
            verify_ledger(self.platform.engine)
        except LedgerError as error:
            self.audience.tell(str(error))
            return False
        return True

    def _commit(self, index: int) -> None:
        registry = self.platform.config.registry
        registry.mkdir(parents=True, exist_ok=True)
        moment = self.platform.clock()
        commit_act(self.story, self.folder, index, registry=registry, key_folder=self.key_folder, moment=moment)
        self.platform.steward(alone=True).tick(moment)

    def _start(self, *, needing_key: bool) -> None:
        for service in self.story.services:
            if service.key == needing_key:
                self.audience.tell(f"starting {service.name} …")
                self.environment.update(self.services.start(service, self._surroundings(service)))

    def _surroundings(self, service: Service) -> dict[str, str]:
        if not service.key:
            return dict(self.environment)
        url = self.running.gateway_url
        return self.environment | {"PILOTAGE_URL": url, "PILOTAGE_KEY": self._mint_key()}

    def _mint_key(self) -> str:
        platform = self.platform
        minted = mint_key(
            platform.engine,
            use_case=self.story.use_case,
            audience="builders",
            label="the demonstration's application",
            lifetime=KEY_LIFE,
            clock=platform.clock,
        )
        self.running.refresh()
        return minted.text

    async def _measure(self, act: Act) -> None:
        url = self.running.gateway_url
        if act.letter is not None:
            key = self._mint_key()
            question, answer = await fetch_letter(act.letter, self.folder / self.story.data, gateway_url=url, key=key)
            self.audience.show_letter(question, answer)
        await assess_use_case(
            self.platform,
            self.story.use_case,
            evaluations=act.evaluations,
            watch=self.audience.watch,
            gateway_url=url,
        )

    def _attest(self, act: Act) -> None:
        entry = self.platform.read_assessment(self.story.use_case)
        release = None if entry is None else entry.body.release
        made = self.platform.ledger.read(kinds=(Attestation,), use_case=self.story.use_case, release=release)
        signed = {record.body.criterion for record in made}
        for statement in act.attestations:
            if statement.criterion not in signed:
                append_attestation(
                    self.platform,
                    self.story.use_case,
                    statement.criterion,
                    key=private_key_of(statement.by, self.key_folder),
                    answer=True,
                    participants=statement.participants,
                    sample=True,
                )


@contextmanager
def open_stage(folder: Path, place: Path, config: Config, audience: Audience) -> Generator[Stage]:
    """Set up the platform, its web server and the place for the services of a story.

    Args:
        folder: the story's folder.
        place: the demonstration's own folder.
        config: the settings; state and registry are taken from `place`.
        audience: who watches.
    """
    story = read_story(folder)
    environment = dict(os.environ)
    config = replace(config, state=place / "state", registry=place / "registry")
    place.mkdir(parents=True, exist_ok=True)
    with (
        open_platform(config, environment=environment, draw_seed=lambda: REHEARSED) as platform,
        RunningServices(folder.resolve().parent, place / "logs") as services,
    ):
        banner: list[Stage] = []
        running = Running(
            platform,
            host=config.host,
            port=config.port,
            read_banner=lambda: banner[0].banner if banner else None,
        )
        with running:
            stage = Stage(story, folder, place, platform, running, services, audience, environment)
            banner.append(stage)
            yield stage
