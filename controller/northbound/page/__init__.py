"""The page at ``/``: static files that ask the REST API. Nothing is loaded from anywhere else."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles

_FOLDER: Final = Path(__file__).parent
_POLICY: Final = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data:",
        "style-src 'self' 'unsafe-inline'",  # the graph library brings a style for its canvas
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
_SAFE: Final = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


def add_page(app: FastAPI) -> None:
    """Serve the page and its files."""

    @app.get("/", include_in_schema=False)
    async def page(request: Request) -> Response:
        return FileResponse(_FOLDER / "index.html", headers=_SAFE)

    app.mount("/page", StaticFiles(directory=_FOLDER), name="page")
