/** Shapes of what the control plane tells; the pages read nothing else. */

export interface ServiceRow {
  namespace: string;
  app: string;
  instances: number;
  ready: number;
  lanes: string[];
  qps: number;
  errors: number;
  rejected: number;
  simulated: number;
  p50: number | null;
  p99: number | null;
  fit: boolean;
  problems: string[];
}

export interface RuleCount {
  rule: string;
  reason: string;
  rejected: number;
  simulated: number;
}

export interface InterfaceRow {
  name: string;
  side: 'server' | 'client' | 'sql' | 'function';
  lane: string;
  qps: number;
  errors: number;
  rejected: number;
  simulated: number;
  rt: { p50: number | null; p95: number | null; p99: number | null; mean: number | null };
  inflight: number;
  rules: RuleCount[];
}

/** A statement without its values, with what was sent of it in the last hour. */
export interface Statement {
  dialect: string;
  database: string;
  lane: string;
  statement: string;
  kind: string;
  tables: string[];
  /** What the lane sends in its place. */
  rewritten: string;
  /** Why the lane refuses it, in a word and in a sentence. */
  cause: string;
  reason: string;
  calls: number;
  errors: number;
  mean: number | null;
  last: number;
}

export interface Hook {
  library: string;
  version: string;
  state: string;
  reason: string;
}

export interface Runtime {
  cpu?: number;
  rss?: number;
  fds?: number;
  threads?: number;
  gc?: number[];
  gc_pause?: number;
  loop_lag?: number;
  tasks?: number;
}

export interface InstanceRow {
  name: string;
  address: string;
  lane: string;
  zone: string;
  labels: Record<string, string>;
  python: string;
  version: string;
  pids: number[];
  lease: number | null;
  hooks: Hook[];
  revision: number;
  inForce: boolean;
  states?: string[];
  refused: unknown[];
  runtime: Runtime | null;
}

/** A call to or from another app, by the lane that called and the one that served. */
export interface Neighbour {
  namespace: string;
  app: string;
  label: string;
  lane: string;
  qps: number;
}

export interface Service {
  namespace: string;
  app: string;
  interfaces: InterfaceRow[];
  instances: InstanceRow[];
  callers: Neighbour[];
  callees: Neighbour[];
}

export interface TopologyNode {
  app: string;
  namespace: string;
  /** False of what is called, and no agent speaks for. */
  known: boolean;
  lanes: Record<string, number>;
  qps: number;
  errors: number;
  rejected: number;
  p99: number | null;
}

export interface TopologyEdge {
  from: string;
  fromNamespace: string;
  to: string;
  toNamespace: string;
  label: string;
  lane: string;
  qps: number;
  errors: number;
  p99: number | null;
  fallbacks: number;
  lost: number;
}

export interface Topology {
  nodes: TopologyNode[];
  edges: TopologyEdge[];
}

export interface Series {
  labels: Record<string, string>;
  passed?: (number | null)[];
  rejected?: (number | null)[];
  simulated?: (number | null)[];
  errors?: (number | null)[];
  p50?: (number | null)[];
  p99?: (number | null)[];
  concurrency?: (number | null)[];
}

export interface SeriesAnswer {
  step: number;
  from: number;
  series: Series[];
  /** Why there is no more of what is older. */
  problem?: string;
}

export interface Change {
  kind: string;
  namespace: string;
  name: string;
  type: string;
  who?: string;
  at?: string;
}

export interface KubernetesEvent {
  type?: string;
  reason?: string;
  message?: string;
  note?: string;
  /** How often it happened; of calls that were turned away, how many. */
  count?: number;
  metadata?: { name?: string; namespace?: string; creationTimestamp?: string };
  involvedObject?: { kind?: string; name?: string; namespace?: string };
  regarding?: { kind?: string; name?: string; namespace?: string };
  lastTimestamp?: string;
  eventTime?: string;
  deprecatedLastTimestamp?: string;
}

/** What came in over the last minutes, before the page was opened too. */
export interface Traffic {
  step: number;
  from: number;
  qps: (number | null)[];
  errors: (number | null)[];
  rejected: (number | null)[];
  simulated: (number | null)[];
}

export interface Overview {
  services: number;
  instances: number;
  ready: number;
  lanes: number;
  agents: {
    total: number;
    hooked: number;
    partly: { namespace: string; app: string; address: string; library: string; reason: string }[];
  };
  rejected: { namespace: string; app: string; interface: string; rule: string; perSecond: number }[];
  broken: { namespace: string; app: string; interface: string; rule: string; since: string | number }[];
  traffic: Traffic;
  changes: Change[];
  events: KubernetesEvent[];
  revision: number;
  uptime: number;
}

export interface ContractVersion {
  version: string;
  kind: string;
  /** When it was first seen. */
  at: string;
  /** Addresses of instances. */
  seenBy: string[];
  document?: Record<string, unknown>;
}

export interface ContractChange {
  where: string;
  part: string;
  name: string;
  change: string;
  detail: string;
  breaking: boolean;
}

/** Between a version and the one before it. */
export interface ContractDiff {
  kind: string;
  from: string;
  to: string;
  breaking: boolean;
  changes: ContractChange[];
  leftOut: number;
}

export interface Contracts {
  items: ContractVersion[];
  diff: ContractDiff[];
}

export interface LaneRow {
  lane: string;
  namespace: string;
  rules: { kind: string; name: string }[];
  members: { app: string; instances: number; base: number }[];
  share: number | null;
  coverage: {
    apps: number;
    instrumented: number;
    lost: { from: string; to: string; perSecond: number }[];
    fallback: { app: string }[];
  };
}

export interface HistoryItem {
  revision: number;
  at: string;
  who: string;
  type: string;
  object: ApiObject | null;
}

export interface Condition {
  type: string;
  status: string;
  reason: string;
  message: string;
  lastTransitionTime?: string;
}

export interface ApiObject {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    resourceVersion?: string;
    uid?: string;
    creationTimestamp?: string;
    generation?: number;
  };
  spec?: Record<string, unknown>;
  status?: {
    conditions?: Condition[];
    live?: string;
    workloads?: { live: number; total: number };
    [more: string]: unknown;
  };
}

export interface NodeRow {
  node: string;
  namespace: string;
  app: string;
  address: string | null;
  lane: string;
  connected: boolean;
  state: string;
  source: string;
  enforces: { digest: string; revision: number };
  synced?: boolean;
  error: string | null;
  refused: unknown[];
  version?: string;
  python?: string;
}
