"""The ledger in a database verifies as it stands, and a change behind our back is found and named."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from tests.ledger.samples import MOMENT, SAMPLES, fixed_key

from pilotage.core.canonical import digest_of_bytes
from pilotage.core.clock import ManualClock
from pilotage.core.errors import LedgerError
from pilotage.ledger.audit import verify_ledger
from pilotage.ledger.chain import BrokenChainError
from pilotage.ledger.entry import EMPTY, Head, write_statement
from pilotage.ledger.ledger import Ledger
from pilotage.ledger.signing import sign_statement
from pilotage.storage.tables import record, signing_key

ROOT = fixed_key(1).key_id


@pytest.fixture
def ledger(engine: sa.Engine) -> Ledger:
    """Give a ledger of six records, with a change of key at the third."""
    ledger = Ledger(engine, fixed_key(1), ManualClock(MOMENT))
    for _ in range(2):
        ledger.append(SAMPLES["release"])
    ledger.rotate_key(fixed_key(2), "test")
    for _ in range(3):
        ledger.append(SAMPLES["permit"])
    return ledger


def alter(engine: sa.Engine, statement: sa.Executable) -> None:
    """Do what somebody with the database's password could do."""
    with engine.begin() as connection:
        connection.execute(statement)


def test_a_live_ledger_verifies(ledger: Ledger) -> None:
    """A ledger that nobody touched verifies from one pinned key to its head."""
    chain = verify_ledger(ledger.engine, ROOT, at_least=ledger.head())
    assert chain.head == ledger.head()
    assert chain.key_ids == (ROOT, fixed_key(2).key_id)


def test_an_empty_ledger_verifies(engine: sa.Engine) -> None:
    """Nothing recorded is nothing broken, unless somebody remembers more."""
    assert verify_ledger(engine, ROOT).head == EMPTY


@pytest.mark.parametrize(
    ("statement", "fault", "number"),
    [
        pytest.param(sa.delete(record).where(record.c.seq == 1), "dropped", 1, id="first dropped"),
        pytest.param(sa.delete(record).where(record.c.seq == 4), "dropped", 4, id="dropped"),
        pytest.param(sa.delete(record).where(record.c.seq == 6), "dropped", 6, id="last dropped"),
        pytest.param(sa.delete(record), "dropped", 1, id="all dropped"),
        pytest.param(
            sa.update(record).where(record.c.seq == 2).values(use_case="other"), "altered", 2, id="column altered"
        ),
        pytest.param(
            sa.update(record).where(record.c.seq == 5).values(release=None), "altered", 5, id="column emptied"
        ),
        pytest.param(sa.update(record).where(record.c.seq == 6).values(seq=9), "altered", 6, id="number altered"),
        pytest.param(
            sa.update(record).where(record.c.seq == 4).values(envelope="{}"), "malformed", 4, id="envelope emptied"
        ),
        pytest.param(
            sa.update(record)
            .where(record.c.seq == 5)
            .values(envelope=sa.select(record.c.envelope).where(record.c.seq == 4).scalar_subquery()),
            "repeated",
            4,
            id="envelope copied",
        ),
    ],
)
def test_a_change_in_the_database_is_named(ledger: Ledger, statement: sa.Executable, fault: str, number: int) -> None:
    """Rows dropped, also at the tail, and rows changed are found, and the first one is named."""
    head = ledger.head()
    alter(ledger.engine, statement)
    with pytest.raises(BrokenChainError) as caught:
        verify_ledger(ledger.engine, ROOT, at_least=head)
    assert (caught.value.fault, caught.value.record) == (fault, number)


@pytest.mark.parametrize(
    ("statement", "complaint"),
    [
        (sa.delete(signing_key), "the list of the ledger's public keys is empty"),
        (sa.delete(signing_key).where(signing_key.c.since == 4), "the list of the ledger's public keys was altered"),
        (sa.update(signing_key).where(signing_key.c.since == 1).values(public_key="x"), "no public key in PEM"),
        (
            sa.update(signing_key).where(signing_key.c.since == 1).values(public_key=fixed_key(9).public.pem),
            "unknown key",
        ),
    ],
)
def test_a_changed_list_of_keys_is_found(ledger: Ledger, statement: sa.Executable, complaint: str) -> None:
    """The keys in the database are not believed: they have to be those of the chain."""
    alter(ledger.engine, statement)
    with pytest.raises(LedgerError, match=complaint):
        verify_ledger(ledger.engine, ROOT)


def test_reading_refuses_an_altered_record(ledger: Ledger) -> None:
    """A record that is not what its digest says is not handed to anybody."""
    alter(ledger.engine, sa.update(record).where(record.c.seq == 6).values(digest="sha256:" + "0" * 64))
    complaint = "record 6 is not what its digest says; run `pilotage ledger verify`"
    with pytest.raises(LedgerError, match=complaint):
        ledger.read()
    with pytest.raises(LedgerError, match=complaint):
        ledger.latest(type(SAMPLES["permit"]))


def test_reading_an_unknown_kind_says_that_it_is_newer(ledger: Ledger) -> None:
    """A record of a version to come gives an error that names the way out."""
    statement = write_statement(Head(5, "sha256:" + "0" * 64), MOMENT, SAMPLES["permit"])
    payload = statement.replace(b"permit/v1", b"permit/v9")
    envelope = sign_statement(payload, fixed_key(2)).decode()
    alter(
        ledger.engine,
        sa.update(record).where(record.c.seq == 6).values(envelope=envelope, digest=digest_of_bytes(payload)),
    )
    with pytest.raises(LedgerError, match=r"permit/v9', which this version does not know; read it with the newer"):
        ledger.read()
