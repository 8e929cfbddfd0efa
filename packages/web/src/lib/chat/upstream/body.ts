import { SseReader, type WireEvent } from "./sse.ts";

/** What a body turned out to be, by its first character: the content type is often wrong. */
type Kind = "unknown" | "events" | "json" | "page";

/** Reads the events of a body: a stream of events, one JSON answer, a list of them, or JSON by lines. */
export class BodyReader {
	#kind: Kind = "unknown";
	#rest = "";
	#sse = new SseReader();
	/** Whether a line alone is no JSON, so that the body as a whole is. */
	#isOne = false;

	/** Characters that wait for the rest of an event. */
	get held(): number {
		return this.#rest.length + this.#sse.held;
	}

	/** Whether the body is a page for people: the address is wrong, or a proxy speaks. */
	get isPage(): boolean {
		return this.#kind === "page";
	}

	/** Whether the body is JSON, whose end is the end of the answer. */
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
