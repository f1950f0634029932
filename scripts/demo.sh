#!/usr/bin/env bash
# Runs the demo network, shows its verdicts, and asks the history one question.
set -euo pipefail
seedbed=.build/release/seedbed

code=0
"$seedbed" run topologies/gossip.yaml || code=$?
question="SELECT node, cause, round(s, 1) AS died_at, count(DISTINCT reporter) AS reporters,
       round(min(delay), 3) AS first_report_after
FROM deaths JOIN dead_node_reports USING (node) GROUP BY node, s ORDER BY s"
echo
echo "seedbed query \"$question\""
echo
"$seedbed" query "$question"
exit "$code"
