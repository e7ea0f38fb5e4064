// Our side of a pair, as a program: `node side.js NAME ROLE SCENE`. Says nanoseconds, as C does.
import { loadPair } from './catalogue.js';
import type { Role, Scene } from './pair.js';

const [name = '', role, scene = ''] = process.argv.slice(2);
const pair = await loadPair(name);
const result = await pair[role as Role]?.(JSON.parse(scene) as Scene);
if (result !== undefined) console.log(result);
