#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""plots.py OUTAGE FOLDER: runs the program tests/bench/outage.c, and draws what it prints: outage.svg, what a
receiver sees of four kinds of senders, and recovery.svg, the minutes after the outage with Liaison."""

import csv
import math
import re
import subprocess
import sys
from pathlib import Path

WIDTH, LEFT, RIGHT = 900, 56, 30
FROM_MIN, TO_MIN, END_MIN = 10, 40, 70
STEADY, SERVED = 50, 150
BIN_S = 5
TOP = 30000  # attempts a second, where a panel ends

PANELS = [
    ("plain", "each retries after 200 ms, 400 ms … 5 minutes"),
    ("jitter", "… with jitter: each delay is drawn anew between 0 and that"),
    ("budget", "… and a budget: a fifth of the attempts may be retries, or 10 a second"),
    ("liaison", "Liaison: … and a breaker, one attempt a key, adaptive concurrency, a slow way back"),
]
HEAD = ('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" '
        'font-size="12">\n<rect width="{width}" height="{height}" fill="#fff"/>\n')


def run(program):
    """The sums, by sender, and the attempts of each second, by sender."""
    lines = subprocess.run([program], check=True, capture_output=True, text=True).stdout.splitlines()
    sums = dict(re.sub(r"\d{4,}", lambda n: f"{int(n[0]):,}", line[2:]).split(": ", 1)
                for line in lines if line.startswith("# "))
    rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    return sums, {name: [int(row[name]) for row in rows] for name, _ in PANELS}


def text(x, y, words, **attributes):
    style = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in attributes.items())
    return f'<text x="{x:.1f}" y="{y:.1f}"{style}>{words}</text>\n'


def line(x1, y1, x2, y2, colour, **attributes):
    style = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in attributes.items())
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"{style}/>\n'


def area(points, floor, colour):
    points = [p for i, p in enumerate(points)
              if not 0 < i < len(points) - 1 or not points[i - 1][1] == p[1] == points[i + 1][1]]
    path = "M" + " L".join(f"{x:.1f},{y:.1f}" for x, y in [(points[0][0], floor), *points, (points[-1][0], floor)])
    return f'<path d="{path}Z" fill="{colour}" fill-opacity="0.55" stroke="{colour}" stroke-width="0.8"/>\n'


# ---- the whole outage ----

PANEL, GAP, LEAST = 120, 34, 4  # LEAST: of one attempt, which is more than none


def at_minute(minute):
    return LEFT + minute / END_MIN * (WIDTH - LEFT - RIGHT)


def panel(seen, title, total, floor):
    def height(n):
        return LEAST + (PANEL - LEAST) * math.log10(n) / math.log10(TOP) if n > 0 else 0

    out = (f'<rect x="{at_minute(FROM_MIN):.1f}" y="{floor - PANEL}" height="{PANEL}" fill="#eee" '
           f'width="{at_minute(TO_MIN) - at_minute(FROM_MIN):.1f}"/>\n')
    for n in (1, 10, 100, 1000, 10000):
        out += line(LEFT, floor - height(n), WIDTH - RIGHT, floor - height(n), "#ccc", stroke_width=0.5)
        out += text(LEFT - 6, floor - height(n) + 4, f"{n:,}", text_anchor="end", fill="#555")
    bins = [max(seen[i:i + BIN_S]) for i in range(0, len(seen), BIN_S)]
    out += area([(at_minute(i * BIN_S / 60), floor - height(n)) for i, n in enumerate(bins)], floor, "#2a6f97")
    out += line(LEFT, floor - height(SERVED), WIDTH - RIGHT, floor - height(SERVED), "#c1121f", stroke_dasharray="5 4")
    return out + text(LEFT, floor - PANEL - 8, title, font_weight="bold") + text(
        WIDTH - RIGHT, floor + 14, total, text_anchor="end", fill="#555")


def draw_outage(sums, seen):
    height = len(PANELS) * (PANEL + GAP + 16) + 44
    out = HEAD.format(width=WIDTH, height=height)
    for i, (name, title) in enumerate(PANELS):
        floor = (i + 1) * (PANEL + GAP + 16) - 20
        out += panel(seen[name], title, sums[name], floor)
    for minute in range(0, END_MIN + 1, 10):
        out += text(at_minute(minute), height - 34, f"{minute} min", text_anchor="middle", fill="#555")
    return out + text(LEFT, height - 12, "Attempts that reach the receiver: the most in a second, of each 5 s. Grey: it is "
                      "away. Red: 150 a second, all that it can work off.", fill="#555") + "</svg>\n"


# ---- the way back ----

BACK_FROM_S, BACK_S, BACK_HEIGHT, BACK_TOP = -10, 120, 240, 180


def draw_recovery(seen):
    floor = 30 + BACK_HEIGHT

    def x(second):
        return LEFT + (second - BACK_FROM_S) / (BACK_S - BACK_FROM_S) * (WIDTH - LEFT - RIGHT)

    def y(n):
        return floor - n / BACK_TOP * BACK_HEIGHT

    out = HEAD.format(width=WIDTH, height=floor + 66)
    out += f'<rect x="{x(BACK_FROM_S)}" y="30" width="{x(0) - x(BACK_FROM_S):.1f}" height="{BACK_HEIGHT}" fill="#eee"/>\n'
    points = [(x(s), y(seen[TO_MIN * 60 + s])) for s in range(BACK_FROM_S, BACK_S)]
    out += area(points, floor, "#2a6f97")
    for n, words, colour in ((STEADY, "made a second", "#555"), (2 * STEADY, "twice that", "#555"),
                             (SERVED, "all that it can work off", "#c1121f")):
        out += line(LEFT, y(n), WIDTH - RIGHT, y(n), colour, stroke_dasharray="5 4")
        out += text(LEFT - 6, y(n) + 4, n, text_anchor="end", fill="#555")
        out += text(LEFT + 6, y(n) - 5, words, fill=colour)
    for second in range(0, BACK_S + 1, 20):
        out += text(x(second), floor + 18, f"{second} s", text_anchor="middle", fill="#555")
    return out + text(LEFT, floor + 44, "Attempts a second that reach the receiver, from when it is back. 95,000 deliveries wait.",
                      fill="#555") + "</svg>\n"


def main():
    program, folder = sys.argv[1], Path(sys.argv[2])
    sums, seen = run(program)
    (folder / "outage.svg").write_text(draw_outage(sums, seen))
    (folder / "recovery.svg").write_text(draw_recovery(seen["liaison"]))
    for name, words in sums.items():
        print(f"{name}: {words}")


if __name__ == "__main__":
    main()
