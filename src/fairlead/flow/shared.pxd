# C types of shared.py, where it is compiled.

cimport cython

from fairlead.flow._seat cimport Seat as Seated, Words, doubles, words

cdef long long BAD, BUSY, CLOSED, COUNT, CURRENT, FAR, GAUGE, GOOD
cdef long long HALF_OPEN, LAST, MASK, MOST_PROBES, NEXT, OPEN, OWN, PACE
cdef long long PASSED, PASSES, PROBES_AT, P_HOW, P_INCLUSIVE, P_KEEP, P_KIND, P_LEASE
cdef long long P_LENGTH, P_LIMIT, P_MOVED, P_PLACE, P_PROBES, P_QUEUE, P_SERIAL, P_SLIDES
cdef long long P_SLOW, P_STEP, P_STEPS, RING, RINGS_OF_BREAKERS, SEEN, SERIALS, SHUT
cdef long long SLOW, STAGE, STATE, TAIL, TOTAL, UNDER, WIDTH, WINDOW
cdef long long NEVER


@cython.final
cdef class Cells:
    cdef Words at, of
    cdef double* limits
    cdef public Seated seat
    cdef public object numbers, ratios, rules, judges
    cdef public long long number, inside, since, until, least, tight
    cdef public long long windows, paces, gauges
    cdef public bint leaves, picky, simulated

    cpdef bint shut(self, long long n, long long now) noexcept
    cpdef long long first(self, long long kind) noexcept
    @cython.locals(found=cython.longlong)
    cpdef long long take(self, long long n, long long now) noexcept
    @cython.locals(cells=Cells, seat=Seated, found=cython.longlong)
    cpdef long long take_all(
        self, tuple pools, long long n, long long now, long long asked
    ) noexcept
    @cython.locals(
        cells=Cells, kind=cython.longlong, j=cython.longlong, found=cython.longlong
    )
    cpdef long long test_all(
        self, tuple pools, long long n, long long now, long long asked
    ) noexcept
    @cython.locals(found=cython.longlong)
    cpdef long long would(self, long long n, long long now) noexcept
    @cython.locals(k=cython.longlong)
    cpdef long long tell_inside(self) noexcept
    @cython.locals(k=cython.longlong, found=cython.longlong)
    cpdef long long test(
        self, long long begin, long long end, long long n, long long now, long long asked
    ) noexcept
    @cython.locals(kind=cython.longlong, wait=cython.longlong)
    cpdef long long _asks(
        self, long long k, long long i, long long n, long long now, long long asked
    ) noexcept
    @cython.locals(
        at=Words, of=Words, c=cython.longlong, length=cython.longlong, tail=cython.longlong,
        last=cython.longlong, aligned=cython.longlong
    )
    cpdef bint _window_has_room(self, long long k, long long i, long long n, long long now) noexcept
    @cython.locals(at=Words, of=Words, c=cython.longlong, wait=cython.longlong)
    cpdef long long _wait_for_turn(self, long long i, long long n, long long now) noexcept
    @cython.locals(at=Words, of=Words, c=cython.longlong, last=cython.longlong)
    cpdef long long _turn(self, long long i, long long n, long long now) noexcept
    @cython.locals(c=cython.longlong, others=cython.longlong)
    cpdef bint _gauge_has_room(self, long long i, long long n) noexcept
    @cython.locals(
        at=Words, of=Words, c=cython.longlong, under=cython.longlong, full=cython.bint,
        stage=cython.longlong, steps=cython.longlong, seen=cython.longlong, above=cython.longlong
    )
    cpdef bint _breaker_lets(self, long long i, long long now) noexcept
    @cython.locals(
        at=Words, of=Words, k=cython.longlong, i=cython.longlong, c=cython.longlong,
        kind=cython.longlong, j=cython.longlong, turn=cython.longlong
    )
    cpdef void count(self, long long n, long long now) noexcept
    @cython.locals(at=Words, own=cython.longlong)
    cpdef void set_inside(self, long long c) noexcept
    @cython.locals(at=Words, of=Words, c=cython.longlong, j=cython.longlong)
    cpdef void probe(self, long long i, long long now) noexcept
    cpdef long long leave(
        self, long long rt, bint failed, long long now, long long judged, long long found
    ) noexcept
    @cython.locals(k=cython.longlong, i=cython.longlong, moved=cython.longlong, bad=cython.bint)
    cpdef long long _leave(
        self, long long rt, bint failed, long long now, long long judged, long long found
    ) noexcept
    @cython.locals(
        at=Words, of=Words, c=cython.longlong, j=cython.longlong, total=cython.longlong,
        wrong=cython.longlong
    )
    cpdef bint ended(self, long long k, long long i, bint bad, long long now) noexcept
    @cython.locals(of=Words, value=cython.double)
    cpdef bint _trips(self, long long k, long long i, long long wrong, long long total) noexcept
    @cython.locals(found=cython.longlong)
    cpdef long long tried(
        self, long long k, long long serial, bint bad, bint unknown, long long now
    ) noexcept
    @cython.locals(at=Words, of=Words, c=cython.longlong)
    cpdef long long _tried(
        self, long long i, long long serial, bint bad, bint unknown, long long now
    ) noexcept

