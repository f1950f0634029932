-- check: rumours-reach-everyone
-- promise: Who is there hears every rumour within two seconds.
-- networks: rumour
-- severity: error
-- witnesses: 50
-- too-few: hardly anybody started a rumour while others were there
-- asked-if: (SELECT count(*) FROM planned_nodes) > 1
-- not-asked: there is nobody to tell

SELECT hearer, rumour, teller, started_s, heard_s,
  (SELECT 'the host was overloaded' FROM overloads o
    WHERE o.from_t < started_t + 2000000 AND o.to_t > started_t LIMIT 1) AS excuse
FROM rumour_hearings
WHERE NOT coalesce(heard_t < started_t + 2000000, 0);

SELECT count(*) FROM rumour_hearings;
