"""An export verifies offline, and any change to it is found at the first record that it touches."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator
from functools import cache
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ledger.samples import MOMENT, SAMPLES, fixed_key
from tests.storage_fixtures import DatabaseMaker

from pilotage.core.canonical import digest_of_bytes
from pilotage.core.clock import ManualClock
from pilotage.core.errors import LedgerError
from pilotage.ledger.chain import BrokenChainError
from pilotage.ledger.entry import EMPTY, Head, write_statement
from pilotage.ledger.export import export_ledger, read_lines
from pilotage.ledger.ledger import Ledger
from pilotage.ledger.records.record import Body
from pilotage.ledger.records.seal import KeyRotated
from pilotage.ledger.signing import SigningKey, sign_statement
from pilotage.ledger.verify import verify_export, write_checkpoint, write_header

ROOT = fixed_key(1).key_id
BODIES: list[Body] = [body for body in SAMPLES.values() if not isinstance(body, KeyRotated)]
RECORDS = 9
ROTATION = 5
"""Number of the record at which the export's key changes."""


def rotation(old: SigningKey, new: SigningKey) -> KeyRotated:
    """Give the body that brings a new key."""
    return KeyRotated(old_key=old.key_id, new_key=new.key_id, new_public_key=new.public.pem, reason="test")


def write_export(bodies: list[Body], key: SigningKey) -> list[bytes]:
    """Write an export without a database."""
    lines, head, root = [], EMPTY, key
    for body in bodies:
        payload = write_statement(head, MOMENT, body)
        keys = [key]
        if isinstance(body, KeyRotated):
            key = fixed_key(2)
            keys.append(key)
        lines.append(sign_statement(payload, *keys))
        head = Head(head.seq + 1, digest_of_bytes(payload))
    checkpoint = sign_statement(write_checkpoint(head, MOMENT), key)
    return [line + b"\n" for line in (write_header(root.public), *lines, checkpoint)]


@cache
def sound() -> tuple[bytes, ...]:
    """Give an export of nine records with a change of key in the middle."""
    bodies = [*BODIES, BODIES[0]][: RECORDS - 1]
    bodies.insert(ROTATION - 1, rotation(fixed_key(1), fixed_key(2)))
    return tuple(write_export(bodies, fixed_key(1)))


def broken(lines: list[bytes], root_key_id: str | None = ROOT) -> BrokenChainError:
    """Verify what is not sound, and give the complaint."""
    with pytest.raises(BrokenChainError) as caught:
        verify_export(lines, root_key_id)
    assert caught.value.remedy
    return caught.value


def test_a_sound_export_verifies_with_one_pinned_key() -> None:
    """One pinned root vouches for everything, through the change of key."""
    chain = verify_export(sound(), ROOT)
    assert chain.head.seq == RECORDS
    assert chain.pinned
    assert chain.key_ids == (ROOT, fixed_key(2).key_id)
    assert sum(chain.kinds.values()) == RECORDS
    assert not verify_export(sound()).pinned


def test_a_stored_ledger_exports_and_verifies(databases: DatabaseMaker, backend: str) -> None:
    """What a ledger exports verifies, before its first record, after many, and after a change of key."""
    ledger = Ledger(databases.make(backend), fixed_key(1), ManualClock(MOMENT))
    for expected in (0, 3, 5):
        while ledger.head().seq < expected:
            if ledger.head().seq == ROTATION - 2:
                ledger.rotate_key(fixed_key(2), "test")
            else:
                ledger.append(BODIES[0])
        file = io.BytesIO()
        head = export_ledger(ledger, file)
        file.seek(0)
        assert verify_export(read_lines(file), ROOT).head == head == ledger.head()


@given(number=st.integers(1, RECORDS), data=st.data())
def test_any_changed_byte_of_a_record_is_found(number: int, data: st.DataObject) -> None:
    """Whatever byte of whatever record changes, verification names that record and its line."""
    lines = list(sound())
    place = data.draw(st.integers(0, len(lines[number]) - 1))
    flipped = lines[number][place] ^ data.draw(st.integers(1, 255))
    lines[number] = lines[number][:place] + bytes([flipped]) + lines[number][place + 1 :]
    whole = b"".join(lines)
    error = broken(list(read_lines(io.BytesIO(whole))))
    assert error.record == number
    assert error.line == number + 1


