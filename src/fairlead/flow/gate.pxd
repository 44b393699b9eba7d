# C types of gate.py, where it is compiled.

cimport cython
from cpython.array cimport array as Counts
from cpython.object cimport Py_SIZE
from libc.stdint cimport int64_t
from posix.time cimport CLOCK_MONOTONIC, clock_gettime, timespec

from fairlead.flow._shared cimport Cells as Shared


cdef inline int64_t ticks() noexcept:
    cdef timespec time
    clock_gettime(CLOCK_MONOTONIC, &time)
    return time.tv_sec * 1_000_000_000LL + time.tv_nsec


cdef inline void add(Counts counts, int64_t i) noexcept:
    counts.data.as_longlongs[i] += 1


cdef inline int64_t place(Counts bounds, int64_t value) noexcept:
    cdef Py_ssize_t low = 0, high = Py_SIZE(bounds), middle
    while low < high:
        middle = (low + high) >> 1
        if bounds.data.as_longlongs[middle] < value:
            low = middle + 1
        else:
            high = middle
    return low


cdef Counts BOUNDS
cdef int64_t BUSY, PASSES


cdef class Entry


@cython.final
cdef class Gate:
    cdef public object resource, core, lock, clock, program, rules, watched, cells
    cdef public tuple scopes, windows, caps, breakers
    cdef public object log, tight, tally
    cdef public Counts buckets
    cdef public int64_t count, ended, errors, rejected, simulated
    cdef public int64_t inside, most_inflight, waiting, rt_ns
    cdef public int64_t ceiling, edge, most, opens, since, span
    cdef public int64_t slow, due, turn, born, shut
    cdef public bint plain, short, picky, open, curious, heeds
    cdef public Shared shared

    cpdef close(self)
    cpdef look(self)
    @cython.locals(entry=Entry, now=int64_t)
    cpdef Entry enter(self, int64_t n=*, object facts=*, bint prio=*)
    @cython.locals(entry=Entry)
    cpdef Entry ask(self, int64_t n, object facts, bint prio, int64_t now)
    cpdef bint share(self, int64_t n, int64_t now) noexcept
    cpdef int64_t now(self) except? -1
    @cython.locals(i=int64_t)
    cpdef note(self, int64_t n, int64_t now)
    cpdef tell(self)
    cpdef bint concerned(self, int64_t rt, bint failed, object outcome, int64_t now) except? -1
    @cython.locals(now=int64_t, told=int64_t)
    cpdef leave(self, Entry entry, tuple scopes, int64_t rt, bint failed, object outcome, bint done)
    cpdef int64_t end(
        self, int64_t rt, bint failed, int64_t now, int64_t judged, int64_t found
    ) noexcept


@cython.final
@cython.freelist(256)
@cython.no_gc
cdef class Entry:
    cdef public Gate gate
    cdef public tuple scopes
    cdef public object refused, simulated, held
    cdef public int64_t started, wait

    cpdef begin(self)
    @cython.locals(gate=Gate, scopes=tuple, now=int64_t, rt=int64_t, short=cython.bint)
    cpdef exit(self, bint failed=*, object outcome=*)


@cython.locals(scope=Gate, entry=Entry, pools=tuple)
cpdef Entry take(Gate gate, tuple scopes, int64_t n, int64_t now, int64_t asked)


@cython.locals(scope=Gate, number=int64_t)
cpdef give_back(tuple scopes, int64_t rt, bint failed)


@cython.locals(scope=Gate, found=tuple)
cpdef tuple pooled(tuple scopes)


@cython.locals(scope=Gate, first=Shared, j=int64_t, found=int64_t)
cpdef bint share_all(
    Entry entry, tuple scopes, tuple pools, int64_t n, int64_t now, int64_t asked
) except? -1
