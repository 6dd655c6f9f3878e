"""Evaluations under faults: a script of what goes wrong, what must come of it, and a world that crashes at its writes.

The script says of each question which troubles its calls meet before they end in an answer or not. `reference` works
out from it alone, one slot after another, what the finding has to be.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, TypeVar

from tests.evaluation.samples import question
from tests.evaluation.surroundings import Surroundings

from pilotage.core.statistics.corrected import Corrected, CorrectedProcess
from pilotage.core.statistics.draw import draw_share, is_drawn
from pilotage.core.statistics.gate import GateProcess
from pilotage.core.statistics.graded import GradedProcess
from pilotage.evaluation.journal import Found, Run
from pilotage.evaluation.measure import Question, Workbench
from pilotage.evaluation.outcome import Outcome
from pilotage.evaluation.plan import Ask, Recorded, plan_design
from pilotage.evaluation.progress import digest_of_outcomes
from pilotage.evaluation.scorers.observation import Opinion
from pilotage.evaluation.targets.fake_target import FakeTarget, Reaction
from pilotage.evaluation.targets.target import RETRIED, Answer, CallError, Trouble
from pilotage.registry.items import Item
from pilotage.registry.kinds.claim import AnyClaim, AttackClaim, Claim, ComparisonClaim
from pilotage.registry.kinds.judge import WordParser
from pilotage.registry.kinds.target import RouteTarget

T = TypeVar("T")
TIMEOUT = 10.0
PASSING = (Trouble.BROKEN_OFF, Trouble.FAULT, Trouble.TOO_SLOW, Trouble.THROTTLED)
FINAL = (Trouble.UNUSABLE, Trouble.DECLINED)
SHARE = 0.5
PARSER = WordParser(type="word")


@dataclass(frozen=True)
class Form:
    """A kind of evaluation: its claim, how it is scored, and how often each prompt is asked."""

    claim: AnyClaim
    scorer: dict[str, Any]
    repeats: int = 1
    measures: str = "promise"
    judged: bool = False
    graded: bool = False

    @property
    def sides(self) -> tuple[str, ...]:
        """Who is asked."""
        return ("target", "baseline") if self.measures == "comparison" else ("target",)


EXACT: dict[str, Any] = {"type": "exact"}
CLAIM = Claim(text="x", p0=0.5, p1=0.8, cap=40)
ATTACK = AttackClaim(text="x", success_below=0.5, believed=0.2, cap=40)
BETTER = ComparisonClaim(text="x", baseline=RouteTarget(route="rival"), believed=0.5, cap=40)
FORMS = {
    "binary": Form(CLAIM, EXACT),
    "attack": Form(ATTACK, EXACT, measures="attack"),
    "graded": Form(CLAIM, {"type": "facts-all-present", "graded": True}, graded=True),
    "repeats": Form(CLAIM, EXACT, repeats=3),
    "graded repeats": Form(CLAIM, {"type": "facts-all-present", "graded": True}, repeats=2, graded=True),
    "comparison": Form(BETTER, EXACT, measures="comparison"),
    "comparison with repeats": Form(BETTER, EXACT, repeats=2, measures="comparison"),
    "judged": Form(CLAIM, {"type": "judged", "judge": "strict", "label_share": SHARE}, judged=True),
}
ANSWERS = {"yes no": 1.0, "yes": 0.5, "neither": 0.0}
"""Answers to an item that expects two facts, with their grades."""


@dataclass(frozen=True)
class Script:
    """What happens at each question, from a number alone."""

    number: int
    form: Form
    count: int
    retries: int
    quality: float
    away: dict[tuple[str, str, int], int] = field(default_factory=dict[tuple[str, str, int], int])

    @classmethod
    def draw(cls, number: int) -> Script:
        """Draw a case."""
        chance = Random(number)
        form = FORMS[sorted(FORMS)[number % len(FORMS)]]
        count, retries = chance.randint(5, 40), chance.randint(0, 2)
        script = cls(number, form, count, retries, chance.choice((0.35, 0.65, 0.95)))
        for side in form.sides:
            for _ in range(chance.randint(0, 2)):  # with three, the target would count as away
                key = (side, f"i{chance.randrange(count)}", chance.randrange(form.repeats))
                script.away[key] = chance.randint(1, retries + 1)
        return script

    @property
    def seed(self) -> int:
        """Seed of the evaluation."""
        return self.number % 7

    def question(self, concurrency: int) -> Question:
        """Give the evaluation."""
        return question(
            self.lines(),
            claim=self.form.claim,
            scorer=self.form.scorer,
            measures=self.form.measures,
            repeats=self.form.repeats,
            seed=self.seed,
            concurrency=concurrency,
            retries=self.retries,
            timeout_seconds=TIMEOUT,
        )

    def lines(self) -> bytes:
        """Give the data set."""
        expected = '["yes", "no"]' if self.form.graded else '"yes"'
        rows = (f'{{"id": "i{n}", "input": "question {n}", "expected": {expected}}}\n' for n in range(self.count))
        return "".join(rows).encode()

    def chance(self, *key: object) -> Random:
        """Give the chance that belongs to a question."""
        return Random(f"{self.number} {key}")

    def reactions(self, side: str, item: str, repeat: int) -> tuple[Reaction, ...]:
        """Give what the calls for a question meet, one after another; the last goes on for ever."""
        chance = self.chance(side, item, repeat)
        good = chance.random() < self.quality
        answer: Reaction = "yes" if good else "no"
        if self.form.graded:
            answer = "yes no" if good else chance.choice(("yes", "neither"))
        if (side, item, repeat) in self.away:
            return (answer,)
        troubles: list[Reaction] = []
        if chance.random() < 0.3:
            for _ in range(chance.randint(1, 4)):
                trouble = chance.choice(PASSING)
                troubles.append(CallError(trouble, retry_after=chance.choice((0, 0.5, 5))))
        if chance.random() < 0.1:
            answer = CallError(chance.choice(FINAL))
        return (*troubles, answer)

    def is_slow(self, item: str) -> bool:
        """Tell whether the target never answers an item in time."""
        return self.chance("slow", item).random() < 0.04

    def opinions(self, item: str) -> tuple[CallError | str, ...]:
        """Give what the judge's calls for an item meet."""
        chance = self.chance("judge", item)
        troubles = [CallError(chance.choice((Trouble.FAULT, Trouble.BROKEN_OFF))) for _ in range(chance.randint(-2, 2))]
        if ("target", item, 0) in self.away:
            troubles = []  # both share the retries, and how many are left would hang on crashes
        verdict = "hm" if chance.random() < 0.05 else "PASS" if chance.random() < self.quality else "FAIL"
        return (*troubles, verdict)

    def label(self, item: str) -> float:
        """Give what people say of the answer to an item."""
        return float(self.chance("label", item).random() < self.quality)


