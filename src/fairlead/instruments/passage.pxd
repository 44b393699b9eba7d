# C types of passage.py, where it is compiled.

cimport cython

from fairlead.flow._gate cimport Entry as Entered, Gate as Gated


cdef class Served:
    cdef public object above, entrance, headers, lane, trace
    cdef public bint ended

    cpdef end(self)


cdef class Passage(Served):
    cdef public object count_fault, door, error, note, status
    cdef public tuple entries
    cdef public bint broken, gone, light

    cpdef begin(self, lane, count_fault)
    @cython.locals(entry=Entered, entries=tuple, meter=Gated)
    cpdef come(self, Gated gate, measuring)
    cpdef broke(self, error)
    @cython.locals(entries=tuple, entry=Entered, well=cython.bint, failed=cython.bint)
    cpdef leave(self)
    cpdef bint failed(self) except? -1


@cython.final
cdef class AsgiPassage(Passage):
    cdef public object out
    cdef public bint asked

    cpdef send(self, message)


@cython.final
cdef class Reading:
    cdef public object plan, names, ask, begun, coloured
    cdef public bint governed
    cdef public dict known


@cython.final
cdef class Arrivals:
    cdef public object count_fault, engine, renew
    cdef public Reading reading

    @cython.locals(reading=Reading, asked=tuple, names=frozenset, passage=AsgiPassage)
    cpdef admit(self, scope, send)


@cython.final
cdef class Ways:
    cdef dict _known

    @cython.locals(way=tuple, gates=dict)
    cpdef gate(self, route, method)
    cpdef keep(self, route, method, gate)


@cython.final
cdef class Entrance:
    cdef object _choose, _fault, _gates, _hold, _measuring
    cdef Ways _ways
    cdef bint _plain

    @cython.locals(gate=Gated, passage=AsgiPassage, entry=Entered, known=dict)
    cpdef enter(self, route, scope)


cdef object _included(route, fastapi)
