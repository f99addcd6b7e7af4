"""Revisions and status, durable and shared, in an OVSDB database of our own schema."""
