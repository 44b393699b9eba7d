"""werkzeug's server says when it serves, by its socket, and when it has stopped."""

from __future__ import annotations

import threading
from http.client import HTTPConnection

from werkzeug.serving import BaseWSGIServer, make_server

from fairlead.instruments.libs import werkzeug as instrument
from fairlead.instruments.patch import Patches
from tests.instruments.plane import Plane


def app(environ, start_response):
    """Answer every request with two letters."""
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]


def test_a_server_is_told_of_with_its_socket_and_left_when_it_ends():
    """`flask run` and everybody who calls `make_server` come through here."""
    plane, patches = Plane(), Patches()
    instrument.install(plane, patches)
    server = make_server("127.0.0.1", 0, app)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        connection = HTTPConnection("127.0.0.1", server.server_port, timeout=5)
        connection.request("GET", "/")
        assert connection.getresponse().read() == b"ok"
        connection.close()
        (name, sockets), *others = plane.servers
        assert (name, others) == ("werkzeug", [])
        assert sockets is not None
        assert [one.fileno() for one in sockets()] == [server.socket.fileno()]
        assert plane.left == 0
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        assert patches.restore() == []
    assert plane.left == 1


def test_the_server_is_as_it_was_afterwards():
    """A guest undoes what it did."""
    before = BaseWSGIServer.serve_forever
    patches = Patches()
    instrument.install(Plane(), patches)
    assert patches.restore() == []
    assert BaseWSGIServer.serve_forever is before
