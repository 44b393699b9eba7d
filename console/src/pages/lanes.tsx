import { Anchor, Autocomplete, Badge, Button, Card, Group, NumberInput, Progress, Select, SimpleGrid, Skeleton, Stack, Table, Tabs, Text, TextInput, Title, ActionIcon, Tooltip, Modal } from '@mantine/core';
import { IconArrowsSplit2, IconPlus, IconTrash } from '@tabler/icons-react';
import { useMemo, useState } from 'react';
import { Link, useParams, useSearchParams } from 'wouter';
import { own } from '../api/client';
import { useKinds, useObjects, type Kind } from '../api/kinds';
import { useLive } from '../api/live';
import { useSession } from '../api/session';
import type { ApiObject, LaneRow } from '../api/types';
import { useAnswer } from '../api/use';
import { laneColour, rate, share } from '../figures';
import { fresh } from '../objects/fresh';
import { ObjectEditor } from '../objects/object-editor';
import type { Path } from '../objects/paths';
import { Standing } from '../objects/standing';
import { Head } from '../parts/head';
import { Empty, Failed } from '../parts/states';
import { ALL, useWhere } from '../where';

export default function Lanes() {
  const { lane: chosen } = useParams<{ lane?: string }>();
  const { namespace, to } = useWhere();
  const { version } = useLive();
  const { may } = useSession();
  const { kinds } = useKinds();
  const [query, setQuery] = useSearchParams();
  const { data, error, reload } = useAnswer<{ items: LaneRow[] }>(own('lanes', { namespace }), { every: 3000, version });
  const within = namespace === ALL ? 'default' : namespace;
  const writes = may('edit', within);
  const making = query.has('new');
  const kind = kinds?.find((one) => one.kind === 'TrafficLane');
  const made = useMemo(() => kind && fresh(kind, within, null), [kind, within]);
  if (error && !data) return <Failed error={error} what="The lanes" retry={reload} />;
  const rows = data?.items ?? [];
  const lane = rows.find((one) => one.lane === chosen);
  return (
    <Stack gap="md">
      <Head
        title={chosen ? chosen : 'Lanes'}
        actions={
          writes &&
          kind && (
            <Button leftSection={<IconPlus size={16} />} onClick={() => setQuery({ new: '' })}>
              New lane
            </Button>
          )
        }
      >
        {chosen ? (
          <Anchor component={Link} href={to('lanes')} size="sm">
            All lanes
          </Anchor>
        ) : (
          'A lane takes some requests to the instances that are on it, through every hop; whoever has none is served by base.'
        )}
      </Head>
      {!data && <Skeleton h={240} />}
      {data && !chosen && rows.length === 0 && (
        <Empty title="There is no lane yet" icon={<IconArrowsSplit2 />} command="FAIRLEAD_LANE=gray fairlead run -- python app.py">
          {writes
            ? 'Make one above: say which requests enter it, and at which app. Then start an instance on it.'
            : 'Somebody who may edit makes the first one.'}
        </Empty>
      )}
      {data && !chosen && rows.map((one) => <LaneCard key={`${one.namespace}/${one.lane}`} lane={one} />)}
      {data && chosen && !lane && (
        <Empty title={`Nothing is on a lane called ${chosen}`}>No rule names it, and no instance is on it. It may have been deleted.</Empty>
      )}
      {lane && <LaneDetail lane={lane} kinds={kinds} version={version} />}
      {making && kind && made && (
        <Modal opened onClose={() => setQuery({})} title="New lane" size="xl">
          <Editing kind={kind} namespace={within} object={made} locked="" saved={() => setQuery({})} />
        </Modal>
      )}
    </Stack>
  );
}

function LaneCard({ lane }: { lane: LaneRow }) {
  const { to } = useWhere();
  return (
    <Card style={{ borderLeft: `4px solid ${laneColour(lane.lane)}` }}>
      <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }} spacing="lg">
        <div>
          <Link className="plain-link" href={to('lanes', lane.lane)} style={{ fontSize: 17 }}>
            {lane.lane}
          </Link>
          <Text size="sm" c="dimmed">
            {lane.rules.map((one) => one.name).join(', ') || 'no rule: only instances are on it'}
          </Text>
        </div>
        <Share lane={lane} />
        <div>
          <Text size="sm" c="dimmed">
            Members
          </Text>
          <Text size="sm" fw={600}>{lane.members.map((one) => one.app).join(', ') || 'none: base serves it all'}</Text>
        </div>
        <Coverage lane={lane} />
      </SimpleGrid>
    </Card>
  );
}

