-- The tables on which the statements of mysql.sql are executed, base and by hand.
--
-- Valid for MariaDB 10.11 and MySQL 8. A statement ends with a semicolon at the end of a line, and
-- nowhere else does a line end with one: split there, or send the whole with multi-statements on.
-- Names of columns, keys, partitions and routines are words that are tables too, on purpose.
-- A shadow has rows other than its base, under ids that partly are the same.

DROP DATABASE IF EXISTS shop;
DROP DATABASE IF EXISTS other;
CREATE DATABASE shop DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;
CREATE DATABASE other DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;
USE shop;

-- Tables without a shadow.

CREATE TABLE countries (
  code CHAR(2) NOT NULL PRIMARY KEY,
  name VARCHAR(60) NOT NULL,
  continent VARCHAR(20) NOT NULL,
  population BIGINT NOT NULL DEFAULT 0,
  orders INT NOT NULL DEFAULT 0,
  customers INT NOT NULL DEFAULT 0,
  KEY customers (customers)
);

CREATE TABLE audit (
  id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  table_name VARCHAR(40) NOT NULL,
  action VARCHAR(20) NOT NULL,
  orders TEXT,
  row_id INT,
  logged_at DATETIME NOT NULL DEFAULT '2024-01-01 00:00:00',
  KEY items (table_name, row_id)
);

CREATE TABLE settings (
  name VARCHAR(60) NOT NULL PRIMARY KEY,
  value VARCHAR(200),
  orders TINYINT NOT NULL DEFAULT 0
);

CREATE TABLE orders_archive (
  id INT NOT NULL,
  customer_id INT NOT NULL,
  status VARCHAR(20) NOT NULL DEFAULT 'closed',
  total DECIMAL(10,2) NOT NULL,
  archived_on DATE NOT NULL,
  PRIMARY KEY (id, archived_on)
)
PARTITION BY RANGE (YEAR(archived_on)) (
  PARTITION p2022 VALUES LESS THAN (2023),
  PARTITION p2023 VALUES LESS THAN (2024),
  PARTITION orders VALUES LESS THAN MAXVALUE
);

CREATE TABLE other.orders (
  id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  ref VARCHAR(20) NOT NULL,
  customer_id INT,
  status VARCHAR(20) NOT NULL DEFAULT 'new',
  total DECIMAL(10,2) NOT NULL DEFAULT 0
);

CREATE TABLE other.stock (
  product VARCHAR(60) NOT NULL PRIMARY KEY,
  items INT NOT NULL DEFAULT 0,
  orders INT NOT NULL DEFAULT 0
);

INSERT INTO countries (code, name, continent, population, orders, customers) VALUES
  ('FR', 'France', 'Europe', 68000000, 3, 2),
  ('DE', 'Germany', 'Europe', 84000000, 2, 1),
  ('NL', 'Netherlands', 'Europe', 17900000, 1, 1),
  ('CN', 'China', 'Asia', 1411000000, 5, 1),
  ('BR', 'Brazil', 'South America', 203000000, 0, 0);

INSERT INTO audit (id, table_name, action, orders, row_id, logged_at) VALUES
  (1, 'orders', 'insert', '1', 1, '2024-01-05 09:00:00'),
  (2, 'orders', 'update', '1,2', 2, '2024-01-06 10:30:00'),
  (3, 'customers', 'insert', NULL, 1, '2024-01-06 11:00:00'),
  (4, 'items', 'delete', 'orders', 7, '2024-02-01 12:00:00');

INSERT INTO settings (name, value, orders) VALUES
  ('orders.page_size', '50', 1),
  ('currency', 'EUR', 0),
  ('mail.from', 'orders@example.com', 1);

INSERT INTO orders_archive (id, customer_id, status, total, archived_on) VALUES
  (901, 1, 'closed', 15.00, '2022-03-01'),
  (902, 2, 'closed', 75.50, '2023-04-11'),
  (903, 1, 'void', 0.00, '2023-12-31'),
  (904, 3, 'closed', 240.00, '2024-02-02');

INSERT INTO other.orders (id, ref, customer_id, status, total) VALUES
  (1, 'X-1', 1, 'new', 11.00),
  (2, 'X-2', 2, 'paid', 22.00),
  (3, 'X-3', 2, 'new', 33.00);

INSERT INTO other.stock (product, items, orders) VALUES
  ('lamp', 12, 1),
  ('desk', 3, 2),
  ('chair', 40, 0);

-- The tables with a shadow.

