import t from 'tap';
import { ConfigError } from '../../../src/cli/config/config-error.js';

t.test('each finding is a line with file, line and column, in the order of the file', async (t) => {
  const error = new ConfigError('/etc/i.yaml', [
    { line: 10, column: 1, message: 'third' },
    { line: 2, column: 5, message: 'second' },
    { line: 2, column: 3, message: 'first' },
  ]);
  t.equal(error.code, 'ERR_IVSHMEM_CONFIG');
  t.equal(error.path, '/etc/i.yaml');
  t.equal(
    error.message,
    '/etc/i.yaml:2:3: first\n/etc/i.yaml:2:5: second\n/etc/i.yaml:10:1: third',
  );
});

t.test('20 are shown, and it is said how many there are besides', async (t) => {
  const findings = Array.from({ length: 23 }, (_, n) => ({ line: n + 1, column: 1, message: 'x' }));
  const lines = new ConfigError('f', findings).message.split('\n');
  t.equal(lines.length, 21);
  t.equal(lines[19], 'f:20:1: x');
  t.equal(lines[20], 'f: and 3 more');
  t.equal(new ConfigError('f', findings).findings.length, 23);
  t.equal(new ConfigError('f', findings.slice(0, 20)).message.split('\n').length, 20);
});

t.test('what stands in a file neither steers the terminal nor makes a line', async (t) => {
  const message = 'a\u001b[2Jb\nc\u202ed';
  const { message: shown } = new ConfigError('f', [{ line: 1, column: 1, message }]);
  t.equal(shown, 'f:1:1: a\\u{1b}[2Jb\\u{a}c\\u{202e}d');
});
