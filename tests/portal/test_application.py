"""Tests of the portal over HTTP, without a browser."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient
from tests.portal import sample

from pilotage.core.errors import StorageError
from pilotage.portal.application import build_portal
from pilotage.portal.memory import MemoryReader


@pytest.fixture
def reader() -> MemoryReader:
    """Give the made-up installation."""
    return sample.installation(banner="SAMPLE: all of this is made up")


@pytest.fixture
def client(reader: MemoryReader) -> Iterator[TestClient]:
    """Give a client of a portal over it."""
    with TestClient(build_portal(reader), raise_server_exceptions=False) as client:
        yield client


@pytest.mark.parametrize(
    "path", ["/", "/use-cases/claims-inbox", "/use-cases/minutes", "/glossary", "/styleguide", "/?page=nonsense"]
)
def test_pages_are_whole(client: TestClient, path: str) -> None:
    """Each page comes with the banner, without inline style or script, and with the strict policy."""
    answer = client.get(path)

    assert 200 == answer.status_code
    assert "SAMPLE: all of this is made up" in answer.text
    assert " style=" not in answer.text
    assert "<style" not in answer.text
    assert answer.text.count("<script") == answer.text.count("<script defer src=") == 1
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:;")
    assert ("nosniff", "no-referrer") == (answer.headers["x-content-type-options"], answer.headers["referrer-policy"])


def test_every_record_has_a_page(client: TestClient, reader: MemoryReader) -> None:
    """Each record of the ledger is readable at its digest, with or without the prefix."""
    for entry in reader.ledger.read():
        for digest in (entry.digest, entry.digest.removeprefix("sha256:")):
            answer = client.get(f"/evidence/{digest}")
            assert 200 == answer.status_code
            assert entry.digest in answer.text


@pytest.mark.parametrize(
    "name", ["claim-inbox", "%3Cscript%3Ealert(1)%3C%2Fscript%3E", "Claims-Inbox", "a" * 5_000, "..%2e"]
)
def test_a_wrong_name_gets_a_page(client: TestClient, name: str) -> None:
    """A use case that is not declared, or no name at all, gets 404 in the portal's style and is never run."""
    answer = client.get(f"/use-cases/{name}")

    assert 404 == answer.status_code
    assert "<script>alert" not in answer.text
    assert len(answer.text) < 5_000


def test_a_near_miss_is_answered_with_the_nearest_names(client: TestClient) -> None:
    """A name with a slip of the finger leads to the one that was meant."""
    assert '<a href="/use-cases/claims-inbox">' in client.get("/use-cases/claim-inbox").text


@pytest.mark.parametrize("digest", ["sha256:xyz", "0" * 64, "sha256:" + "0" * 64, "%00", "'" * 64])
def test_a_digest_without_a_record_gets_a_page(client: TestClient, digest: str) -> None:
    """What is no digest, or a digest of nothing recorded, gets 404."""
    assert 404 == client.get(f"/evidence/{digest}").status_code


@pytest.mark.parametrize("path", ["/nothing", "/portal/static/../application.py", "/portal/static/secret"])
def test_other_addresses_get_a_page(client: TestClient, path: str) -> None:
    """An address that nobody serves gets 404 in the portal's style."""
    answer = client.get(path)

    assert 404 == answer.status_code
    assert "All use cases" in answer.text


def test_pages_are_only_read(client: TestClient) -> None:
    """A POST is refused with the methods that are allowed."""
    answer = client.post("/")

    assert 405 == answer.status_code
    assert "GET" in answer.headers["allow"]


def test_the_head_is_not_modified_until_the_ledger_is(client: TestClient, reader: MemoryReader) -> None:
    """Whoever has the head gets 304 without a body; a new record makes a new head."""
    first = client.get("/portal/head")
    again = client.get("/portal/head", headers={"if-none-match": first.headers["etag"]})
    reader.ledger.append(sample.release())
    later = client.get("/portal/head", headers={"if-none-match": first.headers["etag"]})

    assert (304, "") == (again.status_code, again.text)
    assert 200 == later.status_code
    assert first.text != later.text
    assert f'data-head="{later.text}"' in client.get("/").text


def test_assets_are_kept_for_ever_under_their_version(client: TestClient) -> None:
    """Style sheet, script and icon are immutable, and the script stays below 4 kB."""
    sizes = {name: client.get(f"/portal/static/{name}") for name in ("portal.css", "portal.js", "icon.svg")}

    assert all("immutable" in answer.headers["cache-control"] for answer in sizes.values())
    assert len(sizes["portal.js"].content) < 4_000


def test_broken_storage_gets_a_page_with_the_remedy(client: TestClient, reader: MemoryReader) -> None:
    """What the storage could not give is told with its remedy, as 503."""

    def broken() -> None:
        raise StorageError("the database is locked", "stop the other writer")

    reader.read_catalog = broken
    answer = client.get("/")

    assert 503 == answer.status_code
    assert "the database is locked" in answer.text
    assert "stop the other writer" in answer.text


def test_a_fault_of_ours_shows_no_traceback(client: TestClient, reader: MemoryReader) -> None:
    """A fault gets 500 in the portal's style, with the policy and without its innards."""

    def broken() -> None:
        raise ZeroDivisionError("secret")

    reader.read_catalog = broken
    answer = client.get("/")

    assert 500 == answer.status_code
    assert "secret" not in answer.text
    assert "Something went wrong here" in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_an_empty_installation_has_a_front_page() -> None:
    """Before anything is declared or recorded the portal works and says what to do."""
    reader = sample.installation()
    reader.catalog = None
    with TestClient(build_portal(reader)) as client:
        assert "pilotage init" in client.get("/").text
        assert 404 == client.get("/use-cases/claims-inbox").status_code
