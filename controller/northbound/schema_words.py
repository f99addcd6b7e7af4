"""The words that JSON schemas (draft 2020-12, as OpenAPI 3.1 has them) are written in here."""

from __future__ import annotations

from typing import Any, Final

Schema = dict[str, Any]

TEXT: Final[Schema] = {"type": "string"}
TEXTS: Final[Schema] = {"type": "array", "items": TEXT}
WHOLE: Final[Schema] = {"type": "integer"}
COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
NUMBER: Final[Schema] = {"type": "number"}
FLAG: Final[Schema] = {"type": "boolean"}
ANYTHING: Final[Schema] = {}


def ref(name: str) -> Schema:
    """The schema of that name, among the document's components."""
    return {"$ref": f"#/components/schemas/{name}"}


def list_of(items: Schema, **limits: int) -> Schema:
    """A list of such items."""
    return {"type": "array", "items": items, **limits}


def by_name(values: Schema, names: Schema = ANYTHING) -> Schema:
    """A mapping of names to such values."""
    found: Schema = {"type": "object", "additionalProperties": values}
    return {**found, "propertyNames": names} if names else found


def or_null(schema: Schema) -> Schema:
    """The same, or null."""
    if "type" not in schema:
        return {"anyOf": [schema, {"type": "null"}]}
    found = {**schema, "type": [schema["type"], "null"]}
    return {**found, "enum": [*schema["enum"], None]} if "enum" in schema else found


def has(**required: Schema) -> Schema:
    """An object with these keys, and perhaps more; ``from_`` and the like lose what they end in."""
    keys = {key.rstrip("_"): schema for key, schema in required.items()}
    return {"type": "object", "properties": keys, "required": list(keys)}


def may_have(schema: Schema, **optional: Schema) -> Schema:
    """The same object, perhaps with these keys too."""
    keys = {key.rstrip("_"): value for key, value in optional.items()}
    return {**schema, "properties": {**schema.get("properties", {}), **keys}}


def closed(schema: Schema) -> Schema:
    """The same object without any other key."""
    return {**schema, "additionalProperties": False}


def whole(*parts: Schema) -> Schema:
    """All of these together, without any other key."""
    return {"allOf": list(parts), "unevaluatedProperties": False}


def one_of(*schemas: Schema) -> Schema:
    """Any of these."""
    return {"anyOf": list(schemas)}
