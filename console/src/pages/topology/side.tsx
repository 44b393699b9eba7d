import { Anchor, Badge, CloseButton, Group, Paper, Stack, Table, Text, Title } from '@mantine/core';
import { Link } from 'wouter';
import { own } from '../../api/client';
import type { Service, TopologyNode } from '../../api/types';
import { useAnswer } from '../../api/use';
import { duration, rate } from '../../figures';
import { LaneBadge } from '../../parts/lane';
import { Figure } from '../../parts/services-table';
import { useWhere } from '../../where';
import { appOf, namespaceOfNode, nodeId, type Call } from './graph';

/** What goes over one edge, by label, and the rules that it meets. */
export function CallSide({ call, close }: { call: Call; close: () => void }) {
  const { service } = useWhere();
  const [from, to] = [appOf(call.from), appOf(call.to)];
  const caller = useAnswer<Service>(own('service', { namespace: namespaceOfNode(call.from), app: from }), {
    every: 5000,
  });
  const callee = useAnswer<Service>(own('service', { namespace: namespaceOfNode(call.to), app: to }), { every: 5000 });
  const outbound = (caller.data?.interfaces ?? []).filter(
    (one) => one.side === 'client' && one.name.toLowerCase().startsWith(`call:${to.toLowerCase()}`),
  );
  const inbound = (callee.data?.interfaces ?? []).filter((one) => one.side === 'server' && one.rules.length > 0);
  const rules = [
    ...outbound.map((one) => ({ at: from, ...one })),
    ...inbound.map((one) => ({ at: to, ...one })),
  ].flatMap((one) => one.rules.map((rule) => ({ ...rule, at: one.at, name: one.name })));
  return (
    <Side close={close} title={`${from} → ${to}`}>
      <div className="scroll-x" tabIndex={0} role="region" aria-label="By label">
        <Table horizontalSpacing={6}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Label</Table.Th>
              <Table.Th>Served by</Table.Th>
              <Table.Th ta="right">Calls/s</Table.Th>
              <Table.Th ta="right">Errors/s</Table.Th>
              <Table.Th ta="right">p99</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {call.flows.map((flow) => (
              <Table.Tr key={flow.label}>
                <Table.Td>
                  <LaneBadge lane={flow.label} />
                </Table.Td>
                <Table.Td>{[...new Set(flow.lanes)].map((lane) => lane || 'base').join(', ')}</Table.Td>
                <Table.Td ta="right" className="number">
                  {rate(flow.qps)}
                </Table.Td>
                <Figure value={flow.errors} colour="var(--bad)" />
                <Table.Td ta="right" className="number">
                  {duration(flow.p99)}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
      {call.flows.some((one) => one.fallbacks > 0) && (
        <Text size="sm">
          Dashed: {to} has no instance on the lane, so base serves it (
          {rate(call.flows.reduce((sum, one) => sum + one.fallbacks, 0))}/s). The label travels on.
        </Text>
      )}
      {call.flows.some((one) => one.lost > 0) && (
        <Text size="sm" c="var(--bad)">
          {from} sends {rate(call.flows.reduce((sum, one) => sum + one.lost, 0))} calls/s without the label their
          request had: a library that is not hooked, or work that outlived its request. See its hooks.
        </Text>
      )}
      <Title order={3} size="h6">
        Rules
      </Title>
      {rules.length === 0 && (
        <Text size="sm" c="dimmed">
          No rule has turned anything away here.
        </Text>
      )}
      {rules.map((rule) => (
        <Group key={`${rule.at} ${rule.name} ${rule.rule}`} justify="space-between" wrap="nowrap">
          <div style={{ minWidth: 0 }}>
            <Text size="sm" fw={550} className="clip">
              {rule.rule}
            </Text>
            <Text size="xs" c="dimmed" className="clip">
              {rule.at} · {rule.name}
            </Text>
          </div>
          <Badge color={rule.rejected ? 'orange' : 'violet'} autoContrast>
            {rule.rejected ? `${rate(rule.rejected)}/s` : `would: ${rate(rule.simulated)}/s`}
          </Badge>
        </Group>
      ))}
      <Group gap="md">
        <Anchor component={Link} size="sm" href={service(from, namespaceOfNode(call.from))}>
          {from}
        </Anchor>
        <Anchor component={Link} size="sm" href={service(to, namespaceOfNode(call.to))}>
          {to}
        </Anchor>
      </Group>
    </Side>
  );
}

export function AppSide({ node, calls, close }: { node: TopologyNode; calls: Call[]; close: () => void }) {
  const { service } = useWhere();
  const sum = (list: Call[]) => list.reduce((total, one) => total + one.qps, 0);
  const callers = calls.filter((one) => one.to === nodeId(node.namespace, node.app));
  const callees = calls.filter((one) => one.from === nodeId(node.namespace, node.app));
  return (
    <Side close={close} title={node.app}>
      <Text size="sm">
        {rate(node.qps)} requests/s, p99 {duration(node.p99)}, {rate(node.errors)} errors/s, {rate(node.rejected)}{' '}
        rejected/s
      </Text>
      <Group gap={6}>
        {Object.entries(node.lanes).map(([lane, count]) => (
          <Group key={lane} gap={4}>
            <LaneBadge lane={lane} />
            <Text size="xs" c="dimmed">
              {count} {count === 1 ? 'instance' : 'instances'}
            </Text>
          </Group>
        ))}
      </Group>
      <Text size="sm" c="dimmed">
        Called by {callers.length} ({rate(sum(callers))}/s), calls {callees.length} ({rate(sum(callees))}/s).
      </Text>
      <Anchor component={Link} href={service(node.app, node.namespace)} size="sm">
        Interfaces, instances and hooks
      </Anchor>
    </Side>
  );
}

function Side({ title, close, children }: { title: string; close: () => void; children: React.ReactNode }) {
  return (
    <Paper
      withBorder
      shadow="md"
      p="md"
      bg="var(--sheet)"
      className="flow-side"
      role="complementary"
      aria-label={title}
    >
      <Stack gap="sm">
        <Group justify="space-between" wrap="nowrap">
          <Title order={2} size="h5" className="clip">
            {title}
          </Title>
          <CloseButton onClick={close} aria-label="Close" />
        </Group>
        {children}
      </Stack>
    </Paper>
  );
}
