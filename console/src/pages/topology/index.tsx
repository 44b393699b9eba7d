import '@xyflow/react/dist/base.css';
import { Center, Code, Group, Loader, Select, Switch, Text, TextInput, useComputedColorScheme } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { IconAffiliate, IconSearch } from '@tabler/icons-react';
import { Background, Controls, MiniMap, ReactFlow, type Edge, type ReactFlowInstance } from '@xyflow/react';
import { useEffect, useMemo, useRef, useState } from 'react';
import { useSearchParams } from 'wouter';
import { own } from '../../api/client';
import type { Topology as Told } from '../../api/types';
import { useAnswer } from '../../api/use';
import { duration, laneColour, rate } from '../../figures';
import { Head } from '../../parts/head';
import { Empty, Failed } from '../../parts/states';
import { useWhere } from '../../where';
import { appOf, appsOf, callsOf, nodeId, usePlaces, type Call } from './graph';
import { HEIGHT, WIDTH } from './size';
import { AppNode, CallEdge, type AppNodeType, type CallData } from './parts';
import { AppSide, CallSide } from './side';

const NODES = { app: AppNode };
const EDGES = { call: CallEdge };
const MANY = 80;

export default function Topology() {
  const { namespace } = useWhere();
  const { data, error, reload } = useAnswer<Told>(own('topology', { namespace }), { every: 3000 });
  if (error && !data) return <Failed error={error} what="The topology" retry={reload} />;
  return (
    <>
      <Head title="Topology">Who calls whom, as observed in the last minute. Click an app or a call.</Head>
      {!data && (
        <Center h={400}>
          <Loader aria-label="Loading" />
        </Center>
      )}
      {data && data.nodes.length === 0 && (
        <Empty
          title="No call was observed in the last minute"
          icon={<IconAffiliate />}
          command="FAIRLEAD_APP=shop fairlead run -- python app.py"
        >
          Apps below <Code>fairlead run</Code> report whom they call. Send a request to one of them, and its way shows
          up here.
        </Empty>
      )}
      {data && data.nodes.length > 0 && <Picture data={data} />}
    </>
  );
}