@given(number=st.integers(1, RECORDS), data=st.data())
def test_any_changed_byte_of_a_payload_is_found(number: int, data: st.DataObject) -> None:
    """Whatever byte of a signed statement changes, the record is called altered, or what became of its number."""
    lines = list(sound())
    envelope = json.loads(lines[number])
    payload = bytearray(base64.b64decode(envelope["payload"]))
    payload[data.draw(st.integers(0, len(payload) - 1))] ^= data.draw(st.integers(1, 255))
    envelope["payload"] = base64.b64encode(payload).decode()
    lines[number] = json.dumps(envelope, separators=(",", ":"), sort_keys=True).encode() + b"\n"
    error = broken(lines)
    assert (error.fault, error.record, error.line) == ("altered", number, number + 1)


@given(data=st.data())
def test_any_changed_byte_of_header_and_checkpoint_is_found(data: st.DataObject) -> None:
    """The lines around the records are as safe as they are."""
    lines = list(sound())
    number = data.draw(st.sampled_from([0, RECORDS + 1]))
    place = data.draw(st.integers(0, len(lines[number]) - 1))
    flipped = lines[number][place] ^ data.draw(st.integers(1, 255))
    lines[number] = lines[number][:place] + bytes([flipped]) + lines[number][place + 1 :]
    with pytest.raises(LedgerError) as caught:
        verify_export(list(read_lines(io.BytesIO(b"".join(lines)))), ROOT)
    assert f"line {number + 1}" in caught.value.message or number == 0


@given(number=st.integers(1, RECORDS))
def test_a_dropped_record_is_named(number: int) -> None:
    """A record that is gone is named, also the last one and the one that changed the key."""
    lines = list(sound())
    del lines[number]
    error = broken(lines)
    assert (error.fault, error.record, error.line) == ("dropped", number, number + 1)
    assert f"record {number} was dropped" in str(error)


@given(st.sets(st.integers(1, RECORDS), min_size=2, max_size=2))
def test_swapped_records_are_named(pair: set[int]) -> None:
    """Two records that changed places are found at the first of the two places."""
    first, second = sorted(pair)
    lines = list(sound())
    lines[first], lines[second] = lines[second], lines[first]
    error = broken(lines)
    assert (error.fault, error.record, error.line) == ("reordered", first, first + 1)
    assert f"stands on line {second + 1}" in str(error)


@given(number=st.integers(1, RECORDS), data=st.data())
def test_a_repeated_record_is_named(number: int, data: st.DataObject) -> None:
    """A record that stands twice is found where it stands again."""
    again = data.draw(st.integers(number + 1, RECORDS + 1))
    lines = list(sound())
    lines.insert(again, lines[number])
    error = broken(lines)
    assert (error.fault, error.record, error.line) == ("repeated", number, again + 1)


@given(number=st.integers(1, RECORDS))
def test_a_record_signed_by_an_unknown_key_is_named(number: int) -> None:
    """Signing a record anew with another key does not help: the key is not the one that signs there."""
    lines = list(sound())
    payload = base64.b64decode(json.loads(lines[number])["payload"])
    lines[number] = sign_statement(payload, fixed_key(9)) + b"\n"
    error = broken(lines)
    assert (error.fault, error.record) == ("unknown-key", number)
    assert fixed_key(9).key_id in str(error)


@pytest.mark.parametrize("more", [fixed_key(2), fixed_key(9)])
def test_a_second_signature_is_not_let_in(more: SigningKey) -> None:
    """An ordinary record has one signature; another one beside it is unknown."""
    lines = list(sound())
    payload = base64.b64decode(json.loads(lines[2])["payload"])
    lines[2] = sign_statement(payload, fixed_key(1), more) + b"\n"
    assert (broken(lines).fault, broken(lines).record) == ("unknown-key", 2)


