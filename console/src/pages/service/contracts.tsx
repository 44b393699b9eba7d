/** What an app promises to its callers: the operations of each contract, and what a version changed. */

import { Badge, Card, Code, Group, SegmentedControl, Select, Stack, Table, Text, Title } from '@mantine/core';
import { useMemo, useState } from 'react';
import { stringify } from 'yaml';
import { ago } from '../../figures';
import { Diff } from '../../objects/diff';
import { Empty } from '../../parts/states';

export interface Contract {
  version?: string;
  digest?: string;
  at?: string | null;
  kind?: string;
  sort?: string;
  document: Record<string, unknown>;
  seenBy?: string[];
}

interface Operation {
  name: string;
  about: string;
}

const METHODS = new Set(['get', 'post', 'put', 'patch', 'delete', 'head', 'options', 'trace']);
const MOST = 500;

function sortOf(contract: Contract): string {
  return contract.kind ?? contract.sort ?? 'openapi';
}

function versionOf(contract: Contract): string {
  return String(contract.version ?? contract.digest ?? '');
}

function record(value: unknown): Record<string, unknown> {
  return value && typeof value === 'object' && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

/** Operations of an OpenAPI document, or methods of gRPC services. */
function operationsOf(document: Record<string, unknown>): Operation[] {
  const paths = Object.entries(record(document.paths)).flatMap(([path, item]) =>
    Object.entries(record(item))
      .filter(([method]) => METHODS.has(method))
      .map(([method, one]) => ({ name: `${method.toUpperCase()}:${path}`, about: String(record(one).summary ?? '') })),
  );
  const methods = Object.entries(record(document.services)).flatMap(([service, all]) =>
    Object.entries(record(all)).map(([method, one]) => ({
      name: `/${service}/${method}`,
      about: `${String(record(one).input ?? '')} → ${String(record(one).output ?? '')}`,
    })),
  );
  return [...paths, ...methods].slice(0, MOST);
}

export function Contracts({ items }: { items: Contract[] }) {
  const sorts = [...new Set(items.map(sortOf))];
  const [sort, setSort] = useState(sorts[0] ?? '');
  const versions = items.filter((one) => sortOf(one) === sort);
  const [left, setLeft] = useState<string>();
  if (items.length === 0) {
    return (
      <Empty title="No contract is known">
        Apps of FastAPI tell the OpenAPI document of their routes, and gRPC services their descriptors.
      </Empty>
    );
  }
  const now = versions[0];
  const before = versions.find((one) => versionOf(one) === left) ?? versions[1];
  if (!now) return null;
  return (
    <Stack>
      {sorts.length > 1 && (
        <SegmentedControl
          data={sorts}
          value={sort}
          onChange={setSort}
          aria-label="Sort of contract"
          style={{ alignSelf: 'flex-start' }}
        />
      )}
      <Operations contract={now} />
      {before && before !== now && (
        <Card>
          <Group justify="space-between" mb="xs">
            <Title order={2} size="h5">
              What changed
            </Title>
            <Select
              aria-label="Version that it is compared with"
              size="xs"
              w={260}
              data={versions.slice(1).map((one) => ({
                value: versionOf(one),
                label: `${versionOf(one).slice(0, 12)} ${ago(one.at)}`,
              }))}
              value={versionOf(before)}
              onChange={(next) => setLeft(next ?? undefined)}
              allowDeselect={false}
            />
          </Group>
          <Changed before={before} now={now} />
        </Card>
      )}
    </Stack>
  );
}

function Operations({ contract }: { contract: Contract }) {
  const operations = useMemo(() => operationsOf(contract.document), [contract]);
  return (
    <Card>
      <Group gap="sm" mb="xs">
        <Title order={2} size="h5">
          {operations.length} operations
        </Title>
        <Badge>{sortOf(contract)}</Badge>
        <Code>{versionOf(contract).slice(0, 12)}</Code>
        {contract.seenBy && (
          <Text size="sm" c="dimmed">
            at {contract.seenBy.length} {contract.seenBy.length === 1 ? 'instance' : 'instances'}
          </Text>
        )}
      </Group>
      <div className="scroll-x" tabIndex={0} role="region" aria-label="Operations">
        <Table>
          <Table.Tbody>
            {operations.map((one) => (
              <Table.Tr key={one.name}>
                <Table.Td className="mono">{one.name}</Table.Td>
                <Table.Td>{one.about}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
    </Card>
  );
}

function Changed({ before, now }: { before: Contract; now: Contract }) {
  const [old, fresh] = [operationsOf(before.document), operationsOf(now.document)].map(
    (all) => new Set(all.map((one) => one.name)),
  );
  const added = [...fresh!].filter((name) => !old!.has(name));
  const gone = [...old!].filter((name) => !fresh!.has(name));
  return (
    <Stack gap="sm">
      {gone.length > 0 && (
        <Text size="sm" c="var(--bad)">
          Gone: {gone.join(', ')}
        </Text>
      )}
      {added.length > 0 && (
        <Text size="sm" c="var(--good)">
          New: {added.join(', ')}
        </Text>
      )}
      <Diff before={stringify(before.document)} after={stringify(now.document)} />
    </Stack>
  );
}
