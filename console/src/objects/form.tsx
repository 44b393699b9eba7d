import {
  ActionIcon,
  Autocomplete,
  Button,
  Fieldset,
  Group,
  Menu,
  NumberInput,
  SegmentedControl,
  Select,
  Stack,
  Switch,
  TagsInput,
  Text,
  TextInput,
  Textarea,
  Tooltip,
} from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { createContext, useContext, useState } from 'react';
import { parse } from 'yaml';
import type { Schema } from '../api/kinds';
import { written, type Path } from './paths';

/** What a text may well be, by where it is; nothing where nobody knows. */
export const Suggested = createContext<(path: Path) => string[] | undefined>(() => undefined);

/** Changes one field; undefined takes it away. */
export type Change = (path: Path, value: unknown) => void;

interface FieldProps {
  name: string;
  schema: Schema;
  value: unknown;
  path: Path;
  change: Change;
  required?: boolean;
  wrong: (path: Path) => string | undefined;
  locked: boolean;
}

/** `targetResourceName` as people read it. */
export function words(name: string): string {
  const spaced = name.replace(/([a-z\d])([A-Z])/g, '$1 $2').toLowerCase();
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}

/** The fields of an object, made of its schema: those that are needed or set; the others can be added. */
export function Fields({ schema, value, path, change, wrong, locked }: Omit<FieldProps, 'name' | 'required'>) {
  const set = (value ?? {}) as Record<string, unknown>;
  const required = new Set(schema.required);
  const all = Object.entries(schema.properties ?? {});
  const shown = all.filter(([name]) => required.has(name) || name in set);
  const others = all.filter(([name]) => !required.has(name) && !(name in set));
  const unknown = Object.keys(set).filter((name) => !schema.properties?.[name]);
  return (
    <Stack gap="sm">
      {shown.map(([name, one]) => (
        <Group key={name} align="flex-start" wrap="nowrap" gap={6}>
          <div style={{ flex: 1, minWidth: 0 }}>
            <Field
              name={name}
              schema={one}
              value={set[name]}
              path={[...path, name]}
              change={change}
              required={required.has(name)}
              wrong={wrong}
              locked={locked}
            />
          </div>
          {!required.has(name) && !locked && (
            <Tooltip label={`Leave out ${name}`}>
              <ActionIcon
                mt={22}
                variant="subtle"
                color="gray"
                onClick={() => change([...path, name], undefined)}
                aria-label={`Leave out ${name}`}
              >
                <IconTrash size={15} />
              </ActionIcon>
            </Tooltip>
          )}
        </Group>
      ))}
      {unknown.map((name) => (
        <Text key={name} size="sm" c="var(--bad)">
          {name} is no field here: {wrong([...path, name]) ?? 'see the YAML'}
        </Text>
      ))}
      {others.length > 0 && !locked && (
        <Menu shadow="md" position="bottom-start" width={360}>
          <Menu.Target>
            <Button
              variant="subtle"
              size="compact-sm"
              leftSection={<IconPlus size={14} />}
              style={{ alignSelf: 'flex-start' }}
            >
              Add a field
            </Button>
          </Menu.Target>
          <Menu.Dropdown mah={360} style={{ overflowY: 'auto' }}>
            {others.map(([name, one]) => (
              <Menu.Item key={name} onClick={() => change([...path, name], blank(one))}>
                <Text size="sm" fw={550}>
                  {words(name)}
                </Text>
                <Text size="xs" c="dimmed" lineClamp={2}>
                  {one.description}
                </Text>
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
      )}
    </Stack>
  );
}

/** A value to begin with. */
export function blank(schema: Schema): unknown {
  if (schema.enum) return schema.enum[0];
  if (schema.type === 'object') {
    return Object.fromEntries((schema.required ?? []).map((name) => [name, blank(schema.properties?.[name] ?? {})]));
  }
  if (schema.type === 'array') return schema.items?.type === 'object' ? [blank(schema.items)] : [];
  if (schema.type === 'boolean') return true;
  if (schema.type === 'integer' || schema.type === 'number') return schema.minimum ?? 0;
  return '';
}

function Field(props: FieldProps) {
  const suggested = useContext(Suggested)(props.path);
  const { name, schema, value, path, change, required, wrong, locked } = props;
  const common = {
    label: words(name),
    description: schema.description,
    withAsterisk: required,
    error: wrong(path),
    disabled: locked,
  };
  if (name === 'mode') {
    return (
      <div>
        <Text size="sm" fw={500}>
          Mode
        </Text>
        <Text size="xs" c="dimmed" mb={4}>
          {schema.description}
        </Text>
        <SegmentedControl
          aria-label="Mode"
          disabled={locked}
          data={['on', 'simulate', 'off']}
          value={value === false ? 'off' : value === true ? 'on' : String(value || 'on')}
          onChange={(next) => change(path, next)}
        />
      </div>
    );
  }
  if (schema.enum)
    return (
      <Select
        {...common}
        data={schema.enum}
        value={(value as string) ?? null}
        onChange={(next) => change(path, next ?? undefined)}
      />
    );
  switch (schema.type) {
    case 'boolean':
      return (
        <Switch {...common} checked={value === true} onChange={(event) => change(path, event.currentTarget.checked)} />
      );
    case 'integer':
    case 'number':
      return (
        <NumberInput
          {...common}
          value={typeof value === 'number' ? value : ''}
          min={schema.minimum}
          allowDecimal={schema.type === 'number'}
          onChange={(next) => change(path, typeof next === 'number' ? next : undefined)}
          maw={320}
        />
      );
    case 'array':
      return <Items {...props} />;
    case 'object':
      return <Part {...props} />;
  }
  if (schema['x-kubernetes-preserve-unknown-fields']) return <Anything {...props} />;
  if (suggested)
    return (
      <Autocomplete
        {...common}
        data={suggested}
        value={value === undefined || value === null ? '' : String(value)}
        onChange={(next) => change(path, next)}
        limit={50}
      />
    );
  return (
    <TextInput
      {...common}
      value={value === undefined || value === null ? '' : String(value)}
      onChange={(event) => change(path, event.currentTarget.value)}
    />
  );
}

function Part({ name, schema, value, path, change, required, wrong, locked }: FieldProps) {
  const inside = schema.properties ? (
    <Fields schema={schema} value={value} path={path} change={change} wrong={wrong} locked={locked} />
  ) : (
    <Entries name={name} schema={schema} value={value} path={path} change={change} wrong={wrong} locked={locked} />
  );
  return (
    <Fieldset legend={`${words(name)}${required ? ' *' : ''}`} p="sm">
      {schema.description && (
        <Text size="xs" c="dimmed" mb="xs">
          {schema.description}
        </Text>
      )}
      {wrong(path) && (
        <Text size="xs" c="var(--bad)" mb="xs">
          {wrong(path)}
        </Text>
      )}
      {inside}
    </Fieldset>
  );
}

/** A map: names that people choose, with a text or an object each. */
function Entries({ schema, value, path, change, wrong, locked }: FieldProps) {
  const [key, setKey] = useState('');
  const suggestions = useContext(Suggested);
  const of = typeof schema.additionalProperties === 'object' ? schema.additionalProperties : { type: 'string' };
  const entries = Object.entries((value ?? {}) as Record<string, unknown>);
  const add = () => {
    if (!key) return;
    change([...path, key], blank(of));
    setKey('');
  };
  return (
    <Stack gap="xs">
      {entries.map(([name, one]) => (
        <Group key={name} align="flex-start" wrap="nowrap" gap={6}>
          <div style={{ flex: 1, minWidth: 0 }}>
            {of.type === 'object' ? (
              <Fieldset legend={name} p="xs">
                <Fields schema={of} value={one} path={[...path, name]} change={change} wrong={wrong} locked={locked} />
              </Fieldset>
            ) : (
              <Autocomplete
                label={name}
                data={suggestions([...path, name]) ?? []}
                value={String(one ?? '')}
                disabled={locked}
                error={wrong([...path, name])}
                onChange={(next) => change([...path, name], next)}
                limit={50}
              />
            )}
          </div>
          {!locked && (
            <ActionIcon
              mt={24}
              variant="subtle"
              color="gray"
              onClick={() => change([...path, name], undefined)}
              aria-label={`Take away ${name}`}
            >
              <IconTrash size={15} />
            </ActionIcon>
          )}
        </Group>
      ))}
      {!locked && (
        <Group gap={6} align="flex-end">
          <TextInput
            size="xs"
            placeholder="name"
            aria-label="Name of another entry"
            value={key}
            onChange={(event) => setKey(event.currentTarget.value)}
            onKeyDown={(event) => event.key === 'Enter' && add()}
          />
          <Button size="xs" variant="light" onClick={add} disabled={!key}>
            Add
          </Button>
        </Group>
      )}
    </Stack>
  );
}

function Items(props: FieldProps) {
  const { name, schema, value, path, change, required, wrong, locked } = props;
  const items = Array.isArray(value) ? (value as unknown[]) : [];
  const of = schema.items ?? {};
  if (of.type !== 'object') {
    return (
      <TagsInput
        label={words(name)}
        description={schema.description}
        withAsterisk={required}
        error={wrong(path)}
        disabled={locked}
        value={items.map(String)}
        onChange={(next) => change(path, next)}
      />
    );
  }
  return (
    <Fieldset legend={`${words(name)}${required ? ' *' : ''}`} p="sm">
      {schema.description && (
        <Text size="xs" c="dimmed" mb="xs">
          {schema.description}
        </Text>
      )}
      <Stack gap="sm">
        {items.map((one, i) => (
          <div key={i} style={{ borderLeft: '2px solid var(--line)', paddingLeft: 10 }}>
            <Group justify="space-between" mb={4}>
              <Text size="xs" c="dimmed" fw={600}>
                {i + 1} of {items.length}
              </Text>
              {!locked && (
                <Button
                  size="compact-xs"
                  variant="subtle"
                  color="gray"
                  onClick={() => change([...path, i], undefined)}
                  aria-label={`Take away number ${i + 1} of ${name}`}
                >
                  Take away
                </Button>
              )}
            </Group>
            <Fields schema={of} value={one} path={[...path, i]} change={change} wrong={wrong} locked={locked} />
          </div>
        ))}
        {!locked && (
          <Button
            size="compact-sm"
            variant="light"
            leftSection={<IconPlus size={14} />}
            style={{ alignSelf: 'flex-start' }}
            onClick={() => (items.length ? change([...path, items.length], blank(of)) : change(path, [blank(of)]))}
          >
            Add one
          </Button>
        )}
      </Stack>
    </Fieldset>
  );
}

/** What the schema says nothing about is written as YAML. */
function Anything({ name, schema, value, path, change, required, wrong, locked }: FieldProps) {
  const shown =
    value === undefined || value === null ? '' : typeof value === 'object' ? written(value).trimEnd() : String(value);
  const [text, setText] = useState(shown);
  const [bad, setBad] = useState('');
  const commit = () => {
    try {
      const next = text.includes('\n') || /^[[{]/.test(text) ? parse(text) : text;
      setBad('');
      change(path, next);
    } catch (error) {
      setBad(error instanceof Error ? error.message.split('\n')[0]! : String(error));
    }
  };
  const integer = () => {
    if (/^-?(0|[1-9]\d*)$/.test(text)) change(path, Number(text));
    else commit();
  };
  return (
    <Textarea
      label={words(name)}
      description={schema.description}
      withAsterisk={required}
      error={bad || wrong(path)}
      disabled={locked}
      autosize
      minRows={1}
      value={text}
      onChange={(event) => setText(event.currentTarget.value)}
      onBlur={integer}
      styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: 13 } }}
    />
  );
}
