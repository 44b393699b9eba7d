/** Made-up telemetry in the shapes of the control plane's, to look at pages with. Never built. */

import type { ServerResponse } from 'node:http';
import type { Plugin } from 'vite';

const SHOP = [
  'gateway',
  'catalog',
  'cart',
  'orders',
  'payment',
  'stock',
  'users',
  'mail',
  'search',
  'reviews',
  'pricing',
  'shipping',
];
const CALLS: [string, string][] = [
  ['gateway', 'catalog'],
  ['gateway', 'cart'],
  ['gateway', 'orders'],
  ['gateway', 'users'],
  ['gateway', 'search'],
  ['catalog', 'pricing'],
  ['catalog', 'reviews'],
  ['catalog', 'stock'],
  ['cart', 'pricing'],
  ['cart', 'stock'],
  ['orders', 'payment'],
  ['orders', 'stock'],
  ['orders', 'mail'],
  ['orders', 'shipping'],
  ['search', 'catalog'],
  ['reviews', 'users'],
  ['shipping', 'mail'],
];
const GRAY = new Set(['catalog', 'pricing', 'orders']);

function wobble(seed: number, scale: number): number {
  const t = Date.now() / 1000;
  return Math.max(
    0,
    scale * (1 + 0.25 * Math.sin(t / 17 + seed) + 0.12 * Math.sin(t / 5 + seed * 3) + 0.08 * (Math.random() - 0.5)),
  );
}

