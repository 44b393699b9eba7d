import { Anchor, Badge, Card, Code, Grid, Group, SimpleGrid, Skeleton, Stack, Text, Title } from '@mantine/core';
import { IconPlugConnected } from '@tabler/icons-react';
import { lazy, Suspense, type ReactNode } from 'react';
import { Link } from 'wouter';
import { own } from '../api/client';
import { useLive, type Moment } from '../api/live';
import type { Change, KubernetesEvent, Overview as Told, Traffic } from '../api/types';
import { useAnswer } from '../api/use';
import { folded, timeOf } from '../events';
import { ago, rate, span } from '../figures';
import { Head } from '../parts/head';
import { ServicesTable } from '../parts/services-table';
import { Spark } from '../parts/spark';
import { Empty, Failed } from '../parts/states';
import { useWhere } from '../where';

const Chart = lazy(() => import('../parts/chart'));

export function Overview() {
  const { namespace, to } = useWhere();
  const live = useLive();
  const { data, error, reload } = useAnswer<Told>(own('overview', { namespace }), {
    every: 5000,
    version: live.version,
  });
  if (error && !data) return <Failed error={error} what="The overview" retry={reload} />;
  if (!data) return <Skeletons />;
  if (data.services === 0) return <FirstApp namespace={namespace} changes={data.changes} />;
  const moments = live.moments;
  const now = moments.at(-1);
  const partly = data.agents.total - data.agents.hooked;
  return (
    <Stack gap="md">
      <Head title="Overview">
        Revision {data.revision}, up for {span(data.uptime)}
      </Head>
      <SimpleGrid cols={{ base: 2, md: 4 }} spacing="sm">
        <Tile label="Requests/s" value={rate(now?.qps)} spark={moments.map((one) => one.qps)} />
        <Tile label="Errors/s" value={rate(now?.errors)} spark={moments.map((one) => one.errors)} colour="var(--bad)" />
        <Tile
          label="Rejected/s"
          value={rate(now?.rejected)}
          spark={moments.map((one) => one.rejected)}
          colour="var(--warn)"
        />
        <Tile
          label="Agents fully hooked"
          value={`${data.agents.hooked} of ${data.agents.total}`}
          note={partly ? `${partly} need a look` : 'all of them'}
          colour={partly ? 'var(--warn)' : undefined}
        />
        <Tile label="Services" value={data.services} link={to('services')} />
        <Tile
          label="Instances"
          value={data.instances}
          note={data.ready === data.instances ? 'all ready' : `${data.instances - data.ready} not ready`}
        />
        <Tile label="Lanes" value={data.lanes} link={to('lanes')} />
        <Tile label="Would be rejected/s" value={rate(now?.simulated)} note="rules in simulate mode" />
      </SimpleGrid>
      <Grid gap="sm">
        <Grid.Col span={{ base: 12, lg: 8 }}>
          <Card h="100%">
            <Title order={2} size="h5" mb="xs">
              Traffic of the last five minutes
            </Title>
            <Suspense fallback={<Skeleton h={200} />}>
              <Rates traffic={data.traffic} moments={moments} />
            </Suspense>
          </Card>
        </Grid.Col>
        <Grid.Col span={{ base: 12, lg: 4 }}>
          <Attention data={data} />
        </Grid.Col>
        <Grid.Col span={{ base: 12, lg: 8 }}>
          <Card h="100%">
            <Group justify="space-between" mb="xs">
              <Title order={2} size="h5">
                Busiest services
              </Title>
              <Anchor component={Link} href={to('services')} size="sm">
                All services
              </Anchor>
            </Group>
            {live.services ? <ServicesTable services={live.services} most={8} filter={false} /> : <Skeleton h={180} />}
          </Card>
        </Grid.Col>
        <Grid.Col span={{ base: 12, lg: 4 }}>
          <News changes={merged(live.changes, data.changes)} events={mergedEvents(live.events, data.events)} />
        </Grid.Col>
      </Grid>
    </Stack>
  );
}

