import { Alert, Badge, Button, Card, Group, SegmentedControl, Skeleton, Stack, Text, Tooltip } from '@mantine/core';
import type { Diagnostic } from '@codemirror/lint';
import { lazy, Suspense, useCallback, useEffect, useMemo, useState, type ReactNode } from 'react';
import { isCollection, isSeq, type Document } from 'yaml';
import { ApiError, ask } from '../api/client';
import { kindCalled, listPath, objectPath, type Kind } from '../api/kinds';
import type { ApiObject } from '../api/types';
import { Violations } from '../parts/states';
import { analyzed, FindingsAlert, type Finding } from './findings';
import { Fields, Suggested } from './form';
import { useSuggested } from './suggested';
import { authored, pathOf, rangeOf, read, written, type Path } from './paths';

const Editor = lazy(() => import('./editor'));

const PAUSE = 500;

/** An object as a form and as YAML: one text under both, so that nothing is lost between them. */
export function ObjectEditor({
  kind,
  namespace,
  object,
  locked,
  onSaved,
  simple,
  actions,
}: {
  kind: Kind;
  namespace: string;
  object: ApiObject;
  /** Why it cannot be changed, "" where it can. */
  locked: string;
  onSaved: (saved: ApiObject) => void;
  /** A form that knows the kind, instead of the one that follows from its schema. */
  simple?: (value: ApiObject, change: (path: Path, value: unknown) => void) => ReactNode;
  actions?: ReactNode;
}) {
  const newest = useMemo(() => written(authored(object)), [object]);
  // What the edits began from: it stays while somebody writes, whatever others do meanwhile.
  const [begun, setBegun] = useState({ text: newest, version: object.metadata.resourceVersion });
  const original = begun.text;
  const [text, setText] = useState(original);
  const [view, setView] = useState(simple ? 'simple' : 'form');
  const [error, setError] = useState<ApiError>();
  const [checked, setChecked] = useState<'typing' | 'asking' | 'good' | 'bad'>('good');
  const [findings, setFindings] = useState<Finding[]>([]);
  const [busy, setBusy] = useState(false);
  // A status that was written anew is nobody's change.
  const version = newest === original ? object.metadata.resourceVersion : begun.version;
  const adopt = useCallback(() => {
    setBegun({ text: newest, version: object.metadata.resourceVersion });
    setText(newest);
    setError(undefined);
  }, [newest, object.metadata.resourceVersion]);
  useEffect(() => {
    if (newest !== original && text === original) adopt();
  }, [newest, original, text, adopt]);

  const document = useMemo(() => read(text), [text]);
  const value = useMemo(() => safely(document), [document]);
  const suggested = useSuggested(namespace, value);
  const dirty = text !== original || version === undefined;

  const send = useCallback(
    async (words: string, dryRun: boolean) => {
      const sent = read(words);
      if (sent.errors[0]) throw new ApiError(400, 'Syntax', sent.errors[0].message);
      const where = safely(sent)?.metadata?.namespace ?? namespace;
      const query = dryRun ? '?dryRun=All' : '';
      const type = 'application/yaml';
      if (version === undefined)
        return ask<ApiObject>(listPath(kind, where) + query, { method: 'POST', body: String(sent), type });
      const path = objectPath(kind, where, object.metadata.name);
      const put = (held: string | undefined) => {
        sent.setIn(['metadata', 'resourceVersion'], held);
        return ask<ApiObject>(path + query, { method: 'PUT', body: String(sent), type });
      };
      try {
        return await put(version);
      } catch (problem) {
        if (!(problem instanceof ApiError) || problem.status !== 409) throw problem;
        // A status that was written meanwhile makes a new version too, and is nobody's change.
        const there = await ask<ApiObject>(path);
        if (written(authored({ ...there, kind: kind.kind, apiVersion: `${kind.group}/${kind.version}` })) !== original)
          throw problem;
        return put(there.metadata.resourceVersion);
      }
    },
    [kind, namespace, object.metadata.name, version, original],
  );

  // What the server would say to it, asked while one writes.
  useEffect(() => {
    if (!dirty || locked) {
      setChecked('good');
      setError(undefined);
      setFindings([]);
      return undefined;
    }
    setChecked('typing');
    let stale = false;
    const timer = setTimeout(async () => {
      setChecked('asking');
      try {
        await send(text, true);
        if (!stale) {
          setError(undefined);
          const plain = safely(read(text));
          const told = plain ? await analyzed(plain.metadata.namespace ?? namespace, [plain]).catch(() => []) : [];
          if (stale) return;
          setFindings(told.filter((one) => kindCalled([kind], one.kind) && one.name === plain?.metadata.name));
          setChecked('good');
        }
      } catch (problem) {
        if (stale) return;
        setFindings([]);
        setError(problem instanceof ApiError ? problem : new ApiError(0, '', String(problem)));
        setChecked('bad');
      }
    }, PAUSE);
    return () => {
      stale = true;
      clearTimeout(timer);
    };
  }, [text, dirty, locked, send, kind.kind, namespace]);

  const problems = useMemo(
    () => [...diagnostics(document, error), ...warnings(document, findings)],
    [document, error, findings],
  );
  const wrong = useMemo(() => {
    const told = new Map(error?.causes.map((cause) => [pathOf(cause.field).join('.'), cause.message]));
    return (path: Path) => told.get(path.join('.'));
  }, [error]);
  const change = useCallback(
    (path: Path, next: unknown) => {
      const changed = read(text);
      if (changed.errors.length) return;
      if (next === undefined) changed.deleteIn(path);
      else {
        opened(changed, path);
        changed.setIn(path, typeof next === 'object' ? changed.createNode(next) : next);
      }
      setText(changed.toString({ lineWidth: 100 }));
    },
    [text],
  );
  const save = async () => {
    setBusy(true);
    try {
      const saved = await send(text, false);
      setError(undefined);
      const next = written(authored({ ...saved, kind: kind.kind, apiVersion: `${kind.group}/${kind.version}` }));
      setBegun({ text: next, version: saved.metadata.resourceVersion });
      setText(next);
      onSaved(saved);
    } catch (problem) {
      setError(problem instanceof ApiError ? problem : new ApiError(0, '', String(problem)));
    }
    setBusy(false);
  };

  const views = [
    ...(simple ? [{ value: 'simple', label: 'Form' }] : []),
    { value: 'form', label: simple ? 'All fields' : 'Form' },
    { value: 'yaml', label: 'YAML' },
  ];
  const spec = kind.schema.properties?.spec;
  const metadata = kind.schema.properties?.metadata;
  return (
    <Stack gap="sm">
      <Group justify="space-between">
        <SegmentedControl size="xs" data={views} value={view} onChange={setView} aria-label="How it is shown" />
        <Group gap="xs">
          {dirty && !locked && <Checked state={checked} doubtful={findings.some((one) => one.severity !== 'note')} />}
          {actions}
          {dirty && version !== undefined && (
            <Button variant="default" size="sm" onClick={() => setText(original)}>
              Discard
            </Button>
          )}
          <Tooltip label={locked} disabled={!locked}>
            <Button size="sm" onClick={save} loading={busy} disabled={!dirty || locked !== ''} data-testid="save">
              {version === undefined ? 'Create' : 'Save'}
            </Button>
          </Tooltip>
        </Group>
      </Group>
      {newest !== original && text !== original && (
        <Alert color="orange" title="Somebody else changed it meanwhile">
          <Group justify="space-between">
            <span>What you write began from what it was before, and would not be taken.</span>
            <Button size="xs" variant="default" onClick={adopt}>
              Begin from theirs
            </Button>
          </Group>
        </Alert>
      )}
      {locked && (
        <Text size="sm" c="dimmed">
          {locked}
        </Text>
      )}
      {view === 'yaml' ? (
        <Suspense fallback={<Skeleton h={320} />}>
          <Editor
            text={text}
            onChange={setText}
            schema={kind.schema}
            problems={problems}
            readOnly={locked !== ''}
            label={`${kind.kind} as YAML`}
          />
        </Suspense>
      ) : value === null ? (
        <Text c="var(--bad)">The YAML cannot be read as it is: {document.errors[0]?.message.split('\n')[0]}</Text>
      ) : view === 'simple' && simple ? (
        <Card>{simple(value, change)}</Card>
      ) : (
        <Card>
          <Suggested value={suggested}>
            <Stack>
              {version === undefined && metadata?.properties && (
                <Fields
                  schema={{ ...metadata, properties: pick(metadata.properties, ['name', 'labels']) }}
                  value={pick(value.metadata as unknown as Record<string, unknown>, ['name', 'labels'])}
                  path={['metadata']}
                  change={change}
                  wrong={wrong}
                  locked={locked !== ''}
                />
              )}
              {spec && (
                <Fields
                  schema={spec}
                  value={value.spec}
                  path={['spec']}
                  change={change}
                  wrong={wrong}
                  locked={locked !== ''}
                />
              )}
            </Stack>
          </Suggested>
        </Card>
      )}
      {dirty && <FindingsAlert findings={findings} />}
      {error && dirty && checked !== 'typing' && <Violations error={error} />}
    </Stack>
  );
}

