/** A request from hop to hop, along calls that were observed: the tree of an answer, folded out where it matters. */

import { Anchor, Badge, Button, Card, Collapse, Group, Stack, Text, Title, VisuallyHidden } from '@mantine/core';
import {
  IconAlertTriangle,
  IconArrowBackUp,
  IconCornerDownRight,
  IconInfoCircle,
  IconRoute2,
} from '@tabler/icons-react';
import { useState, type ReactNode } from 'react';
import { Link } from 'wouter';
import { LaneBadge } from '../../parts/lane';
import { useWhere } from '../../where';
import { RuleVerdict, type Verdict } from './verdict';

interface Limit {
  rule: string;
  strategy: string;
  resource: string;
  says: string;
  at: 'caller' | 'callee';
  result: 'decides' | 'lost' | 'counts';
  why?: string;
}

export interface ChainHop {
  from: number | null;
  depth: number;
  namespace: string;
  app: string;
  known: boolean;
  entry: boolean;
  lane: string;
  label: string;
  why: string;
  winner: string | null;
  runner_up: { rule: string | null; lane: string } | null;
  rules: Verdict[];
  side: 'entry' | 'lane' | 'base' | 'none';
  endpoints: string[];
  fallback: string[];
  excluded: { address: string; why: string }[];
  shadows: { rule: string; of: string; shadow: string }[];
  moreShadows: number;
  limits: Limit[];
  interfaces: { name: string; lane: string; calls: number }[];
  moreInterfaces: number;
  statements: boolean;
  observed: { calls: number; onLane: number; errors: number; fallbacks: number; lost: number } | null;
  notes: { code: string; text: string }[];
  calls: string;
  says: string;
  leftOut: number;
  same: number | null;
}

export interface Chain {
  seconds: number;
  ago: string;
  hops: ChainHop[];
}

export function Hops({ chain, namespace }: { chain: Chain; namespace: string }) {
  return (
    <Card>
      <Title order={2} size="h5">
        Hop by hop
      </Title>
      <Text size="sm" c="dimmed" mb="sm">
        Along calls that agents observed {chain.ago}. They count them by app, not by route: what an app calls is told
        here, whichever of its requests made it call.
      </Text>
      <ol className="hops" aria-label="Hops">
        {chain.hops.map((hop, place) => (
          <Hop key={place} hop={hop} hops={chain.hops} namespace={namespace} />
        ))}
      </ol>
    </Card>
  );
}

const SERIOUS = new Set(['lost', 'not passed on']);

function Hop({ hop, hops, namespace }: { hop: ChainHop; hops: ChainHop[]; namespace: string }) {
  const { service, to } = useWhere();
  const caller = hop.from === null ? undefined : hops[hop.from];
  const [open, setOpen] = useState(hop.from !== null && hop.rules.length > 0);
  const more = hop.limits.length + hop.shadows.length + hop.endpoints.length + hop.rules.length > 0;
  const name = hop.namespace === namespace ? hop.app : `${hop.app}.${hop.namespace}`;
  const at = caller && `${caller.namespace}/${caller.app}~${hop.namespace}/${hop.app}`;
  return (
    <li className="hop" style={{ '--depth': hop.depth } as React.CSSProperties}>
      <Group gap="xs" align="center">
        {hop.from !== null && <IconCornerDownRight size={15} color="var(--quiet)" aria-hidden />}
        {hop.known ? (
          <Link className="plain-link" href={service(hop.app, hop.namespace)}>
            {name}
          </Link>
        ) : (
          <Text fw={550}>{name}</Text>
        )}
        {caller && <VisuallyHidden>called by {caller.app}</VisuallyHidden>}
        <LaneBadge lane={hop.lane} />
        <Serving hop={hop} />
        {hop.observed && at && (
          <Anchor component={Link} size="xs" href={`${to('topology')}?at=${encodeURIComponent(at)}`}>
            {count(hop.observed.calls, 'call')}
            {hop.label && `, ${hop.observed.onLane.toLocaleString('en')} on ${hop.label}`}
            <VisuallyHidden>
              , {caller.app} to {hop.app}, in the topology
            </VisuallyHidden>
          </Anchor>
        )}
        {more && (
          <Button size="compact-xs" variant="subtle" onClick={() => setOpen(!open)} aria-expanded={open}>
            {open ? 'Hide' : summary(hop)}
          </Button>
        )}
      </Group>
      {hop.notes.map((note) => (
        <Note key={note.text} serious={SERIOUS.has(note.code)}>
          {note.text}
        </Note>
      ))}
      <Collapse expanded={open}>
        <Details hop={hop} />
      </Collapse>
      {hop.says && (
        <Group gap={6} wrap="nowrap" mt={2}>
          {hop.calls === 'cycle' && <IconArrowBackUp size={14} color="var(--warn)" aria-hidden />}
          <Text size="xs" c="dimmed">
            {hop.says}
            {hop.calls === 'none seen' && hop.statements && '; it sends SQL'}
          </Text>
        </Group>
      )}
      {hop.leftOut > 0 && (
        <Text size="xs" c="dimmed">
          {hop.leftOut} more apps that it calls are left out
        </Text>
      )}
    </li>
  );
}

function Serving({ hop }: { hop: ChainHop }) {
  const many = count(hop.endpoints.length, 'instance');
  if (hop.side === 'none') return <Badge color="red">{hop.excluded.length ? 'nobody is fit' : 'no instance'}</Badge>;
  if (hop.side === 'lane') return <Badge color="green">{many} of the lane</Badge>;
  if (hop.side === 'base' && hop.label) return <Badge color="yellow">falls back to base: {many}</Badge>;
  return <Badge color="gray">{many}</Badge>;
}

