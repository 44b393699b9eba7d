SELECT * FROM {orders} ORDER BY id
----
select id, total from {orders} where status = 'paid' order by id;
----
--: unordered
SELECT id,total FROM {orders}
----
SELECT COUNT(*) FROM {orders}
----
SELECT COUNT(*) AS orders FROM {orders}
----
SELECT orders FROM {customers} ORDER BY id
----
SELECT orders FROM {customers} WHERE orders > 0 ORDER BY orders DESC, id
----
SELECT c.orders FROM {customers} c ORDER BY c.orders, c.id
----
SELECT c.orders AS items FROM {customers} AS c ORDER BY items, c.id
----
SELECT {customers}.orders, {customers}.name FROM {customers} ORDER BY {customers}.id
----
SELECT {customers}.* FROM {customers} WHERE {customers}.orders >= 1 ORDER BY {customers}.id
----
SELECT shop.{customers}.orders FROM shop.{customers} ORDER BY shop.{customers}.id
----
SELECT `shop`.`{customers}`.`orders` FROM `shop`.`{customers}` ORDER BY `shop`.`{customers}`.`id`
----
SELECT `{customers}`.`orders` FROM `shop`.`{customers}` ORDER BY `{customers}`.`id`
----
SELECT {orders}.id, shop.{orders}.items, `{orders}`.total FROM {orders} WHERE shop . {orders} . id < 4 ORDER BY `shop`.{orders}.`id`
----
SELECT {orders}.customers, {orders}.items FROM {orders} ORDER BY {orders}.items DESC, {orders}.id
----
SELECT shop/* orders */./* items */{orders}/**/./**/total FROM shop/*.items*/.{orders} WHERE {orders} /* customers */ . id = 1
----
SELECT ID, Orders, NAME FROM {customers} WHERE Id <= 2 ORDER BY Id
----
SELECT Orders.id FROM {orders} AS Orders WHERE Orders.total > 10 ORDER BY Orders.id
----
SELECT ORDERS.Items FROM {orders} ORDERS WHERE ORDERS.ID = 2
----
SELECT orders.id, orders.total FROM {orders} AS orders WHERE orders.id = 1
----
SELECT orders.id FROM {orders} orders WHERE orders.status = 'paid' ORDER BY orders.id
----
SELECT `orders`.`id` FROM `{orders}` AS `orders` ORDER BY `orders`.`id`
----
SELECT orders.name FROM {customers} AS orders WHERE orders.orders > 1 ORDER BY orders.id
----
SELECT customers.id, customers.total FROM {orders} customers WHERE customers.items > 1 ORDER BY customers.id
----
SELECT shop.orders.name FROM shop.{customers} AS orders ORDER BY shop.orders.id
----
SELECT items.id FROM {orders} AS items IGNORE INDEX (items) WHERE items.items > 1 ORDER BY items.id
----
SELECT customers.id, orders.name
FROM {orders} AS customers
JOIN {customers} AS orders ON orders.id = customers.customer_id
ORDER BY customers.id
----
SELECT o.id FROM {orders} AS o, {items} AS orders WHERE orders.order_id = o.id AND orders.qty > 1 ORDER BY o.id, orders.id
----
SELECT o.id 'orders', c.name "customers" FROM {orders} o JOIN {customers} c ON c.id = o.customer_id ORDER BY o.id
----
SELECT id AS 'orders', 'orders' AS items FROM {items} ORDER BY id
----
SELECT id orders, customer_id customers, items items FROM {orders} ORDER BY orders
----
SELECT status AS orders, COUNT(*) AS items FROM {orders} GROUP BY orders HAVING items >= 1 ORDER BY orders
----
SELECT id AS `shop.orders`, total AS `orders.total` FROM {orders} ORDER BY `orders.total`, `shop.orders`
----
SELECT t.`orders.id` FROM (SELECT id AS `orders.id` FROM {orders}) t ORDER BY t.`orders.id`
----
SELECT t.`a``orders``b` FROM (SELECT id AS `a``orders``b` FROM {orders}) AS t ORDER BY 1
----
SELECT * FROM other.orders ORDER BY id
----
SELECT orders.ref FROM other.orders WHERE orders.id > 1 ORDER BY orders.id
----
SELECT other.orders.ref, orders.total FROM `other`.`orders` ORDER BY other.orders.id
----
SELECT count(*) FROM other . orders
----
SELECT o.id, o.total, orders.ref FROM {orders} o JOIN other.orders ON o.id = orders.id ORDER BY orders.id
----
SELECT shop.{orders}.id, other.orders.ref
FROM shop.{orders}, other.orders
WHERE shop.{orders}.customer_id = other.orders.customer_id
ORDER BY shop.{orders}.id, other.orders.id
----
SELECT shop.{orders}.total, other.orders.total FROM {orders} INNER JOIN other.orders ON other.orders.id = shop.{orders}.id ORDER BY 1, 2
----
SELECT o.id, o.total FROM {orders} o WHERE EXISTS (SELECT 1 FROM other.orders WHERE orders.id = o.id) ORDER BY o.id
----
SELECT {orders}.id FROM {orders} WHERE NOT EXISTS (SELECT 1 FROM other.orders x WHERE x.id = {orders}.id) ORDER BY {orders}.id
----
SELECT {orders}.id, {orders}.total FROM {orders} WHERE {orders}.id IN (SELECT orders.id FROM other.orders WHERE orders.status = 'new') ORDER BY {orders}.id
----
SELECT {orders}.id, (SELECT orders.ref FROM other.orders WHERE orders.customer_id = {customers}.id ORDER BY orders.id LIMIT 1) AS ref
FROM {orders} JOIN {customers} ON {customers}.id = {orders}.customer_id ORDER BY {orders}.id
----
SELECT customers.ref, c.name FROM other.orders AS customers JOIN {customers} c ON c.id = customers.customer_id ORDER BY customers.id
----
SELECT orders.total, a.total FROM other.orders JOIN orders_archive a USING (customer_id) ORDER BY 1, 2
----
SELECT orders, items FROM other.stock WHERE product IN (SELECT product FROM {items} WHERE qty > 1 AND orders IS NOT NULL) ORDER BY product
----
SELECT stock.orders, i.orders FROM other.stock, {items} i WHERE stock.product = i.product ORDER BY i.id
----
SELECT id, total FROM orders_archive ORDER BY id
----
SELECT orders_archive.id FROM orders_archive LEFT JOIN {orders} ON {orders}.customer_id = orders_archive.customer_id AND {orders}.status = 'shipped' WHERE {orders}.id IS NULL ORDER BY 1
----
SELECT orders.id, orders.archived_on FROM orders_archive AS orders WHERE orders.total > 0 ORDER BY orders.id
----
SELECT name, orders, customers FROM countries WHERE orders > 0 ORDER BY code
----
SELECT countries.customers, countries.orders FROM countries WHERE countries.code = 'FR'
----
SELECT code, name, orders FROM country_list ORDER BY code
----
SELECT id, ref FROM foreign_orders ORDER BY id
----
SELECT audit.orders FROM audit WHERE audit.table_name = 'orders' AND action IN ('insert', 'update') ORDER BY audit.id
----
SELECT value FROM settings WHERE name = 'orders.page_size' AND orders = 1
----
SELECT * FROM `{order}` ORDER BY `order`
----
SELECT `{order}`.`order`, `{order}`.`group` FROM `{order}` ORDER BY `{order}`.`order` DESC
----
SELECT o.order, o.group FROM `{order}` o ORDER BY o.order
----
SELECT * FROM shop.{order} ORDER BY shop.{order}.order
----
SELECT shop.{order}.id, shop.`{order}`.`order` FROM `shop`.{order} WHERE shop.{order}.group = 'a' ORDER BY `order`
----
SELECT `order`.id FROM {orders} AS `order` ORDER BY `order`.total, `order`.id
----
SELECT id, customer FROM `{order}` WHERE customer = 'order' OR `group` = 'order'
----
SELECT `{Order Lines}`.`Order ID`, `{Order Lines}`.orders FROM `{Order Lines}` ORDER BY `{Order Lines}`.id
----
SELECT l.`Line Text` AS `Order Lines` FROM `shop`.`{Order Lines}` l WHERE l.orders > 0 ORDER BY l.id
----
SELECT orders.amount FROM `{Order Lines}` AS orders JOIN {orders} o ON o.id = orders.`Order ID` ORDER BY orders.id
----
SELECT `Order Lines`.total FROM {orders} AS `Order Lines` WHERE `Order Lines`.id = 1
----
SELECT * FROM `{Order Lines}` WHERE `Line Text` = 'Order Lines' ORDER BY id
----
SELECT tree.id FROM {tree} AS tree WHERE tree.tree LIKE '/l%' ORDER BY tree.id
----
SELECT {tree}.tree, {tree}.name FROM {tree} WHERE {tree}.tree <> '/' ORDER BY {tree}.id
----
SELECT child.name, tree.name AS parent FROM {tree} child LEFT JOIN {tree} AS tree ON tree.id = child.parent_id ORDER BY child.id
----
SELECT {tree}.id, kids.id FROM {tree} JOIN {tree} AS kids ON kids.parent_id = {tree}.id ORDER BY 1, 2
----
SELECT * FROM {mse_demo_table} WHERE id = 1
----
SELECT id, name, orders FROM {mse_demo_table} PARTITION (p0) ORDER BY id
----
SELECT orders FROM {mse_demo_table} PARTITION (orders) AS orders WHERE orders.orders > 1
----
SELECT m.name FROM shop.{mse_demo_table} PARTITION (p0, p1) m JOIN {customers} c ON c.orders = m.orders ORDER BY m.id, c.id
----
SELECT SUM(orders) AS orders FROM {mse_demo_table} PARTITION (p0, `orders`)
----
SELECT id FROM orders_archive PARTITION (orders, p2022) ORDER BY id
----
SELECT {orders}.id, {items}.product FROM {orders}, {items} WHERE {orders}.id = {items}.order_id ORDER BY {items}.id
----
SELECT o.id, i.product, c.name FROM {orders} o, {items} i, {customers} c WHERE o.id = i.order_id AND c.id = o.customer_id ORDER BY i.id
----
SELECT {orders}.id FROM {orders} JOIN {items} USING (id) WHERE {items}.orders IS NOT NULL ORDER BY 1
----
--: unordered
SELECT id FROM {orders} NATURAL JOIN {items}
----
SELECT * FROM {orders} NATURAL LEFT JOIN {items} ORDER BY id
----
SELECT * FROM {items} NATURAL RIGHT OUTER JOIN {orders} ORDER BY id
----
SELECT {customers}.name, COUNT({orders}.id) AS orders FROM {customers} LEFT JOIN {orders} ON {orders}.customer_id = {customers}.id GROUP BY {customers}.id, {customers}.name ORDER BY {customers}.id
----
SELECT c.name, o.id FROM {orders} o RIGHT OUTER JOIN {customers} c ON c.id = o.customer_id ORDER BY c.id, o.id
----
SELECT COUNT(*) FROM {orders} CROSS JOIN {items}
----
SELECT COUNT(*) FROM {orders} CROSS JOIN {items} USING (id)
----
SELECT {orders}.id FROM {orders} STRAIGHT_JOIN {items} ON {orders}.id = {items}.order_id ORDER BY {orders}.id, {items}.id
----
SELECT STRAIGHT_JOIN {orders}.id FROM {orders} INNER JOIN {items} ON {items}.order_id = {orders}.id AND {items}.orders LIKE '_1' ORDER BY {items}.id
----
SELECT o.id, i.id, c.id FROM {orders} o LEFT JOIN ({items} i JOIN {customers} c ON c.id = i.id) ON o.id = i.order_id ORDER BY o.id, i.id
----
SELECT COUNT(*) FROM ({orders} NATURAL JOIN {items}) JOIN {customers}
----
SELECT COUNT(*) FROM ({orders}, {items} AS customers) WHERE customers.order_id = {orders}.id
----
SELECT o.id FROM (({orders} o LEFT JOIN {customers} c ON c.id = o.customer_id) LEFT JOIN countries ON countries.code = c.country) WHERE countries.orders > 1 ORDER BY o.id
----
SELECT o.id, COUNT(*) FROM {orders} o LEFT JOIN {items} ON (o.id = {items}.order_id), {customers} GROUP BY o.id ORDER BY o.id
----
SELECT COUNT(*) FROM { OJ {orders} LEFT OUTER JOIN {items} ON {items}.order_id = {orders}.id }
----
SELECT a.id, b.id FROM {orders} a JOIN {orders} b ON a.customer_id = b.customer_id AND a.id < b.id ORDER BY a.id, b.id
----
SELECT {orders}.id, orders_1.id FROM {orders} JOIN {orders} AS orders_1 ON orders_1.id = {orders}.id + 1 ORDER BY {orders}.id
----
SELECT * FROM (SELECT id, total FROM {orders} WHERE total > 10) AS orders ORDER BY orders.id
----
SELECT orders.id FROM (SELECT {orders}.id FROM {orders}) AS orders WHERE orders.id > 1 ORDER BY orders.id
----
SELECT orders.s, customers.n FROM (SELECT SUM(total) AS s FROM {orders}) orders, (SELECT COUNT(*) AS n FROM {customers}) AS customers
----
SELECT orders.id, items.orders FROM (SELECT id FROM {orders} WHERE id < 3) orders LEFT JOIN {items} AS items ON items.order_id = orders.id ORDER BY items.id
----
SELECT x.id FROM (SELECT id FROM (SELECT id FROM {orders} AS items WHERE items.items > 1) AS orders WHERE orders.id > 1) AS x ORDER BY x.id
----
SELECT name FROM {customers} WHERE EXISTS (SELECT * FROM {orders} WHERE customer_id = {customers}.id AND {customers}.orders > 0) ORDER BY {customers}.id
----
SELECT name FROM {customers} c WHERE NOT EXISTS (SELECT NULL FROM {orders} orders WHERE orders.customer_id = c.id) ORDER BY c.id
----
SELECT id FROM {orders} WHERE customer_id IN (SELECT id FROM {customers} WHERE vip = 1) ORDER BY id
----
SELECT id FROM {orders} WHERE id NOT IN (SELECT order_id FROM {items} WHERE orders IS NOT NULL) ORDER BY id
----
SELECT id FROM {orders} WHERE id = ANY (SELECT {items}.order_id FROM {items}) ORDER BY id
----
SELECT id FROM {orders} WHERE total >= ALL (SELECT total FROM {orders})
----
SELECT id FROM {orders} WHERE total > SOME (SELECT price FROM {items} WHERE {items}.order_id = {orders}.id) ORDER BY id
----
SELECT id FROM {orders} WHERE (customer_id, status) IN (SELECT customer_id, MAX(status) FROM {orders} GROUP BY customer_id) ORDER BY id
----
SELECT id FROM {orders} WHERE ROW(id, 1) IN (SELECT order_id, qty FROM {items}) ORDER BY id
----
SELECT id FROM {orders} WHERE (id, total) = (SELECT id, total FROM {orders} ORDER BY total DESC LIMIT 1)
----
SELECT (SELECT COUNT(*) FROM {orders}) AS orders, (SELECT COUNT(*) FROM {items}) AS items, (SELECT COUNT(*) FROM other.orders) AS others
----
SELECT {customers}.name, (SELECT COUNT(*) FROM {orders} WHERE {orders}.customer_id = {customers}.id) AS orders FROM {customers} ORDER BY {customers}.id
----
SELECT c.name, (SELECT MAX(orders.total) FROM {orders} AS orders WHERE orders.customer_id = c.id) FROM {customers} AS c ORDER BY c.id
----
SELECT EXISTS(SELECT * FROM {orders} WHERE id = 7) AS orders
----
SELECT 1 FROM DUAL WHERE EXISTS (SELECT 1 FROM {orders} WHERE 'orders' = "orders" AND total > 300)
----
SELECT id FROM {orders} o1 WHERE 1 > (SELECT COUNT(*) FROM {orders} o2 WHERE o2.customer_id = o1.customer_id AND o2.id > o1.id) ORDER BY id
----
SELECT id FROM {orders} WHERE total = (((SELECT MAX(total) FROM {orders})))
----
SELECT IFNULL((SELECT note FROM {orders} WHERE id = 2), 'orders') AS note
----
SELECT id FROM {orders} ORDER BY (SELECT MAX(price) FROM {items} WHERE {items}.order_id = {orders}.id) DESC, id LIMIT 3
----
SELECT status, SUM(total) FROM {orders} GROUP BY status HAVING SUM(total) > (SELECT AVG(total) FROM {orders}) ORDER BY status
----
WITH recent AS (SELECT * FROM {orders} WHERE placed_at >= '2024-02-01') SELECT id FROM recent ORDER BY id
----
WITH orders AS (SELECT * FROM {orders} WHERE status = 'paid') SELECT id FROM orders ORDER BY id
----
WITH orders AS (SELECT id, total FROM {orders}) SELECT orders.id, orders.total FROM orders WHERE orders.total > 20 ORDER BY orders.id
----
WITH orders (id, amount) AS (SELECT {orders}.id, {orders}.total FROM {orders}) SELECT orders.amount FROM orders ORDER BY orders.id
----
WITH `orders` AS (SELECT `id` FROM `{orders}`) SELECT `orders`.`id` FROM `orders` ORDER BY `orders`.`id`
----
WITH orders AS (SELECT 77 AS id) SELECT id FROM shop.{orders} ORDER BY id
----
WITH orders AS (SELECT 1 AS id) SELECT o.total FROM orders JOIN shop.{orders} o ON o.id = orders.id
----
WITH a AS (SELECT id FROM {orders}), orders AS (SELECT 99 AS id) SELECT a.id, orders.id FROM a JOIN orders ORDER BY a.id
----
WITH orders AS (SELECT id FROM {orders}), items AS (SELECT id FROM orders WHERE id > 1) SELECT COUNT(*) AS customers FROM items
----
WITH orders AS (SELECT 1 AS id UNION SELECT 2) SELECT {customers}.name FROM {customers} WHERE id IN (SELECT id FROM orders) ORDER BY id
----
WITH customers AS (SELECT customer_id, SUM(total) AS orders FROM {orders} GROUP BY customer_id)
SELECT c.name, customers.orders FROM {items} i, customers JOIN shop.{customers} c ON c.id = customers.customer_id WHERE i.id = 1 ORDER BY c.id
----
WITH orders AS (WITH orders AS (SELECT id FROM {orders} WHERE id > 1) SELECT id FROM orders WHERE id < 6) SELECT id FROM orders ORDER BY id
----
WITH x AS (WITH orders AS (SELECT 5 AS id) SELECT id FROM orders) SELECT x.id, o.total FROM x JOIN {orders} o ON o.id = x.id
----
SELECT (WITH orders AS (SELECT 5 AS id) SELECT id FROM orders) AS five, COUNT(*) FROM {orders}
----
SELECT t.id FROM (WITH orders AS (SELECT id FROM {items}) SELECT id FROM orders) AS t JOIN {orders} ON {orders}.id = t.id ORDER BY t.id
----
WITH orders AS (SELECT 1 AS id) SELECT x.id, (SELECT COUNT(*) FROM orders) FROM (SELECT * FROM orders) x
----
--: unordered
WITH orders AS (SELECT 1 AS id) SELECT id FROM orders UNION ALL SELECT id FROM shop.{orders}
----
WITH a AS (SELECT id FROM {orders} UNION SELECT id FROM {items}), b AS (SELECT MAX(id) AS id FROM a) SELECT a.id FROM a, b WHERE a.id <= b.id ORDER BY a.id
----
WITH RECURSIVE nums (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM nums WHERE n < 5) SELECT n, (SELECT COUNT(*) FROM {orders} WHERE items = n) FROM nums ORDER BY n
----
WITH RECURSIVE orders AS (SELECT 1 AS id UNION ALL SELECT id + 1 FROM orders WHERE id < 3) SELECT orders.id FROM orders ORDER BY orders.id
----
WITH RECURSIVE path AS (
  SELECT id, name, CAST(name AS CHAR(200)) AS tree FROM {tree} WHERE parent_id IS NULL
  UNION ALL
  SELECT {tree}.id, {tree}.name, CONCAT(path.tree, '/', {tree}.name) FROM {tree} JOIN path ON {tree}.parent_id = path.id
)
SELECT tree, id FROM path ORDER BY id
----
WITH RECURSIVE tree AS (
  SELECT id, parent_id, 0 AS depth FROM shop.{tree} WHERE id = 1
  UNION ALL
  SELECT t.id, t.parent_id, tree.depth + 1 FROM shop.{tree} t INNER JOIN tree ON tree.id = t.parent_id
)
SELECT tree.id, tree.depth FROM tree ORDER BY tree.id
----
WITH RECURSIVE up AS (SELECT id, parent_id FROM {tree} WHERE id = 4 UNION SELECT tree.id, tree.parent_id FROM {tree} AS tree, up WHERE tree.id = up.parent_id) SELECT id FROM up ORDER BY id
----
WITH RECURSIVE days AS (SELECT DATE('2024-03-05') AS d UNION ALL SELECT d + INTERVAL 1 DAY FROM days WHERE d < '2024-03-07')
SELECT days.d, COUNT(o.id) AS orders FROM days LEFT JOIN {orders} o ON DATE(o.placed_at) = days.d GROUP BY days.d ORDER BY days.d
----
SELECT id FROM {orders} UNION SELECT id FROM {items} ORDER BY id
----
(SELECT id FROM {orders} ORDER BY id LIMIT 1) UNION ALL (SELECT id FROM {items} ORDER BY id DESC LIMIT 1)
----
SELECT id, 'orders' AS src FROM {orders} UNION ALL SELECT id, 'items' FROM {items} UNION ALL SELECT id, 'order' FROM `{order}` ORDER BY src, id
----
SELECT id FROM {orders} UNION DISTINCT SELECT id FROM other.orders ORDER BY 1 LIMIT 4
----
SELECT id FROM {orders} INTERSECT SELECT order_id FROM {items} ORDER BY id
----
SELECT id FROM {orders} EXCEPT SELECT order_id FROM {items} ORDER BY id
----
SELECT id FROM {orders} EXCEPT ALL (SELECT order_id FROM {items} INTERSECT SELECT id FROM {customers}) ORDER BY id
----
((SELECT id FROM {orders}) UNION (SELECT id FROM {items})) EXCEPT (SELECT id FROM {customers}) ORDER BY 1
----
SELECT orders.id FROM ((SELECT id FROM {orders}) UNION ALL (SELECT id FROM {customers})) AS orders ORDER BY orders.id
----
SELECT name AS orders FROM {customers} UNION SELECT orders FROM {items} WHERE orders IS NOT NULL ORDER BY orders
----
(SELECT id, total FROM {orders} WHERE id = 1)
----
((SELECT id, total FROM {orders})) ORDER BY id LIMIT 2
----
(SELECT id FROM {orders} ORDER BY total DESC LIMIT 3) ORDER BY id LIMIT 1
----
SELECT id, SUM(total) OVER (PARTITION BY customer_id ORDER BY id) AS running FROM {orders} ORDER BY id
----
SELECT id, ROW_NUMBER() OVER orders AS n FROM {orders} WINDOW orders AS (ORDER BY total DESC, id) ORDER BY id
----
SELECT SUM(orders) OVER items AS orders FROM {customers} WINDOW items AS (ORDER BY id) ORDER BY id
----
SELECT {orders}.id, RANK() OVER (PARTITION BY {orders}.customer_id ORDER BY {orders}.items DESC) AS r FROM {orders} ORDER BY {orders}.id
----
SELECT o.id, LAG(o.total) OVER w AS prev, LEAD(o.total, 1) OVER w AS nxt FROM {orders} o WINDOW w AS (PARTITION BY o.customer_id ORDER BY o.id) ORDER BY o.id
----
SELECT id, AVG(total) OVER (ORDER BY {orders}.id ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING) AS a, FIRST_VALUE(id) OVER (ORDER BY {orders}.id) AS f FROM {orders} ORDER BY id
----
SELECT id, NTILE(2) OVER (ORDER BY id) AS n, CUME_DIST() OVER (ORDER BY id) AS c, NTH_VALUE(total, 2) OVER (ORDER BY id) AS v FROM {orders} ORDER BY id
----
SELECT * FROM (SELECT id, customer_id, ROW_NUMBER() OVER (PARTITION BY customer_id ORDER BY placed_at DESC) AS rn FROM {orders}) orders WHERE orders.rn = 1 ORDER BY orders.customer_id
----
SELECT SUM(orders)OVER(ORDER BY id)FROM {customers} ORDER BY id
----
SELECT status, SUM(SUM(total)) OVER (ORDER BY status) AS s FROM {orders} GROUP BY status ORDER BY status
----
--: needs mariadb
SELECT DISTINCT status, PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY total) OVER (PARTITION BY status) AS p FROM {orders} ORDER BY status
----
--: needs mariadb
SELECT id, MEDIAN(total) OVER (PARTITION BY {orders}.status) AS m FROM {orders} ORDER BY id
----
SELECT status, COUNT(*) AS orders FROM {orders} GROUP BY status ORDER BY orders DESC, status
----
--: unordered
SELECT {orders}.status, {items}.product, SUM({items}.qty) AS qty FROM {orders} JOIN {items} ON {items}.order_id = {orders}.id GROUP BY {orders}.status, {items}.product WITH ROLLUP
----
SELECT customers, COUNT(*) FROM {orders} GROUP BY {orders}.customers ORDER BY {orders}.customers
----
SELECT YEAR(placed_at) AS y, MONTH(placed_at) AS m, SUM({orders}.total) AS orders FROM {orders} GROUP BY y, m ORDER BY y, m
----
SELECT DISTINCT {orders}.customers FROM {orders} ORDER BY {orders}.customers
----
SELECT DISTINCTROW customers FROM {orders} ORDER BY customers
----
SELECT ALL id FROM {orders} ORDER BY id
----
SELECT COUNT(DISTINCT {orders}.customer_id, {orders}.status) FROM {orders}
----
SELECT MIN({orders}.id), MAX(`{orders}`.`id`) FROM {orders} HAVING MAX({orders}.id) > 1
----
SELECT GROUP_CONCAT(DISTINCT CONCAT({orders}.id, ':', {orders}.status) ORDER BY {orders}.id DESC SEPARATOR ', orders ') AS orders FROM {orders}
----
SELECT GROUP_CONCAT(orders ORDER BY orders SEPARATOR 'orders') AS orders FROM {customers}
----
SELECT country, GROUP_CONCAT(name ORDER BY name) AS customers FROM {customers} GROUP BY country ORDER BY country
----
SELECT SUM(CASE WHEN {orders}.status = 'paid' THEN {orders}.total ELSE 0 END) AS paid, SUM(IF(status = 'new', 1, 0)) AS fresh FROM {orders}
----
SELECT id, total FROM {orders} ORDER BY id LIMIT 2
----
SELECT id FROM {orders} ORDER BY {orders}.total DESC, {orders}.id LIMIT 1, 3
----
SELECT id, total FROM {orders} ORDER BY 1 LIMIT 2 OFFSET 1
----
SELECT id AS orders FROM {orders} ORDER BY -orders LIMIT 18446744073709551615 OFFSET 2
----
--: needs mariadb
SELECT id, total FROM {orders} ORDER BY id OFFSET 1 ROWS FETCH NEXT 2 ROWS ONLY
----
--: needs mariadb
SELECT customer_id FROM {orders} ORDER BY customer_id FETCH FIRST 2 ROWS WITH TIES
----
--: needs mariadb
SELECT id, total FROM {orders} ORDER BY id LIMIT 2 ROWS EXAMINED 1000
----
SELECT id, note FROM {orders} WHERE note IS NOT NULL ORDER BY note COLLATE utf8mb4_bin, id
----
SELECT id FROM {orders} ORDER BY FIELD(status, 'new', 'open', 'paid'), {orders}.id DESC
----
SELECT id, total FROM {orders} WHERE id = 1 FOR UPDATE
----
SELECT {orders}.id FROM {orders} JOIN {customers} ON {customers}.id = {orders}.customer_id ORDER BY {orders}.id FOR UPDATE
----
SELECT id FROM {orders} WHERE status = 'new' ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
----
SELECT id, total FROM {orders} WHERE id = 2 FOR UPDATE NOWAIT
----
--: needs mariadb
SELECT id, total FROM {orders} WHERE id = 2 FOR UPDATE WAIT 1
----
SELECT id, total FROM {orders} WHERE id < 3 ORDER BY id LOCK IN SHARE MODE
----
--: needs mysql8
SELECT id, total FROM {orders} WHERE id < 3 ORDER BY id FOR SHARE
----
--: needs mysql8
SELECT {orders}.id FROM {orders} JOIN {customers} ON {customers}.id = {orders}.customer_id ORDER BY {orders}.id FOR UPDATE OF {orders} SKIP LOCKED
----
--: needs mysql8
SELECT `{orders}`.`id` FROM `{orders}` INNER JOIN `{customers}` ON (`{orders}`.`customer_id` = `{customers}`.`id`) WHERE `{orders}`.`id` = 1 LIMIT 21 FOR UPDATE OF `{orders}`
----
--: needs mysql8
SELECT orders.id, items.id FROM {orders} AS orders, {items} AS items WHERE items.order_id = orders.id ORDER BY items.id FOR UPDATE OF orders FOR SHARE OF items NOWAIT
----
SELECT id FROM {orders} USE INDEX (customers) WHERE customer_id = 1 ORDER BY id
----
SELECT id, total FROM {orders} FORCE INDEX FOR ORDER BY (PRIMARY) ORDER BY id LIMIT 1
----
SELECT {orders}.id, {items}.id FROM {orders} IGNORE INDEX FOR JOIN (customers, items), {items} USE KEY (orders) WHERE {orders}.id = {items}.order_id ORDER BY {items}.id
----
SELECT o.id FROM {orders} AS o USE INDEX FOR JOIN (items) USE INDEX FOR GROUP BY (customers, items) WHERE o.status = 'paid' ORDER BY o.id
----
SELECT customers.name FROM {customers} AS customers USE INDEX (`orders`) WHERE customers.name LIKE 'Orders%'
----
SELECT HIGH_PRIORITY SQL_SMALL_RESULT SQL_BUFFER_RESULT id FROM {orders} ORDER BY id
----
SELECT SQL_CALC_FOUND_ROWS id, total FROM {orders} ORDER BY id LIMIT 1
----
SELECT /*+ MAX_EXECUTION_TIME(1000) */ id FROM {orders} ORDER BY id
----
SELECT /*+ NO_INDEX_MERGE(orders) BKA(o, items) */ o.id FROM {orders} o, {items} WHERE {items}.order_id = o.id ORDER BY {items}.id
----
SELECT /*+ QB_NAME(orders) SET_VAR(sort_buffer_size = 262144) */ SUM(total) FROM {orders} WHERE id IN (SELECT /*+ SUBQUERY(MATERIALIZATION) */ order_id FROM {items})
----
SELECT total FROM {orders} -- WHERE items
 WHERE id = 1
