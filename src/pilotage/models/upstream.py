"""The client that calls upstream models: one pool per process, no redirects, bytes in and bytes out.

Measured against other clients, pyreqwest costs the least CPU per call; `streamed_read_buffer_limit(0)`
matters, for otherwise the first byte of a stream waits 200 ms.
"""

from __future__ import annotations

from datetime import timedelta
from types import TracebackType
from typing import Protocol, Self

from pyreqwest.client import Client, ClientBuilder
from pyreqwest.exceptions import (
    BuilderError,
    ConnectError,
    ConnectTimeoutError,
    PyreqwestError,
    RequestTimeoutError,
)
from pyreqwest.request import StreamRequest
from pyreqwest.response import Response, ResponseBodyReader

from pilotage.core.errors import UpstreamError
from pilotage.models.endpoint import Endpoint, is_loopback

CONNECT_SECONDS = 10


class Reply(Protocol):
    """What an upstream answers; to be closed by whoever fetched it."""

    @property
    def status(self) -> int:
        """The HTTP status."""
        ...

    def header(self, name: str) -> str | None:
        """The first header of that name."""
        ...

    async def read_body(self) -> bytes:
        """Read all that is left of the body.

        Raises:
            UpstreamError: the connection broke or the time was up.
        """
        ...

    async def read_chunk(self) -> bytes | None:
        """Read what has arrived; None at the end.

        Raises:
            UpstreamError: the connection broke or the time was up.
        """
        ...

    async def close(self) -> None:
        """Give the connection back, or drop it when the body was not read to its end."""
        ...


class Upstream(Protocol):
    """What can call models over HTTP."""

    async def fetch_reply(self, endpoint: Endpoint, path: str, body: bytes, *, seconds: float) -> Reply:
        """Send a JSON body and give the reply as soon as its head arrived.

        Args:
            endpoint: where to.
            path: what follows the base address, with its slash.
            body: JSON.
            seconds: until the whole reply must have been read.

        Raises:
            UpstreamError: nobody answered; `retryable` says whether the call certainly never arrived.
        """
        ...

    async def close(self) -> None:
        """Close all connections."""
        ...


class PyreqwestUpstream:
    """The client in earnest: two pools, for an address of this machine is never asked through a proxy."""

    def __init__(self) -> None:
        """Prepare the pools; connections open at first use."""
        self._outward = _client(through_proxy=True)
        self._here = _client(through_proxy=False)

    async def __aenter__(self) -> Self:
        """Use as a context."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the pools."""
        await self.close()

    async def fetch_reply(self, endpoint: Endpoint, path: str, body: bytes, *, seconds: float) -> Reply:
        """Send a JSON body and give the reply as soon as its head arrived; see `Upstream`."""
        client = self._here if is_loopback(endpoint.base_url) else self._outward
        try:
            builder = (
                client.post(endpoint.base_url + path)
                .header("content-type", "application/json")
                .body_bytes(body)
                .timeout(timedelta(seconds=seconds))
                .streamed_read_buffer_limit(0)
            )
            if endpoint.credential is not None:
                builder = builder.header("authorization", f"Bearer {endpoint.credential}", is_sensitive=True)
            request = builder.build_streamed()
        except (BuilderError, ValueError) as error:
            # The cause could show the credential, so it stays behind.
            message = "the upstream's address or credential cannot be put into a request"
            raise UpstreamError(message, "mend the variable or file that holds it") from error
        try:
            response = await request.__aenter__()
        except PyreqwestError as error:
            raise _translate_error(error) from error
        return PyreqwestReply(request, response)

    async def close(self) -> None:
        """Close all connections."""
        await self._outward.close()
        await self._here.close()


class PyreqwestReply:
    """A reply that is being read."""

    def __init__(self, request: StreamRequest, response: Response) -> None:
        """Hold the open reply."""
        self._request = request
        self._response = response
        self._reader: ResponseBodyReader = response.body_reader

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self._response.status

    def header(self, name: str) -> str | None:
        """The first header of that name; None where its bytes are no text."""
        try:
            return self._response.get_header(name)
        except ValueError:
            return None

    async def read_body(self) -> bytes:
        """Read all that is left of the body."""
        try:
            return bytes(await self._reader.bytes())
        except PyreqwestError as error:
            raise _translate_error(error) from error

    async def read_chunk(self) -> bytes | None:
        """Read what has arrived; None at the end."""
        try:
            chunk = await self._reader.read_chunk()
        except PyreqwestError as error:
            raise _translate_error(error) from error
        return None if chunk is None else bytes(chunk)

    async def close(self) -> None:
        """Give the connection back, or drop it when the body was not read to its end."""
        await self._request.__aexit__(None, None, None)


def _client(*, through_proxy: bool) -> Client:
    builder = (
        ClientBuilder()
        .user_agent("pilotage")
        .follow_redirects(enable=False)
        .referer(enable=False)
        .default_cookie_store(enable=False)
        .gzip(enable=False)  # bytes pass as they come, so nothing compressed is asked for
        .brotli(enable=False)
        .zstd(enable=False)
        .deflate(enable=False)
        .connect_timeout(timedelta(seconds=CONNECT_SECONDS))
        .tcp_nodelay(enabled=True)
    )
    return (builder if through_proxy else builder.no_proxy()).build()


def _translate_error(error: PyreqwestError) -> UpstreamError:
    """Say what happened without the client's own text, which may hold the address and what stands in it."""
    if isinstance(error, (ConnectError, ConnectTimeoutError)) and _was_connecting(error):
        remedy = "see that the upstream runs and that its address is right"
        return UpstreamError("the upstream cannot be reached", remedy, retryable=True)
    if isinstance(error, RequestTimeoutError):
        remedy = "ask for less, or raise the model's timeout_seconds"
        return UpstreamError("the upstream did not answer in time", remedy, status=504)
    return UpstreamError("the upstream broke the connection off", "try again; see the upstream's log")


def _was_connecting(error: ConnectError | ConnectTimeoutError) -> bool:
    """Tell a connection that never stood from one that broke or dragged on after the call was sent.

    Only the first makes another try free of cost, and the client has one class for both.
    """
    causes = error.details["causes"] or []
    return any("(Connect)" in cause["message"] for cause in causes)
