# C types of wsgi_passage.py, where it is compiled.

cimport cython

from fairlead.flow._gate cimport Entry as Entered, Gate as Gated
from fairlead.instruments._passage cimport Passage, Reading, Served, Ways


@cython.final
cdef class WsgiPassage(Passage):
    cdef public object out, refusal, sender


@cython.final
cdef class Arrivals:
    cdef public object count_fault, engine, inside, keeper, protection, renew
    cdef public Reading reading

    @cython.locals(reading=Reading, asked=tuple, passage=WsgiPassage, served=Served)
    cpdef admit(self, environ)


@cython.locals(asked=tuple)
cdef tuple _asked(environ, tuple names)

cdef dict _CODES


cpdef finish(served, environ)
cpdef suspended(token)
cpdef bint runs_code(body, environ) except -1


@cython.final
cdef class Body:
    cdef object body, served, steps
    cdef WsgiPassage passage


@cython.final
cdef class Entrance:
    cdef object choose, fault, gates, hold, measuring
    cdef Ways ways

    @cython.locals(gate=Gated, passage=WsgiPassage, entry=Entered)
    cpdef enter(self, request, route, method, environ)
