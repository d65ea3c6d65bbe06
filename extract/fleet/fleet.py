"""All processes of the fleet: each role's instances, and the services that they need."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import time
from collections.abc import Callable, Mapping
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from django.conf import settings

from extract.fleet import own_redis
from extract.fleet.launching import (
    HOST,
    environment_of,
    instance_command,
    verb_command,
    worker_command,
)
from extract.fleet.plan import WORKER, role_of
from extract.fleet.restarting import Crew, Launch, Member
from extract.fleet.warming import host_told
from extract.gateway.render import command as nginx_command
from extract.queue.broker import broker_url
from extract.registry import RedisRegistry
from extract.registry.process import registry_trust
from extract.registry.running import run_directory
from extract.registry.view import View
from extract.trust import GATEWAY, HOME

REDIS, AGENT = "redis", "agent"
CONCURRENCY = 2
"""Messages that a worker works on at a time."""
LOGS_EVERY = 5.0
"""Seconds between two looks at how long the logs are."""

Say = Callable[[str], None]


class Fleet:
    """``tend`` it about ten times a second, from the main thread; ``say`` is told what happens.

    ``crews`` are Redis (unless ``REDIS_URL`` names one), the gateway and its agent, and the
    instances and workers of each role, wanted as ``plan`` has it. ``conf`` is nginx's, ``port``
    the gateway's.
    """

    def __init__(self, plan: Mapping[str, int], conf: Path, port: int, say: Say) -> None:
        self.base_url = f"http://{HOST}:{port}"
        self.redis_url = settings.REDIS_URL or own_redis.redis_url()
        self._conf = conf
        self._port = port
        self._logs_tended = 0.0
        self.view = View(
            RedisRegistry(self.redis_url), registry_trust(), come_home=settings.EXTRACT_COME_HOME
        )
        logs = _emptied(run_directory() / "logs")
        services = [
            Crew(GATEWAY, self._nginx, self._listens, logs, say, ends_by=signal.SIGQUIT),
            Crew(AGENT, self._agent, self._routes, logs, say),
        ]
        if not settings.REDIS_URL:
            services.insert(0, Crew(REDIS, _redis, self._redis_answers, logs, say))
        instances = [Crew(name, self._instance(name), self._is_known, logs, say) for name in plan]
        self.instances = {crew.name: crew for crew in instances}
        self.crews = {crew.name: crew for crew in (*services, *instances)}
        for crew in self.crews.values():
            crew.wanted = plan.get(crew.name, 1)

    def start(self) -> None:
        """Begin; with Redis, where the others look for each other."""
        redis, until = self.crews.get(REDIS), time.monotonic() + 5
        while redis is not None and not redis.up and time.monotonic() < until:
            redis.tend()
            time.sleep(0.01)
        self.view.start()

    def tend(self) -> None:
        """See who ended, and start and end what is missing and too much."""
        for crew in self.crews.values():
            crew.tend()
        if time.monotonic() - self._logs_tended > LOGS_EVERY:
            self._logs_tended = time.monotonic()
            for crew in self.crews.values():
                for member in crew.members:
                    member.child.bound_log()

    def is_up(self) -> bool:
        """Whether everything that is wanted is there, and nothing else."""
        return all(_is_complete(crew) for crew in self.crews.values())

    def hopeless(self) -> str:
        """What will never be up, and why; "" as long as everything may be."""
        return "\n".join(crew.hopeless for crew in self.crews.values() if crew.hopeless)

    def is_gone(self) -> bool:
        return not any(crew.members for crew in self.crews.values())

    def address_of(self, member: Member) -> str:
        """Where it is registered, or ""."""
        known = (known.instance for known in self.view.known())
        return next((instance.address for instance in known if instance.id == member.id), "")

    def kill(self) -> None:
        """All that is left, at once."""
        while not self.is_gone():
            for crew in self.crews.values():
                crew.wanted = crew.extra = 0
                crew.kill()
            self.tend()
            time.sleep(0.01)

    def _instance(self, name: str) -> Callable[[str], Launch]:
        def launch(id: str) -> Launch:
            env = environment_of(
                role_of(name),
                REDIS_URL=self.redis_url,
                CELERY_BROKER_URL=settings.CELERY_BROKER_URL or broker_url(self.redis_url),
                EXTRACT_ADDRESS=f"{HOST}:0",
                EXTRACT_INSTANCE=id,
                BASE_URL=os.environ.get("BASE_URL") or self.base_url,
            )
            is_worker = name.endswith(WORKER)
            return Launch(worker_command(CONCURRENCY) if is_worker else instance_command(), env)

        return launch

    def _agent(self, id: str) -> Launch:
        env = environment_of(GATEWAY, REDIS_URL=self.redis_url, EXTRACT_INSTANCE=id)
        return Launch(verb_command("agent"), env)

    def _nginx(self, id: str) -> Launch:
        return Launch(nginx_command(self._conf), {"PATH": os.environ.get("PATH", os.defpath)})

    def _is_known(self, member: Member) -> bool:
        return any(known.instance.id == member.id for known in self.view.known())

    def _redis_answers(self, member: Member) -> bool:
        return own_redis.answers(self.redis_url)

    def _listens(self, member: Member) -> bool:
        try:
            socket.create_connection((HOST, self._port), 0.2).close()
        except OSError:
            return False
        return True

    def _routes(self, member: Member) -> bool:
        """Whether nginx has been told of who is up; asked once home is."""
        home = self.crews[HOME]
        if home.wanted and not home.up:
            return False
        connection = HTTPConnection(HOST, self._port, timeout=0.5)
        try:
            connection.request("GET", settings.EXTRACT_READY, headers={"Host": host_told()})
            return not home.wanted or connection.getresponse().status == 200
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()


def _redis(id: str) -> Launch:
    return Launch(own_redis.redis_command(), {"PATH": os.environ.get("PATH", os.defpath)})


def _is_complete(crew: Crew) -> bool:
    return len(crew.up) == len(crew.members) == crew.wanted


def _emptied(directory: Path) -> Path:
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(mode=0o700, parents=True)
    return directory
