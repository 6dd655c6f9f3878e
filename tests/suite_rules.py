"""What every test lives under: a stated behaviour, no network, no settings of its runner, honest skips.

Under `PILOTAGE_REQUIRE_ALL=1`, as in continuous integration, a test that would skip fails instead, so that a
green run can never hide a missing browser or database.
"""

import inspect
import ipaddress
import os
import sys
from collections.abc import Callable, Generator

import hypothesis
import pytest

REQUIRE_ALL = "PILOTAGE_REQUIRE_ALL"

hypothesis.settings.register_profile("test", deadline=None, print_blob=True, derandomize=True, database=None)
hypothesis.settings.register_profile("explore", deadline=None, print_blob=True, max_examples=1_000)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "test"))


def pytest_configure() -> None:
    """Close the network for the whole run, before any test module is imported."""
    sys.addaudithook(refuse_network)


def refuse_network(event: str, arguments: tuple[object, ...]) -> None:
    """Refuse every address but this machine's own.

    Raises:
        RuntimeError: something under test wanted to talk to the world.
    """
    if event == "socket.getaddrinfo":
        host = arguments[0]
    elif event in {"socket.connect", "socket.sendto"} and isinstance(arguments[1], tuple):
        host = str(arguments[1][0])  # pyright: ignore[reportUnknownArgumentType] - a tuple of whatever
    else:
        return
    if not is_loopback(host):
        raise RuntimeError(f"tests talk to this machine only, and this one asked for {host!r}; use a shipped fake")


def is_loopback(host: object) -> bool:
    """Tell whether a host, as the socket module has it, is this machine."""
    name = host.decode() if isinstance(host, bytes) else host
    if not isinstance(name, str) or name in {"", "localhost"}:
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Fail a test that does not say, in its docstring, which behaviour it shows."""
    if isinstance(item, pytest.Function) and not inspect.getdoc(item.function):
        pytest.fail(f"{item.name} has no docstring; state the behaviour that it shows", pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip into a failure where everything is required; an expected failure stays what it is."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get(REQUIRE_ALL) == "1":
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longreprtext
        report.outcome = "failed"
        report.longrepr = f"{REQUIRE_ALL}=1 allows no skip: {reason}"
    return report


@pytest.fixture(scope="session")
def require_part() -> Callable[..., None]:
    """Give a function that skips unless a part of the machine is present, and says how to get it."""

    def require(name: str, *, present: object, remedy: str) -> None:
        if not present:
            pytest.skip(f"{name} is missing; {remedy}")

    return require


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Run tests marked `anyio` on asyncio, the only loop that Pilotage uses."""
    return "asyncio"


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away the settings in the environment of whoever runs the tests."""
    for name in os.environ:
        if name.startswith("PILOTAGE_") and name != REQUIRE_ALL:
            monkeypatch.delenv(name)