@dataclass(frozen=True)
class Expected:
    """What the finding has to be."""

    verdict: str
    n: int
    passes: int
    not_measured: int
    differing: tuple[int, int]
    outcomes: str
    by_ask: dict[Ask, Outcome]


def final_outcome(  # noqa: C901 - the whole of what can happen to a question, in one place
    script: Script, side: str, item: str, repeat: int
) -> tuple[Outcome, str | None]:
    """Follow the calls for one question to their end; give its outcome and the answer."""
    failures = 0

    def goes_on(error: CallError) -> bool:
        nonlocal failures
        if error.trouble is Trouble.THROTTLED:
            return True
        failures += 1
        return error.trouble in RETRIED and failures <= script.retries

    missed = Outcome("not-measured")
    if script.is_slow(item) and side == "target" and (side, item, repeat) not in script.away:
        return missed, None
    for reaction in script.reactions(side, item, repeat):
        if isinstance(reaction, CallError):
            if not goes_on(reaction):
                return missed, None
            continue
        text = str(reaction)
        if script.form.judged:
            for opinion in script.opinions(item):
                if isinstance(opinion, CallError):
                    if not goes_on(opinion):
                        return missed, text
                    continue
                state = {"PASS": "pass", "FAIL": "fail"}.get(opinion, "not-measured")
                return Outcome(state), text  # pyright: ignore[reportArgumentType] - one of the three
        if script.form.graded:
            grade = ANSWERS[text]
            return Outcome("pass" if grade == 1 else "fail", score=grade), text
        return Outcome("pass" if text == "yes" else "fail"), text
    raise AssertionError(script.number)


