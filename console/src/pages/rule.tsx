import { Alert, Anchor, Badge, Button, Group, Modal, Skeleton, Stack, Tabs, Text } from '@mantine/core';
import { useMemo, useState } from 'react';
import { Link, useParams, useSearchParams } from 'wouter';
import { ApiError, ask } from '../api/client';
import { addressOf, kindAt, objectPath, useKinds, type Kind } from '../api/kinds';
import { useLive } from '../api/live';
import { useSession } from '../api/session';
import type { ApiObject } from '../api/types';
import { useAnswer } from '../api/use';
import { appOf, modeOf } from '../objects/about';
import { fresh } from '../objects/fresh';
import { History } from '../objects/history';
import { ObjectEditor } from '../objects/object-editor';
import { Rollout, Standing } from '../objects/standing';
import { Head } from '../parts/head';
import { RuleLive } from '../parts/rule-live';
import { Failed, Problem, Violations } from '../parts/states';
import { ALL, useWhere } from '../where';

export default function Rule() {
  const { plural = '', name = '' } = useParams<{ plural: string; name: string }>();
  const { namespace } = useWhere();
  const [query] = useSearchParams();
  const within = query.get('namespace') ?? (namespace === ALL ? 'default' : namespace);
  const { kinds, error } = useKinds();
  const kind = kinds && kindAt(kinds, plural);
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
      <Head title={`New ${kind.label}`}>{kind.schema.description}</Head>
      <ObjectEditor
        kind={kind}
        namespace={namespace}
        object={object}
        locked={may('edit', namespace) ? '' : `Your role may not write in ${namespace}.`}
        onSaved={(saved) => go(`${to('rules', addressOf(kind), saved.metadata.name)}?tab=rollout`)}
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
          <span>{kind.label}</span>
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
            <RuleLive app={app} namespace={namespace} rule={`${kind.kind}/${name}`} mode={mode} />
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
  if (kind.kind === 'VirtualService' || kind.kind === 'DestinationRule') {
    return (
      <Alert color="gray" title="It is counted where calls are made">
        Each process that calls carries it out by itself, and counts by the app that is called: instances left out,
        repetitions, timeouts and faults, as <code>fairlead_events_total</code> on its page of metrics. Who is left out,
        and until when, says <code>fairlead doctor PID</code> there.
      </Alert>
    );
  }
  return (
    <Alert color="gray" title="It counts nothing by itself">
      A {kind.kind} is bound to no app: what it rejects is counted at the rule that names it. See{' '}
      <Link href={to('rules')}>the rules</Link>.
    </Alert>
  );
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
    <Modal opened onClose={close} title={`Delete ${kind.label} ${name}?`}>
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
