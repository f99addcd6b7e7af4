"""Edits of a switch's flows behind the controller, as ``ovs-ofctl`` commands and arguments."""

from __future__ import annotations

from typing import Final

EDITS: Final[dict[str, tuple[str, str]]] = {
    "everything deleted": ("del-flows", ""),
    "a table deleted": ("del-flows", "table=9"),
    "one entry deleted": ("--strict del-flows", "table=0,priority=0"),
    "actions changed": ("mod-flows", "table=9,actions=drop"),
    "an entry of no shape added": ("add-flow", "table=9,priority=17,actions=drop"),
    "a foreign entry added": ("add-flow", "cookie=0x77,table=3,priority=9,ip,actions=NORMAL"),
    "a foreign entry that hides ours": ("add-flow", "cookie=7,priority=65535,actions=drop"),
}