def reference(script: Script, run: str) -> Expected:
    """Work out, slot by slot, what a run has to find."""
    form = script.form
    names = sorted(
        (f"i{n}" for n in range(script.count)),
        key=lambda name: hashlib.sha256(f"{script.seed}\0{name}".encode()).digest(),
    )[: form.claim.cap]
    design = plan_design(form.claim, 1)
    process: Any = GradedProcess(design)
    if form.judged:
        process = CorrectedProcess(design, SHARE)
    elif not form.graded and form.repeats == 1 and form.measures != "comparison":
        process = GateProcess(design)
    by_ask: dict[Ask, Outcome] = {}
    counted: list[Recorded] = []
    passes = not_measured = asked_again = differing = 0
    for slot, name in enumerate(names):
        means: list[float] = []
        own: list[tuple[Outcome, str | None]] = []
        here: dict[Ask, Outcome] = {}
        for side in form.sides:
            given = [final_outcome(script, side, name, repeat) for repeat in range(form.repeats)]
            here |= {Ask(slot, repeat, side): one for repeat, (one, _) in enumerate(given)}  # pyright: ignore[reportArgumentType] - a side
            worst = 0.0 if side == "target" else 1.0
            worths = [worst if one.grade is None else one.grade for one, _ in given]
            means.append(sum(worths) / len(worths))
            own = given if side == "target" else own
        by_ask |= here
        if process.finished:
            continue
        counted += [
            Recorded(name, here[ask], None, 0, 0)
            for ask in sorted(here, key=lambda ask: (ask.repeat, ask.side != "target"))
        ]
        texts = [text for _, text in own if text is not None]
        asked_again += len(texts) > 1
        differing += len(set(texts)) > 1
        passes += all(one.state == "pass" for one, _ in own)
        not_measured += any(one.state == "not-measured" for one in here.values())
        first = own[0][0]
        if form.judged:
            process = process.after(corrected(script, run, name, first))
        elif isinstance(process, GateProcess):
            process = process.after(first.gate_value)
        else:
            process = process.after(means[0] if len(means) == 1 else (means[0] - means[1] + 1) / 2)
    return Expected(
        process.verdict.value,
        process.n,
        passes,
        not_measured,
        (differing, asked_again),
        digest_of_outcomes(counted),
        by_ask,
    )


def corrected(script: Script, run: str, name: str, outcome: Outcome) -> Corrected | None:
    """Correct a judge's score by the label, where the lot draws one."""
    if outcome.grade is None:
        return None
    share = draw_share(outcome.grade, SHARE)
    drawn = is_drawn(run, name, share)
    return Corrected(outcome.grade, script.label(name) if drawn else None, share)


class CrashError(Exception):
    """The process is no more."""


@dataclass
class World:
    """What outlives a process, and the process that works in it until it crashes at a write.

    Attributes:
        script: what goes wrong.
        around: ledger, journal, looks and labels.
        left: calls that still cannot reach the target, by question.
    """

    script: Script
    around: Surroundings = field(init=False)
    left: Counter[tuple[str, str, int]] = field(default_factory=Counter[tuple[str, str, int]])

    def __post_init__(self) -> None:
        """Begin with the troubles of the script."""
        self.around = Surroundings(seed=self.script.seed)
        self.left.update(self.script.away)

    def target(self, side: str) -> FakeTarget:
        """Give the target or the baseline to a new process."""
        chance = Random(f"{self.script.number} latency {side}")
        skipped: Counter[tuple[str, int]] = Counter()

        def react(item: Item, repeat: int, earlier: int) -> Reaction:
            key = (side, item.id, repeat)
            if self.left[key] > 0:
                self.left[key] -= 1
                skipped[item.id, repeat] += 1
                return CallError(Trouble.UNAVAILABLE)
            met = self.script.reactions(side, item.id, repeat)
            return met[min(earlier - skipped[item.id, repeat], len(met) - 1)]

        def latency(item: Item, repeat: int) -> float:
            if side == "target" and self.script.is_slow(item.id) and (side, item.id, repeat) not in self.script.away:
                return 2 * TIMEOUT
            return chance.random() * 3

        return FakeTarget(react, latency)

    def give_labels(self, run: str, slots: Sequence[int]) -> None:
        """Label what waits, as the script says."""
        names = {ask.slot: one.item for ask, one in self.around.journal.outcomes[run].items()}
        for slot in slots:
            self.around.labels.append_label(run, slot, labeller="ada", value=self.script.label(names[slot]))


