# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""Manual pages and completions, as the build makes them of the program's own tables."""

import os
import pty
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from support import LIAISON, ROOT, liaison, wait_until

DOCS = Path(os.environ.get("LIAISON_BINARY", LIAISON)).parents[1] / "docs"
PAGES = sorted(DOCS.glob("*.1"))


def listed(text, title):
    """The first words of the lines below a heading of the help."""
    lines = text.split(f"\n{title}:\n")[1].split("\n\n")[0].splitlines()
    return [line.split()[0] for line in lines if re.match(r"^  \w", line)]


def find_commands():
    """["run"], … ["dead", "list"]: the program's commands and their verbs."""
    for name in listed(liaison("help").out, "Commands"):
        yield [name]
        text = liaison("help", name).out
        if "\nCommands:\n" in text:
            yield from ([name, verb] for verb in listed(text, "Commands"))


def options_of(command):
    text = liaison("help", *command).out
    return re.findall(r"^  (?:-\w, |    )(--[\w-]+)", text, re.MULTILINE)


@pytest.fixture(scope="module")
def commands():
    commands = {tuple(command): options_of(command) for command in find_commands()}
    assert len(commands) > 10
    return commands


def needs(program):
    return pytest.mark.skipif(not shutil.which(program), reason=f"{program} isn't installed")


# ---- manual pages ---------------------------------------------------------------------------------


def test_each_command_has_its_page(commands):
    names = {f"liaison-{command[0]}.1" for command in commands} | {"liaison.1"}
    assert {page.name for page in PAGES} == names


@needs("groff")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_is_well_formed(page):
    process = subprocess.run(["groff", "-man", "-ww", "-z", "-Tutf8", page], text=True,
                             capture_output=True)
    assert (process.returncode, process.stdout, process.stderr) == (0, "", "")


@needs("groff")
def test_each_option_stands_in_its_command_s_page(commands):
    for command, options in commands.items():
        text = subprocess.run(["groff", "-man", "-Tutf8", "-P-cbou", DOCS / f"liaison-{command[0]}.1"],
                              text=True, capture_output=True, check=True).stdout
        for option in options:
            assert re.search(rf"^ +(?:-\w, )?{option}\b", text, re.MULTILINE), (command, option)


# ---- bash -----------------------------------------------------------------------------------------

# Calls the function that is registered, as bash does, with the words of a line.
BASH = """
source "$1"; shift
[ "$(complete -p liaison)" = "complete -F _liaison liaison" ] || exit 1
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_liaison
printf '%s\\n' "${COMPREPLY[@]}"
"""


def complete_bash(*words, cwd=None):
    process = subprocess.run(["bash", "--norc", "-uc", BASH, "bash", DOCS / "liaison.bash", "liaison", *words],
                             cwd=cwd, text=True, capture_output=True)
    assert (process.returncode, process.stderr) == (0, ""), words
    return process.stdout.split()


@pytest.fixture(scope="module")
def projects(tmp_path_factory):
    """Two projects, `here` and `there`, with connectors of their own."""
    tmp_path = tmp_path_factory.mktemp("projects")
    for name, connector in (("here", "alpha.lua"), ("there", "beta/init.lua")):
        path = tmp_path / name / "connectors" / connector
        path.parent.mkdir(parents=True)
        path.write_text("")
    (tmp_path / "here" / "one.lua").write_text("")
    (tmp_path / "here" / "event.json").write_text("")
    return tmp_path


def test_bash_offers_each_command_and_option(commands):
    assert set(complete_bash("")) == {command[0] for command in commands}
    for command, options in commands.items():
        assert set(options) <= set(complete_bash(*command, "-")), command
    assert {"--version", "-V", "--help"} <= set(complete_bash("-"))


@pytest.mark.parametrize("words, offered", [
    (["de"], ["dead"]),
    (["dead", "re"], ["retry"]),
    (["-C", "../there", "dead", "re"], ["retry"]),
    (["dead", "list", "--cause", "ex"], ["exhausted", "expired"]),
    (["dead", "list", "--cause", "=", "ex"], ["exhausted", "expired"]),
    (["dead", "list", "--cause", "="], ["refused", "exhausted", "expired", "script", "limit", "malformed"]),
    (["dead", "list", "--connector", ""], ["alpha"]),
    (["-C", "../there", "dead", "list", "--connector", ""], ["beta"]),
    (["dead", "list", "--directory=../there", "--connector", ""], ["beta"]),
    (["run", "--set", "log.l"], ["log.level="]),
    (["run", "one"], ["one.lua"]),
    (["run", "con"], ["connectors"]),
    (["run", "event"], []),
    (["backup", "event"], ["event.json"]),
    (["emit", "event"], []),
    (["emit", "type", "@ev"], ["@event.json"]),
    (["emit", "type", "@", "ev"], ["@event.json"]),
    (["emit", "--url", "=", "http", ":", "//h", ":", "1", "type", "@ev"], ["@event.json"]),
    (["emit", "--key", "type", "event"], []),
    (["help", "d"], ["dead"]),
    (["status", "one"], []),
    (["nothing", "x"], []),
])
def test_bash_offers_what_fits(projects, words, offered):
    assert complete_bash(*words, cwd=projects / "here") == offered


