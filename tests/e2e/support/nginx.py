# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""Debian's nginx, in a folder of a test's own, as what stands before a receiver and lets through only
so much of what comes."""

from .program import Program
from .web import request

CONFIG = """
daemon off;
master_process off;
pid {folder}/pid;
error_log stderr warn;
events {{}}
http {{
  client_body_temp_path {folder}/bodies;
  proxy_temp_path {folder}/answers;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  log_format statuses "$msec $status";
  keepalive_requests 100000;
  limit_req_zone $server_port zone=all:1m rate={rate}r/s;
  upstream behind {{ server {behind}; keepalive 16; }}
  server {{
    listen {address};
    access_log off;
    location = /ready {{ return 204; }}
    location / {{
      access_log {folder}/statuses statuses;
      limit_req zone=all{burst};
      {refusal}
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_pass http://behind;
    }}
    location @later {{
      access_log {folder}/statuses statuses;
      add_header Retry-After 1 always;
      return 429;
    }}
  }}
}}
"""


class Nginx(Program):
    """nginx = Nginx(tmp_path, receiver.url, rate=100).start(); what it lets through comes to the
    receiver, in the order in which it came. `refusal` is what it does with the rest."""

    NAME = "nginx"
    REFUSES_503 = ""  # its default
    REFUSES_429 = "limit_req_status 429;"
    REFUSES_429_WITH_RETRY_AFTER = "limit_req_status 429; error_page 429 @later;"

    def __init__(self, folder, behind, rate, refusal=REFUSES_503, burst=0):
        super().__init__(folder)
        (self._folder / "config").write_text(CONFIG.format(
            folder=self._folder, address=self.address, behind=behind.removeprefix("http://"), rate=rate,
            refusal=refusal, burst=f" burst={burst} nodelay" if burst else ""))

    def command(self):
        return ["/usr/sbin/nginx", "-p", str(self._folder), "-c", str(self._folder / "config")]

    def answers(self):
        return request("GET", f"{self.url}/ready").status == 204

    def statuses(self):
        """Of all answers, in their order."""
        return [int(status) for _, status in self._answers()]

    def seconds(self):
        """From its first answer to its last."""
        times = [float(at) for at, _ in self._answers()]
        return times[-1] - times[0]

    def _answers(self):
        return [line.split() for line in (self._folder / "statuses").read_text().splitlines()]