function Picture({ data }: { data: Told }) {
  const [query, setQuery] = useSearchParams();
  const [text, setText] = useState(query.get('focus') ?? '');
  const [troubled, setTroubled] = useState(false);
  const scheme = useComputedColorScheme('light', { getInitialValueInEffect: false });
  const upright = useMediaQuery('(max-width: 48em)', false, { getInitialValueInEffect: false });
  const lane = query.get('lane') ?? '';
  const chosen = query.get('at') ?? '';
  const calls = useMemo(() => callsOf(data.edges), [data]);
  const apps = useMemo(() => appsOf(data), [data]);
  const places = usePlaces(apps, calls, upright);
  const lanes = useMemo(
    () =>
      [...new Set([...data.edges.map((one) => one.label), ...data.nodes.flatMap((one) => Object.keys(one.lanes))])]
        .filter(Boolean)
        .sort(),
    [data],
  );
  const shown = useMemo(() => focus(apps, calls, text, troubled), [apps, calls, text, troubled]);
  const nodes = useNodes(data, apps, places, shown, chosen, lane, upright);
  const edges = useEdges(calls, places, shown, chosen, lane, apps.length <= MANY);
  const set = (name: string, value: string) =>
    setQuery(
      (before) => {
        const next = new URLSearchParams(before);
        if (value) next.set(name, value);
        else next.delete(name);
        return next;
      },
      { replace: true },
    );
  const [flow, setFlow] = useState<ReactFlowInstance<AppNodeType>>();
  const aside = chosen !== '';
  useEffect(() => {
    // The panel takes room away: a small graph is fitted into what is left.
    if (!flow || apps.length > 30) return undefined;
    const timer = setTimeout(() => void flow.fitView({ maxZoom: 1.1, padding: 0.08 }), 60);
    return () => clearTimeout(timer);
  }, [flow, aside, apps.length]);
  const call = calls.find((one) => one.id === chosen);
  const node = data.nodes.find((one) => nodeId(one.namespace, one.app) === chosen);
  return (
    <>
      <Group mb="sm" gap="sm">
        <TextInput
          leftSection={<IconSearch size={15} />}
          placeholder="Focus on an app"
          aria-label="Focus on an app and its neighbours"
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          w={{ base: '100%', xs: 200 }}
        />
        <Select
          aria-label="Lane to follow"
          placeholder="All lanes"
          clearable
          data={lanes}
          value={lane || null}
          onChange={(value) => set('lane', value ?? '')}
          w={{ base: '100%', xs: 160 }}
        />
        <Switch
          label="Only where something is wrong"
          checked={troubled}
          onChange={(event) => setTroubled(event.currentTarget.checked)}
        />
        <Text size="sm" c="dimmed" ml="auto">
          {apps.length} apps, {calls.length} calls
        </Text>
      </Group>
      <div className="flow-row">
        <div className="flow-frame">
          {places ? (
            <ReactFlow
              nodes={nodes}
              edges={edges}
              nodeTypes={NODES}
              edgeTypes={EDGES}
              colorMode={scheme}
              fitView
              onInit={setFlow}
              fitViewOptions={{ maxZoom: 1.1, padding: 0.08 }}
              minZoom={0.05}
              maxZoom={2}
              nodesDraggable={false}
              nodesConnectable={false}
              onlyRenderVisibleElements={apps.length > MANY}
              onNodeClick={(_, one) => set('at', one.id)}
              onEdgeClick={(_, one) => set('at', one.id)}
              onPaneClick={() => set('at', '')}
            >
              <Background gap={22} size={1} color="var(--line)" />
              <Controls showInteractive={false} />
              {apps.length > 20 && (
                <MiniMap
                  pannable
                  zoomable
                  className="mantine-visible-from-sm"
                  nodeColor={() => (scheme === 'dark' ? '#4b5660' : '#adb5bd')}
                  bgColor="var(--sheet)"
                  maskColor="rgb(120 130 140 / 20%)"
                />
              )}
            </ReactFlow>
          ) : (
            <Center h="100%">
              <Loader aria-label="Drawing" />
            </Center>
          )}
        </div>
        {call && <CallSide call={call} close={() => set('at', '')} />}
        {node && <AppSide node={node} calls={calls} close={() => set('at', '')} />}
      </div>
      <Legend lanes={lanes} />
    </>
  );
}

function Legend({ lanes }: { lanes: string[] }) {
  return (
    <Group gap="md" mt="xs" fz="xs" c="dimmed">
      {['', ...lanes].slice(0, 8).map((lane) => (
        <Group key={lane} gap={6}>
          <span style={{ width: 18, height: 3, borderRadius: 2, background: laneColour(lane) }} />
          {lane || 'base'}
        </Group>
      ))}
      <Group gap={6}>
        <svg width="22" height="4" aria-hidden>
          <line x1="0" y1="2" x2="22" y2="2" stroke="currentColor" strokeWidth="2.500" strokeDasharray="6 4" />
        </svg>
        base serves the lane
      </Group>
      <Group gap={6}>
        <span style={{ border: '1px solid var(--bad)', color: 'var(--bad)', borderRadius: 4, padding: '0 4px' }}>
          label lost
        </span>
        sent on without its label
      </Group>
    </Group>
  );
}

/** The apps that stand out: those that are searched for with their neighbours, those with trouble, or all. */
function focus(apps: string[], calls: Call[], text: string, troubled: boolean): Set<string> | undefined {
  const wanted = text.trim().toLowerCase();
  if (!wanted && !troubled) return undefined;
  const found = new Set(wanted ? apps.filter((one) => appOf(one).toLowerCase().includes(wanted)) : []);
  const near = new Set(found);
  for (const call of calls) {
    const wrong = call.flows.some((one) => one.errors > 0 || one.lost > 0);
    if (troubled && wrong && (!wanted || found.has(call.from) || found.has(call.to))) near.add(call.from).add(call.to);
    if (!troubled && (found.has(call.from) || found.has(call.to))) near.add(call.from).add(call.to);
  }
  return near;
}

