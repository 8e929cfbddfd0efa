/** One event of a stream: its data, and its type if it has one. */
export interface WireEvent {
	type: string;
	data: string;
}

/**
 * Reads server-sent events (HTML standard, 9.2.6) from text that arrives in pieces of any size. More tolerant than the standard: events without a
 * blank line between them are separated if the data so far is JSON, and the last event needs no line end. Comments are dropped.
 */
export class SseReader {
	#rest = "";
	/** Whether `#rest` ends with a carriage return, which a line feed may follow. A flag, because rescanning would copy a long line each time. */
	#isAfterReturn = false;
	#type = "";
	#data: string[] = [];
	#dataChars = 0;

	/** Buffered characters of an incomplete event. */
	get held(): number {
		return this.#rest.length + this.#dataChars;
	}

	/** @returns the events completed by this text */
	read(text: string): WireEvent[] {
		const events: WireEvent[] = [];
		if (!this.#isAfterReturn && !/[\r\n]/.test(text)) {
			this.#rest += text;
			return events;
		}
		const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/);
		this.#rest = lines.pop() ?? "";
		this.#isAfterReturn = this.#rest.endsWith("\r");
		for (const line of lines) this.#readLine(line, events);
		return events;
	}

	/** The last event, completed by the end of the stream. */
	end(): WireEvent[] {
		const events: WireEvent[] = [];
		const rest = this.#rest.replace(/\r$/, "");
		this.#rest = "";
		if (rest) this.#readLine(rest, events);
		this.#dispatch(events);
		return events;
	}

	#readLine(line: string, events: WireEvent[]): void {
		if (line === "") this.#dispatch(events);
		const [, field, value = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
		if (field === "event") this.#type = value;
		if (field !== "data") return;
		if (this.#data.length > 0 && isWhole(this.#data.join("\n"))) this.#dispatch(events);
		this.#data.push(value);
		this.#dataChars += value.length;
	}

	#dispatch(events: WireEvent[]): void {
		if (this.#data.length > 0) events.push({ type: this.#type, data: this.#data.join("\n") });
		this.#dataChars = 0;
		this.#type = "";
		this.#data = [];
	}
}

function isWhole(data: string): boolean {
	if (data.trim() === "[DONE]") return true;
	try {
		JSON.parse(data);
		return true;
	} catch {
		return false;
	}
}
