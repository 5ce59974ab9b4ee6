# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""Debian's Prometheus, in a folder of a test's own, scraping one daemon; and promtool."""

import json
import subprocess
import urllib.parse

from .program import Program
from .web import request


def promtool(*arguments, text=None):
    """What it says; it is to find nothing wrong."""
    result = subprocess.run(["promtool", *map(str, arguments)], input=text, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert result.returncode == 0, result.stdout
    return result.stdout


class Prometheus(Program):
    """prometheus = Prometheus(tmp_path, daemon.url, rules=text).start()"""

    NAME = "Prometheus"

    def __init__(self, folder, target, rules=""):
        super().__init__(folder)
        (self._folder / "rules.yml").write_text(rules)
        # JSON is YAML.
        (self._folder / "prometheus.yml").write_text(json.dumps({
            "global": {"scrape_interval": "200ms", "scrape_timeout": "200ms", "evaluation_interval": "200ms"},
            "rule_files": ["rules.yml"],
            "scrape_configs": [{
                "job_name": "liaison",
                "static_configs": [{"targets": [target.removeprefix("http://")]}],
            }],
        }))

    def command(self):
        return ["prometheus", f"--config.file={self._folder / 'prometheus.yml'}",
                f"--storage.tsdb.path={self._folder / 'data'}",
                f"--web.listen-address={self.address}"]

    def answers(self):
        return request("GET", f"{self.url}/-/ready").status == 200

    def query(self, expression):
        """[(labels, value as text)] of an instant."""
        answer = request("GET", f"{self.url}/api/v1/query?query={urllib.parse.quote(expression)}").json()
        assert answer["status"] == "success", answer
        return [(sample["metric"], sample["value"][1]) for sample in answer["data"]["result"]]

    def targets(self):
        return request("GET", f"{self.url}/api/v1/targets").json()["data"]["activeTargets"]

    def firing(self):
        """{name: [alert]}"""
        found = {}
        for alert in request("GET", f"{self.url}/api/v1/alerts").json()["data"]["alerts"]:
            if alert["state"] == "firing":
                found.setdefault(alert["labels"]["alertname"], []).append(alert)
        return found