type Point = { at: number } & Record<'qps' | 'errors' | 'rejected', number | null>;

const SPAN = 300;

/** What the server knows of the last minutes, and from the page's opening on each second. */
function Rates({ traffic, moments }: { traffic: Traffic; moments: Moment[] }) {
  const begun = moments[0]?.at ?? Infinity;
  const earlier: Point[] = traffic.qps
    .map((qps, i) => ({
      at: traffic.from + (i + 0.5) * traffic.step,
      qps,
      errors: traffic.errors[i] ?? null,
      rejected: traffic.rejected[i] ?? null,
    }))
    .filter((one) => one.at < begun);
  const since = (moments.at(-1)?.at ?? Date.now() / 1000) - SPAN;
  const points = [...earlier, ...moments].filter((one) => one.at >= since);
  return (
    <Chart
      label="Requests per second"
      times={points.map((one) => one.at)}
      format={rate}
      height={200}
      lines={[
        { label: 'Requests', colour: '#1ba6b8', values: points.map((one) => one.qps), fill: true },
        { label: 'Rejected', colour: '#f08c00', values: points.map((one) => one.rejected) },
        { label: 'Errors', colour: '#e03131', values: points.map((one) => one.errors) },
      ]}
    />
  );
}

interface TileProps {
  label: string;
  value: ReactNode;
  note?: string;
  spark?: number[];
  colour?: string;
  link?: string;
}

function Tile({ label, value, note, spark, colour, link }: TileProps) {
  const inside = (
    <Group justify="space-between" align="flex-end" wrap="nowrap" gap="xs">
      <div style={{ minWidth: 0 }}>
        <Text size="sm" c="dimmed">
          {label}
        </Text>
        <div className="tile-value">{value}</div>
        {note && (
          <Text size="xs" c={colour ?? 'dimmed'}>
            {note}
          </Text>
        )}
      </div>
      {spark && (
        <div className="mantine-visible-from-xs" style={{ flex: 'none' }}>
          <Spark values={spark.slice(-90)} colour={colour} width={72} />
        </div>
      )}
    </Group>
  );
  if (!link) return <Card py="sm">{inside}</Card>;
  return (
    <Card py="sm" component={Link} href={link} c="inherit" td="none">
      {inside}
    </Card>
  );
}

function Attention({ data }: { data: Told }) {
  const { service, to } = useWhere();
  const quiet = !data.broken.length && !data.rejected.length && !data.agents.partly.length;
  return (
    <Card h="100%">
      <Title order={2} size="h5" mb="xs">
        Needs a look
      </Title>
      {quiet && (
        <Text c="dimmed" size="sm">
          Nothing is broken, nothing is rejected, and every agent has hooked what its app uses.
        </Text>
      )}
      <Stack gap={10}>
        {data.broken.map((one) => (
          <Item
            key={`b${one.app}${one.interface}${one.rule}`}
            badge="open"
            colour="red"
            link={service(one.app, one.namespace)}
            title={`${one.app} · ${one.interface}`}
          >
            {one.rule} has been open since {ago(one.since)}
          </Item>
        ))}
        {data.rejected.map((one) => (
          <Item
            key={`r${one.app}${one.interface}${one.rule}`}
            badge={`${rate(one.perSecond)}/s`}
            colour="orange"
            link={service(one.app, one.namespace)}
            title={`${one.app} · ${one.interface}`}
          >
            rejected by {one.rule}
          </Item>
        ))}
        {data.agents.partly.map((one) => (
          <Item
            key={`p${one.app}${one.address}${one.library}`}
            badge="not hooked"
            colour="yellow"
            link={service(one.app, one.namespace)}
            title={`${one.app} · ${one.library}`}
          >
            {one.reason} ({one.address})
          </Item>
        ))}
      </Stack>
      {data.rejected.length > 0 && (
        <Anchor component={Link} href={to('rules')} size="sm" mt="sm">
          All rules
        </Anchor>
      )}
    </Card>
  );
}

