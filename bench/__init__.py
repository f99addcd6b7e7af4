"""Benchmarks: how long what operators wait for takes, and how it grows."""