export function fixtures(size: number): Plugin {
  const apps = Array.from(
    { length: Math.max(size, SHOP.length) },
    (_, i) => SHOP[i] ?? `service-${String(i).padStart(3, '0')}`,
  );
  const edges: [string, string][] = [...CALLS];
  for (let i = SHOP.length; i < apps.length; i++) {
    const near = (salt: number) => apps[Math.floor((((i * salt) % 997) / 997) * Math.min(i, 60 + i / 4))]!;
    edges.push([near(7919), apps[i]!]);
    if (i % 3 === 0) edges.push([near(104729), apps[i]!]);
  }
  const scale = (app: string) => 900 / (1 + apps.indexOf(app));
  const row = (app: string) => {
    const seed = apps.indexOf(app);
    return {
      namespace: 'default',
      app,
      instances: GRAY.has(app) ? 4 : 3,
      ready: app === 'reviews' ? 2 : GRAY.has(app) ? 4 : 3,
      lanes: GRAY.has(app) ? ['gray'] : [],
      qps: wobble(seed, scale(app)),
      errors: app === 'payment' ? wobble(seed, 3) : 0,
      rejected: app === 'orders' ? wobble(seed, 12) : 0,
      simulated: app === 'search' ? wobble(seed, 4) : 0,
      p50: 0.004 + 0.001 * seed,
      p99: wobble(seed, 0.02 + 0.004 * (seed % 12)),
      fit: app !== 'mail',
      problems: app === 'mail' ? ['aiosmtplib 1.1 is too old: calls carry no lane'] : [],
    };
  };
  const service = (app: string) => {
    const seed = apps.indexOf(app);
    const names = [
      'GET:/orders',
      'POST:/orders',
      'GET:/orders/{id}',
      'GET:/health',
      'call:payment',
      'sql:shop:SELECT * FROM orders WHERE id = ?',
    ];
    return {
      namespace: 'default',
      app,
      interfaces: names.map((name, i) => ({
        name,
        side: name.startsWith('call') ? 'client' : name.startsWith('sql') ? 'sql' : 'server',
        lane: i === 2 ? 'gray' : '',
        qps: wobble(seed + i, scale(app) / (i + 2)),
        errors: i === 1 ? wobble(i, 0.6) : 0,
        rejected: i === 1 ? wobble(i, 12) : 0,
        simulated: i === 0 ? wobble(i, 3) : 0,
        rt: { p50: 0.003, p95: 0.011, p99: wobble(i, 0.028), mean: 0.0042 },
        inflight: Math.round(wobble(i, 4)),
        rules:
          i === 1
            ? [{ rule: 'FaultToleranceRule/orders', reason: 'RateLimit', rejected: wobble(i, 12), simulated: 0 }]
            : i === 0
              ? [{ rule: 'FlowControl/search-trial', reason: 'RateLimit', rejected: 0, simulated: wobble(i, 3) }]
              : [],
      })),
      instances: Array.from({ length: GRAY.has(app) ? 4 : 3 }, (_, i) => ({
        name: `${app}-10-0-0-${i + 4}-8000`,
        address: `10.0.0.${i + 4}:8000`,
        lane: GRAY.has(app) && i === 3 ? 'gray' : '',
        zone: i % 2 ? 'zone-b' : 'zone-a',
        labels: { version: i === 3 ? 'v2' : 'v1' },
        python: '3.11.2',
        version: '0.1.0',
        pids: [4711 + i],
        lease: 8.2 - i,
        hooks: [
          { library: 'starlette', version: '1.10.0', state: 'hooked', reason: '' },
          { library: 'httpx', version: '0.28.1', state: 'hooked', reason: '' },
          { library: 'sqlalchemy', version: '2.1.0', state: 'hooked', reason: '' },
          ...(app === 'mail'
            ? [{ library: 'aiosmtplib', version: '1.1', state: 'unsupported', reason: 'older than 2.0' }]
            : []),
        ],
        revision: 1795730888040,
        inForce: i !== 2,
        refused: i === 2 ? [{ rule: 'TrafficLane/gray', reason: 'unknown policy type' }] : [],
        runtime: {
          cpu: 0.18,
          rss: 93e6,
          fds: 41,
          threads: 9,
          gc: [120, 11, 1],
          gc_pause: 0.0021,
          loop_lag: 0.004,
          tasks: 17,
        },
      })),
      callers: edges
        .filter(([, to]) => to === app)
        .map(([from]) => ({ namespace: 'default', app: from, label: '', lane: '', qps: 1 })),
      callees: edges
        .filter(([from]) => from === app)
        .map(([, to]) => ({ namespace: 'default', app: to, label: '', lane: '', qps: 1 })),
    };
  };
  const topology = () => ({
    nodes: apps.map((app) => {
      const one = row(app);
      return {
        app,
        namespace: 'default',
        known: app !== 'mail',
        lanes: { '': 3, ...(GRAY.has(app) ? { gray: 1 } : {}) },
        qps: one.qps,
        errors: one.errors,
        rejected: one.rejected,
        p99: one.p99,
      };
    }),
    edges: edges.flatMap(([from, to], i) => [
      {
        from,
        to,
        fromNamespace: 'default',
        toNamespace: 'default',
        label: '',
        lane: '',
        qps: wobble(i, scale(to)),
        errors: to === 'payment' ? 2.1 : 0,
        p99: 0.02,
        fallbacks: 0,
        lost: 0,
      },
      ...(i < 12
        ? [
            {
              from,
              to,
              fromNamespace: 'default',
              toNamespace: 'default',
              label: 'gray',
              lane: GRAY.has(to) ? 'gray' : '',
              qps: wobble(i, 9),
              errors: 0,
              p99: 0.03,
              fallbacks: GRAY.has(to) ? 0 : wobble(i, 9),
              lost: to === 'mail' ? 1.2 : 0,
            },
          ]
        : []),
    ]),
  });
  const overview = () => ({
    services: apps.length,
    instances: apps.length * 3 + 3,
    ready: apps.length * 3 + 2,
    lanes: 1,
    agents: {
      total: apps.length * 3 + 3,
      hooked: apps.length * 3,
      partly: [{ app: 'mail', address: '10.0.0.9:8000', library: 'aiosmtplib', reason: '1.1 is older than 2.0' }],
    },
    rejected: [
      { app: 'orders', interface: 'POST:/orders', rule: 'FaultToleranceRule/orders', perSecond: wobble(1, 12) },
      { app: 'search', interface: 'GET:/search', rule: 'FlowControl/search-trial', perSecond: 0.4 },
    ],
    broken: [
      {
        app: 'payment',
        interface: 'call:bank',
        rule: 'FaultToleranceRule/stock-breaker',
        since: new Date(Date.now() - 95e3).toISOString(),
      },
    ],
    changes: [
      {
        kind: 'TrafficLane',
        namespace: 'default',
        name: 'gray',
        type: 'modified',
        who: 'anna',
        at: new Date(Date.now() - 4e5).toISOString(),
      },
      {
        kind: 'FaultToleranceRule',
        namespace: 'default',
        name: 'orders',
        type: 'added',
        who: 'ci',
        at: new Date(Date.now() - 9e6).toISOString(),
      },
    ],
    events: [
      {
        type: 'Warning',
        reason: 'Unfit',
        message: 'mail 10.0.0.9:8000 is sent no calls of lane gray: aiosmtplib is not hooked',
        regarding: { kind: 'Instance', name: 'mail-10-0-0-9-8000', namespace: 'default' },
        lastTimestamp: new Date(Date.now() - 2e5).toISOString(),
      },
    ],
    revision: 1795730888040,
    uptime: 86400 * 3,
  });
  const series = (query: URLSearchParams) => {
    const points = 300;
    const line = (base: number, seed: number) =>
      Array.from({ length: points }, (_, i) =>
        Math.max(0, base * (1 + 0.3 * Math.sin((i + seed * 20) / 24) + 0.1 * Math.sin(i / 3) + 0.1 * Math.random())),
      );
    return {
      step: 1,
      from: Math.floor(Date.now() / 1000) - points,
      series: [
        {
          labels: { app: query.get('app') ?? '' },
          passed: line(120, 1),
          rejected: line(12, 2),
          simulated: line(3, 3),
          errors: line(1, 4),
          p50: line(0.004, 1),
          p99: line(0.03, 2),
          concurrency: line(4, 3),
        },
      ],
    };
  };
  const lanes = () => ({
    items: [
      {
        namespace: 'default',
        lane: 'gray',
        rules: [{ kind: 'TrafficLane', name: 'lane-gray' }],
        members: apps.slice(0, 12).map((app) => ({ app, instances: GRAY.has(app) ? 1 : 0, base: 3 })),
        share: 0.083,
        coverage: {
          apps: 12,
          instrumented: 11,
          lost: [{ from: 'shipping', to: 'mail', perSecond: 1.2 }],
          fallback: apps
            .slice(0, 12)
            .filter((app) => !GRAY.has(app))
            .map((app) => ({ app })),
        },
      },
    ],
  });

  const plain: Record<string, (query: URLSearchParams) => unknown> = {
    services: () => ({ items: apps.map(row) }),
    service: (query) => service(query.get('app') ?? ''),
    topology,
    overview,
    series,
    lanes,
    session: () => ({ auth: false, name: '', grants: [], csrf: '' }),
  };
  const live = (answer: ServerResponse, query: URLSearchParams) => {
    answer.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    const app = query.get('app');
    const send = () =>
      answer.write(
        `event: ${app ? 'service' : 'services'}\ndata: ${JSON.stringify(app ? service(app) : { items: apps.map(row) })}\n\n`,
      );
    send();
    const timer = setInterval(send, 1000);
    answer.on('close', () => clearInterval(timer));
  };
  return {
    name: 'fixtures',
    configureServer(server) {
      server.middlewares.use((request, answer, next) => {
        const url = new URL(request.url ?? '/', 'http://localhost');
        const word = url.pathname.replace('/fairlead/v1/', '');
        if (!url.pathname.startsWith('/fairlead/v1/')) return next();
        if (word === 'live') return live(answer, url.searchParams);
        if (word === 'session' && request.method !== 'GET') return next();
        const make = plain[word];
        if (!make) return next();
        answer.setHeader('content-type', 'application/json');
        answer.end(JSON.stringify(make(url.searchParams)));
      });
    },
  };
}
