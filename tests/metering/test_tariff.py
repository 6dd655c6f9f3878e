"""Tests of tariffs: the compiled lines say what the slow sources say, and unknown stays unknown."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import pytest
from ecologits.tracers.utils import llm_impacts
from genai_prices import Usage, calc_price
from genai_prices.data import providers
from hypothesis import assume, example, given
from hypothesis import strategies as st

from pilotage.metering.tariff import UNKNOWN_TARIFF, Tariff, compile_tariff
from pilotage.registry.kinds.model import Model

TOKENS_IN = st.integers(0, 3_000_000)
TOKENS_OUT = st.integers(0, 300_000)
PRICED = [(provider.id, model.id) for provider in providers for model in provider.models]
CLOSE = Decimal("1e-12")
FOOTPRINTS = (
    ("openai", "gpt-4o-mini"),  # a range: its size is not published
    ("mistralai", "mistral-large-latest"),  # one number
    ("anthropic", "claude-sonnet-4-5"),
    ("google_genai", "gemini-2.5-flash"),
)


def model_of(**given_fields: Any) -> Model:  # noqa: ANN401 - fields as documents have them
    """Give a Model document with a price or footprint."""
    fields = {"kind": "Model", "version": 1, "name": "m", "base_url": "https://m.example/v1", "upstream_model": "m-1"}
    return Model.model_validate(fields | given_fields)


def catalogue_price(provider: str, model: str) -> Tariff:
    """Compile the price that genai-prices has for a model."""
    return compile_tariff(model_of(price={"source": "genai-prices", "provider": provider, "model": model}))


def catalogue_footprint(provider: str, model: str) -> Tariff:
    """Compile the footprint that ecologits has for a model."""
    return compile_tariff(model_of(footprint={"source": "ecologits", "provider": provider, "model": model}))


def test_declared_price_is_a_range_in_its_currency() -> None:
    """What a document declares per million tokens and per call is added up exactly, both ends, in its currency."""
    price = {
        "source": "declared",
        "currency": "CHF",
        "input_per_million": {"low": 0.1, "high": 0.15},
        "output_per_million": 0.6,
        "per_call": {"low": 0, "high": 0.001},
    }
    tariff = compile_tariff(model_of(price=price))

    amount = tariff.price_of(1_000, 10)

    assert amount is not None
    assert (amount.low, amount.high, amount.unit) == (Decimal("0.000106"), Decimal("0.001156"), "CHF")
    assert tariff.currency == "CHF"
    assert tariff.energy_of(1_000, 10) is None


def test_declared_footprint_is_a_range_in_watt_hours() -> None:
    """What a document declares per thousand tokens and per call is added up exactly, both ends."""
    footprint = {
        "source": "declared",
        "input_wh_per_thousand": {"low": 0.004, "high": 0.03},
        "output_wh_per_thousand": {"low": 0.04, "high": 0.25},
        "per_call_wh": {"low": 0.5, "high": 0.5},
    }
    tariff = compile_tariff(model_of(footprint=footprint))

    amount = tariff.energy_of(500, 100)

    assert amount is not None
    assert (amount.low, amount.high, amount.unit) == (Decimal("0.506"), Decimal("0.540"), "Wh")
    assert tariff.price_of(500, 100) is None


def test_what_no_document_says_is_unknown() -> None:
    """A model without price and footprint has neither: unknown, which is not 0."""
    tariff = compile_tariff(model_of())

    assert tariff == UNKNOWN_TARIFF
    assert (tariff.currency, tariff.price_of(5, 5), tariff.energy_of(5, 5)) == (None, None, None)


def test_free_is_known() -> None:
    """A declared price of nothing is 0 in its currency, which is another answer than unknown."""
    price = {"source": "declared", "currency": "EUR", "input_per_million": 0, "output_per_million": 0}

    amount = compile_tariff(model_of(price=price)).price_of(5, 5)

    assert amount is not None
    assert (amount.low, amount.high) == (0, 0)


@pytest.mark.parametrize(("provider", "model"), [("openai", "no-such-model"), ("no-such-provider", "gpt-4o")])
def test_what_the_price_data_do_not_hold_is_unknown(provider: str, model: str) -> None:
    """A model or provider that genai-prices does not know leaves the price unknown and the catalog whole."""
    assert catalogue_price(provider, model) == UNKNOWN_TARIFF


@pytest.mark.parametrize(("provider", "model"), [("openai", "no-such-model"), ("no-such-provider", "gpt-4o")])
def test_what_the_footprint_data_do_not_hold_is_unknown(provider: str, model: str) -> None:
    """A model or provider that ecologits does not know leaves the footprint unknown and the catalog whole."""
    assert catalogue_footprint(provider, model) == UNKNOWN_TARIFF


@given(of=st.sampled_from(PRICED), tokens_in=TOKENS_IN, tokens_out=TOKENS_OUT)
@example(of=("anthropic", "claude-sonnet-4-5"), tokens_in=200_000, tokens_out=10)
@example(of=("anthropic", "claude-sonnet-4-5"), tokens_in=200_001, tokens_out=10)
@example(of=("openrouter", "qwen/qwen3-coder-flash"), tokens_in=128_001, tokens_out=0)
@example(of=("x-ai", "grok-4.3"), tokens_in=200_000, tokens_out=1)
def test_compiled_prices_are_those_of_the_data(of: tuple[str, str], tokens_in: int, tokens_out: int) -> None:
    """At any number of tokens, in any tier, a compiled price is the one that genai-prices gives."""
    provider, model = of
    tariff = catalogue_price(provider, model)
    assume(tariff.currency is not None)  # some providers of the data publish no price of a model

    wanted = calc_price(Usage(input_tokens=tokens_in, output_tokens=tokens_out), model, provider_id=provider)
    amount = tariff.price_of(tokens_in, tokens_out)

    assert amount is not None
    assert amount.low == amount.high
    assert abs(amount.low - wanted.total_price) <= CLOSE
    assert amount.unit == "USD"


@pytest.mark.parametrize(("provider", "model"), [("anthropic", "claude-sonnet-4-5"), ("x-ai", "grok-4.3")])
def test_a_long_call_is_priced_by_its_tier(provider: str, model: str) -> None:
    """One token over a tier's threshold makes the whole call dearer, as providers charge it."""
    tariff = catalogue_price(provider, model)
    threshold = tariff.price[1].from_tokens_in

    below, above = tariff.price_of(threshold - 1, 0), tariff.price_of(threshold, 0)

    assert below is not None
    assert above is not None
    assert above.low > below.low * Decimal("1.5")


@given(of=st.sampled_from(FOOTPRINTS), tokens_out=TOKENS_OUT, tokens_in=TOKENS_IN)
def test_compiled_energy_is_that_of_the_method(of: tuple[str, str], tokens_out: int, tokens_in: int) -> None:
    """At any number of tokens the compiled energy is what EcoLogits computes for a call of no measured latency."""
    provider, model = of
    energy = llm_impacts(provider, model, tokens_out, math.inf).energy
    assert energy is not None
    value = energy.value
    low, high = (value, value) if isinstance(value, int | float) else (value.min, value.max)

    amount = catalogue_footprint(provider, model).energy_of(tokens_in, tokens_out)

    assert amount is not None
    assert float(amount.low) == pytest.approx(low * 1_000, rel=1e-9)
    assert float(amount.high) == pytest.approx(high * 1_000, rel=1e-9)