def test_the_old_key_signs_nothing_after_its_rotation() -> None:
    """A stolen old key cannot add to the chain, nor bring in a key without its signature."""
    for number in (ROTATION + 1, RECORDS):
        lines = list(sound())
        payload = base64.b64decode(json.loads(lines[number])["payload"])
        lines[number] = sign_statement(payload, fixed_key(1)) + b"\n"
        assert (broken(lines).fault, broken(lines).record) == ("unknown-key", number)
    for keys in ((fixed_key(1),), (fixed_key(2),), (fixed_key(1), fixed_key(9))):
        lines = list(sound())
        payload = base64.b64decode(json.loads(lines[ROTATION])["payload"])
        lines[ROTATION] = sign_statement(payload, *keys) + b"\n"
        assert (broken(lines).fault, broken(lines).record) == ("unknown-key", ROTATION)


def test_history_written_anew_by_the_key_itself_is_noticed() -> None:
    """A record replaced by who holds the key breaks the link of the next one, or the checkpoint after the last."""
    for number in (2, RECORDS):
        lines = list(sound())
        statement = json.loads(base64.b64decode(json.loads(lines[number])["payload"]))
        statement["predicate"]["recorded_at"] = "2026-03-03T09:30:16.250000Z"
        key = fixed_key(1) if number < ROTATION else fixed_key(2)
        lines[number] = sign_statement(json.dumps(statement).encode(), key) + b"\n"
        error = broken(lines)
        assert (error.fault, error.record) == ("altered", number)


def test_another_pinned_root_is_refused() -> None:
    """An export of another installation does not pass for ours."""
    with pytest.raises(LedgerError, match=f"signed by the unknown key {ROOT}, pinned is {fixed_key(9).key_id}"):
        verify_export(sound(), fixed_key(9).key_id)


def test_an_export_put_back_in_time_is_noticed() -> None:
    """Who remembers a head sees that a later part is gone, or that history was written anew."""
    head = verify_export(sound(), ROOT).head
    assert verify_export(sound(), ROOT, at_least=head).head == head
    with pytest.raises(BrokenChainError, match=f"record {RECORDS + 1} was dropped") as caught:
        verify_export(sound(), ROOT, at_least=Head(RECORDS + 2, head.digest))
    assert caught.value.record == RECORDS + 1
    with pytest.raises(BrokenChainError, match="record 3 is another one than was seen before"):
        verify_export(sound(), ROOT, at_least=Head(3, head.digest))


def test_the_checkpoint_of_an_earlier_export_does_not_fit() -> None:
    """Records after the checkpoint's number, or lines after the checkpoint, are found."""
    early = write_export(BODIES[:2], fixed_key(1))
    late = write_export(BODIES[:3], fixed_key(1))
    assert broken([*late[:4], early[-1]]).record == 3
    assert "something follows the checkpoint" in str(broken([*early, early[-1]]))
    forged = sign_statement(write_checkpoint(verify_export(early).head, MOMENT), fixed_key(9))
    assert "the checkpoint is signed by the unknown key" in str(broken([*early[:3], forged + b"\n"]))


@pytest.mark.parametrize("lost", range(1, RECORDS + 2))
def test_a_half_written_file_is_found(lost: int) -> None:
    """A file that ends early, in a line or between two, names the first record that is missing."""
    lines = list(sound())
    error = broken(lines[:lost])
    assert (error.fault, error.record) == ("truncated", lost)
    error = broken([*lines[:lost], lines[lost][:-5]])
    assert (error.fault, error.record, error.line) == ("truncated", lost, lost + 1)


