#!/bin/bash
# Asks each seed of a gossip network for its list of peers, again and again, and says when it has
# changed. Bash alone is enough: it opens TCP connections by itself.
ask() { # what is sent, and the longest wait for the answer
  printf '%s' "$1" >&3
  IFS= read -r -t "$2" -d '' answer <&3
}

echo '{"kind":"node.ready"}'
declare -A last
while sleep 0.2; do
  for seed in ${1//,/ }; do
    exec 3<> "/dev/tcp/${seed%:*}/${seed#*:}" || continue
    ask '' 0.1
    ask 'peer list' 0.2
    exec 3>&-
    [[ $answer == 'peer list:'* ]] || continue # no answer in time is no empty list: ask again
    count=$(grep -o , <<< "$answer" | wc -l)
    [[ ${last[$seed]} == "$count" ]] && continue
    last[$seed]=$count
    echo "{\"kind\":\"list.seen\",\"peer\":\"$seed\",\"count\":$count}"
  done
done
