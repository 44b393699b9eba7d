import {
  Alert,
  Anchor,
  Autocomplete,
  Badge,
  Button,
  Card,
  Group,
  Stack,
  Table,
  Text,
  Textarea,
  Title,
} from '@mantine/core';
import { IconRoute2 } from '@tabler/icons-react';
import { useMemo, useState, type FormEvent } from 'react';
import { Link, useSearchParams } from 'wouter';
import { ApiError, ask, own } from '../../api/client';
import { useLive } from '../../api/live';
import { useAnswer } from '../../api/use';
import { readCurl, type Asked } from '../../curl';
import { Hops, Others, type Chain } from './hops';
import { Headers, RuleVerdict, type Verdict } from './verdict';
import { Head } from '../../parts/head';
import { LaneBadge } from '../../parts/lane';
import { Empty, Problem } from '../../parts/states';
import { ALL, useWhere } from '../../where';

interface Explained {
  app: string;
  known: boolean;
  meant: string[];
  entry: boolean;
  governance: string;
  lane: string;
  why: string;
  winner: string | null;
  runner_up: { rule: string | null; lane: string } | null;
  possible: { rule: string; lane: string }[];
  rules: Verdict[];
  elsewhere: { instances: string[]; lane: string }[];
  hops: { host: string; side: string; endpoints: string[] }[];
  chain: Chain;
  guards: { rule: string; strategy: string; resource: string; says: string }[];
}

const EXAMPLE = `curl -H 'x-user: tester' http://gateway/orders?page=2`;

export default function Explain() {
  const { namespace } = useWhere();
  const { services } = useLive();
  const [query, setQuery] = useSearchParams();
  const [command, setCommand] = useState(query.get('curl') ?? '');
  const [app, setApp] = useState(query.get('app') ?? '');
  const [answer, setAnswer] = useState<{ explained: Explained; asked: Asked }>();
  const [error, setError] = useState('');
  const [busy, setBusy] = useState(false);
  const within = namespace === ALL ? 'default' : namespace;
  const read = useMemo(() => attempt(command), [command]);
  const names = (services ?? []).map((one) => one.app);
  const registered = useAnswer<{ items: Registered[] }>(read.asked ? instancesPath(within) : null);
  const guessed = app || guess(read.asked, names, registered.data?.items ?? []);
  const missing = !command.trim()
    ? 'Paste a command first.'
    : !read.asked
      ? 'The command cannot be read yet.'
      : guessed
        ? ''
        : `No app is called ${read.asked.host}, and none serves there: name the app that it reaches.`;
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (!read.asked) return setError(read.problem);
    setBusy(true);
    setError('');
    const { method, path, headers } = read.asked;
    try {
      const explained = await ask<Explained>(own('explain'), {
        method: 'POST',
        body: { namespace: within, app: guessed, method, path, headers },
      });
      setAnswer({ explained, asked: read.asked });
      // A command may hold secrets: only the app goes into the address.
      setQuery({ app: guessed }, { replace: true });
    } catch (problem) {
      setAnswer(undefined);
      setError(problem instanceof ApiError ? problem.message : String(problem));
    }
    setBusy(false);
  };
  return (
    <Stack gap="md">
      <Head title="Explain">
        Paste a curl command: which lane its request takes, which rule decides, and who serves it at every hop. Nothing
        is sent.
      </Head>
      <Card>
        <form onSubmit={submit}>
          <Stack gap="sm">
            <Textarea
              label="curl command"
              autosize
              minRows={3}
              maxRows={12}
              placeholder={EXAMPLE}
              value={command}
              onChange={(event) => setCommand(event.currentTarget.value)}
              error={command && !read.asked ? read.problem : undefined}
              spellCheck={false}
              styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: 13 } }}
            />
            <Group align="flex-end" gap="sm">
              <Autocomplete
                label="App that it reaches"
                data={names}
                value={guessed}
                onChange={setApp}
                w={{ base: '100%', xs: 260 }}
              />
              <Button type="submit" loading={busy} disabled={missing !== ''} aria-describedby="missing">
                Explain
              </Button>
              <Text id="missing" size="sm" c="dimmed">
                {missing}
              </Text>
              {!command && (
                <Button variant="subtle" onClick={() => setCommand(EXAMPLE.replace('gateway', names[0] ?? 'gateway'))}>
                  Try an example
                </Button>
              )}
            </Group>
          </Stack>
        </form>
      </Card>
      {error && <Problem title="It cannot be explained">{error}</Problem>}
      {answer ? (
        <Answered {...answer} namespace={within} />
      ) : (
        !error && (
          <Empty title="Why is a request where it is?" icon={<IconRoute2 />}>
            The answer is worked out from the rules that are in force now, by the code that the agents run.
          </Empty>
        )
      )}
    </Stack>
  );
}

