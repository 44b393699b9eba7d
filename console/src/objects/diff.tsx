/** Two texts line by line: what was taken away and what came instead. */

interface Line {
  sign: '+' | '-' | ' ';
  text: string;
}

const LONGEST = 3000;

export function linesOf(before: string, after: string): Line[] {
  const a = before.split('\n').slice(0, LONGEST);
  const b = after.split('\n').slice(0, LONGEST);
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  const [x, y] = [a.slice(start, a.length - end), b.slice(start, b.length - end)];
  const same = (text: string): Line => ({ sign: ' ', text });
  return [...a.slice(0, start).map(same), ...between(x, y), ...a.slice(a.length - end).map(same)];
}

function between(x: string[], y: string[]): Line[] {
  if (x.length * y.length > 1e6)
    return [...x.map((text) => ({ sign: '-' as const, text })), ...y.map((text) => ({ sign: '+' as const, text }))];
  const lengths = Array.from({ length: x.length + 1 }, () => new Uint16Array(y.length + 1));
  for (let i = x.length - 1; i >= 0; i--) {
    for (let j = y.length - 1; j >= 0; j--) {
      lengths[i]![j] = x[i] === y[j] ? lengths[i + 1]![j + 1]! + 1 : Math.max(lengths[i + 1]![j]!, lengths[i]![j + 1]!);
    }
  }
  const lines: Line[] = [];
  let [i, j] = [0, 0];
  while (i < x.length || j < y.length) {
    if (i < x.length && j < y.length && x[i] === y[j]) {
      lines.push({ sign: ' ', text: x[i]! });
      i++;
      j++;
    } else if (i < x.length && (j === y.length || lengths[i + 1]![j]! >= lengths[i]![j + 1]!))
      lines.push({ sign: '-', text: x[i++]! });
    else lines.push({ sign: '+', text: y[j++]! });
  }
  return lines;
}

const CLASS = { '+': 'diff-line diff-added', '-': 'diff-line diff-removed', ' ': 'diff-line' };

export function Diff({ before, after }: { before: string; after: string }) {
  const lines = linesOf(before, after);
  if (lines.every((line) => line.sign === ' ')) return <p className="quiet">They say the same.</p>;
  return (
    <pre className="diff" tabIndex={0} role="region" aria-label="Differences">
      {lines.map((line, i) => (
        <span key={i} className={CLASS[line.sign]}>
          {line.sign} {line.text}
          {'\n'}
        </span>
      ))}
    </pre>
  );
}
