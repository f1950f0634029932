-- measure: text-to-last-arrival
-- says: from a text's sending to its last arrival

SELECT max(delay) FROM gossip_deliveries WHERE delay IS NOT NULL GROUP BY message;
