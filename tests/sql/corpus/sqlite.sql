-- Statements as applications send them to SQLite, one a block. A marked word is a table with a
-- shadow (or what means one); every other occurrence of such a word is something else.
SELECT id, status, total FROM {orders} ORDER BY id
----
SELECT * FROM {orders} ORDER BY id DESC LIMIT 2
----
select * from {ORDERS} order by ID
----
SELECT "{orders}"."id", "{orders}"."note" FROM "{orders}" ORDER BY "{orders}"."id" ASC
----
SELECT "{Orders}"."id", {ORDERS}.Status, "{orders}"."TOTAL" FROM "{oRDERS}" ORDER BY {oRdErS}.id
----
SELECT [{orders}].[id], [{orders}].total FROM [{orders}] ORDER BY [{orders}].[id]
----
SELECT `{orders}`.`id`, `{orders}`.`note` FROM `{orders}` ORDER BY `{orders}`.`id`
----
SELECT [id], `total`, "items", 'note' FROM '{orders}' ORDER BY "id"
----
SELECT '{orders}'.id, '{orders}'.'total' FROM '{orders}' ORDER BY id
----
SELECT "{orders}".id, [{orders}].total, `{orders}`.items FROM {orders} ORDER BY {orders}.id
----
SELECT main.{orders}.id, {orders}.total FROM main.{orders} ORDER BY main.{orders}.id
----
SELECT "main"."{orders}"."id" AS "id", "main"."{orders}"."note" FROM "main"."{orders}" ORDER BY "main"."{orders}"."id"
----
SELECT [main].[{orders}].[total] FROM [main].[{orders}] ORDER BY 1
----
SELECT MAIN . {orders} . id FROM main
  . {orders} ORDER BY {orders}
  . id
----
SELECT 'main'.'{orders}'.'id', total FROM 'main'.'{orders}' ORDER BY 1
----
SELECT id, customer, total FROM other.orders ORDER BY id
----
SELECT orders.id, orders.customer FROM other.orders ORDER BY orders.id
----
SELECT other.orders.total, orders.items FROM other.orders ORDER BY other.orders.id
----
SELECT "orders"."customer" FROM "other"."orders" WHERE "orders"."items" > 5 ORDER BY "orders"."id"
----
SELECT main.{orders}.note, other.orders.customer FROM main.{orders} JOIN other.orders ON other.orders.id = main.{orders}.id ORDER BY main.{orders}.id
----
SELECT {orders}.note, o.customer FROM {orders} JOIN other.orders AS o ON o.id = {orders}.id ORDER BY {orders}.id
----
SELECT m.note, orders.customer FROM {orders} AS m LEFT JOIN other.orders ON orders.id = m.id ORDER BY m.id
----
SELECT customer FROM other.orders WHERE EXISTS (SELECT 1 FROM {orders} m WHERE m.id = orders.id AND m.total > 20) ORDER BY id
----
SELECT {orders}.total FROM {orders} WHERE {orders}.id IN (SELECT orders.id FROM other.orders WHERE orders.items > 5) ORDER BY {orders}.id
----
SELECT stock.orders, {items}.qty FROM stock JOIN {items} ON {items}.sku = stock.sku ORDER BY {items}.id
----
SELECT s.sku, s.orders, s.items, (SELECT count(*) FROM {items} WHERE {items}.sku = s.sku) FROM other.stock AS s ORDER BY s.sku
----
SELECT "Id", "Order Id", amount FROM "{Order Lines}" ORDER BY "Id"
----
SELECT "{order lines}"."line no" AS n, [{ORDER LINES}].orders, doubled FROM "{Order Lines}" ORDER BY `{Order Lines}`.`Id`
----
SELECT ol.[Order Id], sum(ol.amount) AS "Order Lines" FROM main.[{Order Lines}] AS ol GROUP BY ol.[Order Id] ORDER BY 1
----
SELECT "{order}"."group", count(*) FROM "{order}" GROUP BY "{order}"."group" ORDER BY "{order}"."group"
----
SELECT [group], user, `desc` FROM [{order}] WHERE "desc" IS NOT NULL ORDER BY id
----
SELECT o."group" AS "order", o.orders FROM `{order}` AS o ORDER BY o.orders DESC
----
SELECT orders FROM {customers} ORDER BY id
----
SELECT orders, {customers}.orders AS again FROM {customers} WHERE orders > 0 ORDER BY orders, id
----
SELECT "orders", [orders] + 1 FROM {customers} WHERE `orders` > 0 ORDER BY "orders", id
----
SELECT 'orders', "{customers}".'orders' FROM {customers} ORDER BY id
----
SELECT orders.name FROM {customers} orders WHERE orders.orders >= 1 ORDER BY orders.id
----
SELECT orders.name, customers.note FROM {customers} AS orders JOIN {orders} AS customers ON customers.customer_id = orders.id ORDER BY customers.id
----
SELECT orders.name FROM {customers} AS 'orders' ORDER BY orders.id
----
SELECT "orders".name FROM {customers} "orders" ORDER BY [orders].id
----
SELECT o.id, c.name FROM {orders} o INNER JOIN {customers} c ON c.id = o.customer_id ORDER BY o.id
----
SELECT o.id, c.name FROM {orders} AS o LEFT OUTER JOIN {customers} AS c ON (o.customer_id = c.id) ORDER BY o.id
----
SELECT c.name, o.id FROM {orders} o RIGHT JOIN {customers} c ON o.customer_id = c.id ORDER BY c.id, o.id
----
SELECT c.id AS cid, o.id AS oid FROM {customers} c FULL OUTER JOIN {orders} o ON o.customer_id = c.id ORDER BY 1 NULLS LAST, 2 NULLS FIRST
----
SELECT count(*) FROM {customers} CROSS JOIN {orders}
----
SELECT count(*) FROM {customers}, {orders}, {items}
----
SELECT {orders}.id, {items}.sku FROM {orders}, {items} ON {orders}.id = {items}.order_id ORDER BY {items}.id
----
SELECT {orders}.id, {items}.sku FROM {orders}, {items} WHERE {orders}.id = {items}.order_id ORDER BY {items}.id
----
--: unordered
SELECT id, orders FROM {customers} NATURAL JOIN (SELECT 1 AS id UNION SELECT 2) AS orders
----
SELECT id, a.name, b.name FROM {tree} a JOIN {tree} b USING (id) ORDER BY id
----
SELECT p.name AS parent, c.name AS child FROM {tree} AS c JOIN {tree} AS p ON p.id = c.parent_id ORDER BY c.id
----
SELECT {tree}.name, tree FROM {tree} WHERE tree LIKE 't%' ORDER BY {tree}.id
----
SELECT {tree}.tree, count(*) AS tree FROM {tree} GROUP BY {tree}.tree ORDER BY {tree}.tree
----
SELECT "tree", "{tree}"."tree" FROM "{tree}" ORDER BY "{tree}"."id"
----
SELECT {orders}.id FROM ({orders} JOIN {items} ON {orders}.id = {items}.order_id) ORDER BY {items}.id
----
SELECT o.id, i.sku FROM ({orders} AS o LEFT JOIN ({items} AS i CROSS JOIN countries) ON i.order_id = o.id AND countries.code = 'DE') ORDER BY 1, i.id
----
SELECT total FROM ({orders}) ORDER BY id
----
SELECT key AS orders, value AS items FROM settings ORDER BY orders
----
SELECT id AS orders FROM {orders} ORDER BY orders
----
SELECT id 'orders', note [items], total "customers" FROM {orders} ORDER BY "orders"
----
SELECT status AS orders, count(*) AS items FROM {orders} GROUP BY orders ORDER BY items DESC, orders
----
SELECT customer_id orders, max(id) customers FROM {orders} GROUP BY customer_id ORDER BY orders
----
SELECT {orders}.items FROM {orders} WHERE items > 0 ORDER BY items, {orders}.id
----
SELECT 'orders' AS orders, 'FROM orders' AS "from", "{orders}".id AS "orders.id" FROM "{orders}" ORDER BY 3
----
SELECT id FROM {orders} WHERE note = 'it''s void' OR note = 'select * from orders' OR note LIKE '%gray%' ORDER BY id
----
SELECT id, 'a\', {orders}.note FROM {orders} WHERE note LIKE 'C:\%' OR note IS NULL ORDER BY id
----
SELECT id FROM {orders} WHERE status = "new" ORDER BY id
----
SELECT "no such column", {orders}.note FROM {orders} ORDER BY id
----
SELECT "from orders", 'it''s "orders"', {orders}.total FROM {orders} ORDER BY id
----
SELECT x'6f7264657273', X'00', {orders}.total FROM {orders} ORDER BY id LIMIT 1
----
SELECT /* orders, not items */ id, total FROM {orders} -- WHERE orders.id = 7
ORDER BY id
----
/* not nested: /* FROM orders */ SELECT {orders}.total FROM {orders} ORDER BY 1
----
SELECT total FROM/**/{orders}/* orders */ORDER/**/BY/**/id
----
SELECT total	FROM	{orders}
	ORDER	BY	id ;
