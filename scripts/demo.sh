#!/usr/bin/env bash
# Runs the demo network, shows its verdicts, and asks the history one question.
set -euo pipefail
seedbed=.build/release/seedbed

code=0
"$seedbed" run topologies/gossip.yaml || code=$?
question="SELECT dead, round(death_s, 1) AS died_at, count(DISTINCT reporter) AS reporters,
  count(DISTINCT seed) AS seeds_told, round(min(delay), 3) AS first_report_after
FROM dead_node_reports GROUP BY dead, death_s ORDER BY death_s"
echo
echo "$ seedbed query --run last \"$question\""
"$seedbed" query --run last "$question"
exit "$code"
