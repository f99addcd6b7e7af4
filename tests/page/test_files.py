"""How the page's files are served: nothing from elsewhere, and what a browser may do with them."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import httpx
import pytest

from controller.northbound import page as served_page
from tests.page.conftest import Serve, Visit

CYTOSCAPE = "081591ab735b2b6a3b31a3c60f8f3a3e2fee8c92939e0c7820ad1208571b6cd8"


@pytest.mark.parametrize(
    ("path", "status"),
    [("/", 200), ("/page/main.js", 200), ("/page/page.css", 200), ("/page/nothing.js", 404)],
)
def test_a_browser_is_told_what_it_may_do(serve: Serve, path: str, status: int) -> None:
    answer = httpx.get(serve().url + path)
    policy = answer.headers["content-security-policy"]
    assert answer.status_code == status
    assert "default-src 'self'" in policy and "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"


def test_the_api_is_answered_as_before(serve: Serve) -> None:
    assert "content-security-policy" not in httpx.get(serve().url + "/v1/status").headers


def test_nothing_is_loaded_from_elsewhere(visit: Visit) -> None:
    tab = visit()
    asked: list[str] = []
    tab.page.on("request", lambda request: asked.append(request.url))
    tab.go().drawn()
    assert any(url.endswith("cytoscape-3.34.4.min.js") for url in asked)
    assert [url for url in asked if not url.startswith((tab.served.url, "data:"))] == []


def test_all_modules_are_asked_for_at_once() -> None:
    folder = Path(next(iter(served_page.__path__)))
    text = (folder / "index.html").read_text()
    asked = re.findall(r'rel="modulepreload" href="/page/(.*)"', text)
    assert asked == sorted(path.name for path in folder.glob("*.js"))


def test_the_library_is_the_one_that_was_released() -> None:
    folder = Path(next(iter(served_page.__path__)))
    (library,) = (folder / "vendor").glob("cytoscape-*.min.js")
    assert hashlib.sha256(library.read_bytes()).hexdigest() == CYTOSCAPE
    assert (folder / "vendor" / "cytoscape-LICENSE.txt").exists()
