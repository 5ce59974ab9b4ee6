# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""The equations that account for everything received and made."""

CHANNEL_TERMS = ("duplicate", "malformed", "unmatched", "closed", "dead", "dropped", "open")
CONNECTOR_TERMS = ("delivered", "dead", "skipped", "superseded", "dropped", "waiting")


def assert_sums_hold(status):
    """`status`: what /api/status answered."""
    sums = status["sums"]
    for name, channel in sums["channels"].items():
        parts = sum(channel.get(term, 0) for term in CHANNEL_TERMS)
        assert channel.get("received", 0) == parts, f"channel {name}: {channel}"
    for name, connector in sums["connectors"].items():
        parts = sum(connector.get(term, 0) for term in CONNECTOR_TERMS)
        assert connector.get("made", 0) == parts, f"connector {name}: {connector}"
    for scope in sums.values():
        for name, terms in scope.items():
            assert min(terms.values()) >= 0, f"{name}: {terms}"
