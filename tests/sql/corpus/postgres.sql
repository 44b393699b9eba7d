-- Statements as applications send them to PostgreSQL, one a block. A marked word is a table with a
-- shadow (or what means one); every other occurrence of such a word is something else.
SELECT id, status, total FROM {orders} ORDER BY id
----
SELECT * FROM {orders} ORDER BY id DESC LIMIT 2
----
select * from {ORDERS} order by ID
----
SELECT "{orders}"."id", "{orders}"."note" FROM "{orders}" ORDER BY "{orders}"."id" ASC
----
SELECT {Orders}.id, {ORDERS}.Status FROM {orders} ORDER BY {oRdErS}.id
----
SELECT id, legacy FROM "Orders" ORDER BY id
----
SELECT o.total, x.legacy FROM {orders} o JOIN "Orders" x ON x.id = o.id ORDER BY 1
----
SELECT "Orders".legacy, {orders}.note FROM "Orders", {orders} WHERE "Orders".id = {orders}.id ORDER BY 1
----
SELECT id, legacy FROM "order lines" ORDER BY id
----
SELECT "Id", "Order Id", amount FROM "{Order Lines}" ORDER BY "Id"
----
SELECT "{Order Lines}"."Line No" AS n, "{Order Lines}".orders FROM "{Order Lines}" ORDER BY "{Order Lines}"."Id"
----
SELECT ol."Order Id", sum(ol.amount) AS "Order Lines" FROM public."{Order Lines}" AS ol GROUP BY ol."Order Id" ORDER BY 1
----
SELECT "{order}"."group", count(*) FROM "{order}" GROUP BY "{order}"."group" ORDER BY "{order}"."group"
----
SELECT "group", "user", "desc" FROM "{order}" WHERE "desc" IS NOT NULL ORDER BY id
----
SELECT public."{order}".orders FROM public."{order}" ORDER BY orders DESC
----
SELECT orders FROM {customers} ORDER BY id
----
SELECT orders, {customers}.orders AS again FROM {customers} WHERE orders > 0 ORDER BY orders, id
----
SELECT customers.orders FROM {orders} AS customers (orders, items) ORDER BY 1
----
SELECT orders.name FROM {customers} orders WHERE orders.orders >= 1 ORDER BY orders.id
----
SELECT orders.name FROM {customers} AS orders JOIN {orders} AS customers ON customers.customer_id = orders.id ORDER BY customers.id
----
SELECT o.id, c.name FROM {orders} o INNER JOIN {customers} c ON c.id = o.customer_id ORDER BY o.id
----
SELECT o.id, c.name FROM {orders} AS o LEFT OUTER JOIN {customers} AS c ON (o.customer_id = c.id) ORDER BY o.id
----
SELECT c.name, o.id FROM {orders} o RIGHT JOIN {customers} c ON o.customer_id = c.id ORDER BY c.id, o.id NULLS FIRST
----
SELECT c.id AS cid, o.id AS oid FROM {customers} c FULL OUTER JOIN {orders} o ON o.customer_id = c.id ORDER BY 1 NULLS LAST, 2 NULLS FIRST
----
SELECT count(*) FROM {customers} CROSS JOIN {orders}
----
SELECT count(*) FROM {customers}, {orders}, {items}
----
SELECT {orders}.id, {items}.sku FROM {orders}, {items} WHERE {orders}.id = {items}.order_id ORDER BY {items}.id
----
--: unordered
SELECT id, orders FROM {customers} NATURAL JOIN (SELECT 1 AS id UNION SELECT 2) AS orders
----
SELECT id, a.name, b.name FROM {tree} a JOIN {tree} b USING (id) ORDER BY id
----
SELECT orders.id, a.name FROM {tree} a JOIN {tree} b USING (id) AS orders ORDER BY orders.id
----
SELECT p.name AS parent, c.name AS child FROM {tree} AS c JOIN {tree} AS p ON p.id = c.parent_id ORDER BY c.id
----
SELECT {tree}.name, tree FROM {tree} WHERE tree LIKE 't%' ORDER BY {tree}.id
----
SELECT {tree}.tree, count(*) AS tree FROM {tree} GROUP BY {tree}.tree ORDER BY {tree}.tree
----
SELECT tree, t2.tree FROM {tree} t2 (a, b, c, tree, e) WHERE a = 1
----
SELECT public.{orders}.id, public.{orders}.total FROM public.{orders} ORDER BY public.{orders}.id
----
SELECT {orders}.id, {orders}.total FROM public.{orders} ORDER BY {orders}.id
----
SELECT "public"."{orders}"."id" FROM "public"."{orders}" ORDER BY "public"."{orders}"."id"
----
SELECT public . {orders} . id FROM public
  . {orders} ORDER BY {orders}
  . id
----
SELECT id, customer, total FROM tenant.{orders} ORDER BY id
----
SELECT tenant.{orders}.customer FROM tenant.{orders} ORDER BY tenant.{orders}.id
----
SELECT public.{orders}.id, tenant.{orders}.customer FROM public.{orders} JOIN tenant.{orders} ON tenant.{orders}.id = public.{orders}.id ORDER BY 1
----
SELECT t.customer, o.total FROM tenant.{orders} AS t CROSS JOIN LATERAL (SELECT total FROM {orders} WHERE {orders}.id = t.id) AS o ORDER BY t.id
----
SELECT n.orders, o.orders FROM tenant.notes n LEFT JOIN tenant.{orders} o ON o.orders = n.orders ORDER BY n.id
----
SELECT notes.orders FROM tenant.notes WHERE notes.body LIKE '%orders%' ORDER BY notes.id
----
SELECT orders.id, orders.body FROM tenant.notes AS orders ORDER BY orders.id
----
SELECT name FROM countries WHERE orders > 1 ORDER BY name
----
SELECT key AS orders, value AS items FROM settings ORDER BY orders
----
SELECT id AS orders FROM {orders} ORDER BY orders
----
SELECT status AS orders, count(*) AS items FROM {orders} GROUP BY orders ORDER BY items DESC, orders
----
SELECT customer_id orders, max(id) customers FROM {orders} GROUP BY customer_id ORDER BY orders NULLS FIRST
----
SELECT {orders}.items FROM {orders} WHERE items > 0 ORDER BY items, {orders}.id
----
SELECT 'orders' AS orders, 'FROM orders' AS "from", "{orders}".id AS "orders.id" FROM "{orders}" ORDER BY 3
----
SELECT id FROM {orders} WHERE note = 'it''s void' OR note = 'select * from orders' ORDER BY id
----
SELECT id, 'a\', {orders}.note FROM {orders} WHERE note LIKE 'C:\\%' OR note IS NULL ORDER BY id
----
SELECT E'it\'s from orders -- ' AS a, {orders}.note FROM {orders} ORDER BY {orders}.id LIMIT 1
----
SELECT e'\\', {orders}.total, 'orders' FROM {orders} ORDER BY {orders}.id LIMIT 1
----
SELECT U&'\006frders' AS word, U&'d!0061t!+000061 orders' UESCAPE '!', {orders}.id FROM {orders} ORDER BY id
----
SELECT id FROM U&"{orders}" ORDER BY id
----
SELECT $$it's from orders$$, {orders}.id FROM {orders} ORDER BY {orders}.id
----
SELECT $orders$ FROM orders $$ JOIN items $orders$ AS text, id FROM {orders} ORDER BY id
----
SELECT 'from '
  'orders' AS joined, items FROM {orders} WHERE id = 1
----
SELECT B'101', X'1F', N'orders', {orders}.tags FROM {orders} ORDER BY id LIMIT 1
----
SELECT /* orders, not items */ id FROM {orders} -- WHERE orders.id = 7
ORDER BY id
----
/* a /* nested: FROM orders */ and still a comment; orders */ SELECT {orders}.id FROM {orders} ORDER BY 1
----
SELECT id FROM/**/{orders}/* orders */ORDER/**/BY/**/id
----
SELECT id	FROM	{orders}
	ORDER	BY	id ;
