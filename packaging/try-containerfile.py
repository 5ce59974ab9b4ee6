#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""Does what packaging/Containerfile says, without a registry: try-containerfile.py BASE WORK, as root.

Each stage is a copy of BASE, a debootstrapped Debian, in which the instructions are followed by chroot.
Then the container's command runs a new project as its user, until its health check says yes, and is
stopped. What isn't known here is refused, so that nothing is passed over.
"""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CONTAINERFILE = ROOT / "packaging" / "Containerfile"
IMAGE = "docker.io/library/debian:bookworm-slim"
HEALTHY_WITHIN_S = 30
# What is said about a container, rather than done to it.
SAID = {"VOLUME", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK", "ENTRYPOINT", "CMD"}


def read_instructions():
    text = re.sub(r"^#.*\n", "", CONTAINERFILE.read_text(), flags=re.MULTILINE)
    for line in text.replace("\\\n", " ").splitlines():
        if line.strip():
            word, rest = line.split(None, 1)
            yield word, rest.strip()


class Stage:
    def __init__(self, base, folder):
        self.folder = folder
        self.directory = "/"
        self.user = None
        self.environment = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
        self.said = {}
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run(["cp", "-a", base, folder], check=True)

    def path(self, inside):
        return self.folder / os.path.join(self.directory, inside).lstrip("/")

    def command(self, *words):
        user = ["--userspec", self.user] if self.user else []
        enter = f'cd {shlex.quote(self.directory)} && exec "$@"'
        return ["unshare", "--mount", "--pid", "--fork", "--kill-child",
                f"--mount-proc={self.folder}/proc", "chroot", *user, self.folder,
                "/bin/sh", "-c", enter, "sh", *words]

    def run(self, *words, **options):
        return subprocess.run(self.command(*words), env=self.environment, **options)


def copy(stage, stages, rest):
    words = shlex.split(rest)
    source = ROOT
    if words[0].startswith("--from="):
        source = stages[words.pop(0).split("=")[1]].folder
    *names, target = words
    target_path = stage.path(target)
    if target.endswith("/") or target == ".":
        target_path.mkdir(parents=True, exist_ok=True)
    for name in names:
        if name == ".":
            archive = subprocess.Popen(["git", "-C", ROOT, "archive", "HEAD"], stdout=subprocess.PIPE)
            subprocess.run(["tar", "-x", "-C", target_path], stdin=archive.stdout, check=True)
            continue
        found = list(source.glob(name.lstrip("/")))
        assert found, f"COPY {rest}: there is no {name}"
        subprocess.run(["cp", "-a", *found, target_path], check=True)


def follow(base, work):
    """The last stage, all instructions followed."""
    stages, stage = {}, None
    for word, rest in read_instructions():
        print(f"{word} {rest[:100]}", flush=True)
        if word == "FROM":
            image, *name = rest.split(" AS ")
            assert image == IMAGE, f"another image: {image}"
            stage = Stage(base, work / f"stage-{len(stages)}")
            stages[name[0] if name else len(stages)] = stage
        elif word == "WORKDIR":
            stage.directory = rest
            stage.path("").mkdir(parents=True, exist_ok=True)
        elif word == "COPY":
            copy(stage, stages, rest)
        elif word == "RUN":
            process = stage.run("/bin/sh", "-ec", rest, text=True, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT)
            assert process.returncode == 0, process.stdout[-4000:]
        elif word == "USER":
            stage.user = rest
        elif word == "ENV":
            stage.environment.update(pair.split("=", 1) for pair in shlex.split(rest))
        else:
            assert word in SAID, f"unknown instruction {word}"
            stage.said[word] = rest
    return stage


def live(stage):
    """Runs it as a container would, a new project in its place."""
    entry = json.loads(stage.said["ENTRYPOINT"])
    check = json.loads(stage.said["HEALTHCHECK"].split(" CMD ")[1])
    user, stage.user = stage.user, None
    stage.run(*entry, "new", ".", check=True, stderr=subprocess.DEVNULL)
    stage.user = user
    stage.environment["LIAISON_SETTINGS_EVENT_BUS_URL"] = "embedded"
    # Its own port, among others that may run on this machine.
    stage.environment["LIAISON_LISTEN"] = "unix:/var/lib/liaison/socket"
    daemon = subprocess.Popen(stage.command(*entry, *json.loads(stage.said["CMD"])), env=stage.environment)
    try:
        deadline = time.monotonic() + HEALTHY_WITHIN_S
        while stage.run(*check, capture_output=True).returncode != 0:
            assert daemon.poll() is None, f"it ended with {daemon.returncode}"
            assert time.monotonic() < deadline, "it doesn't become healthy"
            time.sleep(0.1)
        journal = stage.folder / "var/lib/liaison/journal.db"
        status = journal.stat()
        assert (status.st_uid, status.st_mode & 0o777) == (int(user.split(":")[0]), 0o600)
        health = stage.run(*check, capture_output=True, text=True).stdout
        # unshare itself only waits for what it started.
        [child] = Path(f"/proc/{daemon.pid}/task/{daemon.pid}/children").read_text().split()
        os.kill(int(child), signal.SIGTERM)
        status = daemon.wait(timeout=HEALTHY_WITHIN_S)
        assert status == 0, f"stopped, it ended with {status}"
        return health
    finally:
        daemon.kill()
        daemon.wait()


def main():
    base, work = (Path(argument).resolve() for argument in sys.argv[1:3])
    stage = follow(base, work)
    print(live(stage).splitlines()[0])
    for folder in work.glob("stage-*"):
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
