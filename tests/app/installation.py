"""A whole small installation for tests: the starter registry, a fake upstream, a state folder, free ports."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pilotage.app.platform import Platform, open_platform
from pilotage.config import Config, read_config
from pilotage.models.fake import FakeUpstream
from pilotage.models.loopback import serve
from pilotage.people.sshsig import public_line
from pilotage.registry.init import write_starter

USE_CASE = "claims-triage"
EVALUATION = "claims-triage-promise"
ROUTE = "claims-triage"
NOWHERE = "http://127.0.0.1:1/v1"
"""An address where nobody listens: port 1 is reserved and unused."""


@dataclass(frozen=True)
class Installation:
    """Where an installation stands, and the models that it calls."""

    folder: Path
    fake: FakeUpstream
    environment: dict[str, str]

    @property
    def registry(self) -> Path:
        """Its registry's folder."""
        return self.folder / "registry"

    @property
    def config(self) -> Config:
        """Its settings; no gateway answers at the address of these."""
        return read_config(
            {
                "PILOTAGE_STATE": str(self.folder / "state"),
                "PILOTAGE_REGISTRY": str(self.registry),
                "PILOTAGE_PORT": "1",
                "PILOTAGE_STEWARD_SECONDS": "0.05",
            }
        )

    def edit(self, path: str, old: str, new: str) -> None:
        """Change one place in a document."""
        file = self.registry / path
        text = file.read_text()
        assert text.count(old) >= 1, old
        file.write_text(text.replace(old, new))

    @contextmanager
    def opened(self, config: Config | None = None) -> Generator[Platform]:
        """Open its platform."""
        with open_platform(config or self.config, environment=self.environment) as platform:
            yield platform


@contextmanager
def make_installation(folder: Path) -> Generator[Installation]:
    """Lay the starter registry and serve a fake upstream for it."""
    fake = FakeUpstream()
    with serve(fake, lifespan=False) as url:
        write_starter(folder / "registry")
        yield Installation(folder, fake, {"SMALL_CHAT_URL": url + "/v1", "SMALL_CHAT_KEY": "secret-of-the-fake"})


def give_key(installation: Installation, member: str) -> Ed25519PrivateKey:
    """Give a member of the starter's teams a key; its public part stands in the registry."""
    key = Ed25519PrivateKey.generate()
    line = f"  - name: {member}\n"
    installation.edit("teams.yaml", line, f'{line}    ssh_key: "{public_line(key)}"\n')
    return key
