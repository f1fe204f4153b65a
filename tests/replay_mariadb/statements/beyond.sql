-- Statements that end otherwise in the replay, and why: MySQL and MariaDB differ (a key on a text without a length, SET
-- DEFAULT, the growth of a text in a foreign key, versions in comments), counters that are added without a key, rows
-- (TRUNCATE), locks, and lengths of parts that follow the type.

CREATE TABLE fresh (a TEXT, KEY (a));

CREATE TABLE fresh (a VARCHAR(5000), KEY (a));

CREATE TABLE fresh (a JSON, KEY (a));

CREATE TABLE fresh (a POINT NOT NULL, SPATIAL INDEX (a));

CREATE TABLE fresh (a INT, b INT AS (missing * 2));

CREATE TABLE fresh (a INT,);

ALTER TABLE lonely ADD COLUMN id INT AUTO_INCREMENT;

ALTER TABLE users ADD COLUMN other INT AUTO_INCREMENT UNIQUE;

ALTER TABLE users MODIFY COLUMN name TEXT;

ALTER TABLE posts MODIFY title VARCHAR(10) NOT NULL;

ALTER TABLE tags MODIFY name VARCHAR(60) NOT NULL;

ALTER TABLE lonely ADD INDEX (c);

ALTER TABLE lonely ADD FOREIGN KEY (a) REFERENCES users (id) ON DELETE SET DEFAULT;

ALTER TABLE users ADD COLUMN x INT, ALGORITHM = INPLACE, LOCK = NONE;

CREATE INDEX fresh ON lonely (c);

TRUNCATE users;

/*!40101 SET NAMES utf8 */; /*!40000 ALTER TABLE users ADD COLUMN x INT */; /*!99999 ALTER TABLE users ADD COLUMN y INT */;