BAD_LINES: dict[str, bytes] = {
    "empty": b"",
    "no JSON": b"hello",
    "no UTF-8": b"\xff\xfe",
    "a number": b"1",
    "a list": b"[]",
    "an empty object": b"{}",
    "wrong types": b'{"payload":1,"payloadType":"application/vnd.in-toto+json","signatures":[]}',
    "no signature": b'{"payload":"","payloadType":"application/vnd.in-toto+json","signatures":[]}',
    "a signature that is a text": b'{"payload":"","payloadType":"application/vnd.in-toto+json","signatures":["x"]}',
    "doubled key": b'{"payload":"","payload":"","payloadType":"application/vnd.in-toto+json","signatures":[]}',
    "another payload": b'{"payload":"","payloadType":"text/plain","signatures":[{"keyid":"a","sig":""}]}',
    "bad base64": b'{"payload":"\xc3\xa9","payloadType":"application/vnd.in-toto+json","signatures":'
    b'[{"keyid":"a","sig":"!"}]}',
    "NaN": b"NaN",
    "deep": b"[" * 200_000,
    "a huge number": b"1" * 10_000,
}


@pytest.mark.parametrize("name", BAD_LINES)
@pytest.mark.parametrize("number", [0, 1, RECORDS])
def test_bad_lines_give_a_clear_error(name: str, number: int) -> None:
    """Whatever stands in a line, the error names the line and says what to do; never a traceback of ours."""
    lines = list(sound())
    lines[number] = BAD_LINES[name] + b"\n"
    with pytest.raises(LedgerError, match=f"line {number + 1}: ") as caught:
        verify_export(lines, ROOT)
    assert caught.value.remedy
    assert len(str(caught.value)) < 500


def test_signed_nonsense_gives_a_clear_error() -> None:
    """Even what the right key signed is read with care: wrong types, doubled keys, a body that does not fit."""
    good = json.loads(base64.b64decode(json.loads(sound()[1])["payload"]))

    def changed(**fields: object) -> bytes:
        return json.dumps(good | {"predicate": good["predicate"] | fields}).encode()

    for payload in (
        b"[]",
        b'{"_type":1,"_type":2}',
        changed(seq="1"),
        changed(seq=True),
        changed(previous=None),
        changed(recorded_at="yesterday"),
        changed(recorded_at="2026-03-03T09:30:16"),
        changed(body=[]),
        changed(body={"commit": 7}),
    ):
        error = broken([sound()[0], sign_statement(payload, fixed_key(1)) + b"\n"])
        assert (error.fault, error.record, error.line) == ("malformed", 1, 2)


def test_a_kind_of_a_newer_version_is_counted() -> None:
    """An older verifier still vouches for the chain around records that it cannot read."""
    payload = write_statement(EMPTY, MOMENT, BODIES[0]).replace(b"catalog-activated/v1", b"catalog-activated/v2")
    head = Head(1, digest_of_bytes(payload))
    statements = (payload, write_checkpoint(head, MOMENT))
    lines = [write_header(fixed_key(1).public), *(sign_statement(one, fixed_key(1)) for one in statements)]
    chain = verify_export([line + b"\n" for line in lines], ROOT)
    assert (chain.head, chain.unknown_kinds, chain.kinds) == (head, 1, {})


def test_a_newer_format_is_refused() -> None:
    """An export of a format to come says that a newer version is needed."""
    line = sound()[0].replace(b'"version":1', b'"version":2')
    with pytest.raises(LedgerError, match="line 1: the export is of format 2; use the newer version"):
        verify_export([line, *sound()[1:]])


def test_an_endless_line_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line beyond the bound is cut off while reading and refused, however long it goes on."""
    for module in ("export", "verify"):
        monkeypatch.setattr(f"pilotage.ledger.{module}.LONGEST", 10_000)
    file = io.BytesIO(sound()[0] + b"x" * 50_000)
    assert max(len(line) for line in read_lines(file)) == 10_001
    file.seek(0)
    with pytest.raises(BrokenChainError, match="line 2: the line is longer than 10000 bytes"):
        verify_export(read_lines(file))


def test_lines_are_taken_one_by_one() -> None:
    """Verification stops at the first fault and does not read an endless rest."""

    def endless() -> Iterator[bytes]:
        yield sound()[0]
        for _ in count():
            yield b"nonsense\n"

    with pytest.raises(BrokenChainError, match="line 2"):
        verify_export(endless())
