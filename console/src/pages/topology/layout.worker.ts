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
  graph.setGraph({ rankdir: data.upright ? 'TB' : 'LR', nodesep: many ? 14 : 26, ranksep: many ? 120 : 90, ranker: many ? 'longest-path' : 'network-simplex' });
  graph.setDefaultEdgeLabel(() => ({}));
  data.nodes.forEach((name) => graph.setNode(name, { width: WIDTH, height: HEIGHT }));
  data.edges.forEach(([from, to]) => graph.setEdge(from, to));
  layout(graph);
  const at: Places['at'] = {};
  for (const name of data.nodes) {
    const { x = 0, y = 0 } = graph.node(name) as { x?: number; y?: number };
    at[name] = { x: x - WIDTH / 2, y: y - HEIGHT / 2 };
  }
  self.postMessage({ key: data.key, at } satisfies Places);
};
