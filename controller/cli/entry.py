"""Where `bulkhead` begins and ends."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence

from controller.cli.arguments import parse
from controller.cli.client import Client
from controller.cli.commands import COMMANDS
from controller.cli.exits import Exit, Stop
from controller.cli.screen import show


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code, see :class:`Exit`."""
    options = parse(arguments)
    try:
        result = COMMANDS[options.command](options, Client(options.server))
        if options.json:
            print(json.dumps(result.answer, indent=2))
        else:
            show(result.text)
        sys.stdout.flush()
        return result.code
    except Stop as stop:
        print(f"bulkhead: {stop}", file=sys.stderr)
        return stop.code
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has had enough; keep Python from complaining at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.OK
