#!/usr/bin/env bash
# Two HyperDHT nodes, each behind a NAT of the kernel's (nftables), find each other by key and open a way:
#
#   nat-lab.sh NODE FOLDER [ASKER ANNOUNCER]
#
# NODE is the executable seedbed-node, FOLDER gets the nodes' logs, ASKER and ANNOUNCER say how their
# NATs give ports: 'masquerade' (each host's own, as home routers do; the default) or 'masquerade
# fully-random' (a new one for each destination). It ends when the way has been used, or could not be
# opened. `nat-lab.sh --check` says whether this machine can do it.
#
# It needs no privileges but a user namespace. Everything lives in namespaces of one process, and is
# gone with it, however it ends:
#
#   asker 192.168.1.2 ── NAT 10.0.1.2 ──┐
#                                       internet 10.0.0.1, three nodes
#   announcer 192.168.2.2 ── NAT 10.0.2.2 ──┘
set -euo pipefail

if [ "${1:-}" != --inside ]; then
  for tool in unshare nsenter ip nft; do
    PATH=$PATH:/usr/sbin:/sbin command -v "$tool" > /dev/null || {
      echo "there is no command '$tool'" >&2
      exit 1
    }
  done
  exec unshare --user --map-root-user --net --mount --pid --fork --kill-child \
    bash "$0" --inside "$@"
fi
shift
PATH=$PATH:/usr/sbin:/sbin
# Names of network namespaces are files.
mount -t tmpfs tmpfs /run

at() {
  nsenter --net="/run/netns/$1" "${@:2}"
}

# A host in a network of its own behind a NAT: its number, and how ports are given.
house() {
  ip netns add "nat$1"
  ip netns add "host$1"
  ip link add "wan$1" type veth peer name wan netns "nat$1"
  ip addr add "10.0.$1.1/24" dev "wan$1"
  ip link set "wan$1" up
  at "nat$1" ip addr add "10.0.$1.2/24" dev wan
  at "nat$1" ip link set wan up
  at "nat$1" ip link add lan type veth peer name lan netns "host$1"
  at "nat$1" ip addr add "192.168.$1.1/24" dev lan
  at "nat$1" ip link set lan up
  at "nat$1" ip route add default via "10.0.$1.1"
  at "nat$1" bash -c "echo 1 > /proc/sys/net/ipv4/ip_forward"
  # What comes unasked is dropped without an answer, and leaves no trace in the NAT's sessions.
  at "nat$1" nft -f - << RULES
table ip nat {
  chain out { type nat hook postrouting priority 100; oifname "wan" $2; }
}
table ip filter {
  chain input { type filter hook input priority 0; iifname "wan" drop; }
  chain forward {
    type filter hook forward priority 0;
    iifname "wan" ct state != { established, related } drop;
  }
}
RULES
  at "host$1" ip addr add "192.168.$1.2/24" dev lan
  at "host$1" ip link set lan up
  at "host$1" ip route add default via "192.168.$1.1"
}

if [ "${1:-}" = --check ]; then
  house 1 masquerade
  exit
fi
node=$1
folder=$2
mkdir -p "$folder"
ip link set lo up
ip addr add 10.0.0.1/32 dev lo
echo 1 > /proc/sys/net/ipv4/ip_forward
house 1 "${3:-masquerade}"
house 2 "${4:-masquerade}"

# Waits for an event in a log, or one of two.
await() {
  for ((tries = 0; tries < 600; tries++)); do
    grep -qsE "\"kind\":\"($2)\"" "$folder/$1.ndjson" && return
    sleep 0.05
  done
  echo "waited in vain for $2 of $1" >&2
  exit 1
}

options=(--rpc-timeout 500ms --join-retry 1s)
bootstrap=10.0.0.1:7101
"$node" hyperdht-bootstrap --listen "$bootstrap" --log "$folder/bootstrap.ndjson" "${options[@]}" &
await bootstrap node.ready
options+=(--bootstrap "$bootstrap")
for name in keeper-1 keeper-2; do
  "$node" hyperdht-node --listen 10.0.0.1:0 --log "$folder/$name.ndjson" "${options[@]}" &
  await "$name" hyperdht.joined
done
options+=(--ephemeral true --start-delay 500ms)
at host2 "$node" hyperdht-node --listen 192.168.2.2:0 --log "$folder/announcer.ndjson" \
  "${options[@]}" --announce film --announce-interval 1s &
await announcer query.finished
at host1 "$node" hyperdht-node --listen 192.168.1.2:0 --log "$folder/asker.ndjson" \
  "${options[@]}" --connect film --connect-interval 1s --datagram-interval 200ms &
await asker 'holepunch.finished|holepunch.failed'
