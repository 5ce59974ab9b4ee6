# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""Links between pages of documentation, and whether they lead somewhere."""

import re

FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`[^`\n]*`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.*?) *$", re.MULTILINE)


def links(page):
    """Those within the repository: each without what stands in code."""
    text = CODE.sub("", FENCE.sub("", page.read_text()))
    return [target for target in LINK.findall(text) if not re.match(r"[a-z]+:", target)]


def anchors(page):
    """The names by which its headings are found, as GitHub and others make them: a second one of the
    same text has a number."""
    seen = {}
    for heading in HEADING.findall(FENCE.sub("", page.read_text())):
        text = re.sub(r"\[(.*?)\]\(.*?\)", r"\1", heading)
        name = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
        count = seen[name] = seen.get(name, -1) + 1
        yield name if count == 0 else f"{name}-{count}"


def fault(page, target, root):
    """Why a link of this page leads nowhere, all that there is being below `root`; or None."""
    name, _, anchor = target.partition("#")
    path = (page.parent / name).resolve() if name else page
    if not path.is_relative_to(root):
        return "is outside of the repository"
    if not path.exists():
        return "isn't there"
    if anchor and anchor not in anchors(path):
        return "has no such heading"
    return None
