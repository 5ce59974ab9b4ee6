# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""What every command has in common: help, errors of usage, exit statuses, where output goes."""

import re
import subprocess

import pytest

from support import LIAISON, ROOT, liaison

COMMANDS = ["run", "check", "new", "emit", "status", "dead", "fsck", "sink", "help", "version"]


def version():
    line = next(line for line in (ROOT / "CMakeLists.txt").read_text().splitlines()
                if line.startswith("project("))
    return line.split()[2]


@pytest.mark.parametrize("arguments", [[], ["help"], ["--help"], ["-h"]])
def test_help_lists_every_command_on_standard_output(arguments):
    result = liaison(*arguments)
    assert result.status == 0
    assert result.err == ""
    listed = {line.split()[0] for line in result.out.splitlines() if line.startswith("  ")}
    assert set(COMMANDS) <= listed


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_explains_itself(command):
    asked = liaison(command, "--help")
    assert asked.status == 0
    assert asked.out.startswith(f"Usage: liaison {command}")
    assert "--help" in asked.out
    assert asked.out == liaison("help", command).out == liaison(command, "-h").out


def test_help_of_run_lists_the_keys_of_the_configuration():
    for asked in (liaison("run", "--help"), liaison("help", "run")):
        assert asked.status == 0
        for key in ("listen", "tokens.ingest", "limits.inFlight", "limits.journal",
                    "retain.delivered", "log.format", "reload", "settings.NAME"):
            assert re.search(rf"^  {re.escape(key)} ", asked.out, re.MULTILINE), key
    assert "limits.inFlight" not in liaison("check", "--help").out


def test_help_of_a_verb_is_its_own():
    result = liaison("dead", "retry", "--help")
    assert result.out.startswith("Usage: liaison dead retry")
    assert result.out == liaison("help", "dead", "retry").out


@pytest.mark.parametrize("arguments", [["version"], ["-V"], ["--version"]])
def test_version_is_printed(arguments):
    result = liaison(*arguments)
    assert (result.status, result.out, result.err) == (0, f"liaison {version()}\n", "")


def test_version_as_json():
    assert liaison("version", "--json").json() == {"version": version()}


@pytest.mark.parametrize("arguments, nearest", [
    (["sinc"], "'sink'"),
    (["statsu"], "'status'"),
    (["dead", "lst"], "'dead list'"),
    (["help", "emitt"], "'emit'"),
    (["--verison"], "--version"),
    (["sink", "--prot", "1"], "--port"),
    (["dead", "list", "--conector=x"], "--connector"),
])
def test_a_mistyped_word_is_refused_with_the_nearest(arguments, nearest):
    result = liaison(*arguments)
    assert result.status == 2
    assert f"did you mean {nearest}?" in result.err
    assert result.out == ""


def test_a_word_near_to_none_is_refused_without_a_guess():
    result = liaison("frobnicate")
    assert result.status == 2
    assert "unknown command 'frobnicate'" in result.err
    assert "did you mean" not in result.err


@pytest.mark.parametrize("arguments, what", [
    (["sink", "--port"], "--port needs a value"),
    (["sink", "--quiet=yes"], "--quiet takes no value"),
    (["sink", "-x"], "unknown option -x"),
    (["sink", "--port", "many"], "--port needs a whole number"),
    (["sink", "--fail", "often"], "503:10%"),
    (["sink", "--delay", "soon"], "--delay"),
    (["version", "extra"], "'extra' is one too many"),
    (["new"], "something is missing"),
    (["emit"], "something is missing"),
    (["dead", "show"], "something is missing"),
    (["dead", "retry"], "--all"),
    (["dead", "drop", "7", "--all"], "not both"),
    (["dead", "list", "--since", "yesterday"], "2h"),
    (["status", "--url", "nowhere"], "http://HOST:PORT"),
    (["emit", "x", "{a}"], "DATA isn't JSON"),
])
def test_wrong_usage_exits_2_and_says_what_to_write(arguments, what):
    result = liaison(*arguments)
    assert result.status == 2
    assert what in result.err
    assert result.out == ""


def test_a_command_of_verbs_alone_shows_them_and_exits_2():
    result = liaison("dead")
    assert result.status == 2
    assert "retry" in result.err


def test_directory_is_entered_first(tmp_path):
    assert liaison("-C", tmp_path, "new", "here").status == 0
    assert liaison("new", "there", "-C", tmp_path).status == 0
    assert (tmp_path / "here" / "liaison.lua").exists()
    assert (tmp_path / "there" / "liaison.lua").exists()


def test_a_missing_directory_is_named():
    result = liaison("-C", "/nonexistent", "version")
    assert result.status == 1
    assert "/nonexistent" in result.err


@pytest.mark.parametrize("arguments", [["pause", ""], ["dead", "drop", "1-a", ""], ["explain", ""], ["run", ""]], ids=" ".join)
def test_an_empty_word_is_told_before_anything_is_done(arguments):
    result = liaison(*arguments)
    assert (result.status, result.out) == (2, "")
    assert "a word is empty, as an unset variable is: liaison " + " ".join(arguments[:-1 - ("1-a" in arguments)]) in result.err


@pytest.mark.parametrize("arguments, words", [
    (["fsck"], "liaison fsck JOURNAL"), (["backup", "copy.db"], "liaison backup FILE --journal FILE")], ids=["fsck", "backup"])
def test_a_journal_without_its_project_may_be_named(tmp_path, arguments, words):
    result = liaison(*arguments, cwd=tmp_path)
    assert result.status == 1 and "is no project" in result.err and words in result.err


def test_where_a_wrong_url_stands_is_told():
    assert "liaison: LIAISON_URL: 'nowhere' is no URL" in liaison("status", env={"LIAISON_URL": "nowhere"}).err
    assert "liaison: 'nowhere' is no URL" in liaison("status", "--url", "nowhere").err


def test_a_file_that_holds_more_than_a_token_is_told(tmp_path):
    file = tmp_path / "environment"
    file.write_text("LIAISON_TOKEN=x\nOTHER=y\n")
    result = liaison("status", "--token-file", file)
    assert result.status == 2 and f"liaison: {file} holds more than a token" in result.err
    assert "LIAISON_TOKEN holds more than a token" in liaison("status", env={"LIAISON_TOKEN": "a\nb"}).err


def test_a_full_disk_is_no_success():
    with open("/dev/full", "w") as full:
        process = subprocess.run([LIAISON, "version"], stdout=full, stderr=subprocess.PIPE,
                                 text=True)
    assert process.returncode == 1
    assert "standard output" in process.stderr


def test_a_reader_that_has_gone_is_no_crash():
    process = subprocess.Popen([LIAISON, "help"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()
    assert process.wait(timeout=10) in (0, 1)
    assert process.stderr.read() == b""
    process.stderr.close()
