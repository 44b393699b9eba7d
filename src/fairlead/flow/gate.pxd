# C types of gate.py, where it is compiled.

cimport cython
from cpython.array cimport array as Counts
from cpython.object cimport Py_SIZE
from libc.stdint cimport int64_t
from posix.time cimport CLOCK_MONOTONIC, clock_gettime, timespec


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
    cdef public bint plain, short, picky, open, curious

    cpdef close(self)
    cpdef look(self)
    @cython.locals(entry=Entry, now=int64_t)
    cpdef Entry enter(self, int64_t n=*, object facts=*, bint prio=*)
    @cython.locals(entry=Entry)
    cpdef Entry ask(self, int64_t n, object facts, bint prio, int64_t now)
    cpdef int64_t now(self) except? -1
    @cython.locals(i=int64_t)
    cpdef note(self, int64_t n, int64_t now)
    @cython.locals(top=int64_t, ceiling=int64_t, edge=int64_t)
    cpdef object over(self, int64_t n, int64_t now)
    cpdef tell(self)
    cpdef bint concerned(self, int64_t rt, bint failed, object outcome, int64_t now) except? -1
    @cython.locals(due=int64_t, turn=int64_t)
    cpdef settle(self, int64_t rt, bint failed, object outcome, int64_t now)
    @cython.locals(now=int64_t)
    cpdef leave(self, Entry entry, tuple scopes, int64_t rt, bint failed, object outcome, bint done)


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


@cython.locals(scope=Gate, entry=Entry)
cpdef Entry take(Gate gate, tuple scopes, int64_t n, int64_t now, bint asked)


@cython.locals(scope=Gate, number=int64_t)
cpdef give_back(tuple scopes, int64_t rt, bint failed)


@cython.locals(scope=Gate)
cpdef settle(tuple scopes, int64_t rt, bint failed, object outcome, int64_t now)
