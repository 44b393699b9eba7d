/** The last minutes as a line, to see in passing. */
export function Spark({
  values,
  colour = 'var(--sea)',
  width = 96,
  height = 28,
}: {
  values: number[];
  colour?: string;
  width?: number;
  height?: number;
}) {
  if (values.length < 2) return <svg width={width} height={height} aria-hidden />;
  const most = Math.max(...values, 1e-9);
  const points = values.map(
    (value, i) =>
      `${((i / (values.length - 1)) * width).toFixed(1)},${(height - 2 - (value / most) * (height - 4)).toFixed(1)}`,
  );
  return (
    <svg width={width} height={height} aria-hidden style={{ display: 'block', overflow: 'visible' }}>
      <polygon points={`0,${height} ${points.join(' ')} ${width},${height}`} fill={colour} opacity={0.12} />
      <polyline points={points.join(' ')} fill="none" stroke={colour} strokeWidth={1.5} strokeLinejoin="round" />
    </svg>
  );
}
