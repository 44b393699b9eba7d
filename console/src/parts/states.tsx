import { Alert, Button, Code, Group, List, Paper, Stack, Text, ThemeIcon, Title } from '@mantine/core';
import { IconAlertTriangle, IconInfoCircle } from '@tabler/icons-react';
import { Component, type ReactNode } from 'react';
import type { ApiError } from '../api/client';

/** Nothing is there yet: says what to do next. */
export function Empty({
  title,
  children,
  icon,
  command,
}: {
  title: string;
  children: ReactNode;
  icon?: ReactNode;
  command?: string;
}) {
  return (
    <Paper withBorder p="xl" bg="var(--sheet)">
      <Stack align="center" gap="xs" py="lg" ta="center">
        <ThemeIcon size={48} radius="xl" variant="light" aria-hidden>
          {icon ?? <IconInfoCircle />}
        </ThemeIcon>
        <Title order={3} size="h4">
          {title}
        </Title>
        <Text c="dimmed" maw={560} component="div">
          {children}
        </Text>
        {command && (
          <Code block ta="left" fz="sm" style={{ maxWidth: '100%', overflowX: 'auto' }} tabIndex={0}>
            {command}
          </Code>
        )}
      </Stack>
    </Paper>
  );
}

/** Something is wrong: what, and what to do. */
export function Problem({ title, children, retry }: { title: string; children?: ReactNode; retry?: () => void }) {
  return (
    <Alert color="red" icon={<IconAlertTriangle />} title={title} maw={720} role="alert">
      <Stack gap="sm" align="flex-start">
        <div>{children}</div>
        {retry && (
          <Button size="xs" variant="light" color="red" onClick={retry}>
            Try again
          </Button>
        )}
      </Stack>
    </Alert>
  );
}

export function Failed({ error, what, retry }: { error: ApiError; what: string; retry?: () => void }) {
  const hint =
    error.status === 403
      ? 'Your token does not allow it. Ask an admin of the namespace for the role view.'
      : error.status === 404
        ? 'The control plane knows nothing of it: it may be older than this page, or the object is gone.'
        : '';
  return (
    <Problem title={`${what} cannot be shown`} retry={retry}>
      {error.message}
      {hint && <Text size="sm">{hint}</Text>}
    </Problem>
  );
}

/** All violations of an object, each with the path that its author typed. */
export function Violations({ error }: { error: ApiError }) {
  return (
    <Alert
      color="red"
      icon={<IconAlertTriangle />}
      title={error.status === 409 ? 'Somebody else changed it meanwhile' : 'Not accepted'}
      role="alert"
    >
      {error.causes.length > 0 ? (
        <List size="sm" spacing={4}>
          {error.causes.map((cause, i) => (
            <List.Item key={i}>
              {cause.field && <Code>{cause.field}</Code>} {cause.message}
            </List.Item>
          ))}
        </List>
      ) : (
        error.message
      )}
    </Alert>
  );
}

/** A fault of a page takes the page, and not the console. */
export class Fault extends Component<{ children: ReactNode }, { error: Error | null }> {
  override state = { error: null as Error | null };

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  override render() {
    if (!this.state.error) return this.props.children;
    return (
      <Problem title="This page failed" retry={() => this.setState({ error: null })}>
        <Group>{this.state.error.message}</Group>
      </Problem>
    );
  }
}
