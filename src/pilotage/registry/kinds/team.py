"""Team: the people who own, build, judge and run things, with the keys they sign with."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from pilotage.registry.kinds.document import Document, Line, Name, Part

Role = Literal[
    "owner", "builder", "bridge-builder", "risk-owner", "platform", "security", "privacy", "domain-expert", "user-lead"
]
SshKey = Annotated[
    str,
    Field(
        pattern=r"^(ssh-ed25519|ecdsa-sha2-nistp256|ecdsa-sha2-nistp384|ecdsa-sha2-nistp521|ssh-rsa|sk-ssh-ed25519@openssh\.com)"
        r" [A-Za-z0-9+/=]+( .*)?$",
        description="A public key as in authorized_keys; statements signed with it count as this person's.",
        json_schema_extra={"x-reads": "a public SSH key on one line, as in authorized_keys (`ssh-ed25519 AAAA… name`)"},
    ),
]


class Member(Part):
    """A person of a team, under a handle of the organisation's choosing."""

    name: Name = Field(description="The person's handle, unique in the organisation.")
    roles: tuple[Role, ...] = Field(default=(), description="What the person may attest and decide.")
    ssh_key: SshKey | None = Field(
        default=None, description="The public SSH key that the person signs statements with."
    )


class Team(Document):
    """A team; its members' roles say who may attest what."""

    kind: Literal["Team"]
    members: tuple[Member, ...] = Field(default=(), description="The people of the team, each in one team only.")
    contact: Line | None = Field(default=None, description="Where to reach the team: a channel, a mailbox.")
