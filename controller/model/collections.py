"""The collections of an intent, by the names they have in documents and in the API."""

from __future__ import annotations

from typing import Final

COLLECTIONS: Final = (
    "vrfs",
    "classes",
    "segments",
    "tenants",
    "services",
    "instances",
    "rules",
)
"""In the order of their references: an object names only objects of collections before its own."""