----
-- orders of the day: don't
SELECT note FROM {orders} WHERE id < 3 ORDER BY id;
----
SELECT id FROM {orders} ORDER BY id -- trailing; FROM items
----
SELECT"{orders}"."id"FROM"{orders}"ORDER BY"{orders}"."id"
----
(SELECT total FROM {orders} ORDER BY id LIMIT 1)
----
((SELECT id FROM {orders})) ORDER BY id
----
SELECT FROM {orders} WHERE id > 2
----
SELECT ALL customer_id FROM {orders} ORDER BY customer_id NULLS LAST
----
SELECT DISTINCT customer_id FROM {orders} ORDER BY 1
----
SELECT DISTINCT ON (customer_id) customer_id, id, {orders}.total FROM {orders} ORDER BY customer_id, {orders}.total DESC
----
SELECT DISTINCT ON ({orders}.status) {orders}.* FROM {orders} ORDER BY {orders}.status, {orders}.id
----
SELECT id FROM {orders} ORDER BY total DESC NULLS LAST, id ASC OFFSET 1 ROW FETCH FIRST 2 ROWS ONLY
----
SELECT id, customer_id FROM {orders} ORDER BY customer_id FETCH FIRST 1 ROW WITH TIES
----
SELECT id FROM {orders} ORDER BY id USING > LIMIT ALL OFFSET 1
----
SELECT id FROM {orders} ORDER BY note COLLATE orders NULLS FIRST, id
----
SELECT id FROM {orders} ORDER BY note COLLATE "C" DESC NULLS LAST, {orders}.id LIMIT (SELECT count(*) - 1 FROM {customers})
----
SELECT o.* FROM {orders} o WHERE o.id IN (1, 2, 3) ORDER BY o.id
----
SELECT {orders}.*, {customers}.name FROM {orders} JOIN {customers} ON {customers}.id = {orders}.customer_id ORDER BY {orders}.id
----
SELECT o.*, 1 AS orders, o.id * 2 AS "items" FROM {orders} AS o ORDER BY o.id
----
SELECT row_to_json({orders}) FROM {orders} ORDER BY {orders}.id
----
SELECT {orders} FROM {orders} ORDER BY {orders}
----
SELECT count({orders}), count(DISTINCT {orders}) FROM {orders}
----
SELECT ({orders}).id, ({orders}).status FROM {orders} ORDER BY 1
----
SELECT (o).total, (o.*) IS NOT NULL AS whole FROM {orders} o ORDER BY (o).id
----
SELECT ({orders}).* FROM {orders} ORDER BY id
----
SELECT to_jsonb({customers}) - 'email' AS j FROM {customers} ORDER BY {customers}.id
----
SELECT json_agg(tree ORDER BY {tree}.id) FROM {tree}
----
SELECT json_agg({docs} ORDER BY {docs}.id) AS docs FROM {docs}
----
SELECT array_length(array_agg({orders}.* ORDER BY id), 1) FROM {orders}
----
SELECT {customers}.orders, orders IS NULL AS none FROM {customers} LEFT JOIN {orders} ON {orders}.customer_id = {customers}.id ORDER BY {customers}.id, {orders}.id
----
SELECT orders.*, orders FROM {customers} AS orders ORDER BY orders.id
----
SELECT orders FROM countries orders ORDER BY orders.code
----
SELECT count(orders) FROM {customers}
----
SELECT t.name, coalesce({items}, NULL) IS DISTINCT FROM {items} AS items FROM {items} JOIN {tree} t ON t.id = {items}.order_id ORDER BY {items}.id
----
SELECT hstore.key FROM json_each_text('{"orders": "1", "items": "2"}') AS hstore WHERE hstore.key <> 'orders'
----
SELECT * FROM ONLY {items} ORDER BY id
----
SELECT id, sku FROM ONLY ({items}) ORDER BY id
----
SELECT id, sku FROM {items} * ORDER BY id
----
SELECT i.sku FROM {items} * AS i WHERE i."order" > 1 ORDER BY i.id
----
SELECT {items}.tableoid > 0 AS seen, {items}.ctid IS NULL, {items}.sku FROM {items} ORDER BY {items}.id LIMIT 1
----
TABLE {mse_demo_table} ORDER BY id
----
TABLE ONLY {tree} ORDER BY id LIMIT 2
----
(TABLE public.{mse_demo_table}) UNION ALL TABLE {mse_demo_table} ORDER BY id
----
VALUES (1, 'orders'), (2, 'items') ORDER BY 1
----
SELECT orders.n, {tree}.name FROM (VALUES (1, 'orders'), (2, 'x')) AS orders (n, items) JOIN {tree} ON {tree}.id = orders.n ORDER BY orders.n
----
SELECT count(*) FROM {orders} TABLESAMPLE BERNOULLI (100)
----
SELECT count(*) FROM {orders} AS o TABLESAMPLE SYSTEM (100) REPEATABLE (42)
----
SELECT orders.n, ordinality FROM generate_series(3, 5) WITH ORDINALITY AS orders (n) ORDER BY ordinality DESC
----
SELECT * FROM (SELECT id, total FROM {orders} WHERE total > 10) AS orders ORDER BY orders.id
----
SELECT sub.id FROM (SELECT {orders}.id FROM {orders} JOIN {items} ON {items}.order_id = {orders}.id) sub ORDER BY sub.id
----
SELECT name FROM {customers} WHERE EXISTS (SELECT 1 FROM {orders} WHERE {orders}.customer_id = {customers}.id) ORDER BY name
----
SELECT name FROM {customers} c WHERE NOT EXISTS (SELECT FROM {orders} o WHERE o.customer_id = c.id AND o.status = 'cancelled') ORDER BY 1
----
SELECT id FROM {orders} WHERE EXISTS (SELECT 1 FROM {items} orders WHERE orders.order_id = 1 AND orders.sku = 'pen') ORDER BY id
----
SELECT name FROM {customers} WHERE id IN (SELECT customer_id FROM {orders} WHERE total >= 80) ORDER BY id
----
SELECT name FROM {customers} WHERE (id, true) NOT IN (SELECT customer_id, vip FROM {orders}, {customers} c2 WHERE c2.id = customer_id AND customer_id IS NOT NULL) ORDER BY id
----
SELECT id FROM {orders} WHERE total > ALL (SELECT amount FROM "{Order Lines}") ORDER BY id
----
SELECT id FROM {orders} WHERE id = ANY (SELECT "Order Id" FROM "{Order Lines}") ORDER BY id
----
SELECT id FROM {orders} WHERE id = SOME (ARRAY(SELECT order_id FROM {items} WHERE qty > 2)) ORDER BY id
----
SELECT name, ARRAY(SELECT {orders}.id FROM {orders} WHERE {orders}.customer_id = {customers}.id ORDER BY 1) AS orders FROM {customers} ORDER BY {customers}.id
----
SELECT name, (SELECT count(*) FROM {orders} WHERE customer_id = {customers}.id) AS orders FROM {customers} ORDER BY orders DESC, name
----
SELECT c.name, (SELECT max(total) FROM {orders} orders WHERE orders.customer_id = c.id) FROM {customers} c ORDER BY c.id
----
SELECT c.name, l.id, l.total FROM {customers} c, LATERAL (SELECT o.id, o.total FROM {orders} o WHERE o.customer_id = c.id ORDER BY o.total DESC LIMIT 1) l ORDER BY c.id
----
SELECT {customers}.name, last.note FROM {customers} LEFT JOIN LATERAL (SELECT note FROM {orders} WHERE {orders}.customer_id = {customers}.id ORDER BY {orders}.id DESC LIMIT 1) AS last ON true ORDER BY {customers}.id
----
SELECT {orders}.id, t.tag FROM {orders} CROSS JOIN LATERAL unnest({orders}.tags) AS t (tag) ORDER BY 1, 2
----
SELECT o.id, tag FROM {orders} o, unnest(o.tags) tag WHERE tag <> 'orders' ORDER BY o.id, tag
----
SELECT (SELECT (SELECT max(sku) FROM {items} WHERE order_id = {orders}.id) FROM {orders} WHERE {orders}.id = 1) AS deep
----
SELECT CASE WHEN EXISTS (SELECT 1 FROM {items} WHERE sku = 'jar') THEN 'orders' ELSE (SELECT name FROM {mse_demo_table} WHERE id = 1) END AS answer
----
SELECT id FROM {orders} WHERE (total, items) > (SELECT avg(amount), 1 FROM "{Order Lines}") ORDER BY id
----
SELECT id FROM {orders} WHERE ROW(id, customer_id) IN (SELECT order_id, qty FROM {items}) OR id = 7 ORDER BY id
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
SELECT orders.n, orders.customers FROM ({orders} JOIN {customers} ON {customers}.id = {orders}.customer_id) AS orders (n, customers) ORDER BY orders.n
----
SELECT {orders}.id, c.name FROM ({orders} JOIN {customers} c ON c.id = {orders}.customer_id) LEFT JOIN ({items} i CROSS JOIN countries) ON i.order_id = {orders}.id AND countries.code = 'DE' ORDER BY 1, 2, i.id
----
WITH big AS (SELECT * FROM {orders} WHERE total > 20) SELECT id, status FROM big ORDER BY id
----
WITH orders AS (SELECT id, total FROM {orders} WHERE total > 20) SELECT orders.id, orders.total FROM orders ORDER BY orders.id
----
WITH orders AS (SELECT 1 AS id, 'x' AS note) SELECT * FROM orders
----
WITH orders (id, items) AS (VALUES (1, 'a'), (2, 'b')) SELECT orders.id, orders.items, {customers}.name FROM orders JOIN {customers} ON {customers}.id = orders.id ORDER BY orders.id
----
WITH orders AS (SELECT id FROM {customers}) SELECT o.id FROM orders o WHERE NOT EXISTS (SELECT 1 FROM orders WHERE orders.id > o.id)
----
WITH orders AS (SELECT 100 AS id) SELECT id, 'cte' AS source FROM orders UNION ALL SELECT id, 'table' FROM public.{orders} ORDER BY id
----
WITH o AS (SELECT count(*) AS n FROM {orders}), orders AS (SELECT 5 AS n) SELECT o.n, orders.n FROM o, orders
----
WITH RECURSIVE o AS (SELECT n FROM orders), orders AS (SELECT 5 AS n) SELECT o.n, (SELECT count(*) FROM {items}) AS items FROM o
----
WITH orders AS (SELECT 5 AS n), o AS (SELECT n FROM orders) SELECT o.n, items.n FROM o, (SELECT count(*) AS n FROM {items}) items
----
WITH Orders AS (SELECT 1 AS id) SELECT ORDERS.id, {items}.sku FROM ORDERS JOIN {items} ON {items}.order_id = ORDERS.id ORDER BY {items}.id
----
WITH "Orders" AS (SELECT 1 AS id) SELECT "Orders".id, {orders}.note FROM "Orders" JOIN {orders} ON {orders}.id = "Orders".id
----
WITH a AS (WITH orders AS (SELECT 7 AS id) SELECT id FROM orders) SELECT a.id, count({orders}.id) FROM a CROSS JOIN {orders} GROUP BY a.id
----
WITH orders AS (WITH inner_orders AS (SELECT * FROM {orders}) SELECT max(id) AS id FROM inner_orders) SELECT id FROM orders
----
SELECT (WITH orders AS (SELECT 3 AS n) SELECT n FROM orders) AS n, count(*) FROM {orders}
----
SELECT * FROM (WITH orders AS (SELECT name FROM {tree}) SELECT name FROM orders) AS x ORDER BY name
----
WITH orders AS (SELECT 2 AS id) SELECT t.name FROM {tree} t WHERE t.id IN (SELECT id FROM orders) AND EXISTS (SELECT 1 FROM tenant.{orders})
----
WITH orders_totals AS (SELECT sum(total) AS s FROM {orders}) SELECT s FROM orders_totals
----
WITH t AS MATERIALIZED (SELECT * FROM {orders}), u AS NOT MATERIALIZED (SELECT * FROM {items}) SELECT t.id, u.sku FROM t JOIN u ON u.order_id = t.id ORDER BY u.id
----
WITH RECURSIVE path AS (SELECT id, parent_id, name, 1 AS depth FROM {tree} WHERE parent_id IS NULL UNION ALL SELECT t.id, t.parent_id, t.name, p.depth + 1 FROM {tree} t JOIN path p ON t.parent_id = p.id) SELECT * FROM path ORDER BY id
----
WITH RECURSIVE tree AS (SELECT id, name FROM public.{tree} WHERE id = 1 UNION SELECT c.id, c.name FROM public.{tree} c, tree WHERE c.parent_id = tree.id) SELECT tree.id, tree.name FROM tree ORDER BY tree.id
----
WITH RECURSIVE orders (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM orders WHERE n < 3) SELECT orders.n, orders_by_id.note FROM orders LEFT JOIN public.{orders} AS orders_by_id ON orders_by_id.id = n ORDER BY n
----
WITH RECURSIVE sub (id, name) AS (SELECT id, name FROM {tree} WHERE id = 2 UNION ALL SELECT {tree}.id, {tree}.name FROM {tree}, sub WHERE {tree}.parent_id = sub.id) SEARCH DEPTH FIRST BY id SET ord SELECT id, name FROM sub ORDER BY ord
----
WITH RECURSIVE walk AS (SELECT id, parent_id FROM {tree} WHERE id = 1 UNION ALL SELECT t.id, t.parent_id FROM walk JOIN {tree} AS t ON t.parent_id = walk.id) CYCLE id SET seen USING route SELECT id, seen FROM walk ORDER BY id
----
WITH gone AS (DELETE FROM {orders} WHERE status = 'cancelled' RETURNING *) INSERT INTO orders_archive (id, customer_id, status, total) SELECT id + 5000, customer_id, status::text, total FROM gone
----
--: unordered
WITH up AS (UPDATE {orders} SET items = items + 1 WHERE id < 3 RETURNING {orders}.id, {orders}.items) SELECT up.* FROM up
----
WITH orders AS (SELECT 'from the cte' AS note) INSERT INTO {orders} (id, note) SELECT 501, note FROM orders RETURNING id, note
----
WITH orders AS (SELECT 1 AS id) UPDATE {orders} SET note = 'touched' WHERE {orders}.id IN (SELECT id FROM orders)
----
WITH orders AS (SELECT 4 AS id) DELETE FROM {orders} AS t USING orders WHERE t.id = orders.id
----
WITH moved AS (INSERT INTO {mse_demo_table} (name, value) SELECT name, orders FROM {customers} ORDER BY id RETURNING id) SELECT count(*) FROM moved
----
WITH ins AS (INSERT INTO audit (table_name, orders) VALUES ('orders', 'x') RETURNING table_name, orders) SELECT ins.orders, (SELECT count(*) FROM {orders}) FROM ins
----
SELECT id FROM {orders} UNION SELECT order_id FROM {items} ORDER BY id
----
SELECT id FROM {orders} INTERSECT SELECT "Order Id" FROM "{Order Lines}" ORDER BY 1
----
SELECT id FROM {customers} EXCEPT ALL SELECT customer_id FROM {orders} ORDER BY 1
----
(SELECT name FROM {customers} ORDER BY name LIMIT 2) UNION ALL (SELECT name FROM {tree} ORDER BY id LIMIT 1) ORDER BY name
----
(SELECT 'orders' AS src, count(*) FROM {orders} UNION ALL SELECT 'items', count(*) FROM {items}) UNION ALL (SELECT 'tree', count(*) FROM {tree}) ORDER BY 1
----
SELECT id FROM {orders} WHERE id < 3 UNION (SELECT id FROM {tree} EXCEPT SELECT id FROM {docs}) ORDER BY id DESC
----
SELECT 'orders' AS orders UNION SELECT name FROM {mse_demo_table} ORDER BY orders
----
TABLE {tree} INTERSECT SELECT * FROM {tree} WHERE id > 1 ORDER BY id
----
SELECT id, total, row_number() OVER (PARTITION BY customer_id ORDER BY total DESC, id) FROM {orders} ORDER BY id
----
SELECT {orders}.id, rank() OVER (PARTITION BY {orders}.status ORDER BY {orders}.total) AS orders FROM {orders} ORDER BY {orders}.id
----
SELECT id, sum(total) OVER orders AS running FROM {orders} WINDOW orders AS (ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) ORDER BY id
----
SELECT id, avg(total) OVER (w ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE CURRENT ROW), lag({orders}.total, 1, 0) OVER w FROM {orders} WINDOW w AS (ORDER BY {orders}.id) ORDER BY id
----
SELECT o.id, first_value(o.note) OVER items, ntile(2) OVER items FROM {orders} o WINDOW items AS (ORDER BY o.id), other AS (items RANGE BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) ORDER BY 1
----
SELECT count(*) FILTER (WHERE status = 'paid') AS paid, count(*) FILTER (WHERE {orders}.total > 50) AS big FROM {orders}
----
SELECT id, count(*) FILTER (WHERE items > 1) OVER (ORDER BY id GROUPS 1 PRECEDING) FROM {orders} ORDER BY id
----
SELECT status, customer_id, sum(total) FROM {orders} GROUP BY GROUPING SETS ((status), (customer_id), ()) ORDER BY 1, 2, 3
----
SELECT {orders}.status, {orders}.customer_id, count(*), grouping({orders}.status) FROM {orders} GROUP BY ROLLUP ({orders}.status, {orders}.customer_id) ORDER BY 1, 2, 3, 4
----
SELECT c.country, o.status, count(*) AS orders FROM {orders} o JOIN {customers} c ON c.id = o.customer_id GROUP BY CUBE (c.country, o.status) ORDER BY 1, 2, 3
----
SELECT {customers}.*, count({orders}.id) FROM {customers} LEFT JOIN {orders} ON {orders}.customer_id = {customers}.id GROUP BY {customers}.id ORDER BY {customers}.id
----
SELECT customer_id FROM {orders} GROUP BY customer_id HAVING count({orders}) > 1 AND sum({orders}.total) > 10 ORDER BY 1
----
SELECT string_agg(name, ', ' ORDER BY {customers}.name DESC) FROM {customers}
----
SELECT string_agg(DISTINCT sku, ',' ORDER BY sku) AS items FROM {items}
----
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY {orders}.total), mode() WITHIN GROUP (ORDER BY status) FROM {orders}
----
SELECT array_agg(id ORDER BY total DESC, id) FILTER (WHERE status <> 'cancelled') AS orders FROM {orders}
----
SELECT jsonb_object_agg(id, {tree}.name ORDER BY id) FROM {tree}
----
SELECT bool_and(vip), every(vip), bit_or(orders), stddev_pop(orders) FROM {customers}
----
SELECT corr(total, items), regr_count(total, items), var_samp({orders}.total) FROM {orders}
----
SELECT EXTRACT(YEAR FROM {orders}.placed_at)::int AS y, count(*) FROM {orders} GROUP BY EXTRACT(YEAR FROM {orders}.placed_at) ORDER BY 1
----
SELECT EXTRACT(epoch FROM max(placed_at) - min({orders}.placed_at)) FROM {orders}
----
SELECT substring({orders}.note FROM 1 FOR 4), trim(both ' ' FROM {orders}.note), overlay({orders}.note PLACING 'xx' FROM 2 FOR 1), position('o' IN {orders}.note) FROM {orders} WHERE note IS NOT NULL ORDER BY id
----
SELECT substring(orders FROM '[0-9]+'), trim(leading '1' FROM orders) FROM audit WHERE orders IS NOT NULL ORDER BY id
----
SELECT id FROM {orders} WHERE customer_id IS DISTINCT FROM {orders}.id AND note IS NOT DISTINCT FROM {orders}.note ORDER BY id
----
SELECT date_trunc('month', {orders}.placed_at AT TIME ZONE 'Europe/Berlin') AS month, count(*) FROM {orders} GROUP BY 1 ORDER BY 1
----
SELECT placed_at::date, (placed_at AT TIME ZONE 'UTC')::time(0) FROM {orders} ORDER BY {orders}.id
----
SELECT id, total FROM {orders} WHERE placed_at BETWEEN '2024-05-01' AND timestamptz '2024-06-30 23:59:59+00' ORDER BY id
----
SELECT id, placed_at + interval '1 day 02:00' AS due, placed_at - INTERVAL '1' MONTH FROM {orders} ORDER BY id
----
SELECT id FROM {orders} WHERE placed_at < now() - interval '30 days' AND placed_at < CURRENT_TIMESTAMP AND placed_at::date < current_date ORDER BY id
----
SELECT day::date, count({orders}.id) FROM generate_series('2024-05-01'::timestamptz, '2024-05-12', '1 day') AS day LEFT JOIN {orders} ON {orders}.placed_at::date = day::date GROUP BY day ORDER BY day
----
SELECT orders, count(i.id) FROM generate_series(1, 4) AS orders LEFT JOIN {items} i ON i.order_id = orders GROUP BY orders ORDER BY orders
----
SELECT n, {tree}.name FROM generate_series(1, 3) n, {tree} WHERE n = {tree}.id ORDER BY n
----
SELECT total::text AS t, total::numeric(10, 1), CAST(total AS integer) AS i, {orders}.id::bigint FROM {orders} ORDER BY id
----
SELECT {orders}.id::text || ':' || {orders}.status::text AS label FROM {orders} ORDER BY {orders}.id
----
SELECT 'paid'::order_status AS orders, count(*) FROM {orders} WHERE status = 'paid'::public.order_status
----
SELECT status, enum_range(NULL::order_status), total::amount FROM {orders} ORDER BY status, id
----
SELECT id, double precision '1.5' * {orders}.items FROM {orders} ORDER BY id
----
SELECT id FROM {orders} WHERE tags @> ARRAY['a'] OR tags && '{b,c}'::text[] OR 'orders' = ANY (tags) ORDER BY id
----
SELECT id, tags[1], {orders}.tags[1:2], array_length({orders}.tags, 1), cardinality(tags) FROM {orders} ORDER BY id
----
SELECT array_remove(tags, 'orders'), array_position({customers}.tags, 'new'), tags || '{orders,items}' FROM {customers} ORDER BY id
----
SELECT ARRAY[[1, 2], [3, 4]], ARRAY[{orders}.id, {orders}.items] FROM {orders} ORDER BY {orders}.id
----
SELECT id FROM {orders} WHERE period @> '2024-05-02'::date OR period && daterange('2024-07-01', NULL, '[)') ORDER BY id
----
SELECT id, lower(period), upper({orders}.period), isempty(period), period -|- '[2024-05-05,2024-05-06)' FROM {orders} ORDER BY id
----
SELECT range_agg({orders}.period) FROM {orders}
----
SELECT id FROM {orders} WHERE note ~ '^[a-z]+ orders' OR note ~* 'GRAY' OR note !~ 'o' ORDER BY id
----
SELECT id FROM {orders} WHERE note LIKE '%orders%' OR note ILIKE '10\%%' ESCAPE '\' ORDER BY id
----
SELECT id FROM {orders} WHERE note SIMILAR TO '%(orders|one)' OR note NOT LIKE '' ORDER BY id
----
SELECT regexp_replace({orders}.note, '(orders)', '<\1>', 'g'), split_part(note, ' ', 2) FROM {orders} ORDER BY id
----
SELECT {orders}.id, m[1] FROM {orders}, regexp_matches({orders}.note, '(\w+)', 'g') AS m ORDER BY 1, 2
----
SELECT id, data -> 'orders' AS orders, data ->> 'docs' AS docs, data #> '{orders,total}', data #>> '{items,0,sku}' FROM {docs} ORDER BY id
----
SELECT {docs}.data -> 'orders' ->> 'total' FROM {docs} WHERE {docs}.data ? 'orders' ORDER BY {docs}.id
----
SELECT id FROM {docs} WHERE data @> '{"orders": {"total": 10}}' OR '{"docs": "orders"}' <@ {docs}.data OR data ?| ARRAY['items', 'x'] OR data ?& ARRAY['orders', 'n'] ORDER BY id
----
SELECT id FROM {docs} WHERE data @? '$.items[*] ? (@.sku == "pen")' OR data @@ '$.n == 9' ORDER BY id
----
SELECT d.id, item ->> 'sku' FROM {docs} d, jsonb_array_elements(d.data -> 'items') AS item ORDER BY 1, 2
----
SELECT {docs}.id, items.sku, items.qty FROM {docs} CROSS JOIN LATERAL jsonb_to_recordset({docs}.data -> 'items') AS items (sku text, qty int) ORDER BY 1, 2
----
SELECT id, key, value FROM {docs}, jsonb_each({docs}.data) AS items (key, value) WHERE items.key <> 'items' ORDER BY id, key
----
SELECT data['orders']['total'], {docs}.data['n'] FROM {docs} ORDER BY id
----
SELECT jsonb_set(data, '{orders,total}', '0'), data - 'orders', data #- '{orders,total}' FROM {docs} ORDER BY id
----
SELECT jsonb_build_object('orders', {orders}.id, 'items', (SELECT jsonb_agg(jsonb_build_object('order', i."order", 'sku', i.sku) ORDER BY i.id) FROM {items} i WHERE i.order_id = {orders}.id)) FROM {orders} ORDER BY {orders}.id
----
SELECT jsonb_path_query(data, '$.items[*].sku') FROM {docs} ORDER BY 1
----
SELECT payload -> 'orders', payload ? 'orders' FROM audit WHERE payload @> '{"orders": []}' ORDER BY id
----
SELECT attrs ->> 'orders', {items}.attrs #>> ARRAY['size', 'w'] FROM {items} WHERE attrs <> '{}' ORDER BY {items}.id
----
SELECT x.sku, x.qty FROM {docs}, jsonb_populate_recordset(NULL::piece, {docs}.data -> 'items') AS x WHERE {docs}.title = 'Guide' ORDER BY 1
----
SELECT o.id, o.note, o.items FROM json_populate_record(NULL::{orders}, '{"id": 77, "note": "orders", "items": 3}') AS o
----
SELECT to_tsvector('english', body) @@ to_tsquery('english', 'order & items'), ts_rank(to_tsvector('english', {docs}.body), plainto_tsquery('english', 'orders')) FROM {docs} WHERE body IS NOT NULL ORDER BY id
----
SELECT ts_headline('english', {docs}.body, websearch_to_tsquery('english', 'orders')) FROM {docs} WHERE body ILIKE '%orders%' ORDER BY id
----
SELECT CASE {orders}.status WHEN 'new' THEN 'orders' WHEN 'paid' THEN {orders}.note ELSE coalesce({orders}.note, '') END FROM {orders} ORDER BY id
----
SELECT greatest({orders}.total, 50), least(total, 10), nullif({orders}.note, ''), -total AS orders, total ^ 2 FROM {orders} ORDER BY id
----
SELECT id FROM {orders} WHERE NOT (status = 'new' AND total > 10) AND note IS NULL IS NOT TRUE ORDER BY id
----
SELECT format('%s of %I: %L', {orders}.id, 'orders', {orders}.note) FROM {orders} ORDER BY id
----
SELECT md5({orders}.note), encode(sha256(convert_to(note, 'UTF8')), 'hex'), length(note), octet_length({orders}.note) FROM {orders} WHERE note IS NOT NULL ORDER BY id
----
SELECT width_bucket(total, 0, 400, 4) AS items, count(*) FROM {orders} GROUP BY width_bucket(total, 0, 400, 4) ORDER BY 1
----
SELECT (ARRAY['orders', 'items'])[1], (SELECT ARRAY[id, items] FROM {orders} WHERE id = 2)[2]
----
SELECT ROW({orders}.id, {orders}.note), (ROW('pen', 2)::piece).qty FROM {orders} ORDER BY {orders}.id
----
SELECT (('ink', {orders}.items)::piece).* FROM {orders} ORDER BY {orders}.id
----
SELECT id FROM {orders} WHERE ({orders}.customer_id, {orders}.items) IN ((1, 3), (2, 4), (3, 5)) ORDER BY id
----
SELECT id, total FROM {orders} WHERE (placed_at, interval '10 days') OVERLAPS (timestamptz '2024-05-01', timestamptz '2024-05-20') ORDER BY id
----
SELECT pg_typeof({orders}.total), pg_typeof({orders}.id), count(*) OVER () FROM {orders} ORDER BY id LIMIT 1
----
SELECT current_database() IS NOT NULL, current_schema, current_user = session_user, count(*) FROM {orders}
----
SELECT pg_catalog.lower({orders}.note), pg_catalog.count(*) FROM {orders} WHERE note <> '' GROUP BY {orders}.note ORDER BY 1
----
SELECT {orders}.id OPERATOR(pg_catalog.+) 1, {orders}.note OPERATOR(pg_catalog.||) 'orders' FROM {orders} ORDER BY id
----
SELECT 5!={orders}.id, +{orders}.id, @ -{orders}.items, |/ 4 FROM {orders} ORDER BY id
----
SELECT id FROM {orders} WHERE id>2 AND items>0 AND true ORDER BY id
----
SELECT 1e3, .5, 5., 1.5e-2, {orders}.total FROM {orders} ORDER BY id
----
INSERT INTO {orders} (id, customer_id, note) VALUES (501, 1, 'one of the orders')
----
INSERT INTO {orders} VALUES (502, 2, 'paid', 10.5, 1, 'x', '2025-02-01 00:00+00', NULL, '{}')
----
insert into {Orders}(id,note,tags) values(503,'a','{orders,items}'),(504,'b''c',array['d']),(505,$$e$$,default)
----
INSERT INTO public.{orders} (id, total, items) SELECT id + 600, total, items FROM {orders} WHERE total > 1 ORDER BY id
----
INSERT INTO {orders} (note, customer_id) SELECT 'orders of ' || name, id FROM {customers} ORDER BY id
----
INSERT INTO {customers} (name, orders) SELECT 'Zed', count({orders}) FROM {orders} RETURNING name, orders, touched
----
INSERT INTO {docs} (title) VALUES ('docs') ON CONFLICT DO NOTHING
----
INSERT INTO {orders} DEFAULT VALUES RETURNING id, status, {orders}.total
----
INSERT INTO {orders} DEFAULT VALUES RETURNING *
----
INSERT INTO {orders} (id, note) VALUES (506, 'n') RETURNING {orders}.*, {orders}.id AS orders, note || ' items'
----
INSERT INTO {orders} AS o (id, note) VALUES (507, 'orders') RETURNING o.id, o.note AS orders
----
INSERT INTO {orders} AS orders (id, note) VALUES (508, 'orders') RETURNING orders.id, orders.*
----
INSERT INTO {orders} (id, note) VALUES (1, 'dup') ON CONFLICT DO NOTHING
----
INSERT INTO {orders} (id, note, items) VALUES (1, 'dup', 2) ON CONFLICT (id) DO UPDATE SET note = excluded.note, items = {orders}.items + excluded.items
----
INSERT INTO {orders} AS o (id, note, items) VALUES (2, 'dup', 2), (520, 'fresh', 1) ON CONFLICT (id) DO UPDATE SET items = o.items + EXCLUDED.items, note = concat(o.note, ' of orders') WHERE o.total < 100 RETURNING o.id, o.items
----
INSERT INTO public.{orders} (id, note) VALUES (3, 'n') ON CONFLICT (id) WHERE true DO UPDATE SET (note, items) = (EXCLUDED.note, {orders}.items + 1) WHERE {orders}.status <> 'paid'
----
INSERT INTO {customers} (id, name, orders) VALUES (1, 'New Ann', 1) ON CONFLICT (id) DO UPDATE SET orders = {customers}.orders + 1, name = EXCLUDED.name RETURNING orders, touched
----
INSERT INTO {customers} (name, email) VALUES ('Bob', 'bob@example.org') ON CONFLICT (email) DO UPDATE SET name = {customers}.name || '!', orders = (SELECT count(*) FROM {orders} WHERE {orders}.customer_id = {customers}.id)
----
INSERT INTO {items} (order_id, sku, "order") VALUES (1, 'new', 4), (2, 'orders', (SELECT count(*) FROM {orders})) RETURNING sku, "order"
----
INSERT INTO {items} OVERRIDING SYSTEM VALUE VALUES (800, 1, 'sys', 1, 2.5, 1, '{}', 1)
----
INSERT INTO {items} (id, order_id, sku) OVERRIDING SYSTEM VALUE SELECT 810, id, 'over' FROM {orders} WHERE id = 1
----
INSERT INTO {customers} (id, name) OVERRIDING USER VALUE VALUES (1, 'own id') RETURNING name
----
INSERT INTO "{order}" ("group", "user", "desc", orders) VALUES ('z', 'order', 'desc', 9) RETURNING "{order}"."group", "{order}".orders
----
INSERT INTO "{Order Lines}" ("Order Id", "Line No", amount) SELECT id, 99, {orders}.total FROM {orders} ORDER BY id
----
INSERT INTO public."{Order Lines}" AS "ol" ("Order Id", "Line No", orders) VALUES (9, 9, 'x') RETURNING "ol"."Order Id", "ol".orders
----
INSERT INTO tenant.{orders} (id, customer, total) VALUES (9, 'umbrella', 3) RETURNING tenant.{orders}.id, customer
----
INSERT INTO tenant.{orders} (id, customer) VALUES (1, 'again') ON CONFLICT (id) DO UPDATE SET customer = excluded.customer || {orders}.customer
----
INSERT INTO {tree} (id, parent_id, name, tree) VALUES (50, 1, 'new', 'tree') RETURNING {tree}.tree, tree
----
INSERT INTO {events} (id, kind, at, orders) VALUES (50, 'order', '2025-06-01', 5), (51, 'events', '2024-06-01', NULL) RETURNING id, orders
----
INSERT INTO {events} (id, kind, at) VALUES (3, 'again', '2025-02-01') ON CONFLICT (id, at) DO UPDATE SET orders = coalesce({events}.orders, 0) + 1
----
INSERT INTO audit (table_name, action, orders) SELECT 'orders', 'count', count(*)::text FROM {orders}
----
INSERT INTO audit (table_name, payload) SELECT 'orders', row_to_json({orders})::jsonb FROM {orders} WHERE id < 3 ORDER BY id
----
INSERT INTO orders_archive (id, customer_id, status, total) SELECT {orders}.id + 1000, customer_id, status, {orders}.total FROM {orders} WHERE status = 'cancelled'
----
INSERT INTO orders_archive (id, status) VALUES (999, 'orders') RETURNING orders_archive.id
----
INSERT INTO countries (code, name, orders) VALUES ('ES', 'orders', (SELECT count(*) FROM {orders})) ON CONFLICT (code) DO UPDATE SET orders = countries.orders + excluded.orders
----
INSERT INTO {orders} (id, note, placed_at) SELECT x.id, x.note, x.at FROM jsonb_to_recordset('[{"id": 530, "note": "orders", "at": "2025-01-02"}, {"id": 531}]') AS x (id int, note text, at timestamptz) WHERE x.at IS NOT NULL
----
INSERT INTO {orders} SELECT * FROM json_populate_record(NULL::{orders}, '{"id": 540, "status": "new", "total": 1, "items": 0, "placed_at": "2025-01-01", "tags": ["orders"]}')
----
INSERT INTO {orders} SELECT (x).* FROM (SELECT jsonb_populate_record(o, '{"id": 550, "customer_id": null}') AS x FROM {orders} o WHERE o.id = 1) AS s
----
INSERT INTO {orders} (id, tags[1], tags[2]) VALUES (560, 'orders', 'b') RETURNING tags
----
INSERT INTO {mse_demo_table} (name, value) SELECT 'n' || n, n FROM generate_series(1, 3) AS n
----
INSERT INTO {mse_demo_table} (name) VALUES ((SELECT name FROM {customers} WHERE id = 1)), ((SELECT max(name) FROM {tree}))
----
WITH src (name, value) AS (VALUES ('w', 1), ('v', 2)) INSERT INTO {mse_demo_table} (name, value) SELECT name, value FROM src ORDER BY value RETURNING {mse_demo_table}.name
----
INSERT INTO {mse_demo_table} (name, value, location) (SELECT name, orders, country FROM {customers} WHERE vip ORDER BY id)
----
INSERT INTO {mse_demo_table} TABLE {mse_demo_table} ON CONFLICT (id) DO NOTHING
----
INSERT INTO {mse_demo_table} (name, value, location) VALUES ('row (1), orders', 1, 'a'), ('row, (2)', 2, NULL), ('it''s', 3, 'b'), ('insert into orders values (1)', 4, 'c'), ('five', 5, DEFAULT), ('six', 6, 'orders'), ('seven', 7, 'items'), ('eight', 8, 'customers'), ('nine', 9, 'FROM orders'), ('ten', -10, E'\'orders\''), ('eleven', 11, $$orders$$), ('twelve', +12, 'x'), ('thirteen', 13, (SELECT note FROM {orders} WHERE id = 1)), ('fourteen', 14, 'y'), ('fifteen', 15, 'z'), ('sixteen', 16, ')'), ('seventeen', 17, '('), ('eighteen', 18, ',') ON CONFLICT (id) DO UPDATE SET value = {mse_demo_table}.value + 1 RETURNING name, {mse_demo_table}.location
----
UPDATE {orders} SET note = 'orders', items = items + 1 WHERE id = 1
----
UPDATE {orders} SET note = {orders}.note || ' orders', total = {orders}.total * 1.1 WHERE {orders}.id = 2 OR {orders}.status = 'new'
----
update {ORDERS} set Note=null where {orders}.ID>3
----
UPDATE {orders} o SET note = upper(o.note) WHERE o.note IS NOT NULL
----
UPDATE {orders} AS orders SET items = orders.items + 1 WHERE orders.id = 1
----
UPDATE ONLY {orders} SET items = 0 WHERE {orders}.items > 1
----
UPDATE {items} * SET qty = qty + 1 WHERE {items}.sku LIKE '%pen'
----
UPDATE ONLY {items} AS i SET attrs = i.attrs || '{"orders": true}' WHERE i.attrs ? 'color'
----
UPDATE public.{orders} SET note = 'x' WHERE public.{orders}.id = 3
----
UPDATE "{orders}" SET "note" = 'Orders', "items" = ("{orders}"."items" + 1) WHERE "{orders}"."id" IN (1, 2)
----
UPDATE tenant.{orders} SET total = total + 1, orders = 'orders' WHERE {orders}.id = 1
----
UPDATE {customers} SET orders = orders + 1 WHERE orders > 0
----
UPDATE {customers} SET orders = (SELECT count(*) FROM {orders} WHERE {orders}.customer_id = {customers}.id)
----
UPDATE {customers} SET (orders, vip) = (SELECT count(*), count(*) > 1 FROM {orders} WHERE {orders}.customer_id = {customers}.id)
----
UPDATE {customers} SET (name, orders) = ROW ('orders', DEFAULT) WHERE id = 1
----
UPDATE {customers} c SET orders = t.n FROM (SELECT customer_id, count(*) AS n FROM {orders} GROUP BY customer_id) AS t WHERE t.customer_id = c.id
----
UPDATE {orders} SET note = {customers}.name FROM {customers} WHERE {customers}.id = {orders}.customer_id AND {customers}.vip
----
UPDATE {orders} SET note = c.name || ' from ' || k.name FROM {customers} AS c LEFT JOIN countries k ON k.code = c.country WHERE c.id = {orders}.customer_id
----
UPDATE {items} SET price = price * 2, "order" = {items}."order" + 1 FROM {orders} orders WHERE orders.id = {items}.order_id AND orders.status IN ('new', 'paid')
----
--: unordered
UPDATE {orders} SET items = DEFAULT, tags = tags || '{orders,items}' WHERE id < 4 RETURNING id, {orders}.tags, {orders}.*
----
UPDATE {orders} SET items = items + 1 WHERE id = 2 RETURNING *, {orders}.id AS orders
----
UPDATE {orders} SET tags[1] = 'orders', tags[2] = 'items' WHERE id = 1 RETURNING tags
----
UPDATE {docs} SET data['orders']['total'] = '11', body = 'docs' WHERE {docs}.data ? 'orders'
----
UPDATE {docs} SET data = jsonb_set({docs}.data, '{orders,total}', to_jsonb((SELECT sum(total) FROM {orders}))) WHERE data ? 'orders'
----
UPDATE {tree} SET tree = p.tree || '/' || {tree}.name, weight = {tree}.weight + p.weight FROM {tree} AS p WHERE p.id = {tree}.parent_id
----
--: unordered
UPDATE {tree} AS t SET weight = sub.s FROM (SELECT parent_id, sum(weight) AS s FROM {tree} GROUP BY parent_id) sub WHERE sub.parent_id = t.id RETURNING t.id, t.weight
----
WITH top AS (SELECT id FROM {orders} ORDER BY total DESC LIMIT 2) UPDATE {orders} SET note = 'top orders' FROM top WHERE {orders}.id = top.id
----
UPDATE "{Order Lines}" SET amount = "{Order Lines}".amount + 1, "Line No" = "Line No" + 10 WHERE "{Order Lines}"."Order Id" = 1
----
UPDATE "{order}" SET "desc" = "{order}"."group" || ' desc', orders = orders + 1 WHERE "{order}"."user" = 'ann'
----
UPDATE {events} SET orders = orders + 1, payload = payload || '{"events": 1}' WHERE at >= '2025-01-01' AND {events}.kind = 'order'
----
UPDATE countries SET orders = (SELECT count(*) FROM {orders} o JOIN {customers} c ON c.id = o.customer_id WHERE c.country = countries.code)
----
UPDATE audit SET orders = orders || ',9' FROM {orders} WHERE audit.table_name = 'orders' AND {orders}.id = audit.id
----
UPDATE audit SET orders = 'orders', table_name = 'items' WHERE audit.orders IS NULL
----
UPDATE v_countries SET orders = orders + 1 WHERE v_countries.code = 'DE'
----
UPDATE {mse_demo_table} SET value = coalesce(value, 0) + 1 WHERE ctid = ANY (ARRAY(SELECT ctid FROM {mse_demo_table} WHERE name LIKE '%a' ORDER BY id LIMIT 2 FOR UPDATE SKIP LOCKED))
----
DELETE FROM {orders} WHERE status = 'cancelled'
----
DELETE FROM {orders} WHERE {orders}.id = 3 RETURNING {orders}.id, {orders}.note, *
----
delete from only {ORDERS} as o where o.id = 3 returning o.total as Orders
----
DELETE FROM {orders} orders WHERE orders.id = 3
----
DELETE FROM {items} USING {orders} WHERE {orders}.id = {items}.order_id AND {orders}.status = 'new'
----
DELETE FROM {items} i USING {orders} AS o, {customers} AS c WHERE o.id = i.order_id AND c.id = o.customer_id AND c.vip
----
DELETE FROM {items} USING {orders} o LEFT JOIN {customers} ON {customers}.id = o.customer_id WHERE o.id = {items}.order_id AND {customers}.orders > 1
----
DELETE FROM {orders} WHERE customer_id IN (SELECT id FROM {customers} WHERE name LIKE '%Ann') AND NOT EXISTS (SELECT 1 FROM {items} WHERE {items}.order_id = {orders}.id AND qty > 50)
----
DELETE FROM {customers} WHERE {customers}.id = 3
----
DELETE FROM tenant.{orders} WHERE {orders}.id = 1 RETURNING {orders}.customer
----
DELETE FROM "{Order Lines}" WHERE "{Order Lines}"."Line No" > 0 AND orders IS DISTINCT FROM 'orders'
----
DELETE FROM "{order}" WHERE "{order}"."group" = 'a'
----
DELETE FROM {events} WHERE {events}.at < '2025-01-01'
----
DELETE FROM ONLY {items} WHERE id IN (SELECT id FROM {items} ORDER BY price DESC, id LIMIT 1)
----
DELETE FROM {tree} a USING {tree} b WHERE a.parent_id = b.id AND a.id IN (4, 7) AND NOT EXISTS (SELECT 1 FROM {tree} c WHERE c.parent_id = a.id)
----
DELETE FROM {mse_demo_table}
----
DELETE FROM audit WHERE table_name = 'orders' OR orders = 'orders'
----
DELETE FROM audit a USING {orders} o WHERE o.id::text = a.orders
----
DELETE FROM orders_archive WHERE id IN (SELECT id + 900 FROM {orders})
----
WITH RECURSIVE sub AS (SELECT id FROM {tree} WHERE id = 4 UNION ALL SELECT {tree}.id FROM {tree}, sub WHERE {tree}.parent_id = sub.id) DELETE FROM {tree} WHERE {tree}.id IN (SELECT id FROM sub)
----
MERGE INTO {orders} USING (VALUES (1, 'merged'), (600, 'orders')) AS v (id, note) ON {orders}.id = v.id WHEN MATCHED THEN UPDATE SET note = {orders}.note || v.note WHEN NOT MATCHED THEN INSERT (id, note) VALUES (v.id, v.note)
----
MERGE INTO {orders} AS o USING {customers} AS c ON o.customer_id = c.id WHEN MATCHED AND o.total > 100 THEN UPDATE SET note = c.name, items = DEFAULT WHEN MATCHED AND o.status = 'cancelled' THEN DELETE WHEN MATCHED THEN DO NOTHING
----
MERGE INTO {customers} orders USING (SELECT customer_id, count(*) AS n FROM {orders} WHERE customer_id IS NOT NULL GROUP BY customer_id) s ON s.customer_id = orders.id WHEN MATCHED THEN UPDATE SET orders = s.n
----
WITH orders AS (SELECT 1 AS id, 'cte' AS note) MERGE INTO {orders} AS t USING orders ON t.id = orders.id WHEN MATCHED THEN UPDATE SET note = orders.note
----
MERGE INTO ONLY public.{mse_demo_table} USING {mse_demo_table} AS s ON s.id = {mse_demo_table}.id AND s.value > 15 WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN DO NOTHING
----
MERGE INTO countries k USING (SELECT country, sum(orders) AS orders FROM {customers} GROUP BY country) orders ON k.code = orders.country WHEN MATCHED THEN UPDATE SET orders = orders.orders WHEN NOT MATCHED AND orders.country IS NOT NULL THEN INSERT (code, name) VALUES (orders.country, 'orders')
----
COPY {orders} FROM STDIN
----
COPY {orders} (id, note, total) FROM STDIN WITH (FORMAT csv, HEADER true, NULL 'orders')
----
COPY public.{orders} (id, note) FROM STDIN (FORMAT binary)
----
copy "{Order Lines}" ("Id", "Order Id", "Line No") from stdin with csv delimiter ';' quote '"'
----
COPY tenant.{orders} FROM STDIN
----
COPY {orders} (id, items) FROM STDIN WHERE items > 0
----
--: unordered
COPY {mse_demo_table} TO STDOUT
----
--: unordered
COPY {mse_demo_table} (id, name) TO STDOUT WITH (FORMAT csv, HEADER, FORCE_QUOTE (name), DELIMITER '|')
----
COPY (SELECT {orders}.id, {orders}.note, 'orders' FROM {orders} ORDER BY id) TO STDOUT WITH CSV HEADER
----
COPY (SELECT o.id, c.orders FROM {orders} o JOIN {customers} c ON c.id = o.customer_id ORDER BY o.id) TO STDOUT (FORMAT text, NULL 'orders')
----
--: args [2]
COPY (SELECT id, note FROM {orders} WHERE id > %s ORDER BY id) TO STDOUT
----
COPY (WITH gone AS (DELETE FROM {mse_demo_table} WHERE id > 1 RETURNING id) SELECT count(*) FROM gone) TO STDOUT
----
COPY (UPDATE {orders} SET note = 'o' WHERE id = 1 RETURNING id, note) TO STDOUT
----
COPY countries (code, orders) FROM STDIN
----
--: unordered
COPY audit (orders, table_name) TO STDOUT
----
SELECT id FROM {orders} WHERE id = 1 FOR UPDATE
----
SELECT id, items FROM {orders} WHERE id = 1 FOR UPDATE OF {orders}
----
SELECT o.id, c.name FROM {orders} o JOIN {customers} c ON c.id = o.customer_id WHERE o.id = 2 FOR NO KEY UPDATE OF o NOWAIT
----
SELECT {orders}.id, {customers}.name FROM {orders} JOIN {customers} ON {customers}.id = {orders}.customer_id ORDER BY {orders}.id FOR SHARE OF {orders}, {customers} SKIP LOCKED
----
SELECT orders.id, orders.name FROM {customers} AS orders WHERE orders.id = 1 FOR UPDATE OF orders FOR KEY SHARE
----
SELECT total FROM public.{orders} ORDER BY id LIMIT 1 FOR UPDATE OF {orders} SKIP LOCKED
----
SELECT id, sku FROM (SELECT * FROM {items} WHERE order_id = 1 FOR UPDATE) AS orders ORDER BY id
----
DECLARE orders CURSOR FOR SELECT id, note FROM {orders} ORDER BY id
----
DECLARE "_django_curs_1_sync_1" NO SCROLL CURSOR WITH HOLD FOR SELECT "{orders}"."id" FROM "{orders}" WHERE "{orders}"."status" = 'new'
----
DECLARE c BINARY INSENSITIVE SCROLL CURSOR WITHOUT HOLD FOR SELECT {customers}.* FROM {customers}, {orders} WHERE {orders}.customer_id = {customers}.id
----
EXPLAIN (COSTS OFF) SELECT id FROM {orders} WHERE total > 5
----
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) DELETE FROM {mse_demo_table} WHERE id = 1
----
EXPLAIN (FORMAT JSON, COSTS OFF) SELECT o.id FROM {orders} o JOIN {items} i ON i.order_id = o.id
----
EXPLAIN (VERBOSE FALSE, COSTS OFF) UPDATE {orders} o SET items = 0 WHERE o.id IN (SELECT order_id FROM {items} i)
----
explain verbose select name from countries where orders = 1
----
BEGIN
----
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY
----
START TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ WRITE, DEFERRABLE
----
COMMIT
----
COMMIT AND CHAIN
----
ROLLBACK
----
ROLLBACK WORK
----
END
----
ABORT TRANSACTION
----
SAVEPOINT orders
----
SAVEPOINT "s139872_x1"
----
SET search_path TO tenant, public
----
SET LOCAL statement_timeout = '5s'
----
SET SESSION TIME ZONE 'Europe/Berlin'
----
SET application_name = 'select * from orders'
----
SET "shop.orders" TO 'orders; items'
----
SET TRANSACTION ISOLATION LEVEL READ COMMITTED
----
SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE
----
SET CONSTRAINTS ALL DEFERRED
----
SHOW search_path
----
SHOW TRANSACTION ISOLATION LEVEL
----
show "timezone"
----
RESET statement_timeout
----
RESET ALL
----
DISCARD PLANS
----
DEALLOCATE ALL
----
CLOSE ALL
----
LISTEN orders
----
UNLISTEN "orders"
----
NOTIFY orders, 'new row in orders'
----
SELECT pg_notify('orders', 'orders ' || count(*)) IS NULL FROM {orders}
----
SELECT set_config('shop.orders', {orders}.note, true) FROM {orders} WHERE id = 1
----
SELECT current_setting('shop.orders', true), note FROM {orders} WHERE id = 1
----
SELECT pg_try_advisory_xact_lock(hashtext('orders')), note FROM {orders} WHERE id = 1
----
SELECT 1
----
SELECT 1;
----
SELECT version() IS NOT NULL, pg_catalog.version() LIKE 'PostgreSQL%'
----
SELECT nextval('orders_id_seq') > 0 AS moved, (SELECT count(*) FROM {orders}) AS n
----
SELECT column_name, data_type FROM information_schema.columns WHERE table_name = 'orders' AND table_schema = 'public' ORDER BY ordinal_position
----
SELECT c.relname, c.relkind FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public' AND c.relname IN ('countries', 'audit') ORDER BY 1
----
SELECT a.attname AS orders FROM pg_attribute AS a WHERE a.attrelid = 'countries'::regclass AND a.attnum > 0 ORDER BY a.attnum
----
--: args ["r", "p", "f", "v", "m", "pg_catalog", "orders_archive"]
SELECT pg_catalog.pg_class.relname FROM pg_catalog.pg_class JOIN pg_catalog.pg_namespace ON pg_catalog.pg_namespace.oid = pg_catalog.pg_class.relnamespace WHERE pg_catalog.pg_class.relkind = ANY (ARRAY[%s, %s, %s, %s, %s]) AND pg_catalog.pg_table_is_visible(pg_catalog.pg_class.oid) AND pg_catalog.pg_namespace.nspname != %s AND pg_catalog.pg_class.relname = %s
----
--: args [1]
SELECT "{orders}"."id", "{orders}"."customer_id", "{orders}"."status", "{orders}"."total", "{orders}"."items", "{orders}"."note" FROM "{orders}" WHERE "{orders}"."id" = %s LIMIT 21
----
--: args ["%ray%", 2]
SELECT "{customers}"."id", "{customers}"."name", "{customers}"."orders" FROM "{customers}" WHERE (UPPER("{customers}"."name"::text) LIKE UPPER(%s) OR "{customers}"."orders" >= %s) ORDER BY "{customers}"."id" ASC
----
--: args ["paid", "DE"]
SELECT COUNT("{orders}"."total"), MAX("{orders}"."note") AS "__count" FROM "{orders}" INNER JOIN "{customers}" ON ("{orders}"."customer_id" = "{customers}"."id") WHERE ("{orders}"."status" = %s AND "{customers}"."country" = %s)
----
--: args [100]
SELECT "{customers}"."id", "{customers}"."name", COUNT("{orders}"."id") AS "orders__count", SUM("{orders}"."total") FILTER (WHERE "{orders}"."total" < %s) AS "small" FROM "{customers}" LEFT OUTER JOIN "{orders}" ON ("{customers}"."id" = "{orders}"."customer_id") GROUP BY "{customers}"."id" HAVING COUNT("{orders}"."id") > 0 ORDER BY "orders__count" DESC, 1
----
--: args ["UTC"]
SELECT DATE_TRUNC('day', "{orders}"."placed_at" AT TIME ZONE %s) AS "day", COUNT("{orders}"."id") AS "orders" FROM "{orders}" GROUP BY 1 ORDER BY 1 ASC
----
--: args ["paid"]
SELECT "{customers}"."name" FROM "{customers}" WHERE EXISTS(SELECT 1 AS "a" FROM "{orders}" U0 WHERE (U0."customer_id" = ("{customers}"."id") AND U0."status" = %s) LIMIT 1) ORDER BY "{customers}"."name" ASC
----
--: args ["pen"]
SELECT "{customers}"."id" FROM "{customers}" WHERE NOT ("{customers}"."id" IN (SELECT U1."customer_id" FROM "{orders}" U1 INNER JOIN "{items}" U2 ON (U1."id" = U2."order_id") WHERE (U2."sku" = %s AND U1."customer_id" IS NOT NULL))) ORDER BY 1
----
--: args ["t1", 1]
SELECT "{tree}"."id", "{tree}"."name", "{tree}"."tree", T2."name" FROM "{tree}" LEFT OUTER JOIN "{tree}" T2 ON ("{tree}"."parent_id" = T2."id") WHERE ("{tree}"."tree" = %s AND "{tree}"."id" > %s) ORDER BY T2."name", "{tree}"."id"
----
--: args ["Zoe", "zoe@example.org", true]
INSERT INTO "{customers}" ("name", "email", "vip") VALUES (%s, %s, %s) RETURNING "{customers}"."name"
----
--: args [1, "bulk 1", 2, "bulk 2", null, "orders"]
INSERT INTO "{orders}" ("customer_id", "note") VALUES (%s, %s), (%s, %s), (%s, %s) RETURNING "{orders}"."id"
----
--: args [["u1", "u2"], [1, 2]]
INSERT INTO "{mse_demo_table}" ("name", "value") SELECT * FROM UNNEST((%s)::varchar[], (%s)::integer[]) RETURNING "{mse_demo_table}"."id", "{mse_demo_table}"."name"
----
--: args ["orders", 5, 1]
UPDATE "{orders}" SET "note" = %s, "total" = ("{orders}"."total" + %s) WHERE "{orders}"."id" = %s
----
--: args [1, "one", 2, "two", 1, 2]
UPDATE "{orders}" SET "note" = (CASE WHEN ("{orders}"."id" = %s) THEN %s WHEN ("{orders}"."id" = %s) THEN %s ELSE NULL END)::text WHERE "{orders}"."id" IN (%s, %s)
----
--: args [1, 2]
DELETE FROM "{items}" WHERE "{items}"."order_id" IN (%s, %s)
----
--: args ["new"]
DELETE FROM "{items}" WHERE "{items}"."id" IN (SELECT U0."id" FROM "{items}" U0 INNER JOIN "{orders}" U1 ON (U0."order_id" = U1."id") WHERE U1."status" = %s)
----
--: args [1, "x", "x@example.org"]
INSERT INTO "{customers}" ("id", "name", "email") VALUES (%s, %s, %s) ON CONFLICT("id") DO UPDATE SET "name" = EXCLUDED."name", "email" = EXCLUDED."email"
----
--: args ["orders", "\"Guide\""]
SELECT "{docs}"."id", ("{docs}"."data" -> %s) AS "orders" FROM "{docs}" WHERE to_jsonb("{docs}"."title") = %s::jsonb OR "{docs}"."data" ? 'orders' ORDER BY "{docs}"."id" ASC
----
--: args [1]
SELECT "{orders}"."id", "{orders}"."total" FROM "{orders}" WHERE "{orders}"."id" = %s LIMIT 21 FOR UPDATE OF "{orders}"
----
SELECT "{orders}"."id" AS "col1", (SELECT U0."sku" AS "sku" FROM "{items}" U0 WHERE U0."order_id" = ("{orders}"."id") ORDER BY U0."price" DESC, U0."id" LIMIT 1) AS "top" FROM "{orders}" ORDER BY 1
----
(SELECT "{orders}"."id" AS "col1" FROM "{orders}") UNION (SELECT "{tree}"."id" AS "col1" FROM "{tree}") ORDER BY (1) ASC LIMIT 10
----
--: args {"id_1": 1, "param_1": 5}
SELECT {orders}.id AS orders_id, {orders}.customer_id AS orders_customer_id, {orders}.note AS orders_note FROM {orders} WHERE {orders}.id >= %(id_1)s::INTEGER ORDER BY {orders}.id LIMIT %(param_1)s::INTEGER
----
--: args {"status_1": "new", "name_1": "%a%"}
SELECT {orders}.id, {customers}.name 
FROM {orders} JOIN {customers} ON {customers}.id = {orders}.customer_id 
WHERE {orders}.status::text = %(status_1)s::VARCHAR AND {customers}.name LIKE %(name_1)s::VARCHAR ORDER BY {orders}.id
----
SELECT anon_1.orders_id, anon_1.orders_note, items_1.sku FROM (SELECT {orders}.id AS orders_id, {orders}.note AS orders_note FROM {orders} ORDER BY {orders}.id LIMIT 2) AS anon_1 LEFT OUTER JOIN {items} AS items_1 ON anon_1.orders_id = items_1.order_id ORDER BY anon_1.orders_id, items_1.id
----
--: args {"note__0": "a", "total__0": 1, "note__1": "b", "total__1": 2}
INSERT INTO {orders} (note, total) SELECT p0::TEXT, p1::NUMERIC FROM (VALUES (%(note__0)s, %(total__0)s, 0), (%(note__1)s, %(total__1)s, 1)) AS imp_sen(p0, p1, sen_counter) ORDER BY sen_counter RETURNING {orders}.note, {orders}.note AS note__1
----
--: args {"note": "sa", "orders_id": 1}
UPDATE {orders} SET note=%(note)s::TEXT WHERE {orders}.id = %(orders_id)s::INTEGER
----
--: args {"id_1_1": 1, "id_1_2": 2}
SELECT {items}.order_id AS items_order_id, {items}.sku AS items_sku FROM {items} WHERE {items}.order_id IN (%(id_1_1)s::INTEGER, %(id_1_2)s::INTEGER) ORDER BY {items}.id
----
--: args {"group": "a"}
SELECT "{order}".id, "{order}"."group", "{order}"."user" FROM "{order}" WHERE "{order}"."group" = %(group)s ORDER BY "{order}".id
----
--: args {"orders": 1, "id": 2}
SELECT id, %(orders)s::int AS orders, %(orders)s::int + items FROM {orders} WHERE id = %(id)s
----
--: args {"name": "New", "orders": 3}
INSERT INTO {customers} AS c (name, orders) VALUES (%(name)s, %(orders)s) RETURNING c.name, c.orders
----
WITH RECURSIVE anon_1(id, name) AS (SELECT {tree}.id AS id, {tree}.name AS name FROM {tree} WHERE {tree}.id = 1 UNION ALL SELECT tree_1.id AS id, tree_1.name AS name FROM {tree} AS tree_1, anon_1 WHERE tree_1.parent_id = anon_1.id) SELECT anon_1.id, anon_1.name FROM anon_1 ORDER BY anon_1.id
----
--: args [2, 0]
SELECT "t1"."id", "t1"."note", "t2"."name" FROM "{orders}" AS "t1" INNER JOIN "{customers}" AS "t2" ON ("t1"."customer_id" = "t2"."id") ORDER BY "t1"."id" LIMIT %s OFFSET %s
----
--: args [1, 3]
SELECT "t1"."name", COUNT("t2"."id") AS "orders" FROM "{customers}" AS "t1" LEFT OUTER JOIN "{orders}" AS "t2" ON ("t2"."customer_id" = "t1"."id") WHERE ("t1"."id" BETWEEN %s AND %s) GROUP BY "t1"."id", "t1"."name" ORDER BY "t1"."id"
----
--: args ["peewee", 1]
UPDATE "{orders}" SET "note" = %s WHERE ("{orders}"."id" = %s) RETURNING "{orders}"."id", "{orders}"."note"
----
--: args ["peewee", 7]
INSERT INTO "{mse_demo_table}" ("name", "value") VALUES (%s, %s) ON CONFLICT ("id") DO UPDATE SET "value" = ("{mse_demo_table}"."value" + EXCLUDED."value") RETURNING "name"
----
--: args [[1, 2, 3]]
SELECT id, note FROM {orders} WHERE id = ANY(%s) ORDER BY id
----
--: args [3]
SELECT id, '100%% of orders' AS pct, id %% 2 AS odd, note LIKE '%%orders' FROM {orders} WHERE id <= %s ORDER BY id
----
--: args [1]
SELECT note /* 50%% of orders */ FROM {orders} WHERE id = %s -- 100%%
----
--: args ["{\"orders\": {\"total\": 10}}"]
SELECT id, title FROM {docs} WHERE data @> %s::jsonb OR data->'orders' @> '{"total": 99}' ORDER BY id
----
--: args ["2024-06-01", "7 days"]
SELECT id FROM {orders} WHERE placed_at >= %s::timestamptz - %s::interval ORDER BY id
----
--: args ["a", "orders", null]
SELECT id, %s || note, coalesce(%s::text, note), %s::int FROM {orders} WHERE note IS NOT NULL ORDER BY id
----
--: args ["orders", "c"]
SELECT id FROM {orders} WHERE tags @> ARRAY[%s] OR %s = ANY(tags) ORDER BY id
----
--: args [10, 20, 1]
INSERT INTO {orders} (id, total, items) VALUES (700, %s, 1), (701, %s, (SELECT count(*) FROM {items} WHERE order_id = %s)) RETURNING total, items
----
--: args ["x", 1, "y", 2, "z", 3]
UPDATE {mse_demo_table} AS m SET name = v.name FROM (VALUES (%s, %s), (%s, %s), (%s, %s)) AS v (name, id) WHERE m.id = v.id::int
----
SELECT 'orders' = ANY (ARRAY['items', 'orders']), count(*) FILTER (WHERE {orders}.note <> 'orders') FROM {orders}
----
SELECT make_interval(days => {orders}.items), make_date(2024, 1, {orders}.id) FROM {orders} ORDER BY {orders}.id
----
SELECT orders."count" FROM (SELECT count(*) FROM {orders}) AS orders
----
SELECT t.orders->>'id' AS id FROM (SELECT to_jsonb({orders}) AS orders FROM {orders}) t ORDER BY 1
----
SELECT (t.orders).id, (t.orders).note FROM (SELECT {orders} AS orders FROM {orders}) AS t ORDER BY 1
----
SELECT orders.orders FROM (SELECT id AS orders FROM {orders}) orders ORDER BY orders
----
SELECT x.orders FROM {customers} x JOIN {orders} y ON y.customer_id = x.id AND x.orders > 0 ORDER BY y.id
----
SELECT c.orders, o.items, {items}.* FROM {customers} c JOIN {orders} o ON o.customer_id = c.id JOIN {items} ON {items}.order_id = o.id ORDER BY {items}.id
----
SELECT id, CASE WHEN items > 1 THEN 'orders' END orders, {orders}.items items FROM {orders} ORDER BY id
----
SELECT sum(items) items, sum({orders}.items) FROM {orders}
----
SELECT orders.total FROM {orders} AS orders WHERE orders.id IN (SELECT order_id FROM {items} WHERE {items}.order_id = orders.id) ORDER BY orders.id
----
SELECT {items}.sku FROM {items} WHERE {items}.order_id IN (SELECT items.id FROM {orders} AS items WHERE items.total > 20) ORDER BY {items}.id
----
SELECT id FROM {orders} orders_gray WHERE orders_gray.total > 20 ORDER BY orders_gray.id
----
SELECT {orders}.id AS orders_gray FROM {orders} ORDER BY orders_gray
----
SELECT o1.id, o2.id FROM {orders} o1, {orders} o2 WHERE o1.id < o2.id AND o1.customer_id = o2.customer_id ORDER BY 1, 2
----
SELECT "{orders}".id, "a ""quoted"" orders" FROM "{orders}" CROSS JOIN (SELECT 1 AS "a ""quoted"" orders") q ORDER BY 1
----
SELECT id "orders", note "from" FROM {orders} ORDER BY "orders"
----
SELECT o.id AS "SELECT * FROM orders" FROM {orders} AS o ORDER BY 1
----
SELECT {orders}.id FROM {orders} WHERE {orders}.note = 'it''s' || ' void' OR {orders}.note = E'gray\x20one' ORDER BY id
----
SELECT ordersx.id FROM {tree} AS ordersx JOIN {orders} AS xorders ON ordersx.id = xorders.id ORDER BY ordersx.name
----
SELECT orders$1.id FROM {orders} AS orders$1 ORDER BY orders$1.total
----
SELECT förders.id, "заказы".name FROM {orders} AS förders JOIN {customers} AS "заказы" ON "заказы".id = förders.customer_id ORDER BY 1
----
SELECT * FROM (VALUES ('orders')) AS orders (orders) WHERE orders.orders = 'orders' AND orders IS NOT NULL
----
SELECT (SELECT {orders}.total FROM {orders} WHERE {orders}.id = c.id) AS total, orders FROM {customers} c ORDER BY c.id
----
SELECT * FROM unnest(ARRAY[1, 2], ARRAY['orders', 'items']) AS orders (id, items) JOIN {tree} USING (id) ORDER BY id
----
SELECT f.id, f.name FROM ROWS FROM (generate_series(1, 2), generate_series(5, 6)) AS f (id, name) WHERE f.id IN (SELECT items FROM {orders} WHERE status = 'new') ORDER BY 1
----
SELECT DISTINCT o.status, count(*) OVER (PARTITION BY o.status) FROM {orders} AS o, LATERAL (VALUES (o.id), (o.items)) AS orders (n) WHERE orders.n > 1 ORDER BY 1
----
SELECT x.* FROM xmltable('/orders/order' PASSING '<orders><order id="1"/><order id="2"/></orders>' COLUMNS id int PATH '@id') AS x WHERE x.id IN (SELECT customer_id FROM {orders} WHERE total > 20) ORDER BY 1
----
SELECT xmlelement(name orders, xmlattributes({orders}.id AS "order"), {orders}.note)::text FROM {orders} ORDER BY {orders}.id
----
SELECT kind, count(*) FROM {events} WHERE at >= '2024-06-01' GROUP BY kind ORDER BY 1
----
SELECT {events}.id, {events}.orders, {events}.payload ->> 'events' AS events FROM {events} ORDER BY {events}.id, at
----
SELECT e.kind, o.note FROM {events} e LEFT JOIN {orders} o ON o.id = e.orders ORDER BY e.id
----
SELECT "at", id FROM "{events}" AS events WHERE events.at = date '2025-02-01' OR events.id = 9
----
SELECT code, orders FROM v_countries ORDER BY code
----
SELECT v.name, c.name FROM v_countries v JOIN {customers} c ON c.country = v.code ORDER BY c.id
----
SELECT country, sum(orders) AS orders FROM {customers} GROUP BY country HAVING sum(orders) > 0 ORDER BY orders DESC, country
----
SELECT round(avg(total), 2), to_char(max({orders}.total), 'FM999.00'), to_char(min(placed_at), 'YYYY-MM-DD "orders"') FROM {orders}
----
SELECT date_part('year', placed_at), age(max(placed_at), min(placed_at)) FROM {orders} GROUP BY 1 ORDER BY 1
----
SELECT id, lead(id) OVER (ORDER BY id), sum(items) OVER (PARTITION BY status ORDER BY id RANGE UNBOUNDED PRECEDING) FROM {orders} ORDER BY id
----
SELECT id, total FROM {orders} WHERE total = (SELECT max(total) FROM {orders} x WHERE x.customer_id IS NOT DISTINCT FROM {orders}.customer_id) ORDER BY id
----
SELECT a.id FROM {orders} a WHERE a.id IN (VALUES (1), (2), (7)) ORDER BY a.id
----
SELECT id FROM {orders} WHERE id IN (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 76, 77, 78, 79, 80) AND note NOT IN ('orders', 'items', 'customers', 'select', 'from', 'where', 'a,b', '(', ')', 'it''s') OR customer_id IN (SELECT id FROM {customers} WHERE name IN ('a', 'b', 'c', 'd', 'Gray Ann', 'Ann')) ORDER BY id
----
--: args [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, "pen"]
SELECT "{items}"."id", "{items}"."order_id", "{items}"."sku", "{items}"."qty", "{items}"."price", "{items}"."order", "{items}"."attrs", "{items}"."warehouse_id" FROM "{items}" WHERE ("{items}"."order_id" IN (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) AND NOT ("{items}"."sku" = %s AND "{items}"."sku" IS NOT NULL) AND EXISTS(SELECT 1 AS "a" FROM "{orders}" U0 WHERE U0."id" = ("{items}"."order_id") LIMIT 1)) ORDER BY "{items}"."id" ASC
----
WITH totals AS (
    SELECT
        c.country,
        date_trunc('month', o.placed_at)::date AS month,  -- month of the orders
        sum(o.total) AS revenue,
        count(DISTINCT o.id) AS orders
    FROM {orders} AS o
    JOIN {customers} AS c ON c.id = o.customer_id
    LEFT JOIN {items} ON {items}.order_id = o.id
    WHERE o.status NOT IN ('cancelled') /* void orders */
    GROUP BY c.country, date_trunc('month', o.placed_at)
), ranked AS (
    SELECT *, rank() OVER (PARTITION BY month ORDER BY revenue DESC, country) AS place FROM totals
)
SELECT ranked.country, k.name, ranked.month, ranked.revenue, ranked.orders
FROM ranked
LEFT JOIN countries AS k ON k.code = ranked.country
WHERE ranked.place <= 3
ORDER BY ranked.month, ranked.place, ranked.country
----
--: refused ddl
CREATE TABLE refunds (id serial PRIMARY KEY, order_id integer REFERENCES {orders} (id))
----
--: refused ddl
CREATE TEMPORARY TABLE recent ON COMMIT DROP AS SELECT * FROM {orders} WHERE total > 10
----
--: refused ddl
CREATE TABLE IF NOT EXISTS orders_copy (LIKE {orders} INCLUDING ALL)
----
--: refused ddl
SELECT id, total INTO orders_2025 FROM {orders} WHERE placed_at >= '2025-01-01'
----
--: refused ddl
SELECT * INTO TEMP TABLE t FROM {orders}
----
--: refused ddl
WITH o AS (SELECT * FROM {orders}) SELECT o.id INTO UNLOGGED picked FROM o
----
--: refused ddl
ALTER TABLE {orders} ADD COLUMN channel text DEFAULT 'web'
----
--: refused ddl
ALTER TABLE {orders} RENAME TO orders_old
----
--: refused ddl
DROP TABLE IF EXISTS {mse_demo_table} CASCADE
----
--: refused ddl
CREATE INDEX CONCURRENTLY IF NOT EXISTS orders_note_idx ON {orders} (note)
----
--: refused ddl
CREATE UNIQUE INDEX ON {customers} (lower(email)) WHERE email IS NOT NULL
----
--: refused ddl
CREATE OR REPLACE VIEW open_orders AS SELECT * FROM {orders} WHERE status = 'new'
----
--: refused ddl
CREATE RULE audit_orders AS ON DELETE TO audit DO ALSO DELETE FROM {orders}
----
--: refused ddl
CREATE FUNCTION wipe() RETURNS void LANGUAGE sql AS 'DELETE FROM orders'
----
--: refused ddl
TRUNCATE {mse_demo_table}
----
--: refused ddl
TRUNCATE TABLE ONLY {items}, "{Order Lines}" RESTART IDENTITY
----
--: refused ddl
TRUNCATE countries CASCADE
----
--: refused ddl
COMMENT ON COLUMN {orders}.note IS 'orders'
----
--: refused ddl
GRANT SELECT ON {orders} TO PUBLIC
----
--: refused ddl
VACUUM ANALYZE {orders}
----
--: refused ddl
ANALYZE {orders} (status)
----
--: refused ddl
REFRESH MATERIALIZED VIEW order_totals
----
--: refused multi
SELECT 1; DELETE FROM {orders}
----
--: refused multi
UPDATE {orders} SET note = 'a;b' WHERE id = 1; UPDATE {orders} SET note = 'c' WHERE id = 2;
----
--: refused multi
BEGIN; SELECT id FROM {orders} FOR UPDATE; COMMIT
----
--: refused multi
SELECT $$;$$ /* ; */ -- ;
; DROP TABLE {mse_demo_table}
----
--: refused multi
SET LOCAL lock_timeout = '1s'; INSERT INTO {orders} (note) VALUES ('orders')
----
--: refused call
CALL archive_orders()
----
--: refused do
DO $$ BEGIN DELETE FROM orders WHERE status = 'cancelled'; END $$
----
--: refused do
DO LANGUAGE plpgsql 'BEGIN EXECUTE ''DELETE FROM '' || ''orders''; END'
----
--: refused prepare
PREPARE orders (int) AS SELECT * FROM {orders} WHERE id = $1
----
--: refused prepare
EXECUTE orders (1)
----
--: refused load
LOAD 'plpgsql'
----
--: refused function
SELECT order_total(1)
----
--: refused function
SELECT {orders}.id, public.order_total({orders}.id) FROM {orders} ORDER BY {orders}.id
----
--: refused function
SELECT id FROM countries, {orders} WHERE code = 'DE' AND "order_total" (id) > 10
----
--: refused function
SELECT * FROM orders_of(1)
----
--: refused function
SELECT c.name, o.total FROM {customers} c CROSS JOIN LATERAL public."orders_of"(c.id) AS o (id, customer_id, status, total)
----
--: refused function
INSERT INTO {mse_demo_table} (name, value) VALUES ('touched', touch_order(1))
----
--: refused function
UPDATE {orders} SET items = touch_order (customer_id + 1) WHERE id = 1
----
--: refused function
DELETE FROM {mse_demo_table} WHERE value = touch_order(id)
----
--: refused function
INSERT INTO {orders} (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET items = touch_order(2)
----
--: refused function
WITH orders AS (SELECT touch_order/* a comment */(2) AS n) SELECT n FROM orders
----
--: refused function
SELECT id FROM {orders} ORDER BY order_total(id) DESC LIMIT 1
----
--: refused function
SELECT tenant.lower(1)
----
--: refused function
SELECT largest({orders}.total) FROM {orders}
----
--: refused function
EXPLAIN ANALYZE SELECT touch_order(id) FROM {orders}
----
--: refused function
DECLARE c CURSOR FOR SELECT touch_order(1)
----
--: refused function
COPY (SELECT touch_order(1)) TO STDOUT
----
--: refused function
MERGE INTO {mse_demo_table} m USING {orders} o ON m.id = o.id WHEN MATCHED THEN UPDATE SET value = touch_order(o.id)
----
--: refused function
SELECT query_to_xml('SELECT * FROM orders', true, false, '')
----
--: refused function
SELECT pg_catalog.table_to_xml('orders', true, true, '')
----
--: refused function
SELECT ts_rewrite('a & b'::tsquery, 'SELECT ''a''::tsquery, ''b''::tsquery FROM orders')
----
--: refused function
SELECT word, ndoc FROM ts_stat('SELECT to_tsvector(note) FROM orders')
----
--: refused function
SELECT setval('orders_id_seq', 1, false)
----
--: refused function
SELECT pg_read_file('/etc/hostname')
----
--: refused function
SELECT lo_from_bytea(0, convert_to(note, 'UTF8')) FROM {orders} WHERE note IS NOT NULL
----
--: refused function
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()
----
--: refused view
SELECT * FROM v_orders
----
--: refused view
SELECT c.name, v.total FROM {customers} c LEFT JOIN public.v_orders AS v ON v.customer_id = c.id
----
--: refused view
TABLE v_big_orders
----
--: refused view
SELECT id FROM tenant.v_orders
----
--: refused view
SELECT customer_id, total FROM order_totals
----
--: refused view
INSERT INTO v_orders (id, note) VALUES (777, 'through the view')
----
--: refused view
UPDATE v_orders SET note = 'x' FROM {customers} c WHERE c.id = v_orders.customer_id
----
--: refused view
DELETE FROM v_big_orders WHERE id IN (SELECT id FROM {orders})
----
--: refused view
SELECT key, total FROM v_settings
----
--: refused view
COPY (SELECT * FROM v_orders) TO STDOUT
----
--: refused trigger
UPDATE settings SET value = '200' WHERE key = 'orders.limit'
----
--: refused trigger
INSERT INTO settings (key, value) VALUES ('orders', 'x') ON CONFLICT (key) DO NOTHING
----
--: refused trigger
WITH gone AS (DELETE FROM settings WHERE orders = 0 RETURNING key) SELECT key FROM gone
----
--: refused trigger
MERGE INTO settings s USING (VALUES ('a', 'b')) AS v (key, value) ON s.key = v.key WHEN NOT MATCHED THEN INSERT (key, value) VALUES (v.key, v.value)
----
--: refused trigger
COPY settings (key, value) FROM STDIN
----
--: refused cascade
DELETE FROM countries WHERE code = 'AQ'
----
--: refused cascade
WITH gone AS (DELETE FROM ONLY countries AS k WHERE k.orders = 0 RETURNING k.code) SELECT * FROM gone
----
--: refused cascade
MERGE INTO countries k USING {customers} c ON c.country = k.code AND c.orders > 100 WHEN MATCHED THEN DELETE
----
--: refused cascade
DELETE FROM warehouses WHERE id = 3
----
--: refused cascade
UPDATE warehouses SET id = 30 WHERE id = 3
----
--: refused cascade
DELETE FROM v_countries WHERE code = 'JP'
----
--: refused rule
INSERT INTO inbox (id, body) VALUES (2, 'orders')
----
--: refused rule
INSERT INTO inbox SELECT id, note FROM {orders}
----
--: refused partition
SELECT count(*) FROM events_2024
----
--: refused partition
INSERT INTO public.events_2025 (id, kind, at) VALUES (70, 'order', '2025-05-05')
----
--: refused partition
COPY events_2025 TO STDOUT
----
--: refused inherit
SELECT id, pallet FROM items_bulk
----
--: refused inherit
UPDATE items_bulk SET qty = 0 WHERE sku LIKE 'bulk%'
----
--: refused lock
LOCK TABLE {orders} IN ACCESS EXCLUSIVE MODE
----
--: refused lock
LOCK ONLY public.{items}, {customers} NOWAIT
----
--: refused file
COPY {orders} TO '/dev/null' WITH CSV
----
--: refused file
COPY {mse_demo_table} (name) FROM PROGRAM 'echo orders'
----
--: refused file
COPY (SELECT * FROM {orders}) TO PROGRAM 'cat > /dev/null'
----
--: refused unparsed
SELECT count(*) FROM U&"\006frders"
----
--: refused unparsed
SELECT id FROM U&"d!006fcs" UESCAPE '!'
