"""Literal credentials are found wherever they stand, never quoted, and ordinary text is left alone."""

import pytest

from pilotage.registry.parse import parse_documents
from pilotage.registry.secrets import find_literal_secrets, looks_random

# Put together here, so that scanners of this repository find none.
SECRETS = [
    "sk-" + "proj-1234567890abcdefABCDEF",
    "pk_" + "0123456789ab_" + "abcdefghij0123456789",
    "sk_" + "live_0123456789abcdefghij",
    "AKIA" + "ABCDEFGHIJ234567",
    "ghp_" + "abcdefghijklmnopqrstuvwxyz0123456789",
    "github_pat_" + "11ABCDEFG0abcdefghijkl",
    "glpat-" + "abcdefghij0123456789",
    "xoxb-" + "123456789012-abcdefghijkl",
    "hf_" + "abcdefghijklmnopqrstuvwx",
    "AIza" + "SyA1234567890abcdefghijklmnopqrstuv",
    "eyJ" + "hbGciOiJIUzI1NiJ9.eyJ" + "zdWIiOiIxMjM0NSJ9.abcdefghijkl",
    "-----BEGIN OPENSSH " + "PRIVATE KEY-----",
    "postgresql://user:" + "hunter2@db.example.com/x",
    "Bearer " + "abcdefghij0123456789abcdefghij",
]


def lines_with_secrets(text: str) -> list[int]:
    """Give the lines that are reported."""
    trees, _ = parse_documents(text, "f.yaml")
    found = find_literal_secrets(text, trees, "f.yaml")
    assert all("credential: {from: env" in problem.remedy for problem in found)
    return [problem.line for problem in found]


@pytest.mark.parametrize("secret", SECRETS)
def test_known_forms_are_found_everywhere(secret: str) -> None:
    """In a value, a list, a prompt of several lines and a comment, and never repeated in the message."""
    text = f"a: 1\nb: {secret}\nc: |\n  use\n  {secret}\n# was {secret}\n"
    assert lines_with_secrets(text) == [2, 5, 6]
    found = find_literal_secrets(text, (), "f.yaml")
    assert not any(secret[4:] in str(problem) for problem in found)


@pytest.mark.parametrize(
    "key", ["credential", "api_key", "apikey", "client_secret", "password", "access-token", "auth"]
)
def test_random_strings_under_telling_keys_are_found(key: str) -> None:
    """A key that says what it holds betrays a credential of unknown form, in nested values too."""
    assert lines_with_secrets(f"{key}: 9f8e7d6c5b4a39281706abcd\n") == [1]
    if key == "credential":
        assert lines_with_secrets(f"{key}:\n  from: env\n  name: 9f8e7d6c5b4a39281706abcd\n") == [3]


@pytest.mark.parametrize(
    "text",
    [
        "prompt: Classify the risk-management-process-of-2026-accordingly\n",
        "credential: {from: env, name: OPENAI_API_KEY_2}\n",
        "credential: {from: file, name: /run/secrets/model-7f/key}\n",
        "ssh_key: sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIJ\n",
        "digest: sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\n",
        "max_tokens: 1000000000000000\n",
        "password: |\n  Never ask users for it in the chat, as of 2026.\n",
        "base_url: http://127.0.0.1:8000/v1\n",
        "schema: {properties: {token: {type: string, pattern: '^[a-f0-9]{32}$'}}}\n",
    ],
)
def test_ordinary_documents_are_left_alone(text: str) -> None:
    """Names of variables, public keys, digests and prose are no secrets."""
    assert lines_with_secrets(text) == []


def test_words_are_not_random() -> None:
    """Only long, unbroken, mixed strings count as drawn at random."""
    assert not looks_random("changeme")
    assert not looks_random("aaaaaaaaaaaaaaaaaaaa1")
    assert not looks_random("correct horse battery staple 1")
    assert looks_random("Zm9vYmFyMTIzNDU2Nzg5MA")
