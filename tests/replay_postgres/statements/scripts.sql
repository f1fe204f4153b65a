SET search_path TO app; CREATE TABLE fresh (id integer); ALTER TABLE items ADD COLUMN extra text;
SET search_path TO app, public; ALTER TABLE users ADD COLUMN extra text; CREATE TYPE fresh AS ENUM ('a');
SET search_path = "app"; ALTER TABLE users ADD COLUMN extra text;
SET LOCAL search_path TO app; CREATE TABLE fresh (id integer);
SET search_path TO nowhere; CREATE TABLE fresh (id integer);
SET search_path TO nowhere, app; CREATE TABLE fresh (id integer);
SET search_path TO app; RESET search_path; CREATE TABLE fresh (id integer);
SET search_path TO app; SET search_path TO DEFAULT; CREATE TABLE fresh (id integer);
SELECT set_config('search_path', 'app', false); CREATE TABLE fresh (id integer);
SELECT pg_catalog.set_config('search_path', '', false); CREATE TABLE public.fresh (id integer);
SELECT pg_catalog.set_config('search_path', '', false); CREATE TABLE fresh (id integer);
CREATE TABLE app.users (x integer); SET search_path TO app, public; ALTER TABLE users ADD COLUMN extra text; DROP TABLE users;
BEGIN; CREATE TABLE fresh (id integer); COMMIT;
BEGIN; CREATE TABLE fresh (id integer); ROLLBACK;
BEGIN; CREATE TABLE fresh (id integer); ROLLBACK; CREATE TABLE fresh2 (id integer);
CREATE TABLE fresh (id integer); ROLLBACK;
CREATE TABLE fresh (id integer); COMMIT; CREATE TABLE fresh (id integer);
BEGIN; CREATE TABLE fresh (id integer); SAVEPOINT a; DROP TABLE fresh; ROLLBACK TO a; COMMIT;
BEGIN; SAVEPOINT a; CREATE TABLE fresh (id integer); ROLLBACK TO SAVEPOINT a; CREATE TABLE fresh2 (id integer); RELEASE a; COMMIT;
BEGIN; SAVEPOINT a; CREATE TABLE one (id integer); SAVEPOINT b; CREATE TABLE two (id integer); ROLLBACK TO a; COMMIT;
BEGIN; ALTER TYPE mood ADD VALUE 'fine'; COMMIT; ALTER TABLE users ALTER COLUMN mood SET DEFAULT 'fine';
COMMIT; CREATE INDEX CONCURRENTLY fresh ON users (bio);
START TRANSACTION ISOLATION LEVEL SERIALIZABLE; CREATE TABLE fresh (id integer); END;
BEGIN WORK; CREATE TABLE fresh (id integer); COMMIT WORK; BEGIN; DROP TABLE fresh; ABORT;
SET CONSTRAINTS ALL DEFERRED; LOCK TABLE users; NOTIFY x; LISTEN y; ANALYZE users; VACUUM;
LOCK TABLE nothing;
ANALYZE nothing;
EXPLAIN SELECT 1; SHOW search_path; PREPARE p AS SELECT 1; EXECUTE p; DEALLOCATE p;
/* a comment; with a semicolon */ CREATE TABLE /* inside */ fresh (id integer /* here */); /* nested /* twice */ */
CREATE TABLE fresh (a text DEFAULT 'it''s; here', b text DEFAULT E'a\'b;', c text DEFAULT $x$;$x$, d text DEFAULT U&'\0041');
CREATE TABLE fresh (a text DEFAULT 'x' 'y');

DO $$ BEGIN CREATE TABLE fresh (id integer); END $$;

DO $$
BEGIN
    CREATE TYPE mood AS ENUM ('x');
EXCEPTION
    WHEN duplicate_object THEN NULL;
END
$$;

DO $$
BEGIN
    CREATE TYPE fresh AS ENUM ('x');
    CREATE TYPE mood AS ENUM ('x');
EXCEPTION
    WHEN duplicate_object THEN NULL;
END
$$;

DO $$
BEGIN
    CREATE TYPE mood AS ENUM ('x');
    CREATE TYPE fresh AS ENUM ('x');
EXCEPTION
    WHEN duplicate_object THEN NULL;
END
$$;

DO $$
BEGIN
    ALTER TABLE nothing ADD COLUMN x integer;
EXCEPTION
    WHEN duplicate_column THEN NULL;
END
$$;

DO $$
BEGIN
    ALTER TABLE users ADD COLUMN name text;
EXCEPTION
    WHEN duplicate_column THEN RAISE NOTICE 'there';
END
$$;

DO $$
BEGIN
    ALTER TABLE users ADD COLUMN name text;
EXCEPTION
    WHEN others THEN RAISE;
END
$$;

DO $$
BEGIN
    DROP TABLE nothing;
EXCEPTION
    WHEN undefined_table THEN
        CREATE TABLE fresh (id integer);
END
$$;

DO $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_type WHERE typname = 'mood') THEN
        CREATE TYPE mood AS ENUM ('x');
    END IF;
    IF NOT EXISTS (SELECT 1 FROM pg_type WHERE typname = 'fresh') THEN
        CREATE TYPE fresh AS ENUM ('x');
    END IF;
END
$$;

