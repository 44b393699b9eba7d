import { Button, Card, Grid, Group, NavLink, Skeleton, Stack, Text, Title } from '@mantine/core';
import { useState } from 'react';
import { ApiError, ask, own } from '../api/client';
import { fullName, objectPath, type Kind } from '../api/kinds';
import type { ApiObject, HistoryItem } from '../api/types';
import { useAnswer } from '../api/use';
import { ago } from '../figures';
import { Failed, Violations } from '../parts/states';
import { Diff } from './diff';
import { authored, written } from './paths';

const SAID: Record<string, string> = { ADDED: 'created', MODIFIED: 'changed', DELETED: 'deleted' };

/** What people made of an object: each revision beside what it is now, and the way back. */
export function History({
  kind,
  object,
  namespace,
  locked,
  onSaved,
}: {
  kind: Kind;
  object: ApiObject;
  namespace: string;
  locked: string;
  onSaved: (saved: ApiObject) => void;
}) {
  const version = Number(object.metadata.generation ?? 0);
  const { data, error, reload } = useAnswer<{ items: HistoryItem[] }>(
    own('history', { kind: fullName(kind), name: object.metadata.name, namespace }),
    { version },
  );
  const [chosen, setChosen] = useState<number>();
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<ApiError>();
  if (error && !data) return <Failed error={error} what="The history" retry={reload} />;
  if (!data) return <Skeleton h={200} />;
  const items = data.items;
  const item = items.find((one) => one.revision === chosen) ?? items[1] ?? items[0];
  const now = written(authored(object));
  const then = item?.object ? written(authored(item.object)) : '';
  const back = async () => {
    if (!item?.object) return;
    setBusy(true);
    setRefused(undefined);
    try {
      const wanted = authored(item.object);
      const path = objectPath(kind, namespace, object.metadata.name);
      const there = await ask<ApiObject>(path);
      // Of the same content it is the same, whatever was written into its status; else the server says who was first.
      const same = written(authored({ ...there, kind: object.kind, apiVersion: object.apiVersion })) === now;
      const held = (same ? there : object).metadata.resourceVersion;
      onSaved(
        await ask<ApiObject>(path, {
          method: 'PUT',
          body: { ...wanted, metadata: { ...wanted.metadata, namespace, resourceVersion: held } },
        }),
      );
      reload();
    } catch (problem) {
      setRefused(problem instanceof ApiError ? problem : new ApiError(0, '', String(problem)));
    }
    setBusy(false);
  };
  const current = item === items[0];
  return (
    <Grid>
      <Grid.Col span={{ base: 12, md: 4 }}>
        <Card p="xs">
          {items.map((one, i) => (
            <NavLink
              key={one.revision}
              component="button"
              active={one === item}
              label={
                <Group justify="space-between" wrap="nowrap">
                  <Text size="sm" fw={550}>
                    {i === 0 ? 'Now' : `${items.length - i}.`} {SAID[one.type.toUpperCase()] ?? one.type}
                  </Text>
                  <Text size="xs" c="dimmed">
                    {ago(one.at)}
                  </Text>
                </Group>
              }
              description={`${one.who && one.who !== 'anonymous' ? one.who : 'somebody'}, revision ${one.revision}`}
              onClick={() => setChosen(one.revision)}
              style={{ borderRadius: 6 }}
            />
          ))}
        </Card>
      </Grid.Col>
      <Grid.Col span={{ base: 12, md: 8 }}>
        <Card>
          <Stack gap="sm">
            <Group justify="space-between">
              <Title order={2} size="h5">
                {current ? 'As it is now' : 'What going back would change'}
              </Title>
              {!current && item?.object && (
                <Button
                  size="sm"
                  onClick={back}
                  loading={busy}
                  disabled={locked !== '' || then === now}
                  data-testid="rollback"
                >
                  Roll back to this
                </Button>
              )}
            </Group>
            {refused && <Violations error={refused} />}
            {current ? <Diff before="" after={now} /> : <Diff before={now} after={then} />}
          </Stack>
        </Card>
      </Grid.Col>
    </Grid>
  );
}
