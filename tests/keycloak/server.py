"""A real Keycloak of a run's own, with the realm of ``docker/keycloak``, and what an operator of it
does there."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import requests

from tests.fleets import ROOT, wait_until
from tests.keycloak.delay import SlowWay
from tests.ports import free_port

REALM = ROOT / "docker" / "keycloak" / "realm.json"
SECRET = "a-client-secret-of-the-tests"
START_SECONDS = 240.0
"""The first start builds it anew."""


class Keycloak:
    """``home`` is a distribution's directory, of which a copy runs. ``base_url`` is the shop's.

    Stopped and started again it keeps its data. The shop reaches it by ``way``, which can be slow.
    """

    def __init__(self, home: Path, base_url: str, smtp_port: int) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="shop-keycloak-", dir=home.parent))
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.issuer = f"{self.url}/realms/shop"
        self.way = SlowWay(self.port)
        self.env = {
            "OIDC_ISSUER": self.issuer,
            "OIDC_INTERNAL_URL": f"{self.way.url}/realms/shop",
            "OIDC_CLIENT_SECRET": SECRET,
        }
        self._home = self.directory / "keycloak"
        self._told = {"BASE_URL": base_url, "SHOP_URL": base_url, "SMTP_PORT": str(smtp_port)}
        self._keys_made = 0
        self._process: subprocess.Popen[bytes] | None = None
        # Its files are linked, not copied: what it writes it writes anew.
        shutil.copytree(home, self._home, copy_function=os.link, symlinks=True)
        shutil.rmtree(self._home / "data", ignore_errors=True)
        (self._home / "data" / "import").mkdir(parents=True)
        shutil.copy(REALM, self._home / "data" / "import")
        self.start()

    def start(self) -> None:
        env = {
            **os.environ,
            **self._told,
            "OIDC_CLIENT_SECRET": SECRET,
            "KC_BOOTSTRAP_ADMIN_USERNAME": "admin",
            "KC_BOOTSTRAP_ADMIN_PASSWORD": "admin",
            "JAVA_OPTS_KC_HEAP": "-Xms128m -Xmx512m",
        }
        command = [str(self._home / "bin" / "kc.sh"), "start-dev", "--import-realm"]
        command += ["--http-host=127.0.0.1", f"--http-port={self.port}"]
        # Browsers know it by one name, the shop reaches it by another.
        command += [f"--hostname={self.url}", "--hostname-backchannel-dynamic=true"]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command, env=env, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                start_new_session=True,
            )  # fmt: skip
        wait_until(lambda: self._answers() or self._has_ended(), START_SECONDS)
        if self._has_ended():
            raise RuntimeError(f"Keycloak did not start:\n{self.log.read_text()[-3000:]}")

    @property
    def log(self) -> Path:
        return self.directory / "log"

    def stop(self) -> None:
        """As a crash, with all that it is made of."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def pause(self) -> None:
        """It hangs: connections stay, nothing is answered."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGSTOP)

    def resume(self) -> None:
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGCONT)

    def remove(self) -> None:
        self.stop()
        self.way.close()
        shutil.rmtree(self.directory, ignore_errors=True)

    def change_realm(self, **settings: Any) -> None:
        """Settings of the realm, as its administrator sets them."""
        self.admin("PUT", "", settings)

    def change_client(self, **settings: Any) -> None:
        found = self.admin("GET", "/clients?clientId=shop")[0]
        attributes = {**found["attributes"], **settings.pop("attributes", {})}
        changed = {**found, **settings, "attributes": attributes}
        self.admin("PUT", f"/clients/{found['id']}", changed)

    def add_user(self, email: str, password: str, **settings: Any) -> str:
        """Its id. The address counts as proved unless ``emailVerified=False``."""
        user = {
            "username": email, "email": email, "emailVerified": True, "enabled": True,
            "firstName": "Test", "lastName": "Person",
            "credentials": [{"type": "password", "value": password}], **settings,
        }  # fmt: skip
        self.admin("POST", "/users", user)
        return self.user(user["username"])

    def user(self, username: str) -> str:
        """The id of who has this name."""
        found = self.admin("GET", f"/users?exact=true&username={username}")
        return str(found[0]["id"])

    def enable(self, user: str, *, enabled: bool = True) -> None:
        known = self.admin("GET", f"/users/{user}")
        self.admin("PUT", f"/users/{user}", {**known, "enabled": enabled})

    def give_role(self, user: str, role: str) -> None:
        self.admin("POST", f"/users/{user}/role-mappings/realm", [self._role(role)])

    def take_role(self, user: str, role: str) -> None:
        self.admin("DELETE", f"/users/{user}/role-mappings/realm", [self._role(role)])

    def log_out(self, user: str) -> None:
        """All of the user's sessions, each client told over the back channel."""
        self.admin("POST", f"/users/{user}/logout")

    def public_keys(self) -> list[dict[str, Any]]:
        """The public keys that tokens may be signed with."""
        where = f"{self.issuer}/protocol/openid-connect/certs"
        found = requests.get(where, timeout=30).json()["keys"]
        return [key for key in found if key["use"] == "sig"]

    def rotate_keys(self) -> None:
        """A new key signs from now on; what the old ones signed goes on being valid."""
        realm = self.admin("GET", "")
        self._keys_made += 1
        self.admin(
            "POST", "/components",
            {
                "name": f"rsa-{self._keys_made}", "parentId": realm["id"],
                "providerId": "rsa-generated", "providerType": "org.keycloak.keys.KeyProvider",
                "config": {
                    "priority": [str(200 + self._keys_made)], "enabled": ["true"],
                    "active": ["true"], "algorithm": ["RS256"], "keySize": ["2048"],
                },
            },
        )  # fmt: skip

    def refresh(self, token: str) -> int:
        """The status of the answer to a refresh grant, as whoever stole both secrets asks."""
        form = {"grant_type": "refresh_token", "refresh_token": token}
        where = f"{self.issuer}/protocol/openid-connect/token"
        return requests.post(where, data=form, auth=("shop", SECRET), timeout=30).status_code

    def events(self, kind: str) -> list[dict[str, Any]]:
        """Those of a type that the realm has kept."""
        return list(self.admin("GET", f"/events?type={kind}&max=1000"))

    def forget_events(self) -> None:
        self.admin("DELETE", "/events")

    def admin(self, method: str, path: str, body: Any = None) -> Any:
        """What the admin API answers below the realm."""
        form = {
            "grant_type": "password", "client_id": "admin-cli",
            "username": "admin", "password": "admin",
        }  # fmt: skip
        where = f"{self.url}/realms/master/protocol/openid-connect/token"
        token = requests.post(where, data=form, timeout=30).json()["access_token"]
        answer = requests.request(
            method, f"{self.url}/admin/realms/shop{path}", json=body, timeout=30,
            headers={"Authorization": f"Bearer {token}"},
        )  # fmt: skip
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def _role(self, name: str) -> dict[str, Any]:
        return dict(self.admin("GET", f"/roles/{name}"))

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.issuer}", timeout=1).ok
        except requests.RequestException:
            return False

    def _has_ended(self) -> bool:
        return self._process is None or self._process.poll() is not None


def distribution() -> Path | None:
    """What ``KEYCLOAK_HOME`` names: an unpacked Keycloak."""
    home = os.environ.get("KEYCLOAK_HOME")
    return Path(home) if home and (Path(home) / "bin" / "kc.sh").exists() else None