DO $$
BEGIN
    IF EXISTS (SELECT 1 FROM information_schema.columns WHERE table_name = 'users' AND column_name = 'bio') THEN
        ALTER TABLE users DROP COLUMN bio;
    ELSE
        ALTER TABLE users ADD COLUMN biography text;
    END IF;
END
$$;

DO $$
BEGIN
    IF EXISTS (SELECT 1 FROM information_schema.columns WHERE table_schema = 'app' AND table_name = 'users' AND column_name = 'bio') THEN
        ALTER TABLE users DROP COLUMN bio;
    ELSIF to_regclass('public.users') IS NOT NULL THEN
        ALTER TABLE users ADD COLUMN biography text;
    END IF;
END
$$;

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_constraint WHERE conname = 'posts_author_id_fkey') THEN
        ALTER TABLE posts DROP CONSTRAINT posts_author_id_fkey;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_indexes WHERE indexname = 'users_bio_idx') THEN
        CREATE INDEX users_bio_idx ON users (bio);
    END IF;
END
$$;

DO $$
DECLARE
    name text := 'fresh';
BEGIN
    EXECUTE format('CREATE TABLE %I (id integer)', name);
    EXECUTE 'ALTER TABLE ' || quote_ident(name) || ' ADD COLUMN x text';
END
$$;

DO $$
DECLARE
    one text;
BEGIN
    FOREACH one IN ARRAY ARRAY['users', 'posts', 'lonely'] LOOP
        EXECUTE format('ALTER TABLE %I ADD COLUMN tenant_id integer', one);
    END LOOP;
END
$$;

DO $$
DECLARE
    r record;
BEGIN
    FOR r IN SELECT tablename FROM pg_tables WHERE schemaname = 'app' LOOP
        EXECUTE format('ALTER TABLE app.%I ADD COLUMN tenant_id integer', r.tablename);
    END LOOP;
END
$$;

DO $$
BEGIN
    FOR i IN 1..3 LOOP
        EXECUTE 'CREATE TABLE part_' || i || ' (id integer)';
    END LOOP;
END
$$;

DO $$
BEGIN
    RAISE EXCEPTION 'no';
END
$$;

DO $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM users) THEN
        ALTER TABLE users DROP COLUMN bio;
    END IF;
END
$$;

DO $$
BEGIN
    PERFORM 1 FROM pg_class WHERE relname = 'users';
    IF FOUND THEN
        DROP TABLE lonely;
    END IF;
END
$$;

DO $$
DECLARE
    n integer;
BEGIN
    SELECT count(*) INTO n FROM pg_class WHERE relname = 'missing';
    IF n = 0 THEN
        CREATE TABLE missing (id integer);
    END IF;
END
$$;

DO $$
BEGIN
    BEGIN
        CREATE TABLE users (id integer);
    EXCEPTION WHEN duplicate_table THEN
        NULL;
    END;
    CREATE TABLE fresh (id integer);
END
$$;

DO $outer$
BEGIN
    EXECUTE $inner$ CREATE TABLE fresh (a text DEFAULT 'x') $inner$;
END
$outer$;

DO LANGUAGE plpgsql 'BEGIN CREATE TABLE fresh (a text DEFAULT ''x''); END';

DO $$
BEGIN
    IF current_setting('server_version_num')::int >= 110000 THEN
        CREATE TABLE fresh (id integer);
    END IF;
END
$$;

CREATE FUNCTION make() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    CREATE TABLE fresh (id integer);
END
$$;
SELECT make()

CREATE FUNCTION make(name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TABLE %I (id integer)', name);
END
$$;
SELECT make('one'), make('two');
DROP FUNCTION make

CREATE PROCEDURE make() LANGUAGE sql AS $$ CREATE TABLE fresh (id integer); ALTER TABLE users ADD COLUMN x text; $$;
CALL make();
DROP PROCEDURE make()

CREATE FUNCTION make() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    CREATE TABLE fresh (id integer);
END
$$;
DO $do$ BEGIN PERFORM make(); END $do$;

CREATE OR REPLACE FUNCTION audit() RETURNS trigger AS $body$
DECLARE
    row record;
BEGIN
    IF (TG_OP = 'DELETE') THEN
        INSERT INTO lonely (b) VALUES (OLD.name);
        RETURN OLD;
    END IF;
    EXECUTE 'CREATE TABLE x (id integer)';
    RETURN NEW;
END;
$body$ LANGUAGE plpgsql SECURITY DEFINER;
CREATE TRIGGER audit AFTER INSERT OR DELETE ON users FOR EACH ROW EXECUTE PROCEDURE audit();
ALTER TABLE lonely ADD COLUMN d text;

CREATE FUNCTION atomic(a integer) RETURNS integer LANGUAGE sql
BEGIN ATOMIC
    SELECT a + 1;
    SELECT a + 2;
END;
CREATE TABLE fresh (id integer);

CREATE TABLE "redefined" (id integer PRIMARY KEY, a text);
INSERT INTO "redefined" SELECT a, b FROM lonely;
DROP TABLE lonely;
ALTER TABLE "redefined" RENAME TO lonely;
ALTER INDEX redefined_pkey RENAME TO lonely_pkey

CREATE TABLE one (id integer PRIMARY KEY);
CREATE TABLE two (id integer PRIMARY KEY, one_id integer REFERENCES one);
ALTER TABLE one ADD COLUMN two_id integer REFERENCES two;
DROP TABLE one, two
