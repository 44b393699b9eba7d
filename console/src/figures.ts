/** Figures as people read them. */

export function rate(value: number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) return '–';
  if (value === 0) return '0';
  if (value < 0.1) return '<0.1';
  if (value < 10) return value.toFixed(1);
  if (value < 10000) return Math.round(value).toLocaleString('en');
  return `${(value / 1000).toFixed(1)}k`;
}

/** Of what is often below one: calls under way. */
export function few(value: number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) return '–';
  if (value === 0 || value >= 1) return rate(value);
  return value < 0.01 ? '<0.01' : value.toFixed(2);
}

export function duration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined || Number.isNaN(seconds)) return '–';
  const ms = seconds * 1000;
  if (ms < 1) return `${ms.toFixed(2)} ms`;
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return `${seconds.toFixed(2)} s`;
}

export function share(part: number | null | undefined): string {
  if (part === null || part === undefined) return '–';
  const percent = part * 100;
  return `${percent !== 0 && percent < 10 ? percent.toFixed(1) : Math.round(percent)} %`;
}

export function bytes(count: number | null | undefined): string {
  if (count === null || count === undefined) return '–';
  return count < 1 << 20 ? `${Math.round(count / 1024)} KiB` : `${(count / (1 << 20)).toFixed(0)} MiB`;
}

export function ago(when: string | number | undefined | null, now = Date.now()): string {
  if (when === undefined || when === null || when === '') return '';
  const then = typeof when === 'number' ? when * 1000 : Date.parse(when);
  if (Number.isNaN(then)) return '';
  const seconds = Math.max(0, Math.round((now - then) / 1000));
  if (seconds < 5) return 'now';
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86400)} d ago`;
}

export function span(seconds: number | undefined): string {
  if (seconds === undefined) return '–';
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86400)} days`;
}

const LANE_COLOURS = ['#7048e8', '#d6336c', '#e67700', '#2f9e44', '#1971c2', '#c2255c', '#0c8599', '#5f3dc4'];

/** A lane that is called like a colour has it; grey is base's. */
const NAMED: Record<string, string> = {
  blue: '#1971c2',
  green: '#2f9e44',
  red: '#e03131',
  yellow: '#e8a200',
  orange: '#e8590c',
  purple: '#9c36b5',
  pink: '#d6336c',
  gray: '#7048e8',
  grey: '#7048e8',
};

/** A lane has the same colour on every page and every day; base is grey. */
export function laneColour(lane: string): string {
  if (!lane) return '#868e96';
  const named = NAMED[lane.toLowerCase()];
  if (named) return named;
  let sum = 0;
  for (const letter of lane) sum = (sum * 31 + letter.charCodeAt(0)) >>> 0;
  return LANE_COLOURS[sum % LANE_COLOURS.length]!;
}

const LITERAL = /'(?:[^']|'')*'|"(?:[^"]|"")*"|\b\d+(?:\.\d+)?\b/g;

/** A statement without its values: what customers typed is nobody's to read in passing. */
export function masked(name: string): string {
  return name.startsWith('sql:') ? name.replace(LITERAL, (found) => (found.startsWith('"') ? found : '?')) : name;
}

/** What a workload refused, in whatever form it said so. */
export function wordOf(refusal: unknown): string {
  if (typeof refusal === 'string') return refusal;
  if (Array.isArray(refusal)) return refusal.map(wordOf).join(': ');
  if (refusal && typeof refusal === 'object') return Object.values(refusal).map(wordOf).join(': ');
  return String(refusal);
}
