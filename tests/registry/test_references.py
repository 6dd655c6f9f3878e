"""Every name in a document stands for something that is there, or is reported with what was probably meant."""

from collections.abc import Callable

import pytest

from pilotage.core.errors import Problem

Find = Callable[..., tuple[Problem, ...]]


@pytest.mark.parametrize(
    ("old", "new", "file", "line", "text"),
    [
        ("platform_team: platform", "platform_team: platfrom", "organisation.yaml", 4, "did you mean `platform`?"),
        (
            "owner: claims",
            "owner: zebra",
            "claims/triage.yaml",
            5,
            "declare a Team of this name; there are: claims, platform",
        ),
        (
            "owner_person: ana",
            "owner_person: anna",
            "claims/triage.yaml",
            6,
            "no team has such a member; did you mean `ana`?",
        ),
        ("owner_person: ana", "owner_person: eva", "claims/triage.yaml", 6, "is no member of the owning team `claims`"),
        ("risk_owner: eva", "risk_owner: evva", "claims/triage.yaml", 7, "did you mean `eva`?"),
        ("risk_owner: eva", "bridge_builder: nobody", "claims/triage.yaml", 7, "bridge_builder names `nobody`"),
        ("risk_owner: eva", "deputy: nobody", "claims/triage.yaml", 7, "deputy names `nobody`"),
        ("risk_owner: eva", "tier: hihg", "claims/triage.yaml", 7, "did you mean `high`?"),
        (
            "risk_owner: eva",
            "outside: {product: x, owner: clams}",
            "claims/triage.yaml",
            7,
            "outside.owner names the Team `clams`",
        ),
        ("use_case: triage\nmodel", "use_case: triag\nmodel", "claims/triage.yaml", 13, "did you mean `triage`?"),
        ("model: chat", "model: chatty", "claims/triage.yaml", 14, "model names the Model `chatty`"),
        ("dataset: triage-items", "dataset: triage-item", "claims/triage.yaml", 27, "did you mean `triage-items`?"),
        ("{route: triage}", "{route: tirage}", "claims/triage.yaml", 28, "target.route names the Route `tirage`"),
        (
            "use_case: triage\ndataset",
            "use_case: x\ndataset",
            "claims/triage.yaml",
            26,
            "the UseCase `x`, which does not exist",
        ),
    ],
)
def test_dangling_references_are_reported(problems: Find, old: str, new: str, file: str, line: int, text: str) -> None:
    """A reference to nothing is a problem at its line."""
    found = problems(old, new)
    assert any((each.file, each.line) == (file, line) and text in str(each) for each in found), list(map(str, found))


def test_a_scale_names_tiers_that_exist(problems: Find) -> None:
    """A criterion cannot apply to a tier that nobody declared."""
    levels = "".join(f"  - {{level: {level}, title: t, meaning: m}}\n" for level in range(2, 10))
    scale = (
        "kind: Scale\nversion: 1\nname: trl\naxis: TRL\nsource: s\nlevels:\n"
        "  - level: 1\n    title: t\n    meaning: m\n    criteria:\n"
        "      - {id: a, question: q, side: people, turn: team, next_step: n,\n"
        "         answer: {by: declaration, fields: [purpose]}, applies_to_tiers: [low, hgih]}\n"
    )
    (found,) = problems(**{"scale.yaml": scale + levels})
    assert (found.file, found.line) == ("scale.yaml", 12)
    assert "applies_to_tiers[2] names the RiskTier `hgih`" in found.what


def test_people_of_an_unreadable_team_are_not_called_missing(problems: Find) -> None:
    """While a team cannot be read, nobody knows its members."""
    found = problems("roles: [owner]", "roles: [ownr]")
    assert [(each.file, each.line) for each in found] == [("organisation.yaml", 14)]
