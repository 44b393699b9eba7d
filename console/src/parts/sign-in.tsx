import { Alert, Button, Center, Code, Paper, PasswordInput, Stack, Text, Title } from '@mantine/core';
import { useState, type FormEvent } from 'react';
import { ApiError } from '../api/client';
import { useSession } from '../api/session';
import { Mark } from './mark';

export function SignIn() {
  const { signIn } = useSession();
  const [token, setToken] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState('');
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError('');
    try {
      await signIn(token.trim());
    } catch (problem) {
      setError(problem instanceof ApiError ? problem.message : String(problem));
      setBusy(false);
    }
  };
  return (
    <Center component="main" mih="100vh" p="md" className="shell-main">
      <Paper withBorder shadow="sm" p="xl" w="100%" maw={400} bg="var(--sheet)">
        <form onSubmit={submit}>
          <Stack>
            <Mark large />
            <Title order={1} size="h3">
              Sign in
            </Title>
            <PasswordInput
              label="Token"
              description="fairlead_…, from an admin of your namespace"
              value={token}
              onChange={(event) => setToken(event.currentTarget.value)}
              autoComplete="off"
              autoFocus
              required
            />
            {error && (
              <Alert color="red" role="alert">
                {error}
              </Alert>
            )}
            <Button type="submit" loading={busy}>
              Sign in
            </Button>
            <Text size="sm" c="dimmed">
              No token yet? On the server: <Code>fairlead token create NAME --role view@*</Code>. The page keeps no
              token: the browser holds a cookie that scripts cannot read, for twelve hours.
            </Text>
          </Stack>
        </form>
      </Paper>
    </Center>
  );
}
