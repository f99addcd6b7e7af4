"""Commands of the command line, each with help that teaches."""

from __future__ import annotations

import argparse
from typing import Any


class Commands:
    """Adds subcommands that also take the common options, after their name."""

    def __init__(self, root: argparse.ArgumentParser) -> None:
        self._commands = root.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(self, name: str, text: str, example: str) -> argparse.ArgumentParser:
        """A subcommand."""
        command: argparse.ArgumentParser = self._commands.add_parser(
            name,
            help=text,
            description=f"{text[:1].upper()}{text[1:]}.",
            epilog=f"example:\n  {example}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        common(command, argparse.SUPPRESS, argparse.SUPPRESS)
        return command

    def hidden(self, name: str) -> argparse.ArgumentParser:
        """A subcommand for shells, which no help tells of."""
        command: argparse.ArgumentParser = self._commands.add_parser(name)
        common(command, argparse.SUPPRESS, argparse.SUPPRESS)
        return command


def common(target: argparse.ArgumentParser, server: Any, as_json: Any) -> None:
    """The options that stand before or after every command."""
    target.add_argument(
        "--server", metavar="URL", default=server, help="the controller (env BULKHEAD_SERVER)"
    )
    target.add_argument(
        "--json", action="store_true", default=as_json, help="print the answer as JSON"
    )
