const GROUP_TURNS = 10;

/**
 * Groups turns, so that the browser skips an off-screen group as a whole: checking hundreds of turns takes longer than painting a word. A turn stays
 * in its group while others are added before and after it.
 * @param anchor the index of any turn that stays
 */
export function groupsOf<T>(turns: readonly T[], anchor: number): { key: number; turns: T[] }[] {
	const groups = Map.groupBy(turns.entries(), ([at]) => Math.floor((at - anchor) / GROUP_TURNS));
	return [...groups].map(([key, entries]) => ({ key, turns: entries.map(([, turn]) => turn) }));
}
