"""Tests of `label`: one key an answer, blind, kept at once, and gone on with later."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, NoReturn, TextIO

import pytest
import typer.testing
from tests.cli.conftest import Ended, Pilotage
from tests.cli.judged_world import DATASET, EVALUATION, open_world, record_answers, record_run, write_judged

from pilotage.cli import label_keys
from pilotage.cli.label_items import Entry, parse_entry
from pilotage.cli.label_keys import BACKSPACE, ENTER, open_keys
from pilotage.cli.main import app
from pilotage.core.canonical import digest_of_bytes
from pilotage.evaluation.journal import read_page
from pilotage.evaluation.labels.store import DatabaseLabels

HERE = ("--registry", "registry", "--state", ".pilotage")
LABEL = ("label", EVALUATION, *HERE)
ITEMS = ("label", "--dataset", DATASET, *HERE)
SCORES: list[float | None] = [1.0, 0.0, 0.5, None, 0.25, 1.0]
"""In this order of the schedule; drawn are all that were measured, torn first: slots 2, 4, 0, 1, 5."""
Typing = Callable[..., Ended]


@pytest.fixture
def run(pilotage: Pilotage, registry: Path, tmp_path: Path) -> str:
    """Record a judged run whose answers wait for labels; give its id."""
    write_judged(registry, 40)
    with open_world(tmp_path) as platform:
        return record_run(platform, SCORES)


@pytest.fixture
def typing(pilotage: Pilotage, monkeypatch: pytest.MonkeyPatch) -> Typing:
    """Give a function that runs a command while somebody presses these keys; no terminal is needed."""
    runner = typer.testing.CliRunner()

    def run_typing(typed: str, *words: object) -> Ended:
        marks = iter(typed)
        monkeypatch.setattr(label_keys, "open_keys", lambda: nullcontext(lambda: next(marks, "")))
        result = runner.invoke(app, [str(word) for word in words])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Ended(result.exit_code, result.stdout, result.stderr)

    return run_typing


def labels(folder: Path, run: str) -> list[tuple[int, str, float]]:
    """Read what was kept of a run: slot, labeller and value, in the order in which they were given."""
    with open_world(folder) as platform:
        store = DatabaseLabels(platform.engine, platform.clock)
        return [(label.slot, label.labeller, label.value) for label in store.read_labels(run)]


def test_answers_are_labelled_key_by_key(run: str, typing: Typing, tmp_path: Path) -> None:
    """The key y is good and n bad, torn answers first; other keys do nothing, and the end says what to do next."""
    ended = typing("y N?x1\nyyy", *LABEL, "--by", "eva")

    assert ended.code == 0
    assert labels(tmp_path, run) == [(2, "eva", 1), (4, "eva", 0), (0, "eva", 1), (1, "eva", 1), (5, "eva", 1)]
    assert "Labelled now: 5. Of 5 answers drawn by lot so far 5 have a label." in ended.out
    assert "pilotage assess claims-triage" in ended.out
    assert "1 of 5" in ended.out
    assert "5 of 5" in ended.out


def test_no_label_is_asked_for_once_the_gate_has_decided(run: str, typing: Typing, tmp_path: Path) -> None:
    """As soon as the labels so far decide, the rest is spared; how it decided is not told."""
    with open_world(tmp_path) as platform:
        record_answers(platform, run, [1.0] * 34)

    ended = typing("n" * 40, *LABEL, "--by", "eva")

    assert 0 < len(labels(tmp_path, run)) < 39
    assert "The gate needs no more labels: `pilotage assess claims-triage` goes on." in ended.out
    assert "FAILS" not in ended.out
    assert typing("n" * 40, *LABEL, "--by", "ana").out.startswith("Labelled now: 0.")


def test_a_labeller_sees_question_reference_and_answer_alone(run: str, typing: Typing) -> None:
    """Nothing tells who wrote the answer, what the judge gave it or whether it passed; no answer steers the screen."""
    first = typing("q", *LABEL, "--by", "eva")
    typing("n", *LABEL, "--by", "ana")
    second = typing("q", *LABEL, "--by", "eva", "--second")

    for ended in (first, second):
        shown = ended.out.partition("Labelled now")[0].lower()
        assert "letter" in shown
        assert "reply" in shown
        assert "dear customer" in shown
        assert "\x1b" not in ended.out
        assert "\x07" not in ended.out
        for word in ("pass", "fail", "0.5", "score", "judge", "small-chat", "sha256", "release", "ana", "torn"):
            assert word not in shown, word


def test_a_turn_is_resumed_where_it_ended(run: str, typing: Typing, tmp_path: Path) -> None:
    """However a turn ends, what was given stands, and the next one asks for the rest."""
    assert "3 wait for you" in typing("yy", *LABEL, "--by", "eva").out
    assert "2 wait for you" in typing("nq", *LABEL, "--by", "eva").out
    assert "Labelled now: 2." in typing("yyyy", *LABEL, "--by", "eva").out

    assert [(slot, value) for slot, _, value in labels(tmp_path, run)] == [(2, 1), (4, 1), (0, 0), (1, 1), (5, 1)]


def test_a_slip_is_undone_at_once(run: str, typing: Typing, tmp_path: Path) -> None:
    """The key u takes the last label back and asks for it again; before the first it does nothing."""
    typing("uyn" + "uu" + "ny" + "q", *LABEL, "--by", "eva")

    assert labels(tmp_path, run) == [(2, "eva", 0), (4, "eva", 1)]


def test_what_is_put_off_comes_again_in_the_next_turn(run: str, typing: Typing, tmp_path: Path) -> None:
    """The key s leaves an answer for later, and the rest is asked for."""
    ended = typing("syyyy", *LABEL, "--by", "eva")

    assert [slot for slot, _, _ in labels(tmp_path, run)] == [4, 0, 1, 5]
    assert "1 wait for you" in ended.out
    typing("n", *LABEL, "--by", "eva")
    assert labels(tmp_path, run)[-1] == (2, "eva", 0)


def test_two_labellers_give_an_agreement(run: str, typing: Typing, pilotage: Pilotage) -> None:
    """A second opinion is asked on what others labelled, and the share of agreement comes with its interval."""
    typing("ynyyy", *LABEL, "--by", "eva")
    ended = typing("ynnyy", *LABEL, "--by", "ana", "--second")

    assert "Two labellers agree on 80 % (28 % to 99 %) of 5; kappa 0.55" in ended.out
    told = pilotage(*LABEL, "--by", "bruno", "--json").json
    assert (told["drawn"], told["labelled"], told["waiting"]) == (5, 5, 0)
    assert told["agreement"]["agreement"]["n"] == 5
    assert '"eva"' not in json.dumps(told)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("label",), "name what is labelled"),
        (("label", EVALUATION, "--dataset", DATASET), "name what is labelled"),
        (("label", EVALUATION, "--merge"), "--merge goes with --dataset"),
        (("label", "--dataset", DATASET, "--force"), "--force with --merge"),
        (("label", EVALUATION), "the teams' members are: ana, bruno, carla, dario, eva"),
        (("label", EVALUATION, "--by", "eve"), "the teams' members are: ana, bruno, carla, dario, eva"),
        (("label", "claims", "--by", "eva"), "those that a judge decides: claims-triage-tone"),
        (("label", "claims-triage-promise", "--by", "eva"), "no judge decides"),
        (("label", "--dataset", "letters", "--by", "eva"), "the registry declares: claims-triage-development, "),
    ],
)
def test_wrong_use_is_told(words: tuple[str, ...], said: str, run: str, pilotage: Pilotage) -> None:
    """Who, what and which must be there; what there is is listed."""
    ended = pilotage(*words, *HERE)

    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err


def test_before_anything_was_asked_nothing_waits(registry: Path, pilotage: Pilotage) -> None:
    """Without a run of the current Release the labeller is told to measure first."""
    write_judged(registry, 40)

    ended = pilotage(*LABEL, "--by", "eva")

    assert (ended.code, ended.out) == (1, "")
    assert "pilotage assess claims-triage" in ended.err


@pytest.mark.parametrize("words", [LABEL, ITEMS])
def test_nothing_piped_in_is_a_label(words: tuple[str, ...], run: str, pilotage: Pilotage, tmp_path: Path) -> None:
    """Keys come from a person at a terminal: a pipe is refused, however right its keys, and nothing is kept."""
    runner = typer.testing.CliRunner()

    result = runner.invoke(app, [*words, "--by", "eva", *(["--second"] if words == ITEMS else [])], input="y\n" * 9)

    assert (result.exit_code, result.stdout) == (2, "")
    assert "labels are given by a person at a terminal" in result.stderr
    assert labels(tmp_path, run) == []
    assert not list(tmp_path.rglob("letters.labels-*"))


def test_another_judge_has_labels_of_its_own(run: str, registry: Path, pilotage: Pilotage) -> None:
    """With the judge changed, the answers of the old run wait for nobody: its labels bore out another judge."""
    document = registry / "tone.yaml"
    document.write_text(document.read_text().replace("Is the answer polite?", "Is the answer rude?"))

    ended = pilotage(*LABEL, "--by", "eva")

    assert (ended.code, ended.out) == (1, "")
    assert "nothing was asked for 'claims-triage-tone' as it is declared now" in ended.err


def test_one_person_needs_no_name(run: str, registry: Path, typing: Typing, tmp_path: Path) -> None:
    """Where the teams have one member, it is this one who labels."""
    people = "kind: Team\nversion: 1\nname: {}\nmembers: [{}]\n"
    (registry / "teams.yaml").write_text(
        people.format("claims", "{name: ana}") + "---\n" + people.format("platform", "")
    )
    case = registry / "use_cases" / "claims-triage.yaml"
    kept = [line for line in case.read_text().splitlines() if not line.startswith(("bridge_builder", "risk_owner"))]
    case.write_text("\n".join(kept) + "\n")

    assert typing("y", *LABEL).code == 0
    assert labels(tmp_path, run) == [(2, "ana", 1)]


def test_labels_of_erased_answers_cannot_be_given(run: str, typing: Typing, tmp_path: Path) -> None:
    """Once the content of a run is erased there is nothing to be seen, which is said."""
    with open_world(tmp_path) as platform:
        platform.artefacts.erase_subject(f"run/{run}")

    ended = typing("y", *LABEL, "--by", "eva")

    assert ended.code == 1
    assert "erased" in ended.err


@contextmanager
def at_terminal(pressed: int, read: int, folder: Path) -> Generator[subprocess.Popen[str]]:
    """Start the command at a terminal, and press y when it asks."""
    command = [sys.executable, "-c", "from pilotage.cli.main import main; main()", *LABEL, "--by", "eva"]
    with subprocess.Popen(command, cwd=folder, stdin=read, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert any("Is the answer good?" in line for line in process.stdout)  # what is typed earlier is dropped
        os.write(pressed, b"y")
        yield process


@pytest.mark.long
def test_a_person_labels_at_a_terminal(run: str, tmp_path: Path, terminal: tuple[int, TextIO]) -> None:
    """The whole command at a real terminal: y labels, q ends."""
    pressed, stream = terminal
    with at_terminal(pressed, stream.fileno(), tmp_path) as process:
        os.write(pressed, b"q")
        told, _ = process.communicate()

    assert process.returncode == 0
    assert "Labelled now: 1." in told
    assert labels(tmp_path, run) == [(2, "eva", 1)]


@pytest.mark.long
def test_a_kill_loses_no_label(run: str, tmp_path: Path, terminal: tuple[int, TextIO]) -> None:
    """Killed while it waits for a key, the loop has kept every key before, and goes on with the next answer."""
    pressed, stream = terminal
    with open_world(tmp_path) as platform:
        store = DatabaseLabels(platform.engine, platform.clock)
        for number in range(3):
            with at_terminal(pressed, stream.fileno(), tmp_path) as process:
                while len(store.read_labels(run)) == number:
                    assert process.poll() is None
                    time.sleep(0.1)
                process.kill()

        assert [label.slot for label in store.read_labels(run)] == [2, 4, 0]


def unlabelled(registry: Path) -> Path:
    """Take the expected values out of the data set, but for i3 and two more; give its file."""
    file = registry / "letters.jsonl"
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    kept = [{"id": row["id"], "input": row["input"]} for row in rows]
    kept[3]["expected"] = "Reply 3"
    kept += [{"id": f"home{number}", "input": "The roof leaks.", "expected": "home"} for number in range(2)]
    file.write_text("".join(json.dumps(row) + "\n" for row in kept))
    return file


def written(registry: Path, handle: str) -> list[tuple[str, Any]]:
    """Read what a person wrote: item and expected value."""
    file = registry / f"letters.labels-{handle}.jsonl"
    return [(row["id"], row["expected"]) for row in map(json.loads, file.read_text().splitlines())]


def test_items_are_labelled_by_word_or_by_number(registry: Path, typing: Typing, pilotage: Pilotage) -> None:
    """Values seen so far have a number, but none that only one item expects; an equals sign announces JSON."""
    write_judged(registry, 5)
    unlabelled(registry)

    ended = typing("motor\n12=[1,\n=[1, 2]\n", *ITEMS, "--by", "eva")

    assert written(registry, "eva") == [("i0", "motor"), ("i1", "home"), ("i2", "motor"), ("i4", [1, 2])]
    assert 'After "=" stands a JSON value' in ended.out
    assert "Labelled now: 4. 0 wait" in ended.out
    assert "Reply" not in ended.out
    assert pilotage("check", "registry").code == 0
    assert pilotage(*ITEMS, "--by", "eva", "--json").json["labelled"] == 4


def test_items_are_undone_put_off_and_gone_on_with(registry: Path, typing: Typing) -> None:
    """:u takes back, Enter alone puts off, :q or the end of input ends; the next turn asks for what is left."""
    write_judged(registry, 5)
    unlabelled(registry)

    typing(":u\nhome\nmotr\n:u\nmotor\n\ntravel", *ITEMS, "--by", "eva")
    assert written(registry, "eva") == [("i0", "home"), ("i1", "motor"), ("i4", "travel")]

    typing("other\n", *ITEMS, "--by", "eva")
    assert written(registry, "eva")[-1] == ("i2", "other")


def test_items_on_which_runs_disagree_come_first(run: str, registry: Path, typing: Typing, tmp_path: Path) -> None:
    """What failed in a run over the data set is shown before the rest, and no answer is shown at all."""
    with open_world(tmp_path) as platform:
        items = [recorded.item for _, recorded in read_page(platform.engine, run)]

    ended = typing("a\nb\nc\n:q\n", *ITEMS, "--by", "eva", "--second")

    assert {item for item, _ in written(registry, "eva")} < set(items[1:5])
    assert "Dear customer" not in ended.out
    assert "Reply" not in ended.out


def write_opinion(registry: Path, handle: str, expected: dict[str, Any]) -> None:
    """Write what a person expects, as the loop does."""
    rows = ({"id": item, "expected": value, "at": "2026-03-03T09:30:00Z"} for item, value in expected.items())
    (registry / f"letters.labels-{handle}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def test_what_people_agree_on_becomes_a_data_set(registry: Path, pilotage: Pilotage) -> None:
    """Each two opinions are compared, the data set's own included; agreed items are written, contested ones counted."""
    write_judged(registry, 5)
    unlabelled(registry)
    write_opinion(registry, "eva", {"i0": "motor", "i1": "home", "i2": "home", "i3": "Reply 3"})
    write_opinion(registry, "ana", {"i0": "motor", "i1": "travel", "i4": "home"})

    ended = pilotage(*ITEMS, "--merge")

    file = registry / "letters.agreed.jsonl"
    assert ended.code == 0
    assert [json.loads(line) for line in file.read_text().splitlines()] == [
        {"id": "i0", "input": "Letter 0", "expected": "motor"},
        {"id": "i3", "input": "Letter 3", "expected": "Reply 3"},
    ]
    assert "ana and eva agree on 50 % (1 % to 99 %) of 2; kappa 0.33" in ended.out
    assert "eva and the data set agree on 100 %" in ended.out
    assert "2 agreed items stand in" in ended.out
    assert "1 are contested" in ended.out


