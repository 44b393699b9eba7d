/** A lane as a form: its name, where requests enter it, which do, and who is on it. */

import {
  ActionIcon,
  Autocomplete,
  Button,
  Group,
  NumberInput,
  Select,
  SimpleGrid,
  Stack,
  Text,
  TextInput,
  Title,
  Tooltip,
} from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { useLive } from '../../api/live';
import type { ApiObject } from '../../api/types';
import type { Path } from '../../objects/paths';

type Match = Record<string, Record<string, string | number>>;

interface Http {
  headers?: Match;
  queryParams?: Match;
  uri?: Record<string, string | number>;
}

interface LaneSpec {
  selector?: { app?: string };
  lane?: { name?: string };
  rules?: {
    lane?: { name?: string };
    traffic?: { http?: Http; percentage?: number | string };
    workload?: { selector?: Record<string, string> };
  };
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
  const uri = Object.entries(http?.uri ?? {}).map(([how, value]) => ({
    where: 'uri' as const,
    key: '',
    how,
    value: String(value),
  }));
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
export function LaneForm({
  value,
  change,
  fresh: isNew,
}: {
  value: ApiObject;
  change: (path: Path, next: unknown) => void;
  fresh: boolean;
}) {
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
      <SimpleGrid cols={{ base: 1, xs: isNew ? 3 : 2 }} spacing="sm">
        {isNew && (
          <TextInput
            label="Name of the rule"
            withAsterisk
            value={value.metadata.name}
            onChange={(event) => change(['metadata', 'name'], event.currentTarget.value)}
          />
        )}
        <TextInput label="Lane" withAsterisk value={lane} onChange={(event) => name(event.currentTarget.value)} />
        <Autocomplete
          label="Enters at"
          withAsterisk
          placeholder="app"
          data={(services ?? []).map((one) => one.app)}
          value={value.metadata.labels?.app ?? spec.selector?.app ?? ''}
          onChange={(app) =>
            change(
              value.metadata.labels?.app !== undefined ? ['metadata', 'labels', 'app'] : ['spec', 'selector', 'app'],
              app,
            )
          }
        />
      </SimpleGrid>
      <Title order={3} size="h6" mt="xs">
        Requests that enter it
      </Title>
      {conditions.length === 0 && (
        <Text size="sm" c="dimmed">
          All of them{percentage === undefined ? '' : ', up to the share below'}. Add a condition to take some.
        </Text>
      )}
      {conditions.map((one, i) => {
        const put = (part: Partial<Condition>) =>
          set(conditions.map((each, j) => (j === i ? { ...each, ...part } : each)));
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
              <TextInput
                label={i === 0 ? 'Name' : undefined}
                aria-label="Name"
                value={one.key}
                onChange={(event) => put({ key: event.currentTarget.value })}
                w={150}
              />
            )}
            <Select
              label={i === 0 ? 'How' : undefined}
              aria-label="How"
              data={HOW}
              value={one.how}
              onChange={(how) => put({ how: how ?? 'exact' })}
              w={130}
            />
            <TextInput
              label={i === 0 ? 'Value' : undefined}
              aria-label="Value"
              value={one.value}
              onChange={(event) => put({ value: event.currentTarget.value })}
              style={{ flex: 1, minWidth: 130 }}
            />
            <Tooltip label="Take this condition away">
              <ActionIcon
                size="lg"
                variant="subtle"
                color="gray"
                onClick={() => set(conditions.filter((_, j) => j !== i))}
                aria-label="Take this condition away"
              >
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
          onClick={() =>
            set([
              ...conditions,
              { where: 'headers', key: `x-header${conditions.length || ''}`, how: 'exact', value: '' },
            ])
          }
        >
          Add a condition
        </Button>
      </Group>
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
        <NumberInput
          label="Share of them"
          description="Percent, drawn per trace; all if left out"
          min={0}
          max={100}
          suffix=" %"
          value={percentage === undefined ? '' : Number(percentage)}
          onChange={(next) =>
            change(
              ['spec', 'rules', 'traffic', 'percentage'],
              typeof next === 'number' ? (Number.isInteger(next) ? next : String(next)) : undefined,
            )
          }
        />
        <TextInput
          label="Instances on it by label"
          description="key=value, beside those with FAIRLEAD_LANE"
          placeholder="tag=gray"
          defaultValue={selector ? `${selector[0]}=${selector[1]}` : ''}
          onBlur={(event) => {
            const [key, ...rest] = event.currentTarget.value.split('=');
            change(
              ['spec', 'rules', 'workload'],
              key && rest.length ? { selector: { [key.trim()]: rest.join('=').trim() } } : undefined,
            );
          }}
        />
      </SimpleGrid>
    </Stack>
  );
}
