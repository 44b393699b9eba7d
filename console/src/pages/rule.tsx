import { Alert, Anchor, Badge, Button, Card, Group, Modal, Skeleton, Stack, Tabs, Text } from '@mantine/core';
import { lazy, Suspense, useEffect, useMemo, useState } from 'react';
import { Link, useParams, useSearchParams } from 'wouter';
import { ApiError, ask, own } from '../api/client';
import { objectPath, useKinds, type Kind } from '../api/kinds';
import { useLive, useLiveService } from '../api/live';
import { useSession } from '../api/session';
import type { ApiObject, SeriesAnswer } from '../api/types';
import { useAnswer } from '../api/use';
import { rate } from '../figures';
import { appOf, modeOf } from '../objects/about';
import { fresh } from '../objects/fresh';
import { History } from '../objects/history';
import { ObjectEditor } from '../objects/object-editor';
import { Rollout, Standing } from '../objects/standing';
import { Head } from '../parts/head';
import { Failed, Problem, Violations } from '../parts/states';
import { ALL, useWhere } from '../where';

const Chart = lazy(() => import('../parts/chart'));

export default function Rule() {
  const { plural = '', name = '' } = useParams<{ plural: string; name: string }>();
  const { namespace } = useWhere();
  const [query] = useSearchParams();
  const within = query.get('namespace') ?? (namespace === ALL ? 'default' : namespace);
  const { kinds, error } = useKinds();
  const kind = kinds?.find((one) => one.plural === plural);
  if (error) return <Failed error={error} what="The kinds" />;
  if (!kinds) return <Skeleton h={320} />;
  if (!kind) return <Problem title={`There is no kind called ${plural}`}>Choose one on the page of the rules.</Problem>;
  return name === '_new' ? (
    <New kind={kind} namespace={within} />
  ) : (
    <Existing kind={kind} namespace={within} name={name} />
  );
}

function New({ kind, namespace }: { kind: Kind; namespace: string }) {
  const { to, go } = useWhere();
  const { may } = useSession();
  const [query] = useSearchParams();
  const app = query.get('app');
  const object = useMemo(() => fresh(kind, namespace, app), [kind, namespace, app]);
  return (
    <>
      <Head title={`New ${kind.kind}`}>{kind.schema.description}</Head>
      <ObjectEditor
        kind={kind}
        namespace={namespace}
        object={object}
        locked={may('edit', namespace) ? '' : `Your role may not write in ${namespace}.`}
        onSaved={(saved) => go(`${to('rules', kind.plural, saved.metadata.name)}?tab=rollout`)}
      />
    </>
  );
}

function Existing({ kind, namespace, name }: { kind: Kind; namespace: string; name: string }) {
  const { to, go, service } = useWhere();
  const { version } = useLive();
  const { may } = useSession();
  const [query, setQuery] = useSearchParams();
  const [round, setRound] = useState(0);
  const { data, error, reload } = useAnswer<ApiObject>(objectPath(kind, namespace, name), {
    version: version + round,
    every: 4000,
  });
  const [deleting, setDeleting] = useState(false);
  if (error && !data) return <Failed error={error} what={`${kind.kind} ${name}`} retry={reload} />;
  if (!data) return <Skeleton h={320} />;
  const locked = may('edit', namespace) ? '' : `Your role may read ${kind.kind}s here, and not write them.`;
  const app = appOf(data);
  const mode = modeOf(data);
  const tab = query.get('tab') ?? 'edit';
  const saved = () => setRound((n) => n + 1);
  return (
    <Stack gap="md">
      <Head
        title={name}
        actions={
          <Button variant="default" c="var(--bad)" onClick={() => setDeleting(true)} disabled={locked !== ''}>
            Delete
          </Button>
        }
      >
        <Group gap="xs">
          <span>{kind.kind}</span>
          {app && (
            <Anchor component={Link} size="sm" href={service(app)}>
              {app}
            </Anchor>
          )}
          <Standing object={data} />
          {mode === 'simulate' && <Badge color="violet">simulate: it rejects nothing</Badge>}
        </Group>
      </Head>
      <Tabs
        value={tab}
        onChange={(next) =>
          setQuery(
            (before) => {
              const all = new URLSearchParams(before);
              all.set('tab', next ?? 'edit');
              return all;
            },
            { replace: true },
          )
        }
        keepMounted={false}
      >
        <Tabs.List mb="sm">
          <Tabs.Tab value="edit">Rule</Tabs.Tab>
          <Tabs.Tab value="live">Live</Tabs.Tab>
          <Tabs.Tab value="rollout">Rollout {data.status?.live ? `(${data.status.live})` : ''}</Tabs.Tab>
          <Tabs.Tab value="history">History</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="edit">
          <ObjectEditor kind={kind} namespace={namespace} object={data} locked={locked} onSaved={saved} />
        </Tabs.Panel>
        <Tabs.Panel value="live">
          {app ? (
            <Live app={app} namespace={namespace} rule={`${kind.kind}/${name}`} mode={mode} />
          ) : (
            <NoApp kind={kind} to={to} />
          )}
        </Tabs.Panel>
        <Tabs.Panel value="rollout">
          <Rollout object={data} namespace={namespace} />
        </Tabs.Panel>
        <Tabs.Panel value="history">
          <History kind={kind} object={data} namespace={namespace} locked={locked} onSaved={saved} />
        </Tabs.Panel>
      </Tabs>
      {deleting && (
        <Delete
          kind={kind}
          namespace={namespace}
          name={name}
          close={() => setDeleting(false)}
          gone={() => go(to('rules'))}
        />
      )}
    </Stack>
  );
}

