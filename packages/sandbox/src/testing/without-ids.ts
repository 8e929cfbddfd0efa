/** A copy of records with every random id replaced by a number, counted by first appearance, so that two runs can be compared. */
export function withoutIds(records: unknown): unknown {
	const numbers = new Map<string, number>();
	// Ids, secrets and prefixes of numbers are the words that have letters, and capitals or digits.
	const text = JSON.stringify(records).replaceAll(/[\w-]{8,}/g, (word) => {
		if (!/[a-z]/i.test(word) || !/[A-Z\d]/.test(word)) return word;
		if (!numbers.has(word)) numbers.set(word, numbers.size);
		return `#${numbers.get(word)}`;
	});
	return JSON.parse(text);
}
