-- Once for the file: readers and one writer do not wait for each other.
PRAGMA journal_mode = WAL;

CREATE TABLE mse_demo_table (
  id integer PRIMARY KEY AUTOINCREMENT,
  location varchar(255) DEFAULT NULL
);

CREATE TABLE mse_demo_table_gray (
  id integer PRIMARY KEY AUTOINCREMENT,
  location varchar(255) DEFAULT NULL
);

INSERT INTO sqlite_sequence (name, seq) VALUES ('mse_demo_table', 2), ('mse_demo_table_gray', 2);
