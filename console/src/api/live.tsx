import { createContext, useContext, useEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import { own } from './client';
import { useSession } from './session';
import { folded } from '../events';
import type { Change, KubernetesEvent, Service, ServiceRow } from './types';

export type StreamState = 'connecting' | 'live' | 'away';

/** Milliseconds without a word after which a stream is taken for broken, and after which a tab that is hidden has none. */
const SILENCE = 15000;
const HIDDEN = 5000;

/** Milliseconds for which changes are gathered before anything is listed anew. */
const GATHER = 300;

/** Seconds of the namespace's rates that are kept in the page. */
const KEPT = 300;

export interface Moment {
  at: number;
  qps: number;
  errors: number;
  rejected: number;
  simulated: number;
}

export interface Live {
  state: StreamState;
  services: ServiceRow[] | undefined;
  moments: Moment[];
  events: KubernetesEvent[];
  changes: Change[];
  changed: number;
  /** Follows `changed`, twice a second at most: what was listed before it is old. */
  version: number;
}

const NOTHING: Live = {
  state: 'connecting',
  services: undefined,
  moments: [],
  events: [],
  changes: [],
  changed: 0,
  version: 0,
};
const Context = createContext<Live>(NOTHING);

export function useLive(): Live {
  return useContext(Context);
}

type Handlers = Record<string, (data: unknown) => void>;

/** Follow a stream of the control plane, and open it again, later each time, when it ends. */
function useStream(path: string | null, handlers: Handlers, set: (state: StreamState) => void): void {
  const latest = useRef(handlers);
  latest.current = handlers;
  const { retry } = useSession();
  useEffect(() => {
    if (path === null) return undefined;
    let source: EventSource | undefined;
    let timer: ReturnType<typeof setTimeout>;
    let pause = 1000;
    let heard = Date.now();
    const close = () => {
      clearTimeout(timer);
      source?.close();
      source = undefined;
    };
    const broken = () => {
      close();
      set('away');
      // A session that has ended looks like a stream that breaks.
      if (pause === 2000) retry();
      timer = setTimeout(open, pause);
      pause = Math.min(pause * 2, 10000);
    };
    const open = () => {
      close();
      set('connecting');
      heard = Date.now();
      source = new EventSource(path);
      source.onopen = () => {
        pause = 1000;
        set('live');
      };
      source.onerror = broken;
      for (const name of Object.keys(latest.current)) {
        source.addEventListener(name, (event) => {
          heard = Date.now();
          try {
            latest.current[name]?.(JSON.parse((event as MessageEvent<string>).data));
          } catch {
            // One line that cannot be read must not end the page.
          }
        });
      }
    };
    // Something comes each second: a stream that is silent is broken, and nobody has told.
    const watch = setInterval(() => source && Date.now() - heard > SILENCE && broken(), SILENCE / 3);
    // A browser has six connections to a server, for all its tabs: those that nobody sees need none.
    const seen = () => {
      if (!document.hidden && !source) open();
      else if (document.hidden) timer = setTimeout(() => document.hidden && close(), HIDDEN);
    };
    document.addEventListener('visibilitychange', seen);
    open();
    return () => {
      document.removeEventListener('visibilitychange', seen);
      clearInterval(watch);
      close();
    };
  }, [path, set, retry]);
}

export function LiveProvider({ namespace, children }: { namespace: string; children: ReactNode }) {
  const [live, setLive] = useState<Live>(NOTHING);
  const session = useSession();
  const on = session.state === 'open' || session.state === 'in';
  useEffect(() => setLive(NOTHING), [namespace]);
  const handlers = useMemo<Handlers>(
    () => ({
      services: (data) => {
        const services = (Array.isArray(data) ? data : (data as { items: ServiceRow[] }).items) as ServiceRow[];
        const sum = (field: 'qps' | 'errors' | 'rejected' | 'simulated') =>
          services.reduce((n, one) => n + (one[field] || 0), 0);
        const now = {
          at: Date.now() / 1000,
          qps: sum('qps'),
          errors: sum('errors'),
          rejected: sum('rejected'),
          simulated: sum('simulated'),
        };
        setLive((before) => ({ ...before, services, moments: [...before.moments.slice(1 - KEPT), now] }));
      },
      event: (data) =>
        setLive((before) => ({ ...before, events: folded([data as KubernetesEvent, ...before.events]).slice(0, 50) })),
      change: (data) =>
        setLive((before) => ({
          ...before,
          changed: before.changed + 1,
          changes: [{ at: new Date().toISOString(), ...(data as Change) }, ...before.changes].slice(0, 50),
        })),
    }),
    [],
  );
  const set = useMemo(() => (state: StreamState) => setLive((before) => ({ ...before, state })), []);
  useStream(on ? own('live', { namespace }) : null, handlers, set);
  // A thousand objects that are applied at once are listed anew twice, and not a thousand times.
  const pending = live.changed !== live.version;
  useEffect(() => {
    if (!pending) return undefined;
    const timer = setTimeout(() => setLive((before) => ({ ...before, version: before.changed })), GATHER);
    return () => clearTimeout(timer);
  }, [pending]);
  return <Context value={live}>{children}</Context>;
}

/** One app, second by second. */
export function useLiveService(namespace: string, app: string): { service: Service | undefined; state: StreamState } {
  const [service, setService] = useState<Service>();
  const [state, setState] = useState<StreamState>('connecting');
  useEffect(() => setService(undefined), [namespace, app]);
  useStream(own('live', { namespace, app }), { service: (data) => setService(data as Service) }, setState);
  return { service, state };
}
