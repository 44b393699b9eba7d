/** What the server knows that may stand in a field: apps, and what is asked of the app that a rule is about. */

import { useCallback, useMemo } from 'react';
import { own } from '../api/client';
import { useLive } from '../api/live';
import type { ApiObject, Service } from '../api/types';
import { useAnswer } from '../api/use';
import { appOf } from './about';
import type { Path } from './paths';

/** Fields that name an app. */
const APPS = new Set(['app', 'host']);

export function useSuggested(namespace: string, value: ApiObject | null): (path: Path) => string[] | undefined {
  const { services } = useLive();
  const apps = useMemo(() => (services ?? []).map((one) => one.app).sort(), [services]);
  const names = apps.join(' ');
  const app = (value && appOf(value)) || '';
  const known = apps.includes(app) ? own('service', { namespace, app }) : null;
  const { data } = useAnswer<Service>(known);
  return useCallback(
    (path: Path) => {
      const field = path.at(-1);
      if (field === 'targetResourceName') return [...new Set(data?.interfaces.map((one) => one.name))].sort();
      return APPS.has(String(field)) ? apps : undefined;
    },
    // eslint-disable-next-line
    [names, data],
  );
}
