"""Whether a plain value is the expected one: by type, and with a small tolerance for floating-point numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable
from contextlib import suppress
from typing import cast

_RELATIVE, _ABSOLUTE = 1e-9, 1e-12


def is_same(expected: object, given: object) -> bool:
    """Tell whether two plain values are the same.

    `True` is not `1`, a list is no tuple, and text is not bytes; a set is a frozen set. Where one of two numbers is
    floating-point, they may differ by a billionth of the larger one; NaN is NaN. The order of keys does not count.
    """
    match expected, given:
        case (bool() | None, _) | (_, bool() | None):
            return expected is given
        case int() | float(), int() | float():
            return _is_same_number(expected, given)
        case (list(), list()) | (tuple(), tuple()):
            return _are_same(cast("list[object]", expected), cast("list[object]", given))
        case set() | frozenset(), set() | frozenset():
            return _are_same(_in_order(cast("set[object]", expected)), _in_order(cast("set[object]", given)))
        case dict(), dict():
            return _are_same_dicts(cast("dict[object, object]", expected), cast("dict[object, object]", given))
        case _:
            return type(expected) is type(given) and expected == given


def _is_same_number(expected: float, given: float) -> bool:
    if isinstance(expected, int) and isinstance(given, int):
        return expected == given
    try:
        close = math.isclose(expected, given, rel_tol=_RELATIVE, abs_tol=_ABSOLUTE)
        return close or (math.isnan(expected) and math.isnan(given))
    except OverflowError:  # an integer beyond the largest floating-point number
        return expected == given


def _are_same(expected: list[object], given: list[object]) -> bool:
    return len(expected) == len(given) and all(map(is_same, expected, given))


def _are_same_dicts(expected: dict[object, object], given: dict[object, object]) -> bool:
    others = {_key(key): value for key, value in given.items()}
    return len(expected) == len(given) and all(
        _key(key) in others and is_same(value, others[_key(key)]) for key, value in expected.items()
    )


def _key(value: object) -> str:
    """Give text that is the same for keys that a dict takes for the same, and that keeps True from 1."""
    match value:
        case bool():
            return str(value)
        case float() if value.is_integer():
            return hex(int(value))
        case int():
            return hex(value)
        case tuple():
            return f"({','.join(map(_key, cast('tuple[object, ...]', value)))})"
        case set() | frozenset():
            return f"{{{','.join(sorted(map(_key, cast('frozenset[object]', value))))}}}"
        case _:
            return repr(value)


def _in_order(values: Iterable[object]) -> list[object]:
    """Sort the elements of a set, so that the same ones come to stand opposite each other."""
    return sorted(values, key=_rank)


def _rank(value: object) -> tuple[int, float, str]:
    """Give numbers an order in which nearly the same ones are neighbours."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and not math.isnan(value):
        with suppress(OverflowError):
            return 0, float(value), ""
    return 1, 0.0, _key(value)
