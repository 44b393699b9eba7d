/** Puts the nodes of a graph in order, beside the page: five hundred of them take a second. */

import { Graph, layout } from '@dagrejs/dagre';
import { HEIGHT, WIDTH } from './size';

export interface Question {
  key: string;
  nodes: string[];
  edges: [string, string][];
  /** From top to bottom, where a page is higher than wide. */
  upright: boolean;
}

export interface Places {
  key: string;
  at: Record<string, { x: number; y: number }>;
}

const MANY = 120;

self.onmessage = ({ data }: MessageEvent<Question>) => {
  const many = data.nodes.length > MANY;
  const graph = new Graph();
  graph.setGraph({
    rankdir: data.upright && !many ? 'TB' : 'LR',
    nodesep: many ? 14 : 26,
    ranksep: many ? 120 : 90,
    ranker: many ? 'longest-path' : 'network-simplex',
  });
  graph.setDefaultEdgeLabel(() => ({}));
  data.nodes.forEach((name) => graph.setNode(name, { width: WIDTH, height: HEIGHT }));
  data.edges.forEach(([from, to]) => graph.setEdge(from, to));
  layout(graph);
  const ranks = new Map<number, { name: string; y: number }[]>();
  for (const name of data.nodes) {
    const { x = 0, y = 0 } = graph.node(name) as { x?: number; y?: number };
    const rank = Math.round(data.upright && !many ? y : x);
    ranks.set(rank, [...(ranks.get(rank) ?? []), { name, y }]);
  }
  const rows = Math.max(14, Math.ceil(Math.sqrt(data.nodes.length * 2.4)));
  if ((many || !data.upright) && [...ranks.values()].some((rank) => rank.length > rows)) {
    self.postMessage({ key: data.key, at: wrapped(ranks, rows) } satisfies Places);
    return;
  }
  const at: Places['at'] = {};
  for (const name of data.nodes) {
    const { x = 0, y = 0 } = graph.node(name) as { x?: number; y?: number };
    at[name] = { x: x - WIDTH / 2, y: y - HEIGHT / 2 };
  }
  self.postMessage({ key: data.key, at } satisfies Places);
};

/** Ranks in the order of the layout, each in as many columns as it needs: hundreds of apps that one calls are no line. */
function wrapped(ranks: Map<number, { name: string; y: number }[]>, rows: number): Places['at'] {
  const at: Places['at'] = {};
  let left = 0;
  for (const [, rank] of [...ranks].sort(([a], [b]) => a - b)) {
    rank.sort((a, b) => a.y - b.y);
    const columns = Math.ceil(rank.length / rows);
    const each = Math.ceil(rank.length / columns);
    rank.forEach(({ name }, i) => {
      const height = Math.min(each, rank.length - Math.floor(i / each) * each) * (HEIGHT + 16);
      at[name] = { x: left + Math.floor(i / each) * (WIDTH + 28), y: (i % each) * (HEIGHT + 16) - height / 2 };
    });
    left += columns * (WIDTH + 28) + 110;
  }
  return at;
}
