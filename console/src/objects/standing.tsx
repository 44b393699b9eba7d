import { Badge, Card, Group, Stack, Table, Text, Title, Tooltip } from '@mantine/core';
import { own } from '../api/client';
import type { ApiObject, Condition, NodeRow } from '../api/types';
import { useAnswer } from '../api/use';
import { ago, wordOf } from '../figures';
import { appOf, modeOf } from './about';
import { LaneBadge } from '../parts/lane';
import { Failed } from '../parts/states';

/** What the control plane says of an object, in one word. */
export function standingOf(object: ApiObject): { word: string; colour: string; why: string } {
  const conditions = object.status?.conditions ?? [];
  const find = (type: string) => conditions.find((one) => one.type === type);
  const live = find('Live');
  const enforced = find('Enforced');
  const wrong = conditions.find((one) => !['Live', 'Enforced'].includes(one.type) && one.status === 'True');
  if (live?.status === 'False') return { word: 'refused or waiting', colour: 'red', why: live.message };
  if (enforced?.status === 'False' && modeOf(object) === 'simulate')
    return { word: 'simulated', colour: 'violet', why: enforced.message };
  if (enforced?.status === 'False') return { word: 'not enforced', colour: 'red', why: enforced.message };
  if (wrong) return { word: spaced(wrong.type), colour: 'yellow', why: wrong.message };
  if (live?.status === 'True') return { word: 'live', colour: 'green', why: live.message };
  return { word: 'no workload', colour: 'gray', why: live?.message ?? 'nothing is known of it yet' };
}

function spaced(type: string): string {
  return type.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();
}

export function Standing({ object }: { object: ApiObject }) {
  const { word, colour, why } = standingOf(object);
  return (
    <Tooltip label={why || word}>
      <Badge color={colour} autoContrast tabIndex={0}>
        {word}
      </Badge>
    </Tooltip>
  );
}

const BAD: Record<string, (one: Condition) => boolean> = {
  Live: (one) => one.status !== 'True',
  Enforced: (one) => one.status !== 'True',
};

/** Where an object is in force, and who refused it or waits, with the reason. */
export function Rollout({ object, namespace }: { object: ApiObject; namespace: string }) {
  const { data, error } = useAnswer<{ revision: number; nodes: NodeRow[]; absent: NodeRow[] }>(
    own('nodes', { namespace }),
    { every: 3000 },
  );
  const conditions = object.status?.conditions ?? [];
  const app = appOf(object);
  const group = object.apiVersion.split('/')[0];
  const names = [object.kind, `${object.kind}.${group}`].map((kind) => `${kind}/${object.metadata.name}`);
  const all = data ? [...data.nodes, ...data.absent] : [];
  const concerned = all.filter(
    (one) => !app || one.app === app || ['TrafficLane', 'TrafficLabelRule', 'WorkloadLabelRule'].includes(object.kind),
  );
  return (
    <Stack>
      <Card>
        <Group justify="space-between" mb="xs">
          <Title order={2} size="h5">
            What the control plane says
          </Title>
          {object.status?.workloads && (
            <Badge
              size="lg"
              color={
                object.status.workloads.live === object.status.workloads.total && object.status.workloads.total > 0
                  ? 'green'
                  : 'gray'
              }
              autoContrast
            >
              live on {object.status.workloads.live} of {object.status.workloads.total}
            </Badge>
          )}
        </Group>
        {conditions.length === 0 && <Text c="dimmed">Nothing yet: a status is written within a second.</Text>}
        <Table>
          <Table.Tbody>
            {conditions.map((one) => {
              const bad = BAD[one.type]?.(one) ?? one.status === 'True';
              return (
                <Table.Tr key={one.type}>
                  <Table.Td fw={600} style={{ whiteSpace: 'nowrap' }}>
                    {one.type}
                  </Table.Td>
                  <Table.Td>
                    <Badge color={bad ? (one.status === 'Unknown' ? 'gray' : 'yellow') : 'green'} autoContrast>
                      {one.status}
                    </Badge>
                  </Table.Td>
                  <Table.Td style={{ overflowWrap: 'anywhere' }}>{one.message || one.reason}</Table.Td>
                  <Table.Td className="number quiet">{ago(one.lastTransitionTime)}</Table.Td>
                </Table.Tr>
              );
            })}
          </Table.Tbody>
        </Table>
      </Card>
      <Card>
        <Title order={2} size="h5" mb="xs">
          Workloads
        </Title>
        {error && !data && <Failed error={error} what="The workloads" />}
        {data && concerned.length === 0 && (
          <Text c="dimmed">
            No agent {app ? `of ${app} ` : ''}is connected. It will get the rule with its first snapshot.
          </Text>
        )}
        {concerned.length > 0 && (
          <div className="scroll-x" tabIndex={0} role="region" aria-label="Workloads">
            <Table>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>App</Table.Th>
                  <Table.Th>Address</Table.Th>
                  <Table.Th>Lane</Table.Th>
                  <Table.Th>State</Table.Th>
                  <Table.Th ta="right">Revision</Table.Th>
                  <Table.Th>Reason</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {concerned.slice(0, 200).map((one) => {
                  const refused = one.refused.filter((entry) => names.some((name) => wordOf(entry).includes(name)));
                  const why = one.error ?? (refused.length ? refused.map(wordOf).join('; ') : '');
                  return (
                    <Table.Tr key={one.node}>
                      <Table.Td fw={550}>{one.app}</Table.Td>
                      <Table.Td className="mono">{one.address ?? '–'}</Table.Td>
                      <Table.Td>
                        <LaneBadge lane={one.lane} />
                      </Table.Td>
                      <Table.Td>
                        <Badge color={why ? 'red' : one.state === 'live' ? 'green' : 'gray'} autoContrast>
                          {why ? 'refused' : one.state}
                        </Badge>
                      </Table.Td>
                      <Table.Td ta="right" className="number">
                        {one.enforces.revision || '–'}
                      </Table.Td>
                      <Table.Td style={{ overflowWrap: 'anywhere' }}>{why}</Table.Td>
                    </Table.Tr>
                  );
                })}
              </Table.Tbody>
            </Table>
          </div>
        )}
      </Card>
    </Stack>
  );
}
