# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""Debian's ClickHouse, in a folder of a test's own."""

import json
from decimal import Decimal

from .program import Program
from .wait import SLOWNESS
from .web import request

CONFIG = """<yandex>
  <logger><level>warning</level><console>1</console></logger>
  <listen_host>127.0.0.1</listen_host>
  <http_port>{port}</http_port>
  <path>{folder}/data/</path>
  <tmp_path>{folder}/tmp/</tmp_path>
  <timezone>UTC</timezone>
  <keep_alive_timeout>1</keep_alive_timeout>
  <mark_cache_size>5000000</mark_cache_size>
  <users_config>users.xml</users_config>
  <default_profile>default</default_profile>
  <default_database>default</default_database>
</yandex>
"""
USERS = """<yandex>
  <profiles><default/></profiles>
  <quotas><default/></quotas>
  <users><{user}>
    <password>{password}</password>
    <networks><ip>127.0.0.1</ip></networks>
    <profile>default</profile>
    <quota>default</quota>
  </{user}></users>
</yandex>
"""


class ClickHouse(Program):
    """clickhouse = ClickHouse(tmp_path).start(); `stop` and `start` keep its port and its tables."""

    USER = "liaison"
    PASSWORD = "warehouse-word"

    NAME = "ClickHouse"

    def __init__(self, folder):
        super().__init__(folder)
        (self._folder / "config.xml").write_text(
            CONFIG.format(port=self.url.rpartition(":")[2], folder=self._folder))
        (self._folder / "users.xml").write_text(USERS.format(user=self.USER, password=self.PASSWORD))

    def command(self):
        return ["/usr/sbin/clickhouse-server", f"--config-file={self._folder / 'config.xml'}"]

    def answers(self):
        return request("GET", f"{self.url}/ping").status == 200

    def stop(self):
        """In order. It waits for connections that are kept alive, a second as configured here."""
        self.process.terminate()
        self.process.wait(timeout=30 * SLOWNESS)

    def query(self, text):
        """The answer as text; it is to be a good one."""
        answer = request("POST", f"{self.url}/?output_format_json_quote_64bit_integers=0", text, {
            "X-ClickHouse-User": self.USER, "X-ClickHouse-Key": self.PASSWORD})
        assert answer.status == 200, answer.body.decode(errors="replace")
        return answer.body.decode()

    def rows(self, select):
        """[{column: value}], 64-bit numbers as whole ones and decimals exact."""
        lines = self.query(f"{select} FORMAT JSONEachRow").splitlines()
        return [json.loads(line, parse_float=Decimal) for line in lines]
