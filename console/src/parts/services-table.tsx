import { Badge, Group, Table, Text, TextInput, Tooltip, UnstyledButton } from '@mantine/core';
import { IconAlertTriangle, IconArrowDown, IconArrowUp, IconSearch } from '@tabler/icons-react';
import { useMemo, useState, type ReactNode } from 'react';
import { Link } from 'wouter';
import type { ServiceRow } from '../api/types';
import { duration, rate } from '../figures';
import { ALL, useWhere } from '../where';
import { LaneBadge } from './lane';

type Column = 'app' | 'instances' | 'qps' | 'errors' | 'rejected' | 'p50' | 'p99';

const SHOWN = 200;

export function ServicesTable({
  services,
  most = SHOWN,
  filter = true,
}: {
  services: ServiceRow[];
  most?: number;
  filter?: boolean;
}) {
  const { namespace, service } = useWhere();
  const [text, setText] = useState('');
  const [by, setBy] = useState<{ column: Column; down: boolean }>({ column: 'qps', down: true });
  const rows = useMemo(() => {
    const wanted = services.filter((one) => one.app.toLowerCase().includes(text.toLowerCase()));
    const sign = by.down ? -1 : 1;
    return wanted.sort((a, b) => {
      const [x, y] = [a[by.column] ?? -1, b[by.column] ?? -1];
      return (x < y ? -1 : x > y ? 1 : 0) * sign || a.app.localeCompare(b.app);
    });
  }, [services, text, by]);
  const head = (column: Column, label: ReactNode, right = true) => (
    <Table.Th
      ta={right ? 'right' : 'left'}
      aria-sort={by.column === column ? (by.down ? 'descending' : 'ascending') : undefined}
    >
      <UnstyledButton
        fz="inherit"
        fw="inherit"
        onClick={() => setBy({ column, down: by.column === column ? !by.down : column !== 'app' })}
      >
        <Group gap={4} wrap="nowrap" display="inline-flex">
          {label}
          {by.column === column &&
            (by.down ? <IconArrowDown size={13} aria-hidden /> : <IconArrowUp size={13} aria-hidden />)}
        </Group>
      </UnstyledButton>
    </Table.Th>
  );
  return (
    <>
      {filter && services.length > 5 && (
        <TextInput
          placeholder="Filter by name"
          aria-label="Filter services by name"
          leftSection={<IconSearch size={15} />}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          maw={320}
          mb="sm"
        />
      )}
      <div className="scroll-x" tabIndex={0} role="region" aria-label="Services">
        <Table>
          <Table.Thead>
            <Table.Tr>
              {head('app', 'Service', false)}
              <Table.Th>Lanes</Table.Th>
              {head('instances', 'Instances')}
              {head('qps', 'Requests/s')}
              {head('errors', 'Errors/s')}
              {head('rejected', 'Rejected/s')}
              {head('p50', 'p50')}
              {head('p99', 'p99')}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rows.slice(0, most).map((one) => (
              <Table.Tr key={`${one.namespace}/${one.app}`}>
                <Table.Td>
                  <Group gap={6} wrap="nowrap">
                    <Link className="plain-link" href={service(one.app, one.namespace)}>
                      {one.app}
                    </Link>
                    {namespace === ALL && (
                      <Text size="xs" c="dimmed">
                        {one.namespace}
                      </Text>
                    )}
                    {!one.fit && (
                      <Tooltip label={one.problems.join('; ') || 'Not everything of it is governed'}>
                        <IconAlertTriangle
                          size={15}
                          color="var(--warn)"
                          aria-label={one.problems.join('; ') || 'Not fully governed'}
                          role="img"
                        />
                      </Tooltip>
                    )}
                  </Group>
                </Table.Td>
                <Table.Td>
                  <Group gap={4} wrap="nowrap">
                    {one.lanes
                      .filter(Boolean)
                      .slice(0, 3)
                      .map((lane) => (
                        <LaneBadge key={lane} lane={lane} />
                      ))}
                    {one.lanes.filter(Boolean).length > 3 && (
                      <Badge variant="transparent">+{one.lanes.length - 3}</Badge>
                    )}
                  </Group>
                </Table.Td>
                <Table.Td ta="right" className="number" c={one.ready < one.instances ? 'var(--warn)' : undefined}>
                  {one.ready === one.instances ? one.instances : `${one.ready} of ${one.instances}`}
                </Table.Td>
                <Table.Td ta="right" className="number">
                  {rate(one.qps)}
                </Table.Td>
                <Figure value={one.errors} colour="var(--bad)" />
                <Figure value={one.rejected} colour="var(--warn)" />
                <Table.Td ta="right" className="number">
                  {duration(one.p50)}
                </Table.Td>
                <Table.Td ta="right" className="number">
                  {duration(one.p99)}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
      {rows.length > most && (
        <Text size="sm" c="dimmed" mt="xs">
          {most} of {rows.length} are shown.
        </Text>
      )}
      {rows.length === 0 && (
        <Text size="sm" c="dimmed" mt="xs">
          No service is called like that.
        </Text>
      )}
    </>
  );
}

/** A rate that is a nuisance: quiet while it is nothing. */
export function Figure({ value, colour }: { value: number; colour: string }) {
  return (
    <Table.Td ta="right" className="number" c={value ? colour : 'dimmed'} fw={value ? 600 : undefined}>
      {rate(value)}
    </Table.Td>
  );
}
