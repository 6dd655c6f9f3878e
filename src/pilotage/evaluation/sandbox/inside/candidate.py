"""Holds the generated code: loads it when told, calls the function when asked, and tells what came of it.

Nothing here is trusted once the code is loaded: it may change any of it, and can then only fail itself. The checker,
behind walls of its own, takes replies for claims and nothing more.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from io import BufferedReader
from types import ModuleType

from pilotage.evaluation.sandbox.inside.limits import set_limits
from pilotage.evaluation.sandbox.inside.wire import MOST_MESSAGE_BYTES, Json, NotPlainError, decode, encode

_MODULE = "answer"
_MOST_TEXT = 500


class _UnloadableError(Exception):
    """The code cannot be used; says why in words of ours."""


def main() -> None:
    """Serve one checker until it closes the pipe; the arguments are two descriptors, bytes and seconds."""
    requests_from, replies_to, memory, cpu_seconds = map(int, sys.argv[1:])
    set_limits(memory, cpu_seconds)
    with os.fdopen(requests_from, "rb") as requests, os.fdopen(replies_to, "wb") as replies:

        def reply(message: Json) -> None:
            replies.write(json.dumps(message).encode() + b"\n")
            replies.flush()

        reply({"ready": True})
        _serve(requests, reply)
    os._exit(0)  # what the code has left behind for the end, such as atexit, is not run


def _serve(requests: BufferedReader, reply: Callable[[Json], None]) -> None:
    order = json.loads(requests.readline())
    try:
        function = _load(order["code"], order["function"])
    except _UnloadableError as error:
        reply({"unloadable": str(error)})
        return
    reply({"loaded": True})
    for line in requests:
        call = json.loads(line)
        args = [decode(value) for value in call["args"]]
        kwargs = {name: decode(value) for name, value in call["kwargs"].items()}
        reply(_result_of(function, args, kwargs))


def _load(code: str, name: str) -> Callable[..., object]:
    module = ModuleType(_MODULE)
    sys.modules[_MODULE] = module  # dataclasses look their module up
    try:
        exec(compile(code, f"{_MODULE}.py", "exec", dont_inherit=True), module.__dict__)  # noqa: S102 - what we are for
    except BaseException as error:
        raise _UnloadableError(f"does not load ({_kind_of(error)})") from error
    function = module.__dict__.get(name)
    if not callable(function):
        raise _UnloadableError("does not define the function")
    return function


def _result_of(function: Callable[..., object], args: list[object], kwargs: dict[str, object]) -> Json:
    try:
        value = function(*args, **kwargs)
    except BaseException as error:  # noqa: BLE001 - SystemExit is an answer too
        return {"raises": [kind.__name__ for kind in type(error).__mro__], "text": _text_of(error)}
    try:
        message = {"gives": encode(value)}
        fits = len(json.dumps(message)) < MOST_MESSAGE_BYTES
    except (NotPlainError, RecursionError):
        return {"unusable": "no plain value"}
    return message if fits else {"unusable": f"more than {MOST_MESSAGE_BYTES} bytes"}


def _kind_of(error: BaseException) -> str:
    builtin = [kind.__name__ for kind in type(error).__mro__ if kind.__module__ == "builtins"]
    return builtin[0]


def _text_of(error: BaseException) -> str:
    try:
        return str(error)[:_MOST_TEXT]
    except Exception:  # noqa: BLE001 - the code wrote __str__
        return ""


if __name__ == "__main__":
    main()
