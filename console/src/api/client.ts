/** Requests to the control plane. Who asks is known by a cookie that no script can read. */

export interface Cause {
  field: string;
  message: string;
}

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly reason: string,
    message: string,
    readonly causes: Cause[] = [],
  ) {
    super(message);
  }
}

let csrf = '';
let onSignedOut: () => void = () => undefined;

export function useToken(token: string): void {
  csrf = token;
}

export function whenSignedOut(then: () => void): void {
  onSignedOut = then;
}

export interface Options {
  method?: string;
  body?: unknown;
  type?: string;
  signal?: AbortSignal;
}

export async function ask<T>(
  path: string,
  { method = 'GET', body, type = 'application/json', signal }: Options = {},
): Promise<T> {
  const headers: Record<string, string> = { accept: 'application/json' };
  if (method !== 'GET' && csrf) headers['x-fairlead-csrf'] = csrf;
  if (body !== undefined) headers['content-type'] = type;
  const text = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
  let answer: Response;
  try {
    answer = await fetch(path, { method, headers, body: text, signal, credentials: 'same-origin' });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiError(0, 'Unreachable', 'The control plane does not answer. Is `fairlead serve` running?');
  }
  if (answer.status === 401 && path !== SESSION) onSignedOut();
  const said = answer.status === 204 ? '' : await answer.text();
  if (!answer.ok) throw errorOf(answer.status, said);
  return (said ? JSON.parse(said) : undefined) as T;
}

export const SESSION = '/fairlead/v1/session';

function errorOf(status: number, text: string): ApiError {
  try {
    const plain = JSON.parse(text) as { reason?: string; message?: string; details?: { causes?: Cause[] } };
    return new ApiError(status, plain.reason ?? '', plain.message ?? text, plain.details?.causes ?? []);
  } catch {
    return new ApiError(status, '', text.slice(0, 300) || `The control plane answered ${status}`);
  }
}

/** A path below /fairlead/v1 with its query; what is undefined or empty is left out. */
export function own(word: string, query: Record<string, string | number | undefined> = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return `/fairlead/v1/${word}${text ? `?${text}` : ''}`;
}
