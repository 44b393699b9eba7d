import { Group, Text } from '@mantine/core';

export function Mark({ large = false }: { large?: boolean }) {
  const size = large ? 36 : 26;
  return (
    <Group gap={8} wrap="nowrap">
      <svg viewBox="0 0 32 32" width={size} height={size} aria-hidden>
        <rect width="32" height="32" rx="8" fill="#0c8599" />
        <path d="M7 9h7c5 0 4 14 9 14h2" fill="none" stroke="#fff" strokeWidth="3" strokeLinecap="round" />
        <path
          d="M7 23h5c2.200 0 3.300-1.700 4.200-4"
          fill="none"
          stroke="#99e9f2"
          strokeWidth="3"
          strokeLinecap="round"
        />
        <circle cx="25" cy="9" r="2.600" fill="#99e9f2" />
      </svg>
      <Text fw={700} size={large ? 'xl' : 'lg'} style={{ letterSpacing: '-0.02em' }}>
        fairlead
      </Text>
    </Group>
  );
}
