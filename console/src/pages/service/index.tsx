import {
  Alert,
  Anchor,
  Badge,
  Card,
  Group,
  SegmentedControl,
  SimpleGrid,
  Skeleton,
  Stack,
  Table,
  Tabs,
  Text,
  Title,
} from '@mantine/core';
import { lazy, Suspense, useMemo, useState } from 'react';
import { Link, useParams, useSearchParams } from 'wouter';
import { own } from '../../api/client';
import { useLiveService } from '../../api/live';
import type { InterfaceRow, RuleCount, Service as Told, SeriesAnswer } from '../../api/types';
import { useAnswer } from '../../api/use';
import { duration, few, masked, rate } from '../../figures';
import { Hooks, Instances } from './instances';
import { Head } from '../../parts/head';
import { LaneBadge } from '../../parts/lane';
import { Figure } from '../../parts/services-table';
import { Empty, Failed } from '../../parts/states';
import { ALL, useWhere } from '../../where';

const Contracts = lazy(() => import('./contracts').then((all) => ({ default: all.Contracts })));
const Statements = lazy(() => import('./statements'));
const Chart = lazy(() => import('../../parts/chart'));

const RANGES = [
  { value: '300', label: '5 min' },
  { value: '3600', label: '1 h' },
  { value: '86400', label: '1 d' },
  { value: '604800', label: '7 d' },
];

export default function Service() {
  const { app = '' } = useParams<{ app: string }>();
  const { namespace, service: address } = useWhere();
  const within = namespace === ALL ? 'default' : namespace;
  const { service, state } = useLiveService(within, app);
  const asked = useAnswer<Told>(service ? null : own('service', { namespace: within, app }));
  const told = service ?? asked.data;
  const [query, setQuery] = useSearchParams();
  const tab = query.get('tab') ?? 'interfaces';
  if (!told && asked.error) return <Failed error={asked.error} what={`Service ${app}`} retry={asked.reload} />;
  return (
    <Stack gap="md">
      <Head title={app}>
        {told ? (
          <Group gap={6}>
            <Neighbours label="called by" apps={told.callers} to={address} />
            <Neighbours label="calls" apps={told.callees} to={address} />
            {state === 'away' && <Badge color="red">not live</Badge>}
          </Group>
        ) : (
          'Asking…'
        )}
      </Head>
      <Charts namespace={within} app={app} />
      <Tabs
        value={tab}
        onChange={(value) => setQuery({ tab: value ?? 'interfaces' }, { replace: true })}
        keepMounted={false}
      >
        <Tabs.List mb="sm">
          <Tabs.Tab value="interfaces">Interfaces</Tabs.Tab>
          <Tabs.Tab value="instances">Instances {told ? `(${told.instances.length})` : ''}</Tabs.Tab>
          <Tabs.Tab value="sql">SQL</Tabs.Tab>
          <Tabs.Tab value="hooks">Hooks</Tabs.Tab>
          <Tabs.Tab value="contracts">Contracts</Tabs.Tab>
        </Tabs.List>
        {!told && <Skeleton h={240} />}
        {told && (
          <>
            <Tabs.Panel value="interfaces">
              <Interfaces interfaces={told.interfaces} />
            </Tabs.Panel>
            <Tabs.Panel value="instances">
              <Instances instances={told.instances} />
            </Tabs.Panel>
            <Tabs.Panel value="sql">
              <Suspense fallback={<Skeleton h={240} />}>
                <Statements namespace={within} app={app} />
              </Suspense>
            </Tabs.Panel>
            <Tabs.Panel value="contracts">
              <Suspense fallback={<Skeleton h={240} />}>
                <Contracts namespace={within} app={app} />
              </Suspense>
            </Tabs.Panel>
            <Tabs.Panel value="hooks">
              <Hooks instances={told.instances} />
            </Tabs.Panel>
          </>
        )}
      </Tabs>
    </Stack>
  );
}

