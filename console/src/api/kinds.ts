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
  /** Its name where it stands alone: kinds of several groups may have one. */
  label: string;
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
  return labelled(found.flat());
}

function labelled(found: Omit<Kind, 'label'>[]): Kind[] {
  const times = new Map<string, number>();
  for (const one of found) times.set(one.kind, (times.get(one.kind) ?? 0) + 1);
  return found.map((one) => ({ ...one, label: times.get(one.kind) === 1 ? one.kind : `${one.kind} (${one.group})` }));
}

/** How a kind is called in addresses, and among all kinds. */
export function addressOf(kind: Kind): string {
  return `${kind.plural}.${kind.group}`;
}

export function fullName(kind: Kind): string {
  return `${kind.kind}.${kind.group}`;
}

/** The kind at an address; one without a group is the first that has the name. */
export function kindAt(kinds: Kind[], address: string): Kind | undefined {
  return kinds.find((one) => addressOf(one) === address) ?? kinds.find((one) => one.plural === address);
}

/** The kind that the server calls so: by its name, with its group where others have it, too. */
export function kindCalled(kinds: Kind[] | undefined, name: string): Kind | undefined {
  return kinds?.find((one) => fullName(one) === name) ?? kinds?.find((one) => one.kind === name);
}

export function kindOf(kinds: Kind[] | undefined, object: ApiObject): Kind | undefined {
  const group = object.apiVersion.split('/')[0];
  return kinds?.find((one) => one.kind === object.kind && one.group === group);
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
  const key = `${namespace} ${wanted?.map(addressOf).join(' ') ?? ''}`;
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