function Item({
  badge,
  colour,
  title,
  link,
  children,
}: {
  badge: string;
  colour: string;
  title: string;
  link: string;
  children: ReactNode;
}) {
  return (
    <Group justify="space-between" wrap="nowrap" align="flex-start" gap="xs">
      <div style={{ minWidth: 0 }}>
        <Link href={link} className="plain-link clip" style={{ display: 'block', fontSize: 14 }}>
          {title}
        </Link>
        <Text size="xs" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
          {children}
        </Text>
      </div>
      <Badge color={colour} style={{ flex: 'none' }} autoContrast>
        {badge}
      </Badge>
    </Group>
  );
}

const SAID: Record<string, string> = { modified: 'changed' };

function News({ changes, events }: { changes: Change[]; events: KubernetesEvent[] }) {
  return (
    <Card h="100%">
      <Title order={2} size="h5" mb="xs">
        What changed
      </Title>
      {changes.length === 0 && events.length === 0 && (
        <Text c="dimmed" size="sm">
          Nothing yet.
        </Text>
      )}
      <Stack gap={8}>
        {changes.slice(0, 6).map((one, i) => (
          <div key={i}>
            <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
              {one.kind} <b>{one.name}</b> {SAID[one.type.toLowerCase()] ?? one.type.toLowerCase()}
              {one.who ? ` by ${one.who}` : ''}
            </Text>
            <Text size="xs" c="dimmed">
              {ago(one.at)}
            </Text>
          </div>
        ))}
        {events.slice(0, 8).map((one, i) => (
          <div key={`e${i}`}>
            <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
              <Text span fw={600} c={one.type === 'Warning' ? 'var(--warn)' : undefined}>
                {one.reason}
              </Text>{' '}
              {one.message ?? one.note}
            </Text>
            <Text size="xs" c="dimmed">
              {(one.regarding ?? one.involvedObject)?.name} {ago(timeOf(one))}
            </Text>
          </div>
        ))}
      </Stack>
    </Card>
  );
}

function merged(live: Change[], told: Change[]): Change[] {
  return told.length ? told : live;
}

function mergedEvents(live: KubernetesEvent[], told: KubernetesEvent[]): KubernetesEvent[] {
  const seen = new Set(live.map((one) => one.metadata?.name));
  const all = [...live, ...told.filter((one) => !one.metadata?.name || !seen.has(one.metadata.name))];
  return folded(all).sort((a, b) => timeOf(b).localeCompare(timeOf(a)));
}

function FirstApp({ namespace, changes }: { namespace: string; changes: Change[] }) {
  const within = namespace === 'default' || namespace === '*' ? '' : `FAIRLEAD_NAMESPACE=${namespace} `;
  const settings = `${within}FAIRLEAD_APP=shop FAIRLEAD_CONTROL=${location.origin}`;
  const command = `${settings} fairlead run -- python app.py

fairlead go build -o shop .
${settings} ./shop`;
  return (
    <Stack>
      <Head title="Overview" />
      <Empty title="No service has reported here yet" icon={<IconPlugConnected />} command={command}>
        Start an application in Python below <Code>fairlead run</Code>, or build one in Go by{' '}
        <Code>fairlead go build</Code>: no line of it has to change. It shows up here within seconds. Rules may be
        written before; they hold as soon as their app is there.
      </Empty>
      {changes.length > 0 && <News changes={changes} events={[]} />}
    </Stack>
  );
}

function Skeletons() {
  return (
    <Stack>
      <Head title="Overview" />
      <SimpleGrid cols={{ base: 2, md: 4 }}>
        {Array.from({ length: 8 }, (_, i) => (
          <Skeleton key={i} h={84} />
        ))}
      </SimpleGrid>
      <Skeleton h={240} />
    </Stack>
  );
}
