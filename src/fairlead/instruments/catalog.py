"""Which module's import brings which instrument in.

Read at interpreter start-up, also where no library is ever imported: nothing but the table here.
"""

from __future__ import annotations

LIBRARIES: tuple[tuple[str, str], ...] = (
    ("MySQLdb.connections", "mysqlclient"),
    ("aiohttp.client", "aiohttp"),
    ("aiohttp.web_runner", "aiohttp_server"),
    ("aiomysql", "aiomysql"),
    ("aiosqlite", "aiosqlite"),
    ("asyncpg", "asyncpg"),
    ("asyncpg.pool", "asyncpg_pool"),
    ("django.core.handlers.asgi", "django"),
    ("django.core.handlers.base", "django_views"),
    ("django.core.handlers.wsgi", "django"),
    ("django.db.utils", "django"),
    ("fastapi.applications", "fastapi"),
    ("flask", "flask"),
    ("granian.server.mp", "granian"),
    ("grpc._channel", "grpc"),
    ("grpc._server", "grpc_server"),
    ("grpc.aio._channel", "grpc_aio"),
    ("grpc.aio._server", "grpc_aio_server"),
    ("gunicorn.workers.base", "gunicorn"),
    ("gunicorn.workers.gasgi", "gunicorn"),
    ("gunicorn.workers.gthread", "gunicorn"),
    ("httpx", "httpx"),
    ("hypercorn.asyncio.run", "hypercorn"),
    ("mysql.connector", "mysqlconnector"),
    ("mysql.connector.aio", "mysqlconnector_aio"),
    ("opentelemetry.sdk.trace", "opentelemetry"),
    ("psycopg", "psycopg"),
    ("psycopg2", "psycopg2"),
    ("psycopg2.extras", "psycopg2"),
    ("psycopg2.pool", "psycopg2"),
    ("psycopg_pool", "psycopg_pool"),
    ("pymysql", "pymysql"),
    ("requests.sessions", "requests"),
    ("sqlalchemy", "sqlalchemy"),
    ("sqlalchemy.dialects.postgresql.asyncpg", "sqlalchemy"),
    ("sqlite3", "sqlite3"),
    ("starlette.applications", "starlette"),
    ("urllib3.connectionpool", "urllib3"),
    ("uvicorn.server", "uvicorn"),
    ("werkzeug.serving", "werkzeug"),
)
"""The module whose import triggers, and the file in `libs/`. One module may trigger several."""

COMPANIONS: tuple[tuple[str, str], ...] = (
    ("concurrent.futures._base", "python"),
    ("concurrent.futures.process", "python"),
    ("concurrent.futures.thread", "python"),
    ("gevent", "gevent"),
    ("gevent.pool", "gevent"),
    ("gevent.threadpool", "gevent"),
    ("multiprocessing.pool", "python"),
    ("multiprocessing.process", "python"),
    ("subprocess", "python"),
    ("threading", "python"),
)
"""What carries a request's lane on: hooked with the first of LIBRARIES, as there is none before."""

CATALOG = LIBRARIES + COMPANIONS

DRIVERS = frozenset(
    (
        "PyMySQL",
        "aiomysql",
        "aiosqlite",
        "asyncpg",
        "mysql-connector-python",
        "mysqlclient",
        "psycopg",
        "psycopg2",
        "sqlite3",
    )
)
"""Libraries that reach a database: one that is imported and not hooked would write a lane's rows to
base, so that its process is sent no call of a lane with shadows (contract 12)."""

UNHOOKED_DRIVERS: tuple[str, ...] = (
    "adbc_driver_manager",
    "apsw",
    "asyncmy",
    "clickhouse_connect",
    "clickhouse_driver",
    "connectorx",
    "cx_Oracle",
    "cymysql",
    "duckdb",
    "fdb",
    "firebird.driver",
    "hdbcli.dbapi",
    "ibm_db",
    "libsql",
    "libsql_experimental",
    "mariadb",
    "mysqlx",
    "oracledb",
    "pg8000",
    "pgdb",
    "playhouse.sqliteq",
    "psqlpy",
    "psycopg2cffi",
    "pymssql",
    "pyodbc",
    "pysqlcipher3",
    "pysqlite3",
    "pytds",
    "singlestoredb",
    "sqlcipher3",
    "sqlean",
    "sqlitedict",
    "turbodbc",
    "twisted.enterprise.adbapi",
)
"""Modules that reach a database and that no instrument knows: watched, to tell of them."""
