-- The databases that corpus/sqlite.sql speaks to (SQLite 3.40 with FTS5): base tables with rows,
-- then the shadows `<name>_gray` with other rows, then what writes or reads behind a statement's
-- back. Run it on a fresh connection whose main database is an empty file: `other`, which has a
-- table orders without a shadow, is in memory and attached here.
--
-- Shadowed, in main only: mse_demo_table, customers, orders, items, "order", "Order Lines", tree,
-- docs. No default depends on time or chance: two runs give the same rows.

PRAGMA foreign_keys = ON;
ATTACH DATABASE ':memory:' AS other;

-- Without a shadow -------------------------------------------------------------------------------

CREATE TABLE countries (
    code TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    region TEXT,
    orders INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX countries_region ON countries (region);
INSERT INTO countries VALUES
    ('DE', 'Germany', 'Europe', 3), ('FR', 'France', 'Europe', 2), ('IT', 'Italy', 'Europe', 0),
    ('US', 'United States', 'Americas', 4), ('JP', 'Japan', 'Asia', 1), ('AQ', 'Antarctica', NULL, 0);

CREATE TABLE warehouses (id INTEGER PRIMARY KEY, name TEXT NOT NULL, country TEXT);
INSERT INTO warehouses VALUES (1, 'Hamburg', 'DE'), (2, 'Lyon', 'FR'), (3, 'Osaka', 'JP');

CREATE TABLE audit (
    id INTEGER PRIMARY KEY,
    table_name TEXT NOT NULL,
    "action" TEXT NOT NULL DEFAULT 'read',
    orders TEXT,
    payload TEXT NOT NULL DEFAULT '{}',
    at TEXT NOT NULL DEFAULT '2025-01-01 00:00:00'
) STRICT;
INSERT INTO audit (table_name, "action", orders, payload, at) VALUES
    ('orders', 'insert', '1,2,3', '{"orders": [1, 2, 3], "by": "ann"}', '2024-05-01 10:00:00'),
    ('items', 'update', '2', '{"items": {"orders": 2}}', '2024-05-02 10:00:00'),
    ('customers', 'delete', NULL, '{"from": "orders"}', '2024-05-03 10:00:00'),
    ('orders', 'delete', '7', '{"orders": []}', '2024-06-01 10:00:00');

CREATE TABLE settings (
    key TEXT PRIMARY KEY, value TEXT, orders INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
INSERT INTO settings VALUES
    ('currency', 'EUR', 1), ('orders.limit', '100', 2), ('mail.from', 'shop@example.org', 0);

CREATE TABLE orders_archive (
    id INTEGER PRIMARY KEY,
    customer_id INTEGER,
    status TEXT,
    total NUMERIC,
    archived_on TEXT DEFAULT '2025-01-01'
);
INSERT INTO orders_archive VALUES
    (901, 1, 'shipped', 10.00, '2020-01-01'), (902, 2, 'cancelled', 20.50, '2021-01-01'),
    (903, 3, 'shipped', 99.99, '2022-01-01');

CREATE TABLE numbers (n INTEGER PRIMARY KEY);
INSERT INTO numbers VALUES (1), (2), (3), (7);

CREATE TABLE inbox (id INTEGER PRIMARY KEY, body TEXT);
INSERT INTO inbox VALUES (1, 'hello');

CREATE VIRTUAL TABLE notes USING fts5 (title, orders);
INSERT INTO notes (title, orders) VALUES
    ('about orders', 'first note'), ('about items', 'orders of the day'), ('tree', 'nothing');

CREATE TABLE other.orders (id INTEGER PRIMARY KEY, customer TEXT, total NUMERIC, items INTEGER);
INSERT INTO other.orders VALUES (1, 'acme', 1000, 10), (2, 'globex', 2000, 20), (9, 'initech', 9, 1);
CREATE TABLE other.stock (sku TEXT PRIMARY KEY, orders INTEGER, items INTEGER);
INSERT INTO other.stock VALUES ('pen', 5, 50), ('ink', 0, 7), ('gray-pen', 1, 1);

-- Base -------------------------------------------------------------------------------------------

CREATE TABLE mse_demo_table (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL DEFAULT 'unnamed',
    value INTEGER,
    location TEXT DEFAULT 'hangzhou'
);
INSERT INTO mse_demo_table (name, value, location) VALUES
    ('alpha', 10, 'hangzhou'), ('beta', 20, 'beijing'), ('gamma', NULL, 'shenzhen');

CREATE TABLE customers (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    email TEXT UNIQUE,
    country TEXT REFERENCES countries (code) ON DELETE CASCADE,
    orders INTEGER NOT NULL DEFAULT 0,
    vip INTEGER NOT NULL DEFAULT 0,
    profile TEXT NOT NULL DEFAULT '{}',
    touched INTEGER NOT NULL DEFAULT 0,
    created_at TEXT NOT NULL DEFAULT '2025-01-01 00:00:00'
);
INSERT INTO customers (id, name, email, country, orders, vip, profile, created_at) VALUES
    (1, 'Ann', 'ann@example.org', 'DE', 2, 1, '{"lang": "de", "orders": 2}', '2024-01-10 09:00:00'),
    (2, 'Bob', 'bob@example.org', 'US', 1, 0, '{"lang": "en"}', '2024-02-11 10:30:00'),
    (3, 'Cid', 'cid@example.org', 'FR', 1, 0, '{"lang": "fr", "items": []}', '2024-03-12 11:45:00'),
    (4, 'Dee', NULL, 'DE', 0, 1, '{}', '2024-04-13 12:00:00'),
    (5, 'Eve', 'eve@example.org', NULL, 0, 0, '{"lang": null}', '2024-05-14 13:15:00');

CREATE TABLE orders (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    customer_id INTEGER REFERENCES customers (id) ON DELETE CASCADE,
    status TEXT NOT NULL DEFAULT 'new' CHECK (status IN ('new', 'paid', 'shipped', 'cancelled')),
    total NUMERIC NOT NULL DEFAULT 0,
    items INTEGER NOT NULL DEFAULT 0,
    note TEXT,
    placed_at TEXT NOT NULL DEFAULT '2025-01-01 00:00:00',
    tags TEXT NOT NULL DEFAULT '[]'
);
INSERT INTO orders (id, customer_id, status, total, items, note, placed_at, tags) VALUES
    (1, 1, 'new', 120.5, 3, 'first orders', '2024-05-01 08:00:00', '["a", "b"]'),
    (2, 1, 'paid', 80, 2, NULL, '2024-05-02 09:30:00', '["b"]'),
    (3, 2, 'shipped', 15.25, 1, '50% off', '2024-06-03 10:45:00', '[]'),
    (4, 3, 'cancelled', 0, 0, 'it''s void', '2024-06-04 11:00:00', '["c", "orders"]'),
    (5, 3, 'paid', 300, 5, 'C:\orders', '2024-07-05 12:15:00', '["a"]'),
    (6, NULL, 'new', 42, 1, '', '2024-07-06 23:59:00', '["orders"]');

CREATE TABLE items (
    id INTEGER PRIMARY KEY,
    order_id INTEGER REFERENCES orders (id) ON DELETE CASCADE,
    sku TEXT NOT NULL,
    qty INTEGER NOT NULL DEFAULT 1,
    price NUMERIC NOT NULL DEFAULT 0,
    "order" INTEGER NOT NULL DEFAULT 0,
    attrs TEXT NOT NULL DEFAULT '{}',
    warehouse_id INTEGER REFERENCES warehouses (id) ON DELETE SET NULL ON UPDATE CASCADE
);
INSERT INTO items (order_id, sku, qty, price, "order", attrs, warehouse_id) VALUES
    (1, 'pen', 10, 1.05, 1, '{"color": "red", "orders": 1}', 1),
    (1, 'ink', 2, 5, 2, '{"color": "blue"}', 1),
    (1, 'pad', 1, 100, 3, '{"size": {"w": 2, "h": 3}}', 2),
    (2, 'pen', 20, 1, 1, '{}', NULL),
    (2, 'cap', 3, 20, 2, '{"tags": ["x", "orders"]}', 3),
    (3, 'ink', 3, 5.08, 1, '{"color": null}', 2),
    (5, 'jar', 6, 50, 1, '{"color": "red"}', NULL);

CREATE TABLE "order" (
    id INTEGER PRIMARY KEY,
    "group" TEXT,
    user TEXT,
    "desc" TEXT,
    orders INTEGER NOT NULL DEFAULT 0
);
INSERT INTO "order" ("group", user, "desc", orders) VALUES
    ('a', 'ann', 'first', 1), ('a', 'bob', 'order by', 2), ('b', 'cid', NULL, 3);

CREATE TABLE "Order Lines" (
    "Id" INTEGER PRIMARY KEY,
    "Order Id" INTEGER NOT NULL,
    "Line No" INTEGER NOT NULL,
    amount NUMERIC NOT NULL DEFAULT 0,
    orders TEXT,
    doubled NUMERIC GENERATED ALWAYS AS (amount * 2) VIRTUAL
);
INSERT INTO "Order Lines" ("Order Id", "Line No", amount, orders) VALUES
    (1, 1, 10, 'orders'), (1, 2, 20, NULL), (2, 1, 5.5, 'Order Lines');

CREATE TABLE tree (
    id INTEGER PRIMARY KEY,
    parent_id INTEGER REFERENCES tree (id),
    name TEXT NOT NULL,
    tree TEXT,
    weight INTEGER NOT NULL DEFAULT 1
);
INSERT INTO tree VALUES
    (1, NULL, 'root', 't1', 1), (2, 1, 'left', 't1', 2), (3, 1, 'right', 't1', 3),
    (4, 2, 'leaf', 't2', 4), (5, 3, 'orders', 't2', 5);

CREATE TABLE docs (
    id INTEGER PRIMARY KEY,
    title TEXT NOT NULL,
    body TEXT,
    data TEXT NOT NULL DEFAULT '{}'
);
INSERT INTO docs (title, body, data) VALUES
    ('Intro', 'how to place orders and items', '{"orders": {"total": 10}, "tags": ["a", "b"], "n": 1}'),
    ('Guide', 'the customers guide', '{"items": [{"sku": "pen", "qty": 1}, {"sku": "ink", "qty": 2}]}'),
    ('Notes', NULL, '{"docs": "orders", "n": 3, "a b": true}');

-- Shadows ----------------------------------------------------------------------------------------

CREATE TABLE mse_demo_table_gray (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL DEFAULT 'unnamed',
    value INTEGER,
    location TEXT DEFAULT 'hangzhou'
);
INSERT INTO mse_demo_table_gray (name, value, location) VALUES
    ('gray-alpha', 11, 'hangzhou'), ('gray-beta', 21, 'gray'), ('gray-delta', 41, 'gray'),
    ('gray-eta', NULL, NULL);

CREATE TABLE customers_gray (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    email TEXT UNIQUE,
    country TEXT,
    orders INTEGER NOT NULL DEFAULT 0,
    vip INTEGER NOT NULL DEFAULT 0,
    profile TEXT NOT NULL DEFAULT '{}',
    touched INTEGER NOT NULL DEFAULT 0,
    created_at TEXT NOT NULL DEFAULT '2025-01-01 00:00:00'
);
INSERT INTO customers_gray (id, name, email, country, orders, vip, profile, created_at) VALUES
    (1, 'Gray Ann', 'gray-ann@example.org', 'JP', 7, 0, '{"lang": "ja", "orders": 7}', '2024-01-11 09:00:00'),
    (2, 'Gray Bob', 'bob@example.org', 'DE', 3, 1, '{"lang": "de"}', '2024-02-12 10:30:00'),
    (3, 'Gray Cid', NULL, 'DE', 0, 1, '{"lang": "en"}', '2024-03-13 11:45:00'),
    (6, 'Gray Fay', 'fay@example.org', 'US', 1, 0, '{}', '2024-06-15 14:00:00');

CREATE TABLE orders_gray (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    customer_id INTEGER REFERENCES customers_gray (id) ON DELETE CASCADE,
    status TEXT NOT NULL DEFAULT 'new' CHECK (status IN ('new', 'paid', 'shipped', 'cancelled')),
    total NUMERIC NOT NULL DEFAULT 0,
    items INTEGER NOT NULL DEFAULT 0,
    note TEXT,
    placed_at TEXT NOT NULL DEFAULT '2025-01-01 00:00:00',
    tags TEXT NOT NULL DEFAULT '[]'
);
INSERT INTO orders_gray (id, customer_id, status, total, items, note, placed_at, tags) VALUES
    (1, 2, 'paid', 1.5, 1, 'gray one', '2024-05-11 08:00:00', '["g"]'),
    (2, 2, 'new', 22, 4, NULL, '2024-05-12 09:30:00', '["b", "g"]'),
    (3, 1, 'new', 333.25, 2, 'gray orders', '2024-06-13 10:45:00', '["a"]'),
    (4, 6, 'shipped', 44, 8, '10% gray', '2024-06-14 11:00:00', '["orders"]'),
    (7, NULL, 'cancelled', 7, 0, '', '2024-08-05 12:15:00', '[]');

CREATE TABLE items_gray (
    id INTEGER PRIMARY KEY,
    order_id INTEGER REFERENCES orders_gray (id) ON DELETE CASCADE,
    sku TEXT NOT NULL,
    qty INTEGER NOT NULL DEFAULT 1,
    price NUMERIC NOT NULL DEFAULT 0,
    "order" INTEGER NOT NULL DEFAULT 0,
    attrs TEXT NOT NULL DEFAULT '{}',
    warehouse_id INTEGER
);
INSERT INTO items_gray (order_id, sku, qty, price, "order", attrs, warehouse_id) VALUES
    (1, 'gray-pen', 1, 1.5, 1, '{"color": "gray"}', 3),
    (2, 'pen', 4, 5.5, 2, '{"color": "red", "orders": 2}', 1),
    (3, 'ink', 2, 9.99, 1, '{"size": {"w": 9, "h": 8}}', NULL),
    (3, 'gray-jar', 7, 44.75, 3, '{"tags": ["orders"]}', 2),
    (4, 'pad', 8, 5.5, 1, '{}', 1);

CREATE TABLE order_gray (
    id INTEGER PRIMARY KEY,
    "group" TEXT,
    user TEXT,
    "desc" TEXT,
    orders INTEGER NOT NULL DEFAULT 0
);
INSERT INTO order_gray ("group", user, "desc", orders) VALUES
    ('g', 'gray', 'gray first', 10), ('a', 'ann', NULL, 20);

CREATE TABLE "Order Lines_gray" (
    "Id" INTEGER PRIMARY KEY,
    "Order Id" INTEGER NOT NULL,
    "Line No" INTEGER NOT NULL,
    amount NUMERIC NOT NULL DEFAULT 0,
    orders TEXT,
    doubled NUMERIC GENERATED ALWAYS AS (amount * 2) VIRTUAL
);
INSERT INTO "Order Lines_gray" ("Order Id", "Line No", amount, orders) VALUES
    (1, 1, 11, 'gray'), (3, 1, 33, NULL), (3, 2, 3.5, 'orders'), (4, 1, 4, 'x');

CREATE TABLE tree_gray (
    id INTEGER PRIMARY KEY,
    parent_id INTEGER REFERENCES tree_gray (id),
    name TEXT NOT NULL,
    tree TEXT,
    weight INTEGER NOT NULL DEFAULT 1
);
INSERT INTO tree_gray VALUES
    (1, NULL, 'gray root', 'g1', 10), (2, 1, 'gray left', 'g1', 20), (4, 1, 'gray leaf', 't2', 40),
    (7, 4, 'gray deep', 'g2', 70);

CREATE TABLE docs_gray (
    id INTEGER PRIMARY KEY,
    title TEXT NOT NULL,
    body TEXT,
    data TEXT NOT NULL DEFAULT '{}'
);
INSERT INTO docs_gray (title, body, data) VALUES
    ('Gray intro', 'gray orders everywhere', '{"orders": {"total": 99}, "tags": ["g", "b"], "n": 9}'),
    ('Guide', 'gray guide', '{"items": [{"sku": "gray-pen", "qty": 4}], "a b": false}');

-- Behind a statement's back ----------------------------------------------------------------------

CREATE INDEX orders_status ON orders (status);
CREATE INDEX orders_gray_status ON orders_gray (status);

CREATE VIEW v_orders AS
    SELECT id, customer_id, status, total, items, note FROM orders WHERE status <> 'cancelled';
CREATE VIEW v_big_orders AS SELECT id, total FROM v_orders WHERE total > 50;
CREATE VIEW v_countries AS SELECT code, name, orders FROM countries WHERE region IS NOT NULL;

CREATE VIRTUAL TABLE orders_search USING fts5 (note, content='orders', content_rowid='id');
INSERT INTO orders_search (orders_search) VALUES ('rebuild');

CREATE TRIGGER customers_touch AFTER UPDATE ON customers WHEN NEW.touched = OLD.touched
BEGIN
    UPDATE customers SET touched = OLD.touched + 1 WHERE id = NEW.id;
END;
CREATE TRIGGER customers_gray_touch AFTER UPDATE ON customers_gray WHEN NEW.touched = OLD.touched
BEGIN
    UPDATE customers_gray SET touched = OLD.touched + 1 WHERE id = NEW.id;
END;

CREATE TRIGGER settings_insert AFTER INSERT ON settings
BEGIN
    INSERT INTO orders (note) VALUES ('new setting ' || NEW.key);
END;
CREATE TRIGGER settings_update AFTER UPDATE OF value ON settings
BEGIN
    UPDATE orders SET note = NEW.value WHERE id = NEW.orders;
END;
CREATE TRIGGER settings_delete BEFORE DELETE ON settings
BEGIN
    DELETE FROM orders WHERE note = OLD.key;
END;

CREATE VIEW v_inbox AS SELECT id, body FROM inbox;
CREATE TRIGGER v_inbox_insert INSTEAD OF INSERT ON v_inbox
BEGIN
    INSERT INTO orders (note) VALUES (NEW.body);
END;