----
SELECT total FROM {orders} # the orders of customers
WHERE id = 2
----
SELECT /* from items */ total /*from*/ FROM/**/{orders}/**/WHERE/**/id=1
----
/* app:shop, route:/orders */ SELECT COUNT(*) FROM {customers}
----
-- all orders
SELECT SUM(total) FROM {orders}
-- WHERE customers
----
# items
/* orders; drop table orders; */
SELECT id FROM {items} ORDER BY id
----
SELECT id /* a /* orders */ FROM {items} ORDER BY id
----
SELECT COUNT(*) FROM {orders} /* ; DELETE FROM orders */ ;
----
SELECT COUNT(*) FROM {items}; -- and orders
----
SELECT total--1 AS t FROM {orders} WHERE id = 1
----
SELECT id, 5--{orders}.items AS t FROM {orders} ORDER BY id
----
SELECT id, total AS '-- orders', note AS '/* items' FROM {orders} WHERE id = 3 -- */
----
SELECT '/* not a comment */ FROM orders -- x', '# orders' AS h, COUNT(*) FROM {orders}
----
SELECT '/*! FROM orders */' AS a, "/*!50000 items */" AS b, SUM(total) FROM {orders}
----
SELECT SUM(total) /* /*! FROM items */ FROM {orders}
----
SELECT SUM(qty) FROM {items} -- /*! JOIN orders */
----
SELECT SUM(qty) FROM {items} # /*M! JOIN orders */
----
SELECT note AS `/*! orders */`, status `-- items`, id `#` FROM {orders} ORDER BY id
----
SELECT id /**//***//* ' */, total /* " */, items /* ` */ FROM {orders} /* it's */ ORDER BY id
----
SELECT*FROM {orders} WHERE id=1
----
SELECT(total)FROM({orders})WHERE(id)=(1)
----
SELECT total`orders`FROM`{orders}`WHERE`{orders}`.`id`IN(1,2)ORDER BY`{orders}`.`id`
----
SELECT total,1.5FROM {orders} WHERE id=1
----
SELECT total,1.FROM {orders} WHERE id=1
----
SELECT total,'from items'FROM {orders} WHERE id=1
----
SELECT-total FROM {orders} WHERE id=2
----
SELECT
	id
