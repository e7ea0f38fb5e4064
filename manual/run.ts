// `npm run manual`: writes man pages and completions, and their list into package.json.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { directories, manualFiles } from './files.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const files = await manualFiles();
for (const directory of directories) rmSync(root + directory, { recursive: true, force: true });
for (const [file, text] of Object.entries(files)) {
  mkdirSync(path.dirname(root + file), { recursive: true });
  writeFileSync(root + file, text);
}

// npm makes links to what is listed there, and to nothing else.
const manifest = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as Record<string, unknown>;
manifest['man'] = Object.keys(files).filter((file) => /\.\d$/.test(file));
writeFileSync(`${root}package.json`, `${JSON.stringify(manifest, undefined, 2)}\n`);