CREATE TABLE mse_demo_table (
  id INT NOT NULL PRIMARY KEY,
  name VARCHAR(64) NOT NULL,
  location VARCHAR(64),
  score INT NOT NULL DEFAULT 0,
  orders INT NOT NULL DEFAULT 0
)
PARTITION BY RANGE (id) (
  PARTITION p0 VALUES LESS THAN (100),
  PARTITION p1 VALUES LESS THAN (200),
  PARTITION orders VALUES LESS THAN MAXVALUE
);

CREATE TABLE customers (
  id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name VARCHAR(80) NOT NULL,
  email VARCHAR(120),
  country CHAR(2),
  orders INT NOT NULL DEFAULT 0,
  vip TINYINT(1) NOT NULL DEFAULT 0,
  credit DECIMAL(10,2) NOT NULL DEFAULT 0,
  docs DATE,
  created_at DATETIME NOT NULL DEFAULT '2024-01-01 00:00:00',
  UNIQUE KEY email (email),
  KEY orders (name),
  KEY country (country),
  CONSTRAINT customers_country FOREIGN KEY (country) REFERENCES countries (code) ON DELETE CASCADE ON UPDATE CASCADE
);

CREATE TABLE orders (
  id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  customer_id INT NOT NULL,
  status VARCHAR(20) NOT NULL DEFAULT 'new',
  total DECIMAL(10,2) NOT NULL DEFAULT 0,
  items INT NOT NULL DEFAULT 0,
  note VARCHAR(200),
  customers VARCHAR(40),
  placed_at DATETIME NOT NULL DEFAULT '2024-01-01 00:00:00',
  shipped_on DATE,
  KEY customers (customer_id),
  KEY items (status, placed_at),
  CONSTRAINT orders_customer FOREIGN KEY (customer_id) REFERENCES customers (id)
);

CREATE TABLE items (
  id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  order_id INT NOT NULL,
  product VARCHAR(60) NOT NULL,
  qty INT NOT NULL DEFAULT 1,
  price DECIMAL(8,2) NOT NULL DEFAULT 0,
  orders VARCHAR(20),
  KEY orders (order_id),
  CONSTRAINT items_order FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE CASCADE
);

CREATE TABLE `order` (
  id INT NOT NULL PRIMARY KEY,
  `order` INT NOT NULL DEFAULT 0,
  `group` VARCHAR(20),
  customer VARCHAR(40) NOT NULL DEFAULT ''
);

CREATE TABLE `Order Lines` (
  id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  `Order ID` INT NOT NULL,
  `Line Text` VARCHAR(80) NOT NULL DEFAULT '',
  orders INT NOT NULL DEFAULT 0,
  amount DECIMAL(10,2) NOT NULL DEFAULT 0
);

CREATE TABLE tree (
  id INT NOT NULL PRIMARY KEY,
  parent_id INT,
  name VARCHAR(40) NOT NULL,
  tree VARCHAR(80),
  weight INT NOT NULL DEFAULT 1,
  CONSTRAINT tree_parent FOREIGN KEY (parent_id) REFERENCES tree (id)
);

CREATE TABLE docs (
  id INT NOT NULL PRIMARY KEY,
  title VARCHAR(120) NOT NULL,
  orders TEXT,
  body JSON,
  FULLTEXT KEY docs (title, orders)
);

INSERT INTO mse_demo_table (id, name, location, score, orders) VALUES
  (1, 'base one', 'Hangzhou', 10, 1),
  (50, 'base fifty', 'Paris', 20, 0),
  (150, 'base many', 'Berlin', 30, 2),
  (250, 'base last', NULL, 40, 7);

INSERT INTO customers (id, name, email, country, orders, vip, credit, docs, created_at) VALUES
  (1, 'Alice', 'alice@example.com', 'FR', 3, 1, 100.00, '2023-05-01', '2023-01-10 08:00:00'),
  (2, 'Bob', 'bob@example.com', 'DE', 2, 0, 20.00, NULL, '2023-03-11 09:15:00'),
  (3, 'Chloé', 'chloe@example.com', 'FR', 1, 0, 0.00, '2024-02-29', '2023-07-01 00:00:00'),
  (4, 'Dai', 'dai@example.com', 'CN', 1, 1, 300.50, '2022-12-31', '2024-01-02 23:59:59'),
  (5, 'Orders Ltd', NULL, 'NL', 0, 0, 5.00, NULL, '2024-02-01 12:00:00');

