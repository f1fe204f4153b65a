CREATE TABLE users (
    id INTEGER NOT NULL AUTO_INCREMENT,
    email VARCHAR(191) NOT NULL,
    name VARCHAR(100) NULL,
    age INT UNSIGNED NOT NULL DEFAULT 18,
    role ENUM('admin', 'user') NOT NULL DEFAULT 'user',
    bio TEXT NULL,
    active BOOLEAN NOT NULL DEFAULT true,
    created_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
    UNIQUE INDEX users_email_key (email),
    INDEX users_name_idx (name),
    FULLTEXT INDEX users_bio_idx (bio),
    PRIMARY KEY (id)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;
CREATE TABLE posts (
    id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    author_id INT NOT NULL,
    editor_id INT NULL,
    title VARCHAR(255) NOT NULL COMMENT 'short',
    slug VARCHAR(191) NOT NULL,
    price DECIMAL(10, 2) NULL,
    quantity INT NULL,
    total DECIMAL(12, 2) GENERATED ALWAYS AS (price * quantity) STORED,
    meta JSON NULL,
    INDEX posts_author_title_idx (author_id, title(20)),
    CONSTRAINT posts_author_id_fkey FOREIGN KEY (author_id) REFERENCES users (id) ON DELETE CASCADE ON UPDATE CASCADE,
    CONSTRAINT posts_editor_id_fkey FOREIGN KEY (editor_id) REFERENCES users (id) ON DELETE SET NULL
) COMMENT = 'writings';
CREATE TABLE tags (name VARCHAR(50) NOT NULL, lang CHAR(2) NOT NULL, weight FLOAT NULL, PRIMARY KEY (name, lang));
CREATE TABLE post_tags (
    post_id BIGINT UNSIGNED NOT NULL,
    tag VARCHAR(50) NOT NULL,
    lang CHAR(2) NOT NULL,
    FOREIGN KEY (post_id) REFERENCES posts (id) ON DELETE CASCADE,
    FOREIGN KEY (tag, lang) REFERENCES tags (name, lang)
);
CREATE TABLE lonely (a INT NULL, b VARCHAR(20) NULL, c TEXT NULL);
CREATE VIEW active_users AS SELECT id, email FROM users WHERE active;
