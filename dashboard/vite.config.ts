import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  plugins: [svelte()],
  base: './', // the collector puts its base path in place of the "." (src/api/base.ts)
  resolve: { conditions: ['browser'] },
  build: { target: 'es2022', assetsInlineLimit: 0, modulePreload: { polyfill: false }, reportCompressedSize: false },
  server: { proxy: { '/api': { target: process.env.COLLECTOR ?? 'http://127.0.0.1:8080', ws: true } } },
  test: { environment: 'happy-dom', include: ['test/**/*.test.ts'], restoreMocks: true },
});
