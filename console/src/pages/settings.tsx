import { Alert, Button, Card, Group, NumberInput, Skeleton, Slider, Stack, Text } from '@mantine/core';
import { useEffect, useState } from 'react';
import { ApiError, ask, own } from '../api/client';
import { useSession } from '../api/session';
import { useAnswer } from '../api/use';
import { Head } from '../parts/head';
import { Failed, Violations } from '../parts/states';

interface Telemetry {
  interfaces: number;
  sampling: number;
  access_log: number;
}

/** How much agents measure, of all namespaces; changed while they run. */
export default function Settings() {
  const { may } = useSession();
  const { data, error, reload } = useAnswer<{ telemetry: Telemetry }>(own('settings'));
  const [wanted, setWanted] = useState<Telemetry>();
  const [refused, setRefused] = useState<ApiError>();
  const [busy, setBusy] = useState(false);
  useEffect(() => setWanted(data?.telemetry), [data]);
  if (error && !data) return <Failed error={error} what="The settings" retry={reload} />;
  if (!data || !wanted) return <Skeleton h={240} />;
  const locked = !may('admin', '*');
  const dirty = JSON.stringify(wanted) !== JSON.stringify(data.telemetry);
  const save = async () => {
    setBusy(true);
    setRefused(undefined);
    try {
      await ask(own('settings'), { method: 'PUT', body: { telemetry: wanted } });
      reload();
    } catch (problem) {
      setRefused(problem instanceof ApiError ? problem : new ApiError(0, '', String(problem)));
    }
    setBusy(false);
  };
  return (
    <Stack gap="md" maw={720}>
      <Head title="Settings">How much agents measure, in every namespace. They are told at once.</Head>
      {locked && <Alert color="gray">They are an admin&apos;s of all namespaces to change.</Alert>}
      <Card>
        <Stack gap="lg">
          <Part
            label="Traces that are begun"
            about="Of requests that come without a decision about it."
            value={wanted.sampling}
            locked={locked}
            set={(sampling) => setWanted({ ...wanted, sampling })}
          />
          <Part
            label="Requests in the access log"
            about="With the rule that decided."
            value={wanted.access_log}
            locked={locked}
            set={(access_log) => setWanted({ ...wanted, access_log })}
          />
          <NumberInput
            label="Interfaces of an app that are told apart"
            description="Beyond them it is all under the name *."
            min={1}
            value={wanted.interfaces}
            disabled={locked}
            onChange={(next) => typeof next === 'number' && setWanted({ ...wanted, interfaces: next })}
            maw={320}
          />
          {refused && <Violations error={refused} />}
          <Group>
            <Button onClick={save} disabled={!dirty || locked} loading={busy}>
              Save
            </Button>
            {dirty && (
              <Button variant="default" onClick={() => setWanted(data.telemetry)}>
                Discard
              </Button>
            )}
          </Group>
        </Stack>
      </Card>
    </Stack>
  );
}

function Part({
  label,
  about,
  value,
  locked,
  set,
}: {
  label: string;
  about: string;
  value: number;
  locked: boolean;
  set: (share: number) => void;
}) {
  return (
    <div>
      <Group justify="space-between">
        <Text size="sm" fw={500}>
          {label}
        </Text>
        <Text size="sm" fw={600} className="number">
          {Math.round(value * 100)} %
        </Text>
      </Group>
      <Text size="xs" c="dimmed" mb={6}>
        {about}
      </Text>
      <Slider
        value={Math.round(value * 100)}
        onChange={(percent) => set(percent / 100)}
        disabled={locked}
        thumbLabel={label}
        label={(percent) => `${percent} %`}
      />
    </div>
  );
}
