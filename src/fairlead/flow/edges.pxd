# C types of edges.py, where it is compiled.

cimport cython
from cpython.array cimport array as Counts
from libc.stdint cimport int64_t

from fairlead.flow._gate cimport add, place


cdef Counts BOUNDS


@cython.final
cdef class Edge:
    cdef public object lock
    cdef public Counts buckets
    cdef public int64_t calls, errors, fallbacks, lost, retries, rt_ns
    cdef public bint falls

    cpdef count(self, int64_t rt_ns, bint failed, int64_t attempts)


@cython.final
cdef class Edges:
    cdef public dict known

    @cython.locals(edge=Edge)
    cpdef answered(self, call, int64_t now, bint failed)
    cpdef edge(self, key)
