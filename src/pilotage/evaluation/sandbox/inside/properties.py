"""Runs the Hypothesis tests of a data set, with the candidate in the place of the function that they name."""

from __future__ import annotations

import inspect
import sys
import warnings
from collections.abc import Callable
from types import ModuleType
from typing import Any, Never, Protocol

from hypothesis import HealthCheck, Phase, Verbosity, settings

from pilotage.evaluation.sandbox.inside.asking import Candidate, GoneError, builtin_error, raised_in
from pilotage.evaluation.sandbox.inside.wire import NotPlainError, decode, encode

_MODULE = "properties"
_CASES, _MOST_CASES = 100, 1_000


class DataFaultError(Exception):
    """The properties are wrong, whatever the code does; says how."""


class _Finish(Protocol):
    """Ends the check at once with a failure."""

    def __call__(self, failure: str) -> Never: ...


class Properties:
    """The properties of one item.

    Attributes:
        count: how many there are.
    """

    def __init__(self, source: str, function: str, candidate: Candidate, finish: _Finish) -> None:
        """Load the source; the function cannot be called meanwhile, so what is wrong now is the data set's fault.

        Raises:
            DataFaultError: it does not load, or holds no test.
        """
        self._candidate = candidate
        self._finish = finish
        self._open = False
        self._unusable = False
        self._tests = self._load(source, function)
        self.count = len(self._tests)

    def failures(self) -> list[str]:
        """Try every property, and say which do not hold.

        Raises:
            DataFaultError: one fails before it calls the function, or never does.
        """
        self._open = True
        return [
            f"property {n} does not hold" for n, test in enumerate(self._tests, start=1) if not self._holds(n, test)
        ]

    def _holds(self, number: int, test: Callable[[], object]) -> bool:
        before, self._unusable = self._candidate.calls, False
        fault, holds = "never calls the function", True
        try:
            test()
        except BaseException as error:  # noqa: BLE001 - whatever a test raises, it does not hold
            fault, holds = f"fails with {type(error).__name__} before it calls the function", False
        if self._candidate.calls == before:
            raise DataFaultError(f"property {number} {fault}")
        return holds and not self._unusable

    def _load(self, source: str, function: str) -> list[Callable[[], object]]:
        warnings.simplefilter("ignore")
        _settle()
        module = ModuleType(_MODULE)
        sys.modules[_MODULE] = module
        stand_in = self._call
        module.__dict__[function] = stand_in
        try:
            exec(compile(source, f"{_MODULE}.py", "exec", dont_inherit=True), module.__dict__)  # noqa: S102 - the data set's
        except BaseException as error:
            raise DataFaultError(f"the properties do not load ({type(error).__name__}: {error})") from error
        if module.__dict__.get(function) is not stand_in:
            raise DataFaultError("the properties define the function themselves")
        tests = [value for name, value in module.__dict__.items() if name.startswith("test_") and callable(value)]
        if not tests:
            raise DataFaultError("the properties hold no test")
        return [_bounded(test) for test in tests]

    def _call(self, /, *args: object, **kwargs: object) -> object:
        """Stand in for the function.

        Raises:
            Exception: whatever built-in exception the function raised.
        """
        if not self._open:
            raise DataFaultError("the function is called outside a test")
        encoded = [encode(value) for value in args], {name: encode(value) for name, value in kwargs.items()}
        try:
            reply = self._candidate.call(*encoded)
        except GoneError as error:
            self._finish(str(error))
        if "raises" in reply:
            kind = builtin_error(raised_in(reply))
            error = kind.__new__(kind)  # some of them want arguments of their own
            error.args = (str(reply.get("text", "")),)
            raise error
        try:
            return decode(reply["gives"])
        except (KeyError, NotPlainError, RecursionError) as error:
            self._unusable = True  # the test may take any exception for an expected one
            raise TypeError("no plain value") from error


def _settle() -> None:
    """Make every run the same: what is tried follows from the test alone, and nothing is remembered or timed."""
    settings.register_profile(
        _MODULE,
        derandomize=True,
        database=None,
        deadline=None,
        max_examples=_CASES,
        phases=(Phase.explicit, Phase.generate),  # which case fails is not told, so none is made smaller
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
        print_blob=False,
    )
    settings.load_profile(_MODULE)


def _bounded(test: Any) -> Callable[[], object]:  # noqa: ANN401 - a function that Hypothesis has decorated
    """Keep what a test has set for itself within bounds."""
    if inspect.iscoroutinefunction(test):
        raise DataFaultError("a test is async")
    own = getattr(test, "_hypothesis_internal_use_settings", None)  # where Hypothesis keeps what @settings has said
    if isinstance(own, settings):
        most = min(own.max_examples, _MOST_CASES)
        test._hypothesis_internal_use_settings = settings(  # noqa: SLF001 - there is no public way to change it
            own, max_examples=most, derandomize=True, database=None, deadline=None
        )
    return test
