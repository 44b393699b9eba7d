/** What a new object begins as: the least that its kind needs, or what people want first. */

import type { Kind } from '../api/kinds';
import type { ApiObject } from '../api/types';
import { blank } from './form';

const APP = 'my-app';

/** Begun with by kind; every other kind begins with the fields that its schema requires. */
const SPECS: Record<string, object> = {
  TrafficLane: {
    selector: { app: 'gateway' },
    rules: { traffic: { http: { headers: { 'x-user': { exact: 'tester' } } } }, lane: { name: 'gray' } },
  },
  TrafficLabelRule: {
    selector: { app: 'gateway' },
    trafficLabel: 'gray',
    match: [{ type: 'header', key: 'x-user', condition: '==', value: 'tester' }],
  },
  FlowControl: {
    targets: [{ targetResourceName: 'GET:/orders/{id}' }],
    strategies: [{ rateLimit: { threshold: 100, statDuration: '1s', mode: 'simulate' } }],
  },
  FaultToleranceRule: {
    targets: [{ targetResourceName: 'GET:/orders/{id}' }],
    strategies: [{ name: 'my-strategy' }],
    mode: 'simulate',
  },
  RateLimitStrategy: { metricType: 'RequestAmount', limitMode: 'Local', threshold: 100, statDurationSeconds: 1 },
};

const BOUND = new Set(['FlowControl', 'FaultToleranceRule', 'RateLimit', 'CircuitBreaker', 'ConcurrencyLimit']);

export function fresh(kind: Kind, namespace: string, app: string | null): ApiObject {
  const spec = (SPECS[kind.kind] ?? blank(kind.schema.properties?.spec ?? { type: 'object' })) as Record<
    string,
    unknown
  >;
  const bound = app && 'selector' in spec ? { ...spec, selector: { app } } : spec;
  return {
    apiVersion: `${kind.group}/${kind.version}`,
    kind: kind.kind,
    metadata: {
      name: `my-${kind.kind.replace(/([a-z])([A-Z])/g, '$1-$2').toLowerCase()}`,
      namespace,
      ...(BOUND.has(kind.kind) ? { labels: { app: app ?? APP } } : {}),
    },
    spec: bound,
  };
}
