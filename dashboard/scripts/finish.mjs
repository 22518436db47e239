// After Vite: gives boot.js a hashed name (so that it may be cached for ever like the other assets) and writes a .br and
// .gz beside every file that is worth it; not beside index.html, into which the collector writes its base path.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const dist = new URL('../dist/', import.meta.url).pathname;

const boot = readFileSync(join(dist, 'boot.js'));
const name = `assets/boot-${createHash('sha256').update(boot).digest('base64url').slice(0, 8)}.js`;
renameSync(join(dist, 'boot.js'), join(dist, name));
const index = join(dist, 'index.html');
writeFileSync(index, readFileSync(index, 'utf8').replace('./boot.js', `./${name}`));

let raw = 0, gz = 0, script = 0;
for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || /\.(br|gz)$/.test(entry.name)) continue;
  const path = join(entry.parentPath ?? entry.path, entry.name);
  const bytes = readFileSync(path);
  if (bytes.length < 256 || path === index) continue;
  const gzip = gzipSync(bytes, { level: 9 });
  writeFileSync(`${path}.gz`, gzip);
  writeFileSync(`${path}.br`, brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }));
  raw += bytes.length;
  gz += gzip.length;
  if (entry.name.endsWith('.js')) script += gzip.length;
}
const kilo = (n) => (n / 1000).toFixed(1);
console.log(`dashboard/dist: ${kilo(raw)} kB, gzip ${kilo(gz)} kB, of it script ${kilo(script)} kB`);
