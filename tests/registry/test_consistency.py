"""What several documents must agree on is checked across them, and told at the line where it can be mended."""

from collections.abc import Callable

import pytest

from pilotage.core.errors import Problem

Find = Callable[..., tuple[Problem, ...]]

LEVELS = "levels: [" + ", ".join(f"{{level: {level}, title: t, meaning: m}}" for level in range(1, 10)) + "]\n"


@pytest.mark.parametrize(
    ("old", "new", "line", "text"),
    [
        ("name: example", "name: example\ntime_zone: Europe/Lisbonn", 4, "did you mean `Europe/Lisbon`?"),
        ("name: example", "name: example\nworking_calendar: {opens: '18:00'}", 4, "opens at 18:00 and closes at 17:00"),
        ("name: example", "name: example\nworking_calendar: {holidays: [2026-02-30]}", 4, "no day of the calendar"),
        ("name: claims", "name: platform", 13, "the Team `platform` stands twice, first at organisation.yaml:8"),
        ("{name: bruno, roles: [builder]}", "{name: ana}", 14, "the handle `ana` already stands in the team `claims`"),
        (
            "{name: bruno, roles: [builder]}",
            "{name: eva}",
            14,
            "the handle `eva` already stands in the team `platform`",
        ),
    ],
)
def test_faults_of_the_organisation(problems: Find, old: str, new: str, line: int, text: str) -> None:
    """The organisation and its teams hold facts that can be."""
    found = problems(old, new)
    assert any(each.file == "organisation.yaml" and text in str(each) for each in found), list(map(str, found))
    assert any(each.line == line for each in found), list(map(str, found))


@pytest.mark.parametrize(
    ("old", "new", "line", "text"),
    [
        ("risk_owner: eva", "started: 2026-13-01", 7, "no day of the calendar"),
        ("risk_owner: eva", "deputy: ana", 7, "`ana` is both owner_person and deputy"),
        ("p0: 0.8", "p0: 0.55", 32, "claim.p0 0.55 is weaker than the"),
        ("p0: 0.8", "p0: 0.8\n  alpha: 0.2", 33, "claim.alpha 0.2 is weaker than the"),
        ("{route: triage}", "{endpoint: 'http://127.0.0.1:1/'}", 28, "declares no application"),
        ("schema: {type: object}", "schema: {type: objekt}", 29, "not a JSON Schema"),
        ("{type: json-schema, schema: {type: object}}", "{type: regex, pattern: '('}", 29, "not a regular expression"),
        ("promise: Eight", "data_classes: [special-category]\npromise: Eight", 15, "special-category data"),
    ],
)
def test_faults_of_a_use_case(problems: Find, old: str, new: str, line: int, text: str) -> None:
    """Claims, targets, scorers, dates and data fit what they belong to."""
    found = problems(old, new)
    assert any((each.line, text in str(each)) == (line, True) for each in found), list(map(str, found))


def test_an_endpoint_with_an_application_is_in_order(problems: Find) -> None:
    """An application that is declared may be asked."""
    changes = (
        "{route: triage}",
        "{endpoint: {from: env, name: URL}}",
        "risk_owner: eva",
        "application: {version: '1'}",
    )
    assert problems(*changes) == ()


def test_a_route_of_another_use_case_cannot_be_asked(problems: Find) -> None:
    """An evaluation measures its own use case."""
    other = (
        "kind: UseCase\nversion: 1\nname: other\npurpose: p\nowner: claims\n---\n"
        "kind: Route\nversion: 1\nname: other\nuse_case: other\nmodel: chat\n"
    )
    (found,) = problems("{route: triage}", "{route: other}", **{"other.yaml": other})
    assert (found.file, found.line) == ("claims/triage.yaml", 28)
    assert "belongs to the use case `other`" in found.what


def test_embeddings_cannot_be_scored(problems: Find) -> None:
    """A route to an embedding model answers nothing that a scorer judges."""
    (found,) = problems("name: chat\n", "name: chat\ntask: embedding\n")
    assert "gives embeddings" in found.what


def test_exactly_one_organisation(problems: Find) -> None:
    """None is a problem of the registry, a second is one of its own file."""
    (found,) = problems(**{"z.yaml": "kind: Organisation\nversion: 1\nname: second\n"})
    assert (found.file, found.line) == ("z.yaml", 3)
    assert "the first stands at organisation.yaml:3" in found.what
    found_none = problems("kind: Organisation", "kind: Team", "platform_team: platform", "contact: x")
    assert [(each.file, each.what) for each in found_none] == [(".", "the registry has no Organisation")]


def test_one_scale_an_axis(problems: Find) -> None:
    """A second scale for an axis is refused unless it takes the shipped one's name."""
    scale = f"kind: Scale\nversion: 1\nname: ours\naxis: TRL\nsource: s\n{LEVELS}"
    (found,) = problems(**{"scale.yaml": scale})
    assert (found.file, found.line) == ("scale.yaml", 4)
    assert "name it `trl`" in found.remedy
    assert problems(**{"scale.yaml": scale.replace("ours", "trl")}) == ()
    (unread,) = problems(**{"scale.yaml": scale.replace("ours", "trl").replace("source: s\n", "")})
    assert "lacks `source`" in unread.what


def test_tiers_differ_in_rank_and_never_let_samples_into_production(problems: Find) -> None:
    """Two tiers of equal rank have no order; SAMPLE evidence never permits production."""
    tier = "kind: RiskTier\nversion: 1\nname: ours\nrank: {rank}\nstages: {production: {levels: {}, audiences: []}}\n"
    found = problems(**{"tier.yaml": tier.replace("{rank}", "2")})
    assert [each.line for each in found] == [4, 5]
    assert "same rank 2" in found[0].what
    assert "SAMPLE evidence" in found[1].what


def test_a_signing_key_is_one_persons(problems: Find) -> None:
    """Two handles with one key would let one person sign as two."""
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJq2mnFcPaCw0qCtNpmTbSfDjRb4Jbs4B0YzXoVRMnU3"
    (found,) = problems(
        "{name: ana, roles: [owner]}",
        f"{{name: ana, ssh_key: {key} a}}",
        "{name: eva,",
        f"{{name: eva, ssh_key: {key} b,",
    )
    assert "the same ssh_key as" in found.what
