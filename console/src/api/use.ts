import { useCallback, useEffect, useRef, useState } from 'react';
import { ApiError, ask } from './client';

export interface Answer<T> {
  data: T | undefined;
  error: ApiError | undefined;
  loading: boolean;
  reload: () => void;
}

/** What `path` answers; asked again every `every` milliseconds, and when `version` is another. */
export function useAnswer<T>(
  path: string | null,
  { every = 0, version = 0 }: { every?: number; version?: number } = {},
): Answer<T> {
  const [state, setState] = useState<{ path: string | null; data?: T; error?: ApiError }>({ path: null });
  const [round, setRound] = useState(0);
  const again = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => {
    if (path === null) return undefined;
    const stop = new AbortController();
    const once = async () => {
      try {
        const data = await ask<T>(path, { signal: stop.signal });
        setState({ path, data });
      } catch (error) {
        if (stop.signal.aborted) return;
        const known = error instanceof ApiError ? error : new ApiError(0, '', String(error));
        // What was known stays on the page, beside the reason why it is not fresh.
        setState((before) => ({ path, data: before.path === path ? before.data : undefined, error: known }));
      }
      if (every && !stop.signal.aborted) again.current = setTimeout(once, document.hidden ? every * 5 : every);
    };
    void once();
    return () => {
      stop.abort();
      clearTimeout(again.current);
    };
  }, [path, every, version, round]);
  const reload = useCallback(() => setRound((n) => n + 1), []);
  const current = state.path === path;
  return {
    data: current ? state.data : undefined,
    error: current ? state.error : undefined,
    loading: path !== null && !(current && (state.data !== undefined || state.error !== undefined)),
    reload,
  };
}
