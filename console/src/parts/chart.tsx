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

/** Seconds between two marks of the axis: what is told is told by the second, and no finer. */
const MARKS = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800, 2592000,
];

interface Props {
  times: number[];
  lines: Line[];
  format: (value: number | null | undefined) => string;
  height?: number;
  label: string;
  /** What the axis reaches to at least. */
  least?: number;
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

function Plot({ times, lines, format, height = HEIGHT, label, least = 0 }: Props) {
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
        scales: { y: { range: (_, __, most) => [0, Math.max(most, least) * 1.15 || 1] } },
        axes: [
          {
            ...axis,
            size: 26,
            space: 66,
            incrs: MARKS,
            values: (_, at, __, ___, apart) => at.map((one) => clock(one, apart)),
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
            points: { show: false, size: 5, fill: line.colour, filter: alone },
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
  }, [shape, scheme, height, least]);

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

/** Where a value has none beside it, of which a line could be drawn. */
function alone(plot: UPlot, series: number): number[] | null {
  const values = plot.data[series] ?? [];
  const known = (i: number) => values[i] !== null && values[i] !== undefined;
  const found = Array.from(values, (_, i) => i).filter((i) => known(i) && !known(i - 1) && !known(i + 1));
  return found.length ? found : null;
}

/** A mark of the axis: seconds where marks are near, days where they are far, and the day at midnight. */
function clock(at: number, apart: number): string {
  const when = new Date(at * 1000);
  const midnight = when.getHours() + when.getMinutes() + when.getSeconds() === 0;
  if (apart >= 86400 || (apart >= 3600 && midnight))
    return when.toLocaleDateString('en-GB', { day: 'numeric', month: 'short' });
  return when.toLocaleTimeString('en-GB', apart >= 60 ? { hour: '2-digit', minute: '2-digit' } : {});
}

function last(values: (number | null)[]): number | null {
  for (let i = values.length - 1; i >= Math.max(0, values.length - 5); i--) {
    const value = values[i];
    if (value !== null && value !== undefined) return value;
  }
  return null;
}
