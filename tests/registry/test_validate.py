"""Faults of a document are told at their line, in plain words with the unit, and with a way to mend them."""

import pytest

from pilotage.core.errors import Problem
from pilotage.registry.parse import parse_documents
from pilotage.registry.validate import Placed, validate_document

HEADS = {
    "Route": "kind: Route\nversion: 1\nname: r\nuse_case: u\nmodel: m\n",
    "Model": "kind: Model\nversion: 1\nname: m\nbase_url: http://h/v1\nupstream_model: q\n",
    "Evaluation": (
        "kind: Evaluation\nversion: 1\nname: e\nuse_case: u\ndataset: d\n"
        "target: {route: r}\nscorer: {type: exact}\nclaim: {text: t, p0: 0.8, p1: 0.9}\n"
    ),
    "UseCase": "kind: UseCase\nversion: 1\nname: u\npurpose: p\nowner: t\n",
    "Team": "kind: Team\nversion: 1\nname: t\n",
    "Dataset": "kind: Dataset\nversion: 1\nname: d\n",
    "RiskTier": "kind: RiskTier\nversion: 1\nname: t\nrank: 1\n",
}


def problems_of(text: str) -> list[Problem]:
    """Give what is wrong with a single document."""
    trees, faults = parse_documents(text, "f.yaml")
    assert not faults
    read = validate_document(trees[0], "f.yaml")
    return [] if isinstance(read, Placed) else sorted(read)


@pytest.mark.parametrize(
    ("kind", "rest", "line", "text"),
    [
        (
            "Route",
            "parameters:\n  max_tokens: 0\n",
            7,
            "parameters.max_tokens must be a whole number of tokens, at least 1",
        ),
        ("Route", "parameters:\n  max_tokens: lots\n", 7, "not `lots`; write a number, without quotes"),
        ("Route", "parameters: {max_tokens: '5'}\n", 6, "take the quotes away: 5"),
        ("Route", "parameters: {temperature: 3}\n", 6, "must be a number, at least 0, at most 2, not `3`"),
        ("Route", "parameters: {temprature: 1}\n", 6, "did you mean `temperature`?"),
        ("Route", "promt: hi\n", 6, "the key `promt` is not known in Route; did you mean `prompt`?"),
        ("Route", "prompt: ''\n", 6, "prompt must be text of 1 to 20000 characters, not empty"),
        ("Route", "title: 2026\n", 6, "title must be text of 1 to 300 characters, not `2026`; put quotes around it"),
        ("Route", "title: true\n", 6, "not true; put quotes around it"),
        ("Route", "parameters:\n", 6, "parameters must be a mapping, not empty"),
        (
            "Model",
            "timeout_seconds: 30s\n",
            6,
            "must be a number of seconds, above 0, at most 3600, not `30s`; write the number alone, in seconds",
        ),
        ("Model", "timeout_seconds: 30000\n", 6, "write 30 if 30000 milliseconds is meant"),
        ("Model", "timeout_ms: 30000\n", 6, "did you mean `timeout_seconds`, in seconds?"),
        ("Model", "context_tokens: 1.5\n", 6, "must be a whole number of tokens, at least 1, not `1.5`"),
        ("Model", "api_key: abc\n", 6, "credential: {from: env"),
        ("Model", "credential: abc\n", 6, "credential: {from: env"),
        ("Model", "credential: {source: env, name: K}\n", 6, "credential lacks `from`"),
        ("Model", "price: {source: decalred}\n", 6, "price.source cannot be `decalred`; did you mean `declared`?"),
        ("Model", "price: {currency: EUR}\n", 6, "price lacks `source`; add `source:` with one of"),
        (
            "Model",
            (
                "price:\n  source: declared\n  currency: EUR\n"
                "  input_per_million: {low: 2, high: 1}\n  output_per_million: 1\n"
            ),
            9,
            "price.input_per_million is upside down: high (1) must not lie below low (2)",
        ),
        (
            "Model",
            "price: {source: declared, currency: eur, input_per_million: 1, output_per_million: 1}\n",
            6,
            "three capital letters",
        ),
        (
            "Model",
            "footprint: {source: declared, input_wh_per_thousand: x, output_wh_per_thousand: 1}\n",
            6,
            "a number, or a range as",
        ),
        ("Model", "data_classes: public\n", 6, "data_classes must be a list, not `public`"),
        ("Model", "data_classes: [public, persnal]\n", 6, "data_classes[2] must be one of"),
        ("Model", "task: chatting\n", 6, "did you mean `chat`?"),
        (
            "UseCase",
            "process:\n  after:\n    - step: a\n      who: b\n      minutes: 2h\n",
            10,
            "process.after[1].minutes must be a number of minutes",
        ),
        ("UseCase", "process:\n  after:\n    - step: a\n", 8, "process.after[1] lacks `who`"),
        ("UseCase", "started: 5 March\n", 6, "a date as year-month-day, such as 2026-03-31, not `5 March`"),
        ("UseCase", "tier: High Risk\n", 6, "write `high-risk`"),
        ("UseCase", "users: {who: x, count: -1}\n", 6, "users.count must be a whole number, at least 0"),
        ("Team", "members:\n  - {name: ana, roles: [ownr]}\n", 5, "did you mean `owner`?"),
        ("Team", "members:\n  - {name: ana, ssh_key: none}\n", 5, "a public SSH key on one line"),
        ("Dataset", "path: ../x.jsonl\n", 4, "path must not lead upwards with `..`"),
        ("Dataset", "path: /etc/passwd\n", 4, "a path relative to the document's folder"),
        ("Dataset", "path: a.jsonl\ndigest: 12\n", 5, "64 hexadecimal digits"),
        ("Dataset", "path: a.jsonl\nsealed: 'yes'\n", 5, "sealed must be true or false, not `yes`"),
        (
            "RiskTier",
            "stages: {pilt: {levels: {TRL: 1}, audiences: []}}\n",
            5,
            "the key `pilt` is not known here; did you mean `pilot`?",
        ),
        (
            "RiskTier",
            "stages: {pilot: {levels: {TRL: 12}, audiences: []}}\n",
            5,
            "levels.TRL must be a whole number, at least 0, at most 9",
        ),
    ],
)
def test_faults_are_told_in_plain_words(kind: str, rest: str, line: int, text: str) -> None:
    """What is wrong and how to mend it stands at the line of the key, without a word of the machinery."""
    found = problems_of(HEADS[kind] + rest)
    assert any(problem.line == line and text in str(problem) for problem in found), [str(each) for each in found]
    for problem in found:
        assert not any(word in str(problem) for word in ("pydantic", "http://errors", "Input should", "type=", "[key]"))
        assert problem.remedy


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        (
            "p0: 0.8",
            "p0: 80",
            "claim.p0 must be a share between 0 and 1, such as 0.9, not `80`; write 0.8 if 80 per cent is meant",
        ),
        ("p0: 0.8", "p0: 80%", "write 0.8 instead of per cent"),
        ("p0: 0.8", "p0: 0.95", "claim has p1 (0.9) not above p0 (0.95)"),
        ("{route: r}", "{rout: r}", "did you mean `route`?"),
        (
            "{route: r}",
            "{endpoint: 'http://u:p@h'}",
            "target.endpoint must be an http:// or https:// address without user",
        ),
        ("{route: r}", "{route: r, endpoint: http://h}", "the key `endpoint` is not known in target"),
        ("{route: r}", "r", "target must be {route: NAME}"),
        ("{type: exact}", "{type: exat}", "did you mean `exact`?"),
        ("{type: exact}", "{type: exact, k: 2}", "the key `k` is not known in scorer"),
        ("use_case: u\n", "", "the document lacks `use_case`"),
        ("name: e", "name: no-", "name must be a name of lower-case letters"),
        ("name: e", "name: 7", "put quotes around it"),
        ("version: 1", "version: 2", "this Pilotage reads up to 1; upgrade Pilotage"),
        ("version: 1", "version: '1'", "write `version: 1`"),
        ("version: 1\n", "", "the document has no `version`; add `version: 1`"),
        ("kind: Evaluation", "kind: Evalution", "there is no kind `Evalution`; did you mean `Evaluation`?"),
        ("kind: Evaluation", "kind: Banana", "use one of: Dataset, Evaluation"),
        ("kind: Evaluation\n", "", "the document has no `kind`"),
        ("kind: Evaluation", "kind: [a]", "`kind` must be the name of a kind"),
    ],
)
def test_faults_of_an_evaluation_are_told(old: str, new: str, text: str) -> None:
    """The document that people get wrong most is explained in their own terms."""
    assert old in HEADS["Evaluation"]
    found = problems_of(HEADS["Evaluation"].replace(old, new))
    assert any(text in str(problem) for problem in found), [str(each) for each in found]


