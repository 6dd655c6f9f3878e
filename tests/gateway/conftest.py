"""Fixtures: a served gateway, with and without a catalog, and official clients that talk to it."""

from __future__ import annotations

from collections.abc import Callable, Generator

import openai
import pytest
import sqlalchemy as sa
from tests.gateway.world import World, catalog_of, make_world

Client = Callable[[str], openai.OpenAI]


@pytest.fixture
def bare_world(sqlite_engine: sa.Engine) -> Generator[World]:
    """Serve a gateway that has no catalog yet."""
    with make_world(sqlite_engine) as world:
        yield world


@pytest.fixture
def world(bare_world: World) -> World:
    """Serve a gateway with the sample catalog; no Release has a Permit."""
    bare_world.activate(catalog_of())
    return bare_world


@pytest.fixture
def client_of(world: World) -> Generator[Client]:
    """Give official clients by key; they do not retry, so that a test sees each answer."""
    opened: list[openai.OpenAI] = []

    def open_client(key: str) -> openai.OpenAI:
        client = openai.OpenAI(base_url=world.url + "/v1", api_key=key, max_retries=0)
        opened.append(client)
        return client

    yield open_client
    for client in opened:
        client.close()
