# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""The pages of the documentation lead to each other: each link's file is there, and in it the heading."""

import pytest

from support import ROOT
from support.links import fault, links

PAGES = [ROOT / "README.md", *sorted(path for folder in ("docs", "connectors", "transformers", "examples")
                                     for path in (ROOT / folder).rglob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_each_link_leads_somewhere(page):
    faults = {target: fault(page, target, ROOT) for target in links(page)}
    assert not {target: why for target, why in faults.items() if why}


def test_each_page_is_reached_from_the_first():
    """Examples' pages are found by who looks at the example."""
    reached, left = set(), [ROOT / "README.md"]
    while left:
        page = left.pop()
        reached.add(page)
        paths = {(page.parent / target.partition("#")[0]).resolve() for target in links(page)}
        left += [path for path in paths if path.suffix == ".md" and path.exists() and path not in reached]
    assert set((ROOT / "docs").glob("*.md")) <= reached


@pytest.mark.parametrize("target, why", [
    ("NONE.md", "isn't there"),
    ("HTTP.md#posts", "has no such heading"),
    ("HTTP.md#in-code", "has no such heading"),
    ("#nothing", "has no such heading"),
    ("../elsewhere", "is outside of the repository"),
    ("HTTP.md", None),
    ("HTTP.md#post-events", None),
    ("HTTP.md#post-events-1", None),
    ("#title", None),
])
def test_what_leads_nowhere_is_found(tmp_path, target, why):
    page = tmp_path / "README.md"
    page.write_text(f"# Title\n\n[a]({target})\n\n```\n[b](nowhere)\n```\n")
    (tmp_path / "HTTP.md").write_text("# HTTP\n## `POST` /events\n```\n# in code\n```\n## POST events\n")
    [link] = links(page)
    assert fault(page, link, tmp_path) == why
