/** From what was observed to what is drawn: one line for each pair of apps and label. */

import { useEffect, useMemo, useRef, useState } from 'react';
import type { Topology, TopologyEdge } from '../../api/types';
import type { Places, Question } from './layout.worker';

export interface Call {
  id: string;
  from: string;
  to: string;
  /** By label of the request: base first, then the busiest. */
  flows: Flow[];
  qps: number;
}

export interface Flow {
  label: string;
  qps: number;
  errors: number;
  p99: number | null;
  /** Calls of a lane that base served, because the callee is not on the lane. */
  fallbacks: number;
  /** Calls that were sent without the label that their request had. */
  lost: number;
  lanes: string[];
}

/** What a node is known by: an app's name is its namespace's. */
export function nodeId(namespace: string, app: string): string {
  return `${namespace}/${app}`;
}

export function appOf(id: string): string {
  return id.slice(id.indexOf('/') + 1);
}

export function namespaceOfNode(id: string): string {
  return id.slice(0, id.indexOf('/'));
}

/** Edges by pair; a label that several lanes served is one flow. */
export function callsOf(edges: TopologyEdge[]): Call[] {
  const calls = new Map<string, Call>();
  for (const edge of edges) {
    const [from, to] = [nodeId(edge.fromNamespace, edge.from), nodeId(edge.toNamespace, edge.to)];
    const id = `${from}~${to}`;
    const call = calls.get(id) ?? { id, from, to, flows: [], qps: 0 };
    calls.set(id, call);
    call.qps += edge.qps;
    const flow = call.flows.find((one) => one.label === edge.label);
    if (flow) {
      flow.qps += edge.qps;
      flow.errors += edge.errors;
      flow.fallbacks += edge.fallbacks;
      flow.lost += edge.lost;
      flow.p99 = Math.max(flow.p99 ?? 0, edge.p99 ?? 0);
      flow.lanes.push(edge.lane);
    } else {
      const { label, qps, errors, p99, fallbacks, lost, lane } = edge;
      call.flows.push({ label, qps, errors, p99, fallbacks, lost, lanes: [lane] });
    }
  }
  for (const call of calls.values())
    call.flows.sort((a, b) => Number(a.label !== '') - Number(b.label !== '') || b.qps - a.qps);
  return [...calls.values()];
}

/** Apps in the order in which the layout takes them; those that are called and never reported among them. */
export function appsOf(topology: Topology): string[] {
  return topology.nodes.map((one) => nodeId(one.namespace, one.app)).sort();
}

/** Where each app is drawn; asked of a worker when apps or calls come and go, never for their rates. */
export function usePlaces(apps: string[], calls: Call[], upright: boolean): Places['at'] | undefined {
  const worker = useRef<Worker>(undefined);
  const [places, setPlaces] = useState<Places>();
  const key = useMemo(
    () =>
      `${upright}${apps.join(' ')}|${calls
        .map((one) => one.id)
        .sort()
        .join(' ')}`,
    [apps, calls, upright],
  );
  useEffect(() => {
    const made = new Worker(new URL('./layout.worker.ts', import.meta.url), { type: 'module' });
    made.onmessage = ({ data }: MessageEvent<Places>) => setPlaces(data);
    worker.current = made;
    return () => made.terminate();
  }, []);
  useEffect(() => {
    if (apps.length === 0) return;
    const question: Question = { key, nodes: apps, edges: calls.map((one) => [one.from, one.to]), upright };
    worker.current?.postMessage(question);
    // The key says all that the layout depends on.
    // eslint-disable-next-line
  }, [key]);
  return places?.at;
}
