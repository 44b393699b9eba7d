package com.alibaba.csp.sentinel.util;

/** Stands before Sentinel's own: a clock that a schedule moves, once one does. */
public final class TimeUtil {
    public static volatile long now = -1;

    private TimeUtil() {}

    public static long currentTimeMillis() {
        return now < 0 ? System.currentTimeMillis() : now;
    }
}
