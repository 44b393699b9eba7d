/** What an app promises to its callers: its versions, what each changed for them, and its operations. */

import {
  Badge,
  Button,
  Card,
  Code,
  Grid,
  Group,
  NavLink,
  SegmentedControl,
  Skeleton,
  Stack,
  Table,
  Text,
  Title,
} from '@mantine/core';
import { useMemo, useState } from 'react';
import { stringify } from 'yaml';
import { own } from '../../api/client';
import type { ContractChange, ContractDiff, Contracts as Told, ContractVersion } from '../../api/types';
import { useAnswer } from '../../api/use';
import { ago } from '../../figures';
import { Diff } from '../../objects/diff';
import { Empty, Failed } from '../../parts/states';

interface Whose {
  namespace: string;
  app: string;
}

interface Operation {
  name: string;
  about: string;
}

const KINDS: Record<string, string> = { openapi: 'OpenAPI', grpc: 'gRPC' };
const METHODS = new Set(['get', 'post', 'put', 'patch', 'delete', 'head', 'options', 'trace']);
const MOST = 500;
const EVERY = 10_000;

export function Contracts(whose: Whose) {
  const { data, error, reload } = useAnswer<Told>(own('contracts', { ...whose }), { every: EVERY });
  const [kind, setKind] = useState<string>();
  const [chosen, setChosen] = useState<string>();
  if (error && !data) return <Failed error={error} what="The contracts" retry={reload} />;
  if (!data) return <Skeleton h={240} />;
  const kinds = [...new Set(data.items.map((one) => one.kind))].sort();
  const shown = kind !== undefined && kinds.includes(kind) ? kind : kinds[0];
  const versions = data.items.filter((one) => one.kind === shown);
  const version = versions.find((one) => one.version === chosen) ?? versions[0];
  if (!version) {
    return (
      <Empty title="No contract is known">
        Apps of FastAPI tell the OpenAPI document of their routes, and servers of gRPC their services, a few seconds
        after they have begun. FAIRLEAD_CONTRACTS=off tells nothing.
      </Empty>
    );
  }
  const madeBy = (one: ContractVersion) => data.diff.find((diff) => diff.kind === one.kind && diff.to === one.version);
  const diff = madeBy(version);
  return (
    <Stack>
      {kinds.length > 1 && (
        <SegmentedControl
          data={kinds.map((one) => ({ value: one, label: KINDS[one] ?? one }))}
          value={version.kind}
          onChange={setKind}
          aria-label="Kind of contract"
          style={{ alignSelf: 'flex-start' }}
        />
      )}
      <Grid>
        <Grid.Col span={{ base: 12, md: 4 }}>
          <Card p="xs">
            {versions.map((one, i) => (
              <VersionLink
                key={one.version}
                version={one}
                newest={i === 0}
                diff={madeBy(one)}
                active={one === version}
                onClick={() => setChosen(one.version)}
              />
            ))}
          </Card>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 8 }}>
          <Stack>
            <Changes key={version.version} whose={whose} version={version} diff={diff} />
            <Operations whose={whose} version={version} />
          </Stack>
        </Grid.Col>
      </Grid>
    </Stack>
  );
}

function VersionLink({
  version,
  newest,
  diff,
  active,
  onClick,
}: {
  version: ContractVersion;
  newest: boolean;
  diff: ContractDiff | undefined;
  active: boolean;
  onClick: () => void;
}) {
  const count = version.seenBy.length;
  return (
    <NavLink
      component="button"
      active={active}
      aria-current={active || undefined}
      label={
        <Group justify="space-between" wrap="nowrap">
          <Text size="sm" fw={550} className="mono">
            {short(version.version)}
          </Text>
          {diff ? <Verdict diff={diff} /> : newest && <Badge color="gray">only version</Badge>}
        </Group>
      }
      description={`first seen ${ago(version.at)}, ${count === 0 ? 'at no instance now' : at(count)}`}
      onClick={onClick}
      style={{ borderRadius: 6 }}
    />
  );
}

/** Whether a caller may break, in one word. */
function Verdict({ diff }: { diff: ContractDiff }) {
  if (diff.breaking) {
    return (
      <Badge color="red" autoContrast>
        breaking
      </Badge>
    );
  }
  return (
    <Badge color={diff.changes.length ? 'green' : 'gray'} autoContrast>
      {diff.changes.length ? 'compatible' : 'same to callers'}
    </Badge>
  );
}

function Changes({ whose, version, diff }: { whose: Whose; version: ContractVersion; diff: ContractDiff | undefined }) {
  const [compared, setCompared] = useState(false);
  return (
    <Card>
      <Group justify="space-between" mb="xs">
        <Group gap="sm">
          <Title order={2} size="h5">
            What it changed
          </Title>
          {diff && <Verdict diff={diff} />}
        </Group>
        {diff && (
          <Button size="xs" variant="default" aria-expanded={compared} onClick={() => setCompared(!compared)}>
            {compared ? 'Hide documents' : 'Compare documents'}
          </Button>
        )}
      </Group>
      <Text size="sm" mb="xs">
        <Code>{short(version.version)}</Code>{' '}
        {version.seenBy.length ? `is promised by ${version.seenBy.join(', ')}` : 'is promised by no instance now'}
      </Text>
      {!diff && <Text c="dimmed">It is the oldest that is known: there is nothing to compare it with.</Text>}
      {diff && (
        <Text size="sm" c="dimmed">
          Since <Code>{short(diff.from)}</Code>
          {diff.changes.length === 0 && ' no operation, parameter or field is different'}
        </Text>
      )}
      {diff && diff.changes.length > 0 && <ChangeTable diff={diff} />}
      {diff && compared && <Documents whose={whose} diff={diff} />}
    </Card>
  );
}

