import { type Fields, isFields } from "./choice.ts";

/** A tool call as written by a model. `input`: JSON from the model, possibly broken. */
export interface ToolCall {
	id: string;
	name: string;
	input: string;
	/** Data the provider requires back with the result: Gemini signs its reasoning. */
	extra?: Fields;
}

/** The most tools a model calls at once. */
const CALLS_MAX = 16;
const INPUT_CHARS_MAX = 8_000;

interface Slot {
	index: number | null;
	id: string;
	name: string;
	input: string;
	extra: Fields | null;
}

/**
 * Joins the pieces of tool calls. Providers identify them by index, by id only, all with index 0, whole in one piece, with an object as input instead
 * of text, or in the legacy field that preceded tools (`function_call`).
 */
export class ToolCalls {
	readonly #slots: Slot[] = [];
	readonly #inputMax: number;
	#chars = 0;

	constructor(inputMax = INPUT_CHARS_MAX) {
		this.#inputMax = inputMax;
	}

	read({ tool_calls, function_call }: Fields): void {
		const pieces = Array.isArray(tool_calls) ? tool_calls : [tool_calls, isFields(function_call) && { index: 0, function: function_call }];
		for (const piece of pieces) if (isFields(piece)) this.#add(piece);
	}

	/** The calls that have a name. */
	get calls(): ToolCall[] {
		return this.#slots
			.filter(({ name }) => name !== "")
			.map(({ id, name, input, extra }, at) => ({ id: id || `call_${at}`, name, input, ...(extra && { extra }) }));
	}

	/** Whether a call is longer than any real one, meaning that the provider ignores its output limit. */
	get isTooLong(): boolean {
		return this.#chars > CALLS_MAX * this.#inputMax;
	}

	#add(piece: Fields): void {
		const { name, arguments: input } = isFields(piece.function) ? piece.function : piece;
		const slot = this.#slotOf(piece, typeof name === "string" ? name : "");
		if (!slot) return;
		if (typeof name === "string") slot.name ||= name;
		if (isFields(piece.extra_content)) slot.extra = piece.extra_content;
		if (isFields(input)) slot.input = JSON.stringify(input);
		else if (typeof input === "string") slot.input += input;
		this.#chars += typeof input === "string" ? input.length : slot.input.length;
		slot.input = slot.input.slice(0, this.#inputMax);
	}

	/** The call that a piece continues, or a new one. */
	#slotOf(piece: Fields, name: string): Slot | null {
		const id = typeof piece.id === "string" ? piece.id : "";
		const index = typeof piece.index === "number" ? piece.index : null;
		const isSame = (slot: Slot) => (id && slot.id ? slot.id === id : index === null || slot.index === null || slot.index === index);
		// Without id and index, a name starts a new call.
		const isUnmarked = id === "" && index === null;
		const known = isUnmarked && name ? undefined : this.#slots.findLast(isSame);
		if (known) {
			known.id ||= id;
			return known;
		}
		if (this.#slots.length === CALLS_MAX) return null;
		const slot: Slot = { index, id, name: "", input: "", extra: null };
		this.#slots.push(slot);
		return slot;
	}
}
