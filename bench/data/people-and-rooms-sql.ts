import { commonWords } from './known-texts'
import type { Sizes } from './sizes'
import type { Step } from './step'

/** The last tenth of the rooms is direct, the first three tenths are public. Room 0 is the big one. */
const firstDirect = ({ rooms }: Sizes) => Math.floor(rooms * 0.9)
const lastPublic = ({ rooms }: Sizes) => Math.floor(rooms * 0.3)
/** Owners, direct rooms and everybody else who fills rooms are of the people from here on. */
const firstOther = ({ regulars }: Sizes) => regulars + 2

/**
 * Tables in a schema of their own from which the data is made. All choices are hashes of numbers, so that the same sizes
 * always give the same data, whatever the plan.
 */
export function scratchSteps(sizes: Sizes): Step[] {
  const { people, rooms, regulars, roomsOfRegular, roomsOfCollector, membersOfBigRoom, memberships } = sizes
  const others = people - firstOther(sizes) + 1
  const candidates = rooms > 2_000 ? 200 : 2_000
  return [
    {
      name: 'words',
      weight: 2,
      sql: `
        DROP SCHEMA IF EXISTS made CASCADE;
        CREATE SCHEMA made;
        -- A number from 0 up to 1 for a number and what it is for.
        CREATE FUNCTION made.part(n bigint, salt bigint) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE
          AS $$ SELECT (hashint8extended(n, salt) & 4294967295) / 4294967296.0::float8 $$;
        CREATE FUNCTION made.whole(n bigint, salt bigint, below bigint) RETURNS int LANGUAGE sql IMMUTABLE PARALLEL SAFE
          AS $$ SELECT floor((hashint8extended(n, salt) & 4294967295) / 4294967296.0::float8 * below)::int $$;
        CREATE FUNCTION made.id(name text) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE
          AS $$ SELECT overlay(overlay(md5(name) PLACING '4' FROM 13) PLACING 'a' FROM 17)::uuid $$;
        CREATE UNLOGGED TABLE made.words AS
        WITH syllables AS (SELECT string_to_array('ba,ne,lo,ri,ta,mu,ke,sa,do,vi,pe,lan,ter,mor,sin,gra,sto,ple,chi,zu', ',') AS all)
        SELECT rank::int, CASE WHEN rank <= ${commonWords.length}
            THEN (string_to_array('${commonWords.join()}', ','))[rank]
            ELSE s.all[1 + rank % 20] || s.all[1 + rank / 20 % 20] || s.all[1 + rank / 400 % 20] || coalesce(s.all[nullif(rank / 8000, 0)], '')
          END AS word
        FROM generate_series(1, 24000) rank, syllables s;
        CREATE UNIQUE INDEX ON made.words (rank);
        -- Zipf's law: the frequency of a word is in inverse proportion to its rank.
        CREATE UNLOGGED TABLE made.phrases AS
        SELECT n::int AS number, string_agg(w.word, ' ' ORDER BY place) AS text
        FROM generate_series(0, 49999) n
        CROSS JOIN LATERAL generate_series(1, 4 + made.whole(n, 1, 5)) place
        JOIN made.words w ON w.rank = floor(exp(made.part(n * 16 + place, 2) * ln(24000.0)))::int
        GROUP BY n;
        CREATE UNIQUE INDEX ON made.phrases (number);
        ANALYZE made.words, made.phrases`,
    },
    {
      name: 'people',
      weight: 1,
      sql: `
        CREATE UNLOGGED TABLE made.people AS
        SELECT n::int, made.id('person' || n) AS id, a.word || '.' || b.word || n AS username, initcap(a.word) || ' ' || initcap(b.word) AS display_name
        FROM generate_series(1, ${people}) n
        JOIN made.words a ON a.rank = 1000 + made.whole(n, 3, 400) JOIN made.words b ON b.rank = 2000 + made.whole(n, 4, 6000);
        CREATE UNIQUE INDEX ON made.people (n);
        INSERT INTO users (id, username, display_name, status, created_at, last_seen_at)
        SELECT id, username, display_name, CASE WHEN n % 10 = 0 THEN 'out for lunch' ELSE '' END,
          now() - interval '10 years', now() - made.part(n, 5) * interval '30 days'
        FROM made.people`,
    },
    {
      name: 'rooms',
      weight: 2,
      sql: `
        CREATE UNLOGGED TABLE made.rooms AS
        SELECT n::int, CASE WHEN n = 0 OR n > ${firstDirect(sizes)} THEN NULL ELSE n % 200 = 199 END IS TRUE AS archived,
          CASE WHEN n = 0 OR n <= ${lastPublic(sizes)} THEN 'public' WHEN n <= ${firstDirect(sizes)} THEN 'private' ELSE 'direct' END AS kind,
          CASE WHEN n = 0 THEN 'The big room' ELSE initcap(a.word) || ' ' || b.word || ' ' || n END AS name,
          CASE WHEN n % 3 = 0 THEN p.text ELSE '' END AS topic,
          CASE WHEN n = 0 THEN 'the-big-room' WHEN n <= ${lastPublic(sizes)} THEN a.word || '-' || b.word || '-' || n
            ELSE made.id('room' || n)::text END AS id,
          CASE WHEN n <= ${firstDirect(sizes)} THEN ${firstOther(sizes)} + made.whole(n, 6, ${others})
            ELSE ${firstOther(sizes)} + (n % ${others})::int END AS owner,
          -- The other person of a direct room; no two rooms have the same pair.
          CASE WHEN n > ${firstDirect(sizes)} THEN ${firstOther(sizes)} + ((n % ${others} + 1 + (n - ${firstDirect(sizes)}) / ${others}) % ${others})::int END AS other
        FROM generate_series(0, ${rooms - 1}) n
        JOIN made.words a ON a.rank = 1000 + made.whole(n, 7, 5000) JOIN made.words b ON b.rank = 1 + made.whole(n, 8, 5000)
        JOIN made.phrases p ON p.number = made.whole(n, 9, 50000);
        CREATE UNIQUE INDEX ON made.rooms (n);
        ANALYZE made.people, made.rooms`,
    },
    {
      name: 'who is in which room',
      weight: 8,
      sql: `
        CREATE UNLOGGED TABLE made.members AS
        WITH open AS (SELECT n FROM made.rooms WHERE n BETWEEN 1 AND ${firstDirect(sizes)} AND NOT archived),
        regular AS (
          SELECT person, room, row_number() OVER (PARTITION BY person ORDER BY room % 7, made.part(person * 1000000 + room, 10)) AS place FROM (
            SELECT DISTINCT person, 1 + floor(${firstDirect(sizes)} * made.part(person * 10000 + try, 11) ^ 2)::int AS room
            FROM generate_series(1, ${regulars}) person, generate_series(1, ${candidates}) try
          ) tried JOIN open ON open.n = room
        ),
        collected AS (
          SELECT n AS room FROM open WHERE n % greatest(1, ${Math.floor(firstDirect(sizes) / (roomsOfCollector * 1.05))}) = 0
          ORDER BY n LIMIT ${roomsOfCollector - 1}
        ),
        chosen AS (
          SELECT 0 AS room, person, CASE WHEN person = ${firstOther(sizes)} THEN 'owner' ELSE 'member' END AS role FROM generate_series(1, ${membersOfBigRoom}) person
          UNION ALL SELECT room, person, 'member' FROM regular WHERE place < ${roomsOfRegular}
          UNION ALL SELECT room, ${regulars + 1}, 'member' FROM collected
          UNION ALL SELECT n, owner, CASE kind WHEN 'direct' THEN 'member' ELSE 'owner' END FROM made.rooms WHERE n > 0
          UNION ALL SELECT n, other, 'member' FROM made.rooms WHERE other IS NOT NULL
        ),
        filling AS (
          SELECT 1 + floor(${firstDirect(sizes)} * made.part(n, 12) ^ 2)::int AS room, ${firstOther(sizes)} + made.whole(n, 13, ${others}) AS person, 'member' AS role
          FROM generate_series(1, greatest(0, ${memberships} - (SELECT count(*) FROM chosen))) n
        )
        SELECT room, person, CASE WHEN bool_or(role = 'owner') THEN 'owner' ELSE 'member' END AS role,
          row_number() OVER (PARTITION BY room ORDER BY made.part(person, room))::int AS place
        FROM (SELECT * FROM chosen UNION ALL SELECT * FROM filling) all_members GROUP BY room, person;
        CREATE UNLOGGED TABLE made.crowds AS SELECT room, count(*)::int AS of FROM made.members GROUP BY room;
        ANALYZE made.members, made.crowds`,
    },
  ]
}
