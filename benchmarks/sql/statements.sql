-- What applications send, as drivers and ORMs write it; for the cost of a statement that is not
-- known yet. A line `-- dialect` says whose the next ones are.
-- mysql
INSERT INTO mse_demo_table(location) VALUES(%s);
SELECT * FROM mse_demo_table;
SELECT id, location FROM mse_demo_table WHERE id = %s;
SELECT o.id, o.total, c.name FROM orders o JOIN customers c ON c.id = o.customer_id WHERE o.status = %s AND o.created_at > %s ORDER BY o.id DESC LIMIT 20;
SELECT `orders`.`id`, `orders`.`customer_id`, `orders`.`status`, `orders`.`total`, `orders`.`created_at`, `orders`.`updated_at` FROM `orders` INNER JOIN `customers` ON (`orders`.`customer_id` = `customers`.`id`) WHERE (`customers`.`country` = %s AND `orders`.`status` IN (%s, %s, %s)) ORDER BY `orders`.`created_at` DESC LIMIT 21;
UPDATE orders SET status = %s, updated_at = NOW() WHERE id = %s AND status = %s;
DELETE FROM items WHERE order_id = %s;
INSERT INTO items (order_id, sku, qty, price) VALUES (%s, %s, %s, %s), (%s, %s, %s, %s), (%s, %s, %s, %s);
INSERT INTO customers (id, name, visits) VALUES (%s, %s, 1) ON DUPLICATE KEY UPDATE visits = visits + 1, name = VALUES(name);
SELECT COUNT(*) AS n, SUM(total) AS revenue, DATE(created_at) AS day FROM orders WHERE created_at BETWEEN %s AND %s GROUP BY DATE(created_at) HAVING SUM(total) > %s ORDER BY day;
SELECT c.id, c.name, (SELECT COUNT(*) FROM orders o WHERE o.customer_id = c.id AND o.status = 'paid') AS paid FROM customers c WHERE EXISTS (SELECT 1 FROM items i JOIN orders o2 ON o2.id = i.order_id WHERE o2.customer_id = c.id AND i.sku LIKE %s) ORDER BY paid DESC LIMIT 10;
SELECT id FROM orders WHERE customer_id = %s AND status = 'new' ORDER BY id LIMIT 1 FOR UPDATE;
REPLACE INTO mse_demo_table (id, location) VALUES (%s, %s);
-- postgres
SELECT "orders"."id", "orders"."customer_id", "orders"."status", "orders"."total" FROM "orders" WHERE "orders"."id" = %s LIMIT 21;
INSERT INTO "orders" ("customer_id", "status", "total", "created_at") VALUES (%s, %s, %s, %s) RETURNING "orders"."id";
INSERT INTO customers (email, name) VALUES (%(email)s, %(name)s) ON CONFLICT (email) DO UPDATE SET name = EXCLUDED.name WHERE customers.name IS DISTINCT FROM EXCLUDED.name RETURNING id;
UPDATE orders SET status = 'paid', total = orders.total + sub.extra FROM (SELECT order_id, sum(price * qty) AS extra FROM items GROUP BY order_id) AS sub WHERE sub.order_id = orders.id AND orders.status = %s RETURNING orders.id, orders.total;
WITH recent AS (SELECT id, customer_id, total FROM orders WHERE created_at > now() - interval '7 days'), ranked AS (SELECT r.*, row_number() OVER (PARTITION BY r.customer_id ORDER BY r.total DESC) AS place FROM recent r) SELECT c.name, ranked.total FROM ranked JOIN customers c ON c.id = ranked.customer_id WHERE ranked.place = 1 ORDER BY ranked.total DESC LIMIT %s;
SELECT orders_1.id AS orders_1_id, orders_1.customer_id AS orders_1_customer_id, customers.id AS customers_id, customers.name AS customers_name FROM customers LEFT OUTER JOIN orders AS orders_1 ON customers.id = orders_1.customer_id WHERE customers.id IN (%s, %s, %s, %s, %s);
DELETE FROM items USING orders WHERE orders.id = items.order_id AND orders.status = %s;
SELECT i.sku, i.data->>'colour' AS colour, count(*) FILTER (WHERE i.qty > 1) FROM items i WHERE i.data @> %s::jsonb GROUP BY 1, 2 ORDER BY 3 DESC;
SELECT * FROM orders WHERE id = ANY(%s) ORDER BY id FOR UPDATE OF orders SKIP LOCKED;
COPY items (order_id, sku, qty, price) FROM STDIN;
-- sqlite
SELECT * FROM orders WHERE id = ?;
INSERT INTO mse_demo_table(location) VALUES(?);
INSERT INTO orders (customer_id, status, total) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET status = excluded.status;
SELECT o.id, group_concat(i.sku, ', ') AS skus FROM orders AS o LEFT JOIN items AS i ON i.order_id = o.id WHERE o.customer_id = :customer GROUP BY o.id ORDER BY o.id LIMIT 50;
UPDATE orders SET status = ? WHERE id IN (SELECT order_id FROM items WHERE sku = ?);