function Checked({ state, doubtful }: { state: 'typing' | 'asking' | 'good' | 'bad'; doubtful: boolean }) {
  if (state === 'good' && doubtful)
    return (
      <Badge color="orange" autoContrast>
        look at it again
      </Badge>
    );
  if (state === 'good')
    return (
      <Badge color="green" autoContrast>
        the server would take it
      </Badge>
    );
  if (state === 'bad') return <Badge color="red">not yet</Badge>;
  return <Badge color="gray">checking</Badge>;
}

function safely(document: Document): ApiObject | null {
  if (document.errors.length) return null;
  const plain = document.toJS() as ApiObject | null;
  return plain && typeof plain === 'object' && !Array.isArray(plain)
    ? { ...plain, metadata: plain.metadata ?? { name: '' } }
    : null;
}

/** Make the maps and lists on the way to a field that are not there yet. */
function opened(document: Document, path: Path): void {
  for (let i = 1; i < path.length; i++) {
    const here = path.slice(0, i);
    if (!isCollection(document.getIn(here, true)))
      document.setIn(here, document.createNode(typeof path[i] === 'number' ? [] : {}));
    const node = document.getIn(here, true);
    if (isCollection(node) && node.items.length === 0 && !isSeq(node)) node.flow = false;
  }
}

function diagnostics(document: Document.Parsed, error: ApiError | undefined): Diagnostic[] {
  const syntax = document.errors.map((one) => ({
    from: one.pos[0],
    to: one.pos[1],
    severity: 'error' as const,
    message: one.message.split('\n')[0] ?? one.message,
  }));
  if (syntax.length || !error) return syntax;
  return error.causes.map((cause) => {
    const [from, to] = rangeOf(document, pathOf(cause.field));
    return { from, to, severity: 'error', message: `${cause.field}: ${cause.message}` };
  });
}

function warnings(document: Document.Parsed, findings: Finding[]): Diagnostic[] {
  return findings.map((one) => {
    const [from, to] = rangeOf(document, one.loc);
    return {
      from,
      to,
      severity: one.severity === 'error' ? 'error' : 'warning',
      message: `${one.code}: ${one.message}`,
    };
  });
}

function pick<T>(all: Record<string, T>, names: string[]): Record<string, T> {
  return Object.fromEntries(names.filter((name) => name in all).map((name) => [name, all[name]!]));
}
