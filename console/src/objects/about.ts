/** What is told of an object in a list. */

import type { ApiObject } from '../api/types';

/** The app that a rule is bound to; a label wins over the selector. */
export function appOf(object: ApiObject): string {
  return (
    object.metadata.labels?.app ?? (object.spec as { selector?: { app?: string } } | undefined)?.selector?.app ?? ''
  );
}

interface Spec {
  targets?: { targetResourceName?: string }[];
  trafficLabel?: string;
  workloadLabels?: string[];
  lane?: { name?: string };
  rules?: { lane?: { name?: string } };
  threshold?: number;
  mode?: unknown;
  strategies?: Record<string, { mode?: unknown }>[];
}

/** What an object is about, in few letters. */
export function about(object: ApiObject): string {
  const spec = (object.spec ?? {}) as Spec;
  if (Array.isArray(spec.targets)) return spec.targets.map((one) => one?.targetResourceName ?? '').join(', ');
  const lane = spec.trafficLabel ?? spec.rules?.lane?.name ?? spec.lane?.name;
  if (lane) return `lane ${lane}`;
  if (Array.isArray(spec.workloadLabels)) return spec.workloadLabels.join(', ');
  if (spec.threshold !== undefined) return `threshold ${spec.threshold}`;
  return '';
}

/** The mode that an object is in, where it says so: its own, or one of its strategies' that rejects nothing. */
export function modeOf(object: ApiObject): string {
  const spec = (object.spec ?? {}) as Spec;
  const word = (mode: unknown) =>
    mode === false ? 'off' : mode === true ? 'on' : typeof mode === 'string' ? mode : '';
  if (spec.mode !== undefined) return word(spec.mode);
  const inner = Array.isArray(spec.strategies)
    ? spec.strategies.flatMap((one) =>
        one && typeof one === 'object' ? Object.values(one).map((each) => word(each?.mode)) : [],
      )
    : [];
  return inner.includes('simulate') ? 'simulate' : '';
}
