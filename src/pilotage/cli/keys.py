"""`key create|list|revoke`: the keys that use cases call the gateway with."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from pilotage.cli.options import RegistryOption, StateOption
from pilotage.cli.output import Json, console, ending_on_errors, errors, print_json, read_settings
from pilotage.core.clock import format_time
from pilotage.registry.kinds.document import Audience

group = typer.Typer(no_args_is_help=True, help="Keys that use cases call the gateway with.")


@group.command()
def create(
    use_case: Annotated[str, typer.Argument(help="Name of the use case.")],
    audience: Annotated[Audience, typer.Option(help="Who calls with it.")] = "builders",
    label: Annotated[str, typer.Option(help="A note on where the key is used.")] = "",
    days: Annotated[float, typer.Option(min=0.001, max=3_650, help="Days until it expires.")] = 90,
    *,
    registry: RegistryOption = None,
    state: StateOption = None,
    as_json: Json = False,
) -> None:
    """Create a key; it is shown this once and stored only as a digest.

    Example: pilotage key create claims-inbox --audience cohort --days 30
    """
    from pilotage.app.platform import open_platform
    from pilotage.gateway.keys import mint_key

    with ending_on_errors(), open_platform(read_settings(registry=registry, state=state)) as platform:
        platform.require_use_case(use_case)
        minted = mint_key(
            platform.engine,
            use_case=use_case,
            audience=audience,
            label=label,
            lifetime=timedelta(days=days),
            clock=platform.clock,
        )
    if as_json:
        print_json({"public_id": minted.public_id, "key": minted.text, "use_case": use_case, "audience": audience})
        return
    console.print(minted.text, markup=False)
    errors.print("Keep it now: it is not stored and cannot be shown again.")


@group.command("list")
def list_(
    use_case: Annotated[str | None, typer.Argument(help="Only keys of this use case.")] = None,
    *,
    registry: RegistryOption = None,
    state: StateOption = None,
    as_json: Json = False,
) -> None:
    """List keys with their audience, expiry and state; never the keys themselves.

    Example: pilotage key list claims-inbox
    """
    from pilotage.app.platform import open_platform
    from pilotage.gateway.keys import list_keys

    with ending_on_errors(), open_platform(read_settings(registry=registry, state=state)) as platform:
        keys = [key for key in list_keys(platform.engine) if use_case in {None, key.use_case}]
        now = platform.clock()
    rows = [
        {
            "public_id": key.public_id,
            "use_case": key.use_case,
            "audience": key.audience,
            "label": key.label,
            "created": format_time(key.created_at),
            "expires": format_time(key.expires_at) if key.expires_at else None,
            "state": "revoked"
            if key.revoked_at
            else "expired"
            if key.expires_at and key.expires_at <= now
            else "valid",
        }
        for key in keys
    ]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        expires = row["expires"][:10] if row["expires"] else "never"
        line = f"{row['public_id']}  {row['state']:<8} until {expires:<10}  {row['audience']:<10} {row['use_case']:<24}"
        console.print(f"{line} {row['label']}".rstrip(), markup=False)
    if not rows:
        console.print("No keys yet. Create one with  pilotage key create USECASE")


@group.command()
def revoke(
    public_id: Annotated[str, typer.Argument(help="The part of the key between its two underscores.")],
    *,
    registry: RegistryOption = None,
    state: StateOption = None,
) -> None:
    """Revoke a key; within a second no gateway takes it any more.

    Example: pilotage key revoke 4F7Q2K9D
    """
    from pilotage.app.platform import open_platform
    from pilotage.gateway.keys import revoke_key

    with ending_on_errors(), open_platform(read_settings(registry=registry, state=state)) as platform:
        revoke_key(platform.engine, public_id, clock=platform.clock)
    console.print(f"{public_id} is revoked", markup=False)