function Share({ lane }: { lane: LaneRow }) {
  return (
    <div>
      <Group justify="space-between" wrap="nowrap">
        <Text size="sm" c="dimmed">
          Share of traffic
        </Text>
        <Text size="sm" fw={600} className="number" data-testid="share">
          {share(lane.share)}
        </Text>
      </Group>
      <Progress value={(lane.share ?? 0) * 100} color={laneColour(lane.lane)} size="sm" mt={4} aria-label={`Share of traffic of ${lane.lane}`} />
    </div>
  );
}

function Coverage({ lane }: { lane: LaneRow }) {
  const { coverage } = lane;
  const leaks = coverage.lost.length;
  return (
    <div>
      <Text size="sm" c="dimmed">
        Coverage
      </Text>
      <Group gap={6} data-testid="coverage">
        <Badge color={leaks ? 'red' : coverage.apps === 0 ? 'gray' : 'green'} autoContrast>
          {leaks ? `label lost at ${leaks}` : coverage.apps === 0 ? 'no traffic yet' : 'label kept'}
        </Badge>
        {coverage.apps > 0 && (
          <Text size="sm">
            {coverage.instrumented} of {coverage.apps} apps
          </Text>
        )}
      </Group>
    </div>
  );
}

function LaneDetail({ lane, kinds, version }: { lane: LaneRow; kinds: Kind[] | undefined; version: number }) {
  const { to, service } = useWhere();
  return (
    <Stack>
      <LaneCard lane={lane} />
      <Tabs defaultValue="members" keepMounted={false}>
        <Tabs.List mb="sm">
          <Tabs.Tab value="members">Members</Tabs.Tab>
          <Tabs.Tab value="coverage">Coverage</Tabs.Tab>
          <Tabs.Tab value="rules">Rules ({lane.rules.length})</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="members">
          <Card>
            {lane.members.length === 0 && (
              <Text c="dimmed">
                No instance is on it: base serves its requests, and the label travels on. Start one with <code>FAIRLEAD_LANE={lane.lane}</code>.
              </Text>
            )}
            {lane.members.length > 0 && (
              <Table>
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>App</Table.Th>
                    <Table.Th ta="right">On the lane</Table.Th>
                    <Table.Th ta="right">In base</Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {lane.members.map((one) => (
                    <Table.Tr key={one.app}>
                      <Table.Td>
                        <Link className="plain-link" href={`${service(one.app, lane.namespace)}?tab=instances`}>
                          {one.app}
                        </Link>
                      </Table.Td>
                      <Table.Td ta="right" className="number">
                        {one.instances}
                      </Table.Td>
                      <Table.Td ta="right" className="number">
                        {one.base}
                      </Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            )}
          </Card>
        </Tabs.Panel>
        <Tabs.Panel value="coverage">
          <Card>
            <Stack gap="sm">
              {lane.coverage.apps === 0 && <Text c="dimmed">No request of the lane was seen in the last minute.</Text>}
              {lane.coverage.lost.map((one) => (
                <Text key={`${one.from} ${one.to}`} c="var(--bad)">
                  {one.from} sends {rate(one.perSecond)} calls/s to {one.to} without the label. Look at the{' '}
                  <Anchor component={Link} href={`${service(one.from, lane.namespace)}?tab=hooks`}>
                    hooks of {one.from}
                  </Anchor>
                  .
                </Text>
              ))}
              {lane.coverage.apps > 0 && lane.coverage.lost.length === 0 && <Text c="var(--good)">Every call of the lane carries its label.</Text>}
              {lane.coverage.fallback.length > 0 && (
                <Text>Base serves the lane at {lane.coverage.fallback.map((one) => one.app).join(', ')}: they have no instance on it.</Text>
              )}
              <Anchor component={Link} href={`${to('topology')}?lane=${encodeURIComponent(lane.lane)}`}>
                Follow it through the topology
              </Anchor>
            </Stack>
          </Card>
        </Tabs.Panel>
        <Tabs.Panel value="rules">{kinds && <LaneRules lane={lane} kinds={kinds} version={version} />}</Tabs.Panel>
      </Tabs>
    </Stack>
  );
}

function LaneRules({ lane, kinds, version }: { lane: LaneRow; kinds: Kind[]; version: number }) {
  const { to } = useWhere();
  const { may } = useSession();
  const [round, setRound] = useState(0);
  const wanted = useMemo(() => kinds.filter((kind) => ['TrafficLane', 'TrafficLabelRule'].includes(kind.kind)), [kinds]);
  const { objects, error } = useObjects(wanted, lane.namespace, version + round);
  const [open, setOpen] = useState<string>();
  if (error && !objects) return <Failed error={error} what="The rules of the lane" />;
  if (!objects) return <Skeleton h={160} />;
  const own = objects.filter((one) => lane.rules.some((rule) => rule.kind === one.kind && rule.name === one.metadata.name));
  if (own.length === 0) return <Empty title="No rule puts requests on it">Instances started with FAIRLEAD_LANE are on it; make a rule above to send them requests.</Empty>;
  return (
    <Stack>
      {own.map((one) => {
        const kind = wanted.find((each) => each.kind === one.kind)!;
        const key = `${one.kind}/${one.metadata.name}`;
        return (
          <Card key={key}>
            <Group justify="space-between">
              <Group gap="sm">
                <Link className="plain-link" href={to('rules', kind.plural, one.metadata.name)}>
                  {one.metadata.name}
                </Link>
                <Text size="sm" c="dimmed">
                  {one.kind}
                </Text>
                <Standing object={one} />
              </Group>
              <Button variant="light" size="xs" onClick={() => setOpen(open === key ? undefined : key)}>
                {open === key ? 'Close' : 'Edit'}
              </Button>
            </Group>
            {open === key && (
              <div style={{ marginTop: 12 }}>
                <Editing
                  kind={kind}
                  namespace={lane.namespace}
                  object={one}
                  locked={may('edit', lane.namespace) ? '' : 'Your role may read here, and not write.'}
                  saved={() => setRound((n) => n + 1)}
                />
              </div>
            )}
          </Card>
        );
      })}
    </Stack>
  );
}

function Editing({ kind, namespace, object, locked, saved }: { kind: Kind; namespace: string; object: ApiObject; locked: string; saved: () => void }) {
  const simple =
    kind.kind === 'TrafficLane' ? (value: ApiObject, change: (path: Path, next: unknown) => void) => <LaneForm value={value} change={change} fresh={!object.metadata.resourceVersion} /> : undefined;
  return <ObjectEditor kind={kind} namespace={namespace} object={object} locked={locked} onSaved={saved} simple={simple} />;
}

type Match = Record<string, Record<string, string | number>>;

interface Http {
  headers?: Match;
  queryParams?: Match;
  uri?: Record<string, string | number>;
}

interface LaneSpec {
  selector?: { app?: string };
  lane?: { name?: string };
  rules?: { lane?: { name?: string }; traffic?: { http?: Http; percentage?: number | string }; workload?: { selector?: Record<string, string> } };
}

const WHERE = { headers: 'Header', queryParams: 'Query parameter', uri: 'Path' };
const HOW = [
  { value: 'exact', label: 'is' },
  { value: 'prefix', label: 'begins with' },
  { value: 'regex', label: 'matches' },
];
const HTTP: Path = ['spec', 'rules', 'traffic', 'http'];

interface Condition {
  where: keyof typeof WHERE;
  key: string;
  how: string;
  value: string;
}

function conditionsOf(http: Http | undefined): Condition[] {
  const of = (where: 'headers' | 'queryParams') =>
    Object.entries(http?.[where] ?? {}).map(([key, match]) => {
      const [how = 'exact', value = ''] = Object.entries(match ?? {})[0] ?? [];
      return { where, key, how, value: String(value) };
    });
  const uri = Object.entries(http?.uri ?? {}).map(([how, value]) => ({ where: 'uri' as const, key: '', how, value: String(value) }));
  return [...of('headers'), ...of('queryParams'), ...uri];
}

function httpOf(conditions: Condition[]): Http {
  const http: Http = {};
  for (const { where, key, how, value } of conditions) {
    if (where === 'uri') http.uri = { [how]: value };
    else http[where] = { ...http[where], [key]: { [how]: value } };
  }
  return http;
}

/** A lane in the words of who makes one. */
function LaneForm({ value, change, fresh: isNew }: { value: ApiObject; change: (path: Path, next: unknown) => void; fresh: boolean }) {
  const { services } = useLive();
  const spec = (value.spec ?? {}) as LaneSpec;
  const outside = spec.rules?.lane === undefined && spec.lane !== undefined;
  const lane = (outside ? spec.lane?.name : spec.rules?.lane?.name) ?? '';
  const conditions = conditionsOf(spec.rules?.traffic?.http);
  const percentage = spec.rules?.traffic?.percentage;
  const selector = Object.entries(spec.rules?.workload?.selector ?? {})[0];
  const set = (next: Condition[]) => change(HTTP, next.length ? httpOf(next) : undefined);
  const name = (text: string) => {
    change(outside ? ['spec', 'lane', 'name'] : ['spec', 'rules', 'lane', 'name'], text);
  };
  return (
    <Stack gap="sm">
      <Group grow align="flex-start">
        {isNew && (
          <TextInput label="Name of the rule" withAsterisk value={value.metadata.name} onChange={(event) => change(['metadata', 'name'], event.currentTarget.value)} />
        )}
        <TextInput label="Lane" withAsterisk value={lane} onChange={(event) => name(event.currentTarget.value)} />
        <Autocomplete
          label="Enters at"
          withAsterisk
          placeholder="app"
          data={(services ?? []).map((one) => one.app)}
          value={value.metadata.labels?.app ?? spec.selector?.app ?? ''}
          onChange={(app) => change(value.metadata.labels?.app !== undefined ? ['metadata', 'labels', 'app'] : ['spec', 'selector', 'app'], app)}
        />
      </Group>
      <Title order={3} size="h6" mt="xs">
        Requests that enter it
      </Title>
      {conditions.length === 0 && (
        <Text size="sm" c="dimmed">
          All of them{percentage === undefined ? '' : ', up to the share below'}. Add a condition to take some.
        </Text>
      )}
      {conditions.map((one, i) => {
        const put = (part: Partial<Condition>) => set(conditions.map((each, j) => (j === i ? { ...each, ...part } : each)));
        return (
          <Group key={i} gap="xs" align="flex-end" wrap="wrap">
            <Select
              label={i === 0 ? 'Where' : undefined}
              aria-label="Where"
              data={Object.entries(WHERE).map(([key, label]) => ({ value: key, label }))}
              value={one.where}
              onChange={(where) => put({ where: (where ?? 'headers') as Condition['where'] })}
              w={150}
            />
            {one.where !== 'uri' && (
              <TextInput label={i === 0 ? 'Name' : undefined} aria-label="Name" value={one.key} onChange={(event) => put({ key: event.currentTarget.value })} w={150} />
            )}
            <Select label={i === 0 ? 'How' : undefined} aria-label="How" data={HOW} value={one.how} onChange={(how) => put({ how: how ?? 'exact' })} w={130} />
            <TextInput label={i === 0 ? 'Value' : undefined} aria-label="Value" value={one.value} onChange={(event) => put({ value: event.currentTarget.value })} style={{ flex: 1, minWidth: 130 }} />
            <Tooltip label="Take this condition away">
              <ActionIcon size="lg" variant="subtle" color="gray" onClick={() => set(conditions.filter((_, j) => j !== i))} aria-label="Take this condition away">
                <IconTrash size={16} />
              </ActionIcon>
            </Tooltip>
          </Group>
        );
      })}
      <Group>
        <Button
          variant="light"
          size="compact-sm"
          leftSection={<IconPlus size={14} />}
          onClick={() => set([...conditions, { where: 'headers', key: `x-header${conditions.length || ''}`, how: 'exact', value: '' }])}
        >
          Add a condition
        </Button>
      </Group>
      <Group grow align="flex-start">
        <NumberInput
          label="Share of them"
          description="Percent, drawn per trace; all if left out"
          min={0}
          max={100}
          suffix=" %"
          value={percentage === undefined ? '' : Number(percentage)}
          onChange={(next) => change(['spec', 'rules', 'traffic', 'percentage'], typeof next === 'number' ? (Number.isInteger(next) ? next : String(next)) : undefined)}
        />
        <TextInput
          label="Instances on it by label"
          description="key=value, beside those with FAIRLEAD_LANE"
          placeholder="tag=gray"
          defaultValue={selector ? `${selector[0]}=${selector[1]}` : ''}
          onBlur={(event) => {
            const [key, ...rest] = event.currentTarget.value.split('=');
            change(['spec', 'rules', 'workload'], key && rest.length ? { selector: { [key.trim()]: rest.join('=').trim() } } : undefined);
          }}
        />
      </Group>
    </Stack>
  );
}
