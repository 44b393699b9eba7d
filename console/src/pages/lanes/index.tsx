import {
  Anchor,
  Badge,
  Button,
  Card,
  Group,
  Progress,
  SimpleGrid,
  Skeleton,
  Stack,
  Table,
  Tabs,
  Text,
  Modal,
} from '@mantine/core';
import { IconArrowsSplit2, IconPlus } from '@tabler/icons-react';
import { useMemo, useState } from 'react';
import { Link, useParams, useSearchParams } from 'wouter';
import { own } from '../../api/client';
import { addressOf, useKinds, useObjects, type Kind } from '../../api/kinds';
import { useLive } from '../../api/live';
import { useSession } from '../../api/session';
import type { ApiObject, LaneRow } from '../../api/types';
import { useAnswer } from '../../api/use';
import { laneColour, rate, share } from '../../figures';
import { fresh } from '../../objects/fresh';
import { ObjectEditor } from '../../objects/object-editor';
import type { Path } from '../../objects/paths';
import { Standing } from '../../objects/standing';
import { LaneForm } from './lane-form';
import { Head } from '../../parts/head';
import { Empty, Failed } from '../../parts/states';
import { ALL, useWhere } from '../../where';

export default function Lanes() {
  const { lane: chosen } = useParams<{ lane?: string }>();
  const { namespace, to } = useWhere();
  const { version } = useLive();
  const { may } = useSession();
  const { kinds } = useKinds();
  const [query, setQuery] = useSearchParams();
  const { data, error, reload } = useAnswer<{ items: LaneRow[] }>(own('lanes', { namespace }), {
    every: 3000,
    version,
  });
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
        <Empty
          title="There is no lane yet"
          icon={<IconArrowsSplit2 />}
          command="FAIRLEAD_LANE=gray fairlead run -- python app.py"
        >
          {writes
            ? 'Make one above: say which requests enter it, and at which app. Then start an instance on it.'
            : 'Somebody who may edit makes the first one.'}
        </Empty>
      )}
      {data && !chosen && rows.map((one) => <LaneCard key={`${one.namespace}/${one.lane}`} lane={one} />)}
      {data && chosen && !lane && (
        <Empty title={`Nothing is on a lane called ${chosen}`}>
          No rule names it, and no instance is on it. It may have been deleted.
        </Empty>
      )}
      {lane && <LaneDetail lane={lane} kinds={kinds} version={version} />}
      {making && kind && made && (
        <Modal opened onClose={() => setQuery({})} title="New lane" size="xl">
          <Editing kind={kind} namespace={within} object={made} locked="" saved={() => setQuery({})} />
          <Text size="sm" c="dimmed" mt="sm">
            Cookies, methods, addresses and lists of values are conditions of a{' '}
            <Anchor component={Link} href={to('rules', 'trafficlabelrules', '_new')} size="sm" underline="always">
              TrafficLabelRule
            </Anchor>
            , which makes a lane as well.
          </Text>
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
          <Text size="sm" fw={600}>
            {lane.members.map((one) => one.app).join(', ') || 'none: base serves it all'}
          </Text>
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
      <Progress
        value={(lane.share ?? 0) * 100}
        color={laneColour(lane.lane)}
        size="sm"
        mt={4}
        aria-label={`Share of traffic of ${lane.lane}`}
      />
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
                No instance is on it: base serves its requests, and the label travels on. Start one with{' '}
                <code>FAIRLEAD_LANE={lane.lane}</code>.
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
              {lane.coverage.apps > 0 && lane.coverage.lost.length === 0 && (
                <Text c="var(--good)">Every call of the lane carries its label.</Text>
              )}
              {lane.coverage.fallback.length > 0 && (
                <Text>
                  Base serves the lane at {lane.coverage.fallback.map((one) => one.app).join(', ')}: they have no
                  instance on it.
                </Text>
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
  const wanted = useMemo(
    () => kinds.filter((kind) => ['TrafficLane', 'TrafficLabelRule'].includes(kind.kind)),
    [kinds],
  );
  const { objects, error } = useObjects(wanted, lane.namespace, version + round);
  const [open, setOpen] = useState<string>();
  if (error && !objects) return <Failed error={error} what="The rules of the lane" />;
  if (!objects) return <Skeleton h={160} />;
  const own = objects.filter((one) =>
    lane.rules.some((rule) => rule.kind === one.kind && rule.name === one.metadata.name),
  );
  if (own.length === 0)
    return (
      <Empty title="No rule puts requests on it">
        Instances started with FAIRLEAD_LANE are on it; make a rule above to send them requests.
      </Empty>
    );
  return (
    <Stack>
      {own.map((one) => {
        const kind = wanted.find((each) => each.kind === one.kind)!;
        const key = `${one.kind}/${one.metadata.name}`;
        return (
          <Card key={key}>
            <Group justify="space-between">
              <Group gap="sm">
                <Link className="plain-link" href={to('rules', addressOf(kind), one.metadata.name)}>
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

function Editing({
  kind,
  namespace,
  object,
  locked,
  saved,
}: {
  kind: Kind;
  namespace: string;
  object: ApiObject;
  locked: string;
  saved: () => void;
}) {
  const simple =
    kind.kind === 'TrafficLane'
      ? (value: ApiObject, change: (path: Path, next: unknown) => void) => (
          <LaneForm value={value} change={change} fresh={!object.metadata.resourceVersion} />
        )
      : undefined;
  return (
    <ObjectEditor kind={kind} namespace={namespace} object={object} locked={locked} onSaved={saved} simple={simple} />
  );
}
