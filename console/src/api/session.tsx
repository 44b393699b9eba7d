import { createContext, useCallback, useContext, useEffect, useMemo, useState, type ReactNode } from 'react';
import { ApiError, ask, SESSION, useToken as keepToken, whenSignedOut } from './client';

interface Grant {
  role: string;
  namespace: string;
}

interface Told {
  auth: boolean;
  name: string;
  grants: Grant[];
  csrf: string;
}

type Ability = 'view' | 'edit' | 'admin';
/** Milliseconds until a server that did not answer is asked again. */
const AGAIN = 3000;

const RANK: Record<string, number> = { view: 1, edit: 2, admin: 3 };

export interface Session {
  state: 'asking' | 'open' | 'in' | 'out' | 'away';
  name: string;
  grants: Grant[];
  /** Whether the role allows it; the server decides anyway. */
  may: (what: Ability, namespace: string) => boolean;
  signIn: (token: string) => Promise<void>;
  signOut: () => Promise<void>;
  retry: () => void;
}

const Context = createContext<Session | null>(null);

export function useSession(): Session {
  const found = useContext(Context);
  if (!found) throw new Error('no session above');
  return found;
}

export function SessionProvider({ children }: { children: ReactNode }) {
  const [told, setTold] = useState<Told | 'away' | null>(null);
  const [round, setRound] = useState(0);

  useEffect(() => {
    let alive = true;
    ask<Told>(SESSION).then(
      (answer) => {
        if (!alive) return;
        keepToken(answer.csrf);
        setTold(answer);
      },
      (error: unknown) => {
        if (!alive) return;
        // A control plane without sessions is one that asks for no token.
        if (error instanceof ApiError && error.status === 404) setTold({ auth: false, name: '', grants: [], csrf: '' });
        // Who was signed in stays so: the server may only be restarting.
        else setTold((before) => before ?? 'away');
      },
    );
    return () => {
      alive = false;
    };
  }, [round]);

  const away = told === 'away';
  useEffect(() => {
    if (!away) return undefined;
    const timer = setInterval(() => setRound((n) => n + 1), AGAIN);
    return () => clearInterval(timer);
  }, [away]);

  useEffect(() => whenSignedOut(() => setTold({ auth: true, name: '', grants: [], csrf: '' })), []);

  const signIn = useCallback(async (token: string) => {
    const answer = await ask<Told>(SESSION, { method: 'POST', body: { token } });
    keepToken(answer.csrf);
    setTold(answer);
  }, []);
  const signOut = useCallback(async () => {
    await ask(SESSION, { method: 'DELETE' });
    keepToken('');
    setTold({ auth: true, name: '', grants: [], csrf: '' });
  }, []);
  const retry = useCallback(() => setRound((n) => n + 1), []);

  const session = useMemo<Session>(() => {
    const open = told !== null && told !== 'away' && !told.auth;
    const grants = told !== null && told !== 'away' ? told.grants : [];
    const state = told === null ? 'asking' : told === 'away' ? 'away' : open ? 'open' : told.name ? 'in' : 'out';
    const may = (what: Ability, namespace: string) =>
      open ||
      grants.some(
        (one) => (RANK[one.role] ?? 0) >= RANK[what]! && (one.namespace === '*' || one.namespace === namespace),
      );
    return { state, name: told && told !== 'away' ? told.name : '', grants, may, signIn, signOut, retry };
  }, [told, signIn, signOut, retry]);

  return <Context value={session}>{children}</Context>;
}
