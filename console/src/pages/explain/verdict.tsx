/** One rule of an answer, with what each of its conditions found; and the headers that were asked about. */

import { Badge, Button, Code, Collapse, Group, Stack, Text } from '@mantine/core';
import { IconCheck, IconQuestionMark, IconX } from '@tabler/icons-react';
import { useState } from 'react';
import { LaneBadge } from '../../parts/lane';

export interface Verdict {
  rule: string;
  lane: string;
  matches: string;
  result: string;
  conditions: { condition: string; got: string | null; holds: string }[];
}

/** Names of headers whose values are nobody's to read over a shoulder. */
const SECRET = /^(authorization|proxy-authorization|cookie|set-cookie|x-api-key|x-auth-token)$|token|secret|password/i;

export function Headers({ headers }: { headers: [string, string][] }) {
  const [open, setOpen] = useState(false);
  return (
    <div style={{ marginTop: 8 }}>
      {headers.map(([name, value], i) => (
        <Text key={i} size="xs" className="mono" style={{ overflowWrap: 'anywhere' }}>
          {name}: {SECRET.test(name) && !open ? '••••••' : value}
        </Text>
      ))}
      {headers.some(([name]) => SECRET.test(name)) && (
        <Button variant="subtle" size="compact-xs" onClick={() => setOpen(!open)}>
          {open ? 'Hide what is secret' : 'Show what is hidden'}
        </Button>
      )}
    </div>
  );
}

const RESULT: Record<string, string> = { won: 'green', lost: 'gray', possible: 'yellow', 'no match': 'gray' };

export function RuleVerdict({ rule }: { rule: Verdict }) {
  const [open, setOpen] = useState(rule.result === 'won');
  return (
    <div style={{ borderLeft: `3px solid ${rule.result === 'won' ? 'var(--good)' : 'var(--line)'}`, paddingLeft: 12 }}>
      <Group gap="sm">
        <Text fw={600}>{rule.rule}</Text>
        <Badge color={RESULT[rule.result] ?? 'gray'} autoContrast>
          {rule.result}
        </Badge>
        <LaneBadge lane={rule.lane} />
        <Button size="compact-xs" variant="subtle" onClick={() => setOpen(!open)} aria-expanded={open}>
          {open ? 'Hide' : 'Conditions'}
        </Button>
      </Group>
      <Collapse expanded={open}>
        <Stack gap={4} mt={4}>
          {rule.conditions.length === 0 && <Text size="sm">All requests.</Text>}
          {rule.conditions.map((one, i) => (
            <Group key={i} gap={6} wrap="nowrap">
              {one.holds === 'no' ? (
                <IconX size={15} color="var(--bad)" aria-label="does not hold" />
              ) : one.holds === 'unknown' ? (
                <IconQuestionMark size={15} color="var(--warn)" aria-label="cannot be told" />
              ) : (
                <IconCheck
                  size={15}
                  color="var(--good)"
                  aria-label={one.holds === 'yes' ? 'holds' : 'holds by chance'}
                />
              )}
              <Code>{one.condition}</Code>
              <Text size="xs" c="dimmed">
                {one.holds === 'unknown'
                  ? 'depends on what its caller sends'
                  : one.got === null
                    ? 'it is not there'
                    : `it is ${one.got}`}
              </Text>
            </Group>
          ))}
        </Stack>
      </Collapse>
    </div>
  );
}
