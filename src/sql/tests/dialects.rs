//! MySQL and MariaDB, SQLite, SQL Server.

use super::*;

#[test]
fn mysql_tables() {
    insta::assert_snapshot!(shapes(
        r#"CREATE TABLE `User` (
            `id` INTEGER UNSIGNED NOT NULL AUTO_INCREMENT, `name` VARCHAR(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
            `role` ENUM('ADMIN', 'it''s') NOT NULL DEFAULT 'ADMIN', s SET('a','b'), `ok` BOOLEAN NOT NULL DEFAULT true, b BIT(1) DEFAULT b'0',
            `at` DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3), `j` JSON DEFAULT (JSON_ARRAY()),
            `d` DECIMAL(10, 2) UNSIGNED ZEROFILL COMMENT 'it''s "x"', g INT AS (id * 2) VIRTUAL, h INT GENERATED ALWAYS AS (id) STORED,
            t TIMESTAMP NULL DEFAULT NULL, x DOUBLE PRECISION, y TINYINT(1), z SERIAL,
            UNIQUE INDEX `User_name_key`(`name`), INDEX `i`(`name`(10) DESC, `role`), KEY (x), FULLTEXT INDEX `f`(`name`), SPATIAL KEY sp (y),
            KEY `fx` ((lower(`name`))) USING BTREE COMMENT 'c' VISIBLE,
            CONSTRAINT `fk` FOREIGN KEY (`x`) REFERENCES `Other`(`id`) ON DELETE SET NULL ON UPDATE CASCADE, CHECK (`x` > 0),
            PRIMARY KEY (`id`)
        ) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci COMMENT='users' ENGINE=InnoDB;
        CREATE TABLE a LIKE b; CREATE TABLE IF NOT EXISTS c (LIKE d); CREATE TABLE e SELECT * FROM f;
        CREATE OR REPLACE TABLE g (x INT); CREATE TEMPORARY TABLE h (x INT);"#,
        Dialect::MySql
    ));
}

#[test]
fn mysql_changes() {
    insta::assert_snapshot!(shapes(
        r"ALTER TABLE `a` ADD COLUMN `b` VARCHAR(191) NULL AFTER `c`, ADD `d` INT FIRST, MODIFY `e` TEXT NOT NULL, CHANGE COLUMN `f` `g` INT,
            DROP `h`, DROP COLUMN `i`, DROP PRIMARY KEY, DROP FOREIGN KEY `k`, DROP INDEX `l`, DROP KEY m, DROP CHECK n, DROP CONSTRAINT o,
            RENAME INDEX `p` TO `q`, RENAME COLUMN r TO s, ALTER COLUMN t SET DEFAULT 5, ALTER u DROP DEFAULT, ADD INDEX v(w), ADD UNIQUE KEY x (y),
            ADD PRIMARY KEY (`id`), ADD CONSTRAINT z FOREIGN KEY (a) REFERENCES b(c), ADD FULLTEXT INDEX ft (x), ADD (n1 INT, n2 INT),
            ENGINE=InnoDB, CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, COMMENT = 'x', AUTO_INCREMENT = 5, ALGORITHM=INPLACE, LOCK=NONE;
        ALTER TABLE a RENAME TO b; ALTER TABLE a RENAME b; RENAME TABLE a TO b, c TO d;
        CREATE FULLTEXT INDEX f ON t(a); CREATE UNIQUE INDEX g ON t(a(10) DESC, b) USING BTREE; DROP INDEX i ON t; CREATE INDEX h ON t ((a + b));
        DROP TABLE IF EXISTS a, b; /*!40101 ALTER TABLE a ADD x INT */; # comment
        INSERT INTO t VALUES ('a\'b'); DELETE FROM t LIMIT 5; REPLACE INTO t VALUES (1);",
        Dialect::MySql
    ));
    assert_harmless(
        &[
            "SET FOREIGN_KEY_CHECKS = 0",
            "SET @x := 1",
            "SET NAMES utf8mb4",
            "SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO'",
            "LOCK TABLES a WRITE",
            "UNLOCK TABLES",
            "USE db",
            "FLUSH PRIVILEGES",
            "CREATE DEFINER=`root`@`localhost` TRIGGER t BEFORE INSERT ON a FOR EACH ROW BEGIN SET NEW.x = 1; END",
            "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO DELETE FROM a WHERE b",
            "CREATE DATABASE x",
            "DROP PROCEDURE IF EXISTS p",
            "OPTIMIZE TABLE a",
            "START TRANSACTION",
        ],
        Dialect::MySql,
    );
}

