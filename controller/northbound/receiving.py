"""The bodies of requests: their bytes, so many and in so much time, and what they say."""

from __future__ import annotations

import asyncio
from typing import Final

from starlette.requests import Request

from controller.errors import Problem
from controller.model.positions import Positions
from controller.northbound.bodies import Malformed, TooLarge, TooSlow, read_document

BODY_MAX: Final = 64 << 20
"""Bytes; a site of 10,000 services is a document of about 5 MB."""

BODY_S: Final = 60.0
"""Seconds that a body may take to come."""

IN_THREAD: Final = 4 << 10
"""Bytes; the loop does not wait for the reader of more than that. YAML of that size takes 5 ms."""


async def object_of(request: Request) -> object:
    """The tree of a body that is one small object. Raises :class:`Malformed`."""
    tree, positions = await body_of(request)
    if positions.problems:
        raise Malformed(positions.problems)
    return tree


async def body_of(request: Request) -> tuple[object, Positions]:
    """The tree of a request's body and its positions. Raises :class:`Malformed`."""
    data, media = await raw_body(request), request.headers.get("content-type", "")
    if len(data) <= IN_THREAD:
        return read_document(data, media)
    return await asyncio.to_thread(read_document, data, media)


async def raw_body(request: Request) -> bytes:
    """The bytes of a request's body, read once. Raises :class:`TooLarge` and :class:`TooSlow`."""
    known: bytes | None = getattr(request.state, "raw_body", None)
    if known is not None:
        return known
    if int(request.headers.get("content-length", "0")[:20]) > BODY_MAX:
        raise _too_large()
    data = bytearray()
    try:
        async with asyncio.timeout(BODY_S):
            async for chunk in request.stream():
                data += chunk
                if len(data) > BODY_MAX:
                    raise _too_large()
    except TimeoutError:
        message = f"did not come to its end in {BODY_S:g} s"
        raise TooSlow((Problem("body", message),)) from None
    request.state.raw_body = bytes(data)
    return request.state.raw_body  # type: ignore[no-any-return]


def _too_large() -> TooLarge:
    message = f"larger than {BODY_MAX} bytes; split it into several changes"
    return TooLarge((Problem("body", message),))
