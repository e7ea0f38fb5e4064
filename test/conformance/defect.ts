// The one defect that a careless server has.
const defect = process.env['CARELESS'] ?? '';

/** Whether it has this one. */
export function is(name: string): boolean {
  return defect === name;
}
