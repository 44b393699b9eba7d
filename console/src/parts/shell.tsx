import {
  ActionIcon,
  AppShell,
  Burger,
  Group,
  Kbd,
  Menu,
  NavLink,
  ScrollArea,
  Select,
  Text,
  Tooltip,
  UnstyledButton,
  useComputedColorScheme,
  useMantineColorScheme,
} from '@mantine/core';
import { useDisclosure, useHotkeys } from '@mantine/hooks';
import {
  IconAdjustments,
  IconAffiliate,
  IconArrowsSplit2,
  IconBoxMultiple,
  IconLayoutDashboard,
  IconLogout,
  IconMoon,
  IconRoute2,
  IconSearch,
  IconShieldCheck,
  IconSun,
  IconUser,
} from '@tabler/icons-react';
import { lazy, Suspense, useEffect, useState, type ReactNode } from 'react';
import { Link, useLocation } from 'wouter';
import { useLive } from '../api/live';
import { useSession } from '../api/session';
import { useAnswer } from '../api/use';
import { ALL, segmentOf, useWhere } from '../where';
import { Mark } from './mark';

const Search = lazy(() => import('./search'));

const WRITTEN = 'input:not([type=radio], [type=checkbox], [type=button])';

export const PAGES = [
  { page: 'overview', label: 'Overview', icon: IconLayoutDashboard },
  { page: 'services', label: 'Services', icon: IconBoxMultiple },
  { page: 'topology', label: 'Topology', icon: IconAffiliate },
  { page: 'lanes', label: 'Lanes', icon: IconArrowsSplit2 },
  { page: 'rules', label: 'Rules', icon: IconShieldCheck },
  { page: 'explain', label: 'Explain', icon: IconRoute2 },
  { page: 'settings', label: 'Settings', icon: IconAdjustments },
];

export function Shell({ children }: { children: ReactNode }) {
  const [menu, { toggle, close }] = useDisclosure();
  const [searching, setSearching] = useState(false);
  const { to } = useWhere();
  const { may } = useSession();
  const [path] = useLocation();
  useEffect(close, [path, close]);
  useHotkeys([['mod+K', () => setSearching(true)]]);
  // A radio button is an input too, and nobody writes in it.
  useHotkeys(
    [
      [
        '/',
        (event) => {
          if ((event.target as HTMLElement).matches(WRITTEN)) return;
          event.preventDefault();
          setSearching(true);
        },
        { preventDefault: false },
      ],
    ],
    ['TEXTAREA', 'SELECT'],
  );
  const current = path.split('/')[2];
  useEffect(() => {
    const label = PAGES.find((one) => one.page === current)?.label ?? 'fairlead';
    document.title = `${label} · fairlead`;
  }, [current]);
  return (
    <AppShell
      header={{ height: 56 }}
      navbar={{ width: 208, breakpoint: 'sm', collapsed: { mobile: !menu } }}
      padding={{ base: 'sm', sm: 'lg' }}
    >
      <a className="skip-link" href="#page">
        Skip to the page
      </a>
      <AppShell.Header px="md" bg="var(--sheet)">
        <Group h="100%" justify="space-between" wrap="nowrap" gap="sm">
          <Group gap="sm" wrap="nowrap">
            <Burger opened={menu} onClick={toggle} hiddenFrom="sm" size="sm" aria-label="Pages" />
            <Group visibleFrom="xs" w={{ sm: 176 }}>
              <Mark />
            </Group>
            <NamespacePicker />
          </Group>
          <Group gap="xs" wrap="nowrap">
            <SearchButton open={() => setSearching(true)} />
            <StreamState />
            <SchemeToggle />
            <Account />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" bg="var(--sheet)" aria-label="Pages">
        <ScrollArea>
          {PAGES.filter(({ page }) => page !== 'settings' || may('view', '*')).map(({ page, label, icon: Icon }) => (
            <NavLink
              key={page}
              component={Link}
              href={to(page)}
              label={label}
              active={page === current}
              aria-current={page === current ? 'page' : undefined}
              leftSection={<Icon size={18} stroke={1.7} aria-hidden />}
              fw={page === current ? 600 : 450}
              style={{ borderRadius: 8 }}
              mb={2}
            />
          ))}
        </ScrollArea>
      </AppShell.Navbar>
      <AppShell.Main id="page" tabIndex={-1} className="shell-main">
        <div style={{ maxWidth: 1480, margin: '0 auto' }}>{children}</div>
      </AppShell.Main>
      <Suspense>{searching && <Search close={() => setSearching(false)} />}</Suspense>
    </AppShell>
  );
}

