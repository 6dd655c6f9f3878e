"""What a route's calls took so far: the latest that succeeded, by the model that answers now."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from tests.metering.rows import insert_rows, usage_row

from pilotage.metering.past_calls import MOST_CALLS, PastCalls, read_past_calls


def read(engine: sa.Engine) -> PastCalls:
    """Read what calls of route `letters` took."""
    return read_past_calls(engine, use_case="claims-inbox", route="letters", model="small")


def test_means_of_what_is_known(engine: sa.Engine) -> None:
    """Tokens and seconds are averaged over calls that succeeded and whose usage the provider told."""
    assert read(engine) == PastCalls()
    counted = [usage_row(tokens_in=10, tokens_out=4, milliseconds=500), usage_row(tokens_in=20, milliseconds=1_500)]
    others = [
        usage_row(**change, tokens_in=9_999, milliseconds=99_000)
        for change in (
            {"use_case": "other"},
            {"route": "other"},
            {"model": "large"},
            {"status": 500},
            {"state": "reserved"},
            {"usage_source": "none"},
        )
    ]
    insert_rows(engine, *counted, *others)
    assert read(engine) == PastCalls(2, 15.0, 4.5, 1.0)


def test_only_the_latest_calls_are_looked_at(sqlite_engine: sa.Engine) -> None:
    """What calls took long ago tells little of the next."""
    insert_rows(sqlite_engine, *(usage_row(tokens_in=1_000) for _ in range(50)))
    insert_rows(sqlite_engine, *(usage_row(tokens_in=10) for _ in range(MOST_CALLS)))
    past = read(sqlite_engine)
    assert (past.calls, past.tokens_in) == (MOST_CALLS, pytest.approx(10))
