"""An engine for tests: it joins the speaker's socket to one that the test connects to.

So a test reads and says, as the engine, whatever it likes, while this process can be killed.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import threading
from pathlib import Path

RELAY = "RELAY_FOLDER"
"""Environment: the folder in which every relay listens, at its process id."""


def pump(source: socket.socket, target: socket.socket) -> None:
    """Pass bytes on until the end of file, then end this process in order."""
    while data := source.recv(1 << 16):
        target.sendall(data)
    os._exit(0)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--speaker", required=True)
    speaker = socket.socket(socket.AF_UNIX)
    speaker.connect(parser.parse_args().speaker)
    folder = Path(os.environ[RELAY])
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(folder / "new"))
    listener.listen(1)
    (folder / "new").rename(folder / str(os.getpid()))  # whoever sees it can connect
    test, _ = listener.accept()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # the test says when we end, by closing its end
    threading.Thread(target=pump, args=(test, speaker), daemon=True).start()
    pump(speaker, test)


if __name__ == "__main__":
    main()