INSERT INTO orders (id, customer_id, status, total, items, note, customers, placed_at, shipped_on) VALUES
  (1, 1, 'paid', 20.00, 2, 'first orders', 'Alice', '2024-01-05 09:00:00', '2024-01-07'),
  (2, 1, 'new', 35.50, 1, NULL, 'Alice', '2024-01-06 10:30:00', NULL),
  (3, 2, 'paid', 120.00, 3, 'it''s urgent', 'Bob', '2024-01-20 18:00:00', '2024-01-22'),
  (4, 2, 'cancelled', 15.25, 1, 'customers'' wish', NULL, '2024-02-03 07:45:00', NULL),
  (5, 3, 'shipped', 240.00, 4, '100% done', 'Chloé', '2024-02-10 11:11:11', '2024-02-12'),
  (6, 4, 'new', 60.00, 2, 'gift "items"', 'Dai', '2024-02-28 16:20:00', NULL),
  (7, 1, 'open', 5.00, 1, 'C:\\orders', 'Alice', '2024-03-01 00:00:00', NULL);

INSERT INTO items (id, order_id, product, qty, price, orders) VALUES
  (1, 1, 'lamp', 1, 12.00, 'A1'),
  (2, 1, 'bulb', 4, 2.00, 'A1'),
  (3, 2, 'chair', 1, 35.50, NULL),
  (4, 3, 'desk', 1, 100.00, 'B7'),
  (5, 3, 'lamp', 2, 10.00, 'B7'),
  (6, 5, 'desk', 2, 120.00, NULL),
  (7, 6, 'chair', 2, 30.00, 'D1');

INSERT INTO `order` (id, `order`, `group`, customer) VALUES
  (1, 10, 'a', 'Alice'),
  (2, 20, 'b', 'Bob'),
  (3, 30, 'a', 'order');

INSERT INTO `Order Lines` (id, `Order ID`, `Line Text`, orders, amount) VALUES
  (1, 1, 'first line', 1, 9.50),
  (2, 1, 'Order Lines', 0, 10.50),
  (3, 3, 'third line', 2, 120.00);

INSERT INTO tree (id, parent_id, name, tree, weight) VALUES
  (1, NULL, 'root', '/', 1),
  (2, 1, 'left', '/left', 2),
  (3, 1, 'right', '/right', 3),
  (4, 2, 'leaf', '/left/leaf', 5);

INSERT INTO docs (id, title, orders, body) VALUES
  (1, 'Quick brown orders', 'all orders of January', '{"orders": [1, 2], "customer": {"name": "Alice"}, "tags": ["red", "blue"], "total": 55.5}'),
  (2, 'Lazy dogs and items', NULL, '{"orders": [], "customer": {"name": "Bob"}, "tags": ["items"], "total": 0}'),
  (3, 'Shipping manual', 'customers', '{"orders": [3], "customer": {"name": "orders"}, "tags": [], "total": 120}');

-- The shadows.

CREATE TABLE mse_demo_table_gray LIKE mse_demo_table;
CREATE TABLE customers_gray LIKE customers;
CREATE TABLE orders_gray LIKE orders;
CREATE TABLE items_gray LIKE items;
CREATE TABLE order_gray LIKE `order`;
CREATE TABLE `Order Lines_gray` LIKE `Order Lines`;
CREATE TABLE tree_gray LIKE tree;
CREATE TABLE docs_gray LIKE docs;
ALTER TABLE orders_gray ADD CONSTRAINT orders_gray_customer FOREIGN KEY (customer_id) REFERENCES customers_gray (id);
ALTER TABLE items_gray ADD CONSTRAINT items_gray_order FOREIGN KEY (order_id) REFERENCES orders_gray (id) ON DELETE CASCADE;
ALTER TABLE tree_gray ADD CONSTRAINT tree_gray_parent FOREIGN KEY (parent_id) REFERENCES tree_gray (id);

INSERT INTO mse_demo_table_gray (id, name, location, score, orders) VALUES
  (1, 'gray one', 'Shanghai', 11, 3),
  (60, 'gray sixty', NULL, 22, 1),
  (150, 'gray many', 'Munich', 33, 0),
  (251, 'gray last', 'Lyon', 44, 9);

INSERT INTO customers_gray (id, name, email, country, orders, vip, credit, docs, created_at) VALUES
  (1, 'Gray Anna', 'anna@gray.example', 'NL', 1, 0, 10.00, '2024-03-03', '2024-03-01 10:00:00'),
  (2, 'Gray Ben', 'ben@gray.example', 'FR', 4, 1, 222.00, NULL, '2024-03-02 11:00:00'),
  (3, 'Gray Carl', NULL, 'DE', 2, 1, 3.33, '2021-01-01', '2024-03-03 12:00:00'),
  (9, 'Orders Gray', 'orders@gray.example', 'CN', 0, 0, 990.00, '2020-02-02', '2024-03-04 13:00:00');

