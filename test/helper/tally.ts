/**
 * Counts the leaf assertions of a TAP stream.
 *
 * Rule 1: the line that closes a subtest is no assertion; it counts as a failure only if it
 * failed although all inside passed.
 * Rule 2: a stream that ends early, bails out or asserts nothing has a defect.
 */
import type { Readable } from 'node:stream';
import { Parser, type FinalResults, type Result } from 'tap-parser';

export interface Tally {
  readonly passed: number;
  readonly failures: readonly string[];
  readonly skips: readonly string[];
  /** Lines that are not TAP. */
  readonly stray: string;
  /** What is wrong with the stream as a whole, if anything is. */
  readonly defect: string | undefined;
}

/** Reads the stream to its end and counts. */
export async function tally(stream: Readable): Promise<Tally> {
  const counter = new Counter();
  const parser = new Parser();
  counter.watch(parser);
  const complete = new Promise<FinalResults>((resolve) => parser.on('complete', resolve));
  stream.setEncoding('utf8').pipe(parser);
  counter.finish(await complete);
  return counter;
}

/** The reason that the parser makes up for a stream without a plan. */
const emptyStream = 'no tests found';

class Counter implements Tally {
  passed = 0;
  readonly failures: string[] = [];
  readonly skips: string[] = [];
  stray = '';
  defect: string | undefined;

  watch(parser: Parser): void {
    let closed: Parser | undefined;
    parser.on('child', (child: Parser) => {
      closed = child;
      this.watch(child);
    });
    parser.on('extra', (line: string) => (this.stray += line));
    parser.on('assert', (result: Result) => {
      if (!result.closingTestPoint) this.#count(result);
      else if (!result.ok && closed?.fail === 0) this.failures.push(describe(result));
    });
  }

  finish({ ok, bailout, failures, plan }: FinalResults): void {
    const isSkipped = plan.skipAll && !['', emptyStream].includes(plan.skipReason);
    if (isSkipped) this.skips.push(plan.skipReason);
    const isEmpty = this.passed + this.failures.length + this.skips.length === 0;
    if (bailout !== false) this.defect = `bailed out: ${bailout}`;
    else if (isEmpty) this.defect = 'no assertions';
    else if (!ok)
      this.defect = `broken TAP: ${failures.map(({ tapError }) => tapError).join(', ')}`;
  }

  #count(result: Result): void {
    if (result.skip !== false) this.skips.push(directive(result, result.skip));
    else if (result.todo !== false) this.skips.push(`todo: ${directive(result, result.todo)}`);
    else if (result.ok) this.passed += 1;
    else this.failures.push(describe(result));
  }
}

/** The reason of a skip, or the name of what was skipped without one. */
function directive({ fullname }: Result, reason: string | true): string {
  return reason === true || reason === '' ? fullname : reason;
}

function describe({ fullname, diag }: Result): string {
  const fields = Object.entries((diag ?? {}) as Record<string, unknown>);
  return [fullname, ...fields.map(([key, value]) => `  ${key}: ${show(value)}`)].join('\n');
}

function show(value: unknown): string {
  if (isCallSite(value)) return `${value.fileName}:${value.lineNumber}`;
  if (typeof value !== 'string') return JSON.stringify(value);
  return value.includes('\n') ? `\n${value.trimEnd()}`.replaceAll('\n', '\n    ') : value;
}

function isCallSite(value: unknown): value is { fileName: string; lineNumber: number } {
  return (
    typeof value === 'object' && value !== null && 'fileName' in value && 'lineNumber' in value
  );
}
