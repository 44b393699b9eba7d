/** The kinds that the control plane serves, with their schemas: nothing about a kind is written here twice. */

import { useEffect, useState } from 'react';
import { ApiError, ask } from './client';
import type { ApiObject } from './types';

export interface Schema {
  type?: string;
  description?: string;
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  items?: Schema;
  required?: string[];
  enum?: string[];
  minimum?: number;
  maximum?: number;
  'x-kubernetes-preserve-unknown-fields'?: boolean;
  'x-kubernetes-int-or-string'?: boolean;
  'x-kubernetes-group-version-kind'?: { group: string; version: string; kind: string }[];
}

export interface Kind {
  kind: string;
  plural: string;
  group: string;
  version: string;
  schema: Schema;
}

let asked: Promise<Kind[]> | undefined;

async function load(): Promise<Kind[]> {
  const { groups } = await ask<{ groups: { name: string; preferredVersion: { version: string } }[] }>('/apis');
  const found = await Promise.all(
    groups
      .filter((group) => group.name !== 'fairlead.io')
      .map(async ({ name: group, preferredVersion: { version } }) => {
        const [resources, document] = await Promise.all([
          ask<{ resources: { name: string; kind: string; verbs: string[] }[] }>(`/apis/${group}/${version}`),
          ask<{ components: { schemas: Record<string, Schema> } }>(`/openapi/v3/apis/${group}/${version}`),
        ]);
        const schemas = new Map(
          Object.values(document.components.schemas).map((one) => [
            one['x-kubernetes-group-version-kind']?.[0]?.kind,
            one,
          ]),
        );
        return resources.resources
          .filter((one) => one.verbs.includes('create') && !one.name.includes('/'))
          .map((one) => ({ kind: one.kind, plural: one.name, group, version, schema: schemas.get(one.kind) ?? {} }));
      }),
  );
  return found.flat();
}

export function kinds(): Promise<Kind[]> {
  asked ??= load().catch((error: unknown) => {
    asked = undefined;
    throw error;
  });
  return asked;
}

export function useKinds(): { kinds: Kind[] | undefined; error: ApiError | undefined } {
  const [state, setState] = useState<{ kinds?: Kind[]; error?: ApiError }>({});
  useEffect(() => {
    let alive = true;
    kinds().then(
      (found) => alive && setState({ kinds: found }),
      (error: unknown) =>
        alive && setState({ error: error instanceof ApiError ? error : new ApiError(0, '', String(error)) }),
    );
    return () => {
      alive = false;
    };
  }, []);
  return { kinds: state.kinds, error: state.error };
}

export function listPath(kind: Kind, namespace: string): string {
  const within = namespace === '*' ? '' : `/namespaces/${namespace}`;
  return `/apis/${kind.group}/${kind.version}${within}/${kind.plural}`;
}

export function objectPath(kind: Kind, namespace: string, name: string): string {
  return `/apis/${kind.group}/${kind.version}/namespaces/${namespace}/${kind.plural}/${encodeURIComponent(name)}`;
}

/** Store an object: made where it is new, replaced where it has a resourceVersion. */
export function save(kind: Kind, object: ApiObject, namespace: string, { dryRun = false } = {}): Promise<ApiObject> {
  const where = object.metadata.namespace ?? namespace;
  const there = object.metadata.resourceVersion !== undefined;
  const path = there ? objectPath(kind, where, object.metadata.name) : listPath(kind, where);
  return ask<ApiObject>(path + (dryRun ? '?dryRun=All' : ''), { method: there ? 'PUT' : 'POST', body: object });
}

export function useObjects(
  wanted: Kind[] | undefined,
  namespace: string,
  version: number,
): {
  objects: ApiObject[] | undefined;
  error: ApiError | undefined;
} {
  const [state, setState] = useState<{ key?: string; objects?: ApiObject[]; error?: ApiError }>({});
  const key = `${namespace} ${wanted?.map((one) => one.plural).join(' ') ?? ''}`;
  useEffect(() => {
    if (!wanted) return undefined;
    const stop = new AbortController();
    Promise.all(
      wanted.map(async (kind) => {
        const list = await ask<{ items: ApiObject[] }>(listPath(kind, namespace), { signal: stop.signal });
        return list.items.map((one) => ({ ...one, kind: kind.kind, apiVersion: `${kind.group}/${kind.version}` }));
      }),
    ).then(
      (lists) => setState({ key, objects: lists.flat() }),
      (error: unknown) => {
        if (!stop.signal.aborted) {
          const known = error instanceof ApiError ? error : new ApiError(0, '', String(error));
          setState((before) => ({ ...before, error: known }));
        }
      },
    );
    return () => stop.abort();
    // eslint-disable-next-line
  }, [key, version]);
  return { objects: state.key === key ? state.objects : undefined, error: state.error };
}
