import 'uplot/dist/uPlot.min.css';
import { useComputedColorScheme } from '@mantine/core';
import { useEffect, useRef } from 'react';
import UPlot from 'uplot';

export interface Line {
  label: string;
  colour: string;
  values: (number | null)[];
  fill?: boolean;
}

const HEIGHT = 180;

interface Props {
  times: number[];
  lines: Line[];
  format: (value: number | null | undefined) => string;
  height?: number;
  label: string;
}

/** Lines over time. `times` are Unix seconds; the newest value is told in words beside the name. */
export default function Chart(props: Props) {
  const known = props.lines.some((line) => line.values.some((value) => value !== null && value !== undefined));
  // Axes without a line are read as a line at nothing.
  if (known) return <Plot {...props} />;
  return (
    <div className="chart-empty" style={{ minHeight: (props.height ?? HEIGHT) + 20 }}>
      Nothing was told of it in this span.
    </div>
  );
}

function Plot({ times, lines, format, height = HEIGHT, label }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot>(undefined);
  const formatter = useRef(format);
  formatter.current = format;
  const scheme = useComputedColorScheme('light', { getInitialValueInEffect: false });
  const shape = lines.map((line) => `${line.label}${line.colour}${line.fill ?? ''}`).join('|');

  useEffect(() => {
    const where = host.current;
    if (!where) return undefined;
    const grid = scheme === 'dark' ? '#2b3138' : '#edf0f2';
    const ink = scheme === 'dark' ? '#9aa6b0' : '#5c6770';
    const font = '11px Inter Variable, system-ui, sans-serif';
    const axis = { stroke: ink, font, grid: { stroke: grid, width: 1 }, ticks: { show: false } };
    const made = new UPlot(
      {
        width: where.clientWidth || 300,
        height,
        padding: [8, 22, 0, 0],
        cursor: { y: false, points: { size: 6 } },
        legend: { show: false },
        scales: { y: { range: (_, __, most) => [0, most > 0 ? most * 1.15 : 1] } },
        axes: [
          {
            ...axis,
            size: 26,
            space: 66,
            values: (plot, at) => at.map((one) => clock(one, plot.scales.x?.min, plot.scales.x?.max)),
          },
          { ...axis, size: 58, space: 34, values: (_, at) => at.map((one) => formatter.current(one)) },
        ],
        series: [
          {},
          ...lines.map((line) => ({
            label: line.label,
            stroke: line.colour,
            width: 1.6,
            fill: line.fill ? `${line.colour}1f` : undefined,
            points: { show: false },
            spanGaps: false,
          })),
        ],
      },
      [times, ...lines.map((line) => line.values)],
      where,
    );
    plot.current = made;
    const watch = new ResizeObserver(() => made.setSize({ width: Math.max(120, where.clientWidth), height }));
    watch.observe(where);
    return () => {
      watch.disconnect();
      made.destroy();
      plot.current = undefined;
    };
    // The data goes in below, without making the plot anew.
    // eslint-disable-next-line
  }, [shape, scheme, height]);

  useEffect(() => {
    plot.current?.setData([times, ...lines.map((line) => line.values)]);
  });

  return (
    <figure
      style={{ margin: 0 }}
      aria-label={`${label}: ${lines.map((line) => `${line.label} ${format(last(line.values))}`).join(', ')}`}
      role="img"
    >
      <div ref={host} style={{ minHeight: height }} />
      <figcaption className="chart-legend">
        {lines.map((line) => (
          <span key={line.label} style={{ display: 'inline-flex', alignItems: 'center', gap: 5 }}>
            <span className="dot" style={{ color: line.colour }} />
            {line.label}
            <span className="number" style={{ fontWeight: 600 }}>
              {format(last(line.values))}
            </span>
          </span>
        ))}
      </figcaption>
    </figure>
  );
}

/** Seconds on a short span, days on a long one. */
function clock(at: number, from = 0, to = 0): string {
  const when = new Date(at * 1000);
  if (to - from > 172800) return when.toLocaleDateString('en-GB', { day: 'numeric', month: 'short' });
  return when.toLocaleTimeString('en-GB', to - from > 1200 ? { hour: '2-digit', minute: '2-digit' } : {});
}

function last(values: (number | null)[]): number | null {
  for (let i = values.length - 1; i >= Math.max(0, values.length - 5); i--) {
    const value = values[i];
    if (value !== null && value !== undefined) return value;
  }
  return null;
}
