"""A catalog travels as JSON and arrives as itself."""

from collections.abc import Callable

from pilotage.registry.catalog import Catalog
from pilotage.registry.kinds.document import FromEnvironment
from pilotage.registry.kinds.scorer import JsonSchemaScorer


def test_json_round_trips_by_alias(catalog: Catalog) -> None:
    """The names that documents use, `from` and `schema` among them, are the names that travel."""
    text = catalog.model_dump_json(by_alias=True)
    assert '"from":"env"' in text
    assert '"schema":{"type":"object"}' in text
    assert Catalog.model_validate_json(text) == catalog
    assert Catalog.model_validate_json(text).digest == catalog.digest


def test_aliased_parts_travel_alone_too() -> None:
    """A scorer or a place of a credential is written as it is read, without being told to use aliases."""
    scorer = JsonSchemaScorer(type="json-schema", schema={"type": "object"})
    assert JsonSchemaScorer.model_validate_json(scorer.model_dump_json()) == scorer
    place = FromEnvironment.model_validate({"from": "env", "name": "KEY"})
    assert FromEnvironment.model_validate_json(place.model_dump_json()) == place


def test_the_digest_is_of_the_documents_alone(catalog: Catalog, changed: Callable[..., Catalog]) -> None:
    """Where and at what commit documents stand does not matter; what they say does."""
    assert catalog.model_copy(update={"commit": "abc", "dirty": True, "positions": {}}).digest == catalog.digest
    assert changed("purpose: Sort claims.", "purpose: Sort claims. ").digest == catalog.digest
    assert changed("purpose: Sort claims.", "purpose: Sort all claims.").digest != catalog.digest
    assert changed('"input": "My car."', '"input": "My bike."').digest != catalog.digest
