import {
  BaseEdge,
  EdgeLabelRenderer,
  getBezierPath,
  Handle,
  Position,
  type EdgeProps,
  type Node,
  type NodeProps,
} from '@xyflow/react';
import { memo } from 'react';
import { duration, laneColour, rate } from '../../figures';
import type { Call } from './graph';

export interface AppData extends Record<string, unknown> {
  app: string;
  lanes: string;
  qps: string;
  p99: string;
  errors: boolean;
  rejected: boolean;
  seen: boolean;
  upright: boolean;
  faded: boolean;
}

export type AppNodeType = Node<AppData, 'app'>;

export const AppNode = memo(function AppNode({ data, selected }: NodeProps<AppNodeType>) {
  const lanes = data.lanes ? data.lanes.split(' ') : [];
  return (
    <div
      className={selected ? 'flow-node flow-node-chosen' : 'flow-node'}
      style={
        {
          '--node-colour': data.errors ? 'var(--bad)' : data.rejected ? 'var(--warn)' : laneColour(lanes[0] ?? ''),
          opacity: data.faded ? 0.28 : 1,
          borderStyle: data.seen ? 'solid' : 'dashed',
        } as React.CSSProperties
      }
    >
      <Handle
        type="target"
        position={data.upright ? Position.Top : Position.Left}
        isConnectable={false}
        style={{ visibility: 'hidden' }}
      />
      <div className="clip" style={{ fontWeight: 600, fontSize: 13 }}>
        {data.app}
      </div>
      <div style={{ display: 'flex', justifyContent: 'space-between', color: 'var(--quiet)', gap: 6 }}>
        <span className="number">{data.seen ? `${data.qps}/s · ${data.p99}` : 'has no agent'}</span>
        <span style={{ display: 'inline-flex', gap: 3, alignItems: 'center' }}>
          {lanes.slice(0, 4).map((lane) => (
            <span key={lane} className="dot" style={{ color: laneColour(lane) }} title={`lane ${lane}`} />
          ))}
        </span>
      </div>
      <Handle
        type="source"
        position={data.upright ? Position.Bottom : Position.Right}
        isConnectable={false}
        style={{ visibility: 'hidden' }}
      />
    </div>
  );
});

export interface CallData extends Record<string, unknown> {
  call: Call;
  lane: string;
  faded: boolean;
  /** Whether there is room for figures. */
  told: boolean;
}

const APART = 7;

export const CallEdge = memo(function CallEdge(props: EdgeProps) {
  const { sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition, selected } = props;
  const { call, lane, faded, told } = props.data as CallData;
  const flows = call.flows.slice(0, 4);
  const [, labelX, labelY] = getBezierPath({ sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition });
  const lost = call.flows.reduce((sum, one) => sum + one.lost, 0);
  const errors = call.flows.reduce((sum, one) => sum + one.errors, 0);
  return (
    <>
      {flows.map((flow, i) => {
        const off = (i - (flows.length - 1) / 2) * APART;
        const [path] = getBezierPath({
          sourceX,
          sourceY: sourceY + off,
          targetX,
          targetY: targetY + off,
          sourcePosition,
          targetPosition,
        });
        const quiet = faded || (lane !== '' && flow.label !== lane);
        const bad = flow.errors > 0.01 * flow.qps && flow.errors > 0;
        return (
          <BaseEdge
            key={flow.label}
            id={`${props.id} ${flow.label}`}
            path={path}
            interactionWidth={i === 0 ? 18 : 0}
            style={{
              stroke: bad ? 'var(--bad)' : laneColour(flow.label),
              strokeWidth: Math.min(5, 1.2 + Math.log10(1 + flow.qps) * 0.9) + (selected ? 1 : 0),
              strokeDasharray: flow.fallbacks > 0 ? '6 4' : undefined,
              opacity: quiet ? 0.12 : flow.label ? 0.9 : 0.55,
            }}
          />
        );
      })}
      {(lost > 0 || (told && !faded)) && (
        <EdgeLabelRenderer>
          <div
            style={{
              position: 'absolute',
              transform: `translate(-50%, -50%) translate(${labelX}px, ${labelY}px)`,
              fontSize: 10.5,
              padding: '1px 5px',
              borderRadius: 6,
              background: 'var(--sheet)',
              border: `1px solid ${lost ? 'var(--bad)' : 'var(--line)'}`,
              color: lost || errors ? 'var(--bad)' : 'var(--quiet)',
              pointerEvents: 'none',
              whiteSpace: 'nowrap',
              opacity: faded ? 0.3 : 1,
            }}
          >
            {lost > 0
              ? `label lost ${rate(lost)}/s`
              : `${rate(call.qps)}/s · ${duration(Math.max(...call.flows.map((one) => one.p99 ?? 0)))}`}
          </div>
        </EdgeLabelRenderer>
      )}
    </>
  );
});
