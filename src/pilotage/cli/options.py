"""Options that several commands share; each wins over its environment variable."""

from __future__ import annotations

from typing import Annotated

import typer

RegistryOption = Annotated[
    str | None, typer.Option("--registry", help="Folder of the registry; else PILOTAGE_REGISTRY, else here.")
]
StateOption = Annotated[
    str | None, typer.Option("--state", help="State folder; else PILOTAGE_STATE, else .pilotage here.")
]
HostOption = Annotated[str | None, typer.Option("--host", help="Address to listen on; else PILOTAGE_HOST.")]
PortOption = Annotated[
    str | None, typer.Option("--port", help="Port to listen on, 0 takes a free one; else PILOTAGE_PORT, else 8700.")
]