function attempt(command: string): { asked?: Asked; problem: string } {
  if (!command.trim()) return { problem: '' };
  try {
    return { asked: readCurl(command), problem: '' };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

interface Registered {
  spec: { app: string; address: string };
}

function instancesPath(namespace: string): string {
  return `/apis/fairlead.io/v1alpha1/namespaces/${namespace}/instances`;
}

/** The app that a URL means: by its name or the first part of it, or by the address that it registered. */
function guess(asked: Asked | undefined, names: string[], registered: Registered[]): string {
  if (!asked) return '';
  const { host, port } = asked;
  const near = ['127.0.0.1', 'localhost', '[::1]', '0.0.0.0'].includes(host);
  const at = registered.find(({ spec: { address } }) => address === `${host}:${port}`);
  // This machine has several names, and an app that listens on it may have registered another one.
  const there = new Set(registered.filter((one) => one.spec.address.endsWith(`:${port}`)).map((one) => one.spec.app));
  return (
    at?.spec.app ??
    (near && there.size === 1 ? [...there][0] : undefined) ??
    names.find((one) => one.toLowerCase() === host.toLowerCase()) ??
    names.find((one) => one.toLowerCase() === host.split('.')[0]?.toLowerCase()) ??
    ''
  );
}

function Answered({ explained: told, asked, namespace }: { explained: Explained; asked: Asked; namespace: string }) {
  const { to } = useWhere();
  return (
    <Stack>
      <Card>
        <Group gap="sm" mb={4}>
          <Title order={2} size="h4">
            {told.lane ? 'On lane' : 'On'}
          </Title>
          <LaneBadge lane={told.lane} />
          {told.governance !== 'on' && (
            <Badge color="yellow" autoContrast>
              governance is {told.governance}: no rule is enforced
            </Badge>
          )}
        </Group>
        <Text>{told.why}</Text>
        <Group gap="xl" mt="sm">
          <div>
            <Text size="xs" c="dimmed">
              Winner
            </Text>
            <Text fw={600}>{told.winner ?? 'none'}</Text>
          </div>
          <div>
            <Text size="xs" c="dimmed">
              Runner-up
            </Text>
            <Text fw={600}>
              {told.runner_up ? `${told.runner_up.rule ?? 'no rule'} → ${told.runner_up.lane || 'base'}` : 'none'}
            </Text>
          </div>
          {told.possible.length > 0 && (
            <div>
              <Text size="xs" c="dimmed">
                By chance also
              </Text>
              <Text fw={600}>{told.possible.map((one) => `${one.rule} → ${one.lane}`).join(', ')}</Text>
            </div>
          )}
          <div>
            <Text size="xs" c="dimmed">
              Request
            </Text>
            <span className="mono">
              {asked.method} {asked.path}
            </span>
          </div>
        </Group>
        {asked.headers.length > 0 && <Headers headers={asked.headers} />}
        {!told.known && (
          <Alert color="yellow" mt="sm" title={`${told.app} is not known here`}>
            No agent has reported it.{' '}
            {told.meant.length > 0 && (
              <>
                Is <b>{told.meant.join(', ')}</b> meant?
              </>
            )}
          </Alert>
        )}
        {told.elsewhere.map((one) => (
          <Text key={one.lane} size="sm" mt="xs">
            At {one.instances.join(', ')} it is on {one.lane || 'base'}: what carries no label takes that of the
            instance it reaches.
          </Text>
        ))}
      </Card>
      <Card>
        <Title order={2} size="h5" mb="xs">
          Rules, in the order in which they are tried
        </Title>
        {told.rules.length === 0 && (
          <Text c="dimmed">
            {told.entry ? 'None.' : `${told.app} is no entry: no TrafficLane and no TrafficLabelRule selects it.`}
          </Text>
        )}
        <Stack gap="sm">
          {told.rules.map((rule) => (
            <RuleVerdict key={rule.rule} rule={rule} />
          ))}
        </Stack>
      </Card>
      {told.guards.length > 0 && (
        <Card>
          <Title order={2} size="h5" mb="xs">
            Limits that it meets
          </Title>
          <div className="scroll-x" tabIndex={0} role="region" aria-label="Limits">
            <Table>
              <Table.Tbody>
                {told.guards.map((one, i) => (
                  <Table.Tr key={i}>
                    <Table.Td fw={550}>
                      <Anchor
                        component={Link}
                        size="sm"
                        href={`${to('rules')}?q=${encodeURIComponent(one.rule.split('/').at(-1) ?? '')}`}
                      >
                        {one.rule}
                      </Anchor>
                    </Table.Td>
                    <Table.Td className="mono">{one.resource}</Table.Td>
                    <Table.Td>{one.says}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </div>
        </Card>
      )}
      <Hops chain={told.chain} namespace={namespace} />
      <Others hops={told.hops} chain={told.chain} />
    </Stack>
  );
}
