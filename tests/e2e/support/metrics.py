# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""Prometheus' text format read strictly: whatever its description doesn't allow, or a scraper might
stumble over, is an error."""

import re
from dataclasses import dataclass, field
from decimal import Decimal

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\n"])*)"'
HELP = re.compile(rf"# HELP ({NAME}) (\S.*)")
TYPE = re.compile(rf"# TYPE ({NAME}) (counter|gauge|histogram)")
SAMPLE = re.compile(rf"({NAME})(?:\{{({LABEL}(?:,{LABEL})*)\}})? (-?[0-9]+(?:\.[0-9]+)?)")
SUFFIXES = ("_bucket", "_sum", "_count")


@dataclass
class Family:
    type: str
    help: str
    samples: dict = field(default_factory=dict)  # (name, ((label, value), …) sorted): Decimal


class Metrics(dict):
    """{name: Family}; `metrics.value("liaison_waiting", connector="crm")`."""

    def value(self, name, /, **labels):
        """None where there is no such sample."""
        family = self.get(name) or self[re.sub("(_bucket|_sum|_count)$", "", name)]
        return family.samples.get((name, tuple(sorted(labels.items()))))

    def values(self, name, *labels):
        """{the labels' values, or the value of the only one: number} of a family's samples."""
        def key(pairs):
            found = dict(pairs)
            assert sorted(found) == sorted(labels), f"{name}: {found}"
            return found[labels[0]] if len(labels) == 1 else tuple(found[label] for label in labels)

        return {key(pairs): number for (_, pairs), number in self[name].samples.items()}


def unescape(value):
    return re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], value)


def parse_sample(line):
    match = SAMPLE.fullmatch(line)
    assert match, f"no sample: {line!r}"
    pairs = [(name, unescape(value)) for name, value in re.findall(LABEL, match[2] or "")]
    names = [name for name, _ in pairs]
    assert len(names) == len(set(names)), f"a label stands twice: {line!r}"
    return match[1], tuple(sorted(pairs)), Decimal(match[SAMPLE.groups])


def check_histogram(name, family):
    """Buckets rise up to +Inf, which is the count; a sum beside each."""
    series = {}
    for (sample, pairs), number in family.samples.items():
        rest = tuple(pair for pair in pairs if pair[0] != "le")
        one = series.setdefault(rest, {"buckets": []})
        if sample == f"{name}_bucket":
            one["buckets"].append((dict(pairs)["le"], number))
        else:
            one[sample[len(name):]] = number
    for rest, one in series.items():
        bounds = [bound for bound, _ in one["buckets"]]
        counts = [count for _, count in one["buckets"]]
        assert bounds[-1] == "+Inf", f"{name} {rest}: {bounds}"
        numbers = [Decimal(bound) for bound in bounds[:-1]]
        assert numbers == sorted(set(numbers)), f"{name} {rest}: bounds {bounds}"
        assert counts == sorted(counts), f"{name} {rest}: counts {counts}"
        assert counts[-1] == one["_count"], f"{name} {rest}: +Inf is not the count"
        assert one["_sum"] >= 0


def check_family(name, family):
    if family.type == "counter":
        assert name.endswith("_total"), f"{name} counts"
        assert all(number >= 0 for number in family.samples.values()), name
    else:
        assert not name.endswith("_total"), f"{name} is no counter"
    if family.type == "histogram":
        check_histogram(name, family)


def belongs(sample, name, family):
    if family.type == "histogram":
        return sample in [name + suffix for suffix in SUFFIXES]
    return sample == name


def parse_metrics(text):
    assert text.endswith("\n") and "\r" not in text
    metrics = Metrics()
    name = family = None
    lines = iter(text[:-1].split("\n"))
    for line in lines:
        if line.startswith("#"):
            told, typed = HELP.fullmatch(line), TYPE.fullmatch(next(lines))
            assert told and typed and told[1] == typed[1], f"no head of a family: {line!r}"
            name, family = told[1], Family(typed[2], told[2])
            assert name not in metrics, f"{name} stands twice"
            metrics[name] = family
            continue
        sample, pairs, number = parse_sample(line)
        assert family and belongs(sample, name, family), f"{sample} stands among {name}"
        assert (sample, pairs) not in family.samples, f"stands twice: {line!r}"
        family.samples[sample, pairs] = number
    for name, family in metrics.items():
        check_family(name, family)
    return metrics