,	total
FROM
	{orders}

WHERE
	id = 1
----
SELECT 'orders' AS t, COUNT(*) FROM {orders} WHERE note LIKE '%orders%'
----
SELECT id FROM {orders} WHERE note = 'it''s urgent' OR note = 'it\'s gray'
----
SELECT id FROM {orders} WHERE note = "it's urgent" OR note = "say ""orders"""
----
SELECT 'a\'b FROM orders; ', "a\"b FROM items -- c", 'x\\', MAX(title) FROM {docs}
----
SELECT id FROM {orders} WHERE note = 'C:\\orders' OR note = 'D:\\gray'
----
SELECT '\\' AS a, "\\" AS b, total AS 'orders' FROM {orders} WHERE id = 1
----
SELECT id, note FROM {orders} WHERE note LIKE '%\%%' ORDER BY id
----
SELECT id, note FROM {orders} WHERE note LIKE '%!%%' ESCAPE '!' ORDER BY id
----
SELECT id FROM {orders} WHERE note LIKE '10\% gray' OR status LIKE 'p_id' ORDER BY id
----
SELECT 'or' 'ders' AS w, "orders" 'items' AS v, COUNT(*) FROM {orders}
----
SELECT id FROM {orders} WHERE status = 'pa' 'id' ORDER BY id
----
SELECT ';' AS sep, 'a;b' AS x, total FROM {orders} WHERE note <> '; DROP TABLE orders; --' AND id = 1
----
SELECT x'6F7264657273' AS a, X'4D' AS b, 0x6F7264657273 AS c, b'101' + 0 AS d, 0b11 + 0 AS e, total FROM {orders} WHERE id = 1
----
SELECT id FROM {orders} WHERE status = x'70616964' ORDER BY id
----
SELECT _utf8mb4'orders' AS a, _latin1'items' AS b, N'customers' AS c, _utf8mb4 x'4D' AS d, _binary'orders' AS e, COUNT(*) FROM {items}
----
SELECT id, note FROM {orders} WHERE note = _utf8mb4'first orders' COLLATE utf8mb4_bin OR note = 'gray orders' COLLATE utf8mb4_general_ci
----
SELECT @orders := COUNT(*) AS n FROM {orders}
----
SELECT id, @items := @items + {orders}.items AS running FROM {orders}, (SELECT @items := 0) AS items ORDER BY id
----
SELECT @orders, @`customers`, @'items', @"docs", COUNT(*) FROM {orders}
----
SELECT total INTO @orders FROM {orders} WHERE id = 1
----
SELECT id, total FROM {orders} WHERE id = 1 INTO @orders, @items
----
SELECT COUNT(*) FROM {orders} WHERE items > @orders OR @orders IS NULL
----
SELECT @@version IS NOT NULL AS v, @@session.sql_mode IS NOT NULL AS m, COUNT(*) FROM {orders}
----
SELECT DATABASE() AS orders, SCHEMA() AS items
----
SELECT CASE {orders}.status WHEN 'paid' THEN {orders}.total WHEN 'orders' THEN 0 ELSE -{orders}.total END AS t FROM {orders} ORDER BY {orders}.id
----
SELECT IF({orders}.id > 2, 'orders', {orders}.status) AS s FROM {orders} ORDER BY {orders}.id
----
SELECT id, placed_at + INTERVAL 1 DAY - INTERVAL {orders}.items HOUR AS t FROM {orders} ORDER BY id
----
SELECT id FROM {orders} WHERE placed_at BETWEEN DATE_SUB('2024-02-15', INTERVAL 1 MONTH) AND '2024-02-15' + INTERVAL 1 MONTH ORDER BY id
----
SELECT id, CAST(total AS SIGNED) AS a, CAST(total AS CHAR(10)) AS b, CAST(total AS DECIMAL(12,4)) AS c, CONVERT(total, SIGNED) AS d, CAST(placed_at AS DATE) AS e FROM {orders} ORDER BY id
----
SELECT CONVERT(note USING utf8mb4) AS n, BINARY status = 'paid' AS b, status COLLATE utf8mb4_bin AS c FROM {orders} ORDER BY id
----
SELECT id DIV 2 AS a, id MOD 2 AS b, id % 2 AS c, !id AS d, ~id & 1 AS e, id ^ 1 AS f, id << 1 AS g, id XOR 1 AS h, id && 1 AS i, id || 0 AS j, id <=> NULL AS k, items IS NOT TRUE AS l FROM {orders} ORDER BY id
----
SELECT id, total FROM {orders} WHERE (status, customer_id) IN (('paid', 1), ('new', 1), ('new', 2)) ORDER BY id
----
SELECT id FROM {orders} WHERE note NOT BETWEEN 'a' AND 'h' OR note IS NULL ORDER BY id
----
SELECT id FROM {orders} WHERE customers SOUNDS LIKE 'Alyce' OR customers SOUNDS LIKE 'Gray Anna' ORDER BY id
----
SELECT id FROM {orders} WHERE note REGEXP 'orders$' OR note RLIKE '^gift' OR note NOT REGEXP '[a-z]' ORDER BY id
----
SELECT id, REGEXP_REPLACE(note, 'orders', 'items') AS n, REGEXP_SUBSTR(note, '[a-z]+') AS s, REGEXP_INSTR(note, 'o') AS i FROM {orders} ORDER BY id
----
SELECT id, title FROM {docs} WHERE MATCH (title, orders) AGAINST ('orders') ORDER BY id
----
SELECT {docs}.id FROM {docs} WHERE MATCH ({docs}.title, {docs}.orders) AGAINST ('+brown -items' IN BOOLEAN MODE) ORDER BY {docs}.id
----
SELECT d.id, MATCH (d.title, d.orders) AGAINST ('items' IN NATURAL LANGUAGE MODE) > 0 AS hit FROM {docs} d ORDER BY d.id
----
SELECT id FROM {docs} WHERE MATCH (orders, title) AGAINST ('manual' WITH QUERY EXPANSION) ORDER BY id
----
SELECT EXTRACT(YEAR FROM docs) AS y FROM {customers} ORDER BY id
----
SELECT EXTRACT(DAY FROM {orders}.shipped_on) AS d, EXTRACT(YEAR_MONTH FROM {orders}.placed_at) AS ym FROM {orders} ORDER BY {orders}.id
----
SELECT TRIM(BOTH orders FROM product) AS a, TRIM('A' FROM orders) AS b, TRIM(LEADING 'B' FROM {items}.orders) AS c FROM {items} ORDER BY id
----
SELECT SUBSTRING(orders FROM 1 FOR 1) AS s, SUBSTR(orders, 2) AS t, MID({items}.orders, 1, 1) AS u, POSITION('G' IN orders) AS p FROM {items} ORDER BY id
----
SELECT LEFT(orders, 1) AS l, RIGHT(orders, 1) AS r, INSERT(product, 1, 1, 'orders') AS i, REPLACE(product, 'l', orders) AS p, REPEAT(orders, 2) AS q FROM {items} ORDER BY id
----
SELECT CHAR(77, 121 USING utf8mb4) AS c, DATE('2024-01-01') AS d, YEAR(placed_at) AS y, MOD(id, 2) AS m, TRUNCATE(total, 1) AS t, INTERVAL(id, 1, 3) AS i, VERSION() IS NULL AS v FROM {orders} ORDER BY id
----
SELECT DEFAULT({orders}.status) AS d, DEFAULT(items) AS i, {orders}.total FROM {orders} WHERE {orders}.id = 1
----
SELECT DATE_FORMAT(placed_at, '%Y-%m orders %%') AS f, TIMESTAMPDIFF(DAY, placed_at, shipped_on) AS d, TIMESTAMPADD(MINUTE, items, placed_at) AS t, GET_FORMAT(DATE, 'USA') AS g FROM {orders} ORDER BY id
----
SELECT DATE '2024-01-01' AS a, TIMESTAMP '2024-01-01 00:00:00' AS b, TIME '10:00:00' AS c, {d '2024-01-01'} AS d, {ts '2024-01-01 00:00:00'} AS e, {fn UPPER('orders')} AS f, total FROM {orders} WHERE id = 1
----
SELECT LAST_DAY(placed_at) AS a, DAYOFWEEK({orders}.placed_at) AS b, STR_TO_DATE('01,5,2024', '%d,%m,%Y') AS c, CONVERT_TZ(placed_at, '+00:00', '+02:00') AS d, UNIX_TIMESTAMP(placed_at) - UNIX_TIMESTAMP('2024-01-01') AS e FROM {orders} ORDER BY id
----
SELECT SUM(total) FROM {orders} WHERE placed_at < NOW() AND shipped_on <= CURRENT_DATE AND placed_at < CURRENT_TIMESTAMP AND placed_at < UTC_TIMESTAMP()
----
SELECT COALESCE({orders}.note, {orders}.customers, 'orders') AS a, NULLIF({orders}.customers, 'Bob') AS b, ISNULL({orders}.note) AS c, GREATEST({orders}.total, 30) AS d FROM {orders} ORDER BY {orders}.id
----
SELECT CONCAT_WS('-', status, items) AS a, ELT(1, 'orders', note) AS b, FIND_IN_SET(status, 'new,paid,orders') AS c, LPAD(id, 3, '0') AS d, FORMAT(total, 1) AS e, QUOTE(note) AS f, CHAR_LENGTH(note) AS g FROM {orders} ORDER BY id
----
SELECT MD5(note) AS a, SHA2(status, 256) AS b, CRC32(note) AS c, HEX(AES_ENCRYPT(status, 'orders')) AS d, TO_BASE64(note) AS e, UNHEX(HEX(note)) = note AS f FROM {orders} ORDER BY id
----
SELECT ST_AsText(POINT(id, total)) AS p, ST_X(POINT(items, 1)) AS x, ST_Distance(POINT(0, 0), POINT(items, id)) AS d FROM {orders} ORDER BY id
----
SELECT ROUND(AVG(total), 2) AS a, STDDEV_POP({orders}.total) AS s, VAR_SAMP(total) AS v, BIT_OR(items) AS b FROM {orders}
----
SELECT JSON_EXTRACT(body, '$.orders[0]') AS o, JSON_UNQUOTE(JSON_EXTRACT({docs}.body, "$.customer.name")) AS n FROM {docs} ORDER BY id
----
SELECT {docs}.id FROM {docs} WHERE JSON_CONTAINS({docs}.body, '9', '$.orders') OR JSON_CONTAINS({docs}.body, '3', '$.orders') ORDER BY {docs}.id
----
SELECT id, JSON_LENGTH(body, '$.orders') AS orders, JSON_KEYS(body) AS k, JSON_SEARCH(body, 'one', 'orders') AS s, JSON_TYPE(JSON_EXTRACT(body, '$.tags')) AS t FROM {docs} ORDER BY id
----
SELECT JSON_OBJECT('orders', orders, 'name', name) AS j, JSON_ARRAY(id, 'orders', orders) AS a FROM {customers} ORDER BY id
----
SELECT JSON_ARRAYAGG(orders) AS a FROM {customers} WHERE id = 1
----
SELECT JSON_OBJECTAGG(id, orders) AS items FROM {customers} WHERE id = 2
----
SELECT id, JSON_VALUE(body, '$.customer.name') AS customers FROM {docs} WHERE JSON_VALUE(body, '$.customer.name') <> 'orders' ORDER BY id
----
SELECT orders.n, orders.o FROM {docs}, JSON_TABLE({docs}.body, '$.orders[*]' COLUMNS (n FOR ORDINALITY, o INT PATH '$' DEFAULT '0' ON EMPTY NULL ON ERROR)) AS orders ORDER BY {docs}.id, orders.n
----
SELECT d.id, t.orders FROM {docs} d JOIN JSON_TABLE(d.body, '$' COLUMNS (orders JSON PATH '$.orders', NESTED PATH '$.tags[*]' COLUMNS (items VARCHAR(20) PATH '$'))) t WHERE t.items = 'red' ORDER BY d.id
----
--: needs mysql8
SELECT id, body->'$.orders' AS orders, body->>'$.customer.name' AS n FROM {docs} ORDER BY id
----
--: needs mysql8
SELECT {docs}.body->'$.orders[0]' FROM {docs} WHERE {docs}.body->>"$.customer.name" = 'orders' AND `{docs}`.`body`->'$.total' > 1
----
--: needs mysql8
SELECT id FROM {docs} WHERE 'red' MEMBER OF (body->'$.tags') OR 3 MEMBER OF ({docs}.body->'$.orders') ORDER BY id
----
--: needs mysql8
SELECT d.id FROM {docs} d WHERE JSON_OVERLAPS(d.body->'$.orders', CAST('[1, 9]' AS JSON)) ORDER BY d.id
----
--: needs mysql8
SELECT {customers}.name, recent.total FROM {customers}, LATERAL (SELECT {orders}.total FROM {orders} WHERE {orders}.customer_id = {customers}.id ORDER BY {orders}.id DESC LIMIT 1) AS recent ORDER BY {customers}.id
----
--: needs mysql8
SELECT c.name, orders.n FROM {customers} c LEFT JOIN LATERAL (SELECT COUNT(*) AS n FROM {orders} orders WHERE orders.customer_id = c.id) AS orders ON TRUE ORDER BY c.id
----
--: needs mysql8
TABLE {orders} ORDER BY id LIMIT 3
----
--: needs mysql8
--: unordered
TABLE shop.`{order}`
----
--: needs mysql8
SELECT c.id FROM {customers} c WHERE EXISTS (TABLE {tree}) AND c.id IN (SELECT id FROM {orders}) ORDER BY c.id
----
--: needs mysql8
VALUES ROW(1, 'orders'), ROW(2, 'items') ORDER BY column_0
----
--: needs mysql8
SELECT orders.a, {orders}.id FROM (VALUES ROW(1, 'x'), ROW(2, 'y')) AS orders (a, b) JOIN {orders} o ON o.id = orders.a JOIN {orders} ON {orders}.id = o.id ORDER BY 1
----
--: needs mysql8
WITH orders AS (SELECT id FROM {orders}) SELECT * FROM orders AS o WHERE REGEXP_LIKE('orders', 'ORDERS', 'i') ORDER BY o.id
----
--: needs mysql8
SELECT status, GROUPING(status) AS g, ANY_VALUE({orders}.note) IS NULL AS n, SUM(total) FROM {orders} GROUP BY status WITH ROLLUP HAVING GROUPING(status) = 1
----
--: needs mysql8
SELECT id, SUM(total) OVER (ORDER BY placed_at RANGE BETWEEN INTERVAL 7 DAY PRECEDING AND CURRENT ROW) AS week FROM {orders} ORDER BY id
----
--: needs mysql8
--: unordered
(WITH orders AS (SELECT 1 AS id) SELECT id FROM orders) UNION ALL (SELECT id FROM {orders} ORDER BY id LIMIT 2)
----
--: needs mysql8
SELECT /*+ JOIN_ORDER(orders, items) INDEX(orders customers) */ {orders}.id FROM {orders} JOIN {items} ON {items}.order_id = {orders}.id ORDER BY {items}.id
----
--: needs mariadb
--: unordered
VALUES (1, 'orders'), (2, 'items')
----
--: needs mariadb
SELECT orders.* FROM (VALUES (1, 2), (3, 4)) AS orders ORDER BY 1
----
--: needs mariadb
SELECT COUNT(*) FROM .{orders}
----
--: needs mariadb
SELECT COUNT(*) FROM {orders} WHERE JSON_EXISTS('{"orders": 1}', '$.orders') AND NVL(note, 'orders') <> 'items'
----
SELECT table_name FROM information_schema.tables WHERE table_schema = 'shop' AND table_name IN ('orders_archive', 'audit') ORDER BY table_name
----
SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'orders_archive'
----
SELECT 1
----
SELECT 'SELECT * FROM orders' AS q
----
SELECT 1 AS orders, 2 AS items UNION SELECT 3, 4 ORDER BY orders
----
SELECT orders.n FROM (SELECT 1 AS n UNION ALL SELECT 2) AS orders ORDER BY orders.n
----
SELECT LAST_INSERT_ID() AS orders, ROW_COUNT() IS NULL AS items
----
--: args [3]
SELECT id, total FROM {orders} WHERE id = %s
----
--: args ["paid", "2024-01-01", 10]
SELECT `id`, `total` FROM `{orders}` WHERE `status` = %s AND `placed_at` > %s ORDER BY id LIMIT %s
----
--: args ["%orders%"]
SELECT id, note FROM {orders} WHERE note LIKE %s ORDER BY id
----
--: args [1]
SELECT id FROM {orders} WHERE note LIKE '%%orders%%' AND id >= %s ORDER BY id
----
--: args ["%Y-%m", 2]
SELECT DATE_FORMAT(placed_at, %s) AS a, DATE_FORMAT(placed_at, '%%d orders') AS b FROM {orders} WHERE id %% %s = 0 ORDER BY id
----
--: args {"orders": 1, "items": "paid"}
SELECT id FROM {orders} WHERE customer_id = %(orders)s AND status <> %(items)s ORDER BY id
----
--: args {"id_1": 2, "param_1": 5}
SELECT {orders}.id AS orders_id, {orders}.total AS orders_total, {orders}.items AS orders_items
FROM {orders}
WHERE {orders}.id > %(id_1)s ORDER BY {orders}.id
 LIMIT %(param_1)s