def test_a_merge_writes_over_nothing_unasked(registry: Path, pilotage: Pilotage) -> None:
    """A file that is there stays as it is unless --force is given; --json tells the digest to declare."""
    write_judged(registry, 5)
    unlabelled(registry)
    write_opinion(registry, "eva", {"i0": "motor"})
    write_opinion(registry, "ana", {"i0": "motor"})
    file = registry / "letters.agreed.jsonl"
    file.write_text("mine")

    refused = pilotage(*ITEMS, "--merge")
    assert (refused.code, refused.out, file.read_text()) == (2, "", "mine")
    assert "--force" in refused.err

    told = pilotage(*ITEMS, "--merge", "--force", "--json").json
    assert (told["items"], told["contested"], told["digest"]) == (1, 0, digest_of_bytes(file.read_bytes()))


def test_one_opinion_is_none_to_merge(registry: Path, pilotage: Pilotage) -> None:
    """Without two people on the same item there is nothing to compare, and no file is written."""
    write_judged(registry, 5)
    unlabelled(registry)
    write_opinion(registry, "eva", {"i0": "motor"})
    write_opinion(registry, "ana", {"i1": "motor"})

    ended = pilotage(*ITEMS, "--merge")

    assert (ended.code, ended.out) == (1, "")
    assert "no two people labelled the same items" in ended.err
    assert not (registry / "letters.agreed.jsonl").exists()


