"""Python of controller/northbound/bulkhead.proto: messages, their types, and the client's stub."""

from __future__ import annotations

import tempfile
from importlib.resources import files
from pathlib import Path

from grpc_tools import protoc

ROOT = Path(__file__).parent.parent
PROTO = "controller/northbound/bulkhead.proto"


def generated() -> dict[str, str]:
    """The text of each generated file, by its path in the repository."""
    with tempfile.TemporaryDirectory() as folder:
        includes = [f"-I{ROOT}", f"-I{files('grpc_tools') / '_proto'}"]
        outputs = [f"--{kind}_out={folder}" for kind in ("python", "pyi", "grpc_python")]
        if protoc.main(["protoc", *includes, *outputs, PROTO]) != 0:
            raise SystemExit(f"{PROTO} cannot be compiled; what is wrong is above")
        made = sorted(path for path in Path(folder).rglob("*") if path.is_file())
        return {str(path.relative_to(folder)): path.read_text() for path in made}
