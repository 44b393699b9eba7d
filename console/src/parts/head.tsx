import { Group, Stack, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';

/** What a page is about, and what can be done on it. */
export function Head({ title, children, actions }: { title: ReactNode; children?: ReactNode; actions?: ReactNode }) {
  return (
    <Group justify="space-between" align="flex-start" gap="sm" className="head">
      <Stack gap={2} style={{ minWidth: 0 }}>
        <Title order={1} size="h2" style={{ letterSpacing: '-0.02em', overflowWrap: 'anywhere' }}>
          {title}
        </Title>
        {children && (
          <Text c="dimmed" size="sm" component="div">
            {children}
          </Text>
        )}
      </Stack>
      {actions && <Group gap="xs">{actions}</Group>}
    </Group>
  );
}
