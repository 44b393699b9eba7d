import { Alert, Anchor, Badge, Card, Collapse, Group, Stack, Text, UnstyledButton } from '@mantine/core';
import { IconAlertTriangle, IconChevronDown, IconChevronRight } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import { Link } from 'wouter';
import { ask, own } from '../api/client';
import { addressOf, kindCalled, type Kind } from '../api/kinds';
import type { ApiObject } from '../api/types';
import { useWhere } from '../where';
import type { Path } from './paths';

/** Something that the server would take, and that is probably not meant. */
export interface Finding {
  code: string;
  severity: string;
  kind: string;
  namespace: string;
  name: string;
  path: string;
  loc: Path;
  message: string;
  remedy: string;
}

/** What is wrong with the objects of a namespace; with `objects`, what would be once they were stored. */
export async function analyzed(namespace: string, objects?: ApiObject[]): Promise<Finding[]> {
  const answer = await ask<{ findings: Finding[] }>(own('analyze'), {
    method: 'POST',
    body: { namespace, ...(objects ? { objects } : {}) },
  });
  return answer.findings;
}

const COLOUR: Record<string, string> = { error: 'red', warning: 'orange', note: 'gray' };

export function FindingsCard({
  namespace,
  version,
  kinds,
}: {
  namespace: string;
  version: number;
  kinds: Kind[] | undefined;
}) {
  const { to } = useWhere();
  const [findings, setFindings] = useState<Finding[]>([]);
  const [open, setOpen] = useState(false);
  useEffect(() => {
    let alive = true;
    // What cannot be told is left out: the list of rules stands without it.
    analyzed(namespace).then(
      (found) => alive && setFindings(found),
      () => alive && setFindings([]),
    );
    return () => {
      alive = false;
    };
  }, [namespace, version]);
  if (findings.length === 0) return null;
  const Chevron = open ? IconChevronDown : IconChevronRight;
  return (
    <Card mb="sm" py="xs">
      <UnstyledButton onClick={() => setOpen(!open)} aria-expanded={open} w="100%">
        <Group gap="xs">
          <Chevron size={16} aria-hidden />
          <Text size="sm" fw={600}>
            {findings.length === 1 ? 'One finding' : `${findings.length} findings`}
          </Text>
          {Object.keys(COLOUR).map((severity) => {
            const count = findings.filter((one) => one.severity === severity).length;
            return count ? (
              <Badge key={severity} color={COLOUR[severity]}>
                {count} {severity}
                {count > 1 ? 's' : ''}
              </Badge>
            ) : null;
          })}
        </Group>
      </UnstyledButton>
      <Collapse expanded={open}>
        <Stack gap="sm" mt="sm">
          {findings.map((one, i) => {
            const kind = kindCalled(kinds, one.kind);
            return (
              <div key={i}>
                <Group gap="xs">
                  <Badge color={COLOUR[one.severity] ?? 'gray'}>{one.code}</Badge>
                  <Anchor component={Link} size="sm" href={to('rules', kind ? addressOf(kind) : '', one.name)}>
                    {kind?.label ?? one.kind}/{one.name}
                  </Anchor>
                </Group>
                <Text size="sm">{one.message}</Text>
                <Text size="sm" c="dimmed">
                  {one.remedy}
                </Text>
              </div>
            );
          })}
        </Stack>
      </Collapse>
    </Card>
  );
}

export function FindingsAlert({ findings: all }: { findings: Finding[] }) {
  // Notes are for whoever looks for them: on the page of the rules.
  const findings = all.filter((one) => one.severity !== 'note');
  if (findings.length === 0) return null;
  return (
    <Alert color="orange" icon={<IconAlertTriangle />} title="The server would take it, and it is probably not meant">
      <Stack gap="xs">
        {findings.map((one, i) => (
          <div key={i}>
            <Text size="sm">
              <b>{one.code}</b> {one.path && <span className="mono">{one.path}: </span>}
              {one.message}
            </Text>
            <Text size="sm">{one.remedy}</Text>
          </div>
        ))}
      </Stack>
    </Alert>
  );
}