type PlaceOf = Record<string, { x: number; y: number }> | undefined;

/** Nodes whose figures read the same stay the same objects, and are not drawn again. */
function useNodes(
  data: Told,
  apps: string[],
  places: PlaceOf,
  shown: Set<string> | undefined,
  chosen: string,
  lane: string,
  upright: boolean,
): AppNodeType[] {
  const before = useRef(new Map<string, { told: string; node: AppNodeType }>());
  return useMemo(() => {
    if (!places) return [];
    const asked = new Map<string, number>();
    for (const edge of data.edges) {
      const id = nodeId(edge.toNamespace, edge.to);
      asked.set(id, (asked.get(id) ?? 0) + edge.qps);
    }
    const known = new Map(data.nodes.map((one) => [nodeId(one.namespace, one.app), one]));
    const next = new Map<string, { told: string; node: AppNodeType }>();
    for (const app of apps) {
      const place = places[app];
      if (!place) continue;
      const one = known.get(app);
      const lanes = Object.keys(one?.lanes ?? {}).filter(Boolean);
      const off =
        (shown !== undefined && !shown.has(app)) || (lane !== '' && !lanes.includes(lane) && !(one && '' in one.lanes));
      const content = {
        app: appOf(app),
        lanes: lanes.join(' '),
        // An app tells what it serves; where it does not, its callers do.
        qps: rate(Math.max(one?.qps ?? 0, asked.get(app) ?? 0)),
        p99: duration(one?.p99),
        errors: (one?.errors ?? 0) > 0.01 * (one?.qps ?? 0) && (one?.errors ?? 0) > 0,
        rejected: (one?.rejected ?? 0) > 0,
        upright,
        seen: one?.known ?? false,
        faded: off,
      };
      const told = JSON.stringify([content, place, chosen === app]);
      const old = before.current.get(app);
      const node =
        old?.told === told
          ? old.node
          : {
              id: app,
              type: 'app' as const,
              position: place,
              width: WIDTH,
              height: HEIGHT,
              selected: chosen === app,
              data: content,
              ariaLabel: `${appOf(app)}: ${content.qps} requests per second`,
            };
      next.set(app, { told, node });
    }
    before.current = next;
    return [...next.values()].map((one) => one.node);
  }, [data, apps, places, shown, chosen, lane, upright]);
}

function useEdges(
  calls: Call[],
  places: PlaceOf,
  shown: Set<string> | undefined,
  chosen: string,
  lane: string,
  told: boolean,
): Edge[] {
  const before = useRef(new Map<string, { told: string; edge: Edge }>());
  return useMemo(() => {
    if (!places) return [];
    const next = new Map<string, { told: string; edge: Edge }>();
    for (const call of calls) {
      if (!places[call.from] || !places[call.to]) continue;
      const faded = shown !== undefined && !(shown.has(call.from) && shown.has(call.to));
      const words = JSON.stringify([
        faded,
        lane,
        told,
        chosen === call.id,
        call.flows.map((one) => [
          one.label,
          rate(one.qps),
          one.errors > 0,
          one.fallbacks > 0,
          rate(one.lost),
          duration(one.p99),
        ]),
      ]);
      const old = before.current.get(call.id);
      const data: CallData = { call, lane, faded, told };
      const edge =
        old?.told === words
          ? old.edge
          : {
              id: call.id,
              source: call.from,
              target: call.to,
              type: 'call',
              selected: chosen === call.id,
              data,
              ariaLabel: `${appOf(call.from)} calls ${appOf(call.to)}`,
            };
      next.set(call.id, { told: words, edge });
    }
    before.current = next;
    return [...next.values()].map((one) => one.edge);
  }, [calls, places, shown, chosen, lane, told]);
}
