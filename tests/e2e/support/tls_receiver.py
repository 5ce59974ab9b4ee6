# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""A receiver over TLS that asks its clients for certificates, and the authority that makes them."""

import http.server
import ssl
import subprocess
import threading


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


class Authority:
    """Makes certificates in its own folder: each is signed by the folder's ca.pem."""

    KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.cert, self._key = folder / "ca.pem", folder / "ca.key"
        openssl("req", "-x509", *self.KEY, "-days", 2, "-subj", "/CN=authority", "-keyout",
                self._key, "-out", self.cert)

    def make(self, name, file=None):
        """A certificate for that name, and for 127.0.0.1: paths of it and of its key."""
        stem = self.folder / (file or name)
        cert, key, request = (stem.with_suffix(end) for end in (".pem", ".key", ".csr"))
        openssl("req", *self.KEY, "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1",
                "-keyout", key, "-out", request)
        openssl("x509", "-req", "-in", request, "-CA", self.cert, "-CAkey", self._key, "-days", 2,
                "-copy_extensions", "copy", "-out", cert)
        return cert, key


class TlsReceiver:
    """Notes whose certificate each request came with: one of the authority's, or none where that is
    allowed. `moves_to`: answers with a redirect to there."""

    def __init__(self, authority, allows_none=False, moves_to=None):
        self.clients = []  # the names of their certificates, by request; None: there was none
        cert, key = authority.make("server")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        context.load_verify_locations(authority.cert)
        context.verify_mode = ssl.CERT_OPTIONAL if allows_none else ssl.CERT_REQUIRED
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                self.rfile.read(int(self.headers.get("content-length", 0)))
                certificate = self.connection.getpeercert() or {"subject": ()}
                subject = dict(pair[0] for pair in certificate["subject"])
                receiver.clients.append(subject.get("commonName"))
                self.send_response(307 if moves_to else 204)
                if moves_to:
                    self.send_header("Location", moves_to)
                    self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *arguments):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True,
                                                  do_handshake_on_connect=False)
        self.url = f"https://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()
