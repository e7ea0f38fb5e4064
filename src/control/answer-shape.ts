// What the answers of a control socket look like, for who is answered.
//
// Rule 1: what is read is looked at; more than that may be there, as a newer server may tell it, and no deeper.
type Shape = 'string' | 'number' | 'boolean' | 'time' | readonly [each: Shape] | Fields;

// By name; `name?` may be missing.
interface Fields {
  readonly [name: string]: Shape;
}

const peer = {
  id: 'number',
  pid: 'number',
  uid: 'number',
  gid: 'number',
  'user?': 'string',
  'process?': 'string',
  'vm?': 'string',
  isHost: 'boolean',
  joinedAt: 'time',
  ageSeconds: 'number',
  unread: 'number',
  isBehind: 'boolean',
  isBlocked: 'boolean',
  doorbells: [{ waiting: 'number', eventfdId: 'number' }],
} as const satisfies Shape;

const region = {
  name: 'string',
  socket: 'string',
  'hostSocket?': 'string',
  memory: { kind: 'string', path: 'string', sizeBytes: 'number' },
  vectors: 'number',
  'label?': 'string',
  maxPeers: 'number',
  idsLeft: 'number',
  peers: [peer],
  vms: [{ name: 'string', 'id?': 'number', 'socket?': 'string', isPresent: 'boolean' }],
} as const satisfies Shape;

/** One for each kind of answer. */
export const answerShapes = {
  status: {
    version: 'string',
    pid: 'number',
    startedAt: 'time',
    descriptors: { used: 'number', limit: 'number' },
    regions: [region],
  },
  region,
  eviction: { evicted: { id: 'number', pid: 'number', uid: 'number' } },
  reload: { summary: 'string', problems: ['string'] },
  event: { event: 'string', 'time?': 'time', 'level?': 'string', 'msg?': 'string' },
  refusal: { code: 'string', message: 'string' },
} as const satisfies Record<string, Shape>;

// Ours have 5.
const MAX_DEPTH = 16;

/** Whether it is as the shape says, and anybody may go through all of it. */
export function fits(value: unknown, shape: Shape): boolean {
  return !isDeeper(value, MAX_DEPTH) && isLike(value, shape);
}

function isDeeper(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return depth === 0 || Object.values(value).some((each) => isDeeper(each, depth - 1));
}

function isLike(value: unknown, shape: Shape): boolean {
  if (shape === 'time') return typeof value === 'string' && !Number.isNaN(Date.parse(value));
  if (typeof shape === 'string') return typeof value === shape;
  if (isList(shape)) return Array.isArray(value) && value.every((each) => isLike(each, shape[0]));
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(shape).every(([name, field]) => {
    const isOptional = name.endsWith('?');
    const told = (value as Record<string, unknown>)[isOptional ? name.slice(0, -1) : name];
    return (isOptional && told === undefined) || isLike(told, field);
  });
}

function isList(shape: Exclude<Shape, string>): shape is readonly [Shape] {
  return Array.isArray(shape);
}