@dataclass
class ScriptedJudge:
    """A judge's observer that meets what the script says; each process has its own."""

    script: Script
    calls: Counter[str] = field(default_factory=Counter[str])

    async def observe(self, item: Item, answer: Answer, *, run: str, repeat: int) -> Opinion:
        """Judge by script."""
        del answer, run, repeat
        met = self.script.opinions(item.id)
        found = met[min(self.calls[item.id], len(met) - 1)]
        self.calls[item.id] += 1
        if isinstance(found, CallError):
            raise found
        return Opinion(found, PARSER)


@dataclass
class Crashing:
    """Lets a process write until the n-th write, at which it dies before or after, and never writes again."""

    at: int | None
    after: bool
    writes: int = 0
    dead: bool = False

    def write(self, act: Callable[[], T]) -> T:
        """Write, or die."""
        if self.dead:
            raise CrashError
        mine, self.writes = self.writes, self.writes + 1
        if mine != self.at:
            return act()
        self.dead = True
        if self.after:
            act()
        raise CrashError

    def bench(self, bench: Workbench) -> Workbench:
        """Give the same workbench to a process that may die."""
        return Workbench(
            bench.catalog,
            CrashingLedger(bench.ledger, self),  # pyright: ignore[reportArgumentType] - passes on what it does not know
            CrashingJournal(bench.journal, self),  # pyright: ignore[reportArgumentType] - as above
            CrashingOpenings(bench.openings, self),  # pyright: ignore[reportArgumentType] - as above
            bench.labels,
            bench.clock,
            bench.read_run_usage,
            bench.draw_seed,
        )


@dataclass
class Passing:
    """Passes on whatever is not a write."""

    whole: Any
    crashing: Crashing

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever it is
        """Pass on."""
        return getattr(self.whole, name)


class CrashingLedger(Passing):
    """A ledger whose appends may be the last."""

    def append_if(self, plan: Callable[[], Any]) -> Any:  # noqa: ANN401 - as the ledger's own
        """Append, or die."""
        return self.crashing.write(lambda: self.whole.append_if(plan))


class CrashingOpenings(Passing):
    """A store of looks whose writes may be the last."""

    def append_items(self, use_case: str, run: str, asked: Sequence[str]) -> None:
        """Keep, or die."""
        self.crashing.write(lambda: self.whole.append_items(use_case, run, asked))


class CrashingJournal(Passing):
    """A journal whose appends may be the last."""

    async def append_run(self, run: Run) -> Run:
        """Append, or die."""
        return await self._write(self.whole.append_run(run))

    async def append_outcomes(self, run: str, found: Sequence[Found]) -> list[Recorded]:
        """Append, or die."""
        return await self._write(self.whole.append_outcomes(run, found))

    async def append_strikes(self, run: str, asks: Sequence[Ask]) -> None:
        """Append, or die."""
        await self._write(self.whole.append_strikes(run, asks))

    async def read_strikes(self, run: str) -> dict[Ask, int]:
        """Read."""
        return await self.whole.read_strikes(run)

    async def append_finish(self, run: str, at: Any) -> None:  # noqa: ANN401 - a moment
        """Append, or die."""
        await self._write(self.whole.append_finish(run, at))

    async def _write(self, writing: Any) -> Any:  # noqa: ANN401 - what is awaited
        """Write, or die; the fake's own writes never wait, so one step carries each out."""

        def act() -> Any:  # noqa: ANN401 - as above
            try:
                writing.send(None)
            except StopIteration as done:
                return done.value
            raise AssertionError

        try:
            return self.crashing.write(act)
        finally:
            writing.close()
