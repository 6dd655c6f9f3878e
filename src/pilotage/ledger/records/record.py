"""What every record body shares, and the figures that several bodies hold.

Bodies hold digests, numbers and pseudonyms, never content or names. Fractions are floats, money and energy are
decimal strings, moments are RFC 3339 texts in UTC.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, ClassVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, PlainSerializer

from pilotage.core.amount import Amount
from pilotage.core.clock import format_time
from pilotage.core.estimate import Estimate

Moment = Annotated[AwareDatetime, PlainSerializer(format_time, return_type=str, when_used="json")]
Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]

PREDICATE_ROOT = "https://pilotage.dev/records/"


class Figures(BaseModel):
    """A group of figures inside a body."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Body(BaseModel):
    """The body of one record; its class names the in-toto predicate type."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    record_name: ClassVar[str]
    record_version: ClassVar[int] = 1

    @classmethod
    def predicate_type(cls) -> str:
        """The URI that in-toto calls the predicate type, with its version."""
        return f"{PREDICATE_ROOT}{cls.record_name}/v{cls.record_version}"

    def subject_digests(self) -> dict[str, str]:
        """What the record is about: a name -> `sha256:…` map; the body's own digest where there is nothing else."""
        return {}

    @property
    def about_use_case(self) -> str | None:
        """The use case this is about, for look-ups; None for records of the whole installation."""
        return getattr(self, "use_case", None)

    @property
    def about_release(self) -> str | None:
        """The root digest of the Release this is about, for look-ups."""
        return getattr(self, "release", None)


class EstimateFigures(Figures):
    """An `Estimate` as it is stored."""

    point: float
    low: float
    high: float
    n: int
    confidence: float
    method: str

    @classmethod
    def of(cls, estimate: Estimate) -> EstimateFigures:
        """Store an estimate."""
        return cls(
            point=estimate.point,
            low=estimate.low,
            high=estimate.high,
            n=estimate.n,
            confidence=estimate.confidence,
            method=estimate.method,
        )

    def value(self) -> Estimate:
        """Read it back as one value."""
        return Estimate(self.point, self.low, self.high, self.n, self.confidence, self.method)


class AmountFigures(Figures):
    """An `Amount` as it is stored."""

    low: Decimal
    high: Decimal
    unit: str

    @classmethod
    def of(cls, amount: Amount) -> AmountFigures:
        """Store an amount."""
        return cls(low=amount.low, high=amount.high, unit=amount.unit)

    def value(self) -> Amount:
        """Read it back as one value."""
        return Amount(self.low, self.high, self.unit)