----
--: args [[1, 2, 3]]
SELECT id, total FROM {orders} WHERE id IN %s ORDER BY id
----
--: args [7, 1, 2]
SELECT id FROM {orders} WHERE placed_at > '2024-01-01' + INTERVAL %s DAY ORDER BY id LIMIT %s, %s
----
--: args ["' OR orders.id = 1 -- ", "\" FROM items; ", "\\"]
SELECT COUNT(*) FROM {orders} WHERE note <> %s AND status <> %s AND (customers <> %s OR customers IS NULL)
----
--: args ["it's `orders` /* x */", null, true, 1.5]
SELECT %s AS orders, %s AS items, %s AS t, %s AS f, COUNT(*) FROM {orders}
----
--: args ["orders"]
SELECT MAX(id) FROM {docs} WHERE JSON_VALUE(body, '$.customer.name') = %s
----
--: args ["orders", 5]
SELECT * FROM (SELECT %s AS t, id FROM {orders}) AS orders WHERE orders.id < %s ORDER BY orders.id
----
--: args [50]
SELECT CONCAT(ROUND(100 * SUM(total) / 1000), '%%') AS pct FROM {orders} WHERE total < %s
----
--: args [21]
SELECT `{orders}`.`id`, `{orders}`.`customer_id`, `{orders}`.`status`, `{orders}`.`total`, `{orders}`.`items` FROM `{orders}` ORDER BY `{orders}`.`id` ASC LIMIT %s
----
--: args ["Alice"]
SELECT `{orders}`.`id`, `{customers}`.`name` FROM `{orders}` INNER JOIN `{customers}` ON (`{orders}`.`customer_id` = `{customers}`.`id`) WHERE `{customers}`.`name` = %s ORDER BY `{orders}`.`placed_at` DESC, `{orders}`.`id`
----
--: args [2]
SELECT `{customers}`.`id`, `{customers}`.`orders`, COUNT(`{orders}`.`id`) AS `order_count` FROM `{customers}` LEFT OUTER JOIN `{orders}` ON (`{customers}`.`id` = `{orders}`.`customer_id`) GROUP BY `{customers}`.`id`, `{customers}`.`orders` HAVING COUNT(`{orders}`.`id`) >= %s ORDER BY `{customers}`.`id`
----
--: args [9]
SELECT 1 AS `a` FROM `{orders}` WHERE `{orders}`.`items` = %s LIMIT 1
----
--: args ["new"]
SELECT COUNT(*) AS `__count` FROM `{orders}` WHERE `{orders}`.`status` = %s
----
--: args [30]
SELECT COUNT(*) FROM (SELECT DISTINCT `{orders}`.`customer_id` AS `col1` FROM `{orders}` WHERE `{orders}`.`total` > %s) subquery
----
--: args ["desk"]
SELECT `{orders}`.`id` FROM `{orders}` WHERE NOT (EXISTS(SELECT 1 AS `a` FROM `{items}` U1 WHERE (U1.`product` = %s AND U1.`order_id` = (`{orders}`.`id`)) LIMIT 1)) ORDER BY `{orders}`.`id`
----
--: args ["lamp"]
SELECT `{customers}`.`id` FROM `{customers}` WHERE `{customers}`.`id` IN (SELECT U0.`customer_id` FROM `{orders}` U0 INNER JOIN `{items}` U1 ON (U0.`id` = U1.`order_id`) WHERE U1.`product` = %s) ORDER BY `{customers}`.`id`
----
--: args ["left"]
SELECT `{tree}`.`id`, T2.`name` FROM `{tree}` INNER JOIN `{tree}` T2 ON (`{tree}`.`parent_id` = T2.`id`) WHERE T2.`name` LIKE BINARY %s OR T2.`id` = 1 ORDER BY `{tree}`.`id`
----
--: args [2024]
SELECT CAST(DATE_FORMAT(`{orders}`.`placed_at`, '%%Y-%%m-01') AS DATE) AS `month`, SUM(`{orders}`.`total`) AS `orders` FROM `{orders}` WHERE EXTRACT(YEAR FROM `{orders}`.`placed_at`) = %s GROUP BY 1 ORDER BY 1 ASC
----
--: args [1]
SELECT `{orders}`.`id`, (SELECT COUNT(U0.`id`) AS `c` FROM `{items}` U0 WHERE U0.`order_id` = (`{orders}`.`id`)) AS `items`, CASE WHEN `{orders}`.`status` = 'orders' THEN %s ELSE NULL END AS `flag` FROM `{orders}` ORDER BY `items` DESC, `{orders}`.`id` ASC
----
--: args [1, 2]
--: unordered
(SELECT `{orders}`.`id` AS `col1` FROM `{orders}` WHERE `{orders}`.`customer_id` = %s) UNION (SELECT `{items}`.`id` AS `col1` FROM `{items}` WHERE `{items}`.`qty` = %s) ORDER BY (1) ASC
----
--: args [1]
SELECT `{customers}`.`id`, `{customers}`.`name`, ROW_NUMBER() OVER (PARTITION BY `{customers}`.`country` ORDER BY `{customers}`.`id`) AS `row_number` FROM `{customers}` WHERE `{customers}`.`id` >= %s ORDER BY `{customers}`.`id`
----
--: args {"status_1": "paid"}
SELECT {customers}.id, {customers}.name, orders_1.id AS id_1, orders_1.total
FROM {customers} LEFT OUTER JOIN {orders} AS orders_1 ON {customers}.id = orders_1.customer_id AND orders_1.status = %(status_1)s ORDER BY {customers}.id, orders_1.id
----
--: args {"param_1": 2}
SELECT anon_1.customers_id, orders_1.id AS orders_1_id
FROM (SELECT {customers}.id AS customers_id FROM {customers} ORDER BY {customers}.id
 LIMIT %(param_1)s) AS anon_1 INNER JOIN {orders} AS orders_1 ON anon_1.customers_id = orders_1.customer_id ORDER BY anon_1.customers_id, orders_1.id
