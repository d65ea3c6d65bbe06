#!/bin/sh
# The shop's secrets for a swarm: docker/swarm-secrets.sh FOLDER
# FOLDER keeps them, for nobody but you: what is missing there is made, what is there stays. The
# swarm is given those that it lacks, as shop_NAME (SECRETS=shop-2: as shop-2_NAME).
set -eu
mkdir -p -m 700 "${1:?name the folder that keeps the secrets}"
folder=$(cd "$1" && pwd)
prefix=${SECRETS:-shop}

docker run --rm --network none --user "$(id -u):$(id -g)" --env EMAIL_URL --env OIDC_CLIENT_SECRET \
  --volume "$folder:/run/secrets" "${REGISTRY:-}shop:${VERSION:-local}" secrets /run/secrets
# Nothing is a mail server, too: mails are kept, to be read at /mails/.
[ -e "$folder/shared/EMAIL_URL" ] || echo > "$folder/shared/EMAIL_URL"

for file in "$folder"/*/*; do
  case $file in */rabbitmq/* | */keycloak/* | */prometheus/* | */grafana/*) continue ;; esac  # swarm.yaml has none
  name=${prefix}_${file##*/}
  docker secret inspect "$name" > /dev/null 2>&1 || docker secret create "$name" "$file" > /dev/null
done
echo "The swarm has them as ${prefix}_…"
