"""Requests and their retries.

What may be repeated without harm is: reads, and writes under an idempotency key that stays the same
from try to try, so that a controller that has done it already answers from the first. Waits between
tries double, with chance in them so that many clients do not come at once; a controller that says
how long to wait (``Retry-After``) is believed.
"""

from __future__ import annotations

import random
import ssl
import time
import uuid
from collections.abc import Iterator, Mapping
from typing import Any, Final

import httpx

from controller.client.errors import Refused, Unreachable

ANSWER_S: Final = 620.0
"""How long an answer may take: longer than the longest wait that a write may ask for."""

_AGAIN: Final = frozenset({429, 502, 503, 504})
_FIRST_WAIT_S: Final = 0.1
_LONGEST_WAIT_S: Final = 5.0
_STREAM_S: Final = 60.0  # a heartbeat comes every 15 s


class Transport:
    """One controller's REST API. ``tries`` is how often a call is made at most."""

    def __init__(
        self,
        server: str,
        *,
        author: str = "",
        token: str = "",
        tries: int = 5,
        verify: Any = True,
        answer_s: float = ANSWER_S,
    ) -> None:
        headers = {"Bulkhead-Author": author} if author else {}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        self.server = server.rstrip("/")
        self._tries = max(1, tries)
        self._http = httpx.Client(
            base_url=self.server,
            headers=headers,
            timeout=httpx.Timeout(answer_s, connect=min(5.0, answer_s)),
            trust_env=False,  # a proxy for the web is none for the controller
            verify=verify,
        )

    def close(self) -> None:
        """Close its connections."""
        self._http.close()

    def send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        query: Mapping[str, Any] | None = None,
        expected: int | None = None,
    ) -> Any:
        """The JSON of an answer. ``expected``: refused unless it is the newest revision.

        Raises Refused, and Unreachable once all tries have failed.
        """
        return self.response(method, path, body, query=query, expected=expected).json()

    def response(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        query: Mapping[str, Any] | None = None,
        expected: int | None = None,
    ) -> httpx.Response:
        """The same with the headers of the answer."""
        headers = {} if method == "GET" else {"Idempotency-Key": uuid.uuid4().hex}
        if expected is not None:
            headers["If-Match"] = f'"{expected}"'
        request = self._http.build_request(
            method, path, params=_given(query), json=body, headers=headers
        )
        for wait_s in (*_waits(self._tries - 1), None):
            try:
                response = self._http.send(request)
            except httpx.HTTPError as error:
                if wait_s is None:
                    raise Unreachable(f"no controller answers at {self.server}: {error}") from None
            else:
                if wait_s is None or response.status_code not in _AGAIN:
                    return _checked(response)
                wait_s = max(wait_s, _asked_for_s(response))
            time.sleep(wait_s)
        raise AssertionError("the last try returns or raises")

    def lines(self, path: str, query: Mapping[str, Any]) -> Iterator[str]:
        """The lines of a stream, until it ends. Raises Unreachable."""
        timeout = httpx.Timeout(_STREAM_S, connect=5.0)
        try:
            with self._http.stream("GET", path, params=_given(query), timeout=timeout) as found:
                if found.is_error:
                    found.read()
                    _checked(found)
                yield from found.iter_lines()
        except httpx.HTTPError as error:
            raise Unreachable(f"{self.server} answers no more: {error}") from None


def trust(environment: Mapping[str, str]) -> ssl.SSLContext | bool:
    """What ``verify`` shall be for ``BULKHEAD_CA``, ``BULKHEAD_CERT`` and ``BULKHEAD_KEY``.

    Raises OSError where a file cannot be read or is none.
    """
    authority, certificate = environment.get("BULKHEAD_CA"), environment.get("BULKHEAD_CERT")
    if not authority and not certificate:
        return True
    context = ssl.create_default_context(cafile=authority or None)
    if certificate:
        context.load_cert_chain(certificate, environment.get("BULKHEAD_KEY") or None)
    return context


def _given(query: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Parameters that have a value; None leaves those that a path has already."""
    return {key: value for key, value in (query or {}).items() if value is not None} or None


def _waits(count: int) -> Iterator[float]:
    for number in range(count):
        longest = min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2**number)
        yield longest * random.uniform(0.5, 1.0)


def _asked_for_s(response: httpx.Response) -> float:
    text = response.headers.get("Retry-After", "")
    return min(float(text), 60.0) if text.isdecimal() else 0.0


def _checked(response: httpx.Response) -> httpx.Response:
    if response.is_success:
        return response
    try:
        document = response.json()
    except ValueError:
        document = None
    if not isinstance(document, Mapping) or "title" not in document:
        raise Unreachable(f"HTTP {response.status_code}: {response.text[:500]}")
    if response.status_code >= 500:
        raise Unreachable(f"{document['title']}: {document.get('detail', '')}")
    raise Refused(response.status_code, document)
