// Which of many things come first, where not all can be looked at.
//
// Rule 1: of each user's the first come before the second of another's, or somebody with hundreds would hide all that
//         are not his.

/** The same things, one of each user's in turn. */
export function inTurn<Item>(
  items: readonly Item[],
  userOf: (item: Item) => number | undefined,
): Item[] {
  const counts = new Map<number | undefined, number>();
  const places = items.map((item) => {
    const user = userOf(item);
    const place = counts.get(user) ?? 0;
    counts.set(user, place + 1);
    return { item, place };
  });
  return places.sort((a, b) => a.place - b.place).map(({ item }) => item);
}
