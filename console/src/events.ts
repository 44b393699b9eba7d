/** Events of Kubernetes, and refusals in their form. */

import type { KubernetesEvent } from './api/types';

const TURNED = /turned \d+ calls? away/;

export function timeOf(one: KubernetesEvent): string {
  return one.eventTime ?? one.lastTimestamp ?? one.deprecatedLastTimestamp ?? one.metadata?.creationTimestamp ?? '';
}

function keyOf(one: KubernetesEvent): string {
  const of = one.regarding ?? one.involvedObject;
  const text = (one.message ?? one.note ?? '').replace(TURNED, 'turned away');
  return one.metadata?.name ?? `${one.reason} ${of?.namespace} ${of?.kind}/${of?.name} ${text}`;
}

/** The newest of each event first; a refusal is told each second, and is one line with all calls that it was of. */
export function folded(events: KubernetesEvent[]): KubernetesEvent[] {
  const found = new Map<string, KubernetesEvent>();
  for (const one of events) {
    const key = keyOf(one);
    const first = found.get(key);
    if (!first) found.set(key, one);
    else if (!one.metadata?.name) {
      const count = (first.count ?? 1) + (one.count ?? 1);
      const message = first.message?.replace(TURNED, `turned ${count} calls away`);
      found.set(key, { ...first, count, message });
    }
  }
  return [...found.values()];
}