# ---- zsh ------------------------------------------------------------------------------------------


class Terminal:
    """A shell at a terminal of its own, typed to and read from."""

    def __init__(self, *command, cwd):
        self.screen = ""
        self._child, self._fd = pty.fork()
        if self._child == 0:
            os.chdir(cwd)
            os.environ.update(TERM="vt100", COLUMNS="200", LINES="200", HOME=str(cwd))
            os.execvp(command[0], command)
        os.set_blocking(self._fd, False)

    def type(self, text):
        os.write(self._fd, text.encode())

    def _read(self):
        try:
            text = os.read(self._fd, 65536).decode(errors="replace")
        except BlockingIOError:
            return
        self.screen += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]|[\r\0]", "", text)

    def shows(self, *words):
        self._read()
        return all(word in self.screen for word in words)

    def expect(self, *words):
        wait_until(lambda: self.shows(*words), f"{words} on the screen, not {self.screen!r}")
        return self.screen

    def close(self):
        os.kill(self._child, signal.SIGKILL)
        os.waitpid(self._child, 0)
        os.close(self._fd)


@pytest.fixture(scope="module")
def zsh(projects):
    terminal = Terminal("zsh", "-f", "-i", cwd=projects / "here")
    terminal.type("stty cols 200 rows 200; PS1='READY> ' LISTMAX=1000; unsetopt beep prompt_sp\n"
                  f"fpath=({DOCS} $fpath); autoload -Uz compinit; compinit -u -D\n"
                  "fresh() { zle -I; print FRE''SH; BUFFER= }; zle -N fresh; bindkey '^F' fresh\n"
                  "echo be''gin\n")
    terminal.expect("begin\nREADY> ")
    yield terminal
    terminal.close()


def ask(terminal, line):
    """Types a line and a tab, at a new prompt; the screen then shows nothing else."""
    terminal.screen = ""
    terminal.type("\x06")  # ^F: see the fixture
    terminal.expect("FRESH")
    terminal.screen = ""
    terminal.type(line + "\t")


@needs("zsh")
def test_zsh_offers_each_command_and_option(zsh, commands):
    ask(zsh, "liaison ")
    zsh.expect(*(command[0] for command in commands))
    for command, options in commands.items():
        ask(zsh, f"liaison {' '.join(command)} --")
        zsh.expect(*options)


@needs("zsh")
@pytest.mark.parametrize("line, shown", [
    ("liaison dead re", ["liaison dead retry "]),
    ("liaison dead list --cause ex", ["exhausted", "expired"]),
    ("liaison dead list --cause=re", ["--cause=refused"]),
    ("liaison dead list --connector ", ["--connector alpha"]),
    ("liaison -C ../there dead list --connector ", ["--connector beta"]),
    ("liaison run --set log.l", ["log.level="]),
    ("liaison run o", ["liaison run one.lua"]),
    ("liaison backup ev", ["liaison backup event.json"]),
    ("liaison emit type @ev", ["liaison emit type @event.json"]),
    ("liaison help de", ["liaison help dead"]),
])
def test_zsh_offers_what_fits(zsh, line, shown):
    ask(zsh, line)
    zsh.expect(*shown)


# ---- fish -----------------------------------------------------------------------------------------


def complete_fish(line, cwd=ROOT):
    process = subprocess.run(
        ["fish", "--no-config", "-c", "source $argv[1]; complete -C $argv[2]", DOCS / "liaison.fish", line],
        cwd=cwd, text=True, capture_output=True, env={**os.environ, "HOME": str(cwd)})
    assert (process.returncode, process.stderr) == (0, ""), line
    return [offer.split("\t")[0] for offer in process.stdout.splitlines()]


@needs("fish")
def test_fish_offers_each_command_and_option(commands, tmp_path):
    assert set(complete_fish("liaison ", tmp_path)) == {command[0] for command in commands}
    for command, options in commands.items():
        assert set(options) <= set(complete_fish(f"liaison {' '.join(command)} --", tmp_path)), command


@needs("fish")
@pytest.mark.parametrize("line, offered", [
    ("liaison dead re", ["retry"]),
    ("liaison dead list --cause ex", ["exhausted", "expired"]),
    ("liaison dead list --connector ", ["alpha"]),
    ("liaison -C ../there dead list --connector ", ["beta"]),
    ("liaison run --set log.l", ["log.level="]),
    ("liaison run one", ["one.lua"]),
    ("liaison backup ev", ["event.json"]),
    ("liaison emit type @ev", ["@event.json"]),
    ("liaison emit ev", []),
    ("liaison emit --key type ev", []),
    ("liaison help de", ["dead"]),
    ("liaison status o", []),
])
def test_fish_offers_what_fits(projects, line, offered):
    assert complete_fish(line, projects / "here") == offered
