"""Packets that switches hand up: what they say, and what is answered. No I/O."""
