"""Pictures of the page for docs/, of a controller that runs: `make lab`, then this with its URL."""

from __future__ import annotations

import argparse
from pathlib import Path

from playwright.sync_api import sync_playwright

DOCS = Path(__file__).parent.parent / "docs"


def main() -> None:
    """Write docs/page-light.png and docs/page-dark.png."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", help="http://127.0.0.1:8080")
    parser.add_argument("--explain", nargs=4, metavar=("FROM", "TO", "PROTOCOL", "PORT"))
    parser.add_argument("--folder", type=Path, default=DOCS)
    arguments = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        for scheme in ("light", "dark"):
            page = browser.new_page(color_scheme=scheme, viewport={"width": 1400, "height": 1000})  # type: ignore[arg-type]
            page.goto(arguments.url)
            page.wait_for_selector("#topology[data-nodes]")
            if arguments.explain:
                for name, value in zip(
                    ("from", "to", "protocol", "port"), arguments.explain, strict=True
                ):
                    field = page.locator(f"#explain-form [name={name}]")
                    (field.select_option if name == "protocol" else field.fill)(value)
                page.locator("#explain-form button").click()
                page.wait_for_selector("#verdict")
            page.screenshot(path=arguments.folder / f"page-{scheme}.png", full_page=True)
        browser.close()


if __name__ == "__main__":
    main()
