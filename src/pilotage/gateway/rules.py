"""Every rule by which the gateway refuses a call: its name, HTTP status, meaning and remedy; the one list.

Names are stable: programs and pages go by them. A rule of a Permit bends to the Permit's mode (`observe` and
`warn` let the call pass and record it); every other rule always refuses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from pilotage.core.errors import Refusal

ErrorType = Literal[
    "authentication_error",
    "permission_error",
    "not_found_error",
    "invalid_request_error",
    "rate_limit_error",
    "upstream_error",
    "server_error",
]


@dataclass(frozen=True, slots=True)
class Rule:
    """One reason to refuse.

    Attributes:
        name: stable; the error's `code` and `rule`.
        status: the HTTP status.
        type: the family, as the OpenAI protocol has them.
        meaning: what it says, in a sentence.
        remedy: what the caller, or who stands behind the caller, can do.
        of_permit: whether the Permit's mode decides if it refuses or only records.
    """

    name: str
    status: int
    type: ErrorType
    meaning: str
    remedy: str
    of_permit: bool = False


_NEW_KEY = "ask the owner of the use case for a key (`pilotage key create`)"
_LATER = "try again in a moment; if it stays so, tell the platform team"

RULES: Final = (
    Rule(
        "missing_key",
        401,
        "authentication_error",
        "The call carries no key.",
        f"send `Authorization: Bearer pk_…`; {_NEW_KEY}",
    ),
    Rule(
        "malformed_key",
        401,
        "authentication_error",
        "The key does not have the form pk_<public id>_<secret>.",
        "send the key exactly as it was shown when it was made, after `Bearer `",
    ),
    Rule("unknown_key", 401, "authentication_error", "No such key exists.", _NEW_KEY),
    Rule("expired_key", 401, "authentication_error", "The key's time is over.", _NEW_KEY),
    Rule("revoked_key", 401, "authentication_error", "The key was revoked.", _NEW_KEY),
    Rule(
        "unknown_route",
        404,
        "not_found_error",
        "No route of that name is released.",
        "name one of the routes that GET /v1/models lists as `model`",
    ),
    Rule(
        "route_of_other_use_case",
        403,
        "permission_error",
        "The route belongs to another use case than the key.",
        "use a key of the route's own use case",
    ),
    Rule(
        "candidate_not_permitted",
        403,
        "permission_error",
        "Only builders and assessments may call a candidate.",
        "call the route without `@candidate`, or use a key of audience builders",
    ),
    Rule(
        "wrong_task",
        400,
        "invalid_request_error",
        "The route's model does another task than this surface asks for.",
        "call chat routes at /v1/chat/completions and embedding routes at /v1/embeddings",
    ),
    Rule(
        "audience_not_permitted",
        403,
        "permission_error",
        "The Release is not permitted to serve the key's audience.",
        "see what is missing with `pilotage assess`; builders and assessments may call meanwhile",
        of_permit=True,
    ),
    Rule(
        "permit_expired",
        403,
        "permission_error",
        "The Release's permit has run out.",
        "renew the evidence that it rested on; see `pilotage assess`",
        of_permit=True,
    ),
    Rule(
        "rate_exceeded",
        429,
        "rate_limit_error",
        "More calls came this minute than the permit allows.",
        "wait, and call less often",
        of_permit=True,
    ),
    Rule(
        "spend_exceeded",
        429,
        "rate_limit_error",
        "The use case has spent what its permit allows this month.",
        "wait for the next month, or ask the owner to raise `monthly_budget` within the tier",
        of_permit=True,
    ),
    Rule(
        "body_too_large",
        413,
        "invalid_request_error",
        "The request's body is larger than the gateway takes.",
        "send less in one call",
    ),
    Rule(
        "headers_too_large",
        431,
        "invalid_request_error",
        "The request's headers are larger than the gateway takes.",
        "send fewer or shorter headers",
    ),
    Rule(
        "slow_request",
        408,
        "invalid_request_error",
        "The request's body did not arrive in time.",
        "send the whole body at once",
    ),
    Rule(
        "malformed_request",
        400,
        "invalid_request_error",
        "The request is not well formed.",
        "mend the field that the message names",
    ),
    Rule(
        "unknown_path",
        404,
        "not_found_error",
        "Nothing is served at this path.",
        "use /v1/chat/completions, /v1/embeddings or /v1/models",
    ),
    Rule(
        "wrong_method",
        405,
        "invalid_request_error",
        "The path is not called with this method.",
        "POST to /v1/chat/completions and /v1/embeddings, GET /v1/models",
    ),
    Rule(
        "catalog_not_loaded",
        503,
        "server_error",
        "The gateway has not loaded a catalog yet.",
        "activate a registry (`pilotage up`); /readyz says what is missing",
    ),
    Rule(
        "model_unavailable",
        503,
        "server_error",
        "The route's model cannot be reached as it is set up.",
        "have the platform team set the variable or file that the message names",
    ),
    Rule(
        "metering_unavailable",
        503,
        "server_error",
        "The call cannot be written down, and no call passes unmetered.",
        _LATER,
    ),
    Rule("upstream_unreachable", 502, "upstream_error", "The model's provider does not answer.", _LATER),
    Rule(
        "upstream_timeout",
        504,
        "upstream_error",
        "The model's provider did not answer in time.",
        "ask for a shorter answer, or have the model's `timeout_seconds` raised",
    ),
    Rule("upstream_failed", 502, "upstream_error", "The model's provider failed.", _LATER),
    Rule(
        "upstream_busy",
        429,
        "rate_limit_error",
        "The model's provider takes no more calls for now.",
        "wait, and call less often",
    ),
    Rule(
        "upstream_misconfigured",
        502,
        "upstream_error",
        "The model's provider refuses the gateway's own address, credential or model name.",
        "have the platform team check the Model document, its credential and its `upstream_model`",
    ),
    Rule("gateway_failed", 500, "server_error", "The gateway itself failed.", _LATER),
)

BY_NAME: Final = {rule.name: rule for rule in RULES}


def refuse(
    name: str,
    reason: str | None = None,
    *,
    remedy: str | None = None,
    owner: str | None = None,
    retry_after: int | None = None,
) -> Refusal:
    """Make the Refusal of a rule; without a reason the rule's meaning is the reason."""
    rule = BY_NAME[name]
    return Refusal(rule.status, name, reason or rule.meaning, remedy or rule.remedy, owner, retry_after)
