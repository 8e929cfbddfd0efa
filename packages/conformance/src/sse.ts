/**
 * The payloads of server-sent events, as they come: an event may be split anywhere, in the middle of a character too, or come together with
 * others. What has no blank line behind it when the stream ends is no event (HTML standard, 9.2.6).
 */
export async function* events(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
	const decoder = new TextDecoder();
	let rest = "";
	for await (const bytes of body) {
		rest += decoder.decode(bytes, { stream: true });
		// A CR at the end may be half of a CRLF.
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
