"""Attestation: a person's statement on one criterion, with how sure we are who made it."""

from __future__ import annotations

from typing import ClassVar, Literal

from pilotage.ledger.records.record import Body, Digest, Moment


class Attestation(Body):
    """A statement. `asserted` ones are kept and shown but satisfy no criterion."""

    record_name: ClassVar[str] = "attestation"

    use_case: str
    release: Digest
    parts: dict[str, Digest]
    criterion: str
    """Id of the criterion, or `promote-limited` / `promote-production` for a promotion."""
    answer: bool
    statement: Digest
    """Digest of the artefact that holds the signed text: the words are erasable, the proof is not."""
    signer: str
    """Fingerprint of the key (`SHA256:…`), or `unknown`: a pseudonym."""
    roles: tuple[str, ...]
    """Roles that the registry gave the signer when the statement was made."""
    participants: int
    sample: bool
    assurance: Literal["ssh-signature", "asserted"]
    signature: str | None
    """The SSHSIG text over the statement."""
    made: Moment

    def subject_digests(self) -> dict[str, str]:
        """The Release and the text signed."""
        return {self.use_case: self.release, "statement": self.statement}
