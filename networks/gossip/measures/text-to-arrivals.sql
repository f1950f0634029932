-- measure: text-to-arrivals
-- says: from a text's sending to each arrival

SELECT delay FROM gossip_deliveries WHERE delay IS NOT NULL;
