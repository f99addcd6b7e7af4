"""``ryu-manager labkit.lone_speaker``: the speaker, whose engine whoever started it means to be."""

from __future__ import annotations

import sys

from controller.app import Speaker


class LoneSpeaker(Speaker):
    """The speaker as it is, but for an engine that only waits for its end."""

    ENGINE_COMMAND = (sys.executable, "-S", "-c", "import signal; signal.pause()")
