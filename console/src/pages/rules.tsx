import { Anchor, Button, Card, Group, Menu, MultiSelect, Skeleton, Table, Text, TextInput } from '@mantine/core';
import { IconChevronDown, IconSearch, IconShieldCheck } from '@tabler/icons-react';
import { useMemo, useState } from 'react';
import { Link, useSearchParams } from 'wouter';
import { addressOf, fullName, kindOf, useKinds, useObjects, type Kind } from '../api/kinds';
import { useLive } from '../api/live';
import { useSession } from '../api/session';
import { ago } from '../figures';
import { about, appOf, modeOf } from '../objects/about';
import { FindingsCard } from '../objects/findings';
import { Standing } from '../objects/standing';
import { Head } from '../parts/head';
import { Empty, Failed } from '../parts/states';
import { ALL, useWhere } from '../where';

export default function Rules() {
  const { namespace, to } = useWhere();
  const { version } = useLive();
  const { may } = useSession();
  const { kinds, error } = useKinds();
  const { objects, error: unlisted } = useObjects(kinds, namespace, version);
  const [query, setQuery] = useSearchParams();
  const [text, setText] = useState(query.get('q') ?? '');
  const wanted = query.getAll('kind');
  // Old links say a kind without its group.
  const chosen = (kinds ?? []).filter((kind) => wanted.includes(fullName(kind)) || wanted.includes(kind.kind));
  const rows = useMemo(() => {
    const shown = new Set(chosen);
    const sought = text.toLowerCase().split(/\s+/).filter(Boolean);
    return (objects ?? [])
      .flatMap((one) => {
        const kind = kindOf(kinds, one);
        return kind && (shown.size === 0 || shown.has(kind)) ? [{ one, kind }] : [];
      })
      .filter(({ one, kind }) =>
        sought.every((word) =>
          `${one.metadata.name} ${kind.label} ${appOf(one)} ${about(one)}`.toLowerCase().includes(word),
        ),
      )
      .sort(
        (a, b) => a.kind.label.localeCompare(b.kind.label) || a.one.metadata.name.localeCompare(b.one.metadata.name),
      );
    // eslint-disable-next-line
  }, [objects, kinds, text, wanted.join()]);
  const failed = error ?? unlisted;
  const writes = may('edit', namespace === ALL ? 'default' : namespace);
  return (
    <>
      <Head title="Rules" actions={kinds && writes && <NewRule kinds={kinds} to={to} />}>
        Everything that people wrote for this namespace, and whether it is in force.
      </Head>
      {failed && !objects && <Failed error={failed} what="The rules" />}
      {!objects && !failed && <Skeleton h={320} />}
      {objects?.length === 0 && (
        <Empty title="There is no rule yet" icon={<IconShieldCheck />} command="fairlead apply -f rule.yaml">
          {writes
            ? 'Choose a kind above and fill in its form, or write YAML and apply it.'
            : 'Your role may read here; somebody who may edit writes the first one.'}
        </Empty>
      )}
      {objects && objects.length > 0 && namespace !== ALL && (
        <FindingsCard namespace={namespace} version={version} kinds={kinds} />
      )}
      {objects && objects.length > 0 && (
        <Card>
          <Group mb="sm" gap="sm">
            <TextInput
              leftSection={<IconSearch size={15} />}
              placeholder="Name, app or target"
              aria-label="Filter rules"
              value={text}
              onChange={(event) => setText(event.currentTarget.value)}
              w={{ base: '100%', xs: 260 }}
            />
            <MultiSelect
              aria-label="Kinds that are shown"
              placeholder={wanted.length ? undefined : 'All kinds'}
              data={[...new Set(objects.map((one) => kindOf(kinds, one)))]
                .flatMap((kind) => (kind ? [{ value: fullName(kind), label: kind.label }] : []))
                .sort((a, b) => a.label.localeCompare(b.label))}
              value={chosen.map(fullName)}
              onChange={(next) =>
                setQuery(
                  next.map((kind) => ['kind', kind]),
                  { replace: true },
                )
              }
              clearable
              w={{ base: '100%', xs: 320 }}
            />
            <Text size="sm" c="dimmed" ml="auto">
              {rows.length} of {objects.length}
            </Text>
          </Group>
          <div className="scroll-x" tabIndex={0} role="region" aria-label="Rules">
            <Table>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>Name</Table.Th>
                  <Table.Th>Kind</Table.Th>
                  <Table.Th>App</Table.Th>
                  <Table.Th>About</Table.Th>
                  <Table.Th>Mode</Table.Th>
                  <Table.Th ta="right">Workloads</Table.Th>
                  <Table.Th>State</Table.Th>
                  <Table.Th ta="right">Age</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {rows.slice(0, 300).map(({ one, kind }) => (
                  <Table.Tr key={`${fullName(kind)}/${one.metadata.namespace}/${one.metadata.name}`}>
                    <Table.Td style={{ whiteSpace: 'nowrap' }}>
                      <Link
                        className="plain-link"
                        href={
                          to('rules', addressOf(kind), one.metadata.name) +
                          (namespace === ALL ? `?namespace=${one.metadata.namespace}` : '')
                        }
                      >
                        {one.metadata.name}
                      </Link>
                      {namespace === ALL && (
                        <Text size="xs" c="dimmed">
                          {one.metadata.namespace}
                        </Text>
                      )}
                    </Table.Td>
                    <Table.Td>{kind.label}</Table.Td>
                    <Table.Td>
                      {appOf(one) && (
                        <Anchor component={Link} size="sm" href={to('services', appOf(one))}>
                          {appOf(one)}
                        </Anchor>
                      )}
                    </Table.Td>
                    <Table.Td maw={280}>
                      <div className="mono clip" title={about(one)}>
                        {about(one)}
                      </div>
                    </Table.Td>
                    <Table.Td>{modeOf(one)}</Table.Td>
                    <Table.Td ta="right" className="number">
                      {one.status?.live ?? '–'}
                    </Table.Td>
                    <Table.Td>
                      <Standing object={one} />
                    </Table.Td>
                    <Table.Td ta="right" className="number quiet">
                      {ago(one.metadata.creationTimestamp).replace(' ago', '')}
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </div>
        </Card>
      )}
    </>
  );
}

/** What kinds are for, those that people write most often first. */
const FOR: Record<string, string> = {
  FlowControl: 'Limit how much an app takes: rates, calls at a time, breakers, in one object.',
  TrafficLane: 'Send some requests, and all calls that follow, to the new version of several apps.',
  TrafficLabelRule: 'Label requests at an entry: a label is the lane that they take.',
  WorkloadLabelRule: 'Put instances on a lane by their labels.',
  VirtualService: 'Route calls to a host by path and header or by share, with timeouts and retries.',
  DestinationRule: 'Name the subsets of a host, and how calls are balanced among its instances.',
  FaultToleranceRule: 'Hold targets to strategies that are objects of their own.',
  RateLimitStrategy: 'How many requests pass in a while.',
  CircuitBreakerStrategy: 'Stop calling what fails or is slow, and try it again later.',
  ConcurrencyLimitStrategy: 'How many calls are under way at a time.',
};
const ORDER = Object.keys(FOR);

function placeOf(kind: Kind): number {
  const place = ORDER.indexOf(kind.kind);
  return place < 0 ? ORDER.length : place;
}

function NewRule({ kinds, to }: { kinds: Kind[]; to: (page: string, ...rest: string[]) => string }) {
  return (
    <Menu shadow="md" position="bottom-end" width={360}>
      <Menu.Target>
        <Button rightSection={<IconChevronDown size={16} />}>New rule</Button>
      </Menu.Target>
      <Menu.Dropdown mah="70vh" style={{ overflowY: 'auto' }}>
        {[...kinds]
          .sort((a, b) => placeOf(a) - placeOf(b))
          .map((kind) => (
            <Menu.Item key={fullName(kind)} component={Link} href={to('rules', addressOf(kind), '_new')}>
              <Text size="sm" fw={550}>
                {kind.label}
              </Text>
              <Text size="xs" c="dimmed" lineClamp={2}>
                {FOR[kind.kind] ?? kind.schema.description}
              </Text>
            </Menu.Item>
          ))}
      </Menu.Dropdown>
    </Menu>
  );
}
