"""An HTTP server on this machine that replies from a script, down to single bytes, and keeps what it was sent."""

from __future__ import annotations

import json
import socket
import socketserver
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, cast

CUT = b"{cut}"
"""At the end of a reply: break the connection here."""


@dataclass(frozen=True)
class Request:
    """What arrived."""

    path: str
    headers: dict[str, str]
    body: Any


Reply = Callable[[Request], bytes | None]


class HttpFake(socketserver.ThreadingTCPServer):
    """Replies with what `reply` gives for a request: the bytes of a whole response, or None to break the connection."""

    request_queue_size = 128

    def __init__(self, reply: Reply) -> None:
        """Listen on a free port."""
        super().__init__(("127.0.0.1", 0), Conversation)
        self.reply = reply
        self.requests: list[Request] = []
        self.connections: list[socket.socket] = []
        self.address = f"http://127.0.0.1:{self.server_address[1]}"

    def hang_up(self) -> None:
        """Break every connection."""
        for connection in self.connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class Conversation(socketserver.StreamRequestHandler):
    """One connection, one request after the other."""

    timeout = 20
    disable_nagle_algorithm = True

    def handle(self) -> None:
        """Serve until either side ends it."""
        fake = cast("HttpFake", self.server)
        fake.connections.append(self.connection)
        with suppress(OSError):
            while first := self.rfile.readline().decode("latin-1"):
                headers: dict[str, str] = {}
                while line := self.rfile.readline().decode("latin-1").strip():
                    name, _, value = line.partition(":")
                    headers[name.lower()] = value.strip()
                body = self.rfile.read(int(headers.get("content-length", "0")))
                request = Request(first.split()[1], headers, json.loads(body or b"null"))
                fake.requests.append(request)
                reply = fake.reply(request)
                if reply is None:
                    return
                self.wfile.write(reply.removesuffix(CUT))
                if reply.endswith(CUT):
                    return


def response(body: bytes | dict[str, Any], status: int = 200, **headers: str) -> bytes:
    """Give the bytes of a response."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} Said", f"content-length: {len(data)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + data


@contextmanager
def serving(reply: Reply) -> Generator[HttpFake]:
    """Run the server in a thread of its own."""
    with HttpFake(reply) as fake:
        thread = threading.Thread(target=fake.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield fake
        finally:
            fake.shutdown()
            thread.join()
            fake.hang_up()