function Neighbours({ label, apps, to }: { label: string; apps: Told['callers']; to: (app: string) => string }) {
  if (apps.length === 0) return null;
  const names = [...new Set(apps.map((one) => one.app))];
  return (
    <Text size="sm" c="dimmed" span>
      {label}{' '}
      {names.slice(0, 6).map((name, i) => (
        <span key={name}>
          {i > 0 && ', '}
          <Anchor component={Link} href={to(name)} size="sm" underline="always">
            {name}
          </Anchor>
        </span>
      ))}
      {names.length > 6 && ` and ${names.length - 6} more`}
    </Text>
  );
}

function Charts({ namespace, app }: { namespace: string; app: string }) {
  const [range, setRange] = useState('300');
  const path = own('series', { namespace, app, side: 'server', from: -Number(range), step: 0 });
  const { data } = useAnswer<SeriesAnswer>(path, { every: range === '300' ? 2000 : 15000 });
  const sums = useMemo(() => (data ? summed(data) : null), [data]);
  return (
    <Card>
      <Group justify="space-between" mb="xs">
        <Title order={2} size="h5">
          Requests served
        </Title>
        <SegmentedControl size="xs" data={RANGES} value={range} onChange={setRange} aria-label="Span of the charts" />
      </Group>
      {data?.problem && (
        <Alert color="orange" mb="xs" p="xs" title="The charts begin late">
          {data.problem}
        </Alert>
      )}
      <Suspense fallback={<Skeleton h={200} />}>
        {sums ? (
          <SimpleGrid cols={{ base: 1, md: 3 }} spacing="lg">
            <div>
              <Text size="sm" c="dimmed">
                Per second
              </Text>
              <Chart
                label="Requests per second"
                times={sums.times}
                format={rate}
                lines={[
                  { label: 'Passed', colour: '#1ba6b8', values: sums.passed, fill: true },
                  { label: 'Rejected', colour: '#f08c00', values: sums.rejected },
                  { label: 'Errors', colour: '#e03131', values: sums.errors },
                  { label: 'Would be rejected', colour: '#9775fa', values: sums.simulated },
                ]}
              />
            </div>
            <div>
              <Text size="sm" c="dimmed">
                Response time
              </Text>
              <Chart
                label="Response time"
                times={sums.times}
                format={duration}
                lines={[
                  { label: 'p99', colour: '#7048e8', values: sums.p99 },
                  { label: 'p50', colour: '#1ba6b8', values: sums.p50 },
                ]}
              />
            </div>
            <div>
              <Text size="sm" c="dimmed">
                Under way
              </Text>
              <Chart
                label="Requests under way"
                times={sums.times}
                format={few}
                least={1}
                lines={[{ label: 'On average', colour: '#1ba6b8', values: sums.concurrency, fill: true }]}
              />
            </div>
          </SimpleGrid>
        ) : (
          <Skeleton h={200} />
        )}
      </Suspense>
    </Card>
  );
}

type Values = (number | null)[];

/** All interfaces of a side together: rates add up, the slowest is what is told of times. */
function summed({ step, from, series }: SeriesAnswer) {
  const length = Math.max(0, ...series.map((one) => one.passed?.length ?? one.p99?.length ?? 0));
  const fold = (
    field: 'passed' | 'rejected' | 'errors' | 'simulated' | 'concurrency' | 'p50' | 'p99',
    how: (a: number, b: number) => number,
  ): Values =>
    Array.from({ length }, (_, i) => {
      let sum: number | null = null;
      for (const one of series) {
        const value = one[field]?.[i];
        if (value !== null && value !== undefined) sum = sum === null ? value : how(sum, value);
      }
      return sum;
    });
  const add = (a: number, b: number) => a + b;
  return {
    times: Array.from({ length }, (_, i) => from + i * step),
    passed: fold('passed', add),
    rejected: fold('rejected', add),
    errors: fold('errors', add),
    simulated: fold('simulated', add),
    concurrency: fold('concurrency', add),
    p50: fold('p50', Math.max),
    p99: fold('p99', Math.max),
  };
}

