"""Tests of reading a story: what is wrong with it is told, with the file and how to mend it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pilotage.core.errors import UsageError
from pilotage.demo.story import read_story

EXAMPLE = Path(__file__).parents[2] / "examples" / "claims_inbox"
ACT = "{title: One, folder: acts/1, message: m, banner: b}"
STORY = f"title: T\nuse_case: u\ndata: data\nservices: []\nacts: [{ACT}]\n"


def write_story(folder: Path, text: str | bytes) -> Path:
    """Write a story's file and give its folder."""
    folder.mkdir(exist_ok=True)
    (folder / "story.yaml").write_bytes(text.encode() if isinstance(text, str) else text)
    return folder


def test_the_shipped_story_has_three_acts() -> None:
    """The sample story reads, and only its last act has people who sign."""
    story = read_story(EXAMPLE)

    assert [act.title for act in story.acts] == ["Dazzle", "Measured", "Repaired"]
    assert [bool(act.attestations) for act in story.acts] == [False, False, True]
    assert [service.key for service in story.services] == [False, True]


def test_a_small_story_reads(tmp_path: Path) -> None:
    """An act needs a title, a folder, a message and a banner; all else may be left out."""
    story = read_story(write_story(tmp_path, STORY))

    assert story.acts[0].evaluations == ()


def test_a_missing_story_names_the_file(tmp_path: Path) -> None:
    """A folder without a story says which file was looked for and how to get one."""
    with pytest.raises(UsageError, match=r"no story at .*story\.yaml.*make demo"):
        read_story(tmp_path)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("acts: [", "expected"),
        ("", "Story"),
        ("- a\n- b\n", "Story"),
        (STORY + "colour: red\n", "colour"),
        (STORY.replace("use_case: u\n", ""), "use_case"),
        (STORY.replace(f"[{ACT}]", "[]"), "acts"),
        (STORY.replace("acts/1", "../../etc"), "inside the story"),
        (STORY.replace("acts/1", "/etc"), "inside the story"),
        (STORY.replace("data: data", 'data: "a\\0b"'), "inside the story"),
        (STORY.replace("services: []", "services: [{name: n, module: 'a;b', addresses: {}}]"), "module"),
        (b"\xff\xfe\x00", "no story"),
        ("a: " + "[" * 3_000, "no story"),
        ("x: !!python/object:os.system {}\n", "no story"),
    ],
)
def test_what_is_no_story_is_refused(tmp_path: Path, text: str | bytes, told: str) -> None:
    """Broken, hostile or incomplete files give one error that names the file and what to compare it with."""
    with pytest.raises(UsageError) as caught:
        read_story(write_story(tmp_path, text))

    assert str(tmp_path / "story.yaml") in caught.value.message
    assert told in caught.value.message
    assert "examples/claims_inbox" in caught.value.remedy