----
-- orders of the day: don't
SELECT note FROM {orders} WHERE id < 3 ORDER BY id;
----
SELECT id FROM {orders} ORDER BY id -- trailing; FROM items
----
SELECT id FROM {orders} ORDER BY id /* not closed; FROM items
----
SELECT"{orders}"."total"FROM"{orders}"ORDER BY"{orders}"."id"
----
SELECT[id],[total]FROM[{orders}]WHERE[total]>10 ORDER BY[id]
----
SELECT ALL customer_id FROM {orders} ORDER BY customer_id NULLS LAST
----
SELECT DISTINCT customer_id FROM {orders} ORDER BY 1
----
SELECT {orders}.rowid, _rowid_, oid FROM {orders} WHERE {orders}.rowid > 1 ORDER BY {orders}.oid
----
SELECT o.rowid AS orders, o.* FROM {orders} o WHERE o._rowid_ = 1
----
SELECT main.{orders}.ROWID, total FROM main.{orders} ORDER BY ROWID DESC LIMIT 1
----
SELECT rowid, rank FROM notes WHERE notes MATCH 'orders' ORDER BY rowid
----
SELECT id, total FROM {orders} ORDER BY total DESC LIMIT 1, 2
----
SELECT id, total FROM {orders} ORDER BY total LIMIT (SELECT count(*) - 2 FROM {customers}) OFFSET 1
----
SELECT id FROM {orders} ORDER BY note COLLATE NOCASE, id
----
SELECT id FROM {orders} ORDER BY {orders}.note COLLATE "BINARY" DESC NULLS LAST, {orders}.id
----
SELECT {orders}.*, {customers}.name FROM {orders} JOIN {customers} ON {customers}.id = {orders}.customer_id ORDER BY {orders}.id
----
SELECT "{orders}".*, [{items}].* FROM "{orders}", [{items}] WHERE {items}.order_id = {orders}.id ORDER BY {items}.id
----
SELECT o.*, 1 AS orders, o.id * 2 AS "items" FROM {orders} AS o ORDER BY o.id
----
SELECT id, total FROM {orders} NOT INDEXED WHERE status = 'new' ORDER BY id
----
SELECT o.id, o.total FROM {orders} AS o NOT INDEXED WHERE o.status = 'new' ORDER BY o.id
----
SELECT k.name, c.name FROM countries AS k INDEXED BY countries_region JOIN {customers} c ON c.country = k.code WHERE k.region = 'Europe' ORDER BY c.id
----
VALUES (1, 'orders'), (2, 'items')
----
VALUES ('orders', (SELECT count(*) FROM {orders})), ('items', (SELECT count(*) FROM {items}))
----
SELECT orders.column1, {tree}.name FROM (VALUES (1, 'orders'), (2, 'x')) AS orders JOIN {tree} ON {tree}.id = orders.column1 ORDER BY 1
----
SELECT * FROM (SELECT id, total FROM {orders} WHERE total > 10) AS orders ORDER BY orders.id
----
SELECT orders.id FROM (SELECT {orders}.id FROM {orders} JOIN {items} ON {items}.order_id = {orders}.id) orders ORDER BY orders.id
----
SELECT name FROM {customers} WHERE EXISTS (SELECT 1 FROM {orders} WHERE {orders}.customer_id = {customers}.id) ORDER BY name
----
SELECT name FROM {customers} c WHERE NOT EXISTS (SELECT * FROM {orders} o WHERE o.customer_id = c.id AND o.status = 'cancelled') ORDER BY 1
----
SELECT id, total FROM {orders} WHERE EXISTS (SELECT 1 FROM {items} orders WHERE orders.order_id = 1 AND orders.qty < 5) ORDER BY id
----
SELECT name FROM {customers} WHERE id IN (SELECT customer_id FROM {orders} WHERE total >= 80) ORDER BY id
----
SELECT name FROM {customers} WHERE id NOT IN (SELECT customer_id FROM {orders} WHERE customer_id IS NOT NULL) ORDER BY id
----
SELECT id, total FROM {orders} WHERE id IN numbers ORDER BY id
----
SELECT id, total FROM {orders} WHERE {orders}.id NOT IN main.numbers ORDER BY id
----
SELECT id FROM {mse_demo_table} WHERE (id, name, value, location) IN {mse_demo_table} ORDER BY id
----
SELECT n FROM numbers WHERE (n, 'gray-beta', 21, 'gray') IN main.{mse_demo_table} OR (n, 'alpha', 10, 'hangzhou') IN "{mse_demo_table}" ORDER BY n
----
WITH mse_demo_table (n) AS (VALUES (1), (3)) SELECT total FROM {orders} WHERE id IN mse_demo_table ORDER BY id
----
SELECT id FROM {orders} WHERE id IN () OR total > 20 ORDER BY id
----
SELECT id FROM {orders} WHERE (customer_id, items) IN (VALUES (1, 3), (2, 4), (3, 5)) ORDER BY id
----
SELECT id FROM {orders} WHERE (total, items) > (SELECT avg(amount), 1 FROM "{Order Lines}") ORDER BY id
----
SELECT name, (SELECT count(*) FROM {orders} WHERE customer_id = {customers}.id) AS orders FROM {customers} ORDER BY orders DESC, name
----
SELECT c.name, (SELECT max(total) FROM {orders} orders WHERE orders.customer_id = c.id) FROM {customers} c ORDER BY c.id
----
SELECT (SELECT (SELECT max(sku) FROM {items} WHERE order_id = {orders}.id) FROM {orders} WHERE {orders}.id = 1) AS deep
----
SELECT CASE WHEN EXISTS (SELECT 1 FROM {items} WHERE sku = 'jar') THEN 'orders' ELSE (SELECT name FROM {mse_demo_table} WHERE id = 1) END AS answer
----
SELECT coalesce((SELECT note FROM {orders} WHERE id = 1), 'orders') || ' of ' || (SELECT name FROM {customers} WHERE id = 1)
----
SELECT c.name FROM {customers} c WHERE c.orders > (SELECT avg(orders) FROM {customers}) ORDER BY c.id
----
SELECT a.code FROM countries a WHERE a.code IN (SELECT country FROM {customers}) AND a.orders >= 0 ORDER BY a.code
----
SELECT sum(n) FROM (SELECT count(*) AS n FROM {orders} UNION ALL SELECT count(*) FROM {items}) AS t
----
SELECT count(*) FROM (SELECT DISTINCT {orders}.status AS col1 FROM {orders} INNER JOIN {customers} ON ({orders}.customer_id = {customers}.id)) subquery
----
SELECT orders.orders FROM (SELECT total AS orders FROM {orders}) orders ORDER BY orders
----
SELECT x.orders FROM {customers} x JOIN {orders} y ON y.customer_id = x.id AND x.orders > 0 ORDER BY y.id
----
SELECT c.orders, o.items, {items}.* FROM {customers} c JOIN {orders} o ON o.customer_id = c.id JOIN {items} ON {items}.order_id = o.id ORDER BY {items}.id
----
SELECT total FROM {orders} orders_gray WHERE orders_gray.total > 20 ORDER BY orders_gray.id
----
SELECT {orders}.total AS orders_gray FROM {orders} ORDER BY orders_gray
----
SELECT o.id AS "SELECT * FROM orders", o.note FROM {orders} AS o ORDER BY 1
----
SELECT "{orders}".total, "a ""quoted"" orders", [b ""'] FROM "{orders}" CROSS JOIN (SELECT 1 AS "a ""quoted"" orders", 2 AS [b ""']) q ORDER BY 1
----
SELECT ordersx.name, xorders.total FROM {tree} AS ordersx JOIN {orders} AS xorders ON ordersx.id = xorders.id ORDER BY ordersx.id
----
SELECT orders$1.total FROM {orders} AS orders$1 ORDER BY orders$1.id
----
SELECT förders.id, "заказы".name FROM {orders} AS förders JOIN {customers} AS "заказы" ON "заказы".id = förders.customer_id ORDER BY 1
----
WITH big AS (SELECT * FROM {orders} WHERE total > 20) SELECT id, status FROM big ORDER BY id
----
WITH orders AS (SELECT id, total FROM main.{orders} WHERE total > 20) SELECT orders.id, orders.total FROM orders ORDER BY orders.id
----
WITH orders AS (SELECT 1 AS id, 'x' AS note) SELECT * FROM orders
----
WITH orders (id, items) AS (VALUES (1, 'a'), (2, 'b')) SELECT orders.id, orders.items, {customers}.name FROM orders JOIN {customers} ON {customers}.id = orders.id ORDER BY orders.id
----
WITH orders AS (SELECT id FROM {customers}) SELECT o.id FROM orders o WHERE NOT EXISTS (SELECT 1 FROM orders WHERE orders.id > o.id)
----
WITH orders AS (SELECT 100 AS id) SELECT id, 'cte' AS source FROM orders UNION ALL SELECT total, 'table' FROM main.{orders} ORDER BY id
----
WITH a AS (SELECT n FROM orders), orders AS (SELECT 55 AS n) SELECT a.n, (SELECT count(*) FROM {items}) AS items FROM a
----
WITH orders AS (SELECT 5 AS n), o AS (SELECT n FROM orders) SELECT o.n, items.n FROM o, (SELECT count(*) AS n FROM {items}) items
----
WITH Orders AS (SELECT 1 AS id) SELECT ORDERS.id, {items}.sku FROM "orders" JOIN {items} ON {items}.order_id = [ORDERS].id ORDER BY {items}.id
----
WITH a AS (WITH orders AS (SELECT 7 AS id) SELECT id FROM orders) SELECT a.id, count({orders}.id) FROM a CROSS JOIN {orders} GROUP BY a.id
----
WITH orders AS (WITH inner_orders AS (SELECT * FROM main.{orders}) SELECT max(total) AS id FROM inner_orders) SELECT id FROM orders
----
SELECT (WITH orders AS (SELECT 3 AS n) SELECT n FROM orders) AS n, count(*) FROM {orders}
----
SELECT * FROM (WITH orders AS (SELECT name FROM {tree}) SELECT name FROM orders) AS x ORDER BY name
----
WITH orders AS (SELECT 2 AS id) SELECT t.name FROM {tree} t WHERE t.id IN (SELECT id FROM orders) AND EXISTS (SELECT 1 FROM other.orders)
----
WITH orders AS (SELECT 2 AS id), items AS (SELECT id FROM orders) SELECT items.id, t.sku FROM items JOIN main.{items} AS t ON t.order_id = items.id ORDER BY t.id
----
WITH orders_totals AS (SELECT sum(total) AS s FROM {orders}) SELECT s FROM orders_totals
----
WITH t AS MATERIALIZED (SELECT * FROM {orders}), u AS NOT MATERIALIZED (SELECT * FROM {items}) SELECT t.id, u.sku FROM t JOIN u ON u.order_id = t.id ORDER BY u.id
----
WITH RECURSIVE path (id, name, depth) AS (SELECT id, name, 1 FROM {tree} WHERE parent_id IS NULL UNION ALL SELECT t.id, t.name, p.depth + 1 FROM {tree} t JOIN path p ON t.parent_id = p.id) SELECT * FROM path ORDER BY id
----
WITH RECURSIVE tree (id, name) AS (SELECT id, name FROM main.{tree} WHERE id = 1 UNION SELECT c.id, c.name FROM main.{tree} c, tree WHERE c.parent_id = tree.id) SELECT tree.id, tree.name FROM tree ORDER BY tree.id
----
WITH RECURSIVE sub AS (SELECT id, name, weight FROM {tree} WHERE id = 2 UNION ALL SELECT {tree}.id, {tree}.name, {tree}.weight FROM {tree}, sub WHERE {tree}.parent_id = sub.id ORDER BY 3 DESC LIMIT 10) SELECT * FROM sub ORDER BY id
----
WITH RECURSIVE orders (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM orders WHERE n < 3) SELECT orders.n, o.note FROM orders LEFT JOIN main.{orders} AS o ON o.id = n ORDER BY n
----
WITH RECURSIVE days (d) AS (SELECT '2024-05-01' UNION ALL SELECT date(d, '+1 day') FROM days WHERE d < '2024-05-12') SELECT d, count({orders}.id) AS orders FROM days LEFT JOIN {orders} ON date({orders}.placed_at) = d GROUP BY d ORDER BY d
----
SELECT id FROM {orders} UNION SELECT order_id FROM {items} ORDER BY id
----
SELECT id FROM {orders} INTERSECT SELECT "Order Id" FROM "{Order Lines}" ORDER BY 1
----
SELECT id FROM {customers} EXCEPT SELECT customer_id FROM {orders} ORDER BY 1
----
SELECT 'orders' AS src, count(*) FROM {orders} UNION ALL SELECT 'items', count(*) FROM {items} UNION ALL SELECT 'tree', count(*) FROM {tree} ORDER BY 1
----
SELECT * FROM (SELECT name FROM {customers} ORDER BY name LIMIT 2) UNION ALL SELECT * FROM (SELECT name FROM {tree} ORDER BY id LIMIT 1) ORDER BY name
----
SELECT 'orders' AS orders UNION SELECT name FROM {mse_demo_table} ORDER BY orders
----
SELECT id, total, row_number() OVER (PARTITION BY customer_id ORDER BY total DESC, id) FROM {orders} ORDER BY id
----
SELECT {orders}.id, rank() OVER (PARTITION BY {orders}.status ORDER BY {orders}.total) AS orders FROM {orders} ORDER BY {orders}.id
----
SELECT id, sum(total) OVER orders AS running FROM {orders} WINDOW orders AS (ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) ORDER BY id
----
SELECT id, avg(total) OVER (w ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE CURRENT ROW), lag({orders}.total, 1, 0) OVER w FROM {orders} WINDOW w AS (ORDER BY {orders}.id) ORDER BY id
----
SELECT o.id, first_value(o.note) OVER items, ntile(2) OVER items FROM {orders} o WINDOW items AS (ORDER BY o.id) ORDER BY 1
----
SELECT count(*) FILTER (WHERE status = 'paid') AS paid, count(*) FILTER (WHERE {orders}.total > 50) AS big FROM {orders}
----
SELECT id, count(*) FILTER (WHERE items > 1) OVER (ORDER BY id GROUPS 1 PRECEDING) FROM {orders} ORDER BY id
----
SELECT c.country, count(*) AS orders, total(o.total) FROM {orders} o JOIN {customers} c ON c.id = o.customer_id GROUP BY c.country HAVING count(*) > 0 ORDER BY 1
----
SELECT {customers}.*, count({orders}.id) FROM {customers} LEFT JOIN {orders} ON {orders}.customer_id = {customers}.id GROUP BY {customers}.id ORDER BY {customers}.id
----
SELECT customer_id, group_concat(id) AS orders FROM (SELECT customer_id, id FROM {orders} ORDER BY id) AS items GROUP BY customer_id ORDER BY 1
----
SELECT max(total), note, min({orders}.id) FROM {orders} WHERE note <> ''
----
SELECT total(total) AS total, count(DISTINCT customer_id), avg({orders}.total), sum(items) items FROM {orders}
----
SELECT json_group_array(name) AS customers FROM (SELECT name FROM {customers} ORDER BY id)
----
SELECT json_group_object(id, tree.name) FROM (SELECT id, name FROM {tree} ORDER BY id) AS tree
----
SELECT json_object('orders', {orders}.id, 'items', (SELECT json_group_array(json_object('order', "order", 'sku', sku)) FROM (SELECT * FROM {items} i WHERE i.order_id = {orders}.id ORDER BY i.id))) AS j FROM {orders} ORDER BY {orders}.id
----
SELECT id, data -> 'orders' AS orders, data ->> 'docs' AS docs, data -> '$.orders.total', {docs}.data ->> '$.items[0].sku' FROM {docs} ORDER BY id
----
SELECT json_extract({docs}.data, '$.orders', '$.items'), json_type(data, '$.orders.total') FROM {docs} ORDER BY {docs}.id
----
SELECT {docs}.id, item.value ->> 'sku' AS sku FROM {docs}, json_each({docs}.data, '$.items') AS item ORDER BY 1, 2
----
SELECT {orders}.id, json_each.value FROM {orders}, json_each({orders}.tags) WHERE json_each.value <> 'orders' ORDER BY 1, 2
----
SELECT orders.key, orders.value FROM {docs}, json_each({docs}.data) AS orders WHERE orders.key = 'orders' ORDER BY {docs}.id
----
SELECT d.title, t.fullkey, t.atom FROM {docs} AS d JOIN json_tree(d.data) AS t ON t.type NOT IN ('object', 'array') ORDER BY d.id, t.fullkey
----
SELECT id FROM {orders} WHERE EXISTS (SELECT 1 FROM json_each({orders}.tags) WHERE value IN ('orders', 'g')) ORDER BY id
----
SELECT id, total FROM {orders} WHERE id IN (SELECT value FROM json_each('[1, 3]')) ORDER BY id
----
SELECT json_set(data, '$.orders.total', 0), json_remove({docs}.data, '$.orders', '$.items'), json_patch(data, '{"docs": null}') FROM {docs} ORDER BY id
----
SELECT json_valid({docs}.data), json_array_length(data, '$.items'), json_quote(title), json_array({docs}.id, 'orders') FROM {docs} ORDER BY id
----
SELECT payload ->> 'orders', json_extract(payload, '$.items.orders') FROM audit WHERE payload LIKE '%orders%' ORDER BY id
----
SELECT strftime('%Y', {orders}.placed_at) AS y, count(*) FROM {orders} GROUP BY strftime('%Y', {orders}.placed_at) ORDER BY 1
----
SELECT id, date(placed_at, 'start of month', '+1 month', '-1 day'), julianday({orders}.placed_at) - julianday('2024-01-01') FROM {orders} ORDER BY id
----
SELECT id, datetime({orders}.placed_at, '+1 day'), time(placed_at), unixepoch(placed_at), strftime('%s', placed_at) + 0 FROM {orders} ORDER BY id
----
SELECT id, total FROM {orders} WHERE placed_at BETWEEN '2024-05-01' AND '2024-06-30 23:59:59' ORDER BY id
----
SELECT id FROM {orders} WHERE placed_at < datetime('now', '-30 days') AND placed_at < CURRENT_TIMESTAMP AND date(placed_at) < current_date ORDER BY id
----
SELECT id, total FROM {orders} WHERE note GLOB '*orders*' OR note GLOB 'gray*' ORDER BY id
----
SELECT id FROM {orders} WHERE note LIKE '%orders%' OR note LIKE '10\%%' ESCAPE '\' ORDER BY id
----
SELECT id FROM {orders} WHERE like('%orders', note) OR glob('*gray', {orders}.note) ORDER BY id
----
SELECT n.title, {tree}.name FROM notes AS n JOIN {tree} ON {tree}.id = n.rowid WHERE n.title MATCH 'orders OR items' ORDER BY n.rowid
----
SELECT title, snippet(notes, 1, '[', ']', '...', 5), highlight(notes, 0, '<', '>') FROM notes WHERE notes MATCH 'orders' ORDER BY bm25(notes), rowid
----
SELECT notes.title FROM notes('orders: note') WHERE EXISTS (SELECT 1 FROM {orders} WHERE total > 300)
----
SELECT orders.orders FROM notes AS orders WHERE orders.orders MATCH 'day'
----
SELECT CASE {orders}.status WHEN 'new' THEN 'orders' WHEN 'paid' THEN {orders}.note ELSE coalesce({orders}.note, '') END FROM {orders} ORDER BY id
----
SELECT max({orders}.total, 50), min(total, 10), nullif({orders}.note, ''), -total AS orders, +total FROM {orders} ORDER BY id
----
SELECT id FROM {orders} WHERE customer_id IS NOT {orders}.id AND note IS NOT NULL AND note NOTNULL AND NOT (note ISNULL) ORDER BY id
----
SELECT id, total FROM {orders} WHERE customer_id IS DISTINCT FROM {orders}.id AND total IS NOT DISTINCT FROM {orders}.total ORDER BY id
----
SELECT id, total FROM {orders} WHERE status == 'new' AND total <> 0 AND (items & 1) = 1 OR items << 1 > 6 ORDER BY id
----
SELECT id, name FROM {customers} WHERE vip IS TRUE OR orders IS NOT FALSE ORDER BY id
----
SELECT printf('%05.2f of %s: %d%%', {orders}.total, 'orders', id), format('%q', {orders}.note) FROM {orders} ORDER BY id
----
SELECT replace({orders}.note, 'orders', 'items'), substr(note, 1, 4), instr({orders}.note, 'o'), upper(note) FROM {orders} WHERE note IS NOT NULL ORDER BY id
----
SELECT trim({orders}.note, 'g'), ltrim(note), hex(note), quote({orders}.note), length(note), unicode(note), char(111, 114) FROM {orders} WHERE note <> '' ORDER BY id
----
SELECT typeof(total), typeof({orders}.note), CAST(total AS INTEGER), CAST({orders}.total AS TEXT) || ' orders' FROM {orders} ORDER BY id
----
SELECT round(total / 3.0, 2), abs({orders}.total), sign(-total), ceil(total), total % 7, 0x1F, 1e3, .5 FROM {orders} ORDER BY id
----
SELECT iif(total > 50, 'orders', {orders}.note), ifnull({orders}.note, 'items'), likely(total > 1), sqrt(4) FROM {orders} ORDER BY id
----
SELECT id FROM {orders} WHERE NOT (status = 'new' AND total > 10) AND (note IS NULL) IS NOT TRUE ORDER BY id
----
SELECT ({orders}.total), (({orders}.items)) FROM {orders} ORDER BY ({orders}.id)
----
SELECT last_insert_rowid() AS orders, changes(), total_changes() >= 0, sqlite_version() >= '3.40', max(total) FROM {orders}
----
SELECT code, orders FROM v_countries ORDER BY code
----
SELECT v.name, c.name FROM v_countries v JOIN {customers} c ON c.country = v.code ORDER BY c.id
----
SELECT name FROM countries WHERE orders > 1 ORDER BY name
----
SELECT name, type FROM sqlite_master WHERE name = 'orders' OR tbl_name = 'countries' ORDER BY name
----
SELECT count(*) FROM other.sqlite_schema WHERE type = 'table' AND name IN ('orders', 'stock')
----
SELECT name AS orders FROM pragma_table_info('countries') ORDER BY cid
----
SELECT p.name, t.total FROM pragma_table_info('orders_archive') AS p, {orders} t WHERE t.id = p.cid ORDER BY p.cid
----
--: needs 3.44
SELECT customer_id, string_agg(id, ',' ORDER BY id DESC) AS orders FROM {orders} GROUP BY customer_id ORDER BY 1
----
--: needs 3.44
SELECT group_concat(name ORDER BY {customers}.name DESC) FROM {customers}
----
--: needs 3.44
SELECT json_group_array({tree}.name ORDER BY {tree}.id) FROM {tree}
----
--: needs 3.44
SELECT concat({orders}.note, ' of ', 'orders'), concat_ws('-', id, {orders}.status) FROM {orders} ORDER BY id
----
--: needs 3.43
SELECT octet_length(note), timediff({orders}.placed_at, '2024-01-01') FROM {orders} ORDER BY id
----
--: needs 3.45
SELECT json(jsonb({docs}.data)) ->> 'docs', json_extract(jsonb_set(data, '$.orders', 1), '$.orders') FROM {docs} ORDER BY id
----
--: needs 3.45
SELECT json_group_array(json(j)) FROM (SELECT jsonb_object('orders', {orders}.total) AS j FROM {orders} ORDER BY id)
----
--: needs 3.46
SELECT id FROM {orders} WHERE total < 1_000 AND json_pretty(tags) LIKE '%orders%' ORDER BY id
----
--: needs 3.48
SELECT if(total > 50, 'orders', {orders}.note), iif(total > 20, 'items') FROM {orders} ORDER BY id
----
--: needs 3.50
SELECT unistr('\006frders'), quote({orders}.note), {orders}.note FROM {orders} ORDER BY id
----
WITH totals AS (
    SELECT
        c.country,
        strftime('%Y-%m', o.placed_at) AS month,  -- month of the orders
        sum(o.total) AS revenue,
        count(DISTINCT o.id) AS orders
    FROM {orders} AS o
    JOIN {customers} AS c ON c.id = o.customer_id
    LEFT JOIN {items} ON {items}.order_id = o.id
    WHERE o.status NOT IN ('cancelled') /* void orders */
    GROUP BY c.country, strftime('%Y-%m', o.placed_at)
), ranked AS (
    SELECT *, rank() OVER (PARTITION BY month ORDER BY revenue DESC, country) AS place FROM totals
)
SELECT ranked.country, k.name, ranked.month, ranked.revenue, ranked.orders
FROM ranked
LEFT JOIN countries AS k ON k.code = ranked.country
WHERE ranked.place <= 3
ORDER BY ranked.month, ranked.place, ranked.country
----
INSERT INTO {orders} (id, customer_id, note) VALUES (501, 1, 'one of the orders')
----
INSERT INTO {orders} VALUES (502, 2, 'paid', 10.5, 1, 'x', '2025-02-01', '[]')
----
insert into {Orders}(id,note,tags) values(503,'a','["orders","items"]'),(504,'b''c','[]'),(505,"e",'[]')
----
INSERT INTO main.{orders} (id, total, items) SELECT id + 600, total, items FROM {orders} WHERE total > 1
----
INSERT INTO {orders} (note, customer_id) SELECT 'orders of ' || name, id FROM {customers} ORDER BY id
----
INSERT INTO [{orders}] ([id], [note]) VALUES (506, '[orders]')
----
INSERT INTO '{orders}' ('id', 'note') VALUES (507, 'quoted')
----
INSERT INTO `{orders}` (`id`, `note`) VALUES (508, '`orders`')
----
INSERT INTO {orders} DEFAULT VALUES
----
INSERT INTO {orders} DEFAULT VALUES RETURNING id, status, total
----
INSERT INTO {orders} (id, note) VALUES (509, 'n') RETURNING *
----
INSERT INTO {orders} (id, note) VALUES (510, 'n') RETURNING {orders}.id AS orders, {orders}.note, note || ' items' AS items
----
INSERT INTO "{orders}" ("id", "note") VALUES (511, 'n') RETURNING "{orders}"."id", "note"
----
INSERT OR IGNORE INTO {orders} (id, note) VALUES (1, 'dup'), (512, 'orders')
----
INSERT OR REPLACE INTO {customers} (id, name, orders) VALUES (1, 'Replaced', 9)
----
INSERT OR ABORT INTO {mse_demo_table} (id, name) VALUES (60, 'abort')
----
INSERT OR FAIL INTO {mse_demo_table} (name) SELECT name FROM {tree} ORDER BY id
----
INSERT OR ROLLBACK INTO main.{mse_demo_table} (name, value) VALUES ('orders', (SELECT count(*) FROM {orders}))
----
REPLACE INTO {mse_demo_table} (id, name) VALUES (1, 'replaced')
----
replace into main.[{mse_demo_table}] values (2, replace('orders', 'o', 'O'), 5, 'x')
----
--: unordered
REPLACE INTO {mse_demo_table} SELECT id, name || '!', value, location FROM {mse_demo_table} WHERE value IS NOT NULL RETURNING id
----
INSERT INTO {orders} (id, note) VALUES (1, 'dup') ON CONFLICT DO NOTHING
----
INSERT INTO {orders} (id, note, items) VALUES (1, 'dup', 2) ON CONFLICT (id) DO UPDATE SET note = excluded.note, items = {orders}.items + excluded.items
----
INSERT INTO {orders} AS o (id, note, items) VALUES (2, 'dup', 2), (520, 'fresh', 1) ON CONFLICT (id) DO UPDATE SET items = o.items + EXCLUDED.items, note = o.status || ' orders' WHERE o.total < 100
----
INSERT INTO {orders} AS o (id, note) VALUES (3, 'x') ON CONFLICT (id) DO UPDATE SET note = o.note || excluded.note RETURNING id, note
----
INSERT INTO {orders} AS orders (id, note) VALUES (3, 'x') ON CONFLICT (id) DO UPDATE SET items = orders.items + 1 RETURNING items
----
INSERT INTO {orders} (id, items) VALUES (1, 5) ON CONFLICT (id) DO UPDATE SET items = {orders}.items + excluded.items RETURNING {orders}.id, {orders}.items
----
INSERT INTO main.{orders} (id, note) VALUES (3, 'n') ON CONFLICT (id) WHERE true DO UPDATE SET (note, items) = (excluded.note, {orders}.items + 1) WHERE {orders}.status <> 'paid'
----
INSERT INTO {customers} (name, email) VALUES ('Bob', 'bob@example.org') ON CONFLICT (email) DO UPDATE SET name = {customers}.name || '!', orders = (SELECT count(*) FROM {orders} WHERE {orders}.customer_id = {customers}.id) ON CONFLICT DO NOTHING
----
INSERT INTO {mse_demo_table} SELECT * FROM {mse_demo_table} WHERE true ON CONFLICT (id) DO UPDATE SET value = ifnull({mse_demo_table}.value, 0) + 1
----
INSERT INTO {mse_demo_table} (name, value) SELECT n.title, o.items FROM notes n JOIN {orders} o ON o.id = n.rowid ORDER BY o.id
----
INSERT INTO {items} (order_id, sku, "order") VALUES (1, 'new', 4), (2, 'orders', (SELECT count(*) FROM {orders})) RETURNING sku, "order"
----
INSERT INTO "{order}" ("group", user, "desc", orders) VALUES ('z', 'order', 'desc', 9) RETURNING "{order}"."group", "{order}".orders
----
INSERT INTO "{Order Lines}" ("Order Id", "Line No", amount) SELECT id, 99, total FROM {orders} ORDER BY id
----
INSERT INTO [{order lines}] ([Order Id], [Line No], orders) VALUES (9, 9, 'x')
----
INSERT INTO other.orders (id, customer, total) VALUES (77, 'umbrella', 3) RETURNING orders.id, customer
----
INSERT INTO other.orders (id, customer, total) SELECT id + 100, note, total FROM {orders} WHERE total > 0
----
INSERT INTO other.orders (id, items) VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET items = orders.items + excluded.items
----
INSERT INTO {orders} (id, note, total) SELECT orders.id + 800, orders.customer, orders.total FROM other.orders
----
INSERT INTO stock (sku, orders) SELECT 'new-' || sku, "order" FROM {items} ORDER BY id ON CONFLICT (sku) DO UPDATE SET orders = stock.orders + excluded.orders
----
INSERT INTO {tree} (id, parent_id, name, tree) VALUES (50, 1, 'new', 'tree') RETURNING tree, {tree}.name
----
INSERT INTO audit (table_name, "action", orders) SELECT 'orders', 'count', CAST(count(*) AS TEXT) FROM {orders}
----
INSERT INTO audit (table_name, payload) SELECT 'orders', json_object('orders', id, 'note', {orders}.note) FROM {orders} WHERE id < 3 ORDER BY id
----
INSERT INTO orders_archive (id, customer_id, status, total) SELECT {orders}.id + 1000, customer_id, status, {orders}.total FROM {orders} WHERE status = 'cancelled'
----
INSERT INTO countries (code, name, orders) VALUES ('ES', 'orders', (SELECT count(*) FROM {orders})) ON CONFLICT (code) DO UPDATE SET orders = countries.orders + excluded.orders
----
INSERT INTO {orders} (id, note) SELECT value, 'from json' FROM json_each('[530, 531]')
----
INSERT INTO notes (title, orders) SELECT 'orders ' || id, note FROM {orders} WHERE note <> '' ORDER BY id
----
INSERT INTO notes (notes) VALUES ('optimize')
----
WITH src (name, value) AS (VALUES ('w', 1), ('v', 2)) INSERT INTO {mse_demo_table} (name, value) SELECT name, value FROM src ORDER BY value
----
INSERT INTO {mse_demo_table} (name) WITH orders AS (SELECT name FROM {customers}) SELECT name FROM orders ORDER BY name
----
WITH orders AS (SELECT 601 AS id, 'from the cte' AS note) INSERT INTO {orders} (id, note) SELECT id, note FROM orders RETURNING id, note
----
INSERT INTO {mse_demo_table} (name, value, location) VALUES ('row (1), orders', 1, 'a'), ('row, (2)', 2, NULL), ('it''s', 3, 'b'), ('insert into orders values (1)', 4, 'c'), ('five', 5, 'd'), ('six', 6, 'orders'), ('seven', 7, 'items'), ('eight', 8, 'customers'), ('nine', 9, 'FROM orders'), ('ten', -10, "orders"), ('eleven', 11, x'6f'), ('twelve', +12, 'x'), ('thirteen', 13, (SELECT note FROM {orders} WHERE id = 1)), ('fourteen', 14, 'y'), ('fifteen', 15, 'z'), ('sixteen', 16, ')'), ('seventeen', 17, '('), ('eighteen', 18, ',') ON CONFLICT (id) DO UPDATE SET value = {mse_demo_table}.value + 1
----
UPDATE {orders} SET note = 'orders', items = items + 1 WHERE id = 1
----
UPDATE {orders} SET note = {orders}.note || ' orders', total = {orders}.total * 2 WHERE {orders}.id = 2 OR {orders}.status = 'new'
----
update {ORDERS} set Note=null where {orders}.ID>2
----
UPDATE {orders} AS o SET note = upper(o.note) WHERE o.note IS NOT NULL
----
UPDATE {orders} AS orders SET items = orders.items + 1 WHERE orders.id = 1
----
UPDATE {orders} AS o SET items = o.items + 1 WHERE o.id = 1 RETURNING id, items
----
UPDATE {orders} AS o SET items = o.items + 1 WHERE o.id = 1 RETURNING {orders}.id, {orders}.items
----
UPDATE {orders} SET note = 'x' WHERE {orders}.id = 2 RETURNING {orders}.id, {orders}.note AS orders
----
UPDATE main.{orders} SET note = main.{orders}.status WHERE main.{orders}.id = 3
----
UPDATE "{orders}" SET "note" = 'Orders', "items" = ("{orders}"."items" + 1) WHERE "{orders}"."id" IN (1, 2)
----
UPDATE [{orders}] SET [note] = 'x' WHERE [{orders}].[id] = 1
----
UPDATE '{orders}' SET 'note' = 'orders' WHERE 'id' = 'id' AND id = 1
----
UPDATE OR IGNORE {items} SET id = 90, sku = 'moved' WHERE id IN (2, 4)
----
UPDATE OR REPLACE {mse_demo_table} SET id = 1 WHERE id = 2
----
UPDATE OR FAIL {orders} AS o SET total = total + 1 WHERE o.customer_id IN (SELECT id FROM {customers} WHERE vip)
----
UPDATE {orders} NOT INDEXED SET items = 0 WHERE status = 'new'
----
UPDATE other.orders SET items = orders.items + 1, customer = 'orders' WHERE orders.id = 1 RETURNING orders.items
----
UPDATE other.orders SET total = (SELECT sum(total) FROM {orders}) WHERE id = 2
----
UPDATE {customers} SET orders = orders + 1 WHERE orders > 0
----
UPDATE {customers} SET orders = (SELECT count(*) FROM {orders} WHERE {orders}.customer_id = {customers}.id)
----
UPDATE {customers} SET (orders, vip) = (SELECT count(*), count(*) > 1 FROM {orders} WHERE {orders}.customer_id = {customers}.id)
----
UPDATE {customers} AS c SET orders = t.n FROM (SELECT customer_id, count(*) AS n FROM {orders} GROUP BY customer_id) AS t WHERE t.customer_id = c.id
----
UPDATE {orders} SET note = {customers}.name FROM {customers} WHERE {customers}.id = {orders}.customer_id AND {customers}.vip
----
UPDATE {orders} SET note = c.name || ' from ' || k.name FROM {customers} AS c LEFT JOIN countries k ON k.code = c.country WHERE c.id = {orders}.customer_id
----
UPDATE {items} SET price = price * 2, "order" = {items}."order" + 1 FROM {orders} orders WHERE orders.id = {items}.order_id AND orders.status IN ('new', 'paid')
----
--: unordered
UPDATE {orders} SET items = items + 1 WHERE id < 4 RETURNING id, items, *
----
UPDATE {docs} SET data = json_set({docs}.data, '$.orders.total', (SELECT sum(total) FROM {orders})) WHERE data ->> '$.orders' IS NOT NULL
----
UPDATE {tree} SET tree = p.tree || '/' || {tree}.name, weight = {tree}.weight + p.weight FROM {tree} AS p WHERE p.id = {tree}.parent_id
----
WITH top AS (SELECT id FROM {orders} ORDER BY total DESC LIMIT 2) UPDATE {orders} SET note = 'top orders' FROM top WHERE {orders}.id = top.id
----
WITH orders AS (SELECT 1 AS id) UPDATE {orders} SET note = 'touched' WHERE {orders}.id IN (SELECT id FROM orders)
----
WITH mse_demo_table (n) AS (SELECT 1) UPDATE {orders} SET note = 'in the cte' WHERE id IN mse_demo_table
----
UPDATE "{Order Lines}" SET amount = "{Order Lines}".amount + 1, "Line No" = "Line No" + 10 WHERE "{Order Lines}"."Order Id" = 1
----
UPDATE "{order}" SET "desc" = "{order}"."group" || ' desc', orders = orders + 1 WHERE "{order}".user = 'ann'
----
UPDATE countries SET orders = (SELECT count(*) FROM {orders} o JOIN {customers} c ON c.id = o.customer_id WHERE c.country = countries.code)
----
UPDATE audit SET orders = orders || ',9' FROM {orders} WHERE audit.table_name = 'orders' AND {orders}.id = audit.id
----
UPDATE audit SET orders = 'orders', table_name = 'items' WHERE audit.orders IS NULL
----
UPDATE stock SET orders = (SELECT sum(qty) FROM {items} WHERE {items}.sku = stock.sku), items = 0
----
DELETE FROM {orders} WHERE status = 'cancelled'
----
DELETE FROM {orders} WHERE {orders}.id = 3 RETURNING {orders}.id, {orders}.note, *
----
DELETE FROM {orders} AS o WHERE o.id = 3 RETURNING id, total AS orders
----
DELETE FROM main.{orders} AS orders WHERE orders.id = 3
----
delete from [{ORDERS}] where [id]=1
----
DELETE FROM {items} WHERE order_id IN (SELECT id FROM {orders} WHERE status = 'new')
----
DELETE FROM {orders} WHERE customer_id IN (SELECT id FROM {customers} WHERE name LIKE '%Ann') AND NOT EXISTS (SELECT 1 FROM {items} WHERE {items}.order_id = {orders}.id AND qty > 50)
----
DELETE FROM {items} WHERE rowid IN (SELECT rowid FROM {items} ORDER BY price DESC, id LIMIT 2)
----
DELETE FROM {customers} WHERE {customers}.id = 3
----
DELETE FROM {customers} NOT INDEXED WHERE email IS NULL
----
DELETE FROM other.orders WHERE orders.id = 1 RETURNING orders.customer
----
DELETE FROM other.orders WHERE id IN (SELECT id FROM {orders})
----
DELETE FROM {orders} WHERE id IN (SELECT orders.id FROM other.orders WHERE orders.items > 5)
----
DELETE FROM "{Order Lines}" WHERE "{Order Lines}"."Line No" > 0 AND orders IS NOT 'orders'
----
DELETE FROM "{order}" WHERE "{order}"."group" = 'a'
----
DELETE FROM {mse_demo_table}
----
DELETE FROM {mse_demo_table} WHERE id IN numbers
----
DELETE FROM audit WHERE table_name = 'orders' OR orders = 'orders'
----
DELETE FROM orders_archive WHERE id IN (SELECT id + 900 FROM {orders})
----
DELETE FROM notes WHERE notes MATCH 'orders' AND rowid IN (SELECT id FROM {orders})
----
WITH RECURSIVE sub AS (SELECT id FROM {tree} WHERE id = 4 UNION ALL SELECT {tree}.id FROM {tree}, sub WHERE {tree}.parent_id = sub.id) DELETE FROM {tree} WHERE {tree}.id IN (SELECT id FROM sub)
----
WITH orders AS (SELECT 4 AS id) DELETE FROM {orders} WHERE id = (SELECT orders.id FROM orders)
----
BEGIN
----
BEGIN IMMEDIATE TRANSACTION
----
BEGIN DEFERRED
----
SAVEPOINT orders
----
SAVEPOINT "s140_x1"
----
PRAGMA foreign_keys
----
PRAGMA foreign_keys = ON
----
PRAGMA journal_mode
----
PRAGMA busy_timeout = 5000
----
PRAGMA main.cache_size = -2000
----
PRAGMA table_info({orders})
----
PRAGMA main.table_info('{orders}')
----
PRAGMA table_xinfo("countries")
----
PRAGMA foreign_key_check
----
PRAGMA user_version
----
ATTACH DATABASE ':memory:' AS orders
----
ATTACH ':memory:' AS [items]
----
DETACH DATABASE other
----
EXPLAIN QUERY PLAN SELECT id FROM {orders} WHERE total > 5
----
EXPLAIN QUERY PLAN SELECT o.id FROM {orders} AS o WHERE o.id IN (SELECT i.order_id FROM {items} AS i)
----
EXPLAIN SELECT name FROM countries WHERE orders = 1
----
SELECT 1
----
SELECT 1;
----
--: args [1]
SELECT "{orders}"."id", "{orders}"."customer_id", "{orders}"."status", "{orders}"."total", "{orders}"."items", "{orders}"."note" FROM "{orders}" WHERE "{orders}"."id" = ? LIMIT 21
----
--: args ["%ray%", 2]
SELECT "{customers}"."id", "{customers}"."name", "{customers}"."orders" FROM "{customers}" WHERE ("{customers}"."name" LIKE ? ESCAPE '\' OR "{customers}"."orders" >= ?) ORDER BY "{customers}"."id" ASC
----
--: args ["paid", "DE"]
SELECT COUNT("{orders}"."total") AS "__count", MAX("{orders}"."note") FROM "{orders}" INNER JOIN "{customers}" ON ("{orders}"."customer_id" = "{customers}"."id") WHERE ("{orders}"."status" = ? AND "{customers}"."country" = ?)
----
--: args [100]
SELECT "{customers}"."id", "{customers}"."name", COUNT("{orders}"."id") AS "orders__count", SUM("{orders}"."total") FILTER (WHERE "{orders}"."total" < ?) AS "small" FROM "{customers}" LEFT OUTER JOIN "{orders}" ON ("{customers}"."id" = "{orders}"."customer_id") GROUP BY "{customers}"."id", "{customers}"."name" HAVING COUNT("{orders}"."id") > 0 ORDER BY "orders__count" DESC, 1
----
--: args ["paid"]
SELECT "{customers}"."name" FROM "{customers}" WHERE EXISTS(SELECT 1 AS "a" FROM "{orders}" U0 WHERE (U0."customer_id" = ("{customers}"."id") AND U0."status" = ?) LIMIT 1) ORDER BY "{customers}"."name" ASC
----
--: args ["pen"]
SELECT "{customers}"."id", "{customers}"."name" FROM "{customers}" WHERE NOT ("{customers}"."id" IN (SELECT U1."customer_id" FROM "{orders}" U1 INNER JOIN "{items}" U2 ON (U1."id" = U2."order_id") WHERE (U2."sku" = ? AND U1."customer_id" IS NOT NULL))) ORDER BY 1
----
--: args ["t1", 0]
SELECT "{tree}"."id", "{tree}"."name", "{tree}"."tree", T2."name" FROM "{tree}" LEFT OUTER JOIN "{tree}" T2 ON ("{tree}"."parent_id" = T2."id") WHERE ("{tree}"."tree" = ? OR "{tree}"."id" > ?) ORDER BY T2."name", "{tree}"."id"
----
--: args ["Zoe", "zoe@example.org", true]
INSERT INTO "{customers}" ("name", "email", "vip") VALUES (?, ?, ?) RETURNING "{customers}"."id", "{customers}"."name"
----
--: args [1, "bulk 1", 2, "bulk 2", null, "orders"]
INSERT INTO "{orders}" ("customer_id", "note") VALUES (?, ?), (?, ?), (?, ?)
----
--: args [1, "bulk", 2, "old style"]
INSERT INTO "{orders}" ("customer_id", "note") SELECT ?, ? UNION ALL SELECT ?, ?
----
--: args ["orders", 5, 1]
UPDATE "{orders}" SET "note" = ?, "total" = ("{orders}"."total" + ?) WHERE "{orders}"."id" = ?
----
--: args [1, "one", 2, "two", 1, 2]
UPDATE "{orders}" SET "note" = CASE WHEN ("{orders}"."id" = ?) THEN ? WHEN ("{orders}"."id" = ?) THEN ? ELSE NULL END WHERE "{orders}"."id" IN (?, ?)
----
--: args ["new"]
DELETE FROM "{items}" WHERE "{items}"."id" IN (SELECT U0."id" FROM "{items}" U0 INNER JOIN "{orders}" U1 ON (U0."order_id" = U1."id") WHERE U1."status" = ?)
----
--: args [1, "x", "x@example.org"]
INSERT INTO "{customers}" ("id", "name", "email") VALUES (?, ?, ?) ON CONFLICT("id") DO UPDATE SET "name" = EXCLUDED."name", "email" = EXCLUDED."email"
----
--: args ["$.\"orders\"", "$.\"docs\""]
SELECT "{docs}"."id", (CASE WHEN JSON_TYPE("{docs}"."data", ?) IN ('false','true','null') THEN JSON_TYPE("{docs}"."data", '$."orders"') ELSE JSON_EXTRACT("{docs}"."data", '$."orders"') END) AS "orders" FROM "{docs}" WHERE JSON_TYPE("{docs}"."data", ?) IS NULL ORDER BY "{docs}"."id" ASC
----
SELECT "{orders}"."id" AS "col1", (SELECT U0."sku" AS "sku" FROM "{items}" U0 WHERE U0."order_id" = ("{orders}"."id") ORDER BY U0."price" DESC, U0."id" LIMIT 1) AS "top" FROM "{orders}" ORDER BY 1
----
SELECT "{orders}"."total" AS "col1" FROM "{orders}" UNION SELECT "{tree}"."id" AS "col1" FROM "{tree}" ORDER BY (1) ASC LIMIT 10
----
--: args [1, 5, 0]
SELECT {orders}.id AS orders_id, {orders}.customer_id AS orders_customer_id, {orders}.note AS orders_note 
FROM {orders} 
WHERE {orders}.id >= ? ORDER BY {orders}.id
 LIMIT ? OFFSET ?
----
SELECT anon_1.orders_id, anon_1.orders_note, items_1.sku FROM (SELECT {orders}.id AS orders_id, {orders}.note AS orders_note FROM {orders} ORDER BY {orders}.id LIMIT 2) AS anon_1 LEFT OUTER JOIN {items} AS items_1 ON anon_1.orders_id = items_1.order_id ORDER BY anon_1.orders_id, items_1.id
----
--: args ["a", 1, "b", 2]
INSERT INTO {orders} (note, total) VALUES (?, ?), (?, ?) RETURNING id, note
----
--: args ["sa", 1]
UPDATE {orders} SET note=? WHERE {orders}.id = ?
----
--: args {"note": "named", "id": 1}
UPDATE {orders} SET note = :note WHERE {orders}.id = :id
----
--: args {"orders": 1, "items": 2}
SELECT total, :orders AS orders, @items + $orders FROM {orders} WHERE id >= :orders AND items >= @items - 1 ORDER BY id
----
--: args {"orders": "x"}
INSERT INTO {orders} (note) VALUES ($orders), (:orders || ' of orders') RETURNING note
----
--: args [1, "orders"]
SELECT ?2 AS word, note, ?1 FROM {orders} WHERE id >= ?1 AND note IS NOT ?2 ORDER BY id
----
--: args [2, 0]
SELECT "t1"."id", "t1"."note", "t2"."name" FROM "{orders}" AS "t1" INNER JOIN "{customers}" AS "t2" ON ("t1"."customer_id" = "t2"."id") ORDER BY "t1"."id" LIMIT ? OFFSET ?
----
--: args [1, 3]
SELECT "t1"."name", COUNT("t2"."id") AS "orders" FROM "{customers}" AS "t1" LEFT OUTER JOIN "{orders}" AS "t2" ON ("t2"."customer_id" = "t1"."id") WHERE ("t1"."id" BETWEEN ? AND ?) GROUP BY "t1"."id", "t1"."name" ORDER BY "t1"."id"
----
--: args ["peewee", 1]
UPDATE "{orders}" SET "note" = ? WHERE ("{orders}"."id" = ?) RETURNING "{orders}"."id", "{orders}"."note"
----
--: args ["peewee", 7]
INSERT OR REPLACE INTO "{mse_demo_table}" ("name", "value") VALUES (?, ?)
----
--: args ["peewee", 1]
INSERT INTO "{mse_demo_table}" ("name", "id") VALUES (?, ?) ON CONFLICT ("id") DO UPDATE SET "name" = EXCLUDED."name", "value" = (ifnull("{mse_demo_table}"."value", 0) + 1)
----
--: args ["[1, 2, 3]"]
SELECT id, note FROM {orders} WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id
----
--: args ["what?"]
SELECT note, 'orders?', "items?", [q?] FROM {orders}, (SELECT 1 AS "items?", 2 AS [q?]) -- :orders, ?
WHERE note <> ? ORDER BY id
----
--: args [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, "pen"]
SELECT "{items}"."id", "{items}"."order_id", "{items}"."sku", "{items}"."qty", "{items}"."price", "{items}"."order", "{items}"."attrs", "{items}"."warehouse_id" FROM "{items}" WHERE ("{items}"."order_id" IN (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) AND NOT ("{items}"."sku" = ? AND "{items}"."sku" IS NOT NULL) AND EXISTS(SELECT 1 AS "a" FROM "{orders}" U0 WHERE U0."id" = ("{items}"."order_id") LIMIT 1)) ORDER BY "{items}"."id" ASC
----
SELECT id, note FROM {orders} WHERE id IN (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 76, 77, 78, 79, 80) AND note NOT IN ('orders', 'items', 'customers', 'select', 'from', 'where', 'a,b', '(', ')', 'it''s') OR customer_id IN (SELECT id FROM {customers} WHERE name IN ('a', 'b', 'c', 'd', 'Gray Ann', 'Ann')) ORDER BY id
----
--: refused ddl
CREATE TABLE refunds (id INTEGER PRIMARY KEY, order_id INTEGER REFERENCES {orders} (id))
----
--: refused ddl
CREATE TEMP TABLE recent AS SELECT * FROM {orders} WHERE total > 10
----
--: refused ddl
CREATE TABLE IF NOT EXISTS "orders_copy" AS SELECT * FROM {orders}
----
--: refused ddl
ALTER TABLE {orders} ADD COLUMN channel TEXT DEFAULT 'web'
----
--: refused ddl
ALTER TABLE {mse_demo_table} RENAME TO demo
----
--: refused ddl
DROP TABLE IF EXISTS {mse_demo_table}
----
--: refused ddl
CREATE INDEX IF NOT EXISTS orders_note ON {orders} (note)
----
--: refused ddl
CREATE VIEW open_orders AS SELECT * FROM {orders} WHERE status = 'new'
----
--: refused ddl
CREATE TEMP TRIGGER audit_orders AFTER DELETE ON audit BEGIN DELETE FROM orders; END
----
--: refused ddl
CREATE VIRTUAL TABLE temp.search USING fts5 (title, body)
----
--: refused ddl
DROP VIEW v_orders
----
--: refused ddl
REINDEX {orders}
----
--: refused ddl
ANALYZE {orders}
----
--: refused ddl
VACUUM
----
--: refused multi
SELECT 1; DELETE FROM {orders}
----
--: refused multi
UPDATE {orders} SET note = 'a;b' WHERE id = 1; UPDATE {orders} SET note = 'c' WHERE id = 2;
----
--: refused multi
SELECT ';' /* ; */ -- ;
; DROP TABLE {mse_demo_table}
----
--: refused multi
BEGIN; DELETE FROM {mse_demo_table}; COMMIT
----
--: refused command
PRAGMA writable_schema = ON
----
--: refused command
PRAGMA main.writable_schema(1)
----
--: refused function
SELECT load_extension('/tmp/orders.so')
----
--: refused function
SELECT writefile('/tmp/orders.txt', note) FROM {orders}
----
--: refused function
SELECT readfile('/etc/hostname')
----
--: refused function
SELECT fts3_tokenizer('simple')
----
--: refused function
SELECT order_total({orders}.id) FROM {orders}
----
--: refused function
UPDATE {orders} SET note = "shop_note" (id) WHERE id = 1
----
--: refused function
SELECT * FROM countries WHERE touch_order/* a comment */(1) > 0
----
--: refused function
SELECT v.value FROM orders_of(1) AS v
----
--: refused function
INSERT INTO {mse_demo_table} (name) VALUES (touch_order(1))
----
--: refused view
SELECT * FROM v_orders
----
--: refused view
SELECT c.name, v.total FROM {customers} c LEFT JOIN main.v_orders AS v ON v.customer_id = c.id
----
--: refused view
SELECT id FROM [v_big_orders] WHERE total > 100
----
--: refused view
SELECT name FROM {customers} WHERE id IN (SELECT customer_id FROM "V_ORDERS")
----
--: refused view
SELECT name FROM {mse_demo_table} WHERE (id, value) IN v_big_orders
----
--: refused other
SELECT note FROM orders_search WHERE orders_search MATCH 'first'
----
--: refused other
SELECT o.id, s.note FROM {orders} o JOIN orders_search('void') AS s ON s.rowid = o.id
----
--: refused trigger
UPDATE settings SET value = '200' WHERE key = 'orders.limit'
----
--: refused trigger
INSERT INTO settings (key, value) VALUES ('orders', 'x') ON CONFLICT (key) DO NOTHING
----
--: refused trigger
INSERT OR REPLACE INTO settings (key, value) VALUES ('currency', 'USD')
----
--: refused trigger
WITH gone AS (SELECT key FROM settings WHERE orders = 0) DELETE FROM settings WHERE key IN (SELECT key FROM gone)
----
--: refused trigger
INSERT INTO v_inbox (id, body) VALUES (2, 'orders')
----
--: refused cascade
DELETE FROM countries WHERE code = 'AQ'
----
--: refused cascade
DELETE FROM main.[countries] AS k WHERE k.orders = 0 RETURNING code
----
--: refused cascade
REPLACE INTO countries (code, name) VALUES ('DE', 'Deutschland')
----
--: refused cascade
INSERT OR REPLACE INTO "countries" (code, name) SELECT code, upper(name) FROM countries
----
--: refused cascade
UPDATE OR REPLACE countries SET code = 'FR' WHERE code = 'IT'
----
--: refused cascade
DELETE FROM warehouses WHERE id = 3
----
--: refused cascade
UPDATE warehouses SET id = 30 WHERE id = 3
----
--: refused other
UPDATE sqlite_sequence SET seq = 0 WHERE name = 'orders'
----
--: refused other
DELETE FROM main.sqlite_sequence WHERE name IN ('orders', 'items')
