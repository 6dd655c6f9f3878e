"""Merkle tree hash of a list of leaves, as RFC 6962 section 2.1 defines it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

LEAF = b"\x00"
NODE = b"\x01"


def merkle_root(leaves: Iterable[bytes]) -> str:
    """Give `sha256:<hex>` of the tree over the leaves, in their order.

    Leaves may stream: only one hash per level of the tree is held. An odd subtree moves up as it is, which
    makes the same tree as the RFC's split at the largest power of two.
    """
    whole: list[tuple[int, bytes]] = []  # perfect subtrees, ever smaller: (height, hash)
    for leaf in leaves:
        height, digest = 0, hashlib.sha256(LEAF + leaf).digest()
        while whole and whole[-1][0] == height:
            digest = hashlib.sha256(NODE + whole.pop()[1] + digest).digest()
            height += 1
        whole.append((height, digest))
    if not whole:
        return "sha256:" + hashlib.sha256(b"").hexdigest()
    root = whole.pop()[1]
    while whole:
        root = hashlib.sha256(NODE + whole.pop()[1] + root).digest()
    return "sha256:" + root.hex()
