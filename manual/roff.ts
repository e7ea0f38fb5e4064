// Text as roff has it, in the macros of man(7).
//
// Rule 1: nothing that a description says can be taken for a request or an escape.
// Rule 2: the page is ASCII: what is not goes by its code point, so no locale makes it unreadable.

/** A text in running roman: `code`, --options, UPPER-CASE names and page(1) stand out by themselves. */
export function prose(text: string): string {
  const marked =
    /`([^`]+)`|(?<![\w-])(--[a-z][a-z-]*=?|-[A-Za-z](?![\w-]))|\b([a-z][a-z-]*)\((\d)\)/g;
  let roff = '';
  let end = 0;
  for (const match of text.matchAll(marked)) {
    const [all, code, option, page, section] = match;
    roff += escape(text.slice(end, match.index));
    roff += page === undefined ? bold(code ?? option ?? '') : `${bold(page)}(${section ?? ''})`;
    end = match.index + all.length;
  }
  return guarded(folded(roff + escape(text.slice(end))));
}

/** What is typed as it is. */
export function bold(text: string): string {
  return `\\fB${typed(text)}\\fR`;
}

/** What is to be replaced by something else. */
export function italic(text: string): string {
  return `\\fI${typed(text)}\\fR`;
}

/** A line of an example, as it is. */
export function verbatim(line: string): string {
  return guarded(typed(line));
}

/** A heading of the page. */
export function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`.SH ${title}`, ...lines];
}

/** An item and what is said of it; both are roff. */
export function item(tag: string, text: string): string[] {
  return ['.TP', tag, text];
}

/** Paragraphs of prose. */
export function paragraphs(texts: readonly string[]): string[] {
  return texts.flatMap((text, index) => (index === 0 ? [prose(text)] : ['.PP', prose(text)]));
}

/** A half line as a sentence; systemd is always small. */
export function sentence(text: string): string {
  const upper = text.replace(/^(?!systemd\b)./, (letter) => letter.toUpperCase());
  return /[.:!?]$/.test(upper) ? upper : `${upper}.`;
}

// A hyphen that is typed must not become a typographer's.
function typed(text: string): string {
  return escape(text).replaceAll('-', '\\-');
}

function escape(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll("'", '\\(aq')
    .replaceAll('`', '\\(ga')
    .replaceAll('^', '\\(ha')
    .replaceAll('~', '\\(ti')
    .replaceAll(/[^\n -~]/gu, codePoint);
}

function codePoint(character: string): string {
  const hex = (character.codePointAt(0) ?? 0).toString(16).toUpperCase();
  return `\\[u${hex.padStart(4, '0')}]`;
}

// Lines of a page are for people and for diff, too; and a sentence that ends in the middle of one would have
// less room behind it than another.
function folded(roff: string): string {
  return roff.replaceAll(/([.!?]) (?=[A-Z])/g, '$1\n').replaceAll(/(?=.{79})(.{1,78}) /g, '$1\n');
}

// A dot at the beginning of a line would make a request of it.
function guarded(roff: string): string {
  return roff.replaceAll(/^\./gm, '\\&.');
}
