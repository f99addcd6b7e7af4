"""The command `bulkhead`: it speaks REST to a running controller."""

from controller.cli.entry import main

__all__ = ["main"]
