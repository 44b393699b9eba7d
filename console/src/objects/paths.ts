/** Places in a YAML document: from a field's path to where it stands, and from a line to its path. */

import { isMap, isScalar, isSeq, parseDocument, stringify, type Document, type Node, type Pair } from 'yaml';
import type { Schema } from '../api/kinds';

export type Path = (string | number)[];

/** ``spec.match[0].key`` as its steps; a step in quotes may hold dots. */
export function pathOf(text: string): Path {
  const steps: Path = [];
  const pattern = /\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]|\['([^']*)'\]|"((?:[^"\\]|\\.)*)"|([^.[\]]+)/g;
  for (const found of text.matchAll(pattern)) {
    if (found[1] !== undefined) steps.push(Number(found[1]));
    else steps.push(found[2] ?? found[3] ?? found[4] ?? found[5] ?? '');
  }
  return steps;
}

/** Where the field stands in the text, or the innermost thing around it that is there. */
export function rangeOf(document: Document, path: Path): [number, number] {
  let node = document.contents as Node | null;
  let range: [number, number] = [0, 1];
  for (const step of path) {
    if (isMap(node)) {
      const pair = (node.items as Pair[]).find(
        (one) => String(isScalar(one.key) ? one.key.value : one.key) === String(step),
      );
      if (!pair) break;
      const key = pair.key as Node;
      if (key?.range) range = [key.range[0], key.range[1]];
      node = pair.value as Node | null;
    } else if (isSeq(node)) {
      const item = node.items[Number(step)] as Node | undefined;
      if (!item) break;
      if (item.range) range = [item.range[0], item.range[1]];
      node = item;
    } else break;
  }
  return range;
}

/** The schema at a path, undefined where anything may stand. */
export function schemaAt(schema: Schema, path: Path): Schema | undefined {
  let at: Schema | undefined = schema;
  for (const step of path) {
    if (!at) return undefined;
    if (typeof step === 'number') at = at.items;
    else
      at = at.properties?.[step] ?? (typeof at.additionalProperties === 'object' ? at.additionalProperties : undefined);
  }
  return at;
}

/** The path of the block that the end of `before` is in, by indentation: good enough while one types. */
export function pathAtEnd(before: string): { path: Path; key: string; value: boolean } {
  const lines = before.split('\n');
  const last = lines.pop() ?? '';
  const own = /^(\s*(?:- +)*)([\w-]*)(:\s*)?(.*)$/.exec(last);
  let limit = own?.[1]?.length ?? 0;
  const key = own?.[2] ?? '';
  const path: Path = [];
  if ((own?.[1] ?? '').includes('-')) {
    path.unshift(indexOfItem(lines, (own?.[1] ?? '').indexOf('-')));
    limit = (own?.[1] ?? '').indexOf('-');
    climbTo(lines, limit, path, true);
  } else climbTo(lines, limit, path, false);
  return { path, key, value: own?.[3] !== undefined };
}

function climbTo(lines: string[], indent: number, path: Path, isItem: boolean): void {
  let limit = indent;
  let allowEqual = isItem;
  for (let i = lines.length - 1; i >= 0; i--) {
    const found = /^(\s*)((?:- +)*)([^\s#:][^:]*):\s*(.*)$/.exec(lines[i] ?? '');
    if (!found) continue;
    const dash = found[2] ? found[1]!.length : -1;
    const column = found[1]!.length + found[2]!.length;
    const key = found[3]!.replace(/^["']|["']$/g, '');
    if (dash >= 0 && column === limit && !allowEqual) {
      // A sibling on the line that opens the item: the item is ours.
      path.unshift(indexOfItem(lines.slice(0, i), dash) + 0);
      limit = dash;
      allowEqual = true;
      continue;
    }
    if (column < limit || (allowEqual && column === limit && dash < 0)) {
      if (found[4] && !/^[|>&#]/.test(found[4])) continue;
      path.unshift(key);
      limit = column;
      allowEqual = false;
      if (dash >= 0) {
        path.unshift(indexOfItem(lines.slice(0, i), dash));
        limit = dash;
        allowEqual = true;
      }
    }
  }
}

function indexOfItem(lines: string[], dash: number): number {
  let index = 0;
  for (let i = lines.length - 1; i >= 0; i--) {
    const line = lines[i] ?? '';
    if (!line.trim()) continue;
    const indent = line.length - line.trimStart().length;
    if (indent < dash || (indent === dash && line[dash] !== '-')) break;
    if (indent === dash) index++;
  }
  return index;
}

/** The server reads YAML 1.1, where yes and 012 are no strings: those are quoted. */
const AS_SERVER = { compat: 'yaml-1.1' } as const;

/** Plain data as the server reads it. */
export function written(value: unknown): string {
  return stringify(value, { ...AS_SERVER, lineWidth: 100 });
}

const SERVERS = ['uid', 'creationTimestamp', 'generation', 'resourceVersion', 'managedFields', 'selfLink'];

/** An object as its author would write it: without what only the server writes. */
export function authored<T extends { metadata: object; status?: unknown }>(object: T): T {
  const { status: _, ...rest } = object;
  const metadata = Object.fromEntries(Object.entries(object.metadata).filter(([name]) => !SERVERS.includes(name)));
  const annotations = { ...((metadata.annotations as Record<string, string> | undefined) ?? {}) };
  delete annotations['kubectl.kubernetes.io/last-applied-configuration'];
  if (Object.keys(annotations).length) metadata.annotations = annotations;
  else delete metadata.annotations;
  const { apiVersion, kind, metadata: __, ...others } = rest as unknown as Record<string, unknown>;
  return { apiVersion, kind, metadata, ...others } as unknown as T;
}

export function read(text: string): Document.Parsed {
  return parseDocument(text, { ...AS_SERVER, keepSourceTokens: true });
}
