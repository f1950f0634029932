-- measure: unlinked-to-linked
-- says: from a lost link to the peer's next

WITH known AS MATERIALIZED (SELECT node, opened_t, closed_t, reason FROM links)
SELECT (min(n.opened_t) - l.closed_t) / 1e6
FROM known l JOIN runs r JOIN known n ON n.node = l.node AND n.opened_t >= l.closed_t
WHERE l.reason IN ('ended', 'reset', 'silent') AND l.closed_t < r.stopping_t
GROUP BY l.node, l.opened_t, l.closed_t;
