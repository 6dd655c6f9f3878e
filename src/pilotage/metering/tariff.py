"""A model's tariff: what a call costs and consumes, as two straight lines that are cheap to evaluate on each call.

The price data (genai-prices) and the energy method (EcoLogits) cost 121 and 320 µs a call when asked directly, so
both are asked at a few points when the catalog loads, and only the lines through them stay.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from pilotage.core.amount import Amount
from pilotage.registry.kinds.document import Range
from pilotage.registry.kinds.model import (
    CatalogueFootprint,
    CataloguePrice,
    DeclaredFootprint,
    DeclaredPrice,
    Model,
)

MILLION = Decimal(1_000_000)
THOUSAND = Decimal(1_000)
WATT_HOUR = "Wh"


@dataclass(frozen=True, slots=True)
class Line:
    """A range that grows with tokens: `per_call + tokens_in * per_input + tokens_out * per_output`, low and high."""

    per_call: tuple[Decimal, Decimal]
    per_input: tuple[Decimal, Decimal]
    per_output: tuple[Decimal, Decimal]

    def at(self, tokens_in: int, tokens_out: int) -> tuple[Decimal, Decimal]:
        """Evaluate both ends."""
        low = self.per_call[0] + self.per_input[0] * tokens_in + self.per_output[0] * tokens_out
        high = self.per_call[1] + self.per_input[1] * tokens_in + self.per_output[1] * tokens_out
        return low, high


@dataclass(frozen=True, slots=True)
class Step:
    """A price line that holds from so many input tokens on (providers charge all tokens of a long call more)."""

    from_tokens_in: int
    line: Line


@dataclass(frozen=True, slots=True)
class Tariff:
    """What calls of one model cost and consume; None where that is unknown."""

    currency: str | None
    price: tuple[Step, ...]
    energy: Line | None

    def price_of(self, tokens_in: int, tokens_out: int) -> Amount | None:
        """Price one call, as a range in the tariff's currency; None when unknown."""
        if self.currency is None:
            return None
        line = next(step.line for step in reversed(self.price) if tokens_in >= step.from_tokens_in)
        return Amount(*line.at(tokens_in, tokens_out), self.currency)

    def energy_of(self, tokens_in: int, tokens_out: int) -> Amount | None:
        """Estimate the energy of one call in watt-hours, as a range; None when unknown."""
        return None if self.energy is None else Amount(*self.energy.at(tokens_in, tokens_out), WATT_HOUR)


UNKNOWN_TARIFF = Tariff(currency=None, price=(), energy=None)


def _ends(given: Range, divisor: Decimal) -> tuple[Decimal, Decimal]:
    return Decimal(str(given.low)) / divisor, Decimal(str(given.high)) / divisor


def compile_tariff(model: Model) -> Tariff:
    """Compile what a Model document says of price and footprint; what is not known stays unknown."""
    currency, price = _compile_price(model.price)
    return Tariff(currency, price, _compile_energy(model.footprint))


def _compile_price(price: CataloguePrice | DeclaredPrice | None) -> tuple[str | None, tuple[Step, ...]]:
    if isinstance(price, DeclaredPrice):
        line = Line(
            _ends(price.per_call, Decimal(1)),
            _ends(price.input_per_million, MILLION),
            _ends(price.output_per_million, MILLION),
        )
        return price.currency, (Step(0, line),)
    if isinstance(price, CataloguePrice):
        steps = _steps_from_catalogue(price.provider, price.model)
        return ("USD", steps) if steps else (None, ())
    return None, ()


def _steps_from_catalogue(provider: str, model: str) -> tuple[Step, ...]:
    # Imported here: the price data cost half a second to load, and most catalogs of a gateway declare their prices.
    from genai_prices import Usage, calc_price  # noqa: PLC0415 - see above
    from genai_prices.types import TieredPrices  # noqa: PLC0415 - see above

    def cost(tokens_in: int, tokens_out: int) -> Decimal:
        usage = Usage(input_tokens=tokens_in, output_tokens=tokens_out)
        return calc_price(usage, model, provider_id=provider).total_price

    try:
        found = calc_price(Usage(input_tokens=1, output_tokens=1), model, provider_id=provider).model_price
    except LookupError:
        return ()
    starts = {0}
    for unit in vars(found).values():
        if isinstance(unit, TieredPrices):
            starts |= {tier.start + 1 for tier in unit.tiers}
    return tuple(Step(start, _line_through(cost, start)) for start in sorted(starts))


def _line_through(cost: Callable[[int, int], Decimal], start: int) -> Line:
    """Find the straight line that a cost function follows from `start` input tokens on, from three points of it."""
    per_input = cost(start + 1, 0) - cost(start, 0)
    per_output = cost(start, 1) - cost(start, 0)
    per_call = cost(start, 0) - per_input * start
    return Line((per_call, per_call), (per_input, per_input), (per_output, per_output))


def _compile_energy(footprint: CatalogueFootprint | DeclaredFootprint | None) -> Line | None:
    if isinstance(footprint, DeclaredFootprint):
        return Line(
            _ends(footprint.per_call_wh, Decimal(1)),
            _ends(footprint.input_wh_per_thousand, THOUSAND),
            _ends(footprint.output_wh_per_thousand, THOUSAND),
        )
    if isinstance(footprint, CatalogueFootprint):
        return _energy_from_catalogue(footprint.provider, footprint.model)
    return None


def _energy_from_catalogue(provider: str, model: str) -> Line | None:
    # Imported here: half a second, and only catalogs that name EcoLogits need it.
    from ecologits.tracers.utils import PROVIDER_CONFIG_MAP, llm_impacts  # noqa: PLC0415 - see above

    if provider not in PROVIDER_CONFIG_MAP:
        return None

    def watt_hours(tokens_out: int) -> tuple[Decimal, Decimal] | None:
        # Without a measured latency the method falls back on the model's own speed: a line in output tokens.
        energy = llm_impacts(provider, model, tokens_out, math.inf).energy
        if energy is None:
            return None
        value = energy.value
        low, high = (value, value) if isinstance(value, int | float) else (value.min, value.max)
        return Decimal(str(low)) * 1_000, Decimal(str(high)) * 1_000

    near, far = watt_hours(0), watt_hours(1_000)
    if near is None or far is None:
        return None
    per_output = ((far[0] - near[0]) / 1_000, (far[1] - near[1]) / 1_000)
    return Line(near, (Decimal(0), Decimal(0)), per_output)
