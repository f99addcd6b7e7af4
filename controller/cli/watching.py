"""``bulkhead watch``: the site as it is now, drawn again with every event."""

from __future__ import annotations

import json
import sys
import time
from argparse import Namespace
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from controller.cli import history
from controller.cli.client import Client
from controller.cli.exits import Exit, Stop
from controller.cli.results import Result
from controller.cli.screen import on_terminal
from controller.cli.tables import objects
from controller.client import Bulkhead, answers

EVENTS_SHOWN: Final = 12
_COLUMNS: Final = ("name", "role", "host", "connected", "in_sync", "revision", "entries", "problem")
_AGAIN_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Frame:
    """What is known at one moment. ``gone``: why the controller does not answer, "" if it does."""

    status: answers.Status
    switches: Sequence[answers.Switch]
    events: Sequence[dict[str, Any]]
    gone: str = ""


def watch(options: Namespace, client: Client) -> Result:
    """Until interrupted: a screen on a terminal, else a line for each event."""
    frames = _frames(client)
    if options.json:
        for frame in frames:
            print(json.dumps({"status": frame.status, "switches": frame.switches}), flush=True)
    elif on_terminal(sys.stdout):
        _screen(frames)
    else:
        for frame in frames:
            print(_line(frame), flush=True)
    raise Stop(Exit.UNREACHABLE, "the controller has ended the events")


def _frames(client: Client) -> Iterator[Frame]:
    """A frame now, and one for every event. Raises Stop while there was no answer yet."""
    recent: deque[dict[str, Any]] = deque(maxlen=EVENTS_SHOWN)
    recent.extend(client.get("/v1/events", follow="false"))
    frame = _frame(client, recent)
    yield frame
    while True:
        try:
            for event in client.follow(recent[-1]["id"] if recent else 0):
                recent.append(event)
                frame = _frame(client, recent)
                yield frame
            gone = "the controller has ended the events"
        except Stop as stop:
            gone = str(stop).splitlines()[0]
        yield Frame(frame.status, frame.switches, tuple(recent), gone)
        time.sleep(_AGAIN_S)


def _frame(client: Client, recent: Sequence[dict[str, Any]]) -> Frame:
    return Frame(client.ask(Bulkhead.status), client.ask(Bulkhead.switches), tuple(recent))


def _line(frame: Frame) -> str:
    last = history.event(frame.events[-1]).strip() if frame.events else "no event yet"
    return f"{_standing(frame)}; {last}"


def _standing(frame: Frame) -> str:
    if frame.gone:
        return f"FAIL {frame.gone}"
    status, switches = frame.status, frame.status["switches"]
    return (
        f"{'ready' if status['ready'] else 'NOT READY'} revision {status['revision']}, "
        f"{switches['in_sync']} of {switches['declared']} switches in sync, "
        f"{status['objects']['instances']} instances"
    )


def _screen(frames: Iterator[Frame]) -> None:
    from rich.live import Live  # where a person looks; scripts do not wait for it
    from rich.text import Text

    from controller.cli.colours import Marks, console

    screen = console(sys.stdout)
    with Live(console=screen, screen=True, auto_refresh=False) as live:
        for frame in frames:
            text = Text(_text(frame, screen.height), no_wrap=True, overflow="ellipsis")
            Marks().highlight(text)
            live.update(text, refresh=True)


def _text(frame: Frame, height: int) -> str:
    """Standing, switches, events; where the screen is low, those switches that are not well."""
    room = max(3, height - EVENTS_SHOWN - 6)
    ordered = sorted(frame.switches, key=lambda s: (s["connected"] and s["in_sync"], s["name"]))
    shown = ordered[:room]
    more = f"\n  and {len(ordered) - room} more" if len(ordered) > room else ""
    events = "\n".join(history.event(event) for event in reversed(frame.events))
    return f"{_standing(frame)}\n\n{objects(shown, _COLUMNS)}{more}\n\n{events or 'no event yet'}"