def test_a_damaged_file_of_labels_is_named(registry: Path, pilotage: Pilotage) -> None:
    """A line that is no label stops the command before anything is asked or written."""
    write_judged(registry, 5)
    (registry / "letters.labels-eva.jsonl").write_text("{}\n")

    ended = pilotage(*ITEMS, "--by", "eva", "--second")

    assert (ended.code, ended.out) == (1, "")
    assert "line 1 of letters.labels-eva.jsonl is no label" in ended.err


@pytest.mark.parametrize(
    ("typed", "entry"),
    [
        ("motor ", Entry("value", "motor")),
        ("1", Entry("value", "home")),
        ("2", Entry("value", ["a"])),
        ("3", Entry("value", "3")),
        ("12", Entry("value", "12")),
        ("0", Entry("value", "0")),
        ("=1", Entry("value", 1)),
        ('="1"', Entry("value", "1")),
        ("=null", Entry("again")),
        ("=", Entry("again")),
        ("=NaN", Entry("again")),
        ("=" + "[" * 9_999, Entry("again")),
        ("", Entry("later")),
        (":s", Entry("later")),
        (":u", Entry("undo")),
        (" :q ", Entry("quit")),
        ("\u00b2", Entry("value", "\u00b2")),
    ],
)
def test_entries(typed: str, entry: Entry) -> None:
    """A digit stands for a choice where there is one, an equals sign announces JSON, and a colon a command."""
    assert parse_entry(typed, ["home", ["a"]]) == entry


