// What the doctor found, for people: faults first in the order of the checks, what is fine in a line.
//
// Rule 1: a line is the fault, the next one its remedy: nothing is cut, and a terminal may wrap it.
// Rule 2: colour is for a terminal whose user has nothing against it (https://no-color.org).
import { styleText } from 'node:util';
import type { Finding, Severity } from '../control/doctor/finding.js';

/** How it is written. */
export interface ReportOptions {
  readonly isColoured: boolean;
}

const COLOURS = { ok: 'green', note: 'cyan', warning: 'yellow', error: 'red' } as const;
const WIDTH = 'warning'.length;

/** The text, for standard output. */
export function reportOf(findings: readonly Finding[], { isColoured }: ReportOptions): string {
  const mark = (severity: Severity): string => {
    const word = severity.padEnd(WIDTH);
    // Whoever calls knows what it is written to.
    return isColoured ? styleText(COLOURS[severity], word, { validateStream: false }) : word;
  };
  const indent = ' '.repeat(WIDTH + 2);
  const faults = findings
    .filter(({ severity }) => severity !== 'ok')
    .map(({ check, severity, subject, message, remedy }) => {
      const line = `${mark(severity)}  ${check}: ${subject}: ${message}\n`;
      return remedy === undefined ? line : `${line}${indent}-> ${remedy}\n`;
    });
  const fine = findings
    .filter(({ severity }) => severity === 'ok')
    .map(({ check, message }) => `${mark('ok')}  ${check}: ${message}\n`);
  return [...faults, ...fine, `${summary(findings)}\n`].join('');
}

function summary(findings: readonly Finding[]): string {
  const count = (severity: Severity, singular: string, plural: string): string => {
    const { length } = findings.filter((finding) => finding.severity === severity);
    return `${length} ${length === 1 ? singular : plural}`;
  };
  return [
    count('error', 'error', 'errors'),
    count('warning', 'warning', 'warnings'),
    count('ok', 'check fine', 'checks fine'),
  ].join(', ');
}
