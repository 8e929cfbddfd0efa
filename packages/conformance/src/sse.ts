/**
 * Parses server-sent events and yields their data. An event may be split anywhere, even inside a character, or arrive with others.
 * An event without a blank line after it is dropped at the end of the stream (HTML standard, 9.2.6).
 */
export async function* events(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
	const decoder = new TextDecoder();
	let rest = "";
	for await (const bytes of body) {
		rest += decoder.decode(bytes, { stream: true });
		// A trailing CR may be the first half of a CRLF.
		const held = rest.endsWith("\r") ? "\r" : "";
		const blocks = rest
			.slice(0, rest.length - held.length)
			.replaceAll(/\r\n?/g, "\n")
			.split("\n\n");
		rest = (blocks.pop() ?? "") + held;
		for (const block of blocks) {
			const lines = block.split("\n").filter((line) => line === "data" || line.startsWith("data:"));
			if (lines.length > 0) yield lines.map((line) => line.slice("data:".length).replace(/^ /, "")).join("\n");
		}
	}
}
