/** GitHub's autolinks: addresses in running text. They end before the sentence's punctuation. */

/** Longer than any web address: browsers allow 2,000 to 64,000 characters. */
const CHARS_MAX = 4_000;

/** Characters that end an address: white space, angle brackets, quotes, backticks, and Chinese and Japanese punctuation. */
const END = /[\s<>"`\u2018-\u201f\u3000-\u303f\uff00-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65]/;
const HOST = /^(?:https?:\/\/|www\.)(?:[a-z0-9_][a-z0-9_-]{0,62}\.){0,20}[a-z0-9][a-z0-9-]{0,62}/i;
const CJK = /[\u2e80-\u9fff\uac00-\ud7ff]/;

/** Where the web address that starts here ends. -1 if there is none. */
export function endOfAddress(source: string, start: number): number {
	const host = HOST.exec(source.slice(start, start + 300))?.[0];
	if (!host || (/^www\./i.test(host) && !host.includes(".", 4))) return -1;
	const afterHost = start + host.length;
	// Chinese letters after a host are more likely the rest of a sentence than part of the host.
	if (CJK.test(source.charAt(afterHost))) return afterHost;
	const limit = Math.min(source.length, start + CHARS_MAX);
	const open = { "(": 0, "[": 0 };
	let end = afterHost;
	for (; end < limit; end += 1) {
		const char = source.charAt(end);
		if (char === "(" || char === "[") open[char] += 1;
		else if (char === ")" || char === "]") {
			const kind = char === ")" ? "(" : "[";
			// A closing bracket without an opening one in the address belongs to the sentence.
			if (open[kind] === 0) break;
			open[kind] -= 1;
		} else if (END.test(char)) break;
	}
	const reference = /&[a-z0-9]{2,30};$/i.exec(source.slice(Math.max(afterHost, end - 32), end));
	if (reference) end -= reference[0].length;
	while (end > afterHost && "?!.,:;*_~'\\([".includes(source.charAt(end - 1))) end -= 1;
	return end;
}

/** Where the mail address with its `@` here starts, not before `from`. -1 if there is none. */
export function startOfMail(source: string, at: number, from: number): number {
	let start = at;
	while (start > from && at - start <= 64 && /[\w.+-]/.test(source.charAt(start - 1))) start -= 1;
	return start < at && at - start <= 64 && /[a-z0-9]/i.test(source.charAt(start)) ? start : -1;
}

/** Where the mail address with its `@` here ends. -1 if there is none. */
export function endOfMail(source: string, at: number): number {
	const domain = /^@(?:[a-z0-9][a-z0-9-]{0,62}\.){1,8}[a-z]{2,24}(?![\w-])/i.exec(source.slice(at, at + 300));
	return domain ? at + domain[0].length : -1;
}
