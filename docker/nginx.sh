#!/bin/bash
# The gateway's container: becomes nginx as soon as its agent has written the configuration.
# "gateway health" tells whether nginx serves, and was told of instances.
set -eu
directory=${GATEWAY_DIR:-/run/gateway}

if [ "${1:-}" = health ]; then
  exec 3<>/dev/tcp/127.0.0.1/8080
  printf 'GET /health/gateway/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&3
  read -r _ status _ <&3
  [ "$status" = 204 ]
  exit
fi

[ -e "$directory/nginx.conf" ] || echo "Waiting for the agent, which writes $directory/nginx.conf …"
until [ -e "$directory/nginx.conf" ]; do sleep 0.1; done
# A killed nginx leaves its socket behind.
rm -f "$directory/table.sock"
exec /usr/sbin/nginx -c "$directory/nginx.conf" -p "$directory" -e stderr
