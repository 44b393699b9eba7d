import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';
import { fixtures } from './dev/fixtures.ts';

const HERE = import.meta.dirname;
const DIST = resolve(HERE, '../src/fairlead/console/dist');

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((one) =>
    one.isDirectory() ? filesBelow(join(folder, one.name)) : [join(folder, one.name)],
  );
}

/** What the built files are made of: tests/console/test_dist.py reads it in the same way. */
function digestOfSources(): string {
  const names = filesBelow(HERE)
    .map((path) => relative(HERE, path).replaceAll('\\', '/'))
    .filter((name) => !name.startsWith('node_modules/') && !name.startsWith('dev/'))
    .sort();
  const all = createHash('sha256');
  for (const name of names) {
    const content = createHash('sha256')
      .update(readFileSync(join(HERE, name)))
      .digest('hex');
    all.update(`${name} ${content}\n`);
  }
  return all.digest('hex');
}

/** Leaves text compressed, and says which sources it was made of. */
function packed(): Plugin {
  return {
    name: 'packed',
    apply: 'build',
    closeBundle() {
      for (const path of filesBelow(DIST)) {
        if (/\.(js|css)$/.test(path) && statSync(path).size > 200) {
          writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 9 }));
          rmSync(path);
        }
      }
      writeFileSync(join(DIST, 'sources.sha256'), `${digestOfSources()}\n`);
    },
  };
}

const control = process.env.FAIRLEAD_CONTROL ?? 'http://127.0.0.1:8580';
const proxied = {
  target: control,
  changeOrigin: true,
  configure: (proxy: { on(event: 'proxyReq', then: (request: { removeHeader(name: string): void }) => void): void }) =>
    proxy.on('proxyReq', (request) => request.removeHeader('origin')),
};

export default defineConfig({
  root: HERE,
  base: '/console/',
  plugins: [react(), packed(), ...(process.env.FIXTURES ? [fixtures(Number(process.env.FIXTURES))] : [])],
  server: {
    port: 5173,
    proxy: { '/fairlead': proxied, '/apis': proxied, '/api/': proxied, '/openapi': proxied, '/version': proxied },
  },
  build: {
    outDir: DIST,
    emptyOutDir: true,
    manifest: 'manifest.json',
    modulePreload: { polyfill: false },
    target: 'es2022',
    // Older ones know no light-dark(), and what stands in for it does not know who chose the scheme.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 700,
  },
});
