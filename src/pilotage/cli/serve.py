"""`up` and `gateway`: serve an installation until Ctrl-C."""

from __future__ import annotations

from contextlib import ExitStack

from pilotage.cli.options import HostOption, PortOption, RegistryOption, StateOption
from pilotage.cli.output import ending_on_errors, errors, read_settings
from pilotage.config import Config


def up(
    *,
    registry: RegistryOption = None,
    state: StateOption = None,
    host: HostOption = None,
    port: PortOption = None,
) -> None:
    """Serve everything in one process: the portal, the gateway under /v1, and the steward.

    Example: pilotage up --registry my-registry
    """
    with ending_on_errors():
        _serve(read_settings(registry=registry, state=state, host=host, port=port), whole=True)


def gateway(
    *,
    state: StateOption = None,
    host: HostOption = None,
    port: PortOption = None,
) -> None:
    """Serve the gateway alone; it follows the ledger of the shared database and needs no registry.

    Example: PILOTAGE_DATABASE=postgresql+psycopg://pilotage@db/pilotage PILOTAGE_REPLICA=eu-1 pilotage gateway
    """
    with ending_on_errors():
        _serve(read_settings(state=state, host=host, port=port), whole=False)


def _serve(config: Config, *, whole: bool) -> None:
    from pilotage.app.platform import open_platform
    from pilotage.app.web import Running, StewardThread
    from pilotage.cli.signals import wait_for_end

    with ExitStack() as parts:
        platform = parts.enter_context(open_platform(config))
        running = parts.enter_context(Running(platform, host=config.host, port=config.port, with_portal=whole))
        if whole:
            parts.enter_context(StewardThread(platform))
            platform.load_catalog()  # problems of the registry are told before anybody opens a page
            errors.print(f"portal   {running.address}", markup=False)
        errors.print(f"gateway  {running.gateway_url}", markup=False)
        errors.print("Ctrl-C ends it.")
        wait_for_end()
