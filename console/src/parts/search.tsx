import { Group, Kbd, Modal, ScrollArea, Text, TextInput, UnstyledButton } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useEffect, useMemo, useState, type KeyboardEvent } from 'react';
import { useLive } from '../api/live';
import { addressOf, kindOf, useKinds, useObjects } from '../api/kinds';
import { useWhere } from '../where';
import { PAGES } from './shell';

interface Hit {
  sort: string;
  label: string;
  more: string;
  path: string;
}

const MOST = 40;

export default function Search({ close }: { close: () => void }) {
  const { namespace, to, service, go } = useWhere();
  const { services, version } = useLive();
  const { kinds } = useKinds();
  const { objects } = useObjects(kinds, namespace, version);
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);

  const all = useMemo<Hit[]>(() => {
    const lanes = new Set((services ?? []).flatMap((one) => one.lanes).filter(Boolean));
    return [
      ...PAGES.map(({ page, label }) => ({ sort: 'Page', label, more: '', path: to(page) })),
      ...(services ?? []).map((one) => ({
        sort: 'Service',
        label: one.app,
        more: one.namespace,
        path: service(one.app, one.namespace),
      })),
      ...[...lanes].map((lane) => ({ sort: 'Lane', label: lane, more: '', path: to('lanes', lane) })),
      ...(objects ?? []).map((one) => {
        const kind = kindOf(kinds, one);
        return {
          sort: kind?.label ?? one.kind,
          label: one.metadata.name,
          more: one.metadata.namespace ?? '',
          path:
            to('rules', kind ? addressOf(kind) : '', one.metadata.name) +
            (namespace === '*' ? `?namespace=${one.metadata.namespace}` : ''),
        };
      }),
    ];
  }, [services, objects, kinds, namespace, to, service]);

  const hits = useMemo(() => {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    const scored = all
      .map((hit) => {
        const whole = `${hit.sort} ${hit.label} ${hit.more}`.toLowerCase();
        if (!words.every((word) => whole.includes(word))) return null;
        const label = hit.label.toLowerCase();
        const first = words[0] ?? '';
        return { hit, score: label === first ? 0 : label.startsWith(first) ? 1 : label.includes(first) ? 2 : 3 };
      })
      .filter((one) => one !== null);
    return scored
      .sort((a, b) => a.score - b.score)
      .slice(0, MOST)
      .map((one) => one.hit);
  }, [all, text]);

  useEffect(() => setAt(0), [text]);
  const choose = (hit: Hit | undefined) => {
    if (!hit) return;
    close();
    go(hit.path);
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown') setAt((n) => Math.min(n + 1, hits.length - 1));
    else if (event.key === 'ArrowUp') setAt((n) => Math.max(n - 1, 0));
    else if (event.key === 'Enter') choose(hits[at]);
    else return;
    event.preventDefault();
  };
  useEffect(() => document.getElementById(`hit-${at}`)?.scrollIntoView({ block: 'nearest' }), [at]);

  return (
    <Modal
      opened
      onClose={close}
      withCloseButton={false}
      size="lg"
      padding={0}
      yOffset="10vh"
      aria-label="Search"
      transitionProps={{ duration: 80 }}
    >
      <TextInput
        variant="unstyled"
        px="md"
        py={6}
        size="md"
        placeholder="Services, lanes, rules, pages"
        aria-label="Search for services, lanes, rules and pages"
        role="combobox"
        aria-expanded
        aria-controls="hits"
        aria-activedescendant={hits.length ? `hit-${at}` : undefined}
        leftSection={<IconSearch size={18} />}
        leftSectionPointerEvents="none"
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        onKeyDown={onKey}
        data-autofocus
        styles={{ input: { paddingLeft: 36 } }}
      />
      <ScrollArea.Autosize mah="50vh" style={{ borderTop: '1px solid var(--line)' }}>
        <div role="listbox" id="hits" aria-label="Found" style={{ padding: 6 }}>
          {hits.map((hit, i) => (
            <UnstyledButton
              key={`${hit.sort} ${hit.path}`}
              id={`hit-${i}`}
              role="option"
              aria-selected={i === at}
              tabIndex={-1}
              onClick={() => choose(hit)}
              onMouseMove={() => setAt(i)}
              px="sm"
              py={7}
              w="100%"
              style={{
                borderRadius: 6,
                background: i === at ? 'color-mix(in srgb, var(--sea) 14%, transparent)' : undefined,
              }}
            >
              <Group justify="space-between" wrap="nowrap">
                <Text size="sm" className="clip">
                  {hit.label}
                </Text>
                <Text size="xs" c="dimmed">
                  {hit.sort}
                </Text>
              </Group>
            </UnstyledButton>
          ))}
        </div>
        {hits.length === 0 && (
          <Text p="md" c="dimmed" size="sm">
            Nothing is called like that here.
          </Text>
        )}
      </ScrollArea.Autosize>
      <Group gap="xs" px="md" py={8} style={{ borderTop: '1px solid var(--line)' }} visibleFrom="xs">
        <Kbd size="xs">↑</Kbd>
        <Kbd size="xs">↓</Kbd>
        <Text size="xs" c="dimmed">
          choose
        </Text>
        <Kbd size="xs">Enter</Kbd>
        <Text size="xs" c="dimmed">
          open
        </Text>
        <Kbd size="xs">Esc</Kbd>
        <Text size="xs" c="dimmed">
          close
        </Text>
      </Group>
    </Modal>
  );
}