INSERT INTO orders_gray (id, customer_id, status, total, items, note, customers, placed_at, shipped_on) VALUES
  (1, 2, 'new', 200.00, 1, 'gray orders', 'Gray Ben', '2024-03-05 09:00:00', NULL),
  (2, 1, 'paid', 355.00, 5, 'gray items', 'Gray Anna', '2024-03-06 10:30:00', '2024-03-07'),
  (3, 9, 'paid', 12.00, 2, NULL, NULL, '2024-03-20 18:00:00', NULL),
  (5, 3, 'open', 24.40, 3, '10% gray', 'Gray Carl', '2024-04-10 11:11:11', '2024-04-12'),
  (6, 2, 'shipped', 66.00, 1, 'it''s gray', 'Gray Ben', '2024-04-28 16:20:00', '2024-04-30'),
  (21, 2, 'cancelled', 7.00, 9, 'D:\\gray', 'Gray Ben', '2024-05-01 00:00:00', NULL);

INSERT INTO items_gray (id, order_id, product, qty, price, orders) VALUES
  (1, 1, 'lamp', 10, 20.00, 'G1'),
  (2, 2, 'desk', 1, 300.00, 'G2'),
  (3, 2, 'chair', 4, 13.75, NULL),
  (4, 3, 'bulb', 6, 2.00, 'G3'),
  (5, 5, 'lamp', 1, 24.40, NULL),
  (30, 21, 'desk', 7, 1.00, 'G21');

INSERT INTO order_gray (id, `order`, `group`, customer) VALUES
  (1, 11, 'b', 'Gray Anna'),
  (2, 22, 'c', 'order'),
  (5, 55, 'a', 'Gray Ben');

INSERT INTO `Order Lines_gray` (id, `Order ID`, `Line Text`, orders, amount) VALUES
  (1, 1, 'gray line', 2, 200.00),
  (2, 2, 'Order Lines', 1, 355.00),
  (7, 5, 'seventh line', 0, 24.40);

INSERT INTO tree_gray (id, parent_id, name, tree, weight) VALUES
  (1, NULL, 'gray root', '/', 7),
  (2, 1, 'gray left', '/left', 8),
  (4, 1, 'gray leaf', '/leaf', 9),
  (6, 4, 'gray deep', '/leaf/deep', 11);

INSERT INTO docs_gray (id, title, orders, body) VALUES
  (1, 'Quick gray orders', 'gray orders', '{"orders": [9], "customer": {"name": "Gray Anna"}, "tags": ["gray"], "total": 200}'),
  (2, 'Gray shipping items', 'none', '{"orders": [7, 8, 9], "customer": {"name": "Gray Ben"}, "tags": ["blue", "items"], "total": 1.5}'),
  (8, 'Gray brown manual', NULL, '{"orders": [], "customer": {"name": "orders"}, "tags": ["red"], "total": 3}');

-- Views: two reach base tables of a lane, two do not.

CREATE VIEW open_orders AS SELECT id, customer_id, total FROM orders WHERE status IN ('new', 'open');
CREATE VIEW big_open_orders AS SELECT id, total FROM open_orders WHERE total > 10;
CREATE VIEW country_list AS SELECT code, name, orders, customers FROM countries;
CREATE VIEW foreign_orders AS SELECT id, ref, total FROM other.orders;

-- Triggers: only the last one writes into a table that has a shadow.

CREATE TRIGGER countries_name BEFORE INSERT ON countries FOR EACH ROW SET NEW.name = TRIM(NEW.name);
CREATE TRIGGER archive_audit AFTER INSERT ON orders_archive FOR EACH ROW INSERT INTO audit (table_name, action, row_id) VALUES ('orders', 'archive', NEW.id);
CREATE TRIGGER settings_note AFTER UPDATE ON settings FOR EACH ROW UPDATE orders SET note = NEW.value WHERE status = 'open';

-- Routines: one only computes, two read or write base tables, two have the name of a built-in function.

CREATE FUNCTION tax (amount DECIMAL(10,2)) RETURNS DECIMAL(10,2) DETERMINISTIC NO SQL RETURN amount * 0.2;
CREATE FUNCTION order_total (who INT) RETURNS DECIMAL(10,2) READS SQL DATA RETURN (SELECT COALESCE(SUM(total), 0) FROM orders WHERE customer_id = who);
CREATE FUNCTION shop.lower (what VARCHAR(200)) RETURNS INT READS SQL DATA RETURN (SELECT COUNT(*) FROM orders WHERE note = what);
CREATE FUNCTION shop.count (what INT) RETURNS INT READS SQL DATA RETURN (SELECT COUNT(*) FROM orders WHERE id <> what);
CREATE PROCEDURE place_order (IN who INT, IN amount DECIMAL(10,2)) MODIFIES SQL DATA INSERT INTO orders (customer_id, total) VALUES (who, amount);
