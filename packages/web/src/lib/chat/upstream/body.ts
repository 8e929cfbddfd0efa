import { SseReader, type WireEvent } from "./sse.ts";

/** The kind of a body, detected from its first character because content types are often wrong. */
type Kind = "unknown" | "events" | "json" | "page";

/** Reads the events of a body: an event stream, one JSON answer, a JSON list, or newline-delimited JSON. */
export class BodyReader {
	#kind: Kind = "unknown";
	#rest = "";
	#sse = new SseReader();
	/** Whether a single line is not JSON, so the body must be parsed as a whole. */
	#isOne = false;

	/** Characters buffered until their event is complete. */
	get held(): number {
		return this.#rest.length + this.#sse.held;
	}

	/** Whether the body is an HTML page: the address is wrong, or a proxy answered. */
	get isPage(): boolean {
		return this.#kind === "page";
	}

	/** Whether the body is JSON, which is complete when the body ends. */
	get isJson(): boolean {
		return this.#kind === "json";
	}

	read(text: string): WireEvent[] {
		if (this.#kind === "unknown") {
			this.#rest += text;
			const first = this.#rest.trimStart()[0];
			if (first === undefined) return [];
			this.#kind = first === "{" || first === "[" ? "json" : first === "<" ? "page" : "events";
			const all = this.#rest;
			this.#rest = "";
			return this.read(all);
		}
		if (this.#kind === "events") return this.#sse.read(text);
		return this.#kind === "json" ? this.#readJson(text) : [];
	}

	end(): WireEvent[] {
		if (this.#kind === "events") return this.#sse.end();
		return this.#kind === "json" ? eventsOf(this.#rest) : [];
	}

	#readJson(text: string): WireEvent[] {
		this.#rest += text;
		const events: WireEvent[] = [];
		for (let end = this.#isOne ? -1 : this.#rest.indexOf("\n"); end !== -1; end = this.#rest.indexOf("\n")) {
			const line = this.#rest.slice(0, end);
			if (parsed(line) === undefined) {
				this.#isOne = line.trim() !== "";
				if (this.#isOne) break;
			}
			this.#rest = this.#rest.slice(end + 1);
			events.push(...eventsOf(line));
		}
		return events;
	}
}

function eventsOf(json: string): WireEvent[] {
	if (json.trim() === "") return [];
	const value = parsed(json);
	return Array.isArray(value) ? value.map((one) => ({ type: "", data: JSON.stringify(one) })) : [{ type: "", data: json }];
}

function parsed(json: string): unknown {
	try {
		return JSON.parse(json);
	} catch {
		return;
	}
}
