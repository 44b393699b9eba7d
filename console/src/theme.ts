import { Badge, Card, createTheme, Paper, Table, Tooltip, type MantineColorsTuple } from '@mantine/core';

/** The same steps as an awning in sea light: calm enough for a page that is open all day. */
const sea: MantineColorsTuple = [
  '#e3fafc',
  '#c5f2f6',
  '#99e5ed',
  '#66d4e0',
  '#3bc0d0',
  '#1ba6b8',
  '#0c8599',
  '#0b7285',
  '#095c6b',
  '#064653',
];

/** Cool greys: the page recedes, cards stand out. */
const dark: MantineColorsTuple = [
  '#e1e7ec',
  '#c3ccd3',
  '#9aa6b0',
  '#76838d',
  '#333d46',
  '#29323a',
  '#1b2127',
  '#151a1f',
  '#10151a',
  '#0b0f12',
];

export const theme = createTheme({
  primaryColor: 'sea',
  primaryShade: 7,
  autoContrast: true,
  colors: { sea, dark },
  fontFamily: "'Inter Variable', system-ui, -apple-system, 'Segoe UI', sans-serif",
  fontFamilyMonospace: "ui-monospace, 'SF Mono', 'Cascadia Mono', Menlo, 'DejaVu Sans Mono', monospace",
  defaultRadius: 'md',
  headings: { fontWeight: '650' },
  components: {
    Card: Card.extend({ defaultProps: { withBorder: true, radius: 'md', padding: 'md' } }),
    Paper: Paper.extend({ defaultProps: { radius: 'md' } }),
    Table: Table.extend({
      defaultProps: { highlightOnHover: true, verticalSpacing: 7, horizontalSpacing: 'xs', fz: 'sm' },
    }),
    Badge: Badge.extend({
      defaultProps: { variant: 'light', tt: 'none', fw: 550 },
      styles: { root: { minWidth: 'max-content', flex: 'none' } },
    }),
    Tooltip: Tooltip.extend({ defaultProps: { withArrow: true, openDelay: 250, multiline: true, maw: 360 } }),
  },
});
