# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""Seeds of the fuzzers out of the conformance cases, where those lie beside the checkout."""

import base64
import json
from pathlib import Path

CASES = Path(__file__).resolve().parents[3] / "shared" / "conformance"


def read_cases(name):
    path = CASES / name
    return json.loads(path.read_text()) if path.exists() else {}


def sse_streams():
    """A stream's first five bytes say the limit and where to cut."""
    for case in read_cases("sse-cases.json").get("cases", ()):
        for connection in case["connections"]:
            body = b"".join(base64.b64decode(part["b64"]) for part in connection.get("parts", ())
                            if "b64" in part)
            if body:
                yield b"\xff\x00\x07\x01\x10" + body[:20000]


def cloudevents():
    return read_cases("cloudevents-cases.json").get("ingest", ())


def body_of(case):
    return base64.b64decode(case["request"]["body_b64"])


def bodies():
    return (body_of(case) for case in cloudevents())


def requests():
    for case in cloudevents():
        headers = "".join(f"{name}: {value}\n" for name, value in case["request"]["headers"])
        yield headers.encode() + b"\n" + body_of(case)


def retry_afters():
    for case in read_cases("retry-after-cases.json").get("static", ()):
        values = case["value"] if isinstance(case["value"], list) else [case["value"]]
        for value in values:
            yield f"1795460000\n{value}\n".encode()


def documents():
    yield from bodies()
    for cases in read_cases("mapping-cases.json").values():
        for case in cases if isinstance(cases, list) else ():
            for name in ("input", "expect", "expected", "output"):
                if name in case:
                    yield json.dumps(case[name]).encode()


def quotas():
    for case in read_cases("retry-after-cases.json").get("ratelimit_parse", ()):
        yield f"1795460000\n{case['field']}: {case['value']}\n".encode()


SUBJECTS = {
    "sse_parser": sse_streams,
    "envelope": bodies,
    "cloudevents": requests,
    "http_date": retry_afters,
    "http_quota": quotas,
    "json": documents,
    "lua_json": documents,
}


def write_corpus(subject, folder):
    """Writes what there is for a subject; libFuzzer keeps what is of use."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(SUBJECTS.get(subject, tuple)()):
        (folder / f"case-{number:04}").write_bytes(seed)
