"""Every shape that was ever stored stays readable, byte for byte."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.ledger.samples import MOMENT, SAMPLES, fixed_key, golden_name, write_golden

from pilotage.ledger.entry import entry_of, read_link
from pilotage.ledger.envelope import read_envelope
from pilotage.ledger.records.kinds import BODIES

GOLDEN = Path(__file__).with_name("golden")


def test_every_kind_has_a_sample_and_a_golden_file() -> None:
    """A new kind of record, or a new version of one, cannot come without its golden file."""
    assert set(SAMPLES) == {body.record_name for body in BODIES}
    assert {golden_name(body) for body in SAMPLES.values()} <= {path.name for path in GOLDEN.iterdir()}


@pytest.mark.parametrize("name", SAMPLES)
def test_stored_envelope_reads_back(name: str) -> None:
    """An envelope as version 1 wrote it still verifies and gives the body that was stored."""
    stored = (GOLDEN / golden_name(SAMPLES[name])).read_bytes().removesuffix(b"\n")
    signed = read_envelope(stored)
    assert signed.is_signed_by(fixed_key(1).public)
    entry = entry_of(read_link(signed.payload), signed.key_ids)
    assert entry.body == SAMPLES[name]
    assert (entry.seq, entry.recorded_at) == (1, MOMENT)


@pytest.mark.parametrize("name", SAMPLES)
def test_today_writes_what_was_stored(name: str) -> None:
    """A shape does not change under its version: today's writer gives the same bytes."""
    assert (GOLDEN / golden_name(SAMPLES[name])).read_bytes() == write_golden(SAMPLES[name]) + b"\n"
