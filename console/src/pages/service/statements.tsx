/** What an app sends to its databases, without values, and what its lanes make of it. */

import { Badge, Button, Card, Group, SegmentedControl, Skeleton, Stack, Text, TextInput, Title } from '@mantine/core';
import { IconArrowRight, IconDatabase, IconSearch, IconX } from '@tabler/icons-react';
import { useMemo, useState } from 'react';
import { own } from '../../api/client';
import type { Statement } from '../../api/types';
import { useAnswer } from '../../api/use';
import { ago, duration } from '../../figures';
import { LaneBadge } from '../../parts/lane';
import { Empty, Failed } from '../../parts/states';

const SHOWN = 50;

const VIEWS = [
  { value: 'all', label: 'All' },
  { value: 'rewritten', label: 'Rewritten' },
  { value: 'refused', label: 'Refused' },
];

export default function Statements({ namespace, app }: { namespace: string; app: string }) {
  const path = own('statements', { namespace, app });
  const { data, error, reload } = useAnswer<{ items: Statement[] }>(path, { every: 10_000 });
  const [text, setText] = useState('');
  const [view, setView] = useState('all');
  const [all, setAll] = useState(false);
  const found = useMemo(() => (data?.items ?? []).filter((one) => fits(one, text, view)), [data, text, view]);
  if (error && !data) return <Failed error={error} what={`Statements of ${app}`} retry={reload} />;
  if (!data) return <Skeleton h={240} />;
  if (data.items.length === 0) {
    return (
      <Empty title="No statement was reported yet" icon={<IconDatabase />}>
        Agents tell the statements that an app sends every half minute, without values. Drivers that they know are
        listed under Hooks.
      </Empty>
    );
  }
  return (
    <Card>
      <Title order={2} size="h5">
        Statements of the last hour
      </Title>
      <Text size="sm" c="dimmed" mb="sm">
        As the application writes them, with ? for each value; values do not leave the process. On a lane with shadow
        tables: what is sent in their place, or why nothing is.
      </Text>
      <Group mb="sm" gap="sm">
        <TextInput
          aria-label="Search statements"
          placeholder="table, word or database"
          leftSection={<IconSearch size={15} />}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          w={{ base: '100%', xs: 260 }}
        />
        <SegmentedControl size="xs" data={VIEWS} value={view} onChange={setView} aria-label="Which statements" />
      </Group>
      {found.length === 0 && <Text c="dimmed">None of {data.items.length} statements.</Text>}
      <ul className="statements" aria-label="Statements">
        {found.slice(0, all ? undefined : SHOWN).map((one) => (
          <Line key={[one.dialect, one.database, one.lane, one.statement, one.cause].join(' ')} one={one} />
        ))}
      </ul>
      {found.length > SHOWN && !all && (
        <Button variant="subtle" size="compact-sm" mt="xs" onClick={() => setAll(true)}>
          Show all {found.length}
        </Button>
      )}
    </Card>
  );
}

function fits(one: Statement, text: string, view: string): boolean {
  if (view === 'refused' && !one.cause) return false;
  if (view === 'rewritten' && (!one.rewritten || one.rewritten === one.statement)) return false;
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const whole = `${one.statement} ${one.rewritten} ${one.database} ${one.lane} ${one.cause}`.toLowerCase();
  return words.every((word) => whole.includes(word));
}

function Line({ one }: { one: Statement }) {
  const changed = one.rewritten !== '' && one.rewritten !== one.statement;
  return (
    <li>
      <Stack gap={3}>
        <div className="mono statement">
          {one.statement === '*' ? 'all others, which are not told apart' : one.statement}
        </div>
        {changed && (
          <Group gap={6} wrap="nowrap" align="flex-start">
            <IconArrowRight size={15} color="var(--good)" style={{ flex: 'none', marginTop: 3 }} aria-label="sent as" />
            <div className="mono statement">{one.rewritten}</div>
          </Group>
        )}
        {one.cause && (
          <Group gap={6} wrap="nowrap" align="flex-start">
            <IconX size={15} color="var(--bad)" style={{ flex: 'none', marginTop: 3 }} aria-hidden />
            <Text size="sm" c="var(--bad)">
              refused ({one.cause}): {one.reason}
            </Text>
          </Group>
        )}
        <Group gap={8}>
          {one.kind && <Badge color="gray">{one.kind}</Badge>}
          <LaneBadge lane={one.lane} />
          <Text size="xs" className="quiet number">
            {one.calls.toLocaleString('en')} {one.cause ? 'refused' : 'sent'}
          </Text>
          {one.errors > 0 && (
            <Text size="xs" c="var(--bad)" className="number">
              {one.errors.toLocaleString('en')} failed
            </Text>
          )}
          {one.mean !== null && (
            <Text size="xs" className="quiet number">
              {duration(one.mean)} on average
            </Text>
          )}
          <Text size="xs" className="quiet">
            {[one.tables.join(', '), one.database && `in ${one.database}`, one.dialect].filter(Boolean).join(' · ')}
          </Text>
          <Text size="xs" className="quiet">
            {ago(one.last)}
          </Text>
          {one.lane && !one.cause && !changed && (
            <Text size="xs" className="quiet">
              sent as it is
            </Text>
          )}
        </Group>
      </Stack>
    </li>
  );
}
