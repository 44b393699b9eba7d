# C types of seat.py, where it is compiled.

cimport cython
from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_Release, PyObject_GetBuffer

cdef extern from *:
    """
    #include <sched.h>
    #include <time.h>
    #if defined(__x86_64__) || defined(__i386__)
    #define fairlead_relax() __builtin_ia32_pause()
    #elif defined(__aarch64__)
    #define fairlead_relax() __asm__ __volatile__("yield")
    #else
    #define fairlead_relax() do { } while (0)
    #endif

    /* Take the lock, unless somebody keeps it for longer than a section takes. */
    static inline int fairlead_grab(long long *word, long long me) {
        for (int i = 0; i < 100; i++) {
            long long nobody = 0;
            if (!__atomic_load_n(word, __ATOMIC_RELAXED) &&
                __atomic_compare_exchange_n(word, &nobody, me, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
                return 1;
            fairlead_relax();
        }
        return 0;
    }

    static inline void fairlead_drop(long long *word) {
        __atomic_store_n(word, 0, __ATOMIC_RELEASE);
    }

    static inline int fairlead_replace(long long *word, long long old, long long new_) {
        return __atomic_compare_exchange_n(word, &old, new_, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
    }

    /* Let others run until it is free, for a millisecond or two at most. */
    static void fairlead_pause(long long *word) {
        struct timespec nap = {0, 50000};
        Py_BEGIN_ALLOW_THREADS
        for (int i = 0; i < 16 && __atomic_load_n(word, __ATOMIC_RELAXED); i++) {
            if (i < 4) sched_yield();
            else nanosleep(&nap, NULL);
        }
        Py_END_ALLOW_THREADS
    }
    """
    bint fairlead_grab(long long *word, long long me) noexcept
    void fairlead_drop(long long *word) noexcept
    bint fairlead_replace(long long *word, long long old, long long new_) noexcept
    void fairlead_pause(long long *word) noexcept


ctypedef long long* Words


cdef inline void* place(object memory) except NULL:
    cdef Py_buffer found
    PyObject_GetBuffer(memory, &found, PyBUF_SIMPLE)
    PyBuffer_Release(&found)  # whoever asks keeps the memory
    return found.buf


cdef inline Words words(object memory) except NULL:
    return <Words> place(memory)


cdef inline double* doubles(object memory) except NULL:
    return <double*> place(memory)


cdef long long CUTS, BAD, BREAKER, CURRENT, CUT, EDGE, FIRST, GAUGE, KIND
cdef long long LATEST, LOCK, MASK, MOST_SEATS, NEXT_FREE, OWN, PER_PROBE, PROBES_AT
cdef long long RING, RINGS_OF_BREAKERS, SEATS, LATE, SIZE, STAGE, TAIL, TOTAL
cdef long long UNDER, WINDOW, UNKNOWN


@cython.final
cdef class Seat:
    cdef Words at
    cdef public object memory, guard, lock_file, unlock_file, pause
    cdef public long long number, token, wait, when, after, depth

    cpdef bint seize(self) noexcept
    @cython.locals(had=cython.bint)
    cpdef bint _seize(self) except? -1
    cpdef void release(self) noexcept
    @cython.locals(latest=cython.longlong)
    cpdef long long time(self, long long now) noexcept
    @cython.locals(at=Words, current=cython.longlong, edge=cython.longlong, b=cython.longlong)
    cpdef void roll(
        self, long long c, long long ring, long long step, long long length, long long keep,
        long long now
    ) noexcept
    @cython.locals(at=Words, tail=cython.longlong, mask=cython.longlong, j=cython.longlong)
    cpdef void _forget(self, long long c, long long ring, long long b, long long first, long long old) noexcept
    @cython.locals(at=Words, j=cython.longlong)
    cpdef void clear(self, long long c, long long ring, long long b, long long step) noexcept
    @cython.locals(at=Words, j=cython.longlong, lost=cython.bint)
    cpdef bint drop_lost(self, long long c, long long now) noexcept
    @cython.locals(at=Words, j=cython.longlong)
    cpdef bint answers(self, long long c, long long serial) noexcept
    @cython.locals(at=Words, c=cython.longlong, end=cython.longlong)
    cpdef void mend_all(self, long long gone) noexcept
    @cython.locals(at=Words, total=cython.longlong, j=cython.longlong)
    cpdef void _mend_gauge(self, long long c, long long gone) noexcept
    @cython.locals(at=Words, total=cython.longlong, bad=cython.longlong, j=cython.longlong)
    cpdef void _mend_ring(self, long long c, long long ring) noexcept
    @cython.locals(at=Words, under=cython.longlong, j=cython.longlong)
    cpdef void _mend_probes(self, long long c, long long gone) noexcept