/** Rules of an interface: what they turn away is known of all its lanes together, and said at each. */
function rulesAt(row: InterfaceRow, all: InterfaceRow[]): (RuleCount & { everywhere: boolean })[] {
  const lanes = all.filter((one) => one.name === row.name && one.side === row.side);
  return lanes.flatMap((one) => one.rules.map((rule) => ({ ...rule, everywhere: lanes.length > 1 })));
}

const SIDES: Record<string, string> = { server: 'Serves', client: 'Calls', sql: 'SQL', function: 'Functions' };

function Interfaces({ interfaces }: { interfaces: InterfaceRow[] }) {
  const { to } = useWhere();
  if (interfaces.length === 0) {
    return (
      <Empty title="Nothing is known that was asked of it">
        An interface shows up with its first request, and stays while an instance reports. Unknown paths are told
        together, as 404.
      </Empty>
    );
  }
  const sides = Object.keys(SIDES).filter((side) => interfaces.some((one) => one.side === side));
  return (
    <Stack>
      {sides.map((side) => (
        <Card key={side}>
          <Title order={2} size="h5" mb="xs">
            {SIDES[side]}
          </Title>
          <div className="scroll-x" tabIndex={0} role="region" aria-label={SIDES[side]}>
            <Table>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>Interface</Table.Th>
                  <Table.Th>Lane</Table.Th>
                  <Table.Th ta="right">Requests/s</Table.Th>
                  <Table.Th ta="right">Errors/s</Table.Th>
                  <Table.Th ta="right">Rejected/s</Table.Th>
                  <Table.Th ta="right">p50</Table.Th>
                  <Table.Th ta="right">p95</Table.Th>
                  <Table.Th ta="right">p99</Table.Th>
                  <Table.Th ta="right">Under way</Table.Th>
                  <Table.Th>Rules</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {interfaces
                  .filter((one) => one.side === side)
                  .sort((a, b) => b.qps - a.qps)
                  .map((one) => (
                    <Table.Tr key={`${one.name} ${one.lane}`}>
                      <Table.Td maw={420}>
                        <div className="mono clip" title={masked(one.name)}>
                          {masked(one.name)}
                        </div>
                      </Table.Td>
                      <Table.Td>
                        <LaneBadge lane={one.lane} />
                      </Table.Td>
                      <Table.Td ta="right" className="number">
                        {rate(one.qps)}
                      </Table.Td>
                      <Figure value={one.errors} colour="var(--bad)" />
                      <Figure value={one.rejected} colour="var(--warn)" />
                      <Table.Td ta="right" className="number">
                        {duration(one.rt.p50)}
                      </Table.Td>
                      <Table.Td ta="right" className="number">
                        {duration(one.rt.p95)}
                      </Table.Td>
                      <Table.Td ta="right" className="number">
                        {duration(one.rt.p99)}
                      </Table.Td>
                      <Table.Td ta="right" className="number">
                        {one.inflight}
                      </Table.Td>
                      <Table.Td>
                        <Stack gap={2}>
                          {rulesAt(one, interfaces).map((rule) => (
                            <Group key={`${rule.rule} ${rule.reason}`} gap={6} wrap="nowrap">
                              <Anchor
                                component={Link}
                                size="xs"
                                href={`${to('rules')}?q=${encodeURIComponent(rule.rule.split('/').at(-1) ?? '')}`}
                              >
                                {rule.rule}
                              </Anchor>
                              {rule.rejected > 0 && (
                                <Badge size="sm" color="orange" autoContrast>
                                  {rate(rule.rejected)}/s
                                </Badge>
                              )}
                              {rule.simulated > 0 && (
                                <Badge size="sm" color="violet">
                                  would: {rate(rule.simulated)}/s
                                </Badge>
                              )}
                              {rule.everywhere && rule.rejected + rule.simulated > 0 && (
                                <Text size="xs" c="dimmed" style={{ whiteSpace: 'nowrap' }}>
                                  all lanes
                                </Text>
                              )}
                            </Group>
                          ))}
                        </Stack>
                      </Table.Td>
                    </Table.Tr>
                  ))}
              </Table.Tbody>
            </Table>
          </div>
        </Card>
      ))}
    </Stack>
  );
}
