-- Statements that end otherwise in the replay, and why: what partitions and inherited constraints do to their children,
-- bodies of functions and their absence, attributes of composite types and domains, the columns of a view, types of
-- expressions, roles and extensions of the server, rows (TRUNCATE), and what newer versions do otherwise. One that
-- agrees at last is moved to the other files: the test says so.

ALTER TABLE places ADD COLUMN population text;

ALTER TABLE ONLY places ADD COLUMN extra text;

ALTER TABLE app.items DROP COLUMN during;

ALTER TABLE events DROP COLUMN happened;

ALTER TABLE active_users RENAME COLUMN missing TO mail;

ALTER TABLE events ALTER COLUMN kind SET NOT NULL; ALTER TABLE events_2023 ALTER COLUMN kind DROP NOT NULL;

ALTER TABLE posts ALTER COLUMN price DROP EXPRESSION;

ALTER TABLE posts ALTER COLUMN price DROP IDENTITY;

ALTER TABLE events ALTER COLUMN happened TYPE timestamp;

ALTER TABLE app.items ALTER COLUMN during TYPE text;

ALTER TABLE lonely ADD CHECK (a);

ALTER TABLE places ADD CONSTRAINT id_positive CHECK (id > 0);

ALTER TABLE ONLY places ADD CONSTRAINT id_positive CHECK (id > 0);

ALTER TABLE places ADD CONSTRAINT cities_population_check CHECK (id > 0);

ALTER TABLE events ADD CONSTRAINT id_positive CHECK (id > 0);

ALTER TABLE events ADD UNIQUE (kind);

ALTER TABLE events ADD UNIQUE (kind, happened);

ALTER TABLE events ADD FOREIGN KEY (id) REFERENCES posts (id);

ALTER TABLE lonely ADD FOREIGN KEY (a, b) REFERENCES app.items (number, code);

ALTER TABLE lonely ADD EXCLUDE USING gist (c WITH =);

ALTER TABLE events DROP CONSTRAINT events_pkey;

ALTER TABLE events_2023 DROP CONSTRAINT events_2023_pkey;

CREATE INDEX fresh ON post_counts (missing);

CREATE INDEX fresh ON posts USING missing (title);

CREATE INDEX app.fresh ON app.items (code);

CREATE INDEX fresh ON events (kind);

CREATE UNIQUE INDEX fresh ON events (kind);

CREATE UNIQUE INDEX fresh ON events (kind, happened);

ALTER INDEX missing SET (fillfactor = 50);

CREATE TYPE fresh;

CREATE TYPE fresh AS ENUM ('a'); ALTER TYPE fresh ADD VALUE 'b'; CREATE TABLE t (x fresh DEFAULT 'b');

ALTER TYPE mood RENAME TO mood;

ALTER TYPE address ADD ATTRIBUTE street text;

ALTER TYPE address DROP ATTRIBUTE missing;

ALTER TYPE address ALTER ATTRIBUTE zip TYPE text;

ALTER DOMAIN amount DROP CONSTRAINT missing;

ALTER DOMAIN missing SET NOT NULL;

ALTER DOMAIN mood SET NOT NULL;

CREATE TEMP SEQUENCE fresh;

ALTER SEQUENCE counter OWNED BY lonely.a; DROP TABLE lonely;

CREATE OR REPLACE VIEW active_users AS SELECT id FROM users;

CREATE SCHEMA fresh CREATE TABLE t (a integer) CREATE VIEW v AS SELECT a FROM t;

CREATE SCHEMA AUTHORIZATION CURRENT_USER;

DROP SCHEMA public CASCADE;

DROP SCHEMA public CASCADE; CREATE SCHEMA public; CREATE TABLE users (id integer);

CREATE EXTENSION missing_extension;

CREATE EXTENSION hstore SCHEMA nowhere;

DROP FUNCTION missing;

DROP FUNCTION touch();

CREATE TRIGGER t AFTER INSERT ON lonely FOR EACH ROW EXECUTE FUNCTION missing();

CREATE EVENT TRIGGER e ON ddl_command_start EXECUTE FUNCTION missing();

DO $$
BEGIN
    RAISE EXCEPTION 'no';
END
$$;

CREATE TABLE fresh (a integer NULL, b integer NOT NULL NULL);

CREATE TABLE fresh (LIKE posts INCLUDING ALL EXCLUDING INDEXES, extra text);

CREATE TABLE fresh (LIKE posts INCLUDING IDENTITY INCLUDING GENERATED);

CREATE TABLE fresh (LIKE active_users);

CREATE TABLE fresh (label integer) INHERITS (places);

CREATE TABLE fresh (a integer, b integer PRIMARY KEY) PARTITION BY LIST (a);

CREATE TABLE fresh (a integer) PARTITION BY RANGE (missing);

CREATE TABLE events_2025 PARTITION OF events (CONSTRAINT kind_there CHECK (kind <> '')) FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');

CREATE TABLE fresh PARTITION OF users FOR VALUES FROM (1) TO (2);

CREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01') PARTITION BY LIST (kind);

ALTER TABLE events DETACH PARTITION users;

CREATE TABLE events_2025 (id bigint NOT NULL, happened date NOT NULL, kind text); ALTER TABLE events ATTACH PARTITION events_2025 FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');

ALTER TABLE events ATTACH PARTITION lonely FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');

CREATE TABLE fresh (a integer DEFAULT b, b integer);

CREATE TABLE fresh (during tsrange, EXCLUDE USING gist (during WITH &&));

CREATE TABLE fresh (during integer, EXCLUDE USING gist (missing WITH &&));

DROP TABLE places, cities;

TRUNCATE users;

CREATE TABLE fresh (a integer, b integer GENERATED ALWAYS AS (c * 2) STORED);

SELECT users.email FROM users u;

SELECT id FROM post_counts;

SELECT id FROM (SELECT id AS number FROM users) AS x;

SELECT x.missing FROM (SELECT id FROM users) AS x;

UPDATE users AS u SET name = 'x' WHERE users.id = 1;

SELECT p.id FROM posts p CROSS JOIN LATERAL (SELECT missing FROM users WHERE id = p.author_id) AS t;