@pytest.fixture
def terminal() -> Generator[tuple[int, TextIO]]:
    """Give a terminal: the end where keys are pressed, and the end that a program reads."""
    pressed, read = pty.openpty()
    with open(read, encoding="utf-8") as stream:  # noqa: PTH123 - a file that is open already
        yield pressed, stream
    os.close(pressed)


def test_a_terminal_gives_each_key_as_it_is_pressed(terminal: tuple[int, TextIO]) -> None:
    """No Enter is needed; arrows and other keys that send several characters are none; letters may be of any script."""
    pressed, stream = terminal
    before = termios.tcgetattr(stream)
    with open_keys(stream) as keys:
        for sent, key in [
            (b"y", "y"),
            ("\u00e9".encode(), "\u00e9"),
            (b"\r", ENTER),
            (b"\x7f", BACKSPACE),
            (b"\x04", ""),
        ]:
            os.write(pressed, sent)
            assert keys() == key
        os.write(pressed, b"\x1b[3~")
        threading.Timer(0.1, os.write, (pressed, b"n")).start()
        assert keys() == "n"
        os.write(pressed, b"\xff")
        assert keys() == "\ufffd"

    assert termios.tcgetattr(stream) == before


def test_a_terminal_is_put_back_whatever_happens(terminal: tuple[int, TextIO]) -> None:
    """After an error or Ctrl-C the person types into a terminal that echoes again."""
    _, stream = terminal
    before = termios.tcgetattr(stream)

    with pytest.raises(KeyboardInterrupt), open_keys(stream):
        _interrupt(during=termios.tcgetattr(stream), before=before)

    assert termios.tcgetattr(stream) == before


def _interrupt(*, during: list[Any], before: list[Any]) -> NoReturn:
    """Press Ctrl-C while keys are read."""
    assert during != before
    raise KeyboardInterrupt
