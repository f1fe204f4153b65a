CREATE EXTENSION citext;
CREATE SCHEMA app;
CREATE SCHEMA empty;
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TYPE app.state AS ENUM ('open', 'closed');
CREATE TYPE unused AS ENUM ('a', 'b');
CREATE TYPE address AS (street text, zip varchar(10));
CREATE DOMAIN amount AS numeric(10,2) CHECK (VALUE >= 0);
CREATE SEQUENCE counter;
CREATE TABLE users (
    id serial PRIMARY KEY,
    email varchar(255) NOT NULL,
    name text,
    age integer DEFAULT 18,
    mood mood NOT NULL DEFAULT 'ok',
    moods mood[],
    balance amount DEFAULT 0,
    active boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now(),
    "lastSeen" timestamp(3),
    bio text,
    CONSTRAINT users_age_positive CHECK (age > 0)
);
CREATE UNIQUE INDEX users_email_key ON users (email);
CREATE INDEX users_name_idx ON users (name);
CREATE INDEX users_lower_idx ON users (lower(name));
CREATE INDEX users_active_idx ON users (created_at DESC) INCLUDE (email) WHERE active;
COMMENT ON TABLE users IS 'people';
COMMENT ON COLUMN users.email IS 'where to write';
CREATE TABLE posts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    author_id integer NOT NULL,
    editor_id integer,
    title varchar(100) NOT NULL,
    slug text,
    body text NOT NULL DEFAULT '',
    price numeric(8,2),
    quantity integer,
    total numeric GENERATED ALWAYS AS (price * quantity) STORED,
    tags text[] DEFAULT '{}',
    meta jsonb DEFAULT '{}',
    state app.state DEFAULT 'open',
    home address,
    CONSTRAINT posts_author_id_fkey FOREIGN KEY (author_id) REFERENCES users (id) ON DELETE CASCADE ON UPDATE CASCADE,
    CONSTRAINT posts_editor_id_fkey FOREIGN KEY (editor_id) REFERENCES users (id) ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT posts_slug_key UNIQUE (slug),
    CONSTRAINT posts_dates CHECK (char_length(title) > 0 AND quantity >= 0)
);
CREATE TABLE app.items (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    code citext NOT NULL,
    number integer NOT NULL DEFAULT nextval('counter'),
    during tsrange,
    CONSTRAINT items_code_number_key UNIQUE (code, number),
    CONSTRAINT items_during_excl EXCLUDE USING gist (during WITH &&)
);
CREATE TABLE app.item_parts (
    item_code citext NOT NULL,
    item_number integer NOT NULL,
    position integer NOT NULL,
    CONSTRAINT item_parts_pkey PRIMARY KEY (item_code, item_number, position),
    FOREIGN KEY (item_code, item_number) REFERENCES app.items (code, number) ON UPDATE CASCADE
);
CREATE TABLE events (
    id bigint NOT NULL,
    happened date NOT NULL,
    kind text,
    PRIMARY KEY (id, happened)
) PARTITION BY RANGE (happened);
CREATE TABLE events_2023 PARTITION OF events FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
CREATE TABLE events_2024 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE places (id integer PRIMARY KEY, label text NOT NULL, note text);
CREATE TABLE cities (population integer, CHECK (population >= 0)) INHERITS (places);
CREATE TABLE lonely (a integer, b text, c text);
CREATE VIEW active_users AS SELECT id, email, age FROM users WHERE active;
CREATE VIEW old_users AS SELECT id FROM active_users WHERE age > 60;
CREATE MATERIALIZED VIEW post_counts AS SELECT author_id, count(*) AS posts FROM posts GROUP BY author_id;
CREATE UNIQUE INDEX post_counts_author_idx ON post_counts (author_id);
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER users_touch BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION touch();
CREATE FUNCTION double_of(x integer) RETURNS integer LANGUAGE sql IMMUTABLE AS $$ SELECT x * 2 $$;