#[test]
fn sqlite() {
    insta::assert_snapshot!(shapes(
        r#"PRAGMA foreign_keys=OFF; PRAGMA defer_foreign_keys = ON;
        CREATE TABLE "new_User" (
            "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL DEFAULT "x" COLLATE NOCASE, any, big UNSIGNED BIG INT(5, 3),
            at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP, d DATE DEFAULT (datetime('now')), u TEXT UNIQUE ON CONFLICT REPLACE,
            g INT GENERATED ALWAYS AS (id + 1) STORED, b BOOLEAN NOT NULL DEFAULT 0 CHECK (b IN (0, 1)), r INT REFERENCES o (id) ON DELETE CASCADE,
            CONSTRAINT "fk" FOREIGN KEY ("r") REFERENCES "o" ("id") ON DELETE SET NULL ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED,
            UNIQUE (name, u) ON CONFLICT IGNORE
        ) STRICT, WITHOUT ROWID;
        INSERT INTO "new_User" ("id") SELECT "id" FROM "User"; DROP TABLE "User"; ALTER TABLE "new_User" RENAME TO "User";
        CREATE UNIQUE INDEX "i" ON "User"("name" COLLATE NOCASE DESC) WHERE name IS NOT NULL; CREATE INDEX IF NOT EXISTS main.j ON t (lower(a));
        ALTER TABLE a ADD COLUMN b TEXT; ALTER TABLE a RENAME COLUMN b TO c; ALTER TABLE a DROP COLUMN c; DROP INDEX "i";
        CREATE VIRTUAL TABLE v USING fts5(a, content='t'); CREATE TEMP TABLE x AS SELECT 1; INSERT OR REPLACE INTO t VALUES (1);
        CREATE TRIGGER t AFTER INSERT ON a BEGIN INSERT INTO v(a) VALUES (new.a); END; CREATE VIEW w AS SELECT 1;
        CREATE TABLE [br] ([a b] [int], `c` text, 'd' text);"#,
        Dialect::Sqlite
    ));
}

#[test]
fn sqlserver() {
    insta::assert_snapshot!(shapes(
        r"BEGIN TRY

        BEGIN TRAN;

        -- CreateTable
        CREATE TABLE [dbo].[User] (
            [id] INT NOT NULL IDENTITY(1,1), [name] NVARCHAR(1000) NOT NULL CONSTRAINT [User_name_df] DEFAULT 'x', [big] NVARCHAR(max),
            [at] DATETIME2 NOT NULL CONSTRAINT [User_at_df] DEFAULT CURRENT_TIMESTAMP, [d] DECIMAL(32,16), [c] AS ([id] + 1) PERSISTED,
            [g] UNIQUEIDENTIFIER CONSTRAINT [g_df] DEFAULT (newid()), [b] BIT DEFAULT ((0)),
            CONSTRAINT [User_pkey] PRIMARY KEY CLUSTERED ([id]), CONSTRAINT [User_name_key] UNIQUE NONCLUSTERED ([name] ASC),
            INDEX [ix] ([at])
        );
        CREATE NONCLUSTERED INDEX [i] ON [dbo].[User]([name] DESC) INCLUDE ([at]) WHERE [name] IS NOT NULL WITH (ONLINE = ON) ON [PRIMARY];
        ALTER TABLE [dbo].[User] ADD CONSTRAINT [fk] FOREIGN KEY ([id]) REFERENCES [dbo].[Other]([id]) ON DELETE NO ACTION ON UPDATE CASCADE;
        ALTER TABLE [dbo].[User] DROP CONSTRAINT [x], [y], COLUMN [z], [w];
        ALTER TABLE [dbo].[User] DROP COLUMN [a],
        [b];
        ALTER TABLE [dbo].[User] ALTER COLUMN [name] NVARCHAR(50) NULL;
        ALTER TABLE [dbo].[User] ADD [p] INT NULL, [q] INT NOT NULL CONSTRAINT [q_df] DEFAULT 1;
        ALTER TABLE [dbo].[User] ADD CONSTRAINT [df] DEFAULT 5 FOR [p];
        ALTER TABLE [dbo].[User] WITH NOCHECK ADD CONSTRAINT ck CHECK ([p] > 0)
        EXEC SP_RENAME N'dbo.User.name', N'label', N'COLUMN';
        EXEC sp_rename N'[dbo].[User].[i]', N'j', N'INDEX'
        EXEC sp_rename 'dbo.User', 'Users';
        EXEC sp_rename @objname = N'dbo.fk', @newname = N'fk2', @objtype = 'OBJECT';
        DROP INDEX [j] ON [dbo].[User];
        EXEC('CREATE SCHEMA [sales]');
        ALTER SCHEMA sales TRANSFER dbo.Users;

        COMMIT TRAN;

        END TRY
        BEGIN CATCH

        IF @@TRANCOUNT > 0
        BEGIN
            ROLLBACK TRAN;
        END;
        THROW

        END CATCH",
        Dialect::SqlServer
    ));
}

