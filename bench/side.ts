// Our side of a program pair: `node side.js NAME ROLE SCENE`. Says nanoseconds, as C does.
import { pairs } from './catalogue.js';
import type { ProgramPair, Role, Scene } from './pair.js';

const [name = '', role, scene = ''] = process.argv.slice(2);
const pair = pairs[name] as ProgramPair;
const result = await pair[role as Role]?.(JSON.parse(scene) as Scene);
if (result !== undefined) console.log(result);
