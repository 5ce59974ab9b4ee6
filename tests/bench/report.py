# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""Figures as Markdown, for people, and as JSON."""

import json

BAR_WIDTH = 40


def number(value, digits=1):
    return "–" if value is None else f"{value:,.{digits}f}"


def mebibytes(kib):
    return number(None if kib is None else kib / 1024)


def milliseconds(us):
    return number(None if us is None else us / 1000)


def table(head, rows):
    """A table whose columns stand under each other also as text; all but the first are numbers."""
    cells = [head, *rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]

    def line(row):
        padded = [row[0].ljust(widths[0])]
        padded += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]
        return "| " + " | ".join(padded) + " |"

    rule = "|" + "|".join("-" * (width + 2) if i == 0 else "-" * (width + 1) + ":"
                          for i, width in enumerate(widths)) + "|"
    return "\n".join([line(head), rule, *map(line, rows)])


def bars(shares, total):
    """One line a share, longest first: its name, what it is of the total, a bar."""
    lines = []
    for name, share in sorted(shares.items(), key=lambda item: -item[1]):
        if share >= 0.001:
            bar = "#" * max(round(share * BAR_WIDTH), 1)
            lines.append(f"{name:8} {100 * share:5.1f} % {share * total:7.1f} µs  {bar}")
    return "\n".join(lines)


def machine_line(machine):
    return (f"{machine['cpu']}, {machine['cores']} cores, Linux {machine['kernel']}, journal on "
            f"{machine['journalOn']}, load {machine['loadBefore']} before.")


def runs_line(runs):
    return (f"Medians of {runs} runs; ± is half of the way from the least to the most, in percent "
            f"of the median.")


def contestant_rows(contestants, reference):
    for entry in contestants:
        m = entry["median"]
        threads = m.get("threadsUs") or {}
        of_loop = reference * entry["posts"] if reference else 0
        ratio = m["cpuUs"] / of_loop if of_loop else None
        digits = 1 if of_loop else 2
        yield [entry["title"], number(m["cpuUs"], digits), f"{50 * entry['spread']:.0f} %",
               number(ratio, 2), number(m["eventsPerSecond"], 0), number(threads.get("loop")),
               number(threads.get("journal-writer")), mebibytes(m.get("idleKiB")),
               mebibytes(m.get("peakKiB"))]


HEAD = ["contestant", "CPU µs/event", "±", "× bare loop", "events/s", "loop µs", "writer µs",
        "idle MiB", "peak MiB"]


def find(entries, text):
    return next((entry for entry in entries if text in entry["title"]), None)


def goal_rows(results):
    """What the project asks of itself, of what was measured."""
    w1 = find(results["contestants"], "W1: one POST")
    paced = find(results["contestants"], "at 2,000 events/s")
    profile = find(results["profiles"], "W1: one POST")
    posts = find(results["contestants"], "POST /events")
    mapping = find(results["contestants"], "decode, handler, table, encode")
    w3 = find(results["contestants"], "W3: 1,000 events a POST")
    goals = []
    if w1 and results["bareLoopUs"]:
        goals.append(("W1, × bare loop", w1["median"]["cpuUs"] / results["bareLoopUs"], 2.0))
    if profile:
        goals.append(("W1, µs an event but the transfer", profile["butSendUs"], 15))
    if w1:
        goals.append(("idle, MiB", w1["median"]["idleKiB"] / 1024, 15))
    if w3:
        goals.append(("W3, µs an event", w3["median"]["cpuUs"], 12))
    if paced:
        goals.append(("p99 at 2,000 events/s, ms", paced["median"]["latencyUs"]["p99"] / 1000, 20))
    if posts:
        goals.append(("POST /events, µs a request", posts["median"]["cpuUs"], 14))
    if mapping:
        goals.append(("decode, handler, table, encode, µs", mapping["median"]["cpuUs"], 4))
    for what, value, most in goals:
        yield [what, number(value, 2), number(most), "yes" if value <= most else "no"]


def latency_rows(contestants):
    for entry in contestants:
        latency = entry["median"].get("latencyUs")
        if latency:
            yield [entry["title"], *(milliseconds(latency[p]) for p in ("p50", "p90", "p99"))]


def markdown(results):
    contestants = results["contestants"]
    reference = results["bareLoopUs"]
    parts = ["# Measured", machine_line(results["machine"]), runs_line(results["runs"]),
             table(HEAD, list(contestant_rows(contestants, reference)))]
    parts += [f"{title}: {why}" for title, why in results["missing"].items()]
    latencies = list(latency_rows(contestants))
    if latencies:
        parts += ["Milliseconds from receipt to delivery:",
                  table(["contestant", "p50", "p90", "p99"], latencies)]
    goals = list(goal_rows(results))
    if goals:
        parts += ["Goals:", table(["what", "measured", "at most", "met"], goals)]
    for profile in results["profiles"]:
        parts += [f"{profile['title']}: where {number(profile['cpuUs'])} µs an event go",
                  "```\n" + bars(profile["shares"], profile["cpuUs"]) + "\n```",
                  f"All but the transfer: {number(profile['butSendUs'])} µs an event without stage "
                  f"`send`; {number(profile['butLoopUs'])} µs more than the bare loop."]
    return "\n\n".join(parts) + "\n"


def instructions_markdown(results):
    parts = ["# Instructions of an event", f"By callgrind, {results['events']:,} events of W1; the "
             "kernel isn't seen, the start of the daemon is."]
    for thread, costs in results["threads"].items():
        rows = [[owner, number(cost, 0)] for owner, cost in
                sorted(costs.items(), key=lambda item: -item[1]) if cost >= 100]
        rows.append(["all", number(sum(costs.values()), 0)])
        parts.append(table([f"the {thread}'s thread", "instructions"], rows))
    return "\n\n".join(parts) + "\n"


def long_markdown(results):
    parts = ["# Measured at length", machine_line(results["machine"])]
    flat = results.get("flat")
    if flat:
        rows = [[f"{sample['events']:,}", mebibytes(sample["rssKiB"])] for sample in flat["samples"]]
        parts += [f"Resident memory over {flat['events']:,} delivered events, "
                  f"{number(flat['eventsPerSecond'], 0)} events/s, peak {mebibytes(flat['peakKiB'])} "
                  f"MiB:", table(["delivered", "MiB"], rows)]
    backlog = results.get("backlog")
    if backlog:
        rows = [
            ["events while one receiver is down", f"{backlog['events']:,}"],
            ["healthy connector, events/s, both well", number(backlog["wellPerSecond"], 0)],
            ["healthy connector, events/s, one down", number(backlog["downPerSecond"], 0)],
            ["peak memory, MiB", mebibytes(backlog["peakKiB"])],
            ["start on that journal, s", number(backlog["startSeconds"], 2)],
            ["drained, events/s", number(backlog["drainedPerSecond"], 0)],
            ["out of order", f"{backlog['disordered']:,}"],
        ]
        parts += ["Backlog:", table(["what", "figure"], rows)]
    return "\n\n".join(parts) + "\n"


def put_into(path, name, text):
    """Puts the text, without its title, in place of what stands between the document's two marks."""
    begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->\n"
    before, found, rest = path.read_text().partition(begin)
    _, found_end, after = rest.partition(end)
    if not found or not found_end:
        raise ValueError(f"{path} lacks {begin.strip()} and {end.strip()}")
    path.write_text(before + begin + text.partition("\n")[2] + "\n" + end + after)


def write(folder, name, results, text):
    """NAME.json and NAME.md in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(results, indent=2) + "\n")
    (folder / f"{name}.md").write_text(text)