const COLOURS: Record<string, string> = { added: 'green', removed: 'orange', changed: 'gray' };

function ChangeTable({ diff }: { diff: ContractDiff }) {
  return (
    <div className="scroll-x" tabIndex={0} role="region" aria-label="Changes">
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Where</Table.Th>
            <Table.Th>What</Table.Th>
            <Table.Th>Change</Table.Th>
            <Table.Th>For callers</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {diff.changes.map((one, i) => (
            <ChangeRow key={i} change={one} />
          ))}
        </Table.Tbody>
      </Table>
      {diff.leftOut > 0 && (
        <Text size="sm" c="dimmed" mt="xs">
          And {diff.leftOut} more.
        </Text>
      )}
    </div>
  );
}

function ChangeRow({ change }: { change: ContractChange }) {
  return (
    <Table.Tr>
      <Table.Td className="mono">{change.where}</Table.Td>
      <Table.Td>
        {change.part} {change.name && <span className="mono">{change.name}</span>}
      </Table.Td>
      <Table.Td>
        <Badge color={COLOURS[change.change] ?? 'gray'} autoContrast>
          {change.change}
        </Badge>{' '}
        {change.detail && (
          <Text size="sm" span>
            {change.detail}
          </Text>
        )}
      </Table.Td>
      <Table.Td c={change.breaking ? 'var(--bad)' : undefined}>{change.breaking ? 'may break' : 'fine'}</Table.Td>
    </Table.Tr>
  );
}

/** Asks for the document of a version, which the list has of the newest only. */
function useDocument(whose: Whose, kind: string, version: string) {
  const { data, error, reload } = useAnswer<Told>(own('contracts', { ...whose, version }));
  return { document: data?.items.find((one) => one.kind === kind && one.version === version)?.document, error, reload };
}

function Documents({ whose, diff }: { whose: Whose; diff: ContractDiff }) {
  const before = useDocument(whose, diff.kind, diff.from);
  const after = useDocument(whose, diff.kind, diff.to);
  const failed = before.error ? before : after;
  if (failed.error) return <Failed error={failed.error} what="The document" retry={failed.reload} />;
  if (!before.document || !after.document) return <Skeleton h={120} />;
  return <Diff before={stringify(before.document)} after={stringify(after.document)} />;
}

function Operations({ whose, version }: { whose: Whose; version: ContractVersion }) {
  const { document, error, reload } = useDocument(whose, version.kind, version.version);
  const operations = useMemo(() => (document ? operationsOf(document) : []), [document]);
  if (error) return <Failed error={error} what="The document" retry={reload} />;
  if (!document) return <Skeleton h={120} />;
  return (
    <Card>
      <Group gap="sm" mb="xs">
        <Title order={2} size="h5">
          {operations.length} {operations.length === 1 ? 'operation' : 'operations'}
        </Title>
        <Badge>{KINDS[version.kind] ?? version.kind}</Badge>
      </Group>
      <div className="scroll-x" tabIndex={0} role="region" aria-label="Operations">
        <Table>
          <Table.Tbody>
            {operations.slice(0, MOST).map((one) => (
              <Table.Tr key={one.name}>
                <Table.Td className="mono">{one.name}</Table.Td>
                <Table.Td>{one.about}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
        {operations.length > MOST && (
          <Text size="sm" c="dimmed" mt="xs">
            And {operations.length - MOST} more.
          </Text>
        )}
      </div>
    </Card>
  );
}

/** Operations of an OpenAPI document, or methods of gRPC services, in the words of the differences. */
function operationsOf(document: Record<string, unknown>): Operation[] {
  const paths = Object.entries(record(document.paths)).flatMap(([path, item]) =>
    Object.entries(record(item))
      .filter(([method]) => METHODS.has(method))
      .map(([method, one]) => ({ name: `${method.toUpperCase()} ${path}`, about: String(record(one).summary ?? '') })),
  );
  const methods = Object.entries(record(document.services)).flatMap(([service, all]) =>
    Object.entries(record(all)).map(([method, one]) => ({
      name: `/${service}/${method}`,
      about: `${String(record(one).input ?? '')} → ${String(record(one).output ?? '')}`,
    })),
  );
  return [...paths, ...methods];
}

function record(value: unknown): Record<string, unknown> {
  return value && typeof value === 'object' && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

function short(version: string): string {
  return version.slice(0, 12);
}

function at(instances: number): string {
  return `at ${instances} ${instances === 1 ? 'instance' : 'instances'}`;
}