function NoApp({ kind, to }: { kind: Kind; to: (page: string) => string }) {
  return (
    <Alert color="gray" title="It counts nothing by itself">
      A {kind.kind} is bound to no app: what it rejects is counted at the rule that names it. See{' '}
      <Link href={to('rules')}>the rules</Link>.
    </Alert>
  );
}

const KEPT = 300;

/** What the rule turns away, or would, second by second since the page was opened. */
function Live({ app, namespace, rule, mode }: { app: string; namespace: string; rule: string; mode: string }) {
  const { service, state } = useLiveService(namespace, app);
  const [moments, setMoments] = useState<Moment[]>([]);
  useEffect(() => {
    if (!service) return;
    const touched = service.interfaces.filter((one) => one.rules.some((each) => each.rule === rule));
    const sum = (field: 'rejected' | 'simulated') =>
      touched.flatMap((one) => one.rules).reduce((n, each) => n + (each.rule === rule ? each[field] : 0), 0);
    const now = {
      at: Date.now() / 1000,
      passed: touched.reduce((n, one) => n + one.qps, 0),
      rejected: sum('rejected'),
      simulated: sum('simulated'),
    };
    setMoments((before) => [...before.slice(1 - KEPT), now]);
  }, [service, rule]);
  useBackfill(namespace, app, rule, setMoments);
  const touched = (service?.interfaces ?? []).filter((one) => one.rules.some((each) => each.rule === rule));
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
            : 'What the rule turns away at the interfaces that it guards.'}
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
        <Group key={`${one.name} ${one.lane}`} justify="space-between" mt="xs">
          <span className="mono">{one.name}</span>
          <Text size="sm" className="number">
            {rate(one.qps)}/s, rejected{' '}
            {rate(one.rules.reduce((n, each) => n + (each.rule === rule ? each.rejected : 0), 0))}/s, would be{' '}
            {rate(one.rules.reduce((n, each) => n + (each.rule === rule ? each.simulated : 0), 0))}/s
          </Text>
        </Group>
      ))}
    </Card>
  );
}

interface Moment {
  at: number;
  passed: number | null;
  rejected: number | null;
  simulated: number | null;
}

/** Begin the graph with what is known of the last minutes. */
function useBackfill(
  namespace: string,
  app: string,
  rule: string,
  set: (change: (before: Moment[]) => Moment[]) => void,
): void {
  const { data } = useAnswer<SeriesAnswer>(
    own('series', { namespace, app, of: 'rule', rule, from: -KEPT, metric: 'rejected,simulated' }),
  );
  useEffect(() => {
    if (!data?.series.length) return;
    const sum = (field: 'rejected' | 'simulated', i: number) => {
      const known = data.series.map((one) => one[field]?.[i]).filter((value) => value !== null && value !== undefined);
      return known.length ? known.reduce((a, b) => a + b, 0) : null;
    };
    const length = Math.max(...data.series.map((one) => one.rejected?.length ?? 0));
    const earlier = Array.from({ length }, (_, i) => ({
      at: data.from + i * data.step,
      passed: null,
      rejected: sum('rejected', i),
      simulated: sum('simulated', i),
    }));
    set((before) =>
      [...earlier.filter((one) => one.at < (before[0]?.at ?? Date.now() / 1000) - 1), ...before].slice(-KEPT),
    );
  }, [data, set]);
}

function Delete({
  kind,
  namespace,
  name,
  close,
  gone,
}: {
  kind: Kind;
  namespace: string;
  name: string;
  close: () => void;
  gone: () => void;
}) {
  const [error, setError] = useState<ApiError>();
  const [busy, setBusy] = useState(false);
  const go = async () => {
    setBusy(true);
    try {
      await ask(objectPath(kind, namespace, name), { method: 'DELETE' });
      gone();
    } catch (problem) {
      setError(problem instanceof ApiError ? problem : new ApiError(0, '', String(problem)));
      setBusy(false);
    }
  };
  return (
    <Modal opened onClose={close} title={`Delete ${kind.kind} ${name}?`}>
      <Stack>
        <Text size="sm">
          It stops to hold on all workloads within a second. Its history stays, and it can be created again from there.
        </Text>
        {error && <Violations error={error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            Keep it
          </Button>
          <Button color="red" onClick={go} loading={busy}>
            Delete
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
