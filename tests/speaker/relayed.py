"""``ryu-manager tests.speaker.relayed``: the speaker, with a relay in the engine's place."""

from __future__ import annotations

import sys

from controller.app import Speaker


class Relayed(Speaker):
    """The speaker as it is, but for what it starts."""

    ENGINE_COMMAND = (sys.executable, "-m", "tests.speaker.relay")
