# C types of aiohttp_passage.py, where it is compiled.

cimport cython

from fairlead.flow._gate cimport Entry as Entered, Gate as Gated
from fairlead.instruments._passage cimport Passage, Reading, Served


@cython.final
cdef class AiohttpPassage(Passage):
    cdef public object shown


@cython.final
cdef class Arrivals:
    cdef public object count_fault, engine, parent, renew
    cdef public Reading reading

    @cython.locals(reading=Reading, asked=tuple, names=tuple, passage=AiohttpPassage, served=Served)
    cpdef admit(self, request)


cpdef joined(headers, name)


@cython.final
cdef class Entrance:
    cdef object answered, choose, fault, gates, hold, measuring
    cdef dict ways

    @cython.locals(gate=Gated, passage=AiohttpPassage, entry=Entered)
    cpdef enter(self, request, handler)
    cpdef keep(self, route, gate)


cpdef bint awaited(AiohttpPassage passage) except -1
cpdef AiohttpPassage passage_of(response)
