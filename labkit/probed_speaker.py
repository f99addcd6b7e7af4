"""``ryu-manager labkit.probed_speaker``: the speaker, whose engine measures OpenFlow at work."""

from __future__ import annotations

from controller.app import Speaker


class ProbedSpeaker(Speaker):
    """The speaker as it is, with the engine of :mod:`labkit.probed_engine`."""

    ENGINE_COMMAND = tuple(
        word.replace("controller.engine", "labkit.probed_engine") for word in Speaker.ENGINE_COMMAND
    )
