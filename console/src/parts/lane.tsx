import { Badge } from '@mantine/core';
import { Link } from 'wouter';
import { laneColour } from '../figures';
import { useWhere } from '../where';

/** A lane by its colour; base where it has no name. */
export function LaneBadge({ lane, link = true }: { lane: string; link?: boolean }) {
  const { to } = useWhere();
  const dot = <span className="dot" style={{ color: laneColour(lane) }} />;
  const style = { border: '1px solid var(--line)', background: 'transparent', color: 'inherit' };
  if (!lane || !link) {
    return (
      <Badge leftSection={dot} style={style}>
        {lane || 'base'}
      </Badge>
    );
  }
  return (
    <Badge component={Link} href={to('lanes', lane)} leftSection={dot} style={{ ...style, cursor: 'pointer' }}>
      {lane}
    </Badge>
  );
}