#[test]
fn sqlserver_batches() {
    insta::assert_snapshot!(shapes(
        r"SET ANSI_NULLS ON
        GO
        IF NOT EXISTS (SELECT * FROM sys.columns WHERE object_id = OBJECT_ID(N'[dbo].[T]') AND name = 'c')
        BEGIN
            ALTER TABLE dbo.T ADD c INT NULL
            CREATE INDEX i ON dbo.T (c)
        END
        ELSE
            PRINT 'there'
        IF OBJECT_ID('dbo.V', 'U') IS NULL CREATE TABLE dbo.V (id INT)
        IF COL_LENGTH('dbo.T', 'd') IS NOT NULL
            ALTER TABLE dbo.T DROP COLUMN d
        IF EXISTS (SELECT 1 FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_SCHEMA = 'dbo' AND TABLE_NAME = 'W') DROP TABLE dbo.W;
        GO
        CREATE PROCEDURE p AS
        BEGIN
            DROP TABLE x
        END
        GO
        DECLARE @sql NVARCHAR(MAX)
        DECLARE @name sysname
        SELECT @name = name FROM sys.default_constraints WHERE parent_object_id = OBJECT_ID('T')
        SET @sql = 'ALTER TABLE dbo.T DROP CONSTRAINT ' + @name
        EXEC(@sql)
        DECLARE @t NVARCHAR(50) = N'DROP TABLE ' + QUOTENAME('Y')
        EXEC sp_executesql @t
        INSERT INTO T
        SELECT * FROM U
        UPDATE T
        SET a = 1
        WHERE b = 2
        SELECT * INTO copied FROM T
        CREATE VIEW v AS
        SELECT 1
        UNION ALL
        SELECT 2
        GO",
        Dialect::SqlServer
    ));
}

/// Where a table has an alias, MySQL and SQL Server name the alias first.
#[test]
fn aliases_of_changed_tables() {
    insta::assert_snapshot!(shapes(
        "DELETE c1 FROM `Contact` c1 INNER JOIN (SELECT MIN(id) AS id FROM `Contact`) c2 ON c1.id != c2.id;
        DELETE b FROM a AS x JOIN shop.b AS b ON x.id = b.id WHERE b.c = 1; DELETE a, b FROM a JOIN b; DELETE FROM a WHERE b;",
        Dialect::MySql
    ));
    insta::assert_snapshot!(shapes(
        "UPDATE u SET u.a = 1 FROM [dbo].[users] u WHERE u.b = 2
        DELETE o FROM orders o
        UPDATE t SET a = 1",
        Dialect::SqlServer
    ));
}