function SearchButton({ open }: { open: () => void }) {
  return (
    <>
      <UnstyledButton
        onClick={open}
        visibleFrom="md"
        px={12}
        py={6}
        style={{ border: '1px solid var(--line)', borderRadius: 8, width: 240 }}
        aria-label="Search"
      >
        <Group gap={8} wrap="nowrap" justify="space-between">
          <Group gap={8} wrap="nowrap">
            <IconSearch size={15} aria-hidden />
            <Text size="sm" c="dimmed">
              Search
            </Text>
          </Group>
          <Kbd size="xs">/</Kbd>
        </Group>
      </UnstyledButton>
      <ActionIcon hiddenFrom="md" variant="subtle" color="gray" onClick={open} aria-label="Search">
        <IconSearch size={18} />
      </ActionIcon>
    </>
  );
}

function NamespacePicker() {
  const { namespace, go } = useWhere();
  const session = useSession();
  const [path] = useLocation();
  const everywhere = session.state === 'open' || session.grants.some((grant) => grant.namespace === '*');
  const listed = useAnswer<{ items: { metadata: { name: string } }[] }>(everywhere ? '/api/v1/namespaces' : null, {
    every: 30000,
  });
  const names = new Set([
    'default',
    ...session.grants.map((grant) => grant.namespace),
    ...(listed.data?.items ?? []).map((one) => one.metadata.name),
  ]);
  if (!everywhere) names.delete('default');
  session.grants.forEach((grant) => names.add(grant.namespace));
  names.delete(ALL);
  if (namespace !== ALL) names.add(namespace);
  const options = [...names].sort().map((name) => ({ value: name, label: name }));
  const choices = everywhere ? [...options, { value: ALL, label: 'All namespaces' }] : options;
  const choose = (value: string | null) => {
    if (!value || value === namespace) return;
    const page = path.split('/')[2] ?? 'overview';
    go(`/${segmentOf(value)}/${page}`);
  };
  return (
    <Select
      aria-label="Namespace"
      data={choices}
      value={namespace}
      onChange={choose}
      searchable={choices.length > 8}
      allowDeselect={false}
      size="sm"
      w={{ base: 136, sm: 176 }}
      comboboxProps={{ shadow: 'md' }}
    />
  );
}

const SAID = {
  live: { colour: 'var(--good)', text: 'Live', why: 'The page is fed by a stream, each second.' },
  connecting: { colour: 'var(--warn)', text: 'Connecting', why: 'The stream is being opened.' },
  away: {
    colour: 'var(--bad)',
    text: 'Away',
    why: 'The stream is broken and will be opened again. What you see is the last that was known.',
  },
};

function StreamState() {
  const { state } = useLive();
  const said = SAID[state];
  return (
    <Tooltip label={said.why}>
      <Group gap={6} wrap="nowrap" px={4} tabIndex={0} role="status" aria-label={`Stream: ${said.text}`}>
        <span className={state === 'live' ? 'dot dot-live' : 'dot'} style={{ color: said.colour }} />
        <Text size="sm" visibleFrom="lg" c="dimmed">
          {said.text}
        </Text>
      </Group>
    </Tooltip>
  );
}

function SchemeToggle() {
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme('light', { getInitialValueInEffect: false });
  const other = scheme === 'dark' ? 'light' : 'dark';
  return (
    <Tooltip label={`Show it ${other}`}>
      <ActionIcon
        variant="subtle"
        color="gray"
        size="lg"
        onClick={() => setColorScheme(other)}
        aria-label={`Use the ${other} scheme`}
      >
        {scheme === 'dark' ? <IconSun size={18} /> : <IconMoon size={18} />}
      </ActionIcon>
    </Tooltip>
  );
}

function Account() {
  const { state, name, grants, signOut } = useSession();
  if (state !== 'in') return null;
  return (
    <Menu position="bottom-end" shadow="md" width={240}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label={`Signed in as ${name}`}>
          <IconUser size={18} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {name}: {grants.map((grant) => `${grant.role}@${grant.namespace}`).join(', ')}
        </Menu.Label>
        <Menu.Item leftSection={<IconLogout size={16} />} onClick={() => void signOut()}>
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
