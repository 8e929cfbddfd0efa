/** A copy of records with every random id replaced by a number, counted by first appearance, so that two runs can be compared. */
export function withoutIds(records: unknown): unknown {
	const numbers = new Map<string, number>();
	// Ids, secrets and number prefixes are the long words that contain a letter, and a capital or digit.
	const text = JSON.stringify(records).replaceAll(/[\w-]{8,}/g, (word) => {
		if (!/[a-z]/i.test(word) || !/[A-Z\d]/.test(word)) return word;
		if (!numbers.has(word)) numbers.set(word, numbers.size);
		return `#${numbers.get(word)}`;
	});
	return JSON.parse(text);
}
