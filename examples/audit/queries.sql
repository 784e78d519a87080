-- 1. What the field notices ask for: public certificates with clientAuth, and where they are.
SELECT due, subject, issuer, list(DISTINCT filename) AS machines, any_value(source[1].text) AS place
FROM audit
WHERE record = 'certificate' AND kind = 'leaf' AND hierarchy = 'public' AND list_contains(eku, 'clientAuth')
GROUP BY ALL ORDER BY due, subject;

-- 2. What breaks, by month and by the milestone that causes it.
SELECT date_trunc('month', due) AS month, because[1].milestone AS cause, count(DISTINCT sha256) AS certificates
FROM audit
WHERE verdict IN ('breaks_at_renewal', 'breaks_on')
GROUP BY ALL ORDER BY month, certificates DESC;

-- 3. How much of each CA's there is, and how much of that needs something done.
SELECT issuer, count(DISTINCT sha256) AS certificates,
       count(DISTINCT sha256) FILTER (WHERE verdict NOT IN ('unaffected', 'unknown')) AS to_do
FROM audit
WHERE kind = 'leaf'
GROUP BY ALL ORDER BY to_do DESC, certificates DESC;

-- 4. Certificates that more than one place has: whoever renews one renews them all.
SELECT sha256, any_value(subject) AS subject, sum(len(source)) AS places, count(DISTINCT filename) AS machines
FROM audit
WHERE record = 'certificate'
GROUP BY sha256 HAVING sum(len(source)) > 1 ORDER BY machines DESC, places DESC LIMIT 100;

-- 5. How complete it is: by machine, what was read, what was not, and how old the timeline was.
SELECT filename, as_of, timeline_read_on, count(*) FILTER (WHERE record = 'certificate') AS certificates,
       count(*) FILTER (WHERE record = 'unreadable') AS unreadable
FROM audit
GROUP BY ALL ORDER BY unreadable DESC, filename;
