"""The Merkle root is that of RFC 6962."""

from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from pilotage.ledger.merkle import merkle_root


def root_by_definition(leaves: list[bytes]) -> bytes:
    """Compute the tree hash just as section 2.1 of RFC 6962 writes it."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    return hashlib.sha256(b"\x01" + root_by_definition(leaves[:split]) + root_by_definition(leaves[split:])).digest()


@given(st.lists(st.binary(max_size=8), max_size=70))
def test_root_is_that_of_the_definition(leaves: list[bytes]) -> None:
    """Streaming gives the same root as the recursive definition."""
    assert merkle_root(iter(leaves)) == "sha256:" + root_by_definition(leaves).hex()


def test_known_roots() -> None:
    """The roots of certificate-transparency's reference tests come out."""
    leaves = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
    data = [bytes.fromhex(leaf) for leaf in leaves]
    assert merkle_root([]) == "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert merkle_root(data[:1]) == "sha256:6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert merkle_root(data) == "sha256:5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


def test_order_and_number_matter() -> None:
    """Swapping, dropping or doubling a leaf changes the root."""
    roots = [merkle_root(leaves) for leaves in ([b"a", b"b"], [b"b", b"a"], [b"a"], [b"a", b"b", b"b"])]
    assert len(set(roots)) == len(roots)
