"""A real nginx that ends TLS in front of the shop, as a stranger's would, with a certificate of its
own."""

from __future__ import annotations

import os
import socket
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests import components
from tests.fleets import wait_until
from tests.ports import free_port

HOST = "shop.localhost"
CONF = """
daemon off;
{user}
pid {directory}/nginx.pid;
error_log {directory}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {directory}; proxy_temp_path {directory};
    fastcgi_temp_path {directory}; uwsgi_temp_path {directory}; scgi_temp_path {directory};
    server {{
        listen 127.0.0.1:{https} ssl;
        listen 127.0.0.1:{http};
        ssl_certificate {directory}/cert.pem;
        ssl_certificate_key {directory}/key.pem;
        location / {{
            proxy_pass {backend};
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto $scheme;
        }}
    }}
}}
"""


class TlsProxy:
    """``url`` is the shop by https, ``plain_url`` by http, under a name that is not this machine's
    own but that browsers find here. Start it once the backend is known. ``data_dir`` is the shop's,
    for who looks there."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._https, self._http = free_port(), free_port()
        self.host = HOST
        self.url = f"https://{HOST}:{self._https}"
        self.plain_url = f"http://{HOST}:{self._http}"
        self.data_dir: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, backend: str) -> TlsProxy:
        write_certificate(self._directory)
        conf = self._directory / "nginx.conf"
        conf.write_text(
            CONF.format(
                directory=self._directory, https=self._https, http=self._http, backend=backend,
                user="" if os.geteuid() else "user root;",
            )
        )  # fmt: skip
        nginx = components.needed("nginx", components.nginx())
        self._process = subprocess.Popen(
            [nginx, "-c", conf, "-p", self._directory, "-e", self._directory / "error.log"],
            stdin=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        wait_until(lambda: _answers(self._https))
        return self

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)


def write_certificate(directory: Path, host: str = HOST) -> None:
    """``cert.pem``, which vouches for itself, and ``key.pem``."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (directory / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (directory / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
