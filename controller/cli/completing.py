"""Completion: a script for the shell, and the names it asks the controller for."""

from __future__ import annotations

import argparse
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from typing import Any, Final

from controller.cli.client import Client
from controller.cli.exits import Stop
from controller.cli.results import Result
from controller.client import Bulkhead

SHELLS: Final = ("bash", "zsh", "fish")
ANSWER_S: Final = 0.7
"""A shell that waits longer for names seems to hang; then it gets none."""

_MOST: Final = 10_000  # a page of a list has no more

_BEFORE: Final = "the word before"
_NAMES: Final = {
    ("get", "name"): _BEFORE,  # `get rules NAME`
    ("put", "name"): _BEFORE,
    ("delete", "name"): _BEFORE,
    ("move", "name"): _BEFORE,  # `move tenant NAME`
    ("move", "segment"): "segments",
    ("move", "vrf"): "vrfs",
    ("move", "host"): "hosts",
    ("explain", "source"): "instances",
    ("explain", "destination"): "instances",
    ("routes", "source"): "hosts",
    ("routes", "destination"): "hosts",
    ("routes", "qos_class"): "classes",
    ("routes", "vrf"): "vrfs",
}
"""What stands for an argument of a command: names of this collection."""

_FILES: Final = {
    ("apply", "file"),
    ("plan", "file"),
    ("put", "file"),
    ("settings", "config_file"),
    ("doctor", "config_file"),
}

_SINGULAR: Final = {"tenant": "tenants", "instance": "instances"}
_ASK: Final = "bulkhead names -- %s 2>/dev/null"
_PREVIOUS: Final = {
    "bash": '"${COMP_WORDS[COMP_CWORD-1]}"',
    "zsh": '"${words[CURRENT-1]}"',
    "fish": "(commandline -opc)[-1]",
}


def script(shell: str, parser: ArgumentParser) -> str:
    """The shell's completion of every command, with names from the controller."""
    import shtab  # which no other command needs

    asked = {collection: f"_bulkhead_{n}" for n, collection in enumerate(sorted(_wanted()))}
    for (command, argument), action in _actions(parser):
        if (command, argument) in _FILES:
            action.complete = shtab.FILE
        elif collection := _NAMES.get((command, argument)):
            fish = f"({_asking('fish', collection)})"
            action.complete = {
                "bash": asked[collection],
                "zsh": asked[collection],
                "fish": fish,
            }
    function = _FUNCTIONS.get(shell)
    functions = [function(name, what) for what, name in asked.items()] if function else []
    return str(shtab.complete(parser, shell=shell, preamble="\n".join(functions)))


def names(options: Namespace, client: Client) -> Result:
    """The names in a collection, one a line; none where the controller does not answer soon."""
    collection = _SINGULAR.get(options.collection, options.collection)
    try:
        found = _found(collection, client.within(ANSWER_S))
    except Stop:
        found = []
    return Result(found, "\n".join(found))


def _found(collection: str, client: Client) -> list[str]:
    match collection:
        case "hosts":
            return list(client.get("/v1/topology")["hosts"])
        case "links":
            return [link["name"] for link in client.get("/v1/topology")["links"]]
        case "switches":
            return [switch["name"] for switch in client.ask(Bulkhead.switches)]
        case _:
            return [item["name"] for item in client.get(f"/v1/{collection}", limit=_MOST)]


def _wanted() -> set[str]:
    return set(_NAMES.values())


def _asking(shell: str, collection: str) -> str:
    return _ASK % (_PREVIOUS[shell] if collection == _BEFORE else collection)


def _bash(function: str, collection: str) -> str:
    words = _asking("bash", collection)
    return f'{function}() {{ compgen -W "$({words})" -- "$1"; }}'


def _zsh(function: str, collection: str) -> str:
    return f'{function}() {{ compadd -- ${{(f)"$({_asking("zsh", collection)})"}}; }}'


_FUNCTIONS: Final[dict[str, Callable[[str, str], str]]] = {"bash": _bash, "zsh": _zsh}


def _actions(parser: ArgumentParser) -> list[tuple[tuple[str, str], Any]]:
    """Every argument of every command, by the command's name and its own."""
    commands = next(a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    return [
        ((name, action.dest), action)
        for name, command in commands.choices.items()
        for action in command._actions
    ]