----
--: args {"total_1": 300}
SELECT EXISTS (SELECT 1
FROM {orders}
WHERE {orders}.total > %(total_1)s) AS anon_1
----
--: args {"order_1": 20}
SELECT `{order}`.id, `{order}`.`order`, `{order}`.`group` AS order_group
FROM `{order}`
WHERE `{order}`.`order` >= %(order_1)s ORDER BY `{order}`.`order`
----
--: args {"Order ID_1": 1}
SELECT `{Order Lines}`.id, `{Order Lines}`.`Order ID`, `{Order Lines}`.`Line Text`, `{Order Lines}`.orders
FROM `{Order Lines}`
WHERE `{Order Lines}`.`Order ID` = %(Order ID_1)s ORDER BY `{Order Lines}`.id
----
--: args {"param_1": 1}
WITH anon_1 AS
(SELECT {orders}.customer_id AS customer_id, sum({orders}.total) AS total
FROM {orders} GROUP BY {orders}.customer_id)
 SELECT {customers}.name, anon_1.total
FROM {customers} JOIN anon_1 ON {customers}.id = anon_1.customer_id
WHERE anon_1.total > %(param_1)s ORDER BY {customers}.id
----
--: args [1, 2, 3]
SELECT {items}.order_id AS items_order_id, {items}.id AS items_id, {items}.orders AS items_orders
FROM {items}
WHERE {items}.order_id IN (%s, %s, %s) ORDER BY {items}.id
----
--: args [1, 1, 0]
SELECT `t1`.`id`, `t1`.`status`, `t1`.`items` FROM `{orders}` AS `t1` WHERE (`t1`.`customer_id` >= %s) ORDER BY `t1`.`id` LIMIT %s OFFSET %s
----
--: args ["a%"]
SELECT `t1`.`id`, `t2`.`name` FROM `{orders}` AS `t1` INNER JOIN `{customers}` AS `t2` ON (`t1`.`customer_id` = `t2`.`id`) WHERE ((`t2`.`email` LIKE %s) AND (`t1`.`total` > 1)) ORDER BY `t1`.`id`
----
--: args []
SELECT COUNT(1) FROM (SELECT 1 FROM `{orders}` AS `t1`) AS `_wrapped`
----
--: args ["Alice", "2024-12-31"]
SELECT c.id AS customers, c.name, COUNT(DISTINCT o.id) AS orders, COALESCE(SUM(i.qty * i.price), 0) AS items,
       (SELECT MAX(a.archived_on) FROM orders_archive a WHERE a.customer_id = c.id) AS archived