@pytest.mark.parametrize("text", ["- a\n- b\n", "just text\n", "[]\n", "5\n"])
def test_documents_that_are_no_mapping_are_refused(text: str) -> None:
    """A list or a bare value is no document."""
    assert ["the document is not a mapping"] == [problem.what for problem in problems_of(text)]


def test_all_faults_of_a_document_are_reported_at_once() -> None:
    """Nobody mends one fault only to meet the next."""
    text = "kind: Route\nversion: 1\nname: R R\nmodel: 5\nprompt: ''\nparameters: {top_p: 0, seed: x}\nextra: 1\n"
    assert [problem.line for problem in problems_of(text)] == [1, 3, 4, 5, 6, 6, 7]


@pytest.mark.parametrize("kind", sorted(HEADS))
def test_the_heads_above_are_sound(kind: str) -> None:
    """The documents that these tests break load when they are whole."""
    rest = {"Dataset": "path: a.jsonl\n", "RiskTier": "stages: {}\n"}.get(kind, "")
    assert problems_of(HEADS[kind] + rest) == []


def test_python_names_of_aliased_fields_are_unknown_keys() -> None:
    """A field has one spelling in documents, its alias, whatever the code calls it."""
    text = HEADS["Evaluation"].replace("{type: exact}", "{type: json-schema, json_schema: {}}")
    assert any("`json_schema` is not known" in problem.what for problem in problems_of(text))


@pytest.mark.parametrize(
    "line",
    [
        "base_url: https://user:hunter2pass@models.example/v1",
        "base_url: https://models.example/v1?api_key=hunter2hunter2",
        'timeout_seconds: "AIza' + "Sy" + 'A1234567890abcdefghijklmnopqrstuv"',
    ],
)
def test_a_refused_value_that_may_be_a_credential_is_not_shown(line: str) -> None:
    """What people see in the log of a build never holds the key that was refused."""
    told = " ".join(str(problem) for problem in problems_of(f"kind: Model\nversion: 1\nname: m\n{line}\n"))

    assert told
    assert not any(part in told for part in ("hunter2", "AIza"))
