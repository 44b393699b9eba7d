/** What a rule turns away, or would, of all that comes to the interfaces that it guards. */

import { Badge, Card, Group, Skeleton, Text } from '@mantine/core';
import { lazy, Suspense, useEffect, useMemo, useState } from 'react';
import { own } from '../api/client';
import { useLiveService } from '../api/live';
import type { InterfaceRow, Series, SeriesAnswer } from '../api/types';
import { useAnswer } from '../api/use';
import { rate } from '../figures';

const Chart = lazy(() => import('./chart'));

const KEPT = 300;

interface Moment {
  at: number;
  passed: number | null;
  rejected: number | null;
  simulated: number | null;
}

/** An interface on all its lanes: a rule's figures are of all of them, and so is what came. */
interface Guarded {
  name: string;
  lanes: number;
  passed: number;
  rejected: number;
  simulated: number;
}

function guarded(interfaces: InterfaceRow[], rule: string): Guarded[] {
  const own = (one: InterfaceRow) => one.rules.filter((each) => each.rule === rule);
  const keys = new Set(interfaces.filter((one) => own(one).length).map((one) => `${one.side} ${one.name}`));
  return [...keys].map((key) => {
    const rows = interfaces.filter((one) => `${one.side} ${one.name}` === key);
    const sum = (field: 'rejected' | 'simulated') => rows.flatMap(own).reduce((n, each) => n + each[field], 0);
    const passed = rows.reduce((n, one) => n + one.qps, 0);
    return { name: rows[0]!.name, lanes: rows.length, passed, rejected: sum('rejected'), simulated: sum('simulated') };
  });
}

export function RuleLive({
  app,
  namespace,
  rule,
  mode,
}: {
  app: string;
  namespace: string;
  rule: string;
  mode: string;
}) {
  const { service, state } = useLiveService(namespace, app);
  const [seen, setSeen] = useState<Moment[]>([]);
  const touched = useMemo(() => guarded(service?.interfaces ?? [], rule), [service, rule]);
  useEffect(() => {
    if (!service) return;
    const sum = (field: 'passed' | 'rejected' | 'simulated') => touched.reduce((n, one) => n + one[field], 0);
    const now = { passed: sum('passed'), rejected: sum('rejected'), simulated: sum('simulated') };
    setSeen((before) => [...before.slice(1 - KEPT), { at: Date.now() / 1000, ...now }]);
  }, [service, touched]);
  const moments = useHistory(namespace, app, rule, seen);
  const lines = [
    { label: 'Requests', colour: '#1ba6b8', values: moments.map((one) => one.passed), fill: true },
    ...(mode === 'simulate'
      ? []
      : [{ label: 'Rejected', colour: '#f08c00', values: moments.map((one) => one.rejected), fill: true }]),
    { label: 'Would be rejected', colour: '#9775fa', values: moments.map((one) => one.simulated), fill: true },
  ];
  return (
    <Card>
      <Group justify="space-between" mb="xs">
        <Text size="sm" c="dimmed">
          {mode === 'simulate'
            ? 'In simulate mode everything passes, and what would be rejected is counted.'
            : 'What the rule turns away at the interfaces that it guards.'}{' '}
          All lanes together.
        </Text>
        <Badge color={state === 'live' ? 'green' : 'red'} autoContrast>
          {state === 'live' ? 'each second' : 'not live'}
        </Badge>
      </Group>
      <Suspense fallback={<Skeleton h={260} />}>
        <Chart
          label={`What ${rule} rejects`}
          height={260}
          times={moments.map((one) => one.at)}
          format={rate}
          lines={lines}
        />
      </Suspense>
      {touched.length === 0 && (
        <Text size="sm" c="dimmed" mt="sm">
          Nothing was turned away in the last moments. A line appears with the first request over the limit.
        </Text>
      )}
      {touched.map((one) => (
        <Group key={one.name} justify="space-between" mt="xs">
          <span className="mono">{one.name}</span>
          <Text size="sm" className="number">
            {one.lanes > 1 && `${one.lanes} lanes: `}
            {rate(one.passed)}/s, rejected {rate(one.rejected)}/s, would be {rate(one.simulated)}/s
          </Text>
        </Group>
      ))}
    </Card>
  );
}

/** Seconds after which the past is asked for anew: until then the last reports have come. */
const AGAIN = 10;

/** Seconds between its points. */
const STEP = 10;

/** What was seen since the page was opened, begun with what the server knows of before. */
function useHistory(namespace: string, app: string, rule: string, seen: Moment[]): Moment[] {
  const every = AGAIN * 1000;
  const times = { namespace, app, from: -KEPT, step: STEP };
  const turned = useAnswer<SeriesAnswer>(own('series', { ...times, of: 'rule', rule, metric: 'rejected,simulated' }), {
    every,
  });
  const names = new Set(turned.data?.series.map((one) => one.labels.interface));
  const [one] = names;
  const came = useAnswer<SeriesAnswer>(
    one === undefined
      ? null
      : own('series', {
          ...times,
          of: 'interface',
          interface: names.size > 1 ? '*' : one,
          metric: 'passed,rejected',
        }),
    { every },
  );
  if (!turned.data || !came.data) return seen;
  const begun = seen[0]?.at ?? Infinity;
  const calls = pointsOf(
    came.data.series.filter((one) => names.has(one.labels.interface!)),
    ['passed', 'rejected'],
  );
  const shift = Math.round((turned.data.from - came.data.from) / STEP);
  const rejected = pointsOf(turned.data.series, ['rejected']);
  const earlier = pointsOf(turned.data.series, ['simulated']).map((simulated, i) => ({
    at: turned.data!.from + (i + 0.5) * STEP,
    passed: calls[i + shift] ?? null,
    rejected: rejected[i] ?? null,
    simulated,
  }));
  // The last points are unknown until all reports have come: the line goes on with what was seen.
  const known = earlier.filter((one) => one.at < begun);
  while (known.length && known.at(-1)!.passed === null) known.pop();
  return [...known, ...seen].filter((one) => one.at > (seen.at(-1)?.at ?? Date.now() / 1000) - KEPT);
}

/** All series together, point by point; null where nothing is known. */
function pointsOf(series: Series[], fields: ('passed' | 'rejected' | 'simulated')[]): (number | null)[] {
  const arrays = series.flatMap((one) => fields.map((field) => one[field] ?? []));
  return Array.from({ length: Math.max(0, ...arrays.map((one) => one.length)) }, (_, i) => {
    const known = arrays.map((one) => one[i]).filter((value) => value !== null && value !== undefined);
    return known.length ? known.reduce((a, b) => a + b, 0) : null;
  });
}