function Note({ serious, children }: { serious: boolean; children: ReactNode }) {
  const Icon = serious ? IconAlertTriangle : IconInfoCircle;
  return (
    <Group gap={6} wrap="nowrap" align="flex-start" mt={2}>
      <Icon
        size={15}
        color={serious ? 'var(--bad)' : 'var(--warn)'}
        style={{ flex: 'none', marginTop: 2 }}
        aria-hidden
      />
      <Text size="sm">{children}</Text>
    </Group>
  );
}

function Details({ hop }: { hop: ChainHop }) {
  const { to } = useWhere();
  const rule = (full: string) => `${to('rules')}?q=${encodeURIComponent(full.split('/').at(-1) ?? '')}`;
  return (
    <Stack gap={6} my={6}>
      {hop.from !== null && (
        <Text size="sm" c="dimmed">
          {hop.why}
        </Text>
      )}
      {hop.from !== null && hop.rules.map((one) => <RuleVerdict key={one.rule} rule={one} />)}
      {hop.from !== null && hop.runner_up && (
        <Text size="sm">
          Runner-up: {hop.runner_up.rule} → {hop.runner_up.lane || 'base'}
        </Text>
      )}
      {hop.endpoints.length > 0 && (
        <Fact name="Goes to">
          <span className="mono">{hop.endpoints.slice(0, 10).join(', ')}</span>
          {hop.endpoints.length > 10 && ` and ${hop.endpoints.length - 10} more`}
          {hop.fallback.length > 0 &&
            `; where those refuse a connection, to ${count(hop.fallback.length, 'instance')} of base`}
        </Fact>
      )}
      {hop.excluded.slice(0, 10).map((one) => (
        <Text key={one.address} size="xs" c="var(--bad)">
          not {one.address}: {one.why}
        </Text>
      ))}
      {hop.interfaces.length > 0 && (
        <Fact name="Serves">
          <span className="mono">{hop.interfaces.map((one) => one.name).join(', ')}</span>
          {hop.moreInterfaces > 0 && ` and ${hop.moreInterfaces} more`}
        </Fact>
      )}
      {hop.limits.map((one, i) => (
        <Fact key={i} name={one.at === 'caller' ? 'Limit on the way' : 'Limit'}>
          <Anchor component={Link} size="sm" href={rule(one.rule)}>
            {one.rule}
          </Anchor>{' '}
          <span className="mono">{one.resource}</span>: {one.says}{' '}
          <Badge color={one.result === 'decides' ? 'green' : 'gray'}>{one.result}</Badge>
          {one.why && <span className="quiet"> {one.why}</span>}
        </Fact>
      ))}
      {hop.shadows.map((one) => (
        <Fact key={`${one.of} ${one.shadow}`} name="Shadow">
          <span className="mono">
            {one.of} → {one.shadow}
          </span>{' '}
          <Anchor component={Link} size="sm" href={rule(one.rule)}>
            {one.rule}
          </Anchor>
        </Fact>
      ))}
      {hop.moreShadows > 0 && <Text size="sm">and {hop.moreShadows} more shadows</Text>}
    </Stack>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <Text size="sm" component="div" style={{ overflowWrap: 'anywhere' }}>
      <span className="quiet">{name} </span>
      {children}
    </Text>
  );
}

function summary(hop: ChainHop): string {
  const parts = [
    hop.limits.length && count(hop.limits.length, 'limit'),
    hop.shadows.length && count(hop.shadows.length + hop.moreShadows, 'shadow'),
    hop.from !== null && hop.rules.length && count(hop.rules.length, 'rule'),
  ].filter(Boolean);
  return parts.length ? parts.join(', ') : 'Details';
}

function count(number: number, word: string): string {
  return `${number.toLocaleString('en')} ${word}${number === 1 ? '' : 's'}`;
}

/** Apps that a call could go to, and none was observed on the way. */
export function Others({ hops, chain }: { hops: { host: string; side: string; endpoints: string[] }[]; chain: Chain }) {
  const { service } = useWhere();
  const [open, setOpen] = useState(false);
  const there = new Set(chain.hops.map((one) => one.app));
  const rest = hops.filter((one) => !there.has(one.host)).slice(0, 200);
  if (rest.length === 0) return null;
  return (
    <Card>
      <Group gap="sm">
        <IconRoute2 size={16} aria-hidden />
        <Text size="sm">
          {count(rest.length, 'other app')} could be called by name, and no call on this way was observed {chain.ago}.
        </Text>
        <Button size="compact-xs" variant="subtle" onClick={() => setOpen(!open)} aria-expanded={open}>
          {open ? 'Hide' : 'Where would it go?'}
        </Button>
      </Group>
      <Collapse expanded={open}>
        <Stack gap={2} mt="xs">
          {rest.map((one) => (
            <Text key={one.host} size="sm" style={{ overflowWrap: 'anywhere' }}>
              <Link className="plain-link" href={service(one.host)}>
                {one.host}
              </Link>{' '}
              <span className="quiet">{one.side === 'none' ? 'nobody' : one.side}</span>{' '}
              <span className="mono">{one.endpoints.slice(0, 5).join(', ')}</span>
            </Text>
          ))}
        </Stack>
      </Collapse>
    </Card>
  );
}