FROM {customers} c
  INNER JOIN countries ON countries.code = c.country
  LEFT JOIN {orders} o ON o.customer_id = c.id AND o.status NOT IN ('cancelled', 'orders')
  LEFT JOIN {items} i ON i.order_id = o.id
WHERE (c.name <> %s OR countries.orders > 2) AND c.created_at < %s
GROUP BY c.id, c.name
HAVING orders > 0
ORDER BY items DESC, customers
----
INSERT INTO {orders} (customer_id, status, total) VALUES (1, 'new', 12.50)
----
INSERT INTO {orders} (customer_id, status, note) VALUES (1, 'new', 'insert into orders'), (2, 'new', "from items"), (1, DEFAULT, NULL)
----
INSERT {orders} (customer_id) VALUE (2)
----
INSERT INTO shop.{orders} SET customer_id = 1, note = 'orders', items = 2
----
INSERT INTO `{customers}` (`name`, `email`, `orders`) VALUES ('Orders', 'x@example.com', 0)
----
INSERT INTO {orders} ({orders}.customer_id, shop.{orders}.total, `{orders}`.`items`) VALUES (1, 2, 3)
----
INSERT INTO {customers} SET {customers}.id = 77, {customers}.name = 'x', {customers}.orders = 5
----
INSERT INTO {mse_demo_table} VALUES (7, 'orders', 'items', 1, 2)
----
INSERT INTO {mse_demo_table} PARTITION (p0) (id, name, orders) VALUES (5, 'x', 1)
----
INSERT INTO {mse_demo_table} (id, name) VALUES (300, 'orders') ON DUPLICATE KEY UPDATE {mse_demo_table}.score = {mse_demo_table}.score + VALUES(score), orders = orders + 1
----
INSERT IGNORE INTO {orders} (id, customer_id) VALUES (1, 1), (2, 2)
----
INSERT LOW_PRIORITY IGNORE {tree} (id, parent_id, name) VALUES (1, NULL, 'x'), (80, 1, 'tree')
----
INSERT HIGH_PRIORITY INTO {tree} (id, parent_id, name, tree) VALUES (81, 1, 'x', '/tree')
----
INSERT INTO {customers} (id, name) VALUES (1, 'x') ON DUPLICATE KEY UPDATE {customers}.name = CONCAT({customers}.name, VALUES({customers}.name)), orders = orders + VALUES(orders)
----
INSERT INTO {customers} (id, name, orders) VALUES (1, 'a', 2), (88, 'b', 3) ON DUPLICATE KEY UPDATE orders = VALUES(orders), shop.{customers}.credit = shop.{customers}.credit + 1
----
INSERT INTO `{customers}` SET id = 2, name = 'y' ON DUPLICATE KEY UPDATE `{customers}`.`orders` = `{customers}`.`orders` + 1, name = VALUES(name)
----
INSERT INTO {tree} (id, name) VALUES (1, 'x') ON DUPLICATE KEY UPDATE id = LAST_INSERT_ID(id), name = CONCAT({tree}.name, VALUES(name)), weight = IF(VALUES(weight) > weight, VALUES(weight), {tree}.weight)
----
--: needs mariadb
INSERT INTO {customers} (id, name) VALUES (1, 'x') ON DUPLICATE KEY UPDATE name = VALUE(name), orders = VALUE({customers}.orders)
----
INSERT INTO {orders} (customer_id, total, note) SELECT id, credit, 'orders' FROM {customers} WHERE vip = 1
----
INSERT INTO {orders} (customer_id, items) SELECT customer_id, COUNT(*) FROM {orders} AS items GROUP BY customer_id
----
INSERT INTO {docs} SELECT id + 100, title, orders, body FROM {docs} AS d
----
INSERT INTO {docs} SELECT {docs}.id + 200, {docs}.title, {docs}.orders, {docs}.body FROM {docs} WHERE {docs}.id = 1
----
INSERT INTO {tree} (id, name) (SELECT id + 500, name FROM {customers})
----
INSERT INTO {customers} (id, name) SELECT {orders}.id, {orders}.status FROM {orders} WHERE {orders}.id < 3 ON DUPLICATE KEY UPDATE {customers}.orders = {customers}.orders + {orders}.items
----
INSERT INTO {orders} (customer_id) WITH orders AS (SELECT 1 AS id UNION SELECT 2) SELECT id FROM orders
----
INSERT INTO {orders} (customer_id, note) WITH customers AS (SELECT id, name FROM {customers} WHERE orders > 0) SELECT customers.id, customers.name FROM customers
----
INSERT INTO {tree} (id, name, weight) SELECT orders.id + 1000, orders.ref, o.items FROM other.orders JOIN {orders} o ON o.id = orders.id
----
INSERT INTO {tree} (id, name) SELECT id + 700, 'a' FROM {orders} UNION ALL SELECT id + 800, 'b' FROM {items}
----
INSERT INTO {tree} (id, name, weight) VALUES (60, 'x', (SELECT COUNT(*) FROM {orders}))
----
INSERT INTO audit SET table_name = 'orders', action = 'count', row_id = (SELECT COUNT(*) FROM {orders} WHERE {orders}.status = 'paid')
----
INSERT INTO audit (table_name, action, orders) VALUES ('orders', 'insert', 'INSERT INTO orders VALUES (1)')
----
INSERT INTO audit (table_name, action, orders, row_id) SELECT 'orders', 'copy', {orders}.note, {orders}.id FROM {orders} ORDER BY {orders}.id
----
INSERT INTO orders_archive (id, customer_id, status, total, archived_on) SELECT id, customer_id, status, total, '2024-05-01' FROM {orders} WHERE status = 'paid'
----
INSERT INTO orders_archive SELECT orders.id, 1, 'x', orders.total, '2024-06-01' FROM other.orders ON DUPLICATE KEY UPDATE orders_archive.total = VALUES(total)
----
INSERT INTO countries (code, name, continent, orders, customers) VALUES ('IT', ' Italy ', 'Europe', 0, 0)
----
INSERT INTO settings (name, value, orders) VALUES ('orders.color', 'orders', 1)
----
INSERT INTO other.orders (ref, orders.total) VALUES ('orders', 1)
----
INSERT INTO other.orders (ref, customer_id, total) SELECT CONCAT('o', id), customer_id, total FROM {orders}
----
INSERT INTO other.orders (id, ref) VALUES (1, 'x') ON DUPLICATE KEY UPDATE orders.total = orders.total + 1, ref = 'orders'
----
INSERT INTO `{order}` (id, `order`, `group`) VALUES (9, 90, 'order')
----
INSERT INTO `{Order Lines}` (`Order ID`, `Line Text`, orders) VALUES (1, 'Order Lines', 1)
----
INSERT INTO shop.{order} (id) VALUES (8)
----
INSERT INTO {docs} (id, title, body) VALUES (50, '{orders', '{"orders": [1], "items": {"orders": 2}}')
----
--: args [1, "paid", "12.50", "it's orders"]
INSERT INTO `{orders}` (`customer_id`, `status`, `total`, `note`) VALUES (%s, %s, %s, %s)
----
--: args {"name": "orders", "orders": 3}
INSERT INTO {customers} (name, orders) VALUES (%(name)s, %(orders)s)
----
--: args [5, "x", "y"]
INSERT INTO `{mse_demo_table}` (`id`, `name`, `location`) VALUES (%s, %s, %s) ON DUPLICATE KEY UPDATE `name` = VALUES(`name`), `location` = VALUES(`location`)
----
--: args ["a", 1, "b", 2]
INSERT IGNORE INTO `{items}` (`product`, `order_id`) VALUES (%s, %s), (%s, %s)
----
--: needs mariadb
--: args [1, "new"]
INSERT INTO `{orders}` (`customer_id`, `status`) VALUES (%s, %s) RETURNING `{orders}`.`status`, `{orders}`.`total`
----
--: needs mariadb
INSERT INTO {items} (order_id, product) VALUES (1, 'orders') RETURNING {items}.product, {items}.qty AS orders, (SELECT COUNT(*) FROM {orders}) AS n
----
--: needs mariadb
--: unordered
INSERT INTO {tree} (id, name) SELECT id + 300, name FROM {customers} WHERE id IN (SELECT customer_id FROM {orders}) RETURNING id, {tree}.weight
----
--: needs mariadb
INSERT INTO {mse_demo_table} VALUES (9, 'orders', 'x', 1, 2) RETURNING *
----
--: needs mysql8
INSERT INTO {customers} (id, name, orders) VALUES (1, 'x', 4) AS new ON DUPLICATE KEY UPDATE {customers}.orders = {customers}.orders + new.orders, name = new.name
----
--: needs mysql8
INSERT INTO {customers} (id, name, orders) VALUES (1, 'x', 4) AS orders (id, name, items) ON DUPLICATE KEY UPDATE orders = orders.items, {customers}.name = orders.name
----
--: needs mysql8
INSERT INTO {tree} SET id = 1, name = 'x' AS orders ON DUPLICATE KEY UPDATE {tree}.name = CONCAT({tree}.name, orders.name)
----
--: needs mysql8
INSERT INTO {tree} (id, name, weight) VALUES ROW(61, 'tree', 1), ROW(62, 'orders', 2)
----
--: needs mysql8
INSERT INTO {tree} (id, name, weight) SELECT * FROM (SELECT {customers}.id + 40, {customers}.name, 3 FROM {customers}) AS orders (id, name, w) ON DUPLICATE KEY UPDATE weight = orders.w + {tree}.weight
----
--: needs mysql8
INSERT INTO {docs} TABLE {docs} ON DUPLICATE KEY UPDATE title = 'docs'
----
REPLACE INTO {mse_demo_table} (id, name) VALUES (1, 'orders')
----
REPLACE {tree} (id, name, parent_id) VALUES (71, 'a', 1), (70, 'tree', 4)
----
REPLACE INTO shop.{tree} SET id = 90, name = 'x', {tree}.tree = 'orders'
----
REPLACE LOW_PRIORITY INTO `{order}` SELECT id, `order` + 1, `group`, customer FROM `{order}`
----
REPLACE INTO {mse_demo_table} PARTITION (p0, orders) (id, name) VALUES (1, 'z'), (299, 'y')
----
REPLACE INTO settings (name, value) VALUES ('mail.from', 'orders@example.org')
----
--: needs mariadb
REPLACE INTO {mse_demo_table} (id, name, orders) VALUES (1, 'z', 4) RETURNING id, name, {mse_demo_table}.orders
----
--: args [1, "x"]
REPLACE INTO `{docs}` (`id`, `title`) VALUES (%s, %s)
----
UPDATE {orders} SET status = 'done' WHERE id = 1
----
UPDATE {orders} SET {orders}.total = {orders}.total * 2, shop.{orders}.items = 2 WHERE {orders}.status = 'new'
----
UPDATE {orders} SET items = items + 1, customers = 'customers' WHERE {orders}.items < 3 ORDER BY {orders}.id LIMIT 2
----
UPDATE {orders} SET note = 'update items set orders = 1', customers = "delete from customers" WHERE id = 1
----
UPDATE LOW_PRIORITY IGNORE {orders} SET status = DEFAULT, note = DEFAULT(note), placed_at = placed_at + INTERVAL 1 DAY WHERE status IN ('new') ORDER BY placed_at DESC LIMIT 1
----
UPDATE {customers} SET orders = 0
----
UPDATE {customers} SET {customers}.orders = orders + 1, credit = credit - orders WHERE orders BETWEEN 1 AND 3
----
UPDATE {customers} AS orders SET orders.orders = orders.orders + 1 WHERE orders.vip = 1
----
UPDATE {orders} customers SET customers.total = customers.items, note = 'x' WHERE customers.customer_id = 1
----
UPDATE {customers} SET orders = (SELECT COUNT(*) FROM {orders} o WHERE o.customer_id = {customers}.id), {customers}.credit = {customers}.credit + 1
----
UPDATE {customers} c SET c.orders = (SELECT COUNT(*) FROM {orders} WHERE {orders}.customer_id = c.id) + 10
----
UPDATE {orders} SET total = 0 WHERE customer_id IN (SELECT id FROM {customers} WHERE {customers}.country = 'FR')
----
UPDATE {orders} SET total = 1 WHERE id IN (SELECT orders.id FROM (SELECT DISTINCT id FROM {orders} WHERE total > 50) AS orders)
----
--: needs mariadb
UPDATE {orders} SET total = 1 WHERE id IN (SELECT id FROM {orders} WHERE total > 100)
----
UPDATE {orders}, {customers} SET {orders}.note = {customers}.name, {customers}.orders = 9 WHERE {orders}.customer_id = {customers}.id AND {customers}.vip = 1
----
UPDATE {orders} o JOIN {customers} c ON c.id = o.customer_id SET o.note = c.name, c.orders = c.orders + o.items WHERE o.status = 'paid'
----
UPDATE {orders} LEFT JOIN {items} USING (id) SET {orders}.note = NULL, {items}.qty = {items}.qty + 1 WHERE {items}.orders IS NULL
----
UPDATE {orders} AS items INNER JOIN {items} AS orders ON orders.order_id = items.id SET items.total = orders.price, orders.orders = items.status
----
UPDATE {orders}, (SELECT customer_id, SUM(total) AS s FROM {orders} GROUP BY customer_id) AS customers SET {orders}.note = customers.s WHERE {orders}.customer_id = customers.customer_id
----
UPDATE (SELECT id FROM {orders} WHERE id > 2) orders JOIN {items} ON {items}.order_id = orders.id SET {items}.orders = orders.id
----
UPDATE countries JOIN {customers} ON {customers}.country = countries.code SET {customers}.credit = {customers}.credit + countries.orders, {customers}.orders = countries.customers
----
UPDATE other.orders JOIN {orders} o ON o.id = other.orders.id SET other.orders.total = o.total
----
UPDATE other.orders SET orders.total = orders.total + 1 WHERE orders.id = 1
----
UPDATE shop.{orders} JOIN other.orders ON shop.{orders}.id = other.orders.id SET shop.{orders}.note = other.orders.ref
----
UPDATE audit SET orders = 'orders', table_name = 'items' WHERE table_name = 'customers'
----
UPDATE orders_archive orders SET orders.total = orders.total + 1 WHERE orders.customer_id IN (SELECT id FROM {customers} WHERE vip = 1)
----
UPDATE orders_archive PARTITION (orders) SET status = 'orders'
----
UPDATE {mse_demo_table} PARTITION (p0, p1) SET score = orders, orders = 0 WHERE id < 1000
----
UPDATE `{order}` SET `order` = `order` + 1 ORDER BY `order` DESC
----
UPDATE shop.{order} SET `{order}`.`order` = 1 WHERE {order}.customer = 'order'
----
UPDATE `{Order Lines}` SET `Line Text` = 'Order Lines', `{Order Lines}`.orders = 3 WHERE `Order ID` = 1
----
UPDATE {tree} SET weight = weight + 1, tree = CONCAT(tree, '/') WHERE {tree}.tree LIKE '/l%'
----
UPDATE {tree} JOIN {tree} AS items ON items.id = {tree}.parent_id SET {tree}.name = CONCAT(items.name, {tree}.tree)
----
UPDATE {docs} SET body = JSON_SET(body, '$.orders[0]', 77, '$.customer.name', 'orders') WHERE id = 1
----
UPDATE {orders} SET shipped_on = NULL, note = IF(note IS NULL, 'orders', REPLACE(note, 'orders', 'items')) WHERE id <= 3;
----
--: args ["done", 2]
UPDATE `{orders}` SET `status` = %s WHERE `{orders}`.`id` = %s
----
--: args [10, 1]
UPDATE `{orders}` SET `total` = (`{orders}`.`total` + %s) WHERE (`{orders}`.`customer_id` = %s)
----
--: args {"status": "open", "orders_id": 3}
UPDATE {orders} SET status=%(status)s WHERE {orders}.id = %(orders_id)s
----
--: args [1, 3]
UPDATE `{customers}` SET `orders` = CASE WHEN (`{customers}`.`id` = %s) THEN 5 WHEN (`{customers}`.`id` = %s) THEN 6 ELSE `{customers}`.`orders` END
----
--: args ["%%", 1]
UPDATE {orders} SET note = CONCAT(note, %s, '%%') WHERE id = %s
----
--: needs mysql8
WITH t AS (SELECT customer_id, COUNT(*) AS orders FROM {orders} GROUP BY customer_id) UPDATE {customers} JOIN t ON t.customer_id = {customers}.id SET {customers}.orders = t.orders + 20
----
--: needs mysql8
WITH items AS (SELECT order_id FROM {items} WHERE qty > 1) UPDATE {orders} SET {orders}.items = 50 WHERE {orders}.id IN (SELECT order_id FROM items)
----
DELETE FROM {items} WHERE id = 1
----
DELETE FROM {items} WHERE orders = 'A1' OR {items}.orders = 'G1'
----
DELETE FROM {items}
----
DELETE FROM shop.{items} WHERE shop.{items}.qty > 1 ORDER BY {items}.id LIMIT 1
----
DELETE LOW_PRIORITY QUICK IGNORE FROM {items} WHERE order_id IN (SELECT id FROM {orders} WHERE customers IS NOT NULL)
----
DELETE FROM {orders} WHERE id = 5
----
DELETE FROM {items} WHERE EXISTS (SELECT 1 FROM {orders} WHERE {orders}.id = {items}.order_id AND {orders}.status = 'paid')
----
DELETE FROM {items} WHERE order_id IN (SELECT orders.id FROM other.orders)
----
DELETE FROM {tree} WHERE tree = '/left/leaf' OR tree = '/leaf/deep'
----
DELETE FROM {mse_demo_table} PARTITION (p0, orders) WHERE orders > 0
----
DELETE FROM `{order}` ORDER BY `order` DESC LIMIT 1
----
DELETE FROM shop.{order} WHERE {order}.order > 10
----
DELETE FROM `{Order Lines}` WHERE `{Order Lines}`.`Line Text` = 'Order Lines'
----
DELETE {items} FROM {items} JOIN {orders} ON {orders}.id = {items}.order_id WHERE {orders}.status = 'paid'
----
DELETE i FROM {items} i LEFT JOIN {orders} o ON o.id = i.order_id WHERE o.shipped_on IS NULL
----
DELETE {items}, {orders} FROM {orders} JOIN {items} ON {items}.order_id = {orders}.id WHERE {orders}.id = 5
----
DELETE i.*, o.* FROM {orders} AS o INNER JOIN {items} AS i ON i.order_id = o.id WHERE o.id = 2
----
DELETE {items}.* FROM {items}, {orders} WHERE {items}.order_id = {orders}.id AND {orders}.customers = 'Gray Ben'
----
DELETE shop.{items} FROM shop.{items} INNER JOIN {orders} ON {items}.order_id = {orders}.id WHERE {orders}.id = 2
----
DELETE FROM {items} USING {items} INNER JOIN {orders} ON {orders}.id = {items}.order_id WHERE {orders}.items > 2
----
DELETE FROM i, o USING {items} AS i JOIN {orders} o ON i.order_id = o.id WHERE o.id = 5
----
DELETE FROM shop.{items}.* USING shop.{items} WHERE shop.{items}.id = 4
----
DELETE orders FROM {items} AS orders WHERE orders.orders IS NULL
----
DELETE customers FROM {items} AS customers, {customers} c WHERE c.id = customers.id AND c.orders > 1
----
DELETE FROM orders USING {items} AS orders JOIN other.orders AS o ON o.id = orders.id WHERE o.status = 'new'
----
DELETE orders FROM other.orders AS orders WHERE orders.total > 20
----
DELETE other.orders FROM other.orders JOIN {orders} o ON o.id = other.orders.id WHERE o.status = 'paid'
----
DELETE FROM other.orders WHERE orders.id = 1
----
DELETE FROM other.orders WHERE orders.customer_id IN (SELECT {orders}.customer_id FROM {orders} WHERE {orders}.id > 2)
----
DELETE FROM orders_archive WHERE orders_archive.total = 0 OR id IN (SELECT id + 900 FROM {orders})
----
DELETE orders FROM orders_archive AS orders JOIN {customers} AS c ON c.id = orders.customer_id WHERE c.vip = 1
----
DELETE FROM audit WHERE table_name = 'orders' AND orders = '1'
----
DELETE FROM settings WHERE name = 'currency'
----
DELETE {tree} FROM {tree} LEFT JOIN {tree} AS docs ON docs.parent_id = {tree}.id WHERE docs.id IS NULL
----
--: needs mariadb
DELETE FROM {items} WHERE id = 1 RETURNING {items}.*, shop.{items}.qty AS orders
----
--: needs mariadb
DELETE FROM {tree} WHERE id IN (SELECT MAX(id) FROM {tree}) RETURNING tree, {tree}.name
----
--: needs mysql8
DELETE FROM {items} AS orders WHERE orders.orders = 'A1'
----
--: needs mysql8
DELETE FROM {items} i WHERE i.order_id IN (SELECT id FROM {orders} WHERE {orders}.total > 20) LIMIT 1
----
--: needs mysql8
WITH orders AS (SELECT id FROM {orders} WHERE status = 'paid') DELETE FROM {items} WHERE order_id IN (SELECT id FROM orders)
----
--: needs mysql8
WITH o AS (SELECT id FROM {orders}) DELETE {items} FROM {items} JOIN o ON o.id = {items}.order_id WHERE {items}.orders IS NULL
----
--: args [3]
DELETE FROM `{items}` WHERE `{items}`.`order_id` = %s
----
--: args [1, 2]
DELETE FROM `{items}` WHERE `{items}`.`order_id` IN (%s, %s)
----
--: args {"id_1": 2}
DELETE FROM {items} WHERE {items}.id = %(id_1)s
----
EXPLAIN SELECT {orders}.id FROM {orders} WHERE id = 1
----
EXPLAIN FORMAT=JSON SELECT id FROM {orders} WHERE id = 1
----
DESCRIBE SELECT o.id FROM {orders} o JOIN {items} AS orders ON orders.order_id = o.id WHERE o.id = 1
----
EXPLAIN UPDATE {orders} SET total = 1 WHERE id = 1
----
EXPLAIN DELETE FROM {items} WHERE id = 1
----
--: needs mariadb
EXPLAIN EXTENDED SELECT total FROM {orders} AS orders WHERE orders.id = 1
----
--: needs mariadb
EXPLAIN PARTITIONS SELECT * FROM {mse_demo_table} WHERE id = 1
----
--: needs mysql8
EXPLAIN FORMAT=TREE SELECT id FROM {orders} WHERE id = 0
----
DESCRIBE {orders}
----
DESC shop.{orders}
----
EXPLAIN {orders} status
----
DESC {customers} orders
----
DESC {orders} 'cust%'
----
DESCRIBE `{Order Lines}` `Order ID`
----
DESCRIBE countries orders
----
SHOW COLUMNS FROM {orders}
----
SHOW FULL FIELDS FROM {customers} FROM shop LIKE 'orders'
----
SHOW FULL COLUMNS FROM shop.{orders} WHERE Field = 'items'
----
SHOW COLUMNS IN `{Order Lines}` IN `shop`
----
SHOW COLUMNS FROM orders IN other
----
SHOW INDEX FROM {items} WHERE Key_name = 'nothing'
----
SHOW KEYS IN `shop`.`{customers}` WHERE Key_name = 'nothing'
----
SHOW COLUMNS FROM shop.{order}
----
SHOW CREATE TABLE other.orders
----
SHOW CREATE TABLE `orders_archive`
----
SHOW TABLES
----
SHOW TABLES LIKE 'orders\_archive'
----
SHOW FULL TABLES FROM shop LIKE 'countr%'
----
SHOW TABLES IN other WHERE Tables_in_other = 'orders'
----
SHOW DATABASES LIKE 'shop'
----
SHOW VARIABLES LIKE 'sql_mode'
----
SHOW SESSION VARIABLES WHERE Variable_name IN ('sql_mode', 'orders')
----
SHOW WARNINGS
----
SHOW COUNT(*) WARNINGS
----
SHOW COLLATION LIKE 'utf8mb4\_bin'
----
SHOW CHARACTER SET LIKE 'utf8mb4'
----
SET NAMES utf8mb4
----
SET NAMES 'utf8mb4' COLLATE 'utf8mb4_general_ci'
----
SET CHARACTER SET utf8mb4
----
SET autocommit = 0
----
SET AUTOCOMMIT = ON, sql_safe_updates = 0
----
SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED
----
SET @@session.sort_buffer_size = 262144, @orders = 3, @items := 'orders'
----
SET time_zone = '+00:00'
----
SET sql_mode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION'
----
SET FOREIGN_KEY_CHECKS = 1
----
SET @orders = (SELECT COUNT(*) FROM {orders})
----
SET @s = 'DELETE FROM orders'
----
USE shop
----
USE `other`
----
BEGIN
----
BEGIN WORK
----
START TRANSACTION
----
START TRANSACTION READ ONLY
----
START TRANSACTION WITH CONSISTENT SNAPSHOT
----
COMMIT
----
COMMIT AND NO CHAIN
----
ROLLBACK
----
ROLLBACK WORK
----
SAVEPOINT orders
----
SAVEPOINT `s140735_x1`
----
--: needs mysql8
SELECT @@transaction_isolation IS NOT NULL, @@lower_case_table_names, @@sql_auto_is_null
----
SELECT VERSION() IS NOT NULL, @@sql_mode IS NOT NULL, @@default_storage_engine, CONVERT_TZ('2001-01-01 01:00:00', '+00:00', '+01:00') IS NOT NULL
----
UNLOCK TABLES
----
--: needs mariadb
ANALYZE UPDATE {orders} SET total = 1 WHERE id = 1
----
SET sql_mode = 'ANSI_QUOTES'
----
SET SESSION sql_mode = CONCAT(@@sql_mode, ',NO_BACKSLASH_ESCAPES')
----
--: refused multi
SELECT 1; DELETE FROM {items}
----
--: refused multi
UPDATE {orders} SET total = 1 WHERE id = 1; UPDATE {orders} SET total = 2 WHERE id = 2;
----
--: refused multi
SELECT 'a'';' FROM {orders} /* ; */ ; -- ;
DELETE FROM {items}
----
--: refused multi
--: needs mariadb
BEGIN NOT ATOMIC INSERT INTO {orders} (customer_id) VALUES (1); DELETE FROM {items}; END
----
--: refused multi
--: needs mariadb
IF 1 THEN DELETE FROM {items}; END IF
----
--: refused multi
--: needs mariadb
FOR i IN 1..2 DO INSERT INTO {orders} (customer_id) VALUES (1); END FOR
----
--: refused ddl
CREATE TABLE orders_copy LIKE {orders}
----
--: refused ddl
CREATE TEMPORARY TABLE tmp_orders AS SELECT * FROM {orders}
----
--: refused ddl
CREATE TABLE IF NOT EXISTS reports (id INT PRIMARY KEY)
----
--: refused ddl
ALTER TABLE {orders} ADD COLUMN color VARCHAR(20)
----
--: refused ddl
CREATE INDEX items ON {items} (product)
----
--: refused ddl
TRUNCATE {items}
----
--: refused ddl
DROP TABLE IF EXISTS {items}
----
--: refused ddl
RENAME TABLE {docs} TO docs_old
----
--: refused ddl
ALTER TABLE {mse_demo_table} TRUNCATE PARTITION p0
----
--: refused ddl
CREATE OR REPLACE VIEW paid_orders AS SELECT * FROM {orders} WHERE status = 'paid'
----
--: refused call
CALL place_order(1, 3)
----
--: refused call
CALL shop.place_order(1, (SELECT MAX(total) FROM {orders}))
----
--: refused load
LOAD DATA LOCAL INFILE '/tmp/orders.csv' INTO TABLE {orders} FIELDS TERMINATED BY ','
----
--: refused load
LOAD DATA INFILE '/tmp/orders.csv' IGNORE INTO TABLE shop.{orders} (id, @x) SET total = @x
----
--: refused prepare
PREPARE stmt FROM 'DELETE FROM orders WHERE id = ?'
----
--: refused prepare
PREPARE stmt FROM @s
----
--: refused prepare
EXECUTE stmt USING @orders
----
--: refused prepare
--: needs mariadb
EXECUTE IMMEDIATE 'DELETE FROM items'
----
--: refused do
DO (SELECT COUNT(*) FROM {orders})
----
--: refused do
DO RELEASE_LOCK('orders')
----
--: refused handler
HANDLER {orders} OPEN AS orders
----
--: refused handler
HANDLER {orders} READ FIRST
----
--: refused function
SELECT order_total(1)
----
--: refused function
SELECT id, tax(total) FROM {orders}
----
--: refused function
SELECT id, shop.order_total({orders}.customer_id) FROM {orders}
----
--: refused function
SELECT shop.lower('orders') FROM countries
----
--: refused function
SELECT count (1) FROM countries
----
--: refused function
SELECT `count`(1), `order_total`(2)
----
--: refused function
INSERT INTO {items} (order_id, product, price) VALUES (1, 'x', `shop`.`order_total`(1))
----
--: refused file
SELECT * FROM {orders} INTO OUTFILE '/tmp/fairlead-corpus-orders.txt'
----
--: refused file
SELECT note INTO DUMPFILE '/tmp/fairlead-corpus-note.txt' FROM {orders} WHERE id = 1
----
--: refused function
SELECT LOAD_FILE('/etc/hostname') IS NULL
----
--: refused comment
SELECT /*!50000 * FROM orders */
----
--: refused comment
SELECT id /*! FROM orders */ ORDER BY id
----
--: refused comment
--: needs mariadb
SELECT 1 /*M! FROM orders */
----
--: refused comment
DELETE FROM audit WHERE id = 1 /*!40000 OR id IN (SELECT id FROM orders) */
----
--: refused comment
SELECT /*!40001 SQL_NO_CACHE */ id FROM {orders}
----
--: refused view
SELECT * FROM open_orders
----
--: refused view
SELECT c.name FROM {customers} c JOIN shop.`big_open_orders` b ON b.id = c.id
----
--: refused view
UPDATE open_orders SET total = 1 WHERE id = 2
----
--: refused view
INSERT INTO open_orders (customer_id, total) VALUES (1, 2)
----
--: refused view
DELETE FROM open_orders WHERE id = 7
----
--: refused trigger
UPDATE settings SET value = 'x' WHERE name = 'currency'
----
--: refused trigger
INSERT INTO settings (name, value) VALUES ('currency', 'x') ON DUPLICATE KEY UPDATE value = VALUES(value)
----
--: refused trigger
UPDATE settings s JOIN {customers} c ON c.id = 1 SET s.value = c.name
----
--: refused cascade
DELETE FROM countries WHERE code = 'NL'
----
--: refused cascade
DELETE c FROM countries AS c LEFT JOIN other.orders ON orders.id = c.orders WHERE orders.id = 1 AND c.code = 'NL'
----
--: refused cascade
REPLACE INTO countries (code, name, continent) VALUES ('NL', 'Holland', 'Europe')
----
--: refused cascade
UPDATE countries SET code = 'FX' WHERE code = 'FR'
----
--: refused lock
LOCK TABLES {orders} READ, {items} WRITE
----
--: refused command
OPTIMIZE TABLE {orders}
----
--: refused command
GRANT SELECT ON shop.{orders} TO CURRENT_USER
----
--: refused command
FLUSH TABLES {orders}
----
--: refused unparsed
--: needs mariadb
SELECT NEXT VALUE FOR order_numbers
----
--: refused unparsed
--: needs mariadb
SELECT id FROM {orders} PROCEDURE ANALYSE(5)
----
--: refused other
--: needs mariadb
SET STATEMENT max_statement_time = 10 FOR DELETE FROM {items} WHERE id = 1
----
--: refused other
SHOW COLUMNS FROM countries WHERE Field = 'name' AND EXISTS (SELECT 1 FROM {orders})
----
--: refused other
--: needs mariadb
WITH Orders AS (SELECT 99 AS id) SELECT id FROM orders
----
--: refused other
--: needs mariadb
WITH RECURSIVE a AS (SELECT id FROM orders), orders AS (SELECT 99 AS id) SELECT a.id FROM a
