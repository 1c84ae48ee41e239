-- The members whom a message mentions, and "@room". Each of `names` is one mention: what it may mean, the longest first, with
-- spaces between. The first that is a member is meant: "@ada-san" is "ada-san" where there is one, and "ada" elsewhere.
CREATE OR REPLACE FUNCTION mentions_in(room text, names text[]) RETURNS text[] LANGUAGE sql STABLE AS $$
  SELECT coalesce(array_agg(m.name ORDER BY m.name = '@room', m.name), '{}')
  FROM (
    SELECT DISTINCT meant.name
    FROM unnest(names) AS n(readings)
    CROSS JOIN LATERAL (
      SELECT r.name FROM unnest(string_to_array(n.readings, ' ')) WITH ORDINALITY AS r(name, nth)
      WHERE r.name = '@room' OR EXISTS (
        SELECT FROM users u JOIN memberships s ON s.user_id = u.id AND s.room_id = room WHERE u.username = r.name
      )
      ORDER BY r.nth LIMIT 1
    ) AS meant
  ) AS m
$$;
