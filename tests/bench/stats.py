# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""Medians and percentiles."""

import math
import statistics


def median(values):
    return statistics.median(values) if values else None


def percentile(values, share):
    """The smallest value that at least `share` (0 to 1) of the values don't pass; None of none."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[max(math.ceil(share * len(ordered)), 1) - 1]


def medians(runs):
    """One dictionary of numbers from several: of each key that is a number, the median of those
    runs that have it; a dictionary within is treated alike; of anything else the first."""
    merged = {}
    for name in dict.fromkeys(name for run in runs for name in run):
        values = [run[name] for run in runs if run.get(name) is not None]
        if not values:
            merged[name] = None
        elif isinstance(values[0], dict):
            merged[name] = medians(values)
        elif isinstance(values[0], (int, float)) and not isinstance(values[0], bool):
            merged[name] = median(values)
        else:
            merged[name] = values[0]
    return merged


def spread(values):
    """(largest - smallest) / median, how far the runs lie apart."""
    return (max(values) - min(values)) / median(values) if values and median(values) else 0.0
