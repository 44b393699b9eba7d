/** The processes of an app: where they are, what they enforce, what they have hooked, and how they fare. */

import { Badge, Card, Code, Group, Table, Text, Tooltip } from '@mantine/core';
import type { InstanceRow } from '../../api/types';
import { bytes, duration, wordOf } from '../../figures';
import { LaneBadge } from '../../parts/lane';
import { Empty } from '../../parts/states';

export function Instances({ instances }: { instances: InstanceRow[] }) {
  if (instances.length === 0) {
    return (
      <Empty title="No instance is registered">
        They were here, or are called and never reported. A lease ends ten seconds after the last sign of life.
      </Empty>
    );
  }
  return (
    <Card>
      <div className="scroll-x" tabIndex={0} role="region" aria-label="Instances">
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Address</Table.Th>
              <Table.Th>Lane</Table.Th>
              <Table.Th>Zone</Table.Th>
              <Table.Th ta="right">Lease</Table.Th>
              <Table.Th>Rules</Table.Th>
              <Table.Th>Hooks</Table.Th>
              <Table.Th ta="right">CPU</Table.Th>
              <Table.Th ta="right">Memory</Table.Th>
              <Table.Th ta="right">Files</Table.Th>
              <Table.Th ta="right">Threads</Table.Th>
              <Table.Th ta="right">Loop lag</Table.Th>
              <Table.Th ta="right">GC pause</Table.Th>
              <Table.Th>Python</Table.Th>
              <Table.Th>Labels</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {instances.map((one) => (
              <Table.Tr key={one.name}>
                <Table.Td className="mono number">
                  {one.address}
                  <Text size="xs" c="dimmed">
                    pid {one.pids.join(', ')}
                  </Text>
                </Table.Td>
                <Table.Td>
                  <LaneBadge lane={one.lane} />
                </Table.Td>
                <Table.Td className="number">{one.zone || '–'}</Table.Td>
                <Table.Td ta="right" className="number">
                  {one.lease === null ? '–' : `${Math.max(0, one.lease).toFixed(0)} s`}
                </Table.Td>
                <Table.Td>
                  <InForce instance={one} />
                </Table.Td>
                <Table.Td>
                  <HookState instance={one} />
                </Table.Td>
                <Table.Td ta="right" className="number">
                  {one.runtime?.cpu === undefined ? '–' : one.runtime.cpu.toFixed(2)}
                </Table.Td>
                <Table.Td ta="right" className="number">
                  {bytes(one.runtime?.rss)}
                </Table.Td>
                <Table.Td ta="right" className="number">
                  {one.runtime?.fds ?? '–'}
                </Table.Td>
                <Table.Td ta="right" className="number">
                  {one.runtime?.threads ?? '–'}
                </Table.Td>
                <Table.Td ta="right" className="number">
                  {duration(one.runtime?.loop_lag)}
                </Table.Td>
                <Table.Td ta="right" className="number">
                  {duration(one.runtime?.gc_pause)}
                </Table.Td>
                <Table.Td className="number">
                  {one.python}
                  <Text size="xs" c="dimmed">
                    agent {one.version}
                  </Text>
                </Table.Td>
                <Table.Td>
                  <Group gap={4} wrap="nowrap">
                    {Object.entries(one.labels).map(([key, value]) => (
                      <Code key={key} fz="xs">
                        {key}={value}
                      </Code>
                    ))}
                  </Group>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
    </Card>
  );
}

function InForce({ instance }: { instance: InstanceRow }) {
  const refused = instance.refused.map(wordOf);
  const said = refused.length
    ? `refused: ${refused.join('; ')}`
    : instance.inForce
      ? `revision ${instance.revision}`
      : `holds revision ${instance.revision}, a newer one is on its way`;
  return (
    <Tooltip label={said}>
      <Badge color={refused.length ? 'red' : instance.inForce ? 'green' : 'yellow'} autoContrast tabIndex={0}>
        {refused.length ? 'refused' : instance.inForce ? 'in force' : 'behind'}
      </Badge>
    </Tooltip>
  );
}

function unhooked(instance: InstanceRow) {
  return instance.hooks.filter((hook) => hook.state !== 'hooked');
}

function HookState({ instance }: { instance: InstanceRow }) {
  const missing = unhooked(instance);
  const good = instance.hooks.length - missing.length;
  return (
    <Tooltip
      label={
        missing.length
          ? missing.map((one) => `${one.library} ${one.version}: ${one.reason || one.state}`).join('; ')
          : 'Everything it uses is hooked'
      }
    >
      <Badge color={missing.length ? 'yellow' : 'green'} autoContrast tabIndex={0}>
        {good} of {instance.hooks.length}
      </Badge>
    </Tooltip>
  );
}

export function Hooks({ instances }: { instances: InstanceRow[] }) {
  const rows = instances.flatMap((instance) => instance.hooks.map((hook) => ({ instance, hook })));
  const byHook = new Map<string, { hook: (typeof rows)[number]['hook']; at: string[] }>();
  for (const { instance, hook } of rows) {
    const key = `${hook.library} ${hook.version} ${hook.state} ${hook.reason}`;
    const found = byHook.get(key) ?? { hook, at: [] };
    found.at.push(instance.address);
    byHook.set(key, found);
  }
  if (byHook.size === 0)
    return (
      <Empty title="No hook was reported">
        The app has imported no library that is governed, or its agent is older than this page.
      </Empty>
    );
  return (
    <Card>
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Library</Table.Th>
            <Table.Th>Version</Table.Th>
            <Table.Th>State</Table.Th>
            <Table.Th>Instances</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {[...byHook.values()].map(({ hook, at }) => (
            <Table.Tr key={`${hook.library} ${hook.version} ${hook.state} ${hook.reason}`}>
              <Table.Td fw={550}>{hook.library}</Table.Td>
              <Table.Td className="number">{hook.version}</Table.Td>
              <Table.Td>
                {hook.state} {hook.reason && <span className="quiet">({hook.reason})</span>}
              </Table.Td>
              <Table.Td>{at.length === instances.length ? 'all' : at.join(', ')}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Card>
  );
}
