-- view: chunks
-- summary: A chunk that an owner gave to a client, good or not.
-- column: run: the run
-- column: node: the client
-- column: chunk: its order number in the file, from 0
-- column: owner: who gave it; NULL: no node of this run
-- column: peer: the owner's address
-- column: t: when it was on the client's disk, or was refused
-- column: s
-- column: bytes: how many; NULL of a refused one
-- column: took: seconds from asking to having it; NULL of a refused one
-- column: refused: why, in the words of `chunk.rejected`; NULL: it was good

SELECT e.run, e.node, e.data ->> 'chunk' AS chunk, o.node AS owner, e.peer,
  e.t, (e.t - r.began_t) / 1e6 AS s, e.data ->> 'bytes' AS bytes,
  (e.data ->> 'took') / 1e6 AS took, e.data ->> 'reason' AS refused
FROM events e JOIN runs r ON r.run = e.run
  LEFT JOIN nodes o ON o.run = e.run AND o.address = e.peer
WHERE e.kind IN ('chunk.received', 'chunk.rejected');
